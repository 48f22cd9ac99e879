"""Eight Gaussians in a ring: the data of the lessons, whose modes can be counted.

After Metz et al. 2017 and Gulrajani et al. 2017, section 3.1, figure 1a.  A point is an image of one pixel with two
channels.
"""

import numpy as np

from dgan_core import rng

MODES, RADIUS, STD = 8, 2.0, 0.1
ANGLES = 2 * np.pi * np.arange(MODES) / MODES
CENTRES = RADIUS * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def ring(n: int, seed: int = 0) -> np.ndarray:
    """n real points, (n, 1, 1, 2) float32, an eighth of them around each centre on average."""
    which = rng.generator(seed, "which mode").integers(MODES, size=n)
    points = CENTRES[which] + STD * rng.normal(seed, "ring", 0, (n, 2))
    return points.astype("float32")[:, None, None, :]


def share_of_modes(points: np.ndarray) -> np.ndarray:
    """Share of all points (n, 2) within three standard deviations of each centre, (8,)."""
    away = np.linalg.norm(np.reshape(points, (-1, 1, 2)) - CENTRES, axis=-1)
    return (away < 3 * STD).mean(axis=0)


def modes_covered(points: np.ndarray) -> int:
    """Modes that hold at least 2 % of the points (n, 2); a fair share is 12.5 %."""
    return int((share_of_modes(points) >= 0.02).sum())
