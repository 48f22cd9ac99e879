"""Run directories on disk → `Run` objects and one tidy table. Missing files are normal here."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from dgan_core.io.files import DamagedFile, read_record

LAMS = (0.5, 3.0, 5.0, 7.0, 10.0)  # the paper's five weights
LOSSES = ("wgan-gp", "bce")
METRICS = (
    "kid", "kid_mean", "kid_std", "fid", "lpips_real_fake", "lpips_real_fake_std",
    "lpips_fake_fake", "lpips_fake_fake_std", "ms_ssim_real_fake", "ms_ssim_real_fake_std",
    "ms_ssim_fake_fake", "ms_ssim_fake_fake_std", "swd_pca", "swd_umap",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One run directory: what was asked (config), what was logged, what was measured, or None."""

    path: Path
    config: dict
    metrics: dict | None = None
    log: pd.DataFrame = field(default_factory=pd.DataFrame)
    environment: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)

    @property
    def name(self):
        return self.path.name

    @property
    def precision(self):
        """Of the activations; runs from before it could be chosen had float32."""
        return self.config.get("precision", "float32")

    @property
    def label(self):
        """What figures and tables call this run: "WGAN-GP λ=5", "WGAN-GP λ=5, penalty 3, bfloat16", "StyleGAN3"."""
        name = label(self.config.get("model", "dgan"), self.config.get("loss"), self.config.get("lam"))
        apart = {"penalty": self.config.get("lam_gp"), "perceptual": self.config.get("lam_perceptual")}
        name += "".join(f", {term} {weight:g}" for term, weight in apart.items() if weight is not None)
        return name if self.precision == "float32" else f"{name}, {self.precision}"

    @property
    def final(self):
        """The last evaluation, metric → number; empty where the run was not evaluated."""
        return (self.metrics or {}).get("final") or {}

    @property
    def history(self):
        """One row per evaluated snapshot: epoch, kid, kid_mean, kid_std, fid."""
        return pd.DataFrame((self.metrics or {}).get("history") or [])

    @property
    def floor(self):
        """Half of the real images against the other half, metric → number."""
        return {name.removesuffix("_floor"): v for name, v in self.final.items() if name.endswith("_floor")}

    @property
    def embeddings(self):
        """pca_real, pca_fake, umap_real, umap_fake, each (N, 2); empty where there are none."""
        file = self.path / "embeddings.npz"
        if not file.is_file():
            return {}
        with np.load(file, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}

    def tiles(self, name="final"):
        """The images of samples/<name>.png as (N, size, size) uint8, or None where it is missing."""
        file = self.path / "samples" / f"{name}.png"
        if not file.is_file():
            return None
        with Image.open(file) as image:
            grid = np.asarray(image.convert("L"))
        size = int(self.config.get("image_size") or 0)
        if size <= 0 or grid.shape[0] % size or grid.shape[1] % size:
            size = grid.shape[0] // 4
        rows, columns = grid.shape[0] // size, grid.shape[1] // size
        cut = grid[: rows * size, : columns * size].reshape(rows, size, columns, size)
        return cut.swapaxes(1, 2).reshape(-1, size, size)

    def epochs_with_samples(self):
        """The epochs of samples/epoch-NNNN.png, in order."""
        return sorted(int(p.stem.split("-")[1]) for p in self.path.glob("samples/epoch-*.png"))


def label(model, loss=None, lam=None):
    """ "dgan", "wgan-gp", 5.0 → "WGAN-GP λ=5"; "stylegan2" → "StyleGAN2"; "real": one class against the other."""
    if model in ("stylegan2", "stylegan3"):
        return "StyleGAN" + model[-1]
    if model == "real":
        return "malignant–benign"
    name = {"wgan-gp": "WGAN-GP", "bce": "BCE"}.get(loss, str(loss))
    return name if lam is None else f"{name} λ={float(lam):g}"


def _record(path):
    """The object in a JSON file, or None where it is missing; DamagedFile where it is not what was written."""
    try:
        return read_record(path)
    except FileNotFoundError:
        return None


def _log(path, status):
    """log.jsonl as a table; a half-written last line (the run was killed) is left out.

    Raises DamagedFile where a run that has ended, and so kept its log's SHA-256, has another log now.
    """
    if not path.is_file():
        return pd.DataFrame()
    written = path.read_bytes()
    if "log_sha256" in status:
        written = written[: status["log_bytes"]]
        if hashlib.sha256(written).hexdigest() != status["log_sha256"]:
            raise DamagedFile(f"{path} is damaged: its SHA-256 is not the one in status.json; train the run again")
    rows = []
    for line in written.decode(errors="replace").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return pd.DataFrame(rows)


def read_run(path):
    """The run in this directory, or None where it has no config.json."""
    path = Path(path)
    config = _record(path / "config.json")
    if config is None:
        return None
    status = _record(path / "status.json") or {}
    return Run(
        path=path, config=config, metrics=_record(path / "metrics.json"), log=_log(path / "log.jsonl", status),
        environment=_record(path / "environment.json") or {}, status=status,
    )  # fmt: skip


def collect(root="runs", profile="quick", data=None):
    """Every run under root/profile, by model, loss, λ and seed; `data` keeps only runs trained on that data.

    A folder that does not exist holds no runs: the report then says "not run" everywhere.
    """
    folder = locate(root) / profile if profile else locate(root)
    found = [read_run(child) for child in sorted(folder.glob("*")) if child.is_dir()]
    runs = [run for run in found if run is not None]
    return sorted((run for run in runs if data is None or _same(run.config.get("data"), data)), key=_place)


def _place(run):
    model, loss = str(run.config.get("model")), run.config.get("loss")
    numbers = (run.config.get(name) or 0 for name in ("lam", "seed"))
    return model == "real", model, LOSSES.index(loss) if loss in LOSSES else len(LOSSES), *numbers


def locate(root):
    """A relative `runs` folder: of DGAN_RUNS, of the working folder, or of the project, first found.

    JupyterLab starts a kernel in the notebook's folder, papermill in the caller's.
    """
    root = Path(root)
    if root.is_absolute():
        return root
    if root == Path("runs") and os.environ.get("DGAN_RUNS"):
        return Path(os.environ["DGAN_RUNS"])
    project = Path(__file__).resolve().parents[2] / root
    return project if not root.is_dir() and project.is_dir() else root


def _same(a, b):
    """Whether two `data` values mean the same: equal names, or paths to the same folder."""
    return str(a) == str(b) or Path(str(a)).expanduser().resolve() == Path(str(b)).expanduser().resolve()


def matching(runs, model="dgan", loss=None, lam=None):
    """The runs of this model, loss and λ (both its weights), one a seed; evaluated ones before unevaluated.

    Those in float32, where there are any.
    """
    if model != "dgan":
        loss = lam = None  # a StyleGAN has one objective of its own, real images none
    hits = [
        run for run in runs
        if run.config.get("model", "dgan") == model
        and (loss is None or run.config.get("loss") == loss)
        and (lam is None or np.isclose(float(run.config.get("lam", np.nan)), float(lam)))
        and (lam is None or run.config.get("lam_gp") is None and run.config.get("lam_perceptual") is None)
    ]  # fmt: skip
    exact = [run for run in hits if run.precision == "float32"]
    return sorted(exact or hits, key=lambda run: not run.final)


def find(runs, model="dgan", loss=None, lam=None):
    """The first of `matching`, or None."""
    return next(iter(matching(runs, model, loss, lam)), None)


def lams(runs):
    """The paper's five λ and every other that a DGAN was trained with, ascending."""
    return sorted({*LAMS, *(float(run.config["lam"]) for run in runs if run.config.get("model") == "dgan")})


def tidy(runs):
    """One row per run and metric: run, model, loss, lam, seed, metric, value (NaN: not measured)."""
    rows = [
        {
            "run": run.name, "label": run.label, "model": run.config.get("model", "dgan"),
            "loss": run.config.get("loss"), "lam": run.config.get("lam"),
            "seed": run.config.get("seed"), "metric": metric,
            "value": float(run.final[metric]) if run.final.get(metric) is not None else np.nan,
        }
        for run in runs for metric in METRICS
    ]  # fmt: skip
    columns = ["run", "label", "model", "loss", "lam", "seed", "metric", "value"]
    return pd.DataFrame(rows, columns=columns)
