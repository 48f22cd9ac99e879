"""Intervals that respect that pairs share images: the delete-one jackknife, over images and never over pairs.

T is a statistic of two independent sets, x of n images and y of m; T₋ᵢ leaves out image i of one of them. Then

    v = (n−1)/n Σᵢ (T₋ᵢ − mean)² for x  +  the same for y          (Arvesen 1969 for U-statistics; Efron & Stein 1981)

estimates the variance of T. The interval is Student's, with Satterthwaite's degrees of freedom, on the scale of
asinh(T / √v): a logarithm where T is well above its own error, the identity about zero. A distance's error grows with
its value, so that a plain T ± t·√v ends too low.

Images must be independent. Near-duplicates, or several frames of one patient, make every interval too short.

What is covered is E[T] at these n and m. For KID and means over pairs it is the population's value. FID and SWD are
biased upwards in small sets: their intervals are for the expectation at this size, bias included. No interval covers
another training run or another extractor, nor a refitted plane (the scale and axes of PCA, the layout of UMAP). The
image bootstrap isn't used: a resampled set repeats images, which lowers the rank of its covariance and biases FID.

Where both sets have one distribution, the first-order term of a distance vanishes. v is then noise, too large on
average and near 0 just where T is lowest; so for KID and FID it counts at least as much as the second-order term, and
these are covered more often than the level says. Skewed features are covered a little less often.
`benchmarks/interval_coverage.py` measures how often. Precision, recall, density and coverage are made of nearest
neighbours, whose variance leaving one image out overstates at any N: `precision_recall` has their intervals.

No interval holds an impossible value: those of distances whose expectation can't be negative end at 0. That of the
kernel distance may reach below 0, where its unbiased estimate may lie.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from . import leave_one_out
from .checks import as_feature_pair, as_positive_integer
from .fid import frechet_distance
from .kid import ROWS, cubic_kernel, kernel_distance
from .swd import directions, sliced_wasserstein

PARTS = (1, 2, 3, 4)  # FID∞: both sets in k parts, N/k images each
N_SPLITS = 4  # FID∞: random splits for each k


class Interval(NamedTuple):
    value: float
    low: float
    high: float


def pair_summary(pairs, within=False):
    """Mean and standard deviation over pairs of images; within one set, each pair i < j once and no image with itself.

    The deviation describes the pairs. It isn't a standard error: pairs share images.
    """
    pairs = np.asarray(pairs, dtype=np.float64)
    if pairs.ndim != 2 or (within and (pairs.shape[0] != pairs.shape[1] or len(pairs) < 2)) or pairs.size == 0:
        raise ValueError(f"pairs must be an (N, M) matrix, (N, N) with N ≥ 2 within one set, got shape {pairs.shape}")
    if not np.isfinite(pairs).all():
        raise ValueError("pairs must be finite, got NaN or infinity")
    values = pairs[np.triu_indices(len(pairs), 1)] if within else pairs
    return float(values.mean()), float(values.std())


def pair_mean_interval(pairs, within=False, level=0.95):
    """Mean over pairs of images (LPIPS, MS-SSIM): a U-statistic of order (1, 1), or of order 2 within one set.

    pairs (N, M) with N, M ≥ 2; within: (N, N) symmetric with N ≥ 3, of which the pairs i < j count. Unbiased.
    """
    level = as_level(level)
    pairs = np.asarray(pairs, dtype=np.float64)
    if pairs.ndim != 2 or min(pairs.shape) < 2 + within or (within and pairs.shape[0] != pairs.shape[1]):
        raise ValueError(
            f"pairs must be an (N, M) matrix with N, M ≥ 2, or (N, N) with N ≥ 3 within one set, got {pairs.shape}"
        )
    if not np.isfinite(pairs).all():
        raise ValueError("pairs must be finite, got NaN or infinity")
    n, m = pairs.shape
    if not within:
        rows, columns = leave_one_out.mean_of_rows(pairs.sum(1), m), leave_one_out.mean_of_rows(pairs.sum(0), n)
        return _jackknife(pairs.mean(), level, rows, columns)
    if not np.allclose(pairs, pairs.T, rtol=1e-5, atol=1e-6):
        raise ValueError("pairs within one set must be symmetric, got an entry i, j that differs from its mirror j, i")
    rows = (pairs.sum(0) + pairs.sum(1)) / 2 - np.diag(pairs)
    return _jackknife(rows.sum() / (n * (n - 1)), level, leave_one_out.mean_of_pairs(rows))


def kernel_distance_interval(x, y, level=0.95):
    """`kernel_distance`, KID over all images, with an interval for the population's MMD².

    x (N, D), y (M, D) with N, M ≥ 3. The interval may reach below 0, where an unbiased estimate may lie.
    """
    level = as_level(level)
    x, y = _at_least(3, *as_feature_pair(x, y))
    sides = leave_one_out.kernel_distance(x, y), leave_one_out.kernel_distance(y, x)
    return _jackknife(kernel_distance(x, y), level, *sides, least=_second_order(cubic_kernel, x, y))


def frechet_distance_interval(x, y, level=0.95):
    """`frechet_distance` with an interval for its expectation at these N and M, not for the populations' distance.

    x (N, D), y (M, D) with N, M ≥ 3. At a few hundred images the bias alone is wider than the interval: compare at
    equal N, beside a floor.
    """
    level = as_level(level)
    x, y = _at_least(3, *as_feature_pair(x, y))
    sides = leave_one_out.frechet_distances(x, y)
    return _at_least_0(_jackknife(frechet_distance(x, y), level, *sides, least=_second_order(_linear, x, y)))


def frechet_distance_infinity(x, y, seed=0, level=0.95, intervals=True):
    """FID∞ (Chong & Forsyth 2020): FID at several N, a line against 1/N, its intercept. An extrapolation, not a FID.

    x (N, D), y (M, D) with N, M ≥ 20. For k = 1, …, 4 both sets are split into k parts, FID is averaged over the pairs
    of parts and over 4 seeded splits, and the line is fitted to k, which is proportional to 1/N. So every image weighs
    the same at every N; with the paper's independent subsets of one set it wouldn't.
    The interval is for the populations' distance if the bias is a line in 1/N. It isn't where N/4 is below the number
    of features that vary: the bias then bends and the value stays too high. The value may be negative, its interval
    isn't.  intervals=False: the value alone, a float, in a fraction of the time.
    """
    level = as_level(level)
    x, y = _at_least(20, *as_feature_pair(x, y))
    weights = np.linalg.pinv(np.stack([np.ones(len(PARTS)), PARTS], 1))[0]  # of the line's intercept
    rng = np.random.default_rng(seed)
    value, influence_x, influence_y = 0.0, np.zeros(len(x)), np.zeros(len(y))
    for k, weight in zip(PARTS, weights, strict=True):
        n_splits = 1 if k == 1 else N_SPLITS  # there is one way to leave a set whole
        weight /= n_splits
        for _ in range(n_splits):
            parts = (np.array_split(rng.permutation(len(z)), k) for z in (x, y))
            for i, j in zip(*parts, strict=True):
                value += weight / k * frechet_distance(x[i], y[j])
                if intervals:
                    without_x, without_y = leave_one_out.frechet_distances(x[i], y[j])
                    influence_x[i] += weight * _influence(without_x)
                    influence_y[j] += weight * _influence(without_y)
    if not intervals:
        return float(value)
    # Σ influence/N is the intercept's linear part, so leaving image i out takes influenceᵢ/(N − 1) away.
    sides = -influence_x / (len(x) - 1), -influence_y / (len(y) - 1)
    return _at_least_0(_jackknife(value, level, *sides, least=_second_order(_linear, x, y)))


def sliced_wasserstein_interval(p, q, n_projections=1000, seed=0, level=0.95):
    """`sliced_wasserstein` with an interval for its expectation at these N and M, in fixed coordinates.

    p (N, D), q (M, D) with N, M ≥ 3, such as planes of `pca` or `umap`, which aren't fitted again; the directions are
    those of the seed.
    """
    level = as_level(level)
    p, q = _at_least(3, *as_feature_pair(p, q, ("p", "q")))
    value = sliced_wasserstein(p, q, as_positive_integer(n_projections, "n_projections"), seed)
    theta = directions(p.shape[1], n_projections, seed)
    p, q = p @ theta, q @ theta
    sides = leave_one_out.sliced_wasserstein(p, q), leave_one_out.sliced_wasserstein(q, p)
    return _at_least_0(_jackknife(value, level, *sides))


def _at_least_0(interval):
    return interval._replace(low=max(interval.low, 0.0), high=max(interval.high, 0.0))


def as_level(level):
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        raise ValueError(f"level must be a number between 0 and 1, such as 0.95, got {level!r}")
    return float(level)


def _at_least(least, x, y):
    if min(len(x), len(y)) < least:
        raise ValueError(f"this interval needs at least {least} images on each side, got {len(x)} and {len(y)}")
    return x, y


def _influence(without_one):
    """n times what each of n images adds to a statistic, up to second order; mean 0.  (n,) → (n,)"""
    return (len(without_one) - 1) * (without_one.mean() - without_one)


def _linear(x, y):
    """The kernel whose MMD² is ‖μ₁ − μ₂‖², FID's larger second-order term.  (N, M)"""
    return x @ y.T


def _second_order(kernel, x, y):
    """Variance of the unbiased MMD² beyond first order; all of it where both sets have one distribution.

    2 E k̃(x, x′)²/n(n−1) + 2 E k̃(y, y′)²/m(m−1) + 4 E k̃(x, y)²/nm, k̃ centred in both arguments (Gretton et al. 2012).
    """
    n, m = len(x), len(y)
    within = 2 * _centred_square(kernel, x, x) / (n * (n - 1)) + 2 * _centred_square(kernel, y, y) / (m * (m - 1))
    return within + 4 * _centred_square(kernel, x, y) / (n * m)


def _centred_square(kernel, x, y, block=ROWS):
    """Mean of k̃(xᵢ, yⱼ)² over all pairs, within one set over i ≠ j; a block of rows at a time."""
    rows, columns = (
        np.concatenate([kernel(a[i : i + block], b).mean(1) for i in range(0, len(a), block)])
        for a, b in ((x, y), (y, x))
    )
    total, same = 0.0, x is y
    for i in range(0, len(x), block):
        centred = kernel(x[i : i + block], y) - rows[i : i + block, None] - columns + rows.mean()
        if same:
            np.fill_diagonal(centred[:, i:], 0)
        total += (centred**2).sum()
    return total / (len(x) * (len(y) - same))


def _jackknife(value, level, *sides, least=0.0):
    """The module's interval.  sides: for each set T₋ᵢ, up to a constant.  (n,), (m,)  least: what v is at least"""
    part = np.array([(len(t) - 1) / len(t) * ((t - t.mean()) ** 2).sum() for t in sides])
    error = np.sqrt(max(part.sum(), least))
    if error == 0:
        return Interval(float(value), float(value), float(value))
    if part.sum() > 0:
        freedom = part.sum() ** 2 / sum(v**2 / (len(t) - 1) for v, t in zip(part, sides, strict=True))
    else:  # equal images on both sides: what is left of `least` is rounding
        freedom = min(map(len, sides)) - 1
    return asinh_interval(value, error, freedom, level)


def asinh_interval(value, error, freedom, level):
    """Student's interval on the scale of asinh(T / error).  error > 0"""
    half = stdtrit(freedom, (1 + level) / 2) * error / np.hypot(value, error)  # d asinh(T/√v)/dT = 1/√(T² + v)
    low, high = error * np.sinh(np.arcsinh(value / error) + np.array([-half, half]))
    return Interval(float(value), float(min(low, value)), float(max(high, value)))  # whatever rounding does


def wilson(share, n, freedom=np.inf, level=0.95):
    """(low, high) of a share of n (Wilson 1927): within [0, 1], and wide at 0 and 1 too.  n needn't be whole."""
    z = stdtrit(freedom, (1 + level) / 2)
    centre, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return float(np.clip(low, 0, share)), float(np.clip(high, share, 1))
