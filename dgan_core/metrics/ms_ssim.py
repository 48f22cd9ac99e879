"""MS-SSIM over all pairs of images (Wang et al. 2003; the paper's Equation 5).

Conventions of the reference: weights .0448 .2856 .3001 .2363 .1333, K = (.01, .03), Gaussian window of 11 taps and
σ 1.5 over valid positions, 2×2 mean pooling between levels (an odd last row or column is dropped), ReLU before the
powers, data range 255. Five levels need a side of 176; a smaller image has fewer, and their weights are renormalised.
Window means and variances belong to an image; only the cross term belongs to a pair, and `ms_ssim_windows` compiles it.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from .checks import as_image_pair, as_images, as_positive_integer

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
TAPS, SIGMA = 11, 1.5
MEMORY_LIMIT = 3 * 2**30  # bytes beside images and result, of `lpips_pairs` too: enough for 210 images of 512²


def ms_ssim_levels(size):
    """Number of levels, at most five, such that the smallest level's side, size // 2^(levels−1), is at least 11."""
    if size < TAPS:
        raise ValueError(f"images must be at least {TAPS} pixels wide and high for MS-SSIM, got {size}")
    return min(len(WEIGHTS), int(np.log2(size / TAPS)) + 1)


def _weights(levels):
    """The published ones as they stand, 1.0001 together; fewer are brought to a sum of 1."""
    return WEIGHTS if levels == len(WEIGHTS) else WEIGHTS[:levels] / WEIGHTS[:levels].sum()


class _Level(NamedTuple):
    """What one level needs of each of N images, as `ms_ssim_windows.pair_terms` takes it: 12 bytes a pixel."""

    pixels: np.ndarray  # (N, H, W), less the image's centre
    mean: np.ndarray  # (N, H−10, W) of pixels under each window
    variance: np.ndarray  # (N, H−10, W)
    centre: np.ndarray  # (N,) the image's mean, rounded: so that the difference is exact


def _half(x):
    """2×2 mean pooling.  (H, W) → (H//2, W//2)"""
    x = x[: x.shape[0] // 2 * 2, : x.shape[1] // 2 * 2]
    return (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4


def _empty_level(n, height, width):
    shapes = (height, width), (height - TAPS + 1, width), (height - TAPS + 1, width), ()
    return _Level(*(np.empty((n, *shape), np.float32) for shape in shapes))


def _window_means(x):
    """(H, W) → (H−10, W−10) float64"""
    reach = TAPS // 2
    return gaussian_filter(x, SIGMA, output=np.float64, radius=reach)[reach:-reach, reach:-reach]


def _pyramid(images, pool):
    """(N, H, W) uint8 → the levels, finest first."""
    from .ms_ssim_windows import FAR

    n, height, width = images.shape
    levels = [_empty_level(n, height >> k, width >> k) for k in range(ms_ssim_levels(min(height, width)))]

    def fill(i):
        centre = np.float32(np.rint(images[i].mean()))
        x = images[i] - centre
        for level in levels:
            mean = _window_means(x)
            inside = np.s_[i, :, : mean.shape[1]]
            level.pixels[i], level.centre[i] = x, centre
            level.mean[i], level.variance[i] = 0, FAR
            level.mean[inside], level.variance[inside] = mean, _window_means(x**2) - mean**2
            x = _half(x)

    list(pool.map(fill, range(n)))
    return levels


def _similarity(a, b, pool, count):
    """MS-SSIM of each image of one pyramid with each of another; of one with itself, above the diagonal.  (N, M)"""
    from .ms_ssim_windows import pair_terms

    weights = _weights(len(a))
    n, m = len(a[0].pixels), len(b[0].pixels)
    result = np.zeros((n, m))

    def fill(i):
        first = i + 1 if a is b else 0
        factors = np.empty((len(a), m - first))  # cs; l·cs at the coarsest level
        for p, q, out in zip(a, b, factors, strict=True):
            pair_terms(*(part[i] for part in p), *(part[first:] for part in q), p is a[-1], out)
        result[i, first:] = (factors.clip(0) ** weights[:, None]).prod(0)
        count(m - first)

    list(pool.map(fill, range(n)))
    return result


def _one_channel(a, b, block, pool, count):
    """(N, H, W), (M, H, W) uint8 → (N, M); above the diagonal alone where a is b."""
    result = np.zeros((len(a), len(b)))
    for i in range(0, len(a), block):
        rows = _pyramid(a[i : i + block], pool)
        for j in range(i if a is b else 0, len(b), block):
            columns = rows if a is b and i == j else _pyramid(b[j : j + block], pool)
            result[i : i + block, j : j + block] = _similarity(rows, columns, pool, count)
            del columns  # before the next: two blocks are in memory, never three
        del rows
    return result


def ms_ssim_pairs(a, b=None, memory_limit=MEMORY_LIMIT, progress=None):
    """MS-SSIM of every image of a with every image of b, or of a with itself where b is None.  (N, M) or (N, N)

    a (N, H, W, 1 or 3) uint8.  1 on identical images; colour channels are averaged, as the reference does.
    memory_limit: bytes for what is kept of images beside a and b themselves (4 MiB for each of 512×512). More images
    than fit are taken in blocks, whose moments are computed again; the result doesn't depend on it. One thread per
    core, or NUMBA_NUM_THREADS.  progress: called as progress(done, total) of pairs, at most once a row.
    """
    symmetric = b is None
    a, b = (as_images(a, "a"),) * 2 if symmetric else as_image_pair(a, b)
    ms_ssim_levels(min(a.shape[1:3]))
    of_two = 2 * 16 * a.shape[1] * a.shape[2]  # bytes: 12 a pixel and a third more for the coarser levels
    block = max(1, as_positive_integer(memory_limit, "memory_limit") // of_two)  # two are in memory
    import numba

    n_pairs = a.shape[3] * (len(a) * (len(a) - 1) // 2 if symmetric else len(a) * len(b))
    lock, done = Lock(), [0]

    def count(pairs):
        with lock:
            done[0] += pairs
            if progress is not None:
                progress(done[0], n_pairs)

    with ThreadPoolExecutor(numba.config.NUMBA_NUM_THREADS) as pool:
        total = sum(
            _one_channel(x, x if symmetric else y, block, pool, count)
            for x, y in zip(np.moveaxis(a, 3, 0), np.moveaxis(b, 3, 0), strict=True)
        )
    result = total / a.shape[3]
    if symmetric:
        result += result.T
        np.fill_diagonal(result, 1.0)
    return result
