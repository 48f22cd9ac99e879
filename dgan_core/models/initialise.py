"""Initial weights drawn on the host, the same for every loss, λ and engine."""

import keras
import numpy as np

from dgan_core import draws


def initialise(model: keras.Model, seed: int, stream: str) -> None:
    """Set every trainable kernel to Glorot-uniform draws (Keras's default law); biases and norms keep theirs.

    Glorot & Bengio 2010, eq. 16: U(−a, a), a = √(6 / (fan_in + fan_out)).
    """
    kernels = [w for w in model.trainable_variables if w.path.endswith("/kernel")]
    for i, kernel in enumerate(kernels):
        *space, first, second = kernel.shape
        bound = np.sqrt(6.0 / (np.prod(space) * (first + second)))
        kernel.assign((2.0 * draws.uniform(seed, stream, i, tuple(kernel.shape)) - 1.0) * np.float32(bound))
