"""The compiled optimiser steps of a StyleGAN: critic, R1, generator, path length; `trainer` says which an update takes.

Each is a pure function of the state and of random numbers drawn beforehand.  Non-saturating logistic loss; R1 and
path length are lazy: steps of their own, every 16th and every 4th update, weighted up by as much.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from dgan_core import backend
from dgan_core.config import Config
from dgan_core.losses import accuracy, bce_critic, bce_generator, r1
from dgan_core.training.adam import adam, gradient_norm
from dgan_core.training.schedule import r1_gamma
from dgan_stylegan.augmentation import augment
from dgan_stylegan.blur import blur

from keras import ops

R1_EVERY, PATH_EVERY = 16, 4  # updates of the critic, of the generator
W_DECAY = 0.998  # of w's EMA, per update of the critic
EPSILON = 1e-8  # Adam's


class Steps(NamedTuple):
    """critic, r1, generator and path: state, real images, random numbers, rate → (state, measured); and the EMA."""

    critic: Callable
    r1: Callable
    generator: Callable
    path: Callable
    ema: Callable


def make_steps(gan: Any) -> Steps:
    """The steps of a trainer's networks under its Config."""
    config, critic = gan.config, gan.critic
    adams = {"c": lazy_adam(config, R1_EVERY), "g": lazy_adam(config, PATH_EVERY if config.path_weight else 0)}

    def score(c, images, p, view):
        images = blur(images, view["kernel"]) if "kernel" in view else images
        return critic.stateless_call(c, [], augment(images, p, view["drawn"]))[0]

    def descend(state, network, loss, rate):
        """(state, extras, gradients) after one Adam step on the network's parameters; loss(them) → (value, extras)."""
        (_, extras), gradients = backend.value_and_grad(loss, state[network])
        parameters, moments = adams[network](state[network], gradients, state[f"{network}_adam"], rate)
        return {**state, network: parameters, f"{network}_adam": moments}, extras, gradients

    def critic_step(state, real, latents, real_view, fake_view, rate):
        ws, w = gan.styles(state["g"], latents)
        fake, buffers = gan.images(state["g"], state["g_buffers"], ws, latents["noise"], training=True)

        def loss(c):
            real_scores, fake_scores = score(c, real, state["p"], real_view), score(c, fake, state["p"], fake_view)
            value = bce_critic(real_scores, fake_scores)
            gap = ops.mean(real_scores) - ops.mean(fake_scores)
            measured = {"critic_loss": value, "score_gap": gap, "real_sign": ops.mean(ops.sign(real_scores))}
            return value, {**measured, "accuracy": accuracy(real_scores, fake_scores)}

        new, measured, gradients = descend(state, "c", loss, rate)
        w_ema = state["w_ema"] + (1.0 - W_DECAY) * (ops.mean(w, axis=0) - state["w_ema"])
        measured["critic_gradient"] = gradient_norm(gradients)
        return {**new, "g_buffers": buffers, "w_ema": w_ema}, measured

    def r1_step(state, real, view, rate):
        def loss(c):
            penalty = r1(lambda x: score(c, x, state["p"], view), real)
            return R1_EVERY * r1_gamma(config) / 2.0 * penalty, penalty

        return descend(state, "c", loss, rate)[:2]

    def generator_step(state, latents, view, rate):
        def loss(g):
            ws, _ = gan.styles(g, latents)
            fake, _ = gan.images(g, state["g_buffers"], ws, latents["noise"], training=False)
            value = bce_generator(score(state["c"], fake, state["p"], view))
            return value, {"generator_loss": value}

        state, measured, gradients = descend(state, "g", loss, rate)
        return state, {**measured, "generator_gradient": gradient_norm(gradients)}

    def path_step(state, latents, y, rate):
        def loss(g):
            ws, _ = gan.styles(g, latents)

            def synthesis(ws):
                return gan.images(g, state["g_buffers"], ws, latents["noise"], training=False)[0]

            penalty, mean = path_length_penalty(synthesis, ws, y, state["path_mean"])
            return PATH_EVERY * config.path_weight * penalty, (penalty, mean)

        state, (penalty, mean), _ = descend(state, "g", loss, rate)
        return {**state, "path_mean": mean}, penalty

    def ema(means, parameters, decay):
        return [a + (1.0 - decay) * (b - a) for a, b in zip(means, parameters, strict=True)]

    return Steps(*map(backend.compile, (critic_step, r1_step, generator_step, path_step, ema)))


def path_length_penalty(synthesis: Callable, ws: Any, y: Any, mean: Any, decay: float = 0.01) -> tuple[Any, Any]:
    """(E[(‖Jᵀy‖₂ − a)²], a), J = ∂G(w)/∂w and a the running mean of the norm; Karras et al. 2020, eq. 4.

    synthesis: ws (B, L, w_dim) → images (B, H, W, C).  The norm is over w_dim, its square averaged over the L styles.
    y: (B, H, W, C) ~ N(0, 1), divided here by √(H·W).  mean: a before; after, it has moved by `decay` of the way, and
    the penalty is differentiated through that move too, as in the authors' code.
    """
    y = y / math.sqrt(y.shape[1] * y.shape[2])
    slope = backend.gradient(lambda ws: ops.sum(synthesis(ws) * y), ws)
    lengths = ops.sqrt(ops.mean(ops.sum(ops.square(slope), axis=2), axis=1) + 1e-12)  # 1e-12: √ has no slope at 0
    mean = mean + decay * (ops.mean(lengths) - mean)
    return ops.mean(ops.square(lengths - mean)), ops.stop_gradient(mean)


def lazy_adam(config: Config, every: int) -> Callable:
    """Adam for k steps of the loss and one of a regulariser: rate·c and β^c, c = k/(k + 1); Karras et al. 2020, app. B.

    every: k, or 0 for a network without a regulariser.  ε counts after the bias correction, as in PyTorch's Adam,
    where `adam` adds it before.
    """
    c = every / (every + 1) if every else 1.0
    beta_1, beta_2 = config.beta_1**c, config.beta_2**c

    def step(parameters, gradients, state, rate):
        epsilon = EPSILON * ops.sqrt(1.0 - beta_2 ** (state["t"] + 1.0))
        return adam(parameters, gradients, state, c * rate, beta_1, beta_2, epsilon)

    return step
