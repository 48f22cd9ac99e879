import keras
import numpy as np
import pytest
from keras import ops

from dgan_core import draws
from dgan_core.adam import adam, adam_init
from dgan_core.losses import (
    OBJECTIVES,
    bce_critic,
    bce_generator,
    gradient_penalty,
    no_penalty,
    perceptual,
    wasserstein_critic,
    wasserstein_generator,
)


def column(*values):
    return np.array(values, "float32")[:, None]


def test_bce_from_logits():
    real, fake = column(2.0, -1.0), column(0.5, -3.0)
    sigma = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    expected = -np.log(sigma(real)).mean() - np.log(1 - sigma(fake)).mean()
    assert float(bce_critic(real, fake)) == pytest.approx(expected, rel=1e-6)
    assert float(bce_generator(fake)) == pytest.approx(-np.log(sigma(fake)).mean(), rel=1e-6)
    assert float(bce_critic(column(0.0), column(0.0))) == pytest.approx(2 * np.log(2), rel=1e-6)


def test_bce_stays_finite_for_extreme_logits():
    assert float(bce_critic(column(-200.0), column(200.0))) == pytest.approx(400.0)


def test_wasserstein():
    assert float(wasserstein_critic(column(1.0, 3.0), column(-1.0, 0.0))) == pytest.approx(-2.5)
    assert float(wasserstein_generator(column(-1.0, 0.0))) == pytest.approx(0.5)


@pytest.mark.parametrize(("slope", "expected"), [(3.0, 4.0), (1.0, 0.0), (0.0, 1.0), (0.25, 0.5625)])
def test_penalty_of_a_linear_critic_is_exact(slope, expected):
    w = np.zeros((4, 4, 1), "float32")
    w[0, 0], w[1, 2] = 0.6 * slope, 0.8 * slope
    real, fake = (draws.normal(0, name, 0, (5, 4, 4, 1)) for name in "rf")
    eps = draws.uniform(0, "eps", 0, (5, 1, 1, 1))
    penalty = gradient_penalty(lambda x: ops.sum(x * w, axis=(1, 2, 3))[:, None], real, fake, eps)
    assert float(penalty) == pytest.approx(expected, abs=1e-5)


def test_penalty_is_taken_at_the_interpolated_image():
    real, fake = np.full((2, 2, 2, 1), 1.0, "float32"), np.zeros((2, 2, 2, 1), "float32")
    eps = np.array([0.25, 0.75], "float32").reshape(2, 1, 1, 1)
    penalty = gradient_penalty(lambda x: ops.sum(x**2, axis=(1, 2, 3))[:, None] / 2, real, fake, eps)
    # ∇(x²/2) = x̂ = eps, four pixels each: norm 2·eps
    assert float(penalty) == pytest.approx(((2 * 0.25 - 1) ** 2 + (2 * 0.75 - 1) ** 2) / 2, abs=1e-5)


def test_objectives_differ_in_data_only():
    assert OBJECTIVES["wgan-gp"] == (wasserstein_critic, wasserstein_generator, gradient_penalty)
    assert OBJECTIVES["bce"] == (bce_critic, bce_generator, no_penalty)


def test_perceptual_is_a_mean_square():
    a, b = draws.normal(0, "a", 0, (2, 4, 4, 3)), draws.normal(0, "b", 0, (2, 4, 4, 3))
    assert float(perceptual(a, b)) == pytest.approx(((a - b) ** 2).mean(), rel=1e-6)


def test_adam_equals_keras():
    start = [draws.normal(0, "p", i, shape) for i, shape in enumerate([(3, 2), (4,)])]
    variables = [keras.Variable(p) for p in start]
    theirs = keras.optimizers.Adam(1e-2, beta_1=0.5, beta_2=0.999)
    ours, state = start, adam_init(start)
    for step in range(5):
        gradients = [draws.normal(step, "g", i, p.shape) for i, p in enumerate(start)]
        theirs.apply(gradients, variables)
        ours, state = adam(ours, gradients, state, np.float32(1e-2), 0.5, 0.999)
    for a, b in zip(ours, variables, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), rtol=2e-5, atol=1e-6)
