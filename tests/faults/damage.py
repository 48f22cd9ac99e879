"""Files of a run cut short or with a bit flipped, in each range of their bytes: noticed, or harmless."""

import random
import tempfile
from pathlib import Path

import numpy as np

import dgan_report as report
from dgan_core.evaluations import Evaluation
from dgan_core.io.files import DamagedFile, write_record
from dgan_core.metrics.cache import cached
from dgan_core.runs import Run
from faults import forks
from faults.same import differences

RANGES = 64  # of each file
PARAMETERS = {"loss": "bce"}


def run(quick=False):
    """Rows of the suite's table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        whole, stopped = Path(folder) / "whole", Path(folder) / "stopped"
        assert forks.do(forks.train, PARAMETERS, whole) == 0
        assert forks.do(stop, stopped) == 0
        finished, unfinished = (forks.the_run(PARAMETERS, root) for root in (whole, stopped))
        write_record(finished.path / "metrics.json", Evaluation({"kernel_distance": 0.125})._asdict())
        cached(whole / "features", {"k": 1}, lambda: np.eye(8))
        (entry,) = (whole / "features").iterdir()
        files = {
            "checkpoint": (unfinished.path / "checkpoint.safetensors", lambda: checkpoint(unfinished)),
            "snapshot": (finished.snapshot_path(3), lambda: finished.load_snapshot(3)),
            "log": (finished.path / "log.jsonl", finished.log),
            "configuration": (finished.path / "config.json", lambda: Run.open(finished.path).config),
            "status": (finished.path / "status.json", lambda: known(finished.status())),
            "metrics": (finished.path / "metrics.json", lambda: report.collect(whole).measured.to_csv()),
            "cached features": (entry, lambda: cached(whole / "features", {"k": 1}, lambda: np.eye(8))),
        }
        for name, (path, read) in files.items():
            rows.append(changed(name, path, read, 8 if quick else RANGES))
        rows.append(continued(finished, unfinished, 2 if quick else 16))
    return rows


def stop(root):
    """Train to the fourth of six updates."""

    class Enough(Exception):
        pass

    append = Run.append_log

    def appended(run, row):
        if row["step"] == 5:
            raise Enough
        append(run, row)

    Run.append_log = appended
    try:
        forks.train(PARAMETERS, root)
    except Enough:
        pass


def checkpoint(run):
    """The state's sum and step of the checkpoint that a continuation would start from."""
    arrays, step = run.load_checkpoint()
    return {2: "the previous one", 4: "the last one"}[step], {name: a.tobytes() for name, a in arrays.items()}


def known(status):
    """A status less the entries that nobody reads."""
    return {name: status.get(name) for name in ("state", "steps", "seconds", "log_bytes", "log_sha256")}


def changes(content, ranges, seed=0):
    """(words, content with one bit flipped in a range, or cut at its start), for each range of bytes."""
    generator = random.Random(seed)
    edges = sorted({round(i * len(content) / ranges) for i in range(ranges + 1)})
    for start, end in zip(edges, edges[1:], strict=False):
        place = generator.randrange(start, end)
        flipped = bytearray(content)
        flipped[place] ^= 1 << generator.randrange(8)
        yield f"byte {place} flipped", bytes(flipped)
        yield f"cut at byte {start}", content[:start]


def changed(name, path, read, ranges):
    """The row of one file: each change is refused by a DamagedFile that names a file, or nothing read differs."""
    content, expected = path.read_bytes(), read()
    previous = ("the previous one", None)
    tried = lost = 0
    for words, change in changes(content, ranges):
        path.write_bytes(change)
        tried += 1
        try:
            found = read()
            right = equal(found, expected) or (name == "checkpoint" and found[0] == previous[0])
        except DamagedFile as error:
            right = str(path.parent) in str(error)
        except Exception as error:  # a refusal that is not in our words
            right, words = False, f"{words}: {type(error).__name__}: {error}"
        if not right:
            lost += 1
            print(f"{path.name}, {words}")
    path.write_bytes(content)
    return forks.row(f"{name} cut or flipped", tried, tried - lost, "named, or without effect")


def equal(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[name], b[name]) for name in a)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b


def continued(whole, run, n):
    """The row of runs gone on with, after a change to their last checkpoint or to the log that belongs to it."""
    tried = lost = 0
    contents = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    for name in ("checkpoint.safetensors", "log.jsonl"):
        path = run.path / name
        content = contents[path]
        for words, change in list(changes(content, n // 2))[-n:]:
            for other, kept in contents.items():
                other.write_bytes(kept)
            path.write_bytes(change)
            tried += 1
            status = forks.do(forks.train, PARAMETERS, run.path.parent.parent)
            if status == 0:
                bad = differences(whole, forks.the_run(PARAMETERS, run.path.parent.parent))
            else:  # refused: right where no checkpoint has its log any more
                bad = (
                    [] if name == "log.jsonl" and "damaged" in run.status().get("reason", "") else ["not gone on with"]
                )
            lost += bool(bad)
            print(*[f"{name}, {words}: {what}" for what in bad[:1]], sep="", end="\n" if bad else "")
    return forks.row("gone on with after such a change", tried, tried - lost, "same end, or refused")
