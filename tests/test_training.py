import json

import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from dgan_core import Config, fit, generate, training
from dgan_core.recipes import RECIPES
from dgan_core.recipes.tree import flatten
from dgan_core.runs import Run


def state_of(run):
    return run.load_checkpoint()[0]


@pytest.mark.parametrize("loss", ["bce", "wgan-gp"])
def test_a_run_leaves_everything_behind(runs, tiny, loss):
    run = fit(Config(**tiny, loss=loss))
    assert run.finished
    log = run.log()
    assert [row["step"] for row in log] == list(range(1, 9))  # 4 epochs × 4 minibatches / 2
    assert log[-1]["epoch"] == 4.0
    assert (log[0]["penalty"] > 0) == (loss == "wgan-gp")
    assert sorted(p.stem for p in (run.path / "snapshots").iterdir()) == ["epoch-0000", "epoch-0002", "epoch-0004"]
    images = generate(run, 5)
    assert images.shape == (5, 32, 32, 1) and images.dtype == np.uint8
    assert np.array_equal(images[:3], generate(run, 3)) or np.abs(images[:3].astype(int) - generate(run, 3)).max() <= 1
    assert not np.array_equal(images, generate(run, 5, epoch=0))
    assert {"versions", "hardware", "commit"} <= json.loads((run.path / "environment.json").read_text()).keys()
    before = (run.path / "log.jsonl").stat().st_mtime_ns
    fit(run.config)
    assert (run.path / "log.jsonl").stat().st_mtime_ns == before


def test_an_interrupted_run_continues_bit_for_bit(runs, tiny, monkeypatch):
    whole = fit(Config(**tiny, run_id="whole"))
    append, interrupted = Run.append_log, Config(**tiny, run_id="interrupted")

    def interrupt(run, row):
        append(run, row)
        if row["step"] == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "append_log", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(interrupted)
    monkeypatch.setattr(Run, "append_log", append)
    assert Run(interrupted).load_checkpoint()[1] == 5
    run = fit(interrupted)
    assert run.finished
    for name, array in state_of(whole).items():
        assert np.array_equal(array, state_of(run)[name]), name
    drop = [{k: v for k, v in row.items() if k != "seconds"} for row in whole.log()]
    assert drop == [{k: v for k, v in row.items() if k != "seconds"} for row in run.log()]


def test_both_losses_start_from_the_same_weights_and_see_the_same_images(tiny):
    a, b = (flatten(RECIPES["dgan"](Config(**tiny, loss=loss)).initial_state()) for loss in ("bce", "wgan-gp"))
    assert all(np.array_equal(a[k], b[k]) for k in a) and a.keys() == b.keys()


def test_a_step_leaves_the_other_network_alone(tiny):
    recipe = RECIPES["dgan"](Config(**tiny))
    state = recipe.initial_state()
    real = np.zeros((2, 32, 32, 1), "float32")
    after, _ = recipe.critic_step(state, real, 0, np.float32(1e-3))
    assert all(np.array_equal(a, to_numpy(b)) for a, b in zip(state["g"], after["g"], strict=True))
    assert not np.array_equal(state["c"][0], to_numpy(after["c"][0]))
    after, _ = recipe.generator_step(state, real, 0, np.float32(1e-3))
    assert all(np.array_equal(a, to_numpy(b)) for a, b in zip(state["c"], after["c"], strict=True))
    assert not np.array_equal(state["g"][0], to_numpy(after["g"][0]))


def test_divergence_stops_the_run_naming_the_step_and_keeps_the_checkpoint(runs, tiny, monkeypatch):
    config = Config(**tiny)
    refuse, calls = training._refuse_non_finite, []

    def poison(row, step):
        calls.append(step)
        refuse({**row, "penalty": float("nan")} if step == 6 else row, step)

    monkeypatch.setattr(training, "_refuse_non_finite", poison)
    with pytest.raises(FloatingPointError, match="penalty is nan at step 6"):
        fit(config)
    run = Run(config)
    assert run.load_checkpoint()[1] == 4
    assert json.loads((run.path / "status.json").read_text())["state"] == "failed"


def test_a_batch_larger_than_the_data_is_refused(runs, tiny):
    with pytest.raises(ValueError, match="batch_size must be at most the number of images, 8, got 9"):
        fit(Config(**{**tiny, "batch_size": 9}))


def test_a_run_without_one_update_is_refused_before_its_folder_is_made(runs, tiny):
    with pytest.raises(ValueError, match="epochs must be more than 1 for one update of the generator"):
        fit(Config(**{**tiny, "epochs": 1, "n_critic": 5}))  # 4 minibatches
    assert not runs.exists()
