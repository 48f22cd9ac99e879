"""Two trainings in one directory, a lock whose holder was killed, a worker that gets no more memory."""

import os
import resource
import signal
import tempfile
import time
from pathlib import Path

from dgan_core.runs import Run
from faults import forks
from faults.same import differences

PARAMETERS = {"loss": "bce"}


def run(quick=False):
    """Rows of the suite's table."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        assert forks.do(forks.train, PARAMETERS, folder / "whole") == 0
        whole = forks.the_run(PARAMETERS, folder / "whole")
        rows = []
        for kind, survives, times, what in (
            ("two trainings begun at once in one directory", two_at_once, 100, "one trains, the other is refused"),
            ("training beside one that runs", second, 10, "refused; the first is not disturbed"),
            ("lock of a killed process", stale, 10, "taken over"),
            ("no more memory in the middle of training", out_of_memory, 10, "told, then ends as never"),
        ):
            n = 2 if quick else times
            survived = sum(survives(whole, folder / f"{survives.__name__}-{number}") for number in range(n))
            rows.append(forks.row(kind, n, survived, what))
        return rows


def same(whole, root):
    """Whether the run under `root` is `whole`; what differs is printed."""
    found = differences(whole, forks.the_run(PARAMETERS, root))
    print(*[f"{root}: {what}" for what in found[:1]], sep="", end="\n" if found else "")
    return not found


def two_at_once(whole, root):
    outputs = [f"{root}-{i}.txt" for i in range(2)]
    children = [forks.fork(forks.train, PARAMETERS, root, output=output) for output in outputs]
    statuses = [forks.wait(child) for child in children]
    texts = [Path(output).read_text() for output in outputs]
    refused = sum("is being trained by another process" in text for text in texts)
    late = sum("is finished; nothing to train" in text for text in texts)
    return (sorted(statuses), refused) in (([0, 1], 1), ([0, 0], 0)) and refused + late == 1 and same(whole, root)


def second(whole, root):
    first = forks.fork(slowly, root)
    log = forks.the_run(PARAMETERS, root).path / "log.jsonl"
    while not (log.is_file() and log.stat().st_size):
        time.sleep(0.01)
    before = forks.the_run(PARAMETERS, root).status()["state"]
    refused = forks.do(forks.train, PARAMETERS, root, output=f"{root}.txt") == 1
    told = "is being trained by another process: wait for it" in Path(f"{root}.txt").read_text()
    after = forks.the_run(PARAMETERS, root).status()["state"]  # the refused one has not recorded a failure
    return forks.wait(first) == 0 and refused and told and before == after == "running" and same(whole, root)


def slowly(root):
    """Train with a pause after each row of the log."""
    append = Run.append_log

    def appended(run, row):
        append(run, row)
        time.sleep(0.1)

    Run.append_log = appended
    forks.train(PARAMETERS, root)


def stale(whole, root):
    held = root.with_name(f"{root.name}-held")
    child = forks.fork(hold, root, held)
    while not held.exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    killed = forks.wait(child) == -signal.SIGKILL
    return killed and forks.do(forks.train, PARAMETERS, root) == 0 and same(whole, root)


def hold(root, held):
    with forks.the_run(PARAMETERS, root).lock():
        held.touch()
        signal.pause()


def out_of_memory(whole, root):
    failed = forks.do(starved, root, output=f"{root}.txt") == 1
    run = forks.the_run(PARAMETERS, root)
    status, text = run.status(), Path(f"{root}.txt").read_text()
    told = status.get("state") == "failed" and "memory" in (status["reason"] + text).lower()
    kept = run.load_checkpoint()[1] == 4
    return failed and told and kept and forks.do(forks.train, PARAMETERS, root) == 0 and same(whole, root)


def starved(root):
    """Train; after the fifth update the system gives no more memory than there is, and the next batch is large."""
    import torch

    append = Run.append_log

    def appended(run, row):
        append(run, row)
        if row["step"] == 5:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            limit = pages * os.sysconf("SC_PAGE_SIZE") + 2**26
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            torch.zeros(2**28)  # a gigabyte

    Run.append_log = appended
    forks.train(PARAMETERS, root)
