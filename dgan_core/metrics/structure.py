"""MS-SSIM over all pairs of images (Wang et al. 2003; the paper's Equation 5). NumPy alone.

Conventions of the reference: weights .0448 .2856 .3001 .2363 .1333, K = (.01, .03), Gaussian window of 11 taps and
σ 1.5 over valid positions, 2×2 mean pooling between levels (an odd last row or column is dropped), ReLU before the
powers, data range 255. Five levels need a side of 176; a smaller image has fewer, and the weights are renormalised.
Window means and variances belong to an image; only the cross term belongs to a pair.
"""

import numpy as np

from .checks import as_image_pair, as_images

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
TAPS, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ms_ssim_levels(size):
    """Number of levels, at most five, such that the smallest level's side, size // 2^(levels−1), is at least 11."""
    if size < TAPS:
        raise ValueError(f"images must be at least {TAPS} pixels wide and high for MS-SSIM, got {size}")
    return min(len(WEIGHTS), int(np.log2(size / TAPS)) + 1)


def _band(size):
    """The valid Gaussian filter along one axis, as a matrix.  (size − 10, size)"""
    taps = np.exp(-((np.arange(TAPS) - TAPS // 2) ** 2) / (2 * SIGMA**2))
    taps /= taps.sum()
    rows = size - TAPS + 1
    band = np.zeros((rows, size), np.float32)
    for i in range(rows):
        band[i, i : i + TAPS] = taps
    return band


def _half(x):
    """2×2 mean pooling.  (N, H, W) → (N, H//2, W//2)"""
    x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


class _Level:
    """What one level needs of each image: the centred pixels, the window means μ and the window variances σ²."""

    def __init__(self, x):  # (N, H, W) float32 in 0..255
        self.up, self.across = _band(x.shape[1]), _band(x.shape[2]).T.copy()
        centre = x.mean((1, 2), keepdims=True)  # a covariance doesn't change; float32 loses less
        self.pixels = x - centre
        self.blurred = self.blur(self.pixels)
        self.mean = self.blurred + centre
        self.variance = self.blur(self.pixels**2) - self.blurred**2

    def blur(self, x):  # (..., H, W) → (..., H−10, W−10)
        return self.up @ (x @ self.across)


def _terms(p, i, q):
    """Mean of l·cs and of cs over the windows, for image i of p with every image of q.  (2, M)"""
    cross = p.blur(p.pixels[i] * q.pixels) - p.blurred[i] * q.blurred
    cs = (2 * cross + C2) / (p.variance[i] + q.variance + C2)
    luminance = (2 * p.mean[i] * q.mean + C1) / (p.mean[i] ** 2 + q.mean**2 + C1)
    return np.stack([(luminance * cs).mean((1, 2)), cs.mean((1, 2))])


def _one_channel(a, b, symmetric):
    levels = ms_ssim_levels(min(a.shape[1:]))
    weights = WEIGHTS[:levels] / WEIGHTS[:levels].sum()
    a, b = a.astype(np.float32), b.astype(np.float32)
    result = np.ones((len(a), len(b)))
    for k in range(levels):
        p = _Level(a)
        q = p if symmetric else _Level(b)
        for i in range(len(a)):
            first = i if symmetric else 0  # below the diagonal is the mirror image
            part = _Slice(q, first)
            whole, cs = _terms(p, i, part)
            result[i, first:] *= np.maximum(whole if k == levels - 1 else cs, 0) ** weights[k]
        a, b = _half(a), _half(b)
    if symmetric:
        upper = np.triu(result, 1)
        result = upper + upper.T + np.eye(len(a))
    return result


class _Slice:
    """The images from `first` on, as views."""

    def __init__(self, level, first):
        for name in ("pixels", "blurred", "mean", "variance"):
            setattr(self, name, getattr(level, name)[first:])


def ms_ssim_pairs(a, b=None):
    """MS-SSIM of every image of a with every image of b, or of a with itself where b is None.  (N, M) or (N, N)

    a (N, H, W, 1 or 3) uint8.  1 on identical images; colour channels are averaged, as the reference does.
    """
    symmetric = b is None
    a, b = (as_images(a, "a"),) * 2 if symmetric else as_image_pair(a, b)
    channels = [_one_channel(a[..., c], b[..., c], symmetric) for c in range(a.shape[-1])]
    return np.mean(channels, axis=0)
