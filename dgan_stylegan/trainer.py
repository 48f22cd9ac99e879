"""StyleGAN2 (Karras et al. 2020) and StyleGAN3 (Karras et al. 2021): one trainer, for their settings differ in data.

As in the authors' code, whose order and random draws of an update are kept: non-saturating logistic loss, lazy R1 and
path length, adaptive augmentation of all that the critic sees, and an exponential moving average (EMA) of the
generator's weights, which draws the samples.  The deviations chapter lists what differs from it.
"""

from functools import cached_property
from typing import Any

import numpy as np

from dgan_core import rng
from dgan_core.config import Config
from dgan_core.training.adam import adam_init
from dgan_core.training.compiled import compiled
from dgan_core.training.schedule import updates
from dgan_core.training.state import branch, flatten
from dgan_stylegan import stylegan2, stylegan3
from dgan_stylegan.augmentation import augmentation_draws
from dgan_stylegan.blur import blur_kernel, blur_sigma
from dgan_stylegan.steps import PATH_EVERY, R1_EVERY, Steps, make_steps

import keras
from keras import ops

ADA_EVERY = 4  # updates
NETWORKS = {"stylegan2": stylegan2, "stylegan3": stylegan3}


class StyleGAN:
    """The networks' graphs and the steps of a run; weights live in the state, never in the networks."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.networks = NETWORKS[config.model]
        self.mapping, self.synthesis = self.networks.mapping(config), self.networks.synthesis(config)
        self.n_styles, self.noise_shapes = self.networks.n_styles(config), self.networks.noise_shapes(config)

    @cached_property
    def critic(self) -> keras.Model:
        return self.networks.critic(self.config)

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

        Updates the generator once and then the critic n_critic times.  data: of `prepare`.
        """
        config, n = self.config, len(data["images"])
        plan = updates(config, n, iteration)
        sigma = blur_sigma(config, plan[0].number / (config.epochs * (n // config.batch_size)))
        real = [ops.take(data["images"], update.index, axis=0) for update in plan]
        state, of_generator = self.generator_step(state, real[0], iteration, plan[0].rate, sigma)
        rows = []
        for update, images in zip(plan, real, strict=True):
            state, measured = self.critic_step(state, images, update.number, update.critic_rate, sigma)
            rows.append(measured)
        return state, [*rows, of_generator]

    def critic_step(self, state: dict, real: Any, update: int, rate: Any, sigma: float = 0.0) -> tuple[dict, dict]:
        """(state, measurements) after critic update `update` (from 0) on real (B, S, S, 1) in [-1, 1].

        Magnitudes and the EMA of w move here, as in the authors' code.  sigma: of the blur, in pixels.
        """
        n = len(real)
        latents = self._latents("critic", update, n)
        views = [self._view(stream, update, n, sigma) for stream in ("real", "fake")]
        state, measured = self._steps.critic(state, real, latents, *views, rate)
        if update % R1_EVERY == 0:
            state, penalty = self._steps.r1(state, real, self._view("r1", update, n, sigma), rate)
            measured = {**measured, "r1": penalty}
        state = self._adapt(state, measured["real_sign"], update, n)
        return state, {**measured, "augmentation": state["p"]}

    def generator_step(self, state: dict, real: Any, iteration: int, rate: Any, sigma: float = 0.0) -> tuple:
        """(state, measurements) after generator update `iteration` (from 0); of real, only the batch's size is used."""
        n, config = len(real), self.config
        shown = iteration * config.n_critic * n  # images, before this iteration
        view = self._view("generator", iteration * config.n_critic, n, sigma)
        state, measured = self._steps.generator(state, self._latents("generator", iteration, n), view, rate)
        if config.path_weight and iteration % PATH_EVERY == 0:
            half = max(n // 2, 1)
            y = rng.normal(config.seed, "path y", iteration, (half, config.image_size, config.image_size, 1))
            state, penalty = self._steps.path(state, self._latents("path", iteration, half), y, rate)
            measured = {**measured, "path": penalty, "path_length": state["path_mean"]}
        half_life = min(10_000 * n / 32, 0.05 * shown)
        decay = np.float32(0.5 ** (n / half_life) if shown else 0.0)
        g_ema = self._steps.ema(state["g_ema"], state["g"], decay)
        return {**state, "g_ema": g_ema}, {**measured, "images": shown + config.n_critic * n}

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
        if config.style_mixing:  # one crossover, 1 … L − 1, for the minibatch
            crossover, chance = rng.uniform(seed, f"mixing {stream}", step, (2,))
            mixed = np.arange(self.n_styles) >= 1 + np.floor(crossover * (self.n_styles - 1))
            latents["z_mixed"] = rng.normal(seed, f"z mixed {stream}", step, (n, config.latent_dim))
            latents["mixed"] = (mixed & (chance < config.style_mixing))[:, None]  # (L, 1)
        return latents

    def _noise(self, stream: str, step: int, n: int) -> list[np.ndarray]:
        return [
            rng.normal(self.config.seed, f"noise {i} {stream}", step, (n, height, width, 1))
            for i, (height, width) in enumerate(self.noise_shapes)
        ]

    def _view(self, stream: str, update: int, n: int, sigma: float = 0.0) -> dict[str, Any]:
        """How the critic sees n images: the augmentation's draws, and the blur's kernel while there is one."""
        view = {"drawn": augmentation_draws(self.config.seed, f"augment {stream}", update, n)}
        return {**view, "kernel": blur_kernel(sigma)} if sigma > 0.0 else view

    @cached_property
    def _steps(self) -> Steps:
        return compiled(self, make_steps, self.networks)

    def styles(self, g: list, latents: dict[str, Any]) -> tuple[Any, Any]:
        """(ws (B, L, w_dim), w (B, w_dim)) by the mapping's part of g; mixed where asked for."""
        w = self._map(g, latents["z"])
        ws = ops.repeat(w[:, None], self.n_styles, axis=1)
        if "mixed" in latents:
            ws = ops.where(latents["mixed"], self._map(g, latents["z_mixed"])[:, None], ws)
        return ws, w

    def _map(self, g: list, z: Any) -> Any:
        return self.mapping.stateless_call(g[: len(self.mapping.trainable_variables)], [], z)[0]

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


def _arrays(variables: list) -> list[np.ndarray]:
    return [ops.convert_to_numpy(v) for v in variables]
