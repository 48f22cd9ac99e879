"""How each model is trained and sampled: a recipe is a small class built from a Config.

initial_state() → state: nested dicts and lists of arrays
critic_step(state, real, update, rate), generator_step(state, real, iteration, rate) → (state, measurements)
snapshot(state) → arrays; sample(arrays, z) → images (n, S, S, 1) in [-1, 1]
"""

import dgan_core.backend  # noqa: F401  before Keras: an engine that is not there is told in a sentence
from dgan_core.stylegan.trainer import StyleGAN
from dgan_core.training.dgan import DGAN

RECIPES = {"dgan": DGAN, "stylegan2": StyleGAN, "stylegan3": StyleGAN}

__all__ = ["RECIPES"]
