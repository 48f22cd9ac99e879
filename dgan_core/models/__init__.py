"""Generator, critic and the frozen VGG19 backbone."""

from dgan_core.models.dgan import critic, generator
from dgan_core.models.vgg import backbone

__all__ = ["critic", "generator", "backbone"]
