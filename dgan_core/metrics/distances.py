"""Distances between two sets of features: Fréchet (FID) and kernel (KID).

Heusel et al. 2017 (FID); Bińkowski et al. 2018 (KID); the paper's Equations 1 to 3. Features come from `extractors`;
both are called "inception" distances only where the features are Inception's. NumPy alone, float64 throughout.
"""

import numpy as np

from .checks import as_feature_pair, as_positive_integer


def frechet_distance(x, y):
    """d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), the squared 2-Wasserstein distance of the fitted Gaussians.

    x (N, D), y (M, D).  Σ divides by N − 1.  Biased upwards at small N: compare only at equal N, beside a floor.
    With A, B the centred features over √(N − 1), the trace of (Σ₁Σ₂)^½ is the nuclear norm of A·Bᵀ, exactly: for
    fewer samples than features one N×M SVD replaces the root of a D×D matrix.
    """
    x, y = as_feature_pair(x, y)
    n, m, d = len(x), len(y), x.shape[1]
    shift = x.mean(0) - y.mean(0)
    a = (x - x.mean(0)) / np.sqrt(n - 1)  # (N, D), Σ₁ = AᵀA
    b = (y - y.mean(0)) / np.sqrt(m - 1)  # (M, D), Σ₂ = BᵀB
    if max(n, m) <= d:
        trace_root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    else:  # Σ₁^½ Σ₂ Σ₁^½ is symmetric and has the eigenvalues of Σ₁Σ₂
        value, vector = np.linalg.eigh(a.T @ a)
        root = (vector * np.sqrt(value.clip(0))) @ vector.T
        trace_root = np.sqrt(np.linalg.eigvalsh(root @ (b.T @ b) @ root).clip(0)).sum()
    distance = shift @ shift + (a**2).sum() + (b**2).sum() - 2 * trace_root
    return float(max(distance, 0.0))  # rounding alone can make it negative


def _cubic(x, y):
    """k(x, y) = (x·y / D + 1)³  (N, M)"""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _unbiased(kxx, kyy, kxy):
    """Σ_{i≠j} k(xᵢ,xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ,yⱼ) / m(m−1) − 2 Σ k(xᵢ,yⱼ) / nm, over leading batches."""
    n, m = kxy.shape[-2:]
    within_x = (kxx.sum((-2, -1)) - np.trace(kxx, axis1=-2, axis2=-1)) / (n * (n - 1))
    within_y = (kyy.sum((-2, -1)) - np.trace(kyy, axis1=-2, axis2=-1)) / (m * (m - 1))
    return within_x + within_y - 2 * kxy.mean((-2, -1))


def kernel_distance(x, y):
    """Unbiased MMD² under the cubic kernel, over all of both sets; may be slightly negative. Not multiplied by 10³."""
    x, y = as_feature_pair(x, y)
    return float(_unbiased(_cubic(x, x), _cubic(y, y), _cubic(x, y)))


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
    kxx, kyy, kxy = _cubic(x, x), _cubic(y, y), _cubic(x, y)
    rng = np.random.default_rng(seed)
    values = np.empty(n_subsets)
    for k in range(n_subsets):
        i = rng.choice(len(x), size, replace=False)
        j = rng.choice(len(y), size, replace=False)
        values[k] = _unbiased(kxx[np.ix_(i, i)], kyy[np.ix_(j, j)], kxy[np.ix_(i, j)])
    return float(values.mean()), float(values.std())
