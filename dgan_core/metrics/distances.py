"""Distances between two sets of features: Fréchet (FID) and kernel (KID).

Heusel et al. 2017 (FID); Bińkowski et al. 2018 (KID); the paper's Equations 1 to 3. Features come from `extractors`;
both are called "inception" distances only where the features are Inception's. NumPy alone, float64 throughout.
"""

import numpy as np

from .checks import as_feature_pair, as_positive_integer

ROWS = 1024  # of a kernel matrix at once: 10,000 × 10,000 numbers would take 800 MB


def _at_most_d_rows(x):
    """The rows of x (N, D), or D rows with the same xᵀx, which is all that a covariance sees."""
    return np.linalg.qr(x, mode="r") if len(x) > x.shape[1] else x


def frechet_distance(x, y, ddof=1):
    """d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), the squared 2-Wasserstein distance of the fitted Gaussians.

    x (N, D), y (M, D).  Σ divides by N − ddof: 1 is torch-fidelity's, pytorch-fid's and clean-fid's, 0 StyleGAN3's.
    Biased upwards at small N: compare only at equal N, beside a floor.
    With A, B the centred features over √(N − ddof), tr (Σ₁Σ₂)^½ is the nuclear norm of A·Bᵀ, exactly: for fewer
    samples than features one N×M SVD replaces the root of a D×D matrix. For more, A and B are first reduced to D
    rows by QR. No product is squared on the way: eigenvalues of (A·Bᵀ)(A·Bᵀ)ᵀ would be a little faster, and
    off by 5e-8 where the spectrum decays.
    """
    if isinstance(ddof, bool) or ddof not in (0, 1):
        raise ValueError(f"ddof must be 1 (divide by N − 1) or 0 (divide by N), got {ddof!r}")
    x, y = as_feature_pair(x, y)
    n, m = len(x) - ddof, len(y) - ddof
    mean_x, mean_y = x.mean(0), y.mean(0)
    x, y = x - mean_x, y - mean_y
    shift = mean_x - mean_y
    traces = np.vdot(x, x) / n + np.vdot(y, y) / m
    trace_root = np.linalg.svd(_at_most_d_rows(x) @ _at_most_d_rows(y).T, compute_uv=False).sum() / np.sqrt(n * m)
    return float(max(shift @ shift + traces - 2 * trace_root, 0.0))  # rounding alone can make it negative


def _cubic(x, y):
    """k(x, y) = (x·y / D + 1)³  (N, M)"""
    k = x @ y.T
    k /= x.shape[1]
    k += 1
    return k * k * k  # a power takes several times as long


def kernel_sums(x, y):
    """Σⱼ k(xᵢ, yⱼ) for each i, k(x, y) = (x·y / D + 1)³.  x (N, D), y (M, D) float64 → (N,)

    A block of rows is held at once, never the N×M matrix.
    """
    return np.concatenate([_cubic(x[i : i + ROWS], y).sum(1) for i in range(0, len(x), ROWS)])


def _own_kernels(x):
    """k(xᵢ, xᵢ)  (N,)"""
    return (np.einsum("nd,nd->n", x, x) / x.shape[1] + 1) ** 3


def kernel_distance(x, y):
    """Unbiased MMD² under the cubic kernel, over all of both sets; may be slightly negative. Not multiplied by 10³.

    Σ_{i≠j} k(xᵢ,xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ,yⱼ) / m(m−1) − 2 Σ k(xᵢ,yⱼ) / nm: Bińkowski et al. 2018, the full
    U-statistic, where a mean over subsets is an estimate of it.  x (N, D), y (M, D); N of 10,000 in under 1 GB.
    """
    x, y = as_feature_pair(x, y)
    n, m = len(x), len(y)
    within_x = (kernel_sums(x, x) - _own_kernels(x)).sum() / (n * (n - 1))
    within_y = (kernel_sums(y, y) - _own_kernels(y)).sum() / (m * (m - 1))
    return float(within_x + within_y - 2 * kernel_sums(x, y).sum() / (n * m))


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
    kxx, kyy, kxy = _cubic(x, x), _cubic(y, y), _cubic(x, y)
    return [_unbiased(kxx[np.ix_(i, i)], kyy[np.ix_(j, j)], kxy[np.ix_(i, j)]) for i, j in zip(i, j, strict=True)]


def _unbiased(kxx, kyy, kxy):
    """Σ_{i≠j} k(xᵢ,xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ,yⱼ) / m(m−1) − 2 Σ k(xᵢ,yⱼ) / nm"""
    n, m = kxy.shape
    return (kxx.sum() - np.trace(kxx)) / (n * (n - 1)) + (kyy.sum() - np.trace(kyy)) / (m * (m - 1)) - 2 * kxy.mean()
