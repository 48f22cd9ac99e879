"""The compiled steps of a StyleGAN; which of them an update runs, and with what draws, is the trainer's choice."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from dgan_core import backend
from dgan_core.config import Config
from dgan_core.losses import accuracy, bce_critic, bce_generator, r1
from dgan_core.stylegan.augmentation import augment
from dgan_core.training.adam import adam, gradient_norm

R1_EVERY, PATH_EVERY = 16, 4  # updates of the critic, of the generator
W_DECAY = 0.998  # of w's EMA, per update
EPSILON = 1e-8  # Adam's


class Steps(NamedTuple):
    """The compiled functions of a run: each is pure, and lazy regularisation is the caller's choice of function."""

    critic: Callable
    r1: Callable
    generator: Callable
    path: Callable
    average: Callable


def make_steps(gan: Any) -> Steps:
    """The steps of a StyleGAN's networks under its Config."""
    config, critic = gan.config, gan.critic
    frozen = [v.value for v in critic.non_trainable_variables]
    critic_adam = lazy_adam(config, R1_EVERY)
    generator_adam = lazy_adam(config, PATH_EVERY if config.path_weight else 0)

    def score(c, images, p, view):
        images = augment(images, p, view["drawn"])
        return critic.stateless_call(c, frozen, blur(images, view["kernel"]) if "kernel" in view else images)[0]

    def critic_step(state, real, latents, real_view, fake_view, rate):
        ws, _ = gan.styles(state["g"], latents)
        fake, _ = gan.images(state["g"], state["g_buffers"], ws, latents["noise"], training=False)

        def loss(c):
            real_scores, fake_scores = score(c, real, state["p"], real_view), score(c, fake, state["p"], fake_view)
            value = bce_critic(real_scores, fake_scores)
            gap = ops.mean(real_scores) - ops.mean(fake_scores)
            measured = {"critic_loss": value, "score_gap": gap, "real_sign": ops.mean(ops.sign(real_scores))}
            return value, {**measured, "accuracy": accuracy(real_scores, fake_scores)}

        (_, measured), gradients = backend.value_and_grad(loss, state["c"])
        c, c_adam = critic_adam(state["c"], gradients, state["c_adam"], rate)
        return {**state, "c": c, "c_adam": c_adam}, {**measured, "critic_gradient": gradient_norm(gradients)}

    def r1_step(state, real, view, rate):
        def loss(c):
            penalty = r1(lambda x: score(c, x, state["p"], view), real)
            return R1_EVERY * config.r1_gamma / 2.0 * penalty, penalty

        (_, penalty), gradients = backend.value_and_grad(loss, state["c"])
        c, c_adam = critic_adam(state["c"], gradients, state["c_adam"], rate)
        return {**state, "c": c, "c_adam": c_adam}, penalty

    def generator_step(state, latents, view, rate):
        def loss(g):
            ws, w = gan.styles(g, latents)
            fake, buffers = gan.images(g, state["g_buffers"], ws, latents["noise"], training=True)
            value = bce_generator(score(state["c"], fake, state["p"], view))
            return value, (w, buffers)

        (value, (w, buffers)), gradients = backend.value_and_grad(loss, state["g"])
        g, g_adam = generator_adam(state["g"], gradients, state["g_adam"], rate)
        w_ema = state["w_ema"] + (1.0 - W_DECAY) * (ops.mean(w, axis=0) - state["w_ema"])
        new = {"g": g, "g_adam": g_adam, "g_buffers": buffers, "w_ema": w_ema}
        return {**state, **new}, {"generator_loss": value, "generator_gradient": gradient_norm(gradients)}

    def path_step(state, latents, y, rate):
        def loss(g):
            ws, _ = gan.styles(g, latents)

            def synthesis(ws):
                return gan.images(g, state["g_buffers"], ws, latents["noise"], training=False)[0]

            penalty, mean = path_length_penalty(synthesis, ws, y, state["path_mean"])
            return PATH_EVERY * config.path_weight * penalty, (penalty, mean)

        (_, (penalty, mean)), gradients = backend.value_and_grad(loss, state["g"])
        g, g_adam = generator_adam(state["g"], gradients, state["g_adam"], rate)
        return {**state, "g": g, "g_adam": g_adam, "path_mean": mean}, penalty

    def average(means, parameters, decay):
        return [a + (1.0 - decay) * (b - a) for a, b in zip(means, parameters, strict=True)]

    return Steps(*map(backend.compile, (critic_step, r1_step, generator_step, path_step, average)))


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


def lazy_adam(config: Config, every: int) -> Callable:
    """Adam for k steps of the loss and one of a regulariser: rate·c and β^c, c = k/(k + 1); Karras et al. 2020, app. B.

    every: k, or 0 for a network without a regulariser.
    """
    c = every / (every + 1) if every else 1.0

    def step(parameters, gradients, state, rate):
        return adam(parameters, gradients, state, c * rate, config.beta_1**c, config.beta_2**c, EPSILON)

    return step


def blur(images: Any, kernel: Any) -> Any:
    """images (B, S, S, 1) filtered along both axes by kernel (2r + 1,) of unit sum, borders reflected."""
    radius = (int(kernel.shape[0]) - 1) // 2
    images = ops.pad(images, ((0, 0), (radius, radius), (radius, radius), (0, 0)), mode="reflect")
    images = ops.conv(images, ops.reshape(kernel, (-1, 1, 1, 1)), padding="valid")
    return ops.conv(images, ops.reshape(kernel, (1, -1, 1, 1)), padding="valid")
