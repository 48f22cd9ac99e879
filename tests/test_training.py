import hashlib
import json
import sys

import numpy as np
import pytest
from faults.same import differences
from PIL import Image
from steps import critic_step, generator_step

from dgan_core import Config, fit, generate
from dgan_core.data import phantoms
from dgan_core.io.files import write_record
from dgan_core.losses import OBJECTIVES, Objective
from dgan_core.models.vgg import CONVOLUTIONS
from dgan_core.runs import Run, StaleRun
from dgan_core.training import loop
from dgan_core.training.dgan import DGAN
from dgan_core.training.forecast import in_words, seconds_of
from dgan_core.training.state import flatten

from keras import ops
from keras.ops import convert_to_numpy as to_numpy


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


def test_an_interrupted_and_a_sliced_run_end_as_one_that_never_stopped(runs, tiny, monkeypatch):
    """Every trainer on every backend: tests/test_backends.py."""
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
    run = Run(interrupted)
    assert run.status()["state"] == "interrupted" and run.load_checkpoint()[1] == 4  # the fifth was not done with
    assert differences(whole, fit(interrupted)) == []

    sliced = Config(**tiny, run_id="sliced")
    for step in (1, 2, 3):
        run = fit(sliced, stop_after=0.001)  # at least one update is made
        assert run.status()["state"] == "stopped" and run.status()["steps"] == run.load_checkpoint()[1] == step
    assert differences(whole, fit(sliced)) == []
    damaged = dict(state_of(whole))
    damaged["c/001"] = damaged["c/001"] + 1
    whole.save_checkpoint(damaged, 8)
    assert differences(whole, run) == ["c/001 of the state"]


def test_a_stop_leaves_what_a_checkpoint_needs_whatever_the_interval_between_them(runs, tiny):
    run = fit(Config(**{**tiny, "checkpoint_every": 4}), stop_after=0.001)
    assert run.load_checkpoint()[1] == run.status()["steps"] == len(run.log()) < 8
    with pytest.raises(ValueError, match="stop_after must be a time above 0 such as '90s'.*got 'soon'"):
        fit(run.config, stop_after="soon")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("25min", 1500), ("1.5h", 5400), (30, 30), ("30", 30), (None, np.inf)]
)
def test_a_time_is_read_from_a_number_or_a_text(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0", 0, -1, "1 day", "min", True, float("nan"), float("inf"), "1e3"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="stop_after must be a time above 0"):
        seconds_of(text)


def test_the_cost_is_told_once_and_comes_true(runs, tiny, capsys):
    run = fit(Config(**{**tiny, "epochs": 30}))
    printed = capsys.readouterr().out
    told = [line for line in printed.splitlines() if "updates left" in line]
    assert len(told) == 1 and told[0].startswith("about ") and "for the 43 updates left" in told[0]
    status = run.status()
    assert status["forecast_seconds"] == pytest.approx(status["seconds"], rel=0.5, abs=0.5)
    assert 1e8 < status["peak_memory"] < 1e11 and "peak_device_memory" not in status
    assert [in_words(s) for s in (45.2, 200, 7500)] == ["45 s", "3 min 20 s", "2 h 5 min"]


def test_events_hold_the_log_and_hide_what_was_lost(runs, tiny, monkeypatch):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    run = fit(Config(**tiny), stop_after=0.001)
    done = run.status()["steps"]
    fit(run.config)
    first, second = (list(loader.RawEventFileLoader(str(p)).Load()) for p in sorted((run.path / "events").iterdir()))
    events = [[event_pb2().FromString(record) for record in file] for file in (first, second)]
    assert events[1][1].step == done + 1 and events[1][1].session_log.status == 1  # START: hide steps from here on
    shown = {(e.step, v.tag): v.simple_value for file in events for e in file for v in e.summary.value}
    log = run.log()
    assert {tag for _, tag in shown} == log[0].keys() - {"step", "epoch", "seconds"}
    for row in log:
        for tag, value in row.items():
            if tag not in ("step", "epoch", "seconds"):
                assert shown[row["step"], tag] == pytest.approx(value, rel=1e-6)


def event_pb2():
    from tensorboard.compat.proto.event_pb2 import Event

    return Event


def test_without_tensorboard_there_are_no_events(runs, tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in [name for name in sys.modules if name.startswith("tensorboard.")]:
        monkeypatch.setitem(sys.modules, name, None)
    assert not (fit(Config(**{**tiny, "epochs": 1})).path / "events").exists()


def test_both_losses_start_from_the_same_weights_and_see_the_same_images(tiny):
    a, b = (flatten(DGAN(Config(**tiny, loss=loss)).initial_state()) for loss in ("bce", "wgan-gp"))
    assert all(np.array_equal(a[k], b[k]) for k in a) and a.keys() == b.keys()


def test_a_step_leaves_the_other_network_alone(tiny):
    trainer = DGAN(Config(**tiny))
    state = trainer.initial_state()
    real = np.zeros((2, 32, 32, 1), "float32")
    after, _ = critic_step(trainer, state, real, 0, np.float32(1e-3))
    assert all(np.array_equal(a, to_numpy(b)) for a, b in zip(state["g"], after["g"], strict=True))
    assert not np.array_equal(state["c"][0], to_numpy(after["c"][0]))
    after, _ = generator_step(trainer, state, real, 0, np.float32(1e-3))
    assert all(np.array_equal(a, to_numpy(b)) for a, b in zip(state["c"], after["c"], strict=True))
    assert not np.array_equal(state["g"][0], to_numpy(after["g"][0]))


def poisoned(config, monkeypatch, what, number):
    """fit(config), whose third step meets `number`: a measured one in its first update of the critic or of G."""
    original = DGAN.iteration

    def iteration(self, state, data, iteration):
        if iteration != 2:
            return original(self, state, data, iteration)
        if what == "batch":
            data = {**data, "images": np.full(data["images"].shape, number, "float32")}
        if what == "critic's parameter":
            state = {**state, "c": [*state["c"][:3], number + 0 * state["c"][3], *state["c"][4:]]}
        state, rows = original(self, state, data, iteration)
        if what in ("g", "g_adam/v"):
            part = state["g"] if what == "g" else state["g_adam"]["v"]
            part[1] = number + 0 * part[1]
        row = {"penalty": 0, "perceptual": -1}.get(what)
        if row is not None:
            rows[row] = {**rows[row], what: number}
        return state, rows

    monkeypatch.setattr(DGAN, "iteration", iteration)
    with pytest.raises(FloatingPointError) as error:
        fit(config)
    monkeypatch.undo()
    return str(error.value)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("batch", "critic_loss"),
        ("penalty", "penalty"),
        ("critic's parameter", "critic_loss"),
        ("perceptual", "perceptual"),
        ("g", "g/001"),
        ("g_adam/v", "g_adam/v/001"),
    ],
)
def test_a_number_that_is_not_finite_stops_the_run_in_its_step(runs, tiny, monkeypatch, what, named, number):
    """Also one that nothing measures; the last checkpoint stays, and from it the run goes on as if it had not been."""
    config = Config(**{**tiny, "loss": "wgan-gp"})
    root = str(runs)
    monkeypatch.setenv("DGAN_RUNS", root)
    message = poisoned(config, monkeypatch, what, number)
    monkeypatch.setenv("DGAN_RUNS", root)
    assert f"{named} is" in message and "at step 3: the run has diverged" in message
    run = Run(config)
    status = run.status()
    assert (status["state"], status["step"]) == ("diverged", 3) and named in status["name"].split(", ")
    assert run.load_checkpoint()[1] == 2 and [row["step"] for row in run.log()] == [1, 2]
    assert not run.snapshot_path(4).exists()


def test_a_failure_is_recorded_with_its_reason_and_does_not_hide_behind_a_full_disk(runs, tiny, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(Run, "save_checkpoint", full)
    with pytest.raises(OSError, match="no space left"):
        fit(Config(**tiny))
    assert Run(Config(**tiny)).status()["reason"] == "no space left"
    set_status = Run.set_status

    def nor_there(run, state, **facts):
        if state == "failed":
            raise OSError("nor there")
        set_status(run, state, **facts)

    monkeypatch.setattr(Run, "set_status", nor_there)
    with pytest.raises(OSError, match="no space left"):
        fit(Config(**tiny))


def test_a_batch_larger_than_the_data_is_refused(runs, tiny):
    with pytest.raises(ValueError, match="batch_size must be at most the number of images, 8, got 9"):
        fit(Config(**{**tiny, "batch_size": 9}))


def test_a_run_without_one_update_is_refused_before_its_folder_is_made(runs, tiny):
    with pytest.raises(ValueError, match="epochs must be more than 1 for one update of the generator"):
        fit(Config(**{**tiny, "epochs": 1, "n_critic": 5}))  # 4 minibatches
    assert not runs.exists()


def other_code(monkeypatch):
    """From now on, the code that trains is not the code that trained."""
    found = loop.source("dgan")
    monkeypatch.setattr(loop, "source", lambda model: {**found, "dgan_core.losses": "changed"})


@pytest.mark.parametrize("finished", [True, False])
def test_a_run_of_other_code_is_neither_returned_nor_gone_on_with(runs, tiny, monkeypatch, finished):
    config = Config(**tiny)
    run = fit(config, None if finished else 0.001)
    assert run.finished == finished and "dgan_core.losses" in run.environment()["source"]
    before, log = state_of(run), run.log()
    other_code(monkeypatch)
    with pytest.raises(
        StaleRun, match="was trained by other code or images: dgan_core.losses changed since; retrain=True .dgan train"
    ):
        fit(config)
    assert Run(config).log() == log
    again = fit(config, retrain=True)
    assert again.finished and again.environment()["source"]["dgan_core.losses"] == "changed"
    aside = runs / "quick" / "replaced" / f"{config.run_id}-1"
    assert (aside / "log.jsonl").read_bytes().count(b"\n") == len(log)  # nothing is lost
    assert finished == all(np.array_equal(state_of(again)[k], before[k]) for k in before)
    written = (again.path / "log.jsonl").stat().st_mtime_ns
    assert fit(config, retrain=True).finished and (again.path / "log.jsonl").stat().st_mtime_ns == written


def test_a_readers_own_loss_trains_and_a_changed_one_is_noticed(runs, tiny, monkeypatch):
    monkeypatch.setattr(loop, "trainer", DGAN)

    def register(margin):
        mine = Objective(lambda real, fake: ops.mean(ops.relu(margin - real) + fake), lambda fake: -ops.mean(fake))
        monkeypatch.setitem(OBJECTIVES, "mine", mine)

    register(1.0)
    config = Config(**{**tiny, "epochs": 1}, loss="mine", penalty="r1")
    run = fit(config)
    assert run.finished and run.log()[-1]["penalty"] > 0 and "accuracy" not in run.log()[-1]
    register(1.0)
    fit(config)
    monkeypatch.delitem(OBJECTIVES, "mine")
    assert Run.open(run.path).log() == run.log() and generate(Run.open(run.path), 2).shape == (2, 32, 32, 1)
    register(2.0)
    with pytest.raises(StaleRun, match="loss mine changed since"):
        fit(config)


@pytest.mark.parametrize(("loss", "penalty"), [("hinge", "clip"), ("relativistic", "r1-r2"), ("least-squares", "gp")])
def test_every_kind_of_loss_and_penalty_trains(runs, tiny, monkeypatch, loss, penalty):
    monkeypatch.setattr(loop, "trainer", DGAN)
    run = fit(Config(**{**tiny, "epochs": 1}, loss=loss, penalty=penalty))
    assert run.finished and (run.log()[-1]["penalty"] > 0) == (penalty != "clip")
    largest = max(np.abs(array).max() for name, array in state_of(run).items() if name.startswith("c/"))
    assert (largest <= 0.01 + 1e-9) == (penalty == "clip")


def backbone_file(path, seed):
    shapes = (3, 3, 3, 64), (3, 3, 64, 64), (3, 3, 64, 128), (3, 3, 128, 128)
    drawn = np.random.default_rng(seed)
    kernels = {f"{name}/kernel": drawn.normal(0, 0.05, shape) for name, shape in zip(CONVOLUTIONS, shapes, strict=True)}
    biases = {f"{name}/bias": np.zeros(shape[-1]) for name, shape in zip(CONVOLUTIONS, shapes, strict=True)}
    np.savez(path, **{name: array.astype("float32") for name, array in (kernels | biases).items()})


def test_a_backbone_file_that_was_replaced_is_noticed_and_read_anew(runs, tiny, tmp_path):
    backbone_file(file := tmp_path / "vgg.npz", 0)
    given = {**tiny, "epochs": 1, "backbone": str(file), "backbone_widths": (64, 128)}
    run = fit(Config(**given))
    held = run.environment()["source"]["backbone"]
    assert held == hashlib.sha256(file.read_bytes()).hexdigest()[:16] and fit(run.config).finished
    assert "backbone" not in fit(Config(**{**tiny, "epochs": 1})).environment()["source"]
    backbone_file(file, 1)
    with pytest.raises(StaleRun, match="other code or images: backbone changed since"):
        fit(run.config)
    again = fit(Config(**given, run_id="again"))  # of the same settings, in the same process
    assert again.log()[0]["critic_loss"] != run.log()[0]["critic_loss"]
    record = run.environment()
    del record["source"]["backbone"]  # as in runs from before it was recorded
    write_record(run.path / "environment.json", record)
    assert fit(run.config).finished
    file.unlink()  # a finished run needs it no more
    assert fit(run.config).finished and fit(again.config).finished
    with pytest.raises(FileNotFoundError, match=r"vgg\.npz"):
        fit(Config(**given, run_id="third"))


def test_the_last_checkpoint_is_written_once_and_events_are_closed_where_a_run_fails_at_its_start(
    runs, tiny, monkeypatch
):
    saved, opened, save = [], [], Run.save_checkpoint
    monkeypatch.setattr(Run, "save_checkpoint", lambda run, arrays, step: (saved.append(step), save(run, arrays, step)))
    fit(Config(**tiny))
    assert saved == [2, 4, 6, 8]
    saved.clear()
    fit(Config(**{**tiny, "checkpoint_every": 3}, run_id="third"))
    assert saved == [6, 8]

    class Watched(loop.Events):
        def __init__(self, *given):
            opened.append(self)

        def close(self):
            opened.remove(self)

    monkeypatch.setattr(loop, "Events", Watched)
    monkeypatch.setattr(Run, "save_snapshot", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit(Config(**tiny, seed=1))
    assert opened == []


def test_a_run_that_fails_before_its_first_update_is_no_run_of_other_code(runs, tiny, monkeypatch):
    prepare = DGAN.prepare

    def unreachable(gan, images):
        raise ConnectionError("VGG19 could not be downloaded")

    monkeypatch.setattr(DGAN, "prepare", unreachable)
    with pytest.raises(ConnectionError):
        fit(Config(**tiny))
    assert Run(Config(**tiny)).status()["state"] == "failed"
    monkeypatch.setattr(loop, "trainer", lambda config: unreachable(None, None))
    with pytest.raises(ConnectionError):
        fit(Config(**tiny))
    monkeypatch.undo()
    monkeypatch.setenv("DGAN_RUNS", str(runs))
    assert DGAN.prepare is prepare and fit(Config(**tiny), stop_after=0.001).status()["state"] == "stopped"

    monkeypatch.setattr(DGAN, "prepare", unreachable)
    with pytest.raises(ConnectionError):
        fit(Config(**tiny))
    assert [row["step"] for row in Run(Config(**tiny)).log()] == [1]


def test_code_that_is_mended_before_anything_was_kept_is_no_other_code(runs, tiny, monkeypatch):
    def broken(gan, images):
        raise ValueError("a mistake of a reader's own")

    with monkeypatch.context() as patch, pytest.raises(ValueError, match="a mistake"):
        patch.setattr(DGAN, "prepare", broken)
        fit(Config(**tiny))
    other_code(monkeypatch)
    assert fit(Config(**tiny), stop_after=0.001).status()["state"] == "stopped"


def test_a_run_of_other_images_is_neither_returned_nor_gone_on_with(runs, tiny, tmp_path):
    for k, image in enumerate(phantoms(9, 32)):
        (tmp_path / "set").mkdir(exist_ok=True)
        Image.fromarray(image[..., 0]).save(tmp_path / "set" / f"{k}.png")
    config = Config(**{**tiny, "data": str(tmp_path / "set")})
    fit(config, stop_after=0.001)
    (tmp_path / "set" / "8.png").unlink()
    with pytest.raises(StaleRun, match="was trained by other code or images: images changed since"):
        fit(config)
    assert fit(config, stop_after=0.001, retrain=True).status()["state"] == "stopped"
