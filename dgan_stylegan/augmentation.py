"""Adaptive discriminator augmentation: pixel blits and geometric transformations of what the critic sees.

Karras et al. 2020 (ADA), appendix B; each is applied with probability p, which the training adapts. All of an image's
transformations are one affine map, sampled once, bilinearly, with reflected borders; colour is left alone.
"""

import math
from typing import Any

import numpy as np

from dgan_core import rng

from keras import ops

SCALE = 0.2 * math.log(2.0)  # σ of a scale's logarithm
SHIFT = 0.125  # of the image's side: largest whole-pixel shift, σ of the fractional one


def augmentation_draws(seed: int, stream: str, step: int, n: int) -> dict[str, np.ndarray]:
    """What `augment` needs for n images: gates U[0, 1) (n, 8), uniforms U[0, 1) (n, 6), normals N(0, 1) (n, 4)."""
    return {
        "gates": rng.uniform(seed, f"{stream} gates", step, (n, 8)),
        "uniforms": rng.uniform(seed, f"{stream} uniforms", step, (n, 6)),
        "normals": rng.normal(seed, f"{stream} normals", step, (n, 4)),
    }


def augment(images: Any, p: Any, drawn: dict[str, Any]) -> Any:
    """images (B, S, S, C), p in [0, 1], drawn by `augmentation_draws` → (B, S, S, C); at p = 0 the images exactly."""
    return resample(images, inverse_transforms(p, drawn, int(images.shape[1])))


def inverse_transforms(p: Any, drawn: dict[str, Any], size: int) -> Any:
    """(B, 3, 3): where, in pixels from the image's centre, the output's pixel (x, y, 1) lies in the input.

    In the published order: x-flip, 90° rotation, whole-pixel shift, isotropic scale, rotation, anisotropic scale,
    rotation, fractional shift.  A rotation has probability 1 − √(1 − p) each, so that either happens with p.
    """
    p_rotation = 1.0 - ops.sqrt(1.0 - p)
    chances = ops.stack([p, p, p, p, p_rotation, p, p_rotation, p])
    on = ops.cast(ops.less(drawn["gates"], chances), "float32")  # (B, 8)
    uniform, normal = drawn["uniforms"], drawn["normals"]
    flip = 1.0 - 2.0 * on[:, 0] * ops.floor(2.0 * uniform[:, 0])
    quarters = on[:, 1] * ops.floor(4.0 * uniform[:, 1])
    # cos and sin of whole quarters, exactly: 1, 0, −1, 0 and 0, 1, 0, −1
    cos, sin = ops.abs(quarters - 2.0) - 1.0, 1.0 - ops.abs(quarters - 1.0)
    whole = ops.round(on[:, 2:3] * SHIFT * size * (2.0 * uniform[:, 2:4] - 1.0))
    scale = ops.exp(-on[:, 3] * SCALE * normal[:, 0])
    stretch = ops.exp(-on[:, 5] * SCALE * normal[:, 1])
    turns = [math.pi * on[:, gate] * (2.0 * uniform[:, i] - 1.0) for gate, i in ((4, 4), (6, 5))]
    shift = on[:, 7:8] * SHIFT * size * normal[:, 2:4]
    transform = _linear(flip, 0.0, 0.0, 1.0)
    for step in (
        _linear(cos, -sin, sin, cos),
        _shift(-whole),
        _linear(scale, 0.0, 0.0, scale),
        _rotation(turns[0]),
        _linear(stretch, 0.0, 0.0, 1.0 / stretch),
        _rotation(turns[1]),
        _shift(-shift),
    ):
        transform = ops.matmul(transform, step)
    return transform


def _linear(a: Any, b: Any, c: Any, d: Any) -> Any:
    """(B, 3, 3) of [[a, b], [c, d]] and no shift; each a number or (B,)."""
    n = next(ops.shape(entry)[0] for entry in (a, b, c, d) if len(ops.shape(entry)))
    full = [ops.broadcast_to(entry, (n,)) for entry in (a, b, 0.0, c, d, 0.0, 0.0, 0.0, 1.0)]
    return ops.reshape(ops.stack(full, axis=1), (-1, 3, 3))


def _rotation(angle: Any) -> Any:
    """(B, 3, 3) turning by angle (B,), counter-clockwise as seen."""
    cos, sin = ops.cos(angle), ops.sin(angle)
    return _linear(cos, -sin, sin, cos)


def _shift(by: Any) -> Any:
    """(B, 3, 3) moving by (B, 2) pixels in x and y."""
    column = ops.concatenate([by, ops.ones_like(by[:, :1])], axis=1)[:, :, None]
    left = ops.broadcast_to(ops.eye(3)[None, :, :2], (ops.shape(by)[0], 3, 2))
    return ops.concatenate([left, column], axis=2)


def resample(images: Any, transform: Any) -> Any:
    """images (B, S, S, C) read at transform (B, 3, 3) of each pixel: bilinear, reflected about the outer pixels.

    Differentiable in the images, twice, since it is linear in them.
    """
    size, channels = int(images.shape[1]), int(images.shape[3])
    centre = (size - 1) / 2.0
    along = ops.arange(size, dtype="float32") - centre
    y, x = ops.meshgrid(along, along, indexing="ij")
    grid = ops.reshape(ops.stack([x, y, ops.ones_like(x)]), (3, -1))  # (3, S·S)
    at = ops.matmul(transform[:, :2], grid) + centre  # (B, 2, S·S)
    low = ops.floor(at)
    weight = at - low
    (x0, y0), (x1, y1) = (ops.unstack(_reflect(low + i, size), axis=1) for i in (0.0, 1.0))
    wx, wy = ops.unstack(weight[..., None], axis=1)  # (B, S·S, 1)
    first = ops.arange(ops.shape(images)[0], dtype="int32")[:, None] * (size * size)
    flat = ops.reshape(images, (-1, channels))

    def read(row, column):
        return ops.take(flat, first + row * size + column, axis=0)  # (B, S·S, C)

    above = (1.0 - wx) * read(y0, x0) + wx * read(y0, x1)
    below = (1.0 - wx) * read(y1, x0) + wx * read(y1, x1)
    return ops.reshape((1.0 - wy) * above + wy * below, (-1, size, size, channels))


def _reflect(index: Any, size: int) -> Any:
    """Any whole number, as a float → an index in 0 … size − 1: … 2 1 0 1 2 … size − 2, size − 1, size − 2 …"""
    return ops.cast((size - 1.0) - ops.abs(ops.mod(index, 2.0 * (size - 1)) - (size - 1.0)), "int32")
