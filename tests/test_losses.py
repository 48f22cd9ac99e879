import numpy as np
import pytest

from dgan_core import backend, rng
from dgan_core.losses import (
    OBJECTIVES,
    PENALTIES,
    accuracy,
    bce_critic,
    bce_generator,
    clip,
    gradient_penalty,
    hinge_critic,
    least_squares_critic,
    least_squares_generator,
    no_penalty,
    perceptual,
    r1,
    r1_r2,
    relativistic_critic,
    relativistic_generator,
    saturating_generator,
    wasserstein_critic,
    wasserstein_generator,
)
from dgan_core.training.adam import adam, adam_init, gradient_norm
from dgan_stylegan.steps import path_length_penalty

import keras
from keras import ops


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
    real, fake = (rng.normal(0, name, 0, (5, 4, 4, 1)) for name in "rf")
    eps = rng.uniform(0, "eps", 0, (5, 1, 1, 1))
    penalty = gradient_penalty(lambda x: ops.sum(x * w, axis=(1, 2, 3))[:, None], real, fake, eps)
    assert float(penalty) == pytest.approx(expected, abs=1e-5)


def test_penalty_is_taken_at_the_interpolated_image():
    real, fake = np.full((2, 2, 2, 1), 1.0, "float32"), np.zeros((2, 2, 2, 1), "float32")
    eps = np.array([0.25, 0.75], "float32").reshape(2, 1, 1, 1)
    penalty = gradient_penalty(lambda x: ops.sum(x**2, axis=(1, 2, 3))[:, None] / 2, real, fake, eps)
    # ∇(x²/2) = x̂ = eps, four pixels each: norm 2·eps
    assert float(penalty) == pytest.approx(((2 * 0.25 - 1) ** 2 + (2 * 0.75 - 1) ** 2) / 2, abs=1e-5)


def test_least_squares():
    real, fake = column(2.0, 0.0), column(0.5, -1.0)
    assert float(least_squares_critic(real, fake)) == pytest.approx((1 + 1) / 4 + (0.25 + 1) / 4)
    assert float(least_squares_generator(fake)) == pytest.approx((0.25 + 4) / 4)
    assert float(least_squares_critic(column(0.5), column(0.5))) == pytest.approx(0.25)


def test_hinge_stops_at_a_margin_of_one():
    assert float(hinge_critic(column(0.0), column(0.0))) == pytest.approx(2.0)
    assert float(hinge_critic(column(1.0, 5.0), column(-1.0, -9.0))) == 0.0
    assert float(hinge_critic(column(0.25, -2.0), column(-3.0, 0.5))) == pytest.approx((0.75 + 3) / 2 + (0 + 1.5) / 2)


def test_saturating_is_the_critics_own_term_with_its_sign_turned():
    fake = column(0.5, -3.0)
    expected = np.log(1 - 1 / (1 + np.exp(-fake))).mean()
    assert float(saturating_generator(fake)) == pytest.approx(expected, rel=1e-6)
    assert float(saturating_generator(fake)) == pytest.approx(-float(bce_critic(column(200.0), fake)), rel=1e-6)


def test_relativistic_compares_a_pair_at_a_time():
    real, fake = column(2.0, -1.0), column(0.5, 1.0)
    expected = np.log1p(np.exp(-np.array([1.5, -2.0]))).mean()
    assert float(relativistic_critic(real, fake)) == pytest.approx(expected, rel=1e-6)
    assert float(relativistic_generator(fake, real)) == pytest.approx(np.log1p(np.exp([1.5, -2.0])).mean(), rel=1e-6)
    assert float(relativistic_critic(column(3.0), column(3.0))) == pytest.approx(np.log(2), rel=1e-6)
    shifted = float(relativistic_critic(real + 7, fake + 7))
    assert shifted == pytest.approx(expected, rel=1e-5)  # only differences of scores count


# At equal scores of 0: what the critic's loss is, and the slopes of both losses by a score.
AT_ZERO = {
    "bce": (2 * np.log(2), -0.5, 0.5, -0.5),
    "bce-saturating": (2 * np.log(2), -0.5, 0.5, -0.5),
    "wasserstein": (0.0, -1.0, 1.0, -1.0),
    "wgan-gp": (0.0, -1.0, 1.0, -1.0),
    "least-squares": (0.5, -1.0, 0.0, -1.0),
    "hinge": (2.0, -1.0, 1.0, -1.0),
    "relativistic": (np.log(2), -0.5, 0.5, -0.5),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_pushes_real_scores_up_generated_ones_down_and_the_generator_the_other_way(name):
    value, up, down, push = AT_ZERO[name]
    objective = OBJECTIVES[name]

    def slopes(loss, n):
        scores = [ops.convert_to_tensor(column(0.0)) for _ in range(n)]
        found = backend.value_and_grad(lambda v: (loss(*v), ()), scores)
        return float(found[0][0]), [float(slope[0, 0]) for slope in found[1]]

    measured, (by_real, by_fake) = slopes(objective.critic, 2)
    assert measured == pytest.approx(value, rel=1e-6) and (by_real, by_fake) == pytest.approx((up, down), abs=1e-6)
    assert slopes(objective.generator, 2 if objective.relative else 1)[1][0] == pytest.approx(push, abs=1e-6)


def test_the_papers_pair_is_the_wasserstein_loss_with_the_gradient_penalty():
    assert (
        OBJECTIVES["wgan-gp"] == OBJECTIVES["wasserstein"] == (wasserstein_critic, wasserstein_generator, False, None)
    )
    assert OBJECTIVES["bce"][:2] == (bce_critic, bce_generator)
    assert PENALTIES["gp"].term is gradient_penalty and PENALTIES["none"].term is no_penalty


def test_clipping_bounds_every_parameter_and_adds_nothing_to_the_loss():
    parameters = [column(0.5, -0.003), np.array(-2.0, "float32")]
    clipped = [ops.convert_to_numpy(p) for p in PENALTIES["clip"].project(parameters)]
    np.testing.assert_array_equal(clipped[0], column(0.01, -0.003))
    assert float(clipped[1]) == pytest.approx(-0.01)
    assert float(PENALTIES["clip"].term(None, None, None, None)) == 0.0
    assert float(clip(parameters, 1.0)[1]) == -1.0
    assert PENALTIES["gp"].project(parameters) == parameters


def test_accuracy_counts_the_scores_on_their_side_of_the_threshold():
    real, fake = column(2.0, 1.0, -1.0, 3.0), column(-1.0, 4.0)
    assert float(accuracy(real, fake)) == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert float(accuracy(column(1.0), column(-1.0))) == 1.0 and float(accuracy(column(-1.0), column(1.0))) == 0.0
    assert float(accuracy(column(0.0), column(0.0))) == 0.0  # on neither side
    assert float(accuracy(real, fake, 1.5)) == pytest.approx((2 / 4 + 1 / 2) / 2)


def test_a_gradient_that_nothing_depends_on_is_zero():
    variables = [ops.convert_to_tensor(column(3.0)), ops.convert_to_tensor(column(1.0, 2.0))]
    (value, _), (slope, none) = backend.value_and_grad(lambda v: (ops.sum(v[0] ** 2), ()), variables)
    assert float(value) == 9.0 and float(slope[0, 0]) == 6.0
    assert np.array_equal(ops.convert_to_numpy(none), np.zeros((2, 1)))


def test_the_norm_of_a_gradient_is_over_all_its_arrays():
    assert float(gradient_norm([column(3.0, 0.0), np.array(4.0, "float32")])) == pytest.approx(5.0)


def test_perceptual_is_a_mean_square():
    a, b = rng.normal(0, "a", 0, (2, 4, 4, 3)), rng.normal(0, "b", 0, (2, 4, 4, 3))
    assert float(perceptual(a, b)) == pytest.approx(((a - b) ** 2).mean(), rel=1e-6)


def test_r1_of_known_critics():
    w = rng.normal(0, "w", 0, (4, 4, 1))
    real = rng.normal(0, "r", 0, (5, 4, 4, 1))
    linear = r1(lambda x: ops.sum(x * w, axis=(1, 2, 3))[:, None], real)
    assert float(linear) == pytest.approx((w**2).sum(), rel=1e-5)
    square = r1(lambda x: ops.sum(x**2, axis=(1, 2, 3))[:, None] / 2, real)
    assert float(square) == pytest.approx((real**2).sum(axis=(1, 2, 3)).mean(), rel=1e-5)


def test_r1_and_r2_take_the_slope_at_real_and_at_generated_images():
    real, fake = (rng.normal(0, name, 0, (5, 4, 4, 1)) for name in "rf")
    square = r1_r2(lambda x: ops.sum(x**2, axis=(1, 2, 3))[:, None] / 2, real, fake)
    expected = (real**2).sum(axis=(1, 2, 3)).mean() + (fake**2).sum(axis=(1, 2, 3)).mean()
    assert float(square) == pytest.approx(expected, rel=1e-5)


def test_path_length_of_a_linear_synthesis():
    """Image = A w of style 1 and nothing of style 2: Jᵀy = Aᵀy, and its square is averaged over both styles."""
    a, y = rng.normal(0, "a", 0, (3, 16)), rng.normal(0, "y", 0, (5, 4, 4, 1))
    ws = rng.normal(0, "ws", 0, (5, 2, 3))
    synthesis = lambda ws: ops.reshape(ops.matmul(ws[:, 0], a), (-1, 4, 4, 1))  # noqa: E731
    lengths = np.sqrt(((y.reshape(5, 16) / 4 @ a.T) ** 2).sum(axis=1) / 2)
    penalty, mean = path_length_penalty(synthesis, ws, y, np.float32(0.5))
    expected = 0.99 * 0.5 + 0.01 * lengths.mean()
    assert float(mean) == pytest.approx(expected, rel=1e-5)
    assert float(penalty) == pytest.approx(((lengths - expected) ** 2).mean(), rel=1e-4)


def _difference(loss, start, direction, step=1e-2):
    """Central difference of loss along `direction`."""
    return (float(loss(start + step * direction)) - float(loss(start - step * direction))) / (2 * step)


def test_the_regularisers_slopes_are_finite_differences():
    """The second-order slopes, to the parameter of a critic tanh(x·w) and of a synthesis tanh(w·a)."""
    real, w = rng.normal(0, "r", 0, (5, 4, 4, 1)), 0.3 * rng.normal(0, "w", 0, (16,))
    at_real = lambda w: r1(lambda x: ops.tanh(ops.reshape(x, (-1, 16)) @ w[:, None]), real)  # noqa: E731
    ws, y = rng.normal(0, "ws", 0, (5, 1, 3)), rng.normal(0, "y", 0, (5, 4, 4, 1))

    def path(a):
        synthesis = lambda ws: ops.reshape(ops.tanh(ws[:, 0] @ ops.reshape(a, (3, 16))), (-1, 4, 4, 1))  # noqa: E731
        return path_length_penalty(synthesis, ws, y, np.float32(0.5), decay=0.0)[0]

    for loss, start in ((at_real, w), (path, 0.3 * rng.normal(0, "a", 0, (48,)))):
        _, (slope,) = backend.value_and_grad(lambda v, loss=loss: (loss(v[0]), ()), [ops.convert_to_tensor(start)])
        steepest = ops.convert_to_numpy(slope) / np.linalg.norm(slope)
        assert float(np.linalg.norm(slope)) == pytest.approx(_difference(loss, start, steepest), rel=1e-2)


def test_adam_equals_keras():
    start = [rng.normal(0, "p", i, shape) for i, shape in enumerate([(3, 2), (4,)])]
    variables = [keras.Variable(p) for p in start]
    theirs = keras.optimizers.Adam(1e-2, beta_1=0.5, beta_2=0.999)
    ours, state = start, adam_init(start)
    for step in range(5):
        gradients = [rng.normal(step, "g", i, p.shape) for i, p in enumerate(start)]
        theirs.apply(gradients, variables)
        ours, state = adam(ours, gradients, state, np.float32(1e-2), 0.5, 0.999)
    for a, b in zip(ours, variables, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), rtol=2e-5, atol=1e-6)
