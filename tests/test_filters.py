import numpy as np
import pytest
from scipy import signal

from dgan_core import backend
from dgan_stylegan import filters

from keras import ops
from keras.ops import convert_to_numpy as to_numpy

DESIGNS = [(12, 2.0, 6.0, 32.0), (24, 10.0, 4.0, 64.0), (12, 16.0, 0.5, 64.0), (96, 8.0, 2.0, 64.0)]


def response(filter, frequencies, rate):
    """|H| of a centred 1-D filter at each frequency, by its definition."""
    t = (np.arange(len(filter)) - (len(filter) - 1) / 2) / rate
    return np.abs(np.exp(-2j * np.pi * np.outer(frequencies, t)) @ filter)


def response_2d(filter, fx, fy, rate):
    t = (np.arange(len(filter)) - (len(filter) - 1) / 2) / rate
    return np.abs(np.exp(-2j * np.pi * fy * t) @ filter @ np.exp(-2j * np.pi * fx * t))


@pytest.mark.parametrize("taps, cutoff, half_width, rate", DESIGNS)
def test_low_pass_is_a_sinc_under_kaiser_s_window(taps, cutoff, half_width, rate):
    """Kaiser 1974: the attenuation that so many taps reach over the transition band sets the window's shape β."""
    attenuation = 2.285 * (taps - 1) * np.pi * 4 * half_width / rate + 7.95
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    else:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21) if attenuation > 21 else 0.0
    t = (np.arange(taps) - (taps - 1) / 2) / rate
    expected = np.sinc(2 * cutoff * t) * np.i0(beta * np.sqrt(1 - (2 * t * rate / (taps - 1)) ** 2))
    ours = filters.low_pass(taps, cutoff, half_width, rate)
    np.testing.assert_allclose(ours, expected / expected.sum(), atol=1e-12)


def test_low_pass_stops_as_much_as_its_length_allows_and_no_more():
    taps, cutoff, half_width, rate = 96, 8.0, 2.0, 64.0
    h = filters.low_pass(taps, cutoff, half_width, rate)
    attenuation = 2.285 * (taps - 1) * np.pi * 2 * half_width / (rate / 2) + 7.95  # 93.2 dB
    ripple = np.abs(response(h, np.linspace(0, cutoff - half_width, 500), rate) - 1).max()
    leak = response(h, np.linspace(cutoff + half_width, rate / 2, 500), rate).max()
    assert -20 * np.log10(ripple) == pytest.approx(attenuation, abs=3)
    assert -20 * np.log10(leak) == pytest.approx(attenuation, abs=3)
    assert response(h, [cutoff], rate)[0] == pytest.approx(0.5, abs=1e-3)


def test_radial_filter_passes_a_disc_where_the_separable_passes_a_square():
    taps, cutoff, half_width, rate = 48, 8.0, 3.0, 64.0
    disc = filters.low_pass_radial(taps, cutoff, half_width, rate)
    line = filters.low_pass(taps, cutoff, half_width, rate)
    square = np.outer(line, line)
    assert disc.sum() == pytest.approx(1, abs=1e-12)
    for turned in (disc.T, disc[::-1], disc[:, ::-1]):
        np.testing.assert_allclose(disc, turned, atol=1e-15)
    angles = np.linspace(0, np.pi / 2, 19)
    around = np.array([[response_2d(f, 8 * np.cos(a), 8 * np.sin(a), rate) for a in angles] for f in (disc, square)])
    assert np.ptp(around[0]) < 0.01 and around[0].mean() == pytest.approx(0.5, abs=0.05)
    assert np.ptp(around[1]) > 0.3
    corner = (cutoff + half_width) * 0.8  # outside the disc, inside the square's transition band
    assert response_2d(disc, corner, corner, rate) < 1e-3 < 1e-2 < response_2d(square, corner, corner, rate)


@pytest.mark.parametrize("factor, crop", [(1, 0), (1, 3), (2, 0), (2, 5), (2, 11), (4, 0), (4, 7), (4, 21)])
@pytest.mark.parametrize("axis", [1, 2])
def test_up_is_zero_insertion_convolution_and_crop(factor, crop, axis):
    rng = np.random.default_rng(factor)
    x, h = rng.normal(size=(2, 7, 9, 3)), rng.normal(size=6 * factor)  # asymmetric: a flip would show
    shape = list(x.shape)
    shape[axis] = (shape[axis] - 1) * factor + 1
    inserted = np.zeros(shape)
    inserted[(slice(None),) * axis + (slice(None, None, factor),)] = x
    full = np.apply_along_axis(lambda v: np.convolve(v, factor * h), axis, inserted)
    expected = np.take(full, range(crop, full.shape[axis] - crop), axis)
    np.testing.assert_allclose(to_numpy(filters.up_1d(x.astype("float32"), h, factor, axis, crop)), expected, atol=1e-4)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_down_is_convolution_and_decimation(factor):
    rng = np.random.default_rng(factor)
    x, h = rng.normal(size=(2, 26, 28, 2)), rng.normal(size=(12, 12))
    expected = np.stack(
        [[signal.convolve2d(x[b, :, :, c], h, "valid")[::factor, ::factor] for c in range(2)] for b in range(2)]
    )
    ours = to_numpy(filters.down_2d(x.astype("float32"), h, factor))
    np.testing.assert_allclose(ours, expected.transpose(0, 2, 3, 1), atol=1e-4)


@pytest.mark.parametrize("factor", [2, 4])
def test_an_impulse_comes_out_as_the_filter_and_a_constant_as_itself(factor):
    h = filters.low_pass(6 * factor, 4.0, 4.0, 16.0 * factor)
    impulse = np.zeros((1, 1, 1, 1), "float32") + 1
    out = to_numpy(filters.up_2d(impulse, h, factor))[0, :, :, 0]
    np.testing.assert_allclose(out, factor**2 * np.outer(h, h), rtol=1e-5)
    inner = to_numpy(filters.up_2d(np.full((1, 40, 40, 2), 3.0, "float32"), h, factor, 6 * factor - 1))
    np.testing.assert_allclose(inner, 3.0, atol=0.01)  # phases sum to 1 but for the leak at the images of 0


def test_without_a_change_of_rate_the_unit_filter_is_the_identity():
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32")
    np.testing.assert_array_equal(to_numpy(filters.up_2d(x, np.ones(1), 1)), x)
    np.testing.assert_array_equal(to_numpy(filters.down_2d(x, np.ones((1, 1)), 1)), x)


@pytest.mark.parametrize("frequency, gain", [(3.0, 1.0), (14.0, 0.0)])
def test_up_and_down_keep_what_lies_in_the_pass_band_and_remove_the_rest(frequency, gain):
    rate, factor, taps = 32.0, 2, 48
    h = filters.low_pass(taps, 8.0, 4.0, rate * factor)
    t = (np.arange(96) - 95 / 2) / rate
    x = np.cos(2 * np.pi * frequency * t + 0.3)[None, :, None, None] * np.ones((1, 1, 96, 1))
    up = filters.up_2d(x.astype("float32"), h, factor, taps // 2 - 2)
    out = to_numpy(filters.down_2d(up, np.outer(h, h), factor))[0, :, :, 0]
    lost = (96 - len(out)) // 2  # the grids share their centre
    expected = gain * x[0, lost : 96 - lost, lost : 96 - lost, 0]
    inside = slice(20, -20)
    np.testing.assert_allclose(out[inside, inside], expected[inside, inside], atol=2e-3)


@pytest.mark.parametrize("factor, crop", [(2, 0), (2, 5), (4, 0), (4, 7)])
def test_the_gradient_of_going_up_is_the_one_found_phase_by_phase(factor, crop):
    """First order, and second: Σ (∂ Σ y³ / ∂x)² by x, as a penalty on gradients needs it."""
    rng = np.random.default_rng(0)
    x, h = ops.convert_to_tensor(rng.normal(size=(1, 5, 6, 2)).astype("float32")), rng.normal(size=6 * factor) / factor

    def slopes(up):
        def cubes(v):
            return ops.sum(up(v[0]) ** 3), ()

        def penalty(v):
            _, (slope,) = backend.value_and_grad(cubes, v)
            return ops.mean(ops.square(slope)), ()

        return [to_numpy(backend.value_and_grad(f, [x])[1][0]) for f in (cubes, penalty)]

    ours = slopes(lambda v: filters.up_2d(v, h, factor, crop))
    theirs = slopes(lambda v: filters.up_1d(filters.up_1d(v, h, factor, 1, crop), h, factor, 2, crop))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(b).max())
