"""Low-pass filters, designed from cutoff and transition band (StyleGAN3), and resampling by them (both StyleGANs).

Karras et al. 2021 (Alias-Free GANs), section 3.2: sampling rates are whole multiples of each other, so going up is
zero-insertion and a filter, going down a filter and decimation.  Neither the inserted zeros nor the samples that
decimation drops are ever computed: going up, each of the filter's `factor` phases is a small convolution of its own,
going down is a convolution with a stride.
"""

from typing import Any

import numpy as np
from scipy import signal
from scipy.special import j1

from keras import ops


def low_pass(taps: int, cutoff: float, half_width: float, rate: float) -> np.ndarray:
    """(taps,) samples at `rate` of a sinc of band `cutoff` under a Kaiser window; their sum is 1.

    cutoff, half_width: cycles per image width; rate: samples per image width.  The transition band is cutoff ±
    half_width.  The samples lie symmetrically about 0; an even number of them has none at 0, so that it moves a signal
    by half a sample, as the grid itself moves.
    """
    return signal.firwin(taps, cutoff, width=2.0 * half_width, fs=rate)


def low_pass_radial(taps: int, cutoff: float, half_width: float, rate: float) -> np.ndarray:
    """(taps, taps) samples at `rate` of a jinc, the sinc of the disc, under the same window; their sum is 1.

    The inverse Fourier transform of a disc of radius f_c is f_c J₁(2π f_c r) / r, π f_c² at 0.  It passes all
    directions alike, which a product of two sincs doesn't: that one passes a square.
    """
    t = (np.arange(taps) - (taps - 1) / 2.0) / rate
    r = np.maximum(np.hypot(t[:, None], t), 1e-9 / rate)
    window = np.kaiser(taps, signal.kaiser_beta(signal.kaiser_atten(taps, 4.0 * half_width / rate)))
    samples = cutoff * j1(2.0 * np.pi * cutoff * r) / r * window[:, None] * window
    return samples / samples.sum()


def _along(x: Any, filter: np.ndarray, axis: int, padding: int) -> Any:
    """Convolution of x (B, H, W, C) along axis 1 or 2 after `padding` zeros at both ends; 'valid' at padding 0."""
    if padding:
        x = ops.pad(x, [[padding, padding] if a == axis else [0, 0] for a in range(4)])
    shape = (-1, 1, 1, 1) if axis == 1 else (1, -1, 1, 1)
    kernel = filter[::-1].reshape(shape).astype("float32")  # Keras correlates; convolution flips
    return ops.depthwise_conv(x, np.broadcast_to(kernel, (*kernel.shape[:2], x.shape[-1], 1)), padding="valid")


def up_1d(x: Any, filter: np.ndarray, factor: int, axis: int, crop: int = 0) -> Any:
    """factor − 1 zeros after each sample, then the filter × factor: n samples → (n − 1)·factor + taps − 2·crop.

    x: (B, H, W, C), axis 1 or 2.  filter: (taps,), taps a multiple of factor, sum 1, so that a constant keeps its
    value.  crop: samples left out at both ends, fewer than taps; whole periods of them are not computed either.
    """
    padding = len(filter) // factor - 1 - crop // factor
    phases = [_along(x, factor * filter[p::factor], axis, padding) for p in range(factor)]
    shape = list(phases[0].shape)
    shape[axis] *= factor
    x = ops.reshape(ops.stack(phases, axis=axis + 1), (-1, *shape[1:]))
    rest = crop % factor
    if not rest:
        return x
    return x[:, rest:-rest] if axis == 1 else x[:, :, rest:-rest]


def down_2d(x: Any, filter: np.ndarray, factor: int) -> Any:
    """The filter where it lies fully inside, then every factor-th sample: n samples → (n − taps) // factor + 1.

    x: (B, H, W, C).  filter: (taps, taps), of any shape; a product of two goes the same way, since on a CPU one
    two-dimensional pass that decimates beats two passes of which the first can't.
    """
    kernel = filter[::-1, ::-1, None, None].astype("float32")
    kernel = np.broadcast_to(kernel, (*filter.shape, x.shape[-1], 1))
    return ops.depthwise_conv(x, kernel, strides=factor, padding="valid")


def up_2d(x: Any, filter: np.ndarray, factor: int, crop: int = 0) -> Any:
    """up_1d on both axes.

    Its gradient is written out: the adjoint of going up is going down by the mirrored filter, in one pass, where
    differentiating phase by phase takes one for each; at factor 4 that is four times as slow.
    """
    mirrored = factor**2 * np.outer(filter[::-1], filter[::-1])

    @ops.custom_gradient
    def apply(x):
        def gradient(*args, upstream=None):
            slope = args[0] if upstream is None else upstream
            return down_2d(ops.pad(slope, [[0, 0], [crop, crop], [crop, crop], [0, 0]]), mirrored, factor)

        return up_1d(up_1d(x, filter, factor, 1, crop), filter, factor, 2, crop), gradient

    return apply(x)
