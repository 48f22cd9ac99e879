"""Each metric without image i, for every i at once: exact, from sums and decompositions of the whole sets.

Every function returns an (N,) array for the first set; exchange the sets for the second. Values may miss a constant
that doesn't depend on i, as the docstrings say: `intervals` uses differences alone. Inputs are checked there.
"""

import numpy as np

from .kid import kernel_sums


def mean_of_pairs(row_sums):
    """Mean over pairs i ≠ j of one set, from the sums of each row off the diagonal.  (N,) → (N,)"""
    n = len(row_sums)
    return (row_sums.sum() - 2 * row_sums) / ((n - 1) * (n - 2))


def mean_of_rows(row_sums, m):
    """Mean of an (N, M) matrix, from the sums of its rows.  (N,) → (N,)"""
    return (row_sums.sum() - row_sums) / ((len(row_sums) - 1) * m)


def kernel_distance(x, y):
    """KID over all images, up to y's own term.  (N, D), (M, D) → (N,)"""
    own = kernel_sums(x, x) - ((x**2).sum(1) / x.shape[1] + 1) ** 3  # without k(xᵢ, xᵢ)
    return mean_of_pairs(own) - 2 * mean_of_rows(kernel_sums(x, y), len(y))


def frechet_distances(x, y):
    """The Fréchet distance without each image of x, up to tr Σ₂, and of y, up to tr Σ₁.  (N, D), (M, D) → (N,), (M,)

    With centred rows A, B, tr (Σ₁Σ₂)^½ is the nuclear norm of A·Bᵀ / √((N−1)(M−1)). Of A·Bᵀ = U s Vᵀ the rows of U s
    are the images of x in the eigenvectors of the matrix whose root is taken, and those of V s the images of y: one
    decomposition serves both sides.
    """
    a, b = x - x.mean(0), y - y.mean(0)
    shift = x.mean(0) - y.mean(0)
    left, right = (np.linalg.qr(z) if len(z) > z.shape[1] else (None, z) for z in (a, b))
    u, s, vt = np.linalg.svd(left[1] @ right[1].T, full_matrices=False)
    u, v = u * s, vt.T * s
    u, v = (z if q is None else q @ z for z, q in ((u, left[0]), (v, right[0])))
    return _without_each(a, shift, u, s, len(y)), _without_each(b, -shift, v, s, len(x))


def _without_each(centred, shift, g, s, m):
    """centred (N, D); g (N, R), its images in the eigenvectors, g.T @ g = diag(s²); m: size of the other set."""
    n = len(centred)
    trace_roots = _trace_roots(g, s**2) / np.sqrt((n - 2) * (m - 1))  # tr (Σ₁Σ₂)^½
    square = (centred**2).sum(1)
    traces = (square.sum() - n / (n - 1) * square) / (n - 2)  # tr Σ₁
    shifts = shift @ shift - 2 / (n - 1) * (centred @ shift) + square / (n - 1) ** 2  # ‖μ₁ − dᵢ/(n−1) − μ₂‖²
    return shifts + traces - 2 * trace_roots


# Nodes of the trapezoidal rule in log t. Steps of 0.7 leave an error of e^(−2π²/0.7) ≈ 6e-13, ends at ±38 of e^(−19).
STEP = 0.7
LOG_T = np.arange(-38, 38 + STEP, STEP)


def _trace_roots(g, value):
    """tr (S − n/(n−1) gᵢgᵢᵀ)^½ with S = Σ gᵢgᵢᵀ = diag(value), which is what leaving gᵢ out of centred rows g does.

    The determinant lemma gives det(S − c gᵢgᵢᵀ + t) / det(S + t) = 1 − c Σₖ gᵢₖ²/(λₖ + t); with
    √a − √b = 1/2π ∫₀^∞ t^(−½) log((a + t)/(b + t)) dt all N traces come from one matrix product.  g (N, R) → (N,)
    """
    n = len(g)
    if len(value) == 0 or value.max() == 0:
        return np.zeros(n)
    t = value.max() * np.exp(LOG_T)
    fall = n / (n - 1) * g**2 @ (1 / (value[:, None] + t))  # (N, T), to 1 at small t where the rank falls
    change = np.log1p(-fall.clip(0, 1 - 1e-15)) @ np.sqrt(t) * STEP / (2 * np.pi)
    return np.sqrt(value).sum() + change


def sliced_wasserstein(p, q):
    """The mean over K projections of W₁ = ∫|F − G|, F losing one step.  p (N, K), q (M, K), projected → (N,)"""
    n, m = len(p), len(q)
    both = np.concatenate([p, q]).T  # (K, N + M)
    order = both.argsort(1)
    mine = (order < n).cumsum(1)
    g = (np.arange(1, n + m + 1) - mine) / m
    gaps = np.diff(np.take_along_axis(both, order, 1))
    gaps = np.pad(gaps, ((0, 0), (0, 1)))  # beyond the last point F = G = 1
    below = np.abs(mine / (n - 1) - g) * gaps  # left of point i, F counts as many points, out of n − 1
    above = np.abs((mine - 1) / (n - 1) - g) * gaps  # from point i on, one fewer
    value = below.cumsum(1) - below + above[:, ::-1].cumsum(1)[:, ::-1]
    by_point = np.empty_like(value)
    np.put_along_axis(by_point, order, value, 1)
    return by_point[:, :n].mean(0)
