"""Real and generated features side by side in two dimensions, and how far apart they lie there (Equation 6).

The paper gives neither the fit nor the number of projections. Here both sets are joined, every feature is scaled to
mean 0 and deviation 1 over the joint set (otherwise a few loud channels decide), and PCA or UMAP is fitted to the joint
set, so that neither side is out of sample. Plane and scale therefore belong to one pair of sets: the SWDs of two models
lie in different planes and have different units. The paper ranks models by them all the same, and so do our tables.
"""

import functools
import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.linalg
from scipy.spatial import distance

from .checks import as_feature_pair, as_positive_integer
from .torch_setup import standing_in

UMAP_APPROXIMATES = 4096  # points from which on umap looks for neighbours without comparing all pairs


def _joint(real, fake):
    real, fake = as_feature_pair(real, fake, ("real", "fake"))
    both = np.concatenate([real, fake])
    spread = both.std(0)
    steady = spread <= 1e-12 * np.abs(both).max(0)  # a constant feature stays at 0
    return (both - both.mean(0)) / np.where(steady, 1, spread), len(real)


def pca(real, fake):
    """Projection on the first two principal components of the joint, standardised set.  (N, 2), (M, 2)

    The sign of a component is free: its largest loading is made positive.
    """
    x, n = _joint(real, fake)
    d = x.shape[1]
    if d < 2:
        raise ValueError("real and fake must have at least 2 features to span a plane, got 1")
    if len(x) > d:  # the two eigenvectors that are wanted cost a fraction of all singular ones
        axes = scipy.linalg.eigh(x.T @ x, subset_by_index=(d - 2, d - 1))[1].T[::-1]
    else:
        axes = np.linalg.svd(x, full_matrices=False)[2][:2]
    largest = np.abs(axes).argmax(1)
    axes = axes * np.sign(axes[[0, 1], largest])[:, None]
    points = x @ axes.T
    return points[:n], points[n:]


@functools.cache
def _import_umap():
    """The class UMAP. Numba keeps on disk what it compiles for it: 12 s in the first process, under 1 s in the next."""
    hidden = {"tensorflow": None, "keras": None}  # umap would load them for ParametricUMAP, which we don't use
    with standing_in(hidden), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from numba.core.dispatcher import Dispatcher
        from umap import UMAP, layouts, umap_, utils

        from .numba_setup import kept_on_disk
    for module in (layouts, umap_, utils):
        for function in vars(module).values():
            if isinstance(function, Dispatcher) and not function.signatures:
                function.targetoptions["nogil"] = True  # so that fits run side by side
                kept_on_disk(function)
    return UMAP


def umap(real, fake, seed=0, n_neighbors=15, min_dist=0.1):
    """UMAP of the joint, standardised set (McInnes et al. 2018).  (N, 2), (M, 2)

    Repeatable on one machine by its seed (which costs the parallel layout), not from machine to machine.
    """
    return umap_repeats(real, fake, [seed], n_neighbors, min_dist)[0]


def umap_repeats(real, fake, seeds, n_neighbors=15, min_dist=0.1, progress=None):
    """`umap` by each of the seeds, one at a time on every core.  [((N, 2), (M, 2))]  progress: of (done, total)."""
    x, n = _joint(real, fake)
    most = len(x) - 1
    if not 2 <= as_positive_integer(n_neighbors, "n_neighbors") <= most:
        raise ValueError(f"n_neighbors must lie between 2 and {most}, one less than the images, got {n_neighbors}")
    given = {"n_neighbors": n_neighbors, "min_dist": min_dist}
    if len(x) < UMAP_APPROXIMATES:  # umap would compare every pair too, by a Python call each
        x, given["metric"] = distance.squareform(distance.pdist(x)), "precomputed"
    UMAP, planes = _import_umap(), []
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        warnings.filterwarnings("ignore", "n_jobs value", UserWarning)  # a seed means one job
        warnings.filterwarnings("ignore", "using precomputed metric", UserWarning)
        for points in pool.map(lambda seed: UMAP(**given, random_state=seed).fit_transform(x), seeds):
            planes.append((points[:n], points[n:]))
            if progress is not None:
                progress(len(planes), len(seeds))
    return planes


def _wasserstein_1d(p, q):
    """W₁ = ∫₀¹ |F⁻¹(t) − G⁻¹(t)| dt for each column.  p (N, K), q (M, K) → (K,)"""
    p, q = np.sort(p, axis=0), np.sort(q, axis=0)
    n, m = len(p), len(q)
    # Both quantile functions are steps, at i/n and j/m: whole numbers over n·m keep the joint grid exact.
    steps = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    width = np.diff(steps, prepend=0) / (n * m)
    i, j = (steps - 1) // m, (steps - 1) // n
    return width @ np.abs(p[i] - q[j])


def directions(d, n, seed):
    """n seeded directions, uniform on the unit sphere.  (d, n)"""
    theta = np.random.default_rng(seed).standard_normal((d, n))
    return theta / np.linalg.norm(theta, axis=0)


def sliced_wasserstein(p, q, n_projections=1000, seed=0):
    """SWD = E_θ W₁(⟨θ, p⟩, ⟨θ, q⟩), θ uniform on the unit sphere: the mean over n_projections seeded directions.

    p (N, D), q (M, D), of any sizes. Equals |shift|·E|cos| for a shifted copy: 2/π of the shift in two dimensions.
    """
    p, q = as_feature_pair(p, q, ("p", "q"))
    theta = directions(p.shape[1], as_positive_integer(n_projections, "n_projections"), seed)
    return float(_wasserstein_1d(p @ theta, q @ theta).mean())
