"""The blur through which the critic of StyleGAN3's variant R sees all images at first; Karras et al. 2021, section 3.2.

It keeps the critic from telling generated images by their high frequencies alone, which this generator learns late.
"""

from typing import Any

import numpy as np

from dgan_core.config import Config

from keras import ops

SIGMA = 10.0  # pixels at the start
SHARE = 0.008  # of the run, over which the blur fades: 200 thousand of the published 25 million images


def blur_sigma(config: Config, done: float) -> float:
    """Width of the blur in pixels when a share `done` of the run's updates is behind; 0 for every model but R."""
    return SIGMA * max(1.0 - done / SHARE, 0.0) if config.variant == "r" else 0.0


def blur_kernel(sigma: float) -> np.ndarray:
    """(61,) weights of sum 1 at −30 … 30 pixels: 2^(−(x / sigma)²) within 3·sigma, the authors' form, 0 beyond.

    sigma: in (0, 10]; below ⅓ the kernel is the identity.  One length for all widths compiles once.
    """
    x = np.arange(-int(3 * SIGMA), int(3 * SIGMA) + 1)
    kernel = np.where(np.abs(x) <= 3 * sigma, np.exp2(-np.square(x / sigma)), 0.0)
    return (kernel / kernel.sum()).astype("float32")


def blur(images: Any, kernel: Any) -> Any:
    """images (B, S, S, 1) filtered along both axes by kernel (2r + 1,), with zeros beyond the border."""
    images = ops.conv(images, ops.reshape(kernel, (-1, 1, 1, 1)), padding="same")
    return ops.conv(images, ops.reshape(kernel, (1, -1, 1, 1)), padding="same")
