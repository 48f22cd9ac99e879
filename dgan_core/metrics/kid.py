"""The kernel distance of two sets of features: KID where they are Inception's.

Bińkowski et al. 2018; the paper's Equations 2 and 3. NumPy alone, float64 throughout.
"""

import numpy as np

from .checks import as_feature_pair, as_positive_integer

ROWS = 1024  # of a kernel matrix at once: 10,000 × 10,000 numbers would take 800 MB


def cubic_kernel(x, y):
    """k(x, y) = (x·y / D + 1)³  (N, M)"""
    k = x @ y.T
    k /= x.shape[1]
    k += 1
    return k * k * k  # a power takes several times as long


def kernel_sums(x, y):
    """Σⱼ k(xᵢ, yⱼ) for each i, k(x, y) = (x·y / D + 1)³.  x (N, D), y (M, D) float64 → (N,)

    A block of rows is held at once, never the N×M matrix.
    """
    return np.concatenate([cubic_kernel(x[i : i + ROWS], y).sum(1) for i in range(0, len(x), ROWS)])


def _within(x):
    """Σ_{i≠j} k(xᵢ,xⱼ) / n(n−1)"""
    own = (np.einsum("nd,nd->n", x, x) / x.shape[1] + 1) ** 3  # k(xᵢ, xᵢ)
    return (kernel_sums(x, x) - own).sum() / (len(x) * (len(x) - 1))


def kernel_distance(x, y):
    """Unbiased MMD² under the cubic kernel, over all of both sets; may be slightly negative. Not multiplied by 10³.

    Σ_{i≠j} k(xᵢ,xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ,yⱼ) / m(m−1) − 2 Σ k(xᵢ,yⱼ) / nm: Bińkowski et al. 2018, the full
    U-statistic, where a mean over subsets is an estimate of it.  x (N, D), y (M, D); N of 10,000 in under 1 GB.
    """
    x, y = as_feature_pair(x, y)
    return float(_within(x) + _within(y) - 2 * kernel_sums(x, y).sum() / (len(x) * len(y)))


def kernel_distance_subsets(x, y, subset_size=100, n_subsets=100, seed=0):
    """KID as the literature prints it: mean and standard deviation over random subsets, drawn without replacement.

    The deviation (ddof = 0, as torch-fidelity) is over overlapping subsets, not a standard error of the mean.
    """
    x, y = as_feature_pair(x, y)
    size = as_positive_integer(subset_size, "subset_size")
    n_subsets = as_positive_integer(n_subsets, "n_subsets")
    if size < 2 or size > min(len(x), len(y)):
        raise ValueError(f"subset_size must lie between 2 and the smaller set's {min(len(x), len(y))}, got {size}")
    if size == len(x) == len(y):
        raise ValueError(
            f"subset_size must be below {size}, the size of both sets: "
            "every subset would be the whole set and the std a fake 0"
        )
    rng = np.random.default_rng(seed)
    draws = [[rng.choice(len(z), size, replace=False) for z in (x, y)] for _ in range(n_subsets)]
    together = n_subsets if max(len(x), len(y)) <= 2 * ROWS else max(1, 2 * ROWS // size)
    values = np.concatenate([_of_subsets(x, y, draws[k : k + together]) for k in range(0, n_subsets, together)])
    return float(values.mean()), float(values.std())


def _of_subsets(x, y, draws):
    """`kernel_distance` of each pair of subsets (i, j), from one kernel matrix over all that they draw."""
    kept_x, i = np.unique([i for i, _ in draws], return_inverse=True)
    kept_y, j = np.unique([j for _, j in draws], return_inverse=True)
    x, y = x[kept_x], y[kept_y]
    kxx, kyy, kxy = cubic_kernel(x, x), cubic_kernel(y, y), cubic_kernel(x, y)
    return [_unbiased(kxx[np.ix_(i, i)], kyy[np.ix_(j, j)], kxy[np.ix_(i, j)]) for i, j in zip(i, j, strict=True)]


def _unbiased(kxx, kyy, kxy):
    """Σ_{i≠j} k(xᵢ,xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ,yⱼ) / m(m−1) − 2 Σ k(xᵢ,yⱼ) / nm"""
    n, m = kxy.shape
    return (kxx.sum() - np.trace(kxx)) / (n * (n - 1)) + (kyy.sum() - np.trace(kyy)) / (m * (m - 1)) - 2 * kxy.mean()
