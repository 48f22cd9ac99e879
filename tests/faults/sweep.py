"""A Snakemake sweep killed at random moments, and one with a job that fails.

The project's own Snakefile, notebooks and make target run in a copy of the tree, whose quick profile is made small.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dgan_core.io.files import PARTIAL, read_record
from dgan_core.runs import Run
from dgan_report import collect
from faults import forks
from faults.same import differences

ROOT = Path(__file__).resolve().parents[2]
RUNS = ("dgan-bce-lam3-seed0", "dgan-wgan-gp-lam5-seed0")


def run(quick=False):
    """Rows of the suite's table; a quick suite has none: a sweep takes minutes."""
    if quick:
        return []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        whole = copy(folder / "whole")
        started = time.perf_counter()
        assert sweep(whole) == 0, (whole / "sweep.txt").read_text()[-3000:]
        span = time.perf_counter() - started
        return [killed(whole, copy(folder / "killed"), span, 20), failing(whole, copy(folder / "failing"))]


def copy(target):
    """A copy of the project's tree at `target`, with a quick profile of seconds."""
    names = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file() and not name.startswith("results/busi"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    table = {"lr_decay": 0.99, "bn_momentum": 0.9, "extractor": "random-vgg16", "lpips_weights": "random"}
    table |= {**forks.SMALL, "backbone": "random", "perceptual_scale": 1.0, "learning_rate": 5e-4, "n_phantoms": 16}
    with open(target / "dgan_core" / "profiles.py", "a", encoding="utf-8") as file:
        file.write(f'\n\nPROFILES["quick"] = {table!r}\n')
    return target


def sweep(tree, kill_at=None, *options):
    """Exit status of the sweep in `tree`: snakemake as `make book` calls it, up to the metrics; killed at a moment."""
    recipe = (ROOT / "Makefile").read_text()
    flags = re.search(r"SNAKEMAKE *:= *(.*)", recipe)[1].split()
    flags = [sys.executable if flag == "$(BIN)/python" else flag for flag in flags]
    flags = [str(Path(sys.executable).with_name("snakemake")) if f == "$(BIN)/snakemake" else f for f in flags]
    targets = [f"runs/quick/{name}/metrics.json" for name in RUNS]
    environment = {**os.environ, "PYTHONPATH": str(tree), "KERAS_BACKEND": "torch"}
    environment.pop("DGAN_RUNS", None)
    with open(tree / "sweep.txt", "wb") as output:
        process = subprocess.Popen(
            [*flags, *options, "--cores", "2", *targets],
            cwd=tree, env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        if kill_at is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(kill_at)
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def killed(whole, tree, span, n):
    """Each sweep is killed, all its processes with it, up to four times before it is brought to its end."""
    tried = lost = kills = 0
    for moment in forks.moments(10 * n, 0.8 * span, 2):
        if tried == n:
            break
        hit = sweep(tree, moment) == -signal.SIGKILL
        tried, kills = tried + hit, kills + hit
        if not hit or kills == 4 or tried == n:
            bad = sweep(tree) != 0 or wrong(whole, tree)
            lost += kills if bad else 0
            print((tree / "sweep.txt").read_text()[-2000:] if bad else "", end="")
            shutil.rmtree(tree / "runs")
            kills = 0
    return forks.row("Snakemake sweep: killed at random moments", tried, tried - lost, "same runs, same metrics")


def wrong(whole, tree):
    """What differs between the runs of two trees."""
    found = [str(path) for path in (tree / "runs").rglob(f"*{PARTIAL}")]
    for name in RUNS:
        a, b = (Run.open(root / "runs" / "quick" / name) for root in (whole, tree))
        found += differences(a, b)
        one, other = (read_record(run.path / "metrics.json") for run in (a, b))
        found += ["metrics"] if one["final"] != other["final"] or one["history"] != other["history"] else []
    print(*found[:3], sep="\n", end="\n" if found else "")
    return bool(found)


def failing(whole, tree):
    """One of two runs fails, for its directory's checkpoint is damaged: the other goes on, the report names it."""
    name = RUNS[1]
    target = tree / "runs" / "quick" / name
    shutil.copytree(whole / "runs" / "quick" / name, target)
    for path in ("status.json", "metrics.json", "train.ipynb", "evaluate.ipynb"):
        (target / path).unlink()
    checkpoint = target / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1] + b"\0")
    status = sweep(tree, None, "--keep-going")
    others = [read_record(tree / "runs" / "quick" / other / "metrics.json")["final"] for other in RUNS if other != name]
    shown = collect(tree / "runs").trained.set_index("run").loc[name]
    right = status != 0 and len(others) == 1 and shown["state"] == "failed" and "damaged" in shown["reason"]
    print("" if right else json.dumps([status, shown["state"], shown["reason"]]))
    return forks.row("a job of a sweep that fails", 1, int(right), "the rest is done, the report says so")
