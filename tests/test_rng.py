import numpy as np
import pytest

from dgan_core import rng


def test_a_draw_is_a_function_of_seed_stream_and_step():
    base = rng.normal(1, "z", 2, (50,))
    assert np.array_equal(base, rng.normal(1, "z", 2, (50,)))
    for other in (rng.normal(0, "z", 2, (50,)), rng.normal(1, "x", 2, (50,)), rng.normal(1, "z", 3, (50,))):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.5 and not np.array_equal(base, other)


def test_laws():
    z, u = rng.normal(0, "z", 0, (200_000,)), rng.uniform(0, "u", 0, (200_000,))
    assert z.dtype == u.dtype == np.float32
    assert (z.mean(), z.std()) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))
    assert (u.mean(), u.var()) == (pytest.approx(0.5, abs=0.005), pytest.approx(1 / 12, abs=0.002))
    assert u.min() >= 0 and u.max() < 1


def test_each_pass_visits_every_image_once():
    for epoch in range(3):
        seen = np.concatenate([rng.minibatch(0, 4 * epoch + k, 8, 2) for k in range(4)])
        assert sorted(seen) == list(range(8))
    first, second = (np.concatenate([rng.minibatch(0, 4 * e + k, 8, 2) for k in range(4)]) for e in (0, 1))
    assert not np.array_equal(first, second)
