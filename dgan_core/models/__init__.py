# ruff: noqa: F401  (what is imported here is what the package offers)
"""Generator, critic and the frozen VGG19 backbone."""

from dgan_core import backend as _backend  # first, since it loads Keras without notes
from dgan_core.models.dgan import critic, generator
from dgan_core.models.vgg import backbone
