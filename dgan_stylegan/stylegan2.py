"""StyleGAN2: mapping, skip synthesis of modulated convolutions, and the residual critic of both StyleGANs.

Karras et al. 2020 (Analyzing and Improving the Image Quality of StyleGAN), configuration F; written from its formulas.
"""

import math
from typing import Any

from dgan_core.config import Config
from dgan_core.models.initialise import initialise_normal
from dgan_stylegan.layers import (
    EqualConv2D,
    EqualDense,
    Equalised,
    MinibatchStd,
    lrelu,
    modulated_conv,
    rms_norm,
    upsample_2d,
)

import keras
from keras import layers, ops

MAPPING_RATE = 0.01  # learning rate of the mapping network over the others'; Karras et al. 2019, appendix C


def resolutions(config: Config) -> list[int]:
    """4, 8, …, image_size."""
    return [2**i for i in range(2, int(math.log2(config.image_size)) + 1)]


def channels(config: Config, resolution: int) -> int:
    """min(channel_base / resolution, channel_max), at least 1."""
    return max(min(config.channel_base // resolution, config.channel_max), 1)


def n_styles(config: Config) -> int:
    """How many w the synthesis takes: one for each convolution, and one for the last to-image layer."""
    return len(noise_shapes(config)) + 1


def noise_shapes(config: Config) -> list[tuple[int, int]]:
    """(H, W) of each convolution's noise, in the order of `synthesis`'s inputs: one at 4×4, then two at each size."""
    first, *others = resolutions(config)
    return [(first, first)] + [(r, r) for r in others for _ in range(2)]


def mapping(config: Config) -> keras.Model:
    """z (B, latent_dim) → w (B, w_dim): z to unit RMS, then `mapping_layers` dense layers."""
    z = keras.Input((config.latent_dim,), name="z")
    x = rms_norm(z)
    for i in range(config.mapping_layers):
        x = EqualDense(config.w_dim, activation=lrelu, lr_multiplier=MAPPING_RATE, name=f"dense{i}")(x)
    model = keras.Model(z, x, name="mapping")
    initialise_normal(model, config.seed, "mapping")
    return model


class Constant(layers.Layer):
    """ws (B, L, w_dim) → the learned 4×4 start (B, 4, 4, filters), the same for every image; only B is read."""

    def __init__(self, filters: int, name: str) -> None:
        super().__init__(name=name)
        self.filters = filters

    def build(self, shape: tuple) -> None:
        self.constant = self.add_weight(shape=(1, 4, 4, self.filters), initializer="zeros", name="constant")

    def call(self, ws: Any) -> Any:
        return ops.broadcast_to(self.constant, (ops.shape(ws)[0], 4, 4, self.filters))


class StyledConv(Equalised):
    """[x (B, H, W, in), style (B, in), noise (B, H', W', 1)] → (B, H', W', filters); H' = 2H with `up`, else H.

    Modulated and demodulated 3×3 convolution, noise times a learned strength that starts at 0, bias, leaky ReLU.
    """

    def __init__(self, filters: int, up: bool, name: str) -> None:
        super().__init__(name=name)
        self.filters, self.up = filters, up

    def build(self, shapes: list) -> None:
        self.add_kernel((3, 3, shapes[0][-1], self.filters))
        self.strength = self.add_weight(shape=(), initializer="zeros", name="strength")

    def call(self, inputs: list) -> Any:
        x, style, noise = inputs
        x = modulated_conv(x, self.scaled_kernel(), style, up=self.up)
        return lrelu(self.add_bias(x + self.strength * noise))


class ToImage(Equalised):
    """[x (B, H, W, in), style (B, in), image (B, H/2, W/2, 1)] → (B, H, W, 1); the first one has no image before it.

    Modulated 1×1 convolution and bias, not demodulated, and the image so far, upsampled.
    """

    def build(self, shapes: list) -> None:
        self.add_kernel((1, 1, shapes[0][-1], 1))

    def call(self, inputs: list) -> Any:
        x, style, *image = inputs
        y = self.add_bias(modulated_conv(x, self.scaled_kernel(), style, demodulate=False))
        return upsample_2d(image[0]) + y if image else y


def synthesis(config: Config) -> keras.Model:
    """[ws (B, n_styles, w_dim), noise (B, H, W, 1) of each of `noise_shapes`] → images (B, S, S, 1), not bounded.

    A to-image layer at each size, whose outputs are summed through the upsampled image; Karras et al. 2020,
    figure 7b.  It shares its w, not its style, with the next size's first convolution.
    """
    ws = keras.Input((n_styles(config), config.w_dim), name="ws")
    noises = [keras.Input((*s, 1), name=f"noise{i}") for i, s in enumerate(noise_shapes(config))]

    def style(i: int, width: int, name: str) -> Any:
        return EqualDense(width, bias_init=1.0, name=f"style_{name}")(ws[:, i])

    x = Constant(channels(config, 4), name="constant")(ws)
    image, used = [], 0
    for r in resolutions(config):
        pair = [(f"conv{r}a", True), (f"conv{r}b", False)]
        for name, up in pair if r > 4 else [("conv4", False)]:
            x = StyledConv(channels(config, r), up, name)([x, style(used, x.shape[-1], name), noises[used]])
            used += 1
        image = [ToImage(name=f"image{r}")([x, style(used, x.shape[-1], f"image{r}"), *image])]
    model = keras.Model([ws, *noises], image[0], name="synthesis")
    initialise_normal(model, config.seed, "synthesis")
    return model


def critic(config: Config) -> keras.Model:
    """Images (B, S, S, 1) → scores (B, 1), of StyleGAN2 and StyleGAN3 alike; a score is a logit.

    Residual blocks down to 4×4, (skip + main) / √2 each (Karras et al. 2020, figure 7c), then the minibatch's
    standard deviation, a convolution and two dense layers.
    """
    *sizes, last = reversed(resolutions(config))
    image = keras.Input((config.image_size, config.image_size, 1), name="image")
    x = EqualConv2D(channels(config, config.image_size), 1, activation=lrelu, name="from_image")(image)
    for r in sizes:
        skip = EqualConv2D(channels(config, r // 2), 1, down=True, use_bias=False, name=f"skip{r}")(x)
        x = EqualConv2D(channels(config, r), 3, activation=lrelu, name=f"conv{r}a")(x)
        x = EqualConv2D(channels(config, r // 2), 3, down=True, activation=lrelu, name=f"conv{r}b")(x)
        x = (skip + x) / math.sqrt(2.0)
    x = MinibatchStd(name="minibatch_std")(x)
    x = EqualConv2D(channels(config, last), 3, activation=lrelu, name="conv4")(x)
    x = EqualDense(channels(config, last), activation=lrelu, name="dense")(layers.Flatten()(x))
    model = keras.Model(image, EqualDense(1, name="score")(x), name="critic")
    initialise_normal(model, config.seed, "critic")
    return model
