"""The 11×11 Gaussian window of SSIM, compiled: what one image and what one pair need, without an array per step.

A product of two images is formed, blurred and averaged a row at a time in the processor's cache. The window is
separable and symmetric: six multiplications along each axis. numba compiles it on first use (seconds) and keeps the
result on disk.

Pixels, exact in float32 at every level, are multiplied and blurred in float64: σₓᵧ = E[xy] − μμ' cancels, and where
both images are flat float32 is off by enough to move MS-SSIM by 3e-6. The ratios are float32.
"""

from contextlib import suppress

import numba
import numpy as np

TAPS, SIGMA = 11, 1.5
C1, C2 = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
_gauss = np.exp(-((np.arange(TAPS) - TAPS // 2) ** 2) / (2 * SIGMA**2))
T0, T1, T2, T3, T4, T5 = (_gauss / _gauss.sum())[:6]

# Python's division by 0 raises, a branch that keeps a loop from being vectorised; no divisor here can be 0.
_compile = numba.njit(fastmath=True, nogil=True, error_model="numpy")


@_compile
def _across(p, q, product, out):
    """One row of p·q, blurred.  p, q (W,) → out (W−10,)"""
    for x in range(p.shape[0]):
        product[x] = np.float64(p[x]) * np.float64(q[x])
    for x in range(out.shape[0]):
        out[x] = (
            T0 * (product[x] + product[x + 10])
            + T1 * (product[x + 1] + product[x + 9])
            + T2 * (product[x + 2] + product[x + 8])
            + T3 * (product[x + 3] + product[x + 7])
            + T4 * (product[x + 4] + product[x + 6])
            + T5 * product[x + 5]
        )


@_compile
def _up(rows, x):
    """Column x of eleven rows, blurred."""
    return (
        T0 * (rows[0, x] + rows[10, x])
        + T1 * (rows[1, x] + rows[9, x])
        + T2 * (rows[2, x] + rows[8, x])
        + T3 * (rows[3, x] + rows[7, x])
        + T4 * (rows[4, x] + rows[6, x])
        + T5 * rows[5, x]
    )


@_compile
def _next_rows(p, q, y, product, ring):
    """The eleven blurred rows of p·q that end with row y, of which only the last is new.

    ring (22, W−10) holds each row twice, eleven apart, so that they are always neighbours in order: compilers
    vectorise that, and not an index that turns round.
    """
    slot = y % TAPS
    _across(p[y], q[y], product, ring[slot])
    ring[slot + TAPS] = ring[slot]
    return ring[slot + 1 : slot + 1 + TAPS]


@_compile
def window_means(p, q):
    """Mean of p·q under each window.  p, q (H, W) float32 → (H−10, W−10) float64"""
    height, width = p.shape[0] - TAPS + 1, p.shape[1] - TAPS + 1
    product, ring = np.empty(p.shape[1]), np.empty((2 * TAPS, width))
    out = np.empty((height, width))
    for y in range(p.shape[0]):
        rows = _next_rows(p, q, y, product, ring)
        if y >= TAPS - 1:
            mean = out[y - TAPS + 1]
            for x in range(width):
                mean[x] = _up(rows, x)
    return out


@_compile
def pair_terms(pixels, mean, variance, others, means, variances, out):
    """Means over windows of l·cs and of cs, of one image with each of M others.  → out (M, 2) float64

    pixels (H, W), others (M, H, W) float32;  mean (H−10, W−10), means (M, H−10, W−10) float64;  variance, variances
    float32 of the same shapes.  l = (2μμ' + C1) / (μ² + μ'² + C1), cs = (2σₓᵧ + C2) / (σ² + σ'² + C2).
    """
    height, width = mean.shape
    product, ring = np.empty(pixels.shape[1]), np.empty((2 * TAPS, width))
    two = np.float32(2)
    for j in range(others.shape[0]):
        whole = contrast = 0.0
        for y in range(pixels.shape[0]):
            rows = _next_rows(pixels, others[j], y, product, ring)
            if y < TAPS - 1:
                continue
            top = y - TAPS + 1
            m, n, v, w = mean[top], means[j, top], variance[top], variances[j, top]
            row_whole = row_contrast = np.float32(0)
            for x in range(width):
                covariance = np.float32(_up(rows, x) - m[x] * n[x])
                mine, theirs = np.float32(m[x]), np.float32(n[x])
                bright = mine * mine + theirs * theirs + C1
                part = (two * covariance + C2) / ((v[x] + w[x] + C2) * bright)  # one division for both ratios
                row_contrast += part * bright
                row_whole += part * (two * mine * theirs + C1)
            contrast += row_contrast
            whole += row_whole
        out[j, 0], out[j, 1] = whole / (height * width), contrast / (height * width)


for _compiled in (_across, _up, _next_rows, window_means, pair_terms):
    with suppress(RuntimeError):  # no writable cache folder: compiled anew in each process
        _compiled.enable_caching()
