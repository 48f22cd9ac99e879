"""The report as one graph: train → evaluate → report notebooks → book.

A run's notebook is its target: an interrupted run goes on from its checkpoint, a finished one is not repeated.
"""
import json
import os
import shlex
import sys
from pathlib import Path

import yaml

from dgan_core.config import LOSSES, Config
from dgan_core.data import index_busi
from dgan_core.runs import runs_root

# One thread a job: two jobs side by side beat one job on two cores.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

PROFILE = config.get("profile", "quick")
DATA = str(config.get("data", "phantom"))
LAMBDAS = [float(v) for v in str(config.get("lambdas", "0.5 3 5 7 10")).split()]
STOP_AFTER = str(config.get("stop_after", ""))  # of each training, for later continuation
SEEDS = [int(v) for v in str(config.get("seeds", "0")).split()]
if DATA not in ("phantom", "busi"):  # a wrong folder is told before any job starts
    try:
        index_busi(DATA)
    except OSError as error:
        raise WorkflowError(str(error)) from None
DATA_PATH = Config(data=DATA).data  # handed on by functions, since Snakemake looks for wildcards in texts
SWEEP = config.get("sweep", "")  # a file that lists other settings than the report's; its runs have a folder of their own
ROOT = runs_root() / Path(SWEEP).stem
RUNS = Path(os.path.relpath(ROOT))  # relative: pages show no path of the machine
if set("{}") & set(str(RUNS)):
    raise WorkflowError(f"DGAN_RUNS must have no braces, which Snakemake takes for wildcards, got {RUNS}")

if SWEEP:
    listed = yaml.safe_load(Path(SWEEP).read_text(encoding="utf-8"))
    SETTINGS = [{**listed.get("common", {}), **run} for run in listed["runs"]]
    if BACKBONE := config.get("backbone"):
        SETTINGS = [{**settings, "backbone": str(BACKBONE)} for settings in SETTINGS]
else:
    SETTINGS = [
        {"loss": loss, "lam": lam}
        for lam in sorted({*LAMBDAS, 3.0, 5.0})  # the two that are shown as pages are always among them
        for loss in LOSSES
    ] + [{"model": "stylegan2"}, {"model": "stylegan3"}]
GIVEN = [{"profile": PROFILE, "data": DATA_PATH, "seed": seed, **settings} for seed in SEEDS for settings in SETTINGS]
GIVEN = {Config(**given).run_id: given for given in GIVEN}  # what each run is given beside its profile's values
FOLDER = RUNS / PROFILE
EXECUTED = Path("build/executed") / f"{PROFILE}-{'busi' if DATA != 'phantom' else 'phantom'}"
REPORTS = ("explorer", "status", "tables", "figure1", "figure2", "figure3_4", "compare", "memorisation")
# Of networks, metrics and faults, whatever was trained.
STUDIES = ("stylegan", "conventions", "uncertainty", "speed", "stylegan_speed", "reliability")
KEPT = ("busi", "weights", "training_speed")  # of runs that lie in results/, whatever was trained
LESSONS = sorted(p.stem for p in Path("notebooks").glob("lesson_*.ipynb"))
METRICS = [str(p) for p in Path("dgan_core/metrics").glob("*.py")]
REPORT = [str(p) for p in Path("dgan_core/report").iterdir() if p.is_file()]
SHOWN = ("wgan-gp-lam5", "bce-lam3")  # the paper's two best, shown as pages
SUFFIX = f"-seed{SEEDS[0]}" + ("" if DATA == "phantom" else "-busi")

PAPERMILL = f"DGAN_RUNS={shlex.quote(str(ROOT))} papermill --no-progress-bar --log-level WARNING"


wildcard_constraints:
    run="[^/]+",


rule book:
    input:
        "build/_build/html/index.html",


rule sweep:  # trained and evaluated, with no book about it
    input:
        expand(FOLDER / "{run}" / "metrics.json", run=GIVEN),


rule train:
    input:
        "notebooks/train.ipynb",
    output:
        FOLDER / "{run}" / "train.ipynb",
    params:
        given=lambda w: json.dumps(GIVEN[w.run]),
    resources:
        gpu=1 if PROFILE == "paper" else 0,
    shell:
        PAPERMILL
        + " --log-output {input:q} {output:q} -y {params.given:q}"
        + (f" -p stop_after {shlex.quote(STOP_AFTER)}" if STOP_AFTER else "")  # no param: a finished run stays so
        + " && grep -q '\"state\": \"finished\"' \"$(dirname {output:q})/status.json\""


rule evaluate:
    input:
        "notebooks/evaluate.ipynb",
        METRICS,
        trained=FOLDER / "{run}" / "train.ipynb",
    output:
        notebook=FOLDER / "{run}" / "evaluate.ipynb",
        metrics=FOLDER / "{run}" / "metrics.json",
    shell:
        PAPERMILL + " {input[0]:q} {output.notebook:q} -p run_path \"$(dirname {input.trained:q})\""


rule data:
    input:
        "notebooks/data.ipynb",
    output:
        EXECUTED / "data.ipynb",
    params:
        data=lambda _: DATA_PATH,
    shell:
        PAPERMILL + " {input:q} {output:q} -p data {params.data:q}"


rule real:
    input:
        "notebooks/real.ipynb",
        METRICS,
    output:
        EXECUTED / "real.ipynb",
    params:
        data=lambda _: DATA_PATH,
    shell:
        PAPERMILL + f" {{input[0]:q}} {{output:q}} -p profile {PROFILE} -p data {{params.data:q}}"


rule study:
    input:
        "notebooks/{name}.ipynb",
        METRICS,
        [str(p) for p in Path("results").glob("*.json")],
    output:
        EXECUTED / "{name}.ipynb",
    wildcard_constraints:
        name="|".join(STUDIES),
    shell:
        PAPERMILL + " {input[0]:q} {output:q}"


rule kept:
    input:
        "notebooks/{name}.ipynb",
        REPORT,
        [str(p) for p in Path("results").glob("**/*") if p.is_file()],
    output:
        EXECUTED / "{name}.ipynb",
    wildcard_constraints:
        name="|".join(KEPT),
    shell:
        PAPERMILL + " {input[0]:q} {output:q}"


rule lesson:
    input:
        "notebooks/{name}.ipynb",
        METRICS,
        [str(p) for part in ("", "engine", "models", "recipes") for p in Path("dgan_core", part).glob("*.py")],
    output:
        EXECUTED / "{name}.ipynb",
    wildcard_constraints:
        name="|".join(LESSONS),
    shell:
        PAPERMILL + " {input[0]:q} {output:q}"


rule report:
    input:
        "notebooks/{name}.ipynb",
        REPORT,
        EXECUTED / "real.ipynb",
        expand(FOLDER / "{run}" / "metrics.json", run=GIVEN),
    output:
        EXECUTED / "{name}.ipynb",
    wildcard_constraints:
        name="|".join(REPORTS),
    params:
        data=lambda _: DATA_PATH,
        runs=str(RUNS),
    shell:
        PAPERMILL + f" {{input[0]:q}} {{output:q}} -p runs {{params.runs:q}} -p profile {PROFILE} -p data {{params.data:q}}"


PAGES = {name: EXECUTED / f"{name}.ipynb" for name in ("data", "real", *LESSONS, *STUDIES, *KEPT, *REPORTS)} | {
    f"{stage}-{shown}": FOLDER / f"dgan-{shown}{SUFFIX}" / f"{stage}.ipynb"
    for shown in SHOWN
    for stage in ("train", "evaluate")
}


rule render:
    input:
        "_config.yml",
        "_toc.yml",
        "references.bib",
        "CHANGELOG.md",
        "tools/render_book.py",
        list(PAGES.values()),
        [f"notebooks/exercises/{name}.ipynb" for name in LESSONS],
        chapters=[str(p) for p in Path("book").rglob("*") if p.is_file()],
    output:
        "build/_build/html/index.html",
    params:
        pages=[f"{name}={path}" for name, path in PAGES.items()],
    shell:
        "python tools/render_book.py build {params.pages:q}"
