"""A few faults of each kind, by the suite that `make faults` runs in full; and that it sees what it looks for."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dgan_core.training.schedule import snapshot_epochs

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("kills", "disk", "damage", "processes", "numbers")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a quick run of the parts wrote, {part: …}; one process, which loads the frameworks once."""
    output = tmp_path_factory.mktemp("faults") / "faults.json"
    command = [sys.executable, "-W", "ignore", "-m", "faults", "--quick", "--only", *PARTS, "--output", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return json.loads(output.read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_lost(found, part):
    rows = found[part]["rows"]
    assert len(rows) >= 2 and all(row["tried"] > 0 for row in rows)
    assert [row["kind"] for row in rows if row["lost"]] == []


def test_a_loss_is_seen(tmp_path, monkeypatch):
    """Two runs that differ in one number of one file."""
    from faults.same import differences

    from dgan_core import Config
    from dgan_core.runs import Run

    runs = []
    for name in ("one", "other"):
        run = Run(Config(epochs=1, snapshots=1, run_id=name), tmp_path)
        run.begin()
        run.append_log({"step": 1, "critic_loss": 1.0, "seconds": float(len(name))})
        run.save_checkpoint({"c/000": np.zeros(3, "float32")}, 1)
        for epoch in snapshot_epochs(run.config):
            run.save_snapshot(epoch, {"g/000": np.zeros(3, "float32")})
        run.save_grid("final", np.zeros((16, 8, 8, 1), "uint8"))
        run.finish(steps=1)
        runs.append(run)
    one, other = runs
    assert differences(one, other) == []
    other.save_snapshot(1, {"g/000": np.float32([0, 0, 1e-30])})
    other.save_grid("final", np.ones((16, 8, 8, 1), "uint8"))
    other.save_checkpoint({"c/000": np.zeros(3, "float32"), "c/001": np.zeros(1)}, 1)
    other.set_status("stopped")
    assert differences(one, other) == [
        "other is stopped",
        "c/001 of the state",
        "g/000 of the snapshot of epoch 1",
        "samples/final.png",
    ]


def test_the_tree_in_which_sweeps_are_killed_is_small_and_has_its_two_runs(tmp_path):
    """A quick suite leaves out the sweeps, which take minutes; that they can start is seen here."""
    code = "import sys, pathlib; from faults import sweep; tree = sweep.copy(pathlib.Path(sys.argv[1])); "
    code += "sys.exit(sweep.sweep(tree, None, '--dry-run'))"  # in a process: faults.forks sets the backend on import
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + (tmp_path / "sweep.txt").read_text(encoding="utf-8")
    small = runpy.run_path(str(tmp_path / "dgan_core" / "profiles.py"))["PROFILES"]["quick"]
    assert (small["epochs"], small["n_phantoms"], small["extractor"]) == (3, 16, "random-vgg16")


def test_a_second_command_under_one_lock_is_refused_and_a_killed_one_holds_nothing(tmp_path):
    command = [
        sys.executable,
        str(ROOT / "tools" / "only_one.py"),
        str(tmp_path / "new" / "lock"),
        sys.executable,
        "-c",
    ]
    first = subprocess.Popen(
        [*command, "import time; print('begun', flush=True); time.sleep(600)"], stdout=-1, text=True
    )
    assert first.stdout.readline() == "begun\n"
    second = subprocess.run([*command, "print('begun')"], capture_output=True, text=True)
    assert second.returncode == 1 and "is at work here already: wait for it" in second.stderr and not second.stdout
    first.kill()
    first.wait()
    first.stdout.close()
    third = subprocess.run([*command, "print('begun')"], capture_output=True, text=True)
    assert (third.returncode, third.stdout) == (0, "begun\n")
