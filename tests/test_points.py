"""Networks for points, and the DGAN's steps on them: the trainer of the lessons."""

import numpy as np
import pytest
from steps import critic_step, generator_step

from dgan_core import Config, rng
from dgan_core.losses import OBJECTIVES
from dgan_core.training.points import Points

from keras.ops import convert_to_numpy as to_numpy


def points(seed, n=64):
    return rng.normal(seed, "points", 0, (n, 1, 1, 2))


def config(**parameters):
    small = {"batch_size": 64, "latent_dim": 2, "generator_width": 16, "critic_width": 16, "lam_perceptual": 0.0}
    return Config(**{**small, **parameters})


def test_shapes_and_initial_weights_are_those_of_the_seed():
    a, b, other = (Points(config(seed=seed)) for seed in (0, 0, 1))
    z = rng.normal(0, "z", 0, (20, 2))
    drawn = [trainer.sample(trainer.snapshot(trainer.initial_state()), z) for trainer in (a, b, other)]
    assert drawn[0].shape == (20, 1, 1, 2)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert np.abs(drawn[0] - drawn[2]).max() > 0.01
    scores = to_numpy(a.score(a.initial_state()["c"], drawn[0]))
    np.testing.assert_array_equal(scores, to_numpy(a.critic(drawn[0])))
    assert scores.shape == (20, 1)


@pytest.mark.parametrize("loss", OBJECTIVES)
def test_a_critic_step_measures_the_objective_and_improves_it(loss):
    trainer = Points(config(loss=loss, lam=1.0))
    state, real = trainer.initial_state(), points(0) + np.float32([3, 0])
    fake = to_numpy(trainer.generator(rng.normal(0, "z critic", 0, (64, 2))))
    scores = [to_numpy(trainer.score(state["c"], x)) for x in (real, fake)]
    eps = rng.uniform(0, "eps", 0, (64, 1, 1, 1))
    penalty = trainer.penalty.term(lambda x: trainer.score(state["c"], x), real, fake, eps)
    stepped, measured = critic_step(trainer, state, real, 0, np.float32(1e-2))
    expected = float(OBJECTIVES[loss].critic(*scores)) + float(penalty)
    assert float(measured["critic_loss"]) == pytest.approx(expected, abs=1e-5)
    assert float(critic_step(trainer, stepped, real, 0, np.float32(1e-2))[1]["critic_loss"]) < expected - 0.01


def test_the_perceptual_term_alone_pulls_points_to_the_mean():
    trainer = Points(config(lam_perceptual=1e3, perceptual_scale=1e3))
    state, real = trainer.initial_state(), 0.1 * points(0) + np.float32([1, -1])
    for i in range(150):
        state, _ = generator_step(trainer, state, real, i, np.float32(1e-2))
    drawn = trainer.sample(trainer.snapshot(state), rng.normal(0, "z", 0, (64, 2)))
    np.testing.assert_allclose(drawn.mean((0, 1, 2)), [1, -1], atol=0.05)
