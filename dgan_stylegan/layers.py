"""What the StyleGANs are built of: equalised layers, modulated convolution, FIR resampling, minibatch deviation.

Equalised learning rate (Karras et al. 2018, section 4.1): a kernel is stored as N(0, 1) / m and used as
kernel · m / √fan_in, so that Adam's steps, which ignore the gradient's scale, move every layer alike; m is the layer's
`lr_multiplier`. `initialise_normal` draws the kernels. Images are (B, H, W, C).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dgan_stylegan import filters

from keras import initializers, layers, ops

SLOPE = 0.2  # of the leaky ReLU; Karras et al. 2019, appendix C
FIR = np.array([1.0, 3.0, 3.0, 1.0]) / 8.0  # binomial; Karras et al. 2020, section 4
FIR_2D = np.outer(FIR, FIR)


def lrelu(x: Any) -> Any:
    """√2 · leaky ReLU of slope 0.2: about as much power out as in, for a symmetric x of unit variance."""
    return math.sqrt(2.0) * ops.leaky_relu(x, SLOPE)


def rms_norm(x: Any) -> Any:
    """x / √(E[x²] + 1e-8) over the last axis; Karras et al. 2018, section 4.2."""
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-8)


def upsample_2d(x: Any) -> Any:
    """H → 2H: a zero after every sample, then the low-pass with gain 4; a constant keeps its value off the border."""
    return filters.up_2d(x, FIR, 2, crop=1)


def downsample_2d(x: Any) -> Any:
    """H → H / 2: the low-pass, of which every second sample is computed; a constant keeps its value off the border."""
    return filters.down_2d(_pad(x, 1), FIR_2D, 2)


def _pad(x: Any, padding: int) -> Any:
    return ops.pad(x, [[0, 0], [padding, padding], [padding, padding], [0, 0]])


def demodulation(kernel: Any, style: Any) -> Any:
    """(B, out): 1 / √(Σ (s w)² + 1e-8), the sum over one output's weights; Karras et al. 2020, eq. 3.

    kernel (k, k, in, out), style (B, in).  For x of independent unit-variance entries, the convolution of s·x
    times this has unit variance.
    """
    power = ops.sum(ops.square(kernel), axis=(0, 1))  # (in, out)
    return ops.rsqrt(ops.matmul(ops.square(style), power) + 1e-8)


def modulated_conv(x: Any, kernel: Any, style: Any, demodulate: bool = True, up: bool = False) -> Any:
    """Convolution by kernels s·w of each image's own style s; Karras et al. 2020, eqs. 1–3.

    x (B, H, W, in), kernel (k, k, in, out) as it is used, style (B, in) → (B, H', W', out).  Scaling the inputs by
    s and the outputs by the demodulation is the same as scaling the kernel, and needs one kernel for the whole batch.
    up: H' = 2H, by a transposed 3×3 convolution and the low-pass with gain 4.
    """
    x = x * style[:, None, None, :]
    if up:
        x = ops.conv_transpose(x, ops.transpose(kernel, (0, 1, 3, 2)), strides=2, padding="valid")  # (B, 2H + 1, …)
        x = filters.down_2d(_pad(x, 1), 4.0 * FIR_2D, 1)
    else:
        x = ops.conv(x, kernel, padding="same")
    return x * demodulation(kernel, style)[:, None, None, :] if demodulate else x


class Equalised(layers.Layer):
    """A layer of one kernel N(0, 1) / lr_multiplier, used as kernel · lr_multiplier / √fan_in, and a bias alike.

    bias_init: every entry of the bias at first, as it is used.
    """

    def __init__(self, lr_multiplier: float = 1.0, bias_init: float = 0.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self.lr_multiplier, self.bias_init = lr_multiplier, bias_init
        self.initial_std = 1.0 / lr_multiplier  # which initialise_normal reads

    def add_kernel(self, shape: tuple[int, ...], use_bias: bool = True) -> None:
        """A kernel of `shape`, whose last axis is the output's, and its bias."""
        self.scale = self.lr_multiplier / math.sqrt(math.prod(shape[:-1]))
        self.kernel = self.add_weight(shape=shape, initializer="zeros", name="kernel")  # until it is drawn
        first = initializers.Constant(self.bias_init / self.lr_multiplier)
        self.bias = self.add_weight(shape=shape[-1:], initializer=first, name="bias") if use_bias else None

    def scaled_kernel(self) -> Any:
        return self.kernel * self.scale

    def add_bias(self, x: Any) -> Any:
        return x if self.bias is None else x + self.bias * self.lr_multiplier


class EqualDense(Equalised):
    """(B, in) → (B, units)."""

    def __init__(self, units: int, activation: Callable | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.units, self.activation = units, activation

    def build(self, shape: tuple) -> None:
        self.add_kernel((shape[-1], self.units))

    def call(self, x: Any) -> Any:
        x = self.add_bias(ops.matmul(x, self.scaled_kernel()))
        return self.activation(x) if self.activation else x


class EqualConv2D(Equalised):
    """(B, H, W, in) → (B, H', W', filters).

    down: H' = H / 2; the low-pass comes first, so that what the stride leaves out is not folded into what it keeps.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        down: bool = False,
        use_bias: bool = True,
        activation: Callable | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters, self.kernel_size, self.down = filters, kernel_size, down
        self.use_bias, self.activation = use_bias, activation

    def build(self, shape: tuple) -> None:
        self.add_kernel((self.kernel_size, self.kernel_size, shape[-1], self.filters), self.use_bias)

    def call(self, x: Any) -> Any:
        if not self.down:
            x = ops.conv(x, self.scaled_kernel(), padding="same")
        elif self.kernel_size == 1:
            x = ops.conv(downsample_2d(x), self.scaled_kernel())
        else:
            x = ops.conv(filters.down_2d(_pad(x, 2), FIR_2D, 1), self.scaled_kernel(), strides=2, padding="valid")
        x = self.add_bias(x)
        return self.activation(x) if self.activation else x


class MinibatchStd(layers.Layer):
    """minibatch_std as a layer: it must see the batch it is called with, whose size a graph of ops would forget."""

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (*shape[:-1], shape[-1] + 1)

    def call(self, x: Any) -> Any:
        return minibatch_std(x)


def minibatch_std(x: Any, group: int = 4) -> Any:
    """(B, H, W, C) → (B, H, W, C + 1): one more channel says how much the images of a group differ.

    Standard deviation over the group of each pixel and channel, averaged over all of them; Karras et al. 2018,
    section 3.  B below `group` is one group; else B must be a multiple of it, or ValueError.
    """
    batch, height, width, channels = x.shape
    group = min(group, batch) if batch else group
    if batch and batch % group:
        raise ValueError(
            f"batch_size must be a multiple of {group} (or smaller) for the minibatch standard deviation, got {batch}"
        )
    groups = ops.reshape(x, (group, -1, height, width, channels))
    variance = ops.mean(ops.square(groups - ops.mean(groups, axis=0, keepdims=True)), axis=0)  # (B / group, H, W, C)
    deviation = ops.mean(ops.sqrt(variance + 1e-8), axis=(1, 2, 3))
    column = ops.reshape(ops.tile(deviation, (group,)), (-1, 1, 1, 1))
    return ops.concatenate([x, ops.broadcast_to(column, (ops.shape(x)[0], height, width, 1))], axis=-1)
