"""A disk that is full, can't be written to, or limits a file's size, in the middle of training."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from dgan_core.io.files import PARTIAL
from faults import forks, writes
from faults.same import differences

PARAMETERS = {"loss": "bce"}


def run(quick=False):
    """Rows of the suite's table."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        assert forks.do(forks.train, PARAMETERS, folder / "whole") == 0
        whole = forks.the_run(PARAMETERS, folder / "whole")
        return [
            full_at_each_write(whole, folder, 60 if quick else 1),
            quota(whole, folder, 2 if quick else 10),
            *([] if quick else mounted(whole, folder)),
        ]


def ends_right(whole, root):
    """Whether training under `root`, now without the fault, ends as `whole` does and leaves no partial file."""
    status = forks.do(forks.train, PARAMETERS, root, output=f"{root}.txt")
    if status:
        print(Path(f"{root}.txt").read_text()[-400:])
        return False
    found = differences(whole, forks.the_run(PARAMETERS, root)) + list(root.rglob(f"*{PARTIAL}"))
    print(*[f"{root}: {what}" for what in found[:1]], sep="", end="\n" if found else "")
    return not found


def full_at_each_write(whole, folder, every):
    """ "No space left on device" from each operation on a file in turn, with half of what was to be written there."""
    counting = writes.counted, folder / "counted", folder / "operations", forks.train, PARAMETERS, folder / "counted"
    assert forks.do(*counting) == 0
    points = range(1, int((folder / "operations").read_text()) + 1, every)
    survived = 0
    for number in points:
        root = folder / f"full-{number}"
        root.mkdir()
        output = folder / "full.txt"
        forks.do(writes.faulty, number, writes.fail, root, forks.train, PARAMETERS, root, output=output)
        told = "No space left on device" in output.read_text() or finished(root)
        survived += told and ends_right(whole, root)
        shutil.rmtree(root)
    return forks.row("no space at each operation on a file", len(points), survived, "told, then ends as never")


def finished(root):
    """Whether the run under `root` came to its end all the same: there was nothing left to write."""
    return forks.the_run(PARAMETERS, root).status().get("state") == "finished"


def limited(bytes, root):
    """Train where no file may exceed `bytes`; for a process of its own."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that the write fails
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes))
    forks.train(PARAMETERS, root)


def quota(whole, folder, n):
    """A quota that is hit in the middle of a checkpoint, after 1 … n parts of its bytes."""
    size = (whole.path / "checkpoint.safetensors").stat().st_size
    survived = 0
    for part in range(1, n + 1):
        root = folder / f"quota-{part}"
        output = folder / "quota.txt"
        failed = forks.do(limited, size * part // (n + 1), root, output=output) == 1
        told = "File too large" in output.read_text()
        recorded = "File too large" in forks.the_run(PARAMETERS, root).status().get("reason", "")
        survived += failed and told and recorded and ends_right(whole, root)
    return forks.row("quota hit in the middle of a checkpoint", n, survived, "told, then ends as never")


def mounted(whole, folder, sizes=12, moments=4):
    """A small disk (tmpfs) that fills up, at `sizes` sizes; and one that can't be written to, after some updates."""
    needed = sum(path.stat().st_size for path in whole.path.rglob("*") if path.is_file())
    disk = folder / "disk"
    disk.mkdir()
    if not mount("-t", "tmpfs", "-o", f"size={needed}", "tmpfs", disk):
        reason = "needs the right to mount a small disk: not run here"
        return [forks.row(f"{what} disk", 0, 0, reason) for what in ("full", "read-only")]
    subprocess.run(["umount", disk], check=True)
    full = 0
    for part in range(1, sizes + 1):
        mount("-t", "tmpfs", "-o", f"size={max(needed * part // sizes, 4096)}", "tmpfs", disk)
        output = folder / "disk.txt"
        failed = forks.do(forks.train, PARAMETERS, disk / "runs", output=output) != 0
        told = "No space left on device" in output.read_text() if failed else finished(disk / "runs")
        mount("-o", f"remount,size={4 * needed}", disk)
        full += told and ends_right(whole, disk / "runs")
        subprocess.run(["umount", disk], check=True)
    shut = 0
    for moment in range(1, moments + 1):
        mount("-t", "tmpfs", "-o", f"size={4 * needed}", "tmpfs", disk)
        forks.do(writes.faulty, 25 * moment, writes.kill, disk, forks.train, PARAMETERS, disk / "runs")
        mount("-o", "remount,ro", disk)
        output = folder / "disk.txt"
        told = forks.do(forks.train, PARAMETERS, disk / "runs", output=output) == 1
        told &= "Read-only file system" in output.read_text()
        mount("-o", "remount,rw", disk)
        shut += told and ends_right(whole, disk / "runs")
        subprocess.run(["umount", disk], check=True)
    return [
        forks.row("full disk", sizes, full, "told, then ends as never"),
        forks.row("read-only disk", moments, shut, "told, then ends as never"),
    ]


def mount(*words):
    """Whether the system mounted."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *map(str, words)], capture_output=True).returncode == 0
