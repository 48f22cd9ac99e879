"""Initial weights drawn on the host, the same for every loss, λ and backend."""

import numpy as np

from dgan_core import rng

import keras

UNDRAWN = "zeros"  # kernels until they are drawn here: Keras would draw its own, and on JAX compile each of them
NORMAL = ("kernel", "constant")  # what initialise_normal draws, by the variable's name


def initialise(model: keras.Model, seed: int, stream: str) -> None:
    """Set every trainable kernel to Glorot-uniform draws (Keras's default law); biases and norms keep theirs.

    Glorot & Bengio 2010, eq. 16: U(−a, a), a = √(6 / (fan_in + fan_out)).
    """
    kernels = [w for w in model.trainable_variables if w.path.endswith("/kernel")]
    for i, kernel in enumerate(kernels):
        *space, first, second = kernel.shape
        bound = np.sqrt(6.0 / (np.prod(space) * (first + second)))
        kernel.assign((2.0 * rng.uniform(seed, stream, i, tuple(kernel.shape)) - 1.0) * np.float32(bound))


def initialise_normal(model: keras.Model, seed: int, stream: str) -> None:
    """Set every kernel and learned constant to N(0, σ²) draws, σ the layer's `initial_std` or 1; the rest keep theirs.

    For equalised layers, whose scale is applied at run time; Karras et al. 2018, section 4.1.
    """
    drawn = [(layer, v) for layer in model.layers for v in layer.trainable_variables if v.name in NORMAL]
    for i, (layer, variable) in enumerate(drawn):
        std = np.float32(getattr(layer, "initial_std", 1.0))
        variable.assign(std * rng.normal(seed, stream, i, tuple(variable.shape)))
