"""DGAN-WP-TL: either adversarial loss, its penalty, and the perceptual term."""

from functools import cached_property
from typing import Any

import numpy as np
from keras import ops

from dgan_core import draws, engine, models
from dgan_core.adam import adam, adam_init, gradient_norm
from dgan_core.config import Config
from dgan_core.losses import OBJECTIVES, perceptual
from dgan_core.recipes.tree import branch, flatten


class DGAN:
    """The networks' graphs and the two steps of a run; weights live in the state, never in the networks."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def generator(self):
        return models.generator(self.config)

    @cached_property
    def critic(self):
        return models.critic(self.config)

    @cached_property
    def trunk(self):
        return models.trunk(self.config)

    def initial_state(self) -> dict[str, Any]:
        """Parameters, batch statistics and optimiser moments, as NumPy arrays."""
        g = [ops.convert_to_numpy(v) for v in self.generator.trainable_variables]
        c = [ops.convert_to_numpy(v) for v in self.critic.trainable_variables]
        statistics = [ops.convert_to_numpy(v) for v in self.generator.non_trainable_variables]
        return {"g": g, "g_statistics": statistics, "g_adam": adam_init(g), "c": c, "c_adam": adam_init(c)}

    @cached_property
    def score(self):
        """(parameters, images (B, S, S, 1) in [-1, 1]) → scores (B, 1): the critic, its parameters the state's "c"."""
        critic, frozen = self.critic, [v.value for v in self.critic.non_trainable_variables]
        return lambda parameters, images: critic.stateless_call(parameters, frozen, images)[0]

    def critic_step(self, state: dict, real: Any, update: int, rate: Any) -> tuple[dict, dict]:
        """(state, measurements) after critic update `update` (from 0) on real (B, S, S, 1) in [-1, 1]."""
        z = draws.normal(self.config.seed, "z critic", update, (len(real), self.config.latent_dim))
        eps = draws.uniform(self.config.seed, "eps", update, (len(real), 1, 1, 1))
        return self._steps[0](state, real, z, eps, rate)

    def generator_step(self, state: dict, real: Any, iteration: int, rate: Any) -> tuple[dict, dict]:
        """(state, measurements) after generator update `iteration` (from 0)."""
        z = draws.normal(self.config.seed, "z generator", iteration, (len(real), self.config.latent_dim))
        return self._steps[1](state, real, z, rate)

    @cached_property
    def _steps(self):
        """(critic_step, generator_step): pure, compiled; (state, real, draws, rate) → (state, measurements)."""
        config, generator, trunk, score = self.config, self.generator, self.trunk, self.score
        objective = OBJECTIVES[config.loss]
        betas = config.beta_1, config.beta_2

        def critic_step(state, real, z, eps, rate):
            fake, _ = generator.stateless_call(state["g"], state["g_statistics"], z, training=True)

            def loss(c):
                real_scores, fake_scores = score(c, real), score(c, fake)
                penalty = objective.penalty(lambda x: score(c, x), real, fake, eps)
                value = objective.critic(real_scores, fake_scores) + config.weight_penalty * penalty
                gap = ops.mean(real_scores) - ops.mean(fake_scores)
                measured = {"critic_loss": value, "penalty": penalty, "wasserstein": gap}
                return value, {**measured, **objective.measures(real_scores, fake_scores)}

            (_, measured), gradients = engine.value_and_grad(loss, state["c"])
            c, c_adam = adam(state["c"], gradients, state["c_adam"], rate, *betas)
            return {**state, "c": c, "c_adam": c_adam}, {**measured, "critic_gradient": gradient_norm(gradients)}

        def generator_step(state, real, z, rate):
            def loss(g):
                fake, statistics = generator.stateless_call(g, state["g_statistics"], z, training=True)
                adversarial = objective.generator(score(state["c"], fake))
                distance = perceptual(trunk(real), trunk(fake))
                value = adversarial + config.weight_perceptual * distance
                measured = {"generator_loss": value, "adversarial": adversarial, "perceptual": distance}
                return value, (statistics, measured)

            (_, (statistics, measured)), gradients = engine.value_and_grad(loss, state["g"])
            g, g_adam = adam(state["g"], gradients, state["g_adam"], rate, *betas)
            measured = {**measured, "generator_gradient": gradient_norm(gradients)}
            return {**state, "g": g, "g_statistics": statistics, "g_adam": g_adam}, measured

        return engine.compile(critic_step), engine.compile(generator_step)

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
