"""StyleGAN2 and StyleGAN3: networks, layers, filters, augmentation and steps."""

from dgan_core import backend as _backend  # noqa: F401  (first, since it loads Keras without notes)
