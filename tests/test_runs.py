import shutil

import numpy as np
import pytest

from dgan_core import Config
from dgan_core.runs import Run, write_atomically


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


def test_checkpoint_round_trip_is_exact(runs, tiny):
    run = Run(Config(**tiny))
    assert run.load_checkpoint() is None
    arrays = {"a/0": np.float32([[1.5, -2]]), "t": np.array(3, "float32")}
    run.save_checkpoint(arrays, 7)
    loaded, step = run.load_checkpoint()
    assert step == 7 and loaded.keys() == arrays.keys()
    assert all(np.array_equal(loaded[k], arrays[k]) for k in arrays)


def test_a_failed_write_keeps_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


def test_log_survives_a_row_cut_short(runs, tiny):
    run = Run(Config(**tiny))
    for step in (1, 2, 3):
        run.append_log({"step": step})
    with open(run.path / "log.jsonl", "a") as file:
        file.write('{"st')
    assert [row["step"] for row in run.log()] == [1, 2, 3]
    run.truncate_log(2)
    assert [row["step"] for row in run.log()] == [1, 2]


def test_grid_is_four_by_four_tiles(runs, tiny):
    from PIL import Image

    run = Run(Config(**tiny))
    images = np.arange(16, dtype="uint8").repeat(32 * 32).reshape(16, 32, 32, 1)
    run.save_grid("x", images)
    grid = np.array(Image.open(run.path / "samples" / "x.png"))
    assert grid.shape == (128, 128) and grid[40, 70] == 6
