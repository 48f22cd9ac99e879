"""Fidelity and variety, measured separately: is a generated image near real ones, and a real one near generated ones?

A set's manifold is the union of balls about its features, each reaching to its k-th nearest neighbour in the same set.
Kynkäänniemi et al. 2019 (precision, recall); Naeem et al. 2020 (density, coverage). Both papers use thousands of
images; with few the balls are wide. All depend on N and k: compare at equal N, and beside halves of the real images.

The intervals are for the expectation at these N and M. Their error comes from halves: both sets are split at random,
and (T₁ − T₂)²/2 of the two disjoint pairs of halves is an unbiased estimate of the variance of T at half the images,
about twice that at all of them; its mean over many splits is used (half-samples: McCarthy 1969). What an image does
here depends on its neighbours at any N, and the delete-one jackknife of `intervals` counts such joint effects once for
every image in them: its variance is well above the true one, even in large sets. The image bootstrap repeats images, at
distance 0, and so shrinks the balls.
`benchmarks/interval_coverage.py` measures how often the intervals cover.
"""

from typing import NamedTuple

import numpy as np

from .checks import as_feature_pair, as_positive_integer
from .intervals import Interval, as_level, asinh_interval, wilson
from .neighbours import Neighbours, distances

N_SPLITS = 200  # into halves; another seed then moves a width by a few per cent


class PrecisionRecall(NamedTuple):
    precision: float | Interval
    recall: float | Interval


class DensityCoverage(NamedTuple):
    density: float | Interval
    coverage: float | Interval


def precision_recall(real, fake, k=3):
    """Share of generated images within the real manifold, and of real ones within the generated; Kynkäänniemi eq. 1–2.

    real (N, D), fake (M, D) features with N, M > k → two shares in [0, 1]. Balls are closed, as in the authors' code.
    High precision is fidelity, high recall is variety. A single real outlier has a wide ball: see density_coverage.
    """
    real, fake = as_feature_pair(real, fake, ("real", "fake"))
    k = _as_neighbour(k, {"the number of real": len(real), "the number of generated": len(fake)})
    both = _both_ways(real, fake)
    return PrecisionRecall(*(_precision(_radii(own, k), across, k, *_all(across))[0] for own, across in both))


def density_coverage(real, fake, k=5):
    """How many real balls hold a generated image, over k; share of real balls that hold any; Naeem et al., Section 3.

    real (N, D), fake (M, D) features with N > k. Density ≥ 0 averages to 1 for equal distributions and exceeds 1 where
    generated images crowd where real ones do; coverage lies in [0, 1]. Balls are open, as in the authors' code, so that
    a set against itself has density 1.
    """
    real, fake = as_feature_pair(real, fake, ("real", "fake"))
    k = _as_neighbour(k, {"the number of real": len(real)})
    across = distances(real, fake)
    return DensityCoverage(*_density_coverage(_radii(distances(real, real), k), across, k, *_all(across)))


def precision_recall_interval(real, fake, k=3, seed=0, level=0.95):
    """`precision_recall` with an interval for each, within [0, 1] and never without a width.

    real (N, D), fake (M, D) with N // 2, M // 2 > k. The seed is that of the splits.
    """
    level = as_level(level)
    real, fake = as_feature_pair(real, fake, ("real", "fake"))
    sizes = {"half the number of real": len(real) // 2, "half the number of generated": len(fake) // 2}
    k = _as_neighbour(k, sizes)
    found = []
    for own, across in _both_ways(real, fake):
        value = _precision(_radii(own, k), across, k, *_all(across))[0]
        halves = _of_halves(_precision, own, across, k, seed)[..., 0]
        found.append(_share_interval(value, halves, across.shape[1], _freedom(across), level))
    return PrecisionRecall(*found)


def density_coverage_interval(real, fake, k=5, seed=0, level=0.95):
    """`density_coverage` with an interval for each, coverage's within [0, 1], density's from 0 and on asinh's scale.

    real (N, D), fake (M, D) with N // 2 > k and M ≥ 4. The seed is that of the splits.
    """
    level = as_level(level)
    real, fake = as_feature_pair(real, fake, ("real", "fake"))
    k = _as_neighbour(k, {"half the number of real": len(real) // 2})
    if len(fake) < 4:
        raise ValueError(f"this interval needs at least 4 generated images, two in each half, got {len(fake)}")
    own, across = distances(real, real), distances(real, fake)
    density, coverage = _density_coverage(_radii(own, k), across, k, *_all(across))
    halves = _of_halves(_density_coverage, own, across, k, seed)
    freedom = _freedom(across)
    # At least 1/M²: where no ball holds a generated image, about 3/M of them might have lain where real ones do.
    error = np.sqrt(max(_variance(halves[..., 0]) / 2, 1 / len(fake) ** 2))
    value, low, high = asinh_interval(density, error, freedom, level)
    return DensityCoverage(
        Interval(value, max(low, 0.0), high), _share_interval(coverage, halves[..., 1], len(real), freedom, level)
    )


def _as_neighbour(k, sizes):
    """A whole number ≥ 1 below each of sizes, {what they are: how many}."""
    k = as_positive_integer(k, "k")
    for what, n in sizes.items():
        if k >= n:
            raise ValueError(f"k must be below {n}, {what} images, got {k}")
    return k


def _both_ways(real, fake):
    """Distances within a set and to the other: precision's, and recall's, which is precision of the sets exchanged."""
    across = distances(real, fake)
    return (distances(real, real), across), (distances(fake, fake), np.ascontiguousarray(across.T))


def _radii(own, k):
    """Distance of each point to its k-th nearest neighbour in its own set, itself not counted.  (N, N) → (N,)"""
    return np.partition(own, k, axis=1)[:, k]  # column 0 is the distance 0 to itself


def _all(across):
    return tuple(np.arange(size) for size in across.shape)


def _precision(radii, across, k, balls, points):
    """Share of the points within a closed ball.  radii (N,), across (N, M), indices of both → (1 number,)"""
    from .balls import inside

    just_beyond = np.nextafter(radii, np.inf)  # an open ball of this radius is a closed one of the other
    return (inside(across, just_beyond, balls, points)[1] / len(points),)


def _density_coverage(radii, across, k, balls, points):
    """Of open balls, otherwise as `_precision`.  → (2 numbers)"""
    from .balls import inside

    pairs, _, filled = inside(across, radii, balls, points)
    return pairs / (k * len(points)), filled / len(balls)


def _of_halves(statistic, own, across, k, seed):
    """`statistic` of two disjoint pairs of halves, for each split; of an odd set one image is left out.  → (S, 2, T)"""
    rng, nearest = np.random.default_rng(seed), Neighbours(own, k + 1)  # itself among them
    found = []
    for _ in range(N_SPLITS):
        rows, columns = (rng.permutation(size)[: size // 2 * 2].reshape(2, -1) for size in across.shape)
        for i, j in zip(rows, columns, strict=True):
            found.append(statistic(nearest(np.bincount(i, minlength=len(own)) > 0)[:, k], across, k, i, j))
    return np.array(found).reshape(N_SPLITS, 2, -1)


def _variance(halves):
    """Of a statistic at half the images.  halves (S, 2)"""
    return ((halves[:, 0] - halves[:, 1]) ** 2).mean() / 2


def _freedom(across):
    """Degrees of freedom of the halves' variance, on the safe side: half the smaller set, less one."""
    return min(across.shape) // 2 - 1


def _share_interval(value, halves, n, freedom, level):
    """Wilson's interval of a share of n images that aren't independent: of as many as would spread as widely.

    Halves say by how much the variance exceeds the binomial one (design effect: Kish 1965). It isn't below it: images
    that meet the same balls can only be more alike, and two halves of a share near 0 or 1 may differ by nothing.
    """
    share = halves.mean()
    binomial = share * (1 - share) / (n // 2)
    effect = max(1.0, _variance(halves) / binomial) if binomial > 0 else 1.0
    return Interval(float(value), *wilson(value, n / effect, freedom, level))
