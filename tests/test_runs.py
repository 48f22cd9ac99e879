import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import numpy as np
import pytest

from dgan_core import Config
from dgan_core.io import files
from dgan_core.io.files import DamagedFile
from dgan_core.runs import Run

ARRAYS = {"a/0": np.float32([[1.5, -2]]), "t": np.array(3, "float32")}


@pytest.fixture
def run(runs, tiny):
    """A run that has logged four steps, with checkpoints of the second and the fourth."""
    run = Run(Config(**tiny))
    run.begin()
    for step in (1, 2, 3, 4):
        run.append_log({"step": step})
        if step % 2 == 0:
            run.save_checkpoint({**ARRAYS, "t": np.array(step)}, step)
    return run


def again(run):
    return Run(run.config)


def steps(run):
    return [row["step"] for row in run.log()]


def damage(path, position=-1):
    content = bytearray(path.read_bytes())
    content[position] ^= 4
    path.write_bytes(bytes(content))


def test_another_configuration_is_refused_with_the_differing_fields(runs, tiny):
    Run(Config(**tiny, run_id="mine"))
    Run(Config(**tiny, run_id="mine"))
    with pytest.raises(ValueError, match=r"mine holds a run with lam=5.0, this configuration has lam=7.0; choose"):
        Run(Config(**tiny, lam=7, run_id="mine"))


def test_open_returns_the_same_configuration(runs, tiny):
    run = Run(Config(**tiny, lam=3))
    assert Run.open(run.path).config == run.config
    with pytest.raises(FileNotFoundError, match="is not a run directory"):
        Run.open(runs / "nothing")


def test_a_run_under_another_name_is_refused_and_nothing_is_made(runs, tiny, tmp_path):
    run = Run(Config(**tiny, run_id="mine"))
    for other in (runs / "quick" / "yours", tmp_path / "elsewhere" / "mine"):
        other.parent.mkdir(exist_ok=True)
        shutil.copytree(run.path, other)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(ValueError, match="holds the run quick/mine: rename its folders to that"):
            Run.open(other)
        assert sorted(tmp_path.rglob("*")) == before


def test_the_newest_checkpoint_comes_back_as_it_was(run):
    arrays, step = again(run).load_checkpoint()
    assert step == 4 and arrays["t"] == 4 and np.array_equal(arrays["a/0"], ARRAYS["a/0"])
    assert Run(run.config.model_copy(update={"run_id": "new"})).load_checkpoint() is None


def test_what_was_logged_after_the_checkpoint_is_dropped(run):
    run.append_log({"step": 5})
    with open(run.path / "log.jsonl", "a") as file:
        file.write('{"st')
    assert steps(run) == [1, 2, 3, 4, 5]
    new = again(run)
    assert new.begin()[1] == 4 and steps(new) == [1, 2, 3, 4]
    new.append_log({"step": 5})
    new.save_checkpoint(ARRAYS, 5)
    assert again(new).begin()[1] == 5 and steps(new) == [1, 2, 3, 4, 5]


def test_of_several_configurations_that_begin_at_once_in_one_directory_one_has_it(tmp_path):
    together = threading.Barrier(8)

    def begin(epochs):
        config = Config(epochs=epochs, run_id="shared")
        together.wait()
        try:
            return Run(config, tmp_path).config.epochs
        except ValueError as error:
            assert "holds a run with epochs=" in str(error)

    with ThreadPoolExecutor(8) as pool:
        begun = [epochs for epochs in pool.map(begin, range(11, 19)) if epochs]
    assert begun == [Run.open(tmp_path / "quick/shared").config.epochs]


def test_a_directory_in_training_whose_configuration_is_gone_is_refused(run, monkeypatch):
    monkeypatch.setattr("dgan_core.runs.PATIENCE", 2)
    with run.lock():
        (run.path / "config.json").unlink()
        with pytest.raises(RuntimeError, match="another process, and its config.json is gone: wait for it"):
            Run(run.config)
    assert Run(run.config).path == run.path  # and once it is free, written anew


@pytest.mark.parametrize("position", [3, 40, -1])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(run, position):
    damage(run.path / "checkpoint.safetensors", position)
    new = again(run)
    arrays, step = new.begin()
    assert step == 2 and arrays["t"] == 2 and steps(new) == [1, 2]
    new.append_log({"step": 3})
    new.save_checkpoint(ARRAYS, 3)
    damage(run.path / "checkpoint.safetensors")  # the good one was not pushed out by the damaged one
    assert again(run).begin()[1] == 2


def test_a_log_damaged_after_the_first_checkpoint_goes_back_to_it(run):
    damage(run.path / "log.jsonl", -4)
    assert again(run).begin()[1] == 2
    damage(run.path / "log.jsonl", 4)
    with pytest.raises(DamagedFile, match=r"log.jsonl is damaged.*remove .* and train it again"):
        again(run).begin()


def test_a_run_of_which_no_checkpoint_is_whole_is_refused(run):
    for name in ("checkpoint", "checkpoint-previous"):
        damage(run.path / f"{name}.safetensors")
    with pytest.raises(DamagedFile, match="checkpoint.safetensors.*checkpoint-previous.*nothing to go on from"):
        again(run).begin()


def test_a_changed_configuration_is_noticed(run):
    run.save_snapshot(2, ARRAYS)
    text = (run.path / "config.json").read_text()
    (run.path / "config.json").write_text(text.replace('"lam": 5.0', '"lam": 7.0'))
    with pytest.raises(DamagedFile, match="config.json is damaged"):
        Run.open(run.path)
    files.write_record(run.path / "config.json", {**run.config.model_dump(mode="json"), "lam": 7.0})
    with pytest.raises(DamagedFile, match="was not written under the configuration"):
        Run.open(run.path).load_snapshot(2)
    with pytest.raises(DamagedFile, match="was not written under the configuration"):
        Run.open(run.path).begin()


def test_a_configuration_whose_hash_lost_its_name_is_refused(run):
    path = run.path / "config.json"
    path.write_text(path.read_text().replace('"sha256"', '"qha256"'))
    with pytest.raises(DamagedFile, match="config.json carries no SHA-256: it is damaged, or of an older version"):
        Run.open(run.path)


def test_a_configuration_of_another_version_is_refused_with_its_file(run):
    files.write_record(run.path / "config.json", {**run.config.model_dump(mode="json"), "lam_gone": 1})
    for opened in (lambda: Run.open(run.path), lambda: Run(run.config)):
        with pytest.raises(DamagedFile, match="config.json is damaged, or of another version: 'lam_gone' is not a par"):
            opened()


def test_a_run_from_before_a_parameter_was_added_is_opened_and_goes_on(runs, tiny, monkeypatch):
    """Its config.json lacks the parameter, and the hash in what it wrote is of the others."""
    config = Config(**tiny)
    older = {name: value for name, value in config.model_dump(mode="json").items() if name != "bn_momentum"}
    path = runs / config.profile / config.run_id
    (path / "snapshots").mkdir(parents=True)
    files.write_record(path / "config.json", older)
    hashed = {"config_sha256": hashlib.sha256(json.dumps(older, sort_keys=True).encode()).hexdigest()}
    log = b'{"step": 1}\n'
    (path / "log.jsonl").write_bytes(log)
    of_log = {"step": "1", "log_bytes": str(len(log)), "log_sha256": hashlib.sha256(log).hexdigest()}
    files.write_arrays(path / "checkpoint.safetensors", ARRAYS, hashed | of_log)
    files.write_arrays(path / "snapshots" / "epoch-0002.safetensors", ARRAYS, hashed | {"epoch": "2"})
    for run in (Run.open(path), Run(config)):
        assert run.config == config and run.begin()[1] == 1
        assert run.load_snapshot(2).keys() == ARRAYS.keys()
    run.append_log({"step": 2})
    run.save_checkpoint(ARRAYS, 2)
    assert Run.open(path).load_checkpoint()[1] == 2
    with pytest.raises(ValueError, match="holds a run with bn_momentum=0.9, this configuration has bn_momentum=0.5"):
        Run(Config(**tiny, bn_momentum=0.5, run_id=config.run_id))


def test_a_snapshot_of_another_epoch_or_a_damaged_one_is_refused(run):
    run.save_snapshot(2, ARRAYS)
    run.snapshot_path(2).rename(run.snapshot_path(3))
    with pytest.raises(DamagedFile, match="epoch-0003.safetensors is the snapshot of epoch 2"):
        run.load_snapshot(3)
    damage(run.snapshot_path(3))
    with pytest.raises(DamagedFile, match="epoch-0003.safetensors is damaged.*train it again"):
        run.load_snapshot(3)


def test_a_packed_snapshot_is_read_in_place_of_a_plain_one(run):
    run.save_snapshot(2, ARRAYS)
    plain = run.snapshot_path(2)
    files.write_arrays(plain.with_name(f"{plain.name}.gz"), *files.read_arrays(plain))
    plain.unlink()
    assert run.snapshot_path(2).name == "epoch-0002.safetensors.gz"
    assert all(np.array_equal(run.load_snapshot(2)[name], array) for name, array in ARRAYS.items())
    with pytest.raises(FileNotFoundError, match="has no snapshot of epoch 3; kept: epoch-0002$"):
        run.load_snapshot(3)
    damage(run.snapshot_path(2))
    with pytest.raises(DamagedFile, match="epoch-0002.safetensors.gz is damaged.*train it again"):
        run.load_snapshot(2)


def test_a_failed_checkpoint_leaves_the_one_before(run, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("dgan_core.io.files.write_arrays", full)
    run.append_log({"step": 5})
    with pytest.raises(OSError, match="no space left"):
        run.save_checkpoint(ARRAYS, 5)
    new = again(run)
    assert new.begin()[1] == 4 and steps(new) == [1, 2, 3, 4]


def test_a_finished_run_keeps_one_checkpoint_and_a_damaged_status_says_what_to_do(run):
    run.finish(steps=4)
    assert again(run).finished and not (run.path / "checkpoint-previous.safetensors").exists()
    damage(run.path / "status.json", 20)
    with pytest.raises(DamagedFile, match="status.json is damaged.*remove it and train again"):
        _ = again(run).finished


def test_two_trainings_in_one_directory_are_refused(run):
    with run.lock():
        with pytest.raises(RuntimeError, match="is being trained by another process: wait for it"):
            with again(run).lock():
                pytest.fail("both have the lock")
    with again(run).lock():
        pass


def hold(config, held):
    with Run(config).lock():
        held.set()
        signal.pause()


def test_the_lock_of_a_killed_process_is_no_obstacle(run):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold, args=(run.config, held))
    process.start()
    assert held.wait(60)
    with pytest.raises(RuntimeError, match="another process"):
        with run.lock():
            pass
    (run.path / "snapshots" / ".half.part").write_bytes(b"")
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with run.lock():
        assert not (run.path / "snapshots" / ".half.part").exists()


def test_grid_is_four_by_four_tiles(runs, tiny):
    from PIL import Image

    run = Run(Config(**tiny))
    images = np.arange(16, dtype="uint8").repeat(32 * 32).reshape(16, 32, 32, 1)
    run.save_grid("x", images)
    grid = np.array(Image.open(run.path / "samples" / "x.png"))
    assert grid.shape == (128, 128) and grid[40, 70] == 6


def test_what_ends_before_training_goes_on_leaves_the_log_readable(run):
    opened = again(run)
    opened.set_status("interrupted")  # as where the backbone can't be loaded, before `begin`
    assert steps(opened) == steps(again(run)) == [1, 2, 3, 4]


def test_the_lock_is_free_as_soon_as_it_is_left(run):
    with run.lock():
        held = run._filelock(timeout=0)
        with pytest.raises(filelock.Timeout):
            held.acquire()
    with held.acquire():
        assert held.is_locked


def test_without_git_the_commit_is_unknown(run, monkeypatch):
    monkeypatch.setenv("PATH", "")
    run.record_environment()
    assert run.environment()["commit"] == "unknown"


def test_a_kept_run_opens_wherever_a_file_is_called_as_its_backbone(monkeypatch, tmp_path):
    kept = Path(__file__).resolve().parents[1] / "results" / "busi-64" / "quick"
    path = next(kept.glob("dgan-bce-lam3-*"))
    monkeypatch.chdir(tmp_path)
    for name in (Run.open(path).config.backbone, "random", "official"):
        Path(name).touch()
    assert Run.open(path).evaluation() is not None and Config().backbone == "random"
