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
