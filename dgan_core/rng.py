"""Every random number of a run, as a function of (seed, stream, step), drawn on the host.

Two losses, five λ and any backend see the same draws; resuming needs no generator state.
Counter-based generator: Salmon et al. 2011 (Philox), as in numpy.random.Philox.
"""

import zlib

import numpy as np


def generator(seed: int, stream: str, step: int = 0) -> np.random.Generator:
    """An independent generator for each (seed, stream, step)."""
    return np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(stream.encode())], counter=[0, 0, 0, step]))


def normal(seed: int, stream: str, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal float32, for z."""
    return generator(seed, stream, step).standard_normal(shape, dtype=np.float32)


def uniform(seed: int, stream: str, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """U[0, 1) float32, for the interpolation ε."""
    return generator(seed, stream, step).random(shape, dtype=np.float32)


def minibatch(seed: int, update: int, n: int, batch_size: int) -> np.ndarray:
    """Indices of critic update `update`'s minibatch: each pass over the data is a fresh permutation.

    A pass is n // batch_size whole minibatches; the rest of the permutation is left out.
    """
    per_epoch = n // batch_size
    epoch, position = divmod(update, per_epoch)
    order = generator(seed, "order", epoch).permutation(n)
    return order[position * batch_size : (position + 1) * batch_size]
