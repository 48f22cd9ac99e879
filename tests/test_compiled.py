"""Runs of one process share their compiled steps wherever they may, and never where they may not."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf
from faults.same import differences
from tiny import TINY

from dgan_core import Config, backend, fit, losses
from dgan_core.training import compiled, dgan
from dgan_core.training.dgan import DGAN
from dgan_core.training.state import is_finite

from keras import ops

SMALL = {**TINY, "epochs": 1, "snapshots": 1}


@pytest.fixture(autouse=True)
def nothing_compiled_before():
    compiled._kept.clear()
    yield
    compiled._kept.clear()


@pytest.fixture
def traces(monkeypatch):
    """Counts how often the loss "counted" is traced: Python runs it then alone."""
    seen = []
    note = seen.append  # the list itself would be part of what the loss is made of

    def critic(real, fake):
        note("critic")
        return ops.mean(fake) - ops.mean(real)

    counted = losses.Objective(critic, lambda fake: -ops.mean(fake))
    monkeypatch.setitem(losses.OBJECTIVES, "counted", counted)
    return seen


def test_a_loop_over_lambda_and_seeds_compiles_once(runs, traces, monkeypatch):
    said = []
    monkeypatch.setattr(tf.get_logger(), "warning", lambda *told: said.append(told))
    fit(Config(**SMALL, loss="counted", penalty="gp"))
    once, finite = len(traces), is_finite.experimental_get_tracing_count()
    for changed in {"lam": 7}, {"lam": 0}, {"lam_penalty": 2}, {"seed": 3}, {"learning_rate": 1e-3}, {"n_phantoms": 16}:
        fit(Config(**{**SMALL, **changed}, loss="counted", penalty="gp"))
    assert len(traces) == once > 0
    assert is_finite.experimental_get_tracing_count() == finite
    assert len(compiled._kept) == 1 and said == []


def test_what_each_run_has_to_compile_is_no_retracing(monkeypatch):
    """Steps of unlike runs share their code; TensorFlow would count them as one function that is traced again."""
    said = []
    monkeypatch.setattr(tf.get_logger(), "warning", lambda *told: said.append(told))

    def multiplied(k):
        return lambda x: k * x

    assert [float(backend.compile(multiplied(k))(tf.constant(2.0))) for k in range(8)] == [2.0 * k for k in range(8)]
    assert said == []


def test_another_loss_penalty_or_network_is_compiled_anew(runs, traces):
    for changed in {}, {"penalty": "gp"}, {"critic_width": 3}, {"beta_1": 0.25}:
        before = len(traces)
        fit(Config(**{**SMALL, **changed}, loss="counted"))
        assert len(traces) > before, changed


def test_a_shared_step_gives_what_a_step_of_its_own_gives(runs):
    first = fit(Config(**SMALL, lam=2, seed=1))
    shared = fit(Config(**SMALL, lam=9, seed=4, run_id="shared"))
    compiled._kept.clear()
    alone = fit(Config(**SMALL, lam=9, seed=4, run_id="alone"))
    assert differences(shared, alone) == [] != differences(first, alone)


def test_a_loss_written_anew_under_its_name_is_used(monkeypatch):
    """Also where it is the same function and what it uses has changed, as a notebook's variable."""
    surroundings = {"scale": 1.0, "ops": ops}
    exec("def critic(real, fake):\n    return scale * ops.mean(fake)", surroundings)
    monkeypatch.setitem(
        losses.OBJECTIVES, "mine", losses.Objective(surroundings["critic"], lambda fake: ops.mean(fake))
    )
    config = Config(**SMALL, loss="mine")
    real = {"images": np.zeros((config.batch_size, config.image_size, config.image_size, 1), "float32")}
    z = np.ones((config.batch_size, config.latent_dim), "float32")
    eps = np.zeros((config.batch_size, 1, 1, 1), "float32")

    def loss():
        gan = DGAN(config)
        return float(gan.steps.critic(gan.initial_state(), real, z, eps, np.float32(0))[1]["critic_loss"])

    first = loss()
    surroundings["scale"] = 3.0
    assert first != 0 and loss() == pytest.approx(3 * first, rel=1e-6)


def test_memory_is_released():
    """A run's own networks go with it; of what was compiled, the last few sets stay."""
    made = []
    for width in range(1, compiled.KEPT + 3):
        gan = DGAN(Config(**{**SMALL, "critic_width": width}))
        made.append(weakref.ref(gan.steps and gan.critic))
        sharing = DGAN(Config(**{**SMALL, "critic_width": width}, seed=1))
        own = weakref.ref(sharing.steps and sharing.generator)
        del gan, sharing
        gc.collect()
        assert own() is None
    assert [network() is not None for network in made] == [False] * 2 + [True] * compiled.KEPT
    assert len(compiled._kept) == compiled.KEPT and dgan.make_steps in {key[1] for key in compiled._kept}
