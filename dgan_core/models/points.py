"""Networks for points in the plane, for the lessons; a point is an image of one pixel with two channels.

Fully connected, three hidden layers of rectified units, as the toy networks of Gulrajani et al. 2017, section 4.1.
"""

import keras
from keras import layers

from dgan_core.models.initialise import UNDRAWN, initialise

DEPTH = 3


def point_generator(latent_dim: int, width: int, seed: int) -> keras.Model:
    """z (B, latent_dim) → points (B, 1, 1, 2), unbounded."""
    z = keras.Input((latent_dim,), name="z")
    model = keras.Model(z, layers.Reshape((1, 1, 2))(_dense(z, width, 2)), name="generator")
    initialise(model, seed, "generator")
    return model


def point_critic(width: int, seed: int) -> keras.Model:
    """Points (B, 1, 1, 2) → scores (B, 1)."""
    point = keras.Input((1, 1, 2), name="point")
    model = keras.Model(point, _dense(layers.Flatten()(point), width, 1), name="critic")
    initialise(model, seed, "critic")
    return model


def _dense(x, width: int, outputs: int):
    for i in range(1, DEPTH + 1):
        x = layers.Dense(width, activation="relu", kernel_initializer=UNDRAWN, name=f"hidden{i}")(x)
    return layers.Dense(outputs, kernel_initializer=UNDRAWN, name="out")(x)
