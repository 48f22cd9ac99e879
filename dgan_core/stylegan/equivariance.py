"""Does StyleGAN3's picture move with its input? EQ-T and EQ-R; Karras et al. 2021, section 3.

The input's `transform` moves the signal from which the picture grows; a network without aliases moves its picture
alike.  Shifts are whole pixels, which need no interpolation to be compared. All networks are `stylegan3.synthesis`'s.
"""

import keras
import numpy as np
from keras import ops
from scipy import ndimage

from dgan_core.stylegan.stylegan3 import FilteredConv

RANGE = 2.0  # of pixel values, -1 to 1
DISC = 0.375  # image widths: radius within which turned pictures are compared


def pictures(synthesis: keras.Model, ws: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """ws (n, 16, w_dim) → pictures (n, S, S, 1) whose output points are mapped to the input's by transform (2, 3)."""
    weight = synthesis.get_layer("input").transform
    before = ops.convert_to_numpy(weight)
    weight.assign(np.asarray(transform, "float32"))
    try:
        return ops.convert_to_numpy(synthesis(ws))
    finally:
        weight.assign(before)


def shifted(synthesis: keras.Model, ws: np.ndarray, pixels: float) -> np.ndarray:
    """(n, S, S, 1) pictures whose input is shifted to the right by so many pixels of the output."""
    return pictures(synthesis, ws, [[1, 0, -pixels / synthesis.output_shape[1]], [0, 1, 0]])


def decibels(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two arrays of pixels; infinite where they are equal."""
    with np.errstate(divide="ignore"):
        return float(10.0 * np.log10(RANGE**2 / np.mean(np.square(a - b))))


def eq_t(synthesis: keras.Model, ws: np.ndarray, pixels: int) -> float:
    """EQ-T in dB at one shift to the right, a whole number of pixels ≥ 1: shifted input against shifted picture."""
    still = shifted(synthesis, ws, 0)
    return decibels(shifted(synthesis, ws, pixels)[:, :, pixels:], still[:, :, :-pixels])


def eq_r(synthesis: keras.Model, ws: np.ndarray, degrees: float) -> float:
    """EQ-R in dB at one angle, counter-clockwise, within a disc; the picture is turned by fifth-order splines."""
    still = shifted(synthesis, ws, 0)
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turned = ndimage.rotate(still, degrees, axes=(1, 2), reshape=False, order=5)
    y, x = np.indices(still.shape[1:3]) - (still.shape[1] - 1) / 2
    disc = np.hypot(x, y) < DISC * still.shape[1]
    return decibels(pictures(synthesis, ws, [[cos, -sin, 0], [sin, cos, 0]])[:, disc], turned[:, disc])


def use_stylegan2_filters(synthesis: keras.Model) -> None:
    """Give the network StyleGAN2's signal processing, its weights kept: what the same layers do with aliases.

    [1, 3, 3, 1] where the rate doubles (Karras et al. 2020, section 4), and a ReLU on the samples of the grid: each
    sample is held over its own samples of the finer grid, and averaged over them.
    """
    hold = np.ones(2) / 2
    for layer in synthesis.layers:
        if isinstance(layer, FilteredConv):
            up = hold if layer.up == 2 else np.convolve(np.array([1, 0, 3, 0, 3, 0, 1]) / 8, hold)
            layer.up_filter = np.pad(up, (len(layer.up_filter) - len(up)) // 2)
            down = np.pad(hold, (len(layer.down_filter) - 2) // 2)
            layer.down_filter = np.outer(down, down)
