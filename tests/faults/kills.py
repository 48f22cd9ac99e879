"""SIGKILL at random moments and at every write, in training and evaluation; a Snakemake sweep is faults/sweep.py's.

After each kill the directory must be readable; gone on with, it must end as one that was never killed, to the bit.
"""

import contextlib
import io
import json
import re
import tempfile
import time
from pathlib import Path

import numpy as np

import dgan_report as report
from dgan_core.io.files import PARTIAL, read_record
from dgan_core.runs import Run
from faults import forks, writes
from faults.same import differences

LOSSES = (("BCE", {"loss": "bce"}, 1), ("WGAN-GP", {"loss": "wgan-gp"}, 4))  # the last: of how many operations one
EVALUATED = {"loss": "bce", "n_phantoms": 12, "epochs": 1}  # as few images as an evaluation takes
A_RUN = 5  # kills before one run is brought to its end
EVALUATE = Path(__file__).resolve().parents[2] / "notebooks" / "evaluate.py"


def run(quick=False):
    """Rows of the suite's table; quick: a few kills of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for name, parameters, every in LOSSES[: 1 if quick else None]:
            few = (2, 40) if quick else (40, every)
            rows += training(name, parameters, Path(folder) / name, *few)
        return rows + evaluation(Path(folder) / "evaluation", random=0 if quick else 10, every=0 if quick else 1)


def training(name, parameters, folder, random, every):
    """Rows: `random` kills at random moments, and one at every `every`-th operation on a file."""
    started = time.perf_counter()
    assert forks.do(forks.train, parameters, folder / "whole") == 0
    span = time.perf_counter() - started
    whole = forks.the_run(parameters, folder / "whole")
    counting = writes.counted, folder / "counted", folder / "operations", forks.train, parameters, folder / "counted"
    assert forks.do(*counting) == 0
    operations = int((folder / "operations").read_text())
    assert differences(whole, forks.the_run(parameters, folder / "counted")) == []

    tried = lost = number = 0
    for moment in forks.moments(10 * random, span / 2, 0):
        if tried == random:
            break
        root = folder / f"moment-{number}"
        killed = forks.kill_after(moment, forks.train, parameters, root)
        tried, lost = tried + killed, lost + unreadable(root)
        if not killed or tried % A_RUN == 0:  # it came to its end, or is brought to it
            lost += A_RUN if not ends_as(whole, parameters, root) else 0
            number += 1
    rows = [forks.row(f"training, {name}: killed at random moments", tried, tried - lost, "ends as never killed")]
    tried = lost = 0
    for point in range(1, operations + 1, every):
        root = folder / f"operation-{point}"
        tried += forks.do(writes.faulty, point, writes.kill, root, forks.train, parameters, root) == -9
        lost += bool(unreadable(root) or not ends_as(whole, parameters, root))
    rows.append(forks.row(f"training, {name}: killed at operations on files", tried, tried - lost, rows[0]["what"]))
    return rows


def ends_as(whole, parameters, root):
    """Whether the run under `root`, gone on with, ends as `whole` and leaves no partial files behind."""
    status = forks.do(forks.train, parameters, root)
    found = [f"exit status {status}"] if status else differences(whole, forks.the_run(parameters, root))
    found += [str(path) for path in root.rglob(f"*{PARTIAL}")]
    print(*found[:3], sep="\n", end="\n" if found else "")
    return not found


def unreadable(root):
    """1 where a run directory under `root` can't be read as it lies there, else 0."""
    try:
        for path in root.glob("quick/*/config.json"):
            found = Run.open(path.parent)
            found.status(), found.load_checkpoint(), found.log()
            report.collect(root)
    except Exception as error:
        print(f"{root}: {error}")
        return 1
    return 0


def evaluation(folder, random, every):
    """Rows for the cells of notebooks/evaluate.py on a run under `folder`/whole, killed and done again."""
    if not random and not every:
        return []
    base = folder / "whole"
    assert forks.do(forks.train, EVALUATED, base) == 0
    path = next((base / "quick").iterdir())
    assert forks.do(evaluate, path, output=folder / "evaluated.txt") == 0, (folder / "evaluated.txt").read_text()
    expected = results(path)
    forget(path)
    started = time.perf_counter()
    assert forks.do(writes.counted, base, folder / "operations", evaluate, path) == 0
    span = time.perf_counter() - started
    operations = int((folder / "operations").read_text())
    assert same(expected, results(path))
    rows = []
    for what, points in (
        ("at random moments", [("moment", moment) for moment in forks.moments(random, span, 1)]),
        ("at operations on files", [("write", number) for number in range(1, operations + 1, every)]),
    ):
        tried = lost = 0
        for kind, point in points:
            forget(path)
            if kind == "moment":
                tried += forks.kill_after(point, evaluate, path)
            else:
                tried += forks.do(writes.faulty, point, writes.kill, base, evaluate, path) == -9
            bad = unreadable(base) or forks.do(evaluate, path) != 0 or not same(expected, results(path))
            lost += 1 if bad else 0
        rows.append(forks.row(f"evaluation: killed {what}", tried, tried - lost, "same metrics, same points"))
    return rows


def evaluate(path):
    """The code cells of the evaluation notebook, for the run at `path`."""
    text = EVALUATE.read_text()
    text = re.sub(r'(?m)^run_path = "[^"]*"', f"run_path = {str(path)!r}", text)
    exec(compile(text, str(EVALUATE), "exec"), {"__name__": "__main__"})


def results(path):
    """What an evaluation leaves behind: (metrics less the seconds, the bytes of the points, the grid's)."""
    metrics = read_record(path / "metrics.json")
    del metrics["seconds"]
    with np.load(io.BytesIO((path / "embeddings.npz").read_bytes())) as points:
        arrays = {name: points[name] for name in points.files}
    return json.dumps(metrics, sort_keys=True), arrays, (path / "samples" / "final.png").read_bytes()


def same(one, other):
    """Whether two `results` are equal, to the bit."""
    (a, points, grid), (b, others, other_grid) = one, other
    equal = points.keys() == others.keys() and all(np.array_equal(points[n], others[n]) for n in points)
    return a == b and equal and grid == other_grid


def forget(path):
    """Remove what an evaluation left behind, features of the cache among it."""
    for name in ("metrics.json", "embeddings.npz", "samples/final.png"):
        with contextlib.suppress(FileNotFoundError):
            (path / name).unlink()
    for entry in (path.parent.parent / "features").glob("*"):
        entry.unlink()
