"""One update of the critic and one of the generator: the algorithm of a GAN, once, for every loss and penalty.

Gulrajani et al. 2017, algorithm 1, with any of `losses.OBJECTIVES` and `losses.PENALTIES` in place of its own.
Both are pure functions: (gan, state, minibatch, draws) → (state, measurements).  `gan` is a trainer such as DGAN:

    gan.generate(g, statistics, z)      → images (B, S, S, 1) in [-1, 1], statistics after
    gan.score(c, images, features)      → scores (B, 1); features None: computed here
    gan.features(images)                → the frozen backbone's features
    gan.objective, gan.penalty          → of the two tables
    gan.config                          → Adam's β

A state holds the parameters "g" and "c", the generator's batch statistics and both Adams' moments.
real: {"images": (B, S, S, 1), "features": theirs, where they were computed once and for all}.
"""

from typing import Any

from dgan_core import backend
from dgan_core.losses import accuracy, perceptual
from dgan_core.training.adam import adam, gradient_norm

from keras import ops


def critic_step(gan: Any, state: dict, real: dict, z: Any, eps: Any, rate: Any, lam: Any) -> tuple[dict, dict]:
    """The critic learns to score real images above generated ones.

    z: (B, latent_dim) ~ N(0, 1).  eps: (B, 1, 1, 1) ~ U[0, 1], for the penalty.  rate: the learning rate.
    lam: λ, the penalty's weight.
    """
    fake, _ = gan.generate(state["g"], state["g_statistics"], z)
    images = ops.concatenate([real["images"], fake])
    features = ops.concatenate([features_of(gan, real), gan.features(fake)])

    def loss(c):
        real_scores, fake_scores = ops.split(gan.score(c, images, features), 2)
        penalty = gan.penalty.term(lambda x: gan.score(c, x), real["images"], fake, eps)
        value = gan.objective.critic(real_scores, fake_scores) + lam * penalty
        gap = ops.mean(real_scores) - ops.mean(fake_scores)
        measured = {"critic_loss": value, "penalty": penalty, "score_gap": gap}
        if gan.objective.threshold is not None:
            measured["accuracy"] = accuracy(real_scores, fake_scores, gan.objective.threshold)
        return value, measured

    (_, measured), gradients = backend.value_and_grad(loss, state["c"])
    c, c_adam = adam(state["c"], gradients, state["c_adam"], rate, gan.config.beta_1, gan.config.beta_2)
    measured["critic_gradient"] = gradient_norm(gradients)
    return {**state, "c": gan.penalty.project(c), "c_adam": c_adam}, measured


def generator_step(gan: Any, state: dict, real: dict, z: Any, rate: Any, lam: Any) -> tuple[dict, dict]:
    """The generator learns to be scored as real, and to match the real minibatch's features on average.

    lam: the weight of that match, λ times its scale.
    """

    def loss(g):
        fake, statistics = gan.generate(g, state["g_statistics"], z)
        features = gan.features(fake)
        scores = [gan.score(state["c"], fake, features)]
        if gan.objective.relative:
            scores.append(gan.score(state["c"], real["images"], features_of(gan, real)))
        adversarial = gan.objective.generator(*scores)
        distance = perceptual(features_of(gan, real), features)
        value = adversarial + lam * distance
        measured = {"generator_loss": value, "adversarial": adversarial, "perceptual": distance}
        return value, (statistics, measured)

    (_, (statistics, measured)), gradients = backend.value_and_grad(loss, state["g"])
    g, g_adam = adam(state["g"], gradients, state["g_adam"], rate, gan.config.beta_1, gan.config.beta_2)
    measured["generator_gradient"] = gradient_norm(gradients)
    return {**state, "g": g, "g_statistics": statistics, "g_adam": g_adam}, measured


def features_of(gan: Any, real: dict) -> Any:
    """The backbone's features of a real minibatch: those at hand, or computed."""
    return real["features"] if "features" in real else gan.features(real["images"])
