"""Which images each update of the critic sees, and how fast it learns: the same for every model."""

from typing import NamedTuple

import numpy as np

from dgan_core import rng
from dgan_core.config import Config


class Update(NamedTuple):
    """One update of the critic: number (from 0), its minibatch's indices (B,), learning rates of G and the critic."""

    number: int
    index: np.ndarray
    rate: np.float32
    critic_rate: np.float32


def updates(config: Config, n: int, iteration: int) -> list[Update]:
    """The n_critic updates, out of n images, of iteration `iteration` (from 0); the generator shares the last one's."""
    per_epoch = n // config.batch_size
    first = iteration * config.n_critic
    found = []
    for number in range(first, first + config.n_critic):
        rate = np.float32(config.rate(number // per_epoch))
        index = rng.minibatch(config.seed, number, n, config.batch_size)
        found.append(Update(number, index, rate, np.float32(config.critic_rate) * rate))
    return found
