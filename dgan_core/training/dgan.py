"""DGAN-WP-TL as `fit` trains it: its networks as pure functions, and one iteration of the two steps."""

from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from dgan_core import backend, models
from dgan_core.config import Config
from dgan_core.io.fingerprint import of_function
from dgan_core.io.weights import own_hash
from dgan_core.losses import OBJECTIVES, PENALTIES
from dgan_core.models.precision import computing_in
from dgan_core.training import schedule
from dgan_core.training.adam import adam_init
from dgan_core.training.compiled import compiled
from dgan_core.training.state import branch, flatten
from dgan_core.training.step import critic_step, generator_step

from keras import ops

FEATURES_LIMIT = 10**9  # numbers: 4 GB in float32


class DGAN:
    """The networks of a run and how they are trained; weights live in the state, never in the networks."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def objective(self):
        return OBJECTIVES[self.config.loss]

    @cached_property
    def penalty(self):
        return PENALTIES[self.config.penalty]

    @cached_property
    def generator(self):
        with computing_in(self.config.precision):
            return models.generator(self.config)

    @cached_property
    def critic(self):
        with computing_in(self.config.precision):
            return models.critic(self.config)

    @cached_property
    def backbone(self):
        with computing_in(self.config.precision):
            return models.backbone(self.config)

    @cached_property
    def drawing(self):
        """The generator that draws what is shown and measured: always float32, so that no processor changes it."""
        if self.config.precision == "float32":
            return self.generator
        with computing_in("float32"):
            return models.generator(self.config)

    def build(self) -> None:
        """Make the networks now: their weights may not be set while JAX traces a step."""
        _ = self.generator, self.critic, self.backbone

    def generate(self, g: list, statistics: list, z: Any) -> tuple[Any, list]:
        """z (B, latent_dim) → images (B, S, S, 1) in [-1, 1], by the minibatch's statistics, which are tracked."""
        return self.generator.stateless_call(g, statistics, z, training=True)

    def score(self, c: list, images: Any, features: Any = None) -> Any:
        """Images (B, S, S, 1) in [-1, 1], and the backbone's features of them or None → scores (B, 1)."""
        features = self.features(images) if features is None else features
        return self.critic.stateless_call(c, [], [images, features])[0]

    def features(self, images: Any) -> Any:
        """Images (B, S, S, 1) in [-1, 1] → the frozen backbone's features (B, S/4, S/4, c)."""
        return self.backbone(images)

    def initial_state(self) -> dict[str, Any]:
        """Parameters, batch statistics and optimiser moments, as NumPy arrays."""
        g = [ops.convert_to_numpy(v) for v in self.generator.trainable_variables]
        c = [ops.convert_to_numpy(v) for v in self.critic.trainable_variables]
        statistics = [ops.convert_to_numpy(v) for v in self.generator.non_trainable_variables]
        return {"g": g, "g_statistics": statistics, "g_adam": adam_init(g), "c": c, "c_adam": adam_init(c)}

    def prepare(self, images: np.ndarray) -> dict[str, Any]:
        """Real images (N, S, S, 1) in [-1, 1], and the backbone's features of them, on the device.

        The backbone is frozen and nothing augments the images, so that their features are computed once; where they
        would be more than FEATURES_LIMIT numbers they are left out, and each step computes those of its minibatch.
        """
        data, side = {"images": ops.convert_to_tensor(images)}, self.config.image_size // 4
        if len(images) * side**2 * self.config.backbone_widths[1] > FEATURES_LIMIT:
            return data
        size = self.config.batch_size  # no more memory than a step takes
        parts = [self.steps.features(data["images"][i : i + size]) for i in range(0, len(images), size)]
        return {**data, "features": ops.concatenate(parts)}

    def iteration(self, state: dict, data: dict, iteration: int) -> tuple[dict, list[dict]]:
        """(state, measurements of each update) after iteration `iteration` (from 0), in one call of the device.

        Updates the critic n_critic times and the generator once.  data: of `prepare`.
        """
        plan = schedule.updates(self.config, len(data["images"]), iteration)
        drawn = [schedule.critic_draws(self.config, update.number, len(update.index)) for update in plan]
        critic = {
            "index": np.stack([update.index for update in plan]),
            "z": np.stack([z for z, _ in drawn]),
            "eps": np.stack([eps for _, eps in drawn]),
            "rate": np.stack([update.critic_rate for update in plan]),
        }
        z = schedule.generator_draws(self.config, iteration, len(plan[-1].index))
        state, measured, of_generator = self.steps.iteration(state, data, critic, z, plan[-1].rate)
        measured = {name: ops.convert_to_numpy(values) for name, values in measured.items()}
        rows = [{name: values[k] for name, values in measured.items()} for k in range(len(plan))]
        return state, [*rows, of_generator]

    @cached_property
    def steps(self) -> "Steps":
        """The compiled steps of this run, with its weights λ; compiled for the first run of its kind."""
        own = tuple(map(of_function, (*self.objective[:2], *self.penalty)))  # a reader's may be written anew
        shared = compiled(self, make_steps, self.objective, self.penalty, own, own_hash(self.config.backbone))
        weights = np.float32(schedule.weight_penalty(self.config)), np.float32(schedule.weight_perceptual(self.config))
        return Steps(
            lambda *given: shared.critic(*given, weights[0]),
            lambda *given: shared.generator(*given, weights[1]),
            lambda *given: shared.iteration(*given, weights),
            shared.features,
        )

    def snapshot(self, state: dict) -> dict[str, np.ndarray]:
        """What sampling needs: the generator's weights and batch statistics."""
        return flatten({part: state[part] for part in ("g", "g_statistics")})

    def sample(self, arrays: dict[str, np.ndarray], z: np.ndarray) -> np.ndarray:
        """z (n, latent_dim) → images (n, S, S, 1) in [-1, 1], in float32, by running statistics, sixteen at a time."""
        weights = branch(arrays, "g"), branch(arrays, "g_statistics")
        draw = partial(self.drawing.stateless_call, *weights, training=False)
        return np.concatenate([ops.convert_to_numpy(draw(z[i : i + 16])[0]) for i in range(0, len(z), 16)])


class Steps(NamedTuple):
    """critic(state, real, z, eps, rate) and generator(state, real, z, rate) of `step`; iteration: all of one.

    Those of `make_steps` take their weight λ as a last argument, those of `DGAN.steps` have it.
    """

    critic: Any
    generator: Any
    iteration: Any
    features: Any


def make_steps(gan: DGAN) -> Steps:
    """The steps of every run that differs in `compiled.NOT_COMPILED` alone; each takes its weight λ last."""
    gan.build()
    critic = backend.compile(partial(critic_step, gan))
    generator = backend.compile(partial(generator_step, gan))

    def iteration(state, data, drawn, z, rate, weights):
        def minibatch(index):
            return {name: ops.take(values, index, axis=0) for name, values in data.items()}

        def update(state, drawn):
            return critic(state, minibatch(drawn["index"]), drawn["z"], drawn["eps"], drawn["rate"], weights[0])

        state, of_critic = backend.scan(update, state, drawn)
        state, of_generator = generator(state, minibatch(drawn["index"][-1]), z, rate, weights[1])
        return state, of_critic, of_generator

    return Steps(critic, generator, backend.compile(iteration), backend.compile(gan.features))
