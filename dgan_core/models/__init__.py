"""Generator, critic and the frozen VGG19 trunk."""

from dgan_core.models.dgan import critic, generator
from dgan_core.models.vgg import trunk

__all__ = ["critic", "generator", "trunk"]
