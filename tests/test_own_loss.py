"""A reader's own loss and penalty: registered in a few lines, trained, sampled, read and shown like any other."""

import numpy as np
import pytest

import dgan_report as report
from dgan_core import Config, evaluations, fit, generate, losses
from dgan_core.losses import Objective, Penalty
from dgan_core.runs import Run, StaleRun

from keras import ops


@pytest.fixture(autouse=True)
def tables_as_shipped():
    """What a test adds to the two tables is taken out again."""
    shipped = [(table, dict(table)) for table in (losses.OBJECTIVES, losses.PENALTIES)]
    yield
    for table, entries in shipped:
        table.clear()
        table.update(entries)


def register(margin=1.0):
    """The smooth hinge of the lesson, and a penalty on the scores themselves."""

    def critic(real_scores, fake_scores):
        return ops.mean(ops.softplus(margin - real_scores)) + ops.mean(ops.softplus(margin + fake_scores))

    def drift(critic, real, fake, eps):
        return ops.mean(ops.square(critic(real)))

    losses.OBJECTIVES["mine"] = Objective(critic=critic, generator=losses.wasserstein_generator, threshold=0.0)
    losses.PENALTIES["drift"] = Penalty(drift)


def numbers(value):
    return {"kernel_distance": value, "kernel_distance_low": value - 0.1, "kernel_distance_high": value + 0.1}


def test_it_is_refused_where_it_is_not_registered(tiny):
    with pytest.raises(ValueError, match="loss must be one of bce, .*, or one of your own added to losses.OBJECTIVES"):
        Config(**tiny, loss="mine")


def test_it_trains_is_shown_and_is_read_where_it_is_not_defined(tiny, runs):
    register()
    config = Config(**tiny, loss="mine", penalty="drift", lam=0.5)
    run = fit(config)
    rows = run.log()
    assert run.finished and config.run_id.startswith("dgan-mine-drift-lam0.5-seed0")
    assert all(row["penalty"] >= 0 and np.isfinite(row["critic_loss"]) for row in rows)
    images = generate(run, 16)
    settings = {"extractor": "random-vgg16", "n_real": 8, "lpips": "alex-random"}
    evaluations.save_evaluation(
        run.path, evaluations.Evaluation(numbers(0.2), settings, history=[{"epoch": 4, **numbers(0.2)}]), {}, images
    )

    losses.OBJECTIVES.pop("mine"), losses.PENALTIES.pop("drift")
    assert Run.open(run.path).log() == rows
    assert (generate(Run.open(run.path), 16) == images).all()
    found = report.collect(runs, "quick")
    (trained,), (measured,) = found.trained.to_dict("records"), found.measured.to_dict("records")
    assert trained["loss"] == "mine" and trained["label"].startswith("mine + drift λ=0.5")
    assert measured["metric"] == "kernel_distance" and measured["value"] == 0.2
    assert len(found.history) == 1 and report.palette(found.trained["family"])[trained["family"]].startswith("#")


def test_a_changed_loss_is_noticed_and_an_unchanged_one_is_not(tiny, runs):
    config = {**tiny, "loss": "mine", "penalty": "drift"}
    register()
    run = fit(Config(**config))
    log = run.log()
    register()  # the cell run again
    assert fit(Config(**config)).path == run.path
    register(margin=2.0)
    with pytest.raises(StaleRun, match="loss mine changed since"):
        fit(Config(**config))
    again = fit(Config(**config), retrain=True)
    assert again.path == run.path and again.log()[0]["critic_loss"] > log[0]["critic_loss"]
    assert (run.path.parent / "replaced" / f"{run.path.name}-1" / "config.json").is_file()
