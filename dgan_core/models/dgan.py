"""DGAN-WP-TL: transposed-convolution generator, critic with a frozen VGG19 backbone beside its own path.

Widths and strides that the paper leaves open are parameters; see the deviations chapter.
"""

import math
from functools import partial

from dgan_core import backend
from dgan_core.config import Config
from dgan_core.models.initialise import UNDRAWN, initialise

import keras
from keras import layers, ops

Dense = partial(layers.Dense, kernel_initializer=UNDRAWN)
Conv2D = partial(layers.Conv2D, padding="same", kernel_initializer=UNDRAWN)
STRIDED = {"kernel_size": 4, "strides": 2, "padding": "same", "kernel_initializer": UNDRAWN}
SLOPE = 0.2  # of LeakyReLU; not printed, DCGAN's value (Radford et al. 2016)


class Halving(layers.Conv2D):
    """A convolution 4×4 in steps of 2, by the backend's `halve`."""

    def convolution_op(self, inputs, kernel):
        return backend.halve(inputs, ops.convert_to_tensor(kernel))


class Doubling(layers.Conv2DTranspose):
    """Its transpose, by the backend's `double`."""

    def call(self, inputs):
        doubled = backend.double(inputs, ops.convert_to_tensor(self.kernel))
        return self.activation(ops.add(doubled, ops.reshape(self.bias, (1, 1, 1, self.filters))))


def generator(config: Config) -> keras.Model:
    """z (B, latent_dim) → images (B, S, S, 1) in [-1, 1]: dense to 8×8, doubled log₂(S/8) times."""
    _refuse_others(config)
    doublings = int(math.log2(config.image_size // 8))
    widths = [max(config.generator_width >> i, 1) for i in range(doublings)]
    z = x = keras.Input((config.latent_dim,), name="z")
    x = Dense(8 * 8 * widths[0], name="project")(x)
    x = layers.Reshape((8, 8, widths[0]))(x)  # (B, 8, 8, width)
    for i, width in enumerate(widths[1:], start=1):
        x = Doubling(width, **STRIDED, name=f"up{i}")(x)
        x = layers.BatchNormalization(momentum=config.bn_momentum, name=f"norm{i}")(x)
        x = layers.LeakyReLU(SLOPE)(x)
    x = Doubling(1, **STRIDED, activation="tanh", dtype="float32", name="image")(x)
    model = keras.Model(z, x, name="generator")
    initialise(model, config.seed, "generator")
    return model


def _lrelu(x):
    """LeakyReLU as a product: its slope is a constant where x keeps its sign, and is not differentiated again.

    TensorFlow's own LeakyReLU sends zeros back through every convolution when a gradient penalty is differentiated.
    """
    return x * ops.cast(ops.where(x > 0.0, 1.0, SLOPE), x.dtype)


def _residual(x, width: int, name: str):
    """LeakyReLU(x + conv(LeakyReLU(conv(x)))), 3×3 each."""
    y = _lrelu(Conv2D(width, 3, name=f"{name}_conv1")(x))
    y = Conv2D(width, 3, name=f"{name}_conv2")(y)
    return _lrelu(layers.Add()([x, y]))


def critic(config: Config) -> keras.Model:
    """[images (B, S, S, 1) in [-1, 1], the backbone's features of them (B, S/4, S/4, c)] → scores (B, 1).

    Without batch normalisation, as WGAN-GP requires.  With BCE the score is a logit and the network is called a
    discriminator; it is the same network.
    """
    _refuse_others(config)
    size = config.image_size
    image = x = keras.Input((size, size, 1), name="image")
    features = keras.Input((size // 4, size // 4, config.backbone_widths[1]), name="features")
    for i, width in enumerate((config.critic_width, 2 * config.critic_width, 4 * config.critic_width), start=1):
        x = _lrelu(Halving(width, **STRIDED, name=f"down{i}")(x))
    for i in (1, 2):
        x = _residual(x, width, f"residual{i}")
    x = layers.Concatenate()([layers.Flatten()(features), layers.Flatten()(x)])
    model = keras.Model([image, features], Dense(1, dtype="float32", name="score")(x), name="critic")
    initialise(model, config.seed, "critic")
    return model


def _refuse_others(config: Config) -> None:
    if config.model != "dgan":
        raise ValueError(f"model must be 'dgan' here, got '{config.model}': its networks are in dgan_stylegan")
