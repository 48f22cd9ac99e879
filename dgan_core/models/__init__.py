"""Generator, critic and the frozen VGG19 backbone."""

from dgan_core import backend as _backend  # noqa: F401  (first, since it loads Keras without notes)
from dgan_core.models.dgan import critic, generator
from dgan_core.models.vgg import backbone

__all__ = ["critic", "generator", "backbone"]
