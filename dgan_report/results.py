"""Run directories → tidy tables: what was trained, what was measured at the end, and what on the way."""

import math
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dgan_core.config import NAMED, Config, data_set, is_busi
from dgan_core.evaluations import read_evaluation
from dgan_core.metrics.table import METRICS, canonical
from dgan_core.runs import Run, runs_root

LOSSES = {
    "wgan-gp": "WGAN-GP",
    "bce": "BCE",
    "wasserstein": "Wasserstein",
    "bce-saturating": "Saturating BCE",
    "least-squares": "Least squares",
    "hinge": "Hinge",
    "relativistic": "Relativistic",
}  # a reader's own loss goes by its own name
PENALTIES = {"gp": "GP", "r1": "R1", "r1-r2": "R1 + R2", "clip": "clipping"}
MODELS = {"stylegan2": "StyleGAN2", "stylegan3": "StyleGAN3", "real": "malignant–benign"}
BEST = ("WGAN-GP λ=5", "BCE λ=3", "StyleGAN2", "StyleGAN3")  # of Table 3: the paper's best of each loss, its baselines

ENDED = ("diverged", "failed", "stopped", "interrupted")  # how a run without numbers came to have none
SETTING = ["run", "label", "family", "model", "loss", "penalty", "lam", "precision", "seed", "data", "plain"]
REAL = dict.fromkeys(SETTING) | {"label": MODELS["real"], "family": MODELS["real"], "model": "real", "lam": math.nan,
                                 "seed": 0, "plain": False}  # fmt: skip
PARTS = ["low", "high", "floor"]
MEASURED = [*SETTING, "extractor", "main", "metric", "value", *PARTS]
TRAINED = [*SETTING, "image_size", "epochs", "batch_size", "n_critic", "profile", "state", "reason", "steps",
           "seconds", "evaluation_seconds", "peak_memory", "peak_device_memory", "commit", "cpu", "cores",
           "lpips", "n_real", "extractor"]  # fmt: skip
HISTORY = [*SETTING, "extractor", "main", "epoch", "metric", "value"]


class Results(NamedTuple):
    """All runs of a page, in the order of its tables.

    runs: {name: Run}.  trained: a row per run.  measured: a row per run, extractor and metric, of the last snapshot.
    history: a row per run, extractor, metric and evaluated snapshot.  The columns are TRAINED, MEASURED and HISTORY.

    `label` names a setting, which seeds share, `family` the setting without its λ; `plain` marks those of which only
    loss, penalty and λ differ.  `main` marks the extractor that the run was configured with; metrics go by their
    canonical names, see `dgan_core.metrics.table`.  Real images against real ones are the model "real".
    """

    runs: dict
    trained: pd.DataFrame
    measured: pd.DataFrame
    history: pd.DataFrame

    def by(self, extractor=None):
        """The rows of `measured` by one extractor, None for each run's own; LPIPS and MS-SSIM depend on none."""
        rows = self.measured
        if extractor is None or rows.empty:
            return rows[rows["main"]]
        without = ~rows["metric"].map(lambda metric: METRICS[metric].of_features) & rows["main"]
        return rows[(rows["extractor"] == extractor) | without]

    def of(self, *labels):
        """{label: its Run of the lowest seed}, in the order asked for; settings without a run are left out."""
        first = self.trained.sort_values("seed", kind="stable").drop_duplicates("label").set_index("label")["run"]
        return {label: self.runs[first[label]] for label in labels if label in first}


def collect(runs="runs", profile="quick", data=None):
    """Every run in the folder `runs`/`profile` → Results.

    runs: as the notebooks' parameter: a folder, relative to the project or absolute; "runs" is DGAN_RUNS, if set.
    data: keep only runs trained on it: "phantom", "busi" or a folder.  A folder that does not exist holds no runs.
    """
    folder = locate(runs) / profile
    found = [Run.open(path.parent) for path in sorted(folder.glob("*/config.json"))]
    data = data and Config(data=data).data  # an absolute path
    found = [run for run in found if data in (None, run.config.data) or is_busi(data) and is_busi(run.config.data)]
    found.sort(key=_place)
    apart = departures([run.config for run in found])
    trained, measured, history = [], [], []
    for run in found:
        evaluation = run.evaluation()
        setting = _setting(run.config, apart[run.config.run_id])
        trained.append(setting | _training(run, evaluation))
        measured += _measured(setting, evaluation)
        history += _history(setting, evaluation)
    sizes = pd.Series([run.config.image_size for run in found], dtype=object).mode()[:1].tolist()  # of most runs
    for path in sorted(folder.glob("real-*/metrics.json")):
        evaluation = read_evaluation(path.parent)
        of, width = (evaluation.settings.get(name) for name in ("data", "width"))
        if (data is None or of == data_set(data)) and (not sizes or width in sizes):
            measured += _measured(REAL | {"run": path.parent.name, "data": of}, evaluation)
    return Results(
        {run.config.run_id: run for run in found},
        pd.DataFrame(trained, columns=TRAINED),
        pd.DataFrame(measured, columns=MEASURED).astype({"main": bool, "plain": bool}),
        pd.DataFrame(history, columns=HISTORY).astype({"main": bool, "plain": bool}),
    )


def locate(folder):
    """A folder as a parameter gives it: "runs" is where runs lie; others are of the working folder, or of the project.

    JupyterLab starts a kernel in the notebook's folder, papermill in the caller's.
    """
    path = Path(folder).expanduser()
    if path == Path("runs"):
        return runs_root()
    project = Path(__file__).resolve().parents[1] / path
    return project if not path.is_dir() and project.is_dir() else path


def label(model, loss=None, lam=None, penalty=None):
    """ "dgan", "wgan-gp", 5.0 → "WGAN-GP λ=5"; "dgan", "bce", 3.0, "gp" → "BCE + GP λ=3"; "stylegan2" → "StyleGAN2"."""
    if model in MODELS:
        return MODELS[model]
    name = LOSSES.get(loss, str(loss))
    if penalty not in (None, "none") and loss != "wgan-gp":
        name += f" + {PENALTIES.get(penalty, penalty)}"
    return name if lam is None else f"{name} λ={float(lam):g}"


def departures(configs):
    """{run_id: how its configuration departs from most of its model's, as "epochs 2"; "" where it doesn't}.

    Two runs of one loss and λ that were trained for unlike lengths are two settings, not two seeds.
    """
    told = {}
    for model in {config.model for config in configs}:
        mine = [config for config in configs if config.model == model]
        for field in (name for name in Config.model_fields if name not in NAMED):
            values = [str(getattr(config, field)) for config in mine]
            often = pd.Series(values).mode().to_list()
            default = str(Config.model_fields[field].default)
            usual = default if default in often else often[0]
            for config, value in zip(mine, values, strict=True):
                if value != usual:
                    text = value if field == "precision" else f"{field.replace('_', ' ')} {value.rsplit('/', 1)[-1]}"
                    told.setdefault(config.run_id, []).append(text)
    return {config.run_id: ", ".join(told.get(config.run_id, [])) for config in configs}


def _setting(config, apart):
    dgan = config.model == "dgan"
    plain = label(config.model, config.loss, config.lam, config.penalty)
    weights = {"penalty": config.lam_penalty, "perceptual": config.lam_perceptual}
    name = plain + "".join(f", {term} {weight:g}" for term, weight in weights.items() if weight is not None)
    return {
        "run": config.run_id, "label": name + (f", {apart}" if apart else ""),
        "family": label(config.model, config.loss, None, config.penalty), "model": config.model,
        "loss": config.loss if dgan else None, "penalty": config.penalty if dgan else None,
        "lam": config.lam if dgan else math.nan, "precision": config.precision, "seed": config.seed,
        "data": config.data, "plain": apart == "" and name == plain,
    }  # fmt: skip


def _training(run, evaluation):
    """What a run's records say of its training and of its evaluation."""
    status, environment = run.status(), run.environment()
    facts = {name: getattr(run.config, name) for name in ("image_size", "epochs", "batch_size", "n_critic", "profile")}
    facts |= {name: status.get(name) for name in ("reason", "steps", "seconds", "peak_memory", "peak_device_memory")}
    settings = evaluation.settings if evaluation else {}
    hardware = environment.get("hardware", {})
    return facts | {
        "state": status.get("state", "unknown"),
        "evaluation_seconds": evaluation.seconds if evaluation else None,
        "commit": str(environment.get("commit", "unknown"))[:10],
        "cpu": hardware.get("cpu", "unknown"), "cores": hardware.get("cores"),
        "lpips": settings.get("lpips"), "n_real": settings.get("n_real"), "extractor": settings.get("extractor"),
    }  # fmt: skip


def _measured(setting, evaluation):
    """A row per extractor and metric of an evaluation; none without one."""
    if evaluation is None:
        return []
    rows = []
    main = evaluation.settings.get("extractor", "unknown")
    for extractor, numbers in {main: evaluation.final, **evaluation.others}.items():
        numbers = {canonical(name): number for name, number in numbers.items()}
        for metric in METRICS:
            if numbers.get(metric) is None:
                continue
            parts = {part: numbers.get(f"{metric}_{part}") for part in PARTS}
            rows.append({**setting, "extractor": extractor, "main": extractor == main, "metric": metric}
                        | {part: math.nan if number is None else number for part, number in parts.items()}
                        | {"value": numbers[metric]})  # fmt: skip
    return rows


def _history(setting, evaluation):
    rows = []
    for snapshot in evaluation.history if evaluation else ():
        main = evaluation.settings.get("extractor", "unknown")
        extractor = snapshot.get("extractor", main)
        extractor = main if extractor == main.partition(" (")[0] else extractor  # a name, and its label
        numbers = {canonical(name): number for name, number in snapshot.items()}
        rows += [
            {**setting, "extractor": extractor, "main": extractor == main, "epoch": snapshot["epoch"],
             "metric": metric, "value": numbers[metric]}
            for metric in METRICS if numbers.get(metric) is not None
        ]  # fmt: skip
    return rows


def _place(run):
    """DGANs first, the paper's losses before others, then by penalty, λ and seed."""
    config, losses = run.config, list(LOSSES)
    known = losses.index(config.loss) if config.loss in losses else len(losses)
    return config.model, known, config.loss, str(config.penalty), config.lam, config.seed, config.run_id
