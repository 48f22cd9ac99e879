"""The Fréchet distance of two sets of features: FID where they are Inception's.

Heusel et al. 2017; the paper's Equation 1. NumPy alone, float64 throughout.
"""

import numpy as np

from .checks import as_feature_pair


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


def frechet_distance_of_statistics(mu_x, sigma_x, mu_y, sigma_y):
    """The same from means (D,) and symmetric covariances (D, D), where the features themselves are gone.

    tr (Σ₁Σ₂)^½ is the sum of the roots of the eigenvalues of Σ₁^½ Σ₂ Σ₁^½, which is symmetric.
    """
    if mu_x.shape != mu_y.shape or sigma_x.shape != sigma_y.shape:
        raise ValueError(f"both sides must have equally many features, got {len(mu_x)} and {len(mu_y)}")
    value, vector = np.linalg.eigh(sigma_x)
    root = (vector * np.sqrt(value.clip(0))) @ vector.T
    trace_root = np.sqrt(np.linalg.eigvalsh(root @ sigma_y @ root).clip(0)).sum()
    shift = mu_x - mu_y
    return float(max(shift @ shift + np.trace(sigma_x) + np.trace(sigma_y) - 2 * trace_root, 0.0))
