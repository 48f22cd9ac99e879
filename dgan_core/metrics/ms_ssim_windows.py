"""The 11×11 Gaussian window of SSIM, compiled: what one pair of images needs, without an array per step.

A product of two images is formed and blurred a band of rows at a time in the processor's cache. A band is one long row
to every loop, which is what compilers vectorise well: the ten places at a row's end where the window would reach into
the next row have a variance of FAR, so that they count nothing. The window is separable and symmetric: six
multiplications along each axis. numba compiles it on first use (seconds) and keeps the result on disk.

All is float32. σₓᵧ = E[xy] − μμ' would cancel where both images are flat and bright, so pixels come with their image's
mean taken off, which changes no covariance: MS-SSIM is then within 1e-6 of float64's.
"""

import numba
import numpy as np

from .ms_ssim import SIGMA, TAPS
from .numba_setup import compiled

C1, C2 = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
FAR = np.float32(1e30)
BAND = 8192  # pixels, of which two bands fit the cache next to the processor
_gauss = np.exp(-((np.arange(TAPS) - TAPS // 2) ** 2) / (2 * SIGMA**2))
T0, T1, T2, T3, T4, T5 = (_gauss / _gauss.sum())[:6].astype(np.float32)

# Python's division by 0 raises, a branch that keeps a loop from being vectorised; no divisor here can be 0. A function
# that is handed rows costs more than a row's work, unless it is written into its caller.
_options = {"fastmath": True, "nogil": True, "error_model": "numpy"}
_inline = numba.njit(inline="always", **_options)


@_inline
def _across(p, q, product, out):
    """A band of p·q, blurred along its rows.  p, q (L,) → out[: L−10]"""
    for k in range(p.shape[0]):
        product[k] = p[k] * q[k]
    for k in range(p.shape[0] - 10):
        out[k] = (
            T0 * (product[k] + product[k + 10])
            + T1 * (product[k + 1] + product[k + 9])
            + T2 * (product[k + 2] + product[k + 8])
            + T3 * (product[k + 3] + product[k + 7])
            + T4 * (product[k + 4] + product[k + 6])
            + T5 * product[k + 5]
        )


@_inline
def _down(rows, k):
    """Place k of eleven bands, each a row below the one before, blurred across them."""
    return (
        T0 * (rows[0][k] + rows[10][k])
        + T1 * (rows[1][k] + rows[9][k])
        + T2 * (rows[2][k] + rows[8][k])
        + T3 * (rows[3][k] + rows[7][k])
        + T4 * (rows[4][k] + rows[6][k])
        + T5 * rows[5][k]
    )


@_inline
def _contrast(rows, m, v, n, w):
    """Sum over windows of cs = (2σₓᵧ + C2) / (σ² + σ'² + C2)."""
    two, total = np.float32(2), np.float32(0)
    for k in range(m.shape[0]):
        total += (two * (_down(rows, k) - m[k] * n[k]) + C2) / (v[k] + w[k] + C2)
    return total


@_inline
def _whole(rows, m, v, n, w, centre, other):
    """Sum over windows of l·cs, l = (2μμ' + C1) / (μ² + μ'² + C1) of means to which the centres are added again."""
    two, total = np.float32(2), np.float32(0)
    for k in range(m.shape[0]):
        mine, theirs = m[k] + centre, n[k] + other
        contrast = two * (_down(rows, k) - m[k] * n[k]) + C2
        bright = mine * mine + theirs * theirs + C1
        total += contrast * (two * mine * theirs + C1) / ((v[k] + w[k] + C2) * bright)
    return total


@compiled(**_options)
def pair_terms(pixels, mean, variance, centre, others, means, variances, centres, coarsest, out):
    """Mean over windows of cs, at the coarsest level of l·cs, of one image with each of M others.  → out (M,) float64

    pixels (H, W), others (M, H, W), less their centres;  centre, centres (M,);  mean, variance (H−10, W), means,
    variances (M, H−10, W) of `pixels` under each window, FAR as variance in the last ten columns.  All float32.
    """
    height, s = mean.shape
    most = max(1, BAND // s)  # rows in a band
    product = np.zeros(max(most, TAPS - 1) * s, np.float32)
    blurred = np.zeros((most + TAPS - 1) * s, np.float32)  # the ten rows before the band, then the band
    head = (TAPS - 1) * s
    p, m, v = pixels.ravel(), mean.ravel(), variance.ravel()
    for j in range(others.shape[0]):
        q, n, w = others[j].ravel(), means[j].ravel(), variances[j].ravel()
        _across(p[:head], q[:head], product, blurred)
        total = 0.0
        for top in range(0, height, most):
            a, b = top * s, min(top + most, height) * s
            _across(p[a + head : b + head], q[a + head : b + head], product, blurred[head:])
            rows = (
                blurred, blurred[s:], blurred[2 * s :], blurred[3 * s :], blurred[4 * s :], blurred[5 * s :],
                blurred[6 * s :], blurred[7 * s :], blurred[8 * s :], blurred[9 * s :], blurred[10 * s :],
            )  # fmt: skip
            if coarsest:
                total += _whole(rows, m[a:b], v[a:b], n[a:b], w[a:b], centre, centres[j])
            else:
                total += _contrast(rows, m[a:b], v[a:b], n[a:b], w[a:b])
            for k in range(head):
                blurred[k] = blurred[b - a + k]
        out[j] = total / (height * (s - TAPS + 1))
