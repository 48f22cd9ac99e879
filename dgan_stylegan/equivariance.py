"""Moving the input of StyleGAN3's synthesis, to see whether its picture moves along; Karras et al. 2021, section 3.

A network without aliases moves its picture as its input moves.
"""

import numpy as np

from dgan_stylegan.stylegan3 import FilteredConv

import keras
from keras import ops


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
