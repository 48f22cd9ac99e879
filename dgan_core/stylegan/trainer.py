"""StyleGAN2 (Karras et al. 2020) and StyleGAN3 (Karras et al. 2021): one trainer, for their settings differ in data.

Non-saturating logistic loss, lazy R1 and path-length regularisation as optimiser steps of their own, adaptive
augmentation of all that the critic sees, and an exponential moving average (EMA) of the weights, which draws samples.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from dgan_core import rng
from dgan_core.config import Config
from dgan_core.stylegan import stylegan2, stylegan3
from dgan_core.stylegan.augmentation import augmentation_draws
from dgan_core.stylegan.steps import PATH_EVERY, R1_EVERY, Steps, make_steps
from dgan_core.training.adam import adam_init
from dgan_core.training.schedule import updates
from dgan_core.training.state import branch, flatten

ADA_EVERY = 4  # updates
BLUR, BLUR_IMAGES = 10.0, 200_000  # pixels at the start; images in which it fades, at a batch of 32


class Family(NamedTuple):
    """What a StyleGAN is made of: builders of networks, and what its synthesis takes."""

    mapping: Callable
    synthesis: Callable
    critic: Callable
    n_styles: Callable
    noise_shapes: Callable


FAMILIES = {
    "stylegan2": Family(
        stylegan2.mapping, stylegan2.synthesis, stylegan2.critic, stylegan2.n_styles, stylegan2.noise_shapes
    ),
    "stylegan3": Family(
        stylegan3.mapping, stylegan3.synthesis, stylegan2.critic, stylegan3.n_styles, lambda config: []
    ),
}


class StyleGAN:
    """The networks' graphs and the steps of a run; weights live in the state, never in the networks."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.family = FAMILIES[config.model]
        self.mapping, self.synthesis = self.family.mapping(config), self.family.synthesis(config)
        self.n_styles, self.noise_shapes = self.family.n_styles(config), self.family.noise_shapes(config)

    @cached_property
    def critic(self) -> keras.Model:
        return self.family.critic(self.config)

    def initial_state(self) -> dict[str, Any]:
        """Parameters, their EMA, magnitudes, optimiser moments and the augmentation's p, as NumPy arrays.

        Magnitudes start as the first minibatch's: from 1 they would need tens of thousands of images to arrive there.
        """
        g = _arrays(self.mapping.trainable_variables) + _arrays(self.synthesis.trainable_variables)
        ws, _ = self.styles(g, self._latents("generator", 0, self.config.batch_size))
        stylegan3.calibrate(self.synthesis, ws)
        c = _arrays(self.critic.trainable_variables)
        scalars = {name: np.zeros((), "float32") for name in ("path_mean", "p", "signs")}
        return {
            "g": g,
            "g_ema": [a.copy() for a in g],
            "g_buffers": _arrays(self.synthesis.non_trainable_variables),
            "g_adam": adam_init(g),
            "w_ema": np.zeros((self.config.w_dim,), "float32"),
            "c": c,
            "c_adam": adam_init(c),
            **scalars,
        }

    def prepare(self, images: np.ndarray) -> dict[str, Any]:
        """Real images (N, S, S, 1) in [-1, 1], on the device."""
        return {"images": ops.convert_to_tensor(images)}

    def iteration(self, state: dict, data: dict, iteration: int) -> tuple[dict, list[dict]]:
        """(state, measurements of each update) after iteration `iteration` (from 0).

        Updates the critic n_critic times and the generator once.  data: of `prepare`.
        """
        rows = []
        for update in updates(self.config, len(data["images"]), iteration):
            real = ops.take(data["images"], update.index, axis=0)
            state, measured = self.critic_step(state, real, update.number, update.critic_rate)
            rows.append(measured)
        state, measured = self.generator_step(state, real, iteration, update.rate)
        return state, [*rows, measured]

    def critic_step(self, state: dict, real: Any, update: int, rate: Any) -> tuple[dict, dict]:
        """(state, measurements) after critic update `update` (from 0) on real (B, S, S, 1) in [-1, 1]."""
        n = len(real)
        latents = self._latents("critic", update, n)
        state, measured = self._steps.critic(
            state, real, latents, self._view("real", update, n), self._view("fake", update, n), rate
        )
        if update % R1_EVERY == 0:
            state, penalty = self._steps.r1(state, real, self._view("r1", update, n), rate)
            measured = {**measured, "r1": penalty}
        state = self._adapt(state, measured["real_sign"], update, n)
        return state, {**measured, "augmentation": state["p"]}

    def generator_step(self, state: dict, real: Any, iteration: int, rate: Any) -> tuple[dict, dict]:
        """(state, measurements) after generator update `iteration` (from 0); of real, only the batch's size is used."""
        n, config = len(real), self.config
        update = iteration * config.n_critic
        latents = self._latents("generator", iteration, n)
        state, measured = self._steps.generator(state, latents, self._view("generator", update, n), rate)
        if config.path_weight and iteration % PATH_EVERY == 0:
            half = max(n // 2, 1)
            y = rng.normal(config.seed, "path y", iteration, (half, config.image_size, config.image_size, 1))
            state, penalty = self._steps.path(state, self._latents("path", iteration, half), y, rate)
            measured = {**measured, "path": penalty, "path_length": state["path_mean"]}
        seen = (iteration + 1) * config.n_critic * n
        half_life = min(10_000 * n / 32, 0.05 * seen)
        g_ema = self._steps.average(state["g_ema"], state["g"], np.float32(0.5 ** (n / half_life)))
        return {**state, "g_ema": g_ema}, {**measured, "images": seen}

    def _adapt(self, state: dict, sign: Any, update: int, n: int) -> dict:
        """p after this update: it moves every four minibatches, towards E[sign D(real)] = ada_target."""
        signs, p = float(state["signs"]) + float(sign), float(state["p"])
        if (update + 1) % ADA_EVERY == 0:
            direction = np.sign(signs / ADA_EVERY - self.config.ada_target)
            p = float(np.clip(p + direction * ADA_EVERY * n / self.config.ada_images, 0.0, 1.0))
            signs = 0.0
        return {**state, "signs": np.array(signs, "float32"), "p": np.array(p, "float32")}

    def _latents(self, stream: str, step: int, n: int) -> dict[str, Any]:
        """z, noise and, where styles are mixed, a second z with the styles that are its own."""
        seed, config = self.config.seed, self.config
        latents = {
            "z": rng.normal(seed, f"z {stream}", step, (n, config.latent_dim)),
            "noise": self._noise(stream, step, n),
        }
        if config.style_mixing:
            u = rng.uniform(seed, f"mixing {stream}", step, (n, 2))
            first = 1 + np.floor(u[:, :1] * (self.n_styles - 1))  # crossover, 1 … L − 1
            mixed = (np.arange(self.n_styles) >= first) & (u[:, 1:] < config.style_mixing)
            latents["z_mixed"] = rng.normal(seed, f"z mixed {stream}", step, (n, config.latent_dim))
            latents["mixed"] = mixed[:, :, None]  # (n, L, 1)
        return latents

    def _noise(self, stream: str, step: int, n: int) -> list[np.ndarray]:
        return [
            rng.normal(self.config.seed, f"noise {i} {stream}", step, (n, height, width, 1))
            for i, (height, width) in enumerate(self.noise_shapes)
        ]

    def _view(self, stream: str, update: int, n: int) -> dict[str, Any]:
        """How the critic sees n images: the augmentation's draws, and the blur's kernel while there is one."""
        view = {"drawn": augmentation_draws(self.config.seed, f"augment {stream}", update, n)}
        if self.config.variant == "r":
            sigma = BLUR * (1.0 - update * n / (BLUR_IMAGES * n / 32))
            if sigma > 0.0:
                view["kernel"] = _gaussian(sigma, min(int(3 * BLUR), self.config.image_size - 1))
        return view

    @cached_property
    def _steps(self) -> Steps:
        return make_steps(self)

    def styles(self, g: list, latents: dict[str, Any]) -> tuple[Any, Any]:
        """(ws (B, L, w_dim), w (B, w_dim)) by the mapping's part of g; mixed where asked for."""
        w = self._map(g, latents["z"])
        ws = ops.repeat(w[:, None], self.n_styles, axis=1)
        if "mixed" in latents:
            ws = ops.where(latents["mixed"], self._map(g, latents["z_mixed"])[:, None], ws)
        return ws, w

    def _map(self, g: list, z: Any) -> Any:
        constants = [v.value for v in self.mapping.non_trainable_variables]
        return self.mapping.stateless_call(g[: len(self.mapping.trainable_variables)], constants, z)[0]

    def images(self, g: list, buffers: list, ws: Any, noise: list, training: bool) -> tuple[Any, list]:
        """(images (B, S, S, 1), buffers after) by the synthesis's part of g."""
        inputs = [ws, *noise] if noise else ws
        parameters = g[len(self.mapping.trainable_variables) :]
        return self.synthesis.stateless_call(parameters, buffers, inputs, training=training)

    def snapshot(self, state: dict) -> dict[str, np.ndarray]:
        """What sampling needs: the EMA of the weights and of w, and the magnitudes."""
        return flatten({part: state[part] for part in ("g_ema", "g_buffers", "w_ema")})

    def sample(self, arrays: dict[str, np.ndarray], z: np.ndarray, psi: float = 1.0) -> np.ndarray:
        """z (n, latent_dim) → images (n, S, S, 1), about [-1, 1], sixteen at a time, with fixed noise.

        psi: truncation, w̄ + ψ(w − w̄); 1 leaves w as it is, 0 gives the mean image.
        """
        g, buffers = branch(arrays, "g_ema"), branch(arrays, "g_buffers")
        mean = ops.convert_to_tensor(arrays["w_ema"])  # torch adds no tensor to a NumPy array
        batches = []
        for i in range(0, len(z), 16):
            ws, _ = self.styles(g, {"z": z[i : i + 16]})
            noise = self._noise("sample", i // 16, len(z[i : i + 16]))
            images, _ = self.images(g, buffers, mean + psi * (ws - mean), noise, training=False)
            batches.append(ops.convert_to_numpy(images))
        return np.concatenate(batches)


def _gaussian(sigma: float, radius: int) -> np.ndarray:
    """Normalised Gaussian of σ pixels at −radius … radius, (2·radius + 1,) float32."""
    x = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (x / max(sigma, 1e-3)) ** 2)
    return (kernel / kernel.sum()).astype("float32")


def _arrays(variables: list) -> list[np.ndarray]:
    return [ops.convert_to_numpy(v) for v in variables]
