"""Fidelity and variety told apart: is a generated image near real ones, and is each real one near generated ones?

A set's manifold is the union of balls about its features, each reaching to its k-th nearest neighbour in the same set.
Kynkäänniemi et al. 2019 (precision, recall); Naeem et al. 2020 (density, coverage). Both papers use thousands of
images; with few the balls are wide. All depend on N and k: compare at equal N, and beside halves of the real images.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from .checks import as_feature_pair, as_positive_integer


class PrecisionRecall(NamedTuple):
    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    density: float
    coverage: float


def _radii(x, k, name):
    """Distance of each feature to its k-th nearest neighbour in its own set, itself not counted.  (N, D) → (N,)"""
    if k >= len(x):
        raise ValueError(f"k must be below {len(x)}, the number of {name} images, got {k}")
    return np.partition(cdist(x, x), k, axis=1)[:, k]  # column 0 is the distance 0 to itself


def precision_recall(real, fake, k=3):
    """Share of generated images within the real manifold, and of real ones within the generated; Kynkäänniemi eq. 1–2.

    real (N, D), fake (M, D) features with N, M > k → two shares in [0, 1]. Balls are closed, as in the authors' code.
    High precision is fidelity, high recall is variety. A single real outlier has a wide ball: see density_coverage.
    """
    real, fake = as_feature_pair(real, fake, ("real", "fake"))
    k = as_positive_integer(k, "k")
    distance = cdist(real, fake)  # (N, M)
    precision = (distance <= _radii(real, k, "real")[:, None]).any(0).mean()
    recall = (distance <= _radii(fake, k, "generated")).any(1).mean()
    return PrecisionRecall(float(precision), float(recall))


def density_coverage(real, fake, k=5):
    """How many real balls hold a generated image, over k; share of real balls that hold any; Naeem et al., Section 3.

    real (N, D), fake (M, D) features with N > k. Density ≥ 0 averages to 1 for equal distributions and exceeds 1 where
    generated images crowd where real ones do; coverage lies in [0, 1]. Balls are open, as in the authors' code, so that
    a set against itself has density 1.
    """
    real, fake = as_feature_pair(real, fake, ("real", "fake"))
    k = as_positive_integer(k, "k")
    inside = cdist(real, fake) < _radii(real, k, "real")[:, None]  # (N, M)
    return DensityCoverage(float(inside.sum() / (k * len(fake))), float(inside.any(1).mean()))
