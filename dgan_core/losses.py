"""The objectives, as pure functions of scores and images; a table holds what differs between the two losses.

Scores are the critic's raw outputs (logits under BCE), shape (B, 1).
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from dgan_core import backend


def bce_critic(real_scores: Any, fake_scores: Any) -> Any:
    """−E[log σ(D(x))] − E[log(1 − σ(D(G(z))))], from logits; Goodfellow et al. 2014, eq. 1.  ≥ 0; 2 log 2 at D = 0."""
    return ops.mean(ops.softplus(-real_scores)) + ops.mean(ops.softplus(fake_scores))


def bce_generator(fake_scores: Any) -> Any:
    """−E[log σ(D(G(z)))], the non-saturating form; Goodfellow et al. 2014, section 3.  ≥ 0."""
    return ops.mean(ops.softplus(-fake_scores))


def wasserstein_critic(real_scores: Any, fake_scores: Any) -> Any:
    """E[D(G(z))] − E[D(x)]; Gulrajani et al. 2017, eq. 3 without its penalty.  Any real number."""
    return ops.mean(fake_scores) - ops.mean(real_scores)


def wasserstein_generator(fake_scores: Any) -> Any:
    """−E[D(G(z))].  Any real number."""
    return -ops.mean(fake_scores)


def gradient_penalty(critic: Callable, real: Any, fake: Any, eps: Any) -> Any:
    """E[(‖∇D(x̂)‖₂ − 1)²] at x̂ = eps·real + (1 − eps)·fake; Gulrajani et al. 2017, eq. 3.

    critic: (B, H, W, C) → (B, 1), any backbone inside it differentiable.
    real, fake: (B, H, W, C) in [-1, 1].  eps: (B, 1, 1, 1) ~ U[0, 1].  Returns a scalar, unweighted.
    """
    x_hat = eps * real + (1.0 - eps) * fake
    _, (slope,) = backend.value_and_grad(lambda x: (ops.sum(critic(x[0])), ()), [ops.convert_to_tensor(x_hat)])
    square = ops.sum(ops.square(ops.reshape(slope, (ops.shape(slope)[0], -1))), axis=1)
    return ops.mean(ops.square(ops.sqrt(square + 1e-12) - 1.0))  # 1e-12: √ has no slope at 0


def no_penalty(critic: Callable, real: Any, fake: Any, eps: Any) -> Any:
    """0: the objective has no penalty."""
    return ops.zeros(())


def r1_penalty(critic: Callable, real: Any) -> Any:
    """E‖∇D(x)‖² at real x; Mescheder et al. 2018, eq. 9, without its γ/2.  ≥ 0.

    critic: (B, H, W, C) → (B, 1).  real: (B, H, W, C) in [-1, 1].  Returns a scalar, unweighted.
    """
    _, (slope,) = backend.value_and_grad(lambda x: (ops.sum(critic(x[0])), ()), [ops.convert_to_tensor(real)])
    return ops.mean(ops.sum(ops.square(slope), axis=(1, 2, 3)))


def path_length_penalty(synthesis: Callable, ws: Any, y: Any, mean: Any, decay: float = 0.01) -> tuple[Any, Any]:
    """(E[(‖Jᵀy‖₂ − a)²], a), J = ∂G(w)/∂w and a the running mean of the norm; Karras et al. 2020, eq. 4.

    synthesis: ws (B, L, w_dim) → images (B, H, W, C).  The norm is over w_dim, its square averaged over the L styles.
    y: (B, H, W, C) ~ N(0, 1), divided here by √(H·W).  mean: a before; after, it has moved by `decay` of the way.
    """
    y = y / math.sqrt(y.shape[1] * y.shape[2])
    _, (slope,) = backend.value_and_grad(lambda w: (ops.sum(synthesis(w[0]) * y), ()), [ops.convert_to_tensor(ws)])
    lengths = ops.sqrt(ops.mean(ops.sum(ops.square(slope), axis=2), axis=1) + 1e-12)  # 1e-12: √ has no slope at 0
    mean = mean + decay * (ops.stop_gradient(ops.mean(lengths)) - mean)
    return ops.mean(ops.square(lengths - mean)), mean


def accuracy(real_scores: Any, fake_scores: Any) -> Any:
    """Share of scores on their side of 0, real above and generated below, in [0, 1]; for logits, where 0 means ½."""
    right = [ops.cast(scores > 0.0, "float32") for scores in (real_scores, -fake_scores)]
    return (ops.mean(right[0]) + ops.mean(right[1])) / 2.0


def bce_measures(real_scores: Any, fake_scores: Any) -> dict[str, Any]:
    """What else BCE's critic says of itself: its accuracy as a classifier."""
    return {"accuracy": accuracy(real_scores, fake_scores)}


def no_measures(real_scores: Any, fake_scores: Any) -> dict[str, Any]:
    """Nothing: a Wasserstein critic's scores have no threshold."""
    return {}


def perceptual(real_features: Any, fake_features: Any) -> Any:
    """Mean squared difference of two minibatches' features, (B, h, w, c); after Johnson et al. 2016, eq. 2.  ≥ 0."""
    difference = ops.cast(real_features, "float32") - ops.cast(fake_features, "float32")
    return ops.mean(ops.square(difference))


class Objective(NamedTuple):
    """What an adversarial loss is: two functions of scores, the critic's penalty, and measures of its scores."""

    critic: Callable
    generator: Callable
    penalty: Callable
    measures: Callable


OBJECTIVES = {
    "bce": Objective(bce_critic, bce_generator, no_penalty, bce_measures),
    "wgan-gp": Objective(wasserstein_critic, wasserstein_generator, gradient_penalty, no_measures),
}
