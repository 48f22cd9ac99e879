"""What each update is given: its minibatch, its random numbers and its learning rate; the same for every loss and λ."""

import math
from typing import NamedTuple

import numpy as np

from dgan_core import rng
from dgan_core.config import Config


class Update(NamedTuple):
    """An update of the critic: its number from 0, its minibatch (B,) as indices, learning rates of G and the critic."""

    number: int
    index: np.ndarray
    rate: np.float32
    critic_rate: np.float32


def updates(config: Config, n: int, iteration: int) -> list[Update]:
    """The n_critic updates, out of n images, of iteration `iteration` (from 0).

    The trainer says which of them the generator shares.
    """
    per_epoch = n // config.batch_size
    first = iteration * config.n_critic
    found = []
    for number in range(first, first + config.n_critic):
        rate = np.float32(learning_rate(config, number // per_epoch))
        index = rng.minibatch(config.seed, number, n, config.batch_size)
        found.append(Update(number, index, rate, np.float32(config.critic_lr_ratio) * rate))
    return found


def critic_draws(config: Config, update: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """z (n, latent_dim) ~ N(0, 1) and ε (n, 1, 1, 1) ~ U[0, 1) of critic update `update`."""
    z = rng.normal(config.seed, "z critic", update, (n, config.latent_dim))
    return z, rng.uniform(config.seed, "eps", update, (n, 1, 1, 1))


def generator_draws(config: Config, iteration: int, n: int) -> np.ndarray:
    """z (n, latent_dim) ~ N(0, 1) of the generator's update `iteration`."""
    return rng.normal(config.seed, "z generator", iteration, (n, config.latent_dim))


def learning_rate(config: Config, epoch: int) -> float:
    """In `epoch` (from 0): decayed geometrically down to the floor."""
    return max(config.learning_rate * config.lr_decay**epoch, min(config.lr_floor, config.learning_rate))


def weight_penalty(config: Config) -> float:
    """Coefficient of the penalty."""
    return config.lam if config.lam_penalty is None else config.lam_penalty


def weight_perceptual(config: Config) -> float:
    """Coefficient of the perceptual term, its scale included."""
    return config.perceptual_scale * (config.lam if config.lam_perceptual is None else config.lam_perceptual)


def r1_gamma(config: Config) -> float:
    """γ of the R1 penalty, by the heuristic of Karras et al. 2020 (ADA): ∝ pixels, ∝ 1 / batch."""
    return config.r1_scale * config.image_size**2 / config.batch_size


def snapshot_epochs(config: Config) -> tuple[int, ...]:
    """Epochs after which the generator is kept: 0, …, epochs, evenly spaced."""
    return tuple(sorted({math.ceil(i * config.epochs / config.snapshots) for i in range(config.snapshots + 1)}))
