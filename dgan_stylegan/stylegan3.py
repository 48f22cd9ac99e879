"""StyleGAN3: a generator whose every layer is a faithful sampling of a continuous, translatable signal.

Karras et al. 2021 (Alias-Free Generative Adversarial Networks), configurations T (translation equivariant: 3×3
convolutions, separable filters) and R (rotation equivariant: 1×1 convolutions, radial filters, twice the channels).
Rates are in samples per image width; the grid of a layer reaches MARGIN samples beyond the image on each side.
"""

import math
from typing import NamedTuple

import numpy as np

from dgan_core import rng
from dgan_core.config import Config
from dgan_core.models.initialise import initialise_normal
from dgan_stylegan import filters
from dgan_stylegan.layers import SLOPE, EqualDense, demodulation
from dgan_stylegan.stylegan2 import critic as critic
from dgan_stylegan.stylegan2 import mapping as mapping

import keras
from keras import layers, ops

LAYERS = 14  # before the to-image layer
CRITICAL = 2  # the last two of them are sampled critically: no room above the cutoff
MARGIN = 10
PERIODS = 6  # taps of a filter per sample of its lower rate


class Stage(NamedTuple):
    """The continuous signal after a layer and the grid that samples it."""

    cutoff: float  # f_c, cycles per image width
    stopband: float  # f_t, where its spectrum is to be gone
    half_width: float  # f_h, of the filter's transition band
    sampling_rate: int  # s
    size: int  # of the grid, margins included
    channels: int


def schedule(config: Config) -> list[Stage]:
    """The stages of layers 0 … 13 and of the to-image layer; Karras et al. 2021, section 3.2 and figure 4b.

    Cutoff and stopband grow geometrically from those of a 4×4 image to those of the output.
    """
    size, double = config.image_size, 2 if config.variant == "r" else 1
    first, last = 2.0**2.1, size / 2 * 2.0**0.3  # stopbands
    stages = []
    for i in range(LAYERS + 1):
        e = min(i / (LAYERS - CRITICAL), 1.0)
        cutoff = 2.0 * (size / 4) ** e
        stopband = first * (last / first) ** e
        rate = 2 ** math.ceil(math.log2(min(2 * stopband, size)))
        width = max(round(double * min(config.channel_base / (2 * cutoff), config.channel_max)), 1)
        stages.append(
            Stage(
                cutoff=cutoff,
                stopband=stopband,
                half_width=max(stopband, rate / 2) - cutoff,
                sampling_rate=rate,
                size=rate + 2 * MARGIN if i <= LAYERS - CRITICAL else size,
                channels=width if i < LAYERS else 1,
            )
        )
    return stages


def n_styles(config: Config) -> int:
    """16: one w for the input, for each layer and for the to-image layer."""
    return LAYERS + 2


def noise_shapes(config: Config) -> list:
    """None: no layer takes noise."""
    return []


def synthesis(config: Config) -> keras.Model:
    """ws (B, 16, w_dim) → images (B, S, S, 1), unbounded around [-1, 1].

    Non-trainable: each layer's running magnitude, updated when training, and the input's frequencies, phases and
    transform; the transform moves the picture in equivariance tests.
    """
    stages = schedule(config)
    size = 3 if config.variant == "t" else 1
    beta = 0.5 ** (config.batch_size / 20_000)  # magnitudes remember half of what was 20,000 images ago
    ws = keras.Input((n_styles(config), config.w_dim), name="ws")
    x = FourierInput(stages[0], config.seed, name="input")(ws[:, 0])
    for i, (before, after) in enumerate(zip([stages[0], *stages[:-2]], stages[:-1], strict=True)):
        style = EqualDense(before.channels, bias_init=1.0, name=f"style{i}")(ws[:, i + 1])
        radial = config.variant == "r" and 2 * after.cutoff < after.sampling_rate
        x = FilteredConv(before, after, size, radial, beta, name=f"layer{i}")([x, style])
    style = EqualDense(stages[-2].channels, bias_init=1.0, name="style_image")(ws[:, -1])
    x = ToImage(beta, name="to_image")([x, style])
    model = keras.Model(ws, x, name="synthesis")
    initialise_normal(model, config.seed, "synthesis")
    return model


def calibrate(model: keras.Model, ws: np.ndarray) -> None:
    """Set a synthesis's running magnitudes to those of this very minibatch; StyleGAN2's has none and stays as it is."""
    modulated = [layer for layer in model.layers if isinstance(layer, Modulated)]
    betas = [layer.beta for layer in modulated]
    for layer in modulated:
        layer.beta = 0.0
    if modulated:
        model(ws, training=True)
    for layer, beta in zip(modulated, betas, strict=True):
        layer.beta = beta


class FourierInput(layers.Layer):
    """w (B, w_dim) → (B, n, n, C): fixed sinusoids that w may turn and shift, then a learned mix of channels.

    Karras et al. 2021, sections 3.1 and 3.2.  Frequencies are uniform in the disc of radius f_c, phases in [−½, ½)
    turns.  An affine map of w gives (c, s, x, y), at first (1, 0, 0, 0), which is divided by √(c² + s²): the signal at
    output point p is the sinusoids' at R (U p − t), with R the rotation [[c, −s], [s, c]] and t = (x, y) in image
    widths.  U, the weight `transform` (2, 3), maps output points to points of the picture: [I | −τ] shifts it by τ.
    """

    def __init__(self, stage: Stage, seed: int, **kwargs):
        super().__init__(**kwargs)
        self.cutoff, self.channels, self.seed = stage.cutoff, stage.channels, seed
        axis = (np.arange(stage.size, dtype="float32") - (stage.size - 1) / 2) / stage.sampling_rate
        self.grid = np.stack(np.meshgrid(axis, axis), axis=-1)  # (n, n, 2): x to the right, y down

    def build(self, shape):
        n = self.channels
        radius, turns = rng.uniform(self.seed, "fourier frequencies", 0, (2, n))
        direction = np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])
        phases = rng.uniform(self.seed, "fourier phases", 0, (n,)) - np.float32(0.5)
        self.affine = self.add_weight(shape=(shape[-1], 4), initializer="zeros", name="affine")
        self.bias = self.add_weight(shape=(4,), initializer=lambda *_, **__: np.eye(1, 4)[0], name="bias")
        self.kernel = self.add_weight(shape=(n, n), name="kernel")
        self.transform = self.fixed("transform", np.eye(2, 3))
        self.frequencies = self.fixed("frequencies", self.cutoff * np.sqrt(radius) * direction)  # (2, C)
        self.phases = self.fixed("phases", phases)

    def fixed(self, name: str, value: np.ndarray):
        """A weight that isn't trained: part of a snapshot, and no constant of the compiled graph."""
        return self.add_weight(shape=value.shape, initializer=lambda *_, **__: value, trainable=False, name=name)

    def call(self, w):
        t = ops.matmul(w, self.affine) / math.sqrt(w.shape[-1]) + self.bias
        c, s, x, y = ops.split(t / ops.sqrt(ops.sum(ops.square(t[:, :2]), axis=1, keepdims=True)), 4, axis=1)
        fx, fy = self.frequencies[0], self.frequencies[1]
        turned = ops.stack([fx * c + fy * s, fy * c - fx * s], axis=1)  # (B, 2, C): Rᵀ f
        move, shift = self.transform[:, :2], self.transform[:, 2] - ops.concatenate([x, y], axis=1)  # of U p − t
        phases = self.phases + ops.sum(turned * shift[:, :, None], axis=1)  # (B, C)
        turned = ops.matmul(ops.transpose(move), turned)
        angles = ops.einsum("hwk,bkc->bhwc", self.grid, turned) + phases[:, None, None]
        return ops.matmul(ops.sin(2 * np.pi * angles), self.kernel / math.sqrt(self.channels))


class Modulated(layers.Layer):
    """What the layers and the to-image layer share: a running mean of x², by which the input is brought to unit power.

    The mean is tracked, not differentiated; Karras et al. 2021, section 3.1.
    """

    def __init__(self, beta: float, **kwargs):
        super().__init__(**kwargs)
        self.beta = beta

    def build_modulated(self, size: int, fan_in: int, channels: int) -> None:
        self.kernel = self.add_weight(shape=(size, size, fan_in, channels), name="kernel")
        self.bias = self.add_weight(shape=(channels,), initializer="zeros", name="bias")
        self.magnitude = self.add_weight(shape=(), initializer="ones", trainable=False, name="magnitude")

    def gain(self, x, training: bool):
        """1/√(running mean of x²), after this minibatch has entered it if training."""
        if training:
            power = ops.stop_gradient(ops.mean(ops.square(x)))
            self.magnitude.assign(self.beta * self.magnitude + (1.0 - self.beta) * power)
        return ops.rsqrt(self.magnitude)


class FilteredConv(Modulated):
    """[x (B, n, n, C), style (B, C)] → (B, m, m, C'): modulated convolution, then a leaky ReLU free of aliases.

    The pointwise ReLU makes frequencies without bound; it is applied at twice the larger of the two rates, where
    the filter can remove them before the grid folds them back.
    """

    def __init__(self, before: Stage, after: Stage, kernel_size: int, radial: bool, beta: float, **kwargs):
        super().__init__(beta, **kwargs)
        self.before, self.after, self.kernel_size = before, after, kernel_size
        rate = 2 * max(before.sampling_rate, after.sampling_rate)
        self.up, self.down = rate // before.sampling_rate, rate // after.sampling_rate
        self.up_filter = filters.low_pass(PERIODS * self.up, before.cutoff, before.half_width, rate)
        band = (PERIODS * self.down, after.cutoff, after.half_width, rate)
        line = filters.low_pass(*band)
        self.down_filter = filters.low_pass_radial(*band) if radial else np.outer(line, line)
        # The convolution over full padding has n + k − 1 samples, the filter's full output (n + k − 2)·up + taps;
        # decimation to m samples needs (m − 1)·down + taps of them, around the same centre.
        full = (before.size + kernel_size - 2) * self.up + len(self.up_filter)
        self.crop = (full - ((after.size - 1) * self.down + len(line))) // 2
        outside = max(self.crop // self.up - (PERIODS - 1), 0)  # samples that reach no output are never computed
        self.crop -= outside * self.up
        self.padding = kernel_size - 1 - outside

    def build(self, shapes):
        self.build_modulated(self.kernel_size, self.before.channels, self.after.channels)

    def call(self, inputs, training=False):
        x, style = inputs
        kernel, style = normalised(self.kernel, style)
        x = x * (style * self.gain(x, training))[:, None, None]
        x = ops.conv(_frame(x, self.padding), kernel, padding="valid") * demodulation(kernel, style)[:, None, None]
        x = filters.up_2d(x + self.bias, self.up_filter, self.up, self.crop)
        # The ReLU's gain of √2 is the filter's here, which is small, and no pass over the layer's largest tensor.
        return filters.down_2d(ops.leaky_relu(x, SLOPE), math.sqrt(2.0) * self.down_filter, self.down)


class ToImage(Modulated):
    """[x (B, S, S, C), style (B, C)] → images (B, S, S, 1): 1×1, modulated, not demodulated, × ¼."""

    def build(self, shapes):
        self.build_modulated(1, shapes[0][-1], 1)

    def call(self, inputs, training=False):
        x, style = inputs
        style = style * self.gain(x, training) / math.sqrt(x.shape[-1])
        return 0.25 * (ops.conv(x * style[:, None, None], self.kernel, padding="valid") + self.bias)


def normalised(kernel, style):
    """Kernel at unit power per output and style at unit power over the minibatch.

    Demodulation undoes both, so that neither its 1e-8 nor the number format depends on how large they have grown.
    """
    kernel = kernel * ops.rsqrt(ops.mean(ops.square(kernel), axis=(0, 1, 2), keepdims=True))
    return kernel, style * ops.rsqrt(ops.mean(ops.square(style)))


def _frame(x, padding: int):
    """x with `padding` zeros around the image, or without its outermost −padding samples."""
    if padding < 0:
        return x[:, -padding:padding, -padding:padding]
    return ops.pad(x, [[0, 0], [padding, padding], [padding, padding], [0, 0]]) if padding else x
