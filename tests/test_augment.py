import numpy as np
import pytest

from dgan_core import backend, rng
from dgan_stylegan.augmentation import augment, augmentation_draws, inverse_transforms, resample

from keras import ops
from keras.ops import convert_to_numpy as to_numpy


def images(n=3, size=8):
    return rng.normal(0, "images", 0, (n, size, size, 1))


def drawn(n=1, gates=(), uniforms=None, normals=None):
    """Draws with only the named transformations let through (at p = 0.5), others at their middle."""
    gate = np.ones((n, 8), "float32")
    gate[:, list(gates)] = 0.0
    u, z = np.full((n, 6), 0.5, "float32"), np.zeros((n, 4), "float32")
    for array, values in ((u, uniforms or {}), (z, normals or {})):
        for i, value in values.items():
            array[:, i] = value
    return {"gates": gate, "uniforms": u, "normals": z}


HALF = np.float32(0.5)


def test_at_p_zero_nothing_changes_at_all():
    x = images(16, 32)
    assert np.array_equal(x, to_numpy(augment(x, np.float32(0), augmentation_draws(0, "a", 0, 16))))


def test_at_p_one_every_image_changes():
    x = images(16, 32)
    y = to_numpy(augment(x, np.float32(1), augmentation_draws(0, "a", 0, 16)))
    assert (np.abs(x - y).max(axis=(1, 2, 3)) > 0.1).all()


def test_a_flip_is_exact():
    x = images()
    assert np.array_equal(to_numpy(augment(x, HALF, drawn(3, [0], {0: 0.9}))), x[:, :, ::-1])
    assert np.array_equal(to_numpy(augment(x, HALF, drawn(3, [0], {0: 0.1}))), x)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns_are_exact(quarters):
    x = images()
    y = to_numpy(augment(x, HALF, drawn(3, [1], {1: (quarters + 0.5) / 4})))
    assert np.array_equal(y, np.rot90(x, quarters, axes=(1, 2)))


def test_whole_shifts_are_exact_and_reflect_at_the_border():
    x = images(1)
    y = to_numpy(augment(x, HALF, drawn(1, [2], {2: 0.999})))  # 0.125 · 8 = 1 pixel to the right
    assert np.array_equal(y[:, :, 1:], x[:, :, :-1])
    assert np.array_equal(y[:, :, 0], x[:, :, 1])  # reflected about the outer pixel's centre


def test_a_fractional_shift_of_a_ramp_is_a_constant():
    x = np.broadcast_to(np.arange(8, dtype="float32")[None, None, :, None], (1, 8, 8, 1))
    y = to_numpy(augment(x, HALF, drawn(1, [7], normals={2: 0.5})))  # half a pixel to the right
    np.testing.assert_allclose(y[0, :, 1:, 0], x[0, :, 1:, 0] - 0.5, atol=1e-6)


def test_a_scale_magnifies_about_the_centre():
    """One standard deviation of log scale is a factor of 2^0.2."""
    matrix = to_numpy(inverse_transforms(HALF, drawn(1, [3], normals={0: 1.0}), 8))[0]
    np.testing.assert_allclose(matrix, np.diag([2**-0.2, 2**-0.2, 1.0]), rtol=1e-6)
    matrix = to_numpy(inverse_transforms(HALF, drawn(1, [5], normals={1: 1.0}), 8))[0]
    np.testing.assert_allclose(matrix, np.diag([2**-0.2, 2**0.2, 1.0]), rtol=1e-6)


def test_two_quarter_rotations_make_a_half_turn():
    matrix = to_numpy(inverse_transforms(HALF, drawn(1, [4, 6], {4: 0.75, 5: 0.75}), 8))[0]
    np.testing.assert_allclose(matrix, np.diag([-1.0, -1.0, 1.0]), atol=1e-6)


def test_chances_are_the_published_ones():
    n, p = 20_000, 0.3
    d = augmentation_draws(0, "chances", 0, n)
    matrices = to_numpy(inverse_transforms(np.float32(p), d, 64))
    scaled = np.abs(np.linalg.det(matrices) - np.sign(np.linalg.det(matrices))) > 1e-4  # isotropic scale only
    assert scaled.mean() == pytest.approx(p, abs=0.015)
    assert (np.linalg.det(matrices) < 0).mean() == pytest.approx(p / 2, abs=0.015)  # flipped
    log_scale = -np.log(np.abs(np.linalg.det(matrices)))[scaled] / 2
    assert log_scale.std() == pytest.approx(0.2 * np.log(2), rel=0.05)
    free = {**d, "gates": np.where(np.isin(np.arange(8), [4, 6]), d["gates"], 1.0).astype("float32")}
    turned = np.abs(to_numpy(inverse_transforms(np.float32(p), free, 64))[:, 0, 1]) > 1e-6
    assert turned.mean() == pytest.approx(p, abs=0.015)  # either rotation


def test_reading_beyond_the_image_stays_inside():
    x = images(1)
    far = np.array([[[1, 0, 1000.3], [0, 1, -777.7], [0, 0, 1]]], "float32")
    y = to_numpy(resample(x, far))
    assert np.isfinite(y).all() and y.min() >= x.min() and y.max() <= x.max()


def test_the_slope_is_the_transpose_of_a_linear_map():
    x, y = images(2), rng.normal(0, "y", 0, (2, 8, 8, 1))
    d = augmentation_draws(3, "a", 0, 2)
    apply = lambda v: to_numpy(augment(v, np.float32(0.9), d))  # noqa: E731
    _, (slope,) = backend.value_and_grad(
        lambda v: (ops.sum(augment(v[0], np.float32(0.9), d) * y), ()), [ops.convert_to_tensor(x)]
    )
    other = rng.normal(1, "other", 0, x.shape)
    assert float((to_numpy(slope) * other).sum()) == pytest.approx(float((apply(other) * y).sum()), rel=1e-4)
