"""DGAN-WP-TL: either adversarial loss, its penalty, and the perceptual term."""

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from dgan_core import backend, models, rng
from dgan_core.config import Config
from dgan_core.losses import OBJECTIVES, perceptual
from dgan_core.models.precision import computing_in
from dgan_core.training.adam import adam, adam_init, gradient_norm
from dgan_core.training.schedule import updates
from dgan_core.training.state import branch, flatten

FEATURES_LIMIT = 10**9  # numbers: 4 GB in float32


class Steps(NamedTuple):
    """The compiled functions of a run, each pure: (state, real images or data, draws, rate) → (state, measurements)."""

    critic: Callable
    generator: Callable
    iteration: Callable


class DGAN:
    """The networks' graphs and the two steps of a run; weights live in the state, never in the networks."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def generator(self):
        with computing_in(self.config.precision):
            return models.generator(self.config)

    @cached_property
    def critic(self):
        with computing_in(self.config.precision):
            return models.critic(self.config)

    @cached_property
    def trunk(self):
        with computing_in(self.config.precision):
            return models.trunk(self.config)

    def initial_state(self) -> dict[str, Any]:
        """Parameters, batch statistics and optimiser moments, as NumPy arrays."""
        g = [ops.convert_to_numpy(v) for v in self.generator.trainable_variables]
        c = [ops.convert_to_numpy(v) for v in self.critic.trainable_variables]
        statistics = [ops.convert_to_numpy(v) for v in self.generator.non_trainable_variables]
        return {"g": g, "g_statistics": statistics, "g_adam": adam_init(g), "c": c, "c_adam": adam_init(c)}

    @cached_property
    def score(self):
        """(parameters, images (B, S, S, 1) in [-1, 1], their features or None) → scores (B, 1), parameters "c"'s."""
        critic, trunk = self.critic, self.trunk

        def score(parameters, images, features=None):
            features = trunk(images) if features is None else features
            return critic.stateless_call(parameters, [], [images, features])[0]

        return score

    def prepare(self, images: np.ndarray) -> dict[str, Any]:
        """Real images (N, S, S, 1) in [-1, 1], and the trunk's features of them, on the device.

        The trunk is frozen and nothing augments the images, so that their features are computed once; where they would
        be more than FEATURES_LIMIT numbers they are left out, and each step computes those of its minibatch.
        """
        data, (_, *shape) = {"images": ops.convert_to_tensor(images)}, self.trunk.output_shape
        if len(images) * math.prod(shape) > FEATURES_LIMIT:
            return data
        trunk = backend.compile(lambda images: self.trunk(images))
        size = self.config.batch_size  # no more memory than a step takes
        features = [trunk(data["images"][i : i + size]) for i in range(0, len(images), size)]
        return {**data, "features": ops.concatenate(features)}

    def iteration(self, state: dict, data: dict, iteration: int) -> tuple[dict, list[dict]]:
        """(state, measurements of each update) after iteration `iteration` (from 0), in one call of the device.

        Updates the critic n_critic times and the generator once.  data: of `prepare`.
        """
        seed, plan = self.config.seed, updates(self.config, len(data["images"]), iteration)
        drawn = [self._critic_draws(update.number, len(update.index)) for update in plan]
        critic = {
            "index": np.stack([update.index for update in plan]),
            "z": np.stack([z for z, _ in drawn]),
            "eps": np.stack([eps for _, eps in drawn]),
            "rate": np.stack([update.critic_rate for update in plan]),
        }
        z = rng.normal(seed, "z generator", iteration, drawn[-1][0].shape)
        state, measured, of_generator = self._steps.iteration(state, data, critic, z, plan[-1].rate)
        measured = {name: ops.convert_to_numpy(values) for name, values in measured.items()}
        rows = [{name: values[k] for name, values in measured.items()} for k in range(len(plan))]
        return state, [*rows, of_generator]

    def critic_step(self, state: dict, real: Any, update: int, rate: Any) -> tuple[dict, dict]:
        """(state, measurements) after critic update `update` (from 0) on real (B, S, S, 1) in [-1, 1]."""
        return self._steps.critic(state, {"images": real}, *self._critic_draws(update, len(real)), rate)

    def generator_step(self, state: dict, real: Any, iteration: int, rate: Any) -> tuple[dict, dict]:
        """(state, measurements) after generator update `iteration` (from 0)."""
        z = rng.normal(self.config.seed, "z generator", iteration, (len(real), self.config.latent_dim))
        return self._steps.generator(state, {"images": real}, z, rate)

    def _critic_draws(self, update: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        """z (n, latent_dim) and ε (n, 1, 1, 1)."""
        seed = self.config.seed
        z = rng.normal(seed, "z critic", update, (n, self.config.latent_dim))
        return z, rng.uniform(seed, "eps", update, (n, 1, 1, 1))

    @cached_property
    def _steps(self) -> Steps:
        config, generator, trunk, score = self.config, self.generator, self.trunk, self.score
        objective = OBJECTIVES[config.loss]
        betas = config.beta_1, config.beta_2

        def features_of(real):
            return real["features"] if "features" in real else trunk(real["images"])

        def critic_step(state, real, z, eps, rate):
            fake, _ = generator.stateless_call(state["g"], state["g_statistics"], z, training=True)
            both = ops.concatenate([real["images"], fake])
            features = ops.concatenate([features_of(real), trunk(fake)])

            def loss(c):
                real_scores, fake_scores = ops.split(score(c, both, features), 2)
                penalty = objective.penalty(lambda x: score(c, x), real["images"], fake, eps)
                value = objective.critic(real_scores, fake_scores) + config.weight_penalty * penalty
                gap = ops.mean(real_scores) - ops.mean(fake_scores)
                measured = {"critic_loss": value, "penalty": penalty, "wasserstein": gap}
                return value, {**measured, **objective.measures(real_scores, fake_scores)}

            (_, measured), gradients = backend.value_and_grad(loss, state["c"])
            c, c_adam = adam(state["c"], gradients, state["c_adam"], rate, *betas)
            return {**state, "c": c, "c_adam": c_adam}, {**measured, "critic_gradient": gradient_norm(gradients)}

        def generator_step(state, real, z, rate):
            def loss(g):
                fake, statistics = generator.stateless_call(g, state["g_statistics"], z, training=True)
                features = trunk(fake)
                adversarial = objective.generator(score(state["c"], fake, features))
                distance = perceptual(features_of(real), features)
                value = adversarial + config.weight_perceptual * distance
                measured = {"generator_loss": value, "adversarial": adversarial, "perceptual": distance}
                return value, (statistics, measured)

            (_, (statistics, measured)), gradients = backend.value_and_grad(loss, state["g"])
            g, g_adam = adam(state["g"], gradients, state["g_adam"], rate, *betas)
            measured = {**measured, "generator_gradient": gradient_norm(gradients)}
            return {**state, "g": g, "g_statistics": statistics, "g_adam": g_adam}, measured

        def iteration(state, data, critic, z, rate):
            def minibatch(index):
                return {name: ops.take(values, index, axis=0) for name, values in data.items()}

            def update(state, drawn):
                return steps.critic(state, minibatch(drawn["index"]), drawn["z"], drawn["eps"], drawn["rate"])

            state, of_critic = backend.scan(update, state, critic)
            state, of_generator = steps.generator(state, minibatch(critic["index"][-1]), z, rate)
            return state, of_critic, of_generator

        steps = Steps(*map(backend.compile, (critic_step, generator_step, iteration)))
        return steps

    def snapshot(self, state: dict) -> dict[str, np.ndarray]:
        """What sampling needs: the generator's weights and batch statistics."""
        return flatten({part: state[part] for part in ("g", "g_statistics")})

    def sample(self, arrays: dict[str, np.ndarray], z: np.ndarray) -> np.ndarray:
        """z (n, latent_dim) → images (n, S, S, 1) in [-1, 1], by running statistics, sixteen at a time."""
        parts = branch(arrays, "g"), branch(arrays, "g_statistics")
        batches = [
            ops.convert_to_numpy(self.generator.stateless_call(*parts, z[i : i + 16], training=False)[0])
            for i in range(0, len(z), 16)
        ]
        return np.concatenate(batches)
