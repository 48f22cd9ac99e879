"""The same training on points in the plane, for the lessons: the same steps and draws, with much smaller networks.

A point is an image of one pixel with two channels.  The networks are fully connected, three hidden layers of rectified
units, as in the authors' code for the toy data of Gulrajani et al. 2017, section 3.1 (gan_toy.py).
"""

from functools import cached_property
from typing import Any

from dgan_core import backend  # noqa: F401  (loads Keras without notes)
from dgan_core.models.initialise import UNDRAWN, initialise
from dgan_core.training.dgan import DGAN

import keras
from keras import layers, ops

DEPTH = 3


class Points(DGAN):
    """A trainer for real points (B, 1, 1, 2); `generator_width` and `critic_width` are those of the hidden layers.

    The features of the perceptual term are the coordinates themselves.
    """

    @cached_property
    def generator(self) -> keras.Model:
        """z (B, latent_dim) → points (B, 1, 1, 2), unbounded."""
        z = keras.Input((self.config.latent_dim,), name="z")
        points = layers.Reshape((1, 1, 2))(_dense(z, self.config.generator_width, 2))
        model = keras.Model(z, points, name="generator")
        initialise(model, self.config.seed, "generator")
        return model

    @cached_property
    def critic(self) -> keras.Model:
        """Points (B, 1, 1, 2) → scores (B, 1)."""
        point = keras.Input((1, 1, 2), name="point")
        model = keras.Model(point, _dense(layers.Flatten()(point), self.config.critic_width, 1), name="critic")
        initialise(model, self.config.seed, "critic")
        return model

    def build(self) -> None:
        _ = self.generator, self.critic  # no backbone

    def features(self, points: Any) -> Any:
        return points

    def score(self, c: list, points: Any, features: Any = None) -> Any:
        """Points (B, 1, 1, 2) → scores (B, 1)."""
        return self.critic.stateless_call(c, [], points)[0]

    def prepare(self, points: Any) -> dict[str, Any]:
        """Real points (N, 1, 1, 2), on the device; their features are themselves."""
        return {"images": ops.convert_to_tensor(points)}


def _dense(x, width: int, outputs: int):
    for i in range(1, DEPTH + 1):
        x = layers.Dense(width, activation="relu", kernel_initializer=UNDRAWN, name=f"hidden{i}")(x)
    return layers.Dense(outputs, kernel_initializer=UNDRAWN, name="out")(x)
