import numpy as np
import pytest
from scipy import stats

from dgan_core.metrics import frechet_distance, intervals, kernel_distance, leave_one_out, sliced_wasserstein

rng = np.random.default_rng(11)


def coverage(interval, draw, truth, repetitions):
    found = [interval(*draw()) for _ in range(repetitions)]
    return np.mean([low <= truth <= high for _, low, high in found])


def sets(n, m, d):
    return rng.normal(size=(n, d)) / np.arange(1, d + 1), rng.normal(size=(m, d)) * 1.3 / np.arange(1, d + 1) + 0.2


def deleted(statistic, x, y):
    """The definition: refit without each image of x."""
    return np.array([statistic(np.delete(x, i, 0), y) for i in range(len(x))])


def agree(short, refitted):
    """Equal up to a constant, measured against their own spread."""
    assert refitted.std() > 0
    np.testing.assert_allclose(short - short.mean(), refitted - refitted.mean(), atol=1e-5 * refitted.std())


@pytest.mark.parametrize(("n", "m", "d"), [(12, 9, 5), (9, 14, 30), (20, 6, 9), (6, 20, 9)])
def test_leaving_one_out_equals_refitting(n, m, d):
    x, y = sets(n, m, d)
    agree(leave_one_out.kernel_distance(x, y), deleted(kernel_distance, x, y))
    for short, sides in zip(leave_one_out.frechet_distances(x, y), ((x, y), (y, x)), strict=True):
        agree(short, deleted(frechet_distance, *sides))
    theta = np.random.default_rng(3).standard_normal((d, 40))
    theta /= np.linalg.norm(theta, axis=0)
    refitted = deleted(lambda p, q: sliced_wasserstein(p, q, 40, seed=3), x, y)
    np.testing.assert_allclose(leave_one_out.sliced_wasserstein(x @ theta, y @ theta), refitted, rtol=1e-12)


def test_leaving_one_out_survives_duplicates_and_ties():
    x, y = sets(10, 8, 4)
    x[3:6], y[:4] = x[2], x[2]
    agree(leave_one_out.frechet_distances(x, y)[0], deleted(frechet_distance, x, y))
    p, q = np.round(x[:, :1], 1), np.round(y[:, :1], 1)  # one dimension: every direction gives W₁ itself
    refitted = deleted(lambda a, b: stats.wasserstein_distance(a[:, 0], b[:, 0]), p, q)
    np.testing.assert_allclose(leave_one_out.sliced_wasserstein(p, q), refitted, atol=1e-12)


def kernel(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


@pytest.mark.parametrize("block", [4, 100])
def test_the_second_order_term_equals_its_definition(block):
    x, y = sets(11, 7, 5)
    both = kernel(x, x), kernel(x, y)
    centred = [k - k.mean(1, keepdims=True) - k.mean(0) + k.mean() for k in both]
    off_diagonal = centred[0][~np.eye(11, dtype=bool)]
    assert intervals._centred_square(kernel, x, x, block) == pytest.approx((off_diagonal**2).mean())
    assert intervals._centred_square(kernel, x, y, block) == pytest.approx((centred[1] ** 2).mean())


def test_the_second_order_term_is_the_variance_for_equal_distributions():
    draws = np.random.default_rng(8)
    pairs = [(draws.normal(1, 0.3, size=(40, 3)), draws.normal(1, 0.3, size=(50, 3))) for _ in range(600)]
    variance = np.var([kernel_distance(x, y) for x, y in pairs])
    estimate = np.mean([intervals._second_order(kernel, x, y) for x, y in pairs])
    assert estimate == pytest.approx(variance, rel=0.25)  # the variance of such a skewed statistic converges slowly


def test_zero_is_covered_where_one_direction_dominates_and_both_sets_are_alike():
    """There KID is about λ(z² − 1) and the jackknife's error vanishes with z: alone it would miss one time in five."""
    draws = np.random.default_rng(9)

    def draw():
        return draws.normal(1, 0.2, size=(60, 1)), draws.normal(1, 0.2, size=(60, 1))

    assert coverage(intervals.kernel_distance_interval, draw, 0, 300) >= 0.93


def test_the_standard_error_of_a_mean_over_pairs_in_closed_form():
    # pairs aᵢ + bⱼ: the mean is mean a + mean b, its variance s²ₐ/n + s²_b/m, as Welch's
    a, b = rng.normal(10, 1, 40), rng.normal(10, 2, 60)
    value, low, high = intervals.pair_mean_interval(a[:, None] + b)
    variance = np.array([a.var(ddof=1) / 40, b.var(ddof=1) / 60])
    freedom = variance.sum() ** 2 / (variance**2 / [39, 59]).sum()
    error = np.sqrt(variance.sum())
    half = stats.t.ppf(0.975, freedom) * error
    assert value == pytest.approx(a.mean() + b.mean())
    # 60 errors above zero the scale is a logarithm: the ends are value · exp(∓ half/value), nearly
    assert [low, high] == pytest.approx([value * np.exp(-half / value), value * np.exp(half / value)], rel=1e-5)
    # pairs aᵢ + aⱼ within one set: twice the mean of a
    within = intervals.pair_mean_interval(a[:, None] + a, within=True)
    half = 2 * stats.t.ppf(0.975, 39) * a.std(ddof=1) / np.sqrt(40) * 39 / 38  # one n − 1 of each pair is gone
    assert within.value == pytest.approx(2 * a.mean())
    assert (within.high - within.low) / 2 == pytest.approx(half, rel=0.03)


def test_pairs_that_share_images_are_not_independent():
    a = rng.normal(size=30)
    value, low, high = intervals.pair_mean_interval(a[:, None] + rng.normal(size=30))
    naive = 2 * 1.96 * np.sqrt(2) / 30  # deviation over √(900 pairs)
    assert high - low > 3 * naive


def test_values_are_the_metrics_own_and_a_set_may_be_exchanged():
    x, y = sets(30, 25, 6)
    both = (
        (intervals.kernel_distance_interval, kernel_distance),
        (intervals.frechet_distance_interval, frechet_distance),
    )
    for interval, metric in both:
        found = interval(x, y)
        assert found.low < found.value == metric(x, y) < found.high
        assert found == pytest.approx(interval(y, x), rel=1e-6)
    found = intervals.sliced_wasserstein_interval(x, y, 50, seed=4)
    assert found.low < found.value == sliced_wasserstein(x, y, 50, seed=4) < found.high


def test_a_higher_level_is_wider_and_nothing_varying_has_no_width():
    x, y = sets(30, 25, 6)
    narrow, wide = (intervals.frechet_distance_interval(x, y, level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert intervals.pair_mean_interval(np.full((4, 5), 0.3)) == pytest.approx((0.3, 0.3, 0.3))
    assert intervals.kernel_distance_interval(np.zeros((4, 2)), np.zeros((5, 2))) == (0, 0, 0)
    assert intervals.frechet_distance_interval(np.ones((4, 2)), np.ones((5, 2))) == (0, 0, 0)


def test_the_scale_is_an_inverse_hyperbolic_sine():
    sides = rng.normal(size=500), rng.normal(size=400)
    error = np.sqrt(sum((len(t) - 1) / len(t) * ((t - t.mean()) ** 2).sum() for t in sides))
    _, low, high = intervals._jackknife(0.0, 0.95, *sides)
    assert [low, high] == pytest.approx([-error * np.sinh(1.96), error * np.sinh(1.96)], rel=0.01)
    below, above = (intervals._jackknife(value, 0.95, *sides) for value in (-3.0, 3.0))
    assert [below.low, below.high] == pytest.approx([-above.high, -above.low])
    far = intervals._jackknife(100 * error, 0.95, *sides)
    assert far.high / far.value == pytest.approx(far.value / far.low, rel=1e-3)  # a factor, where T is well above 0
    assert far.high / far.value == pytest.approx(np.exp(1.96 / 100), rel=1e-3)


def test_wilsons_interval_is_scipys_and_takes_students_quantile():
    for hits in (0, 1, 17, 40):
        expected = stats.binomtest(hits, 40).proportion_ci(0.9, "wilson")
        assert intervals.wilson(hits / 40, 40, level=0.9) == pytest.approx(tuple(expected), abs=1e-12)
    narrow, wide = intervals.wilson(0.3, 40), intervals.wilson(0.3, 40, freedom=5)
    assert wide[0] < narrow[0] < 0.3 < narrow[1] < wide[1]
    half = stats.t.ppf(0.975, 5) * np.sqrt(0.3 * 0.7 / 1e6)  # of very many: Wald's
    assert intervals.wilson(0.3, 1e6, freedom=5) == pytest.approx((0.3 - half, 0.3 + half), rel=1e-5)


def near_the_level(share, repetitions):
    return abs(share - 0.95) <= 4 * np.sqrt(0.05 * 0.95 / repetitions)


def test_pair_means_of_the_population_are_covered_as_often_as_the_level_says():
    draws = np.random.default_rng(5)  # x ~ N(0, 1), y ~ N(1, 2²): E (x − y)² = 1 + 1 + 4, E (y − y′)² = 2 · 4

    def draw():
        return draws.normal(0, 1, (60, 1)), draws.normal(1, 2, (60, 1))

    share = coverage(lambda x, y: intervals.pair_mean_interval((x - y.T) ** 2), draw, 6, 400)
    assert near_the_level(share, 400)
    share = coverage(lambda x, y: intervals.pair_mean_interval((y - y.T) ** 2, within=True), draw, 8, 400)
    assert near_the_level(share, 400)


def test_mmd_of_the_population_is_covered_as_often_as_the_level_says():
    d, draws = 16, np.random.default_rng(5)

    def draw():
        return draws.normal(0, 1, (60, d)), draws.normal(0.5, 1, (60, d))

    b = d * 0.5**2  # ‖E y‖²; moments of the inner products of x·x′, y·y′ and x·y
    k_xx = 1 + 3 * d / d**2
    k_yy = 1 + 3 * b / d + 3 * (b**2 + 2 * b + d) / d**2 + (b**3 + 3 * b * (2 * b + d) + 6 * b) / d**3
    k_xy = 1 + 3 * (b + d) / d**2
    truth = k_xx + k_yy - 2 * k_xy
    large = draws.normal(0, 1, (3000, d)), draws.normal(0.5, 1, (3000, d))
    assert kernel_distance(*large) == pytest.approx(truth, rel=0.1)
    assert near_the_level(coverage(intervals.kernel_distance_interval, draw, truth, 400), 400)


def test_fid_of_the_population_is_covered_by_the_extrapolation_where_the_bias_is_a_line():
    draws = np.random.default_rng(5)

    def draw():
        return draws.normal(0, 1, (60, 2)), draws.normal(1, 2, (60, 2))

    truth = 2 * (1 + (2 - 1) ** 2)
    share = coverage(intervals.frechet_distance_infinity, draw, truth, 150)
    assert share >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / 150)  # the jackknife is cautious: it may cover more
    centre = np.mean([intervals.frechet_distance_infinity(*draw()).value for _ in range(150)])
    assert centre == pytest.approx(truth, rel=0.1)


def test_fids_own_expectation_is_covered_but_not_the_populations_fid():
    draws = np.random.default_rng(6)

    def draw():
        return draws.normal(0, 1, (40, 30)), draws.normal(0.3, 1.2, (40, 30))

    expected = np.mean([frechet_distance(*draw()) for _ in range(400)])
    assert coverage(intervals.frechet_distance_interval, draw, expected, 200) >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / 200)
    assert coverage(intervals.frechet_distance_interval, draw, 30 * (0.09 + 0.04), 50) == 0


def test_fid_infinity_is_the_intercept_of_a_line():
    x, y = sets(60, 60, 3)
    assert intervals.frechet_distance_infinity(x, y, seed=1) == intervals.frechet_distance_infinity(x, y, seed=1)
    assert intervals.frechet_distance_infinity(x, y, seed=1) != intervals.frechet_distance_infinity(x, y, seed=2)
    same = rng.normal(size=(400, 8)), rng.normal(size=(400, 8))
    value, low, high = intervals.frechet_distance_infinity(*same)
    assert low == 0 < high  # a distance isn't negative; the extrapolation may be
    assert abs(value) < frechet_distance(*same) / 2  # most of the bias is gone
    assert value == pytest.approx(intervals.frechet_distance_infinity(same[1], same[0]).value, abs=0.1)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: intervals.pair_mean_interval(np.zeros(4)), "N, M.+ matrix"),
        (lambda: intervals.pair_mean_interval(np.zeros((1, 4))), "N, M ≥ 2"),
        (lambda: intervals.pair_mean_interval(np.zeros((3, 4)), within=True), "within one set"),
        (lambda: intervals.pair_mean_interval(np.zeros((2, 2)), within=True), "N ≥ 3"),
        (lambda: intervals.pair_mean_interval(np.arange(9.0).reshape(3, 3), within=True), "symmetric"),
        (lambda: intervals.pair_mean_interval(np.full((3, 3), np.nan)), "finite"),
        (lambda: intervals.kernel_distance_interval(np.eye(2), np.eye(2)), "at least 3 images"),
        (lambda: intervals.frechet_distance_interval(np.eye(3), np.eye(2, 3)), "got 3 and 2"),
        (lambda: intervals.frechet_distance_infinity(np.eye(19), np.eye(19)), "at least 20 images"),
        (lambda: intervals.sliced_wasserstein_interval(np.eye(3), np.eye(3), 0), "n_projections"),
        (lambda: intervals.kernel_distance_interval(np.eye(4), np.eye(3)), "equally many features"),
        (
            lambda: intervals.kernel_distance_interval(np.eye(4), np.eye(4), 95),
            "level must be a number between 0 and 1",
        ),
        (lambda: intervals.frechet_distance_interval(np.eye(4), np.eye(4), True), "level must be"),
    ],
)
def test_what_has_no_interval_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_no_interval_holds_an_impossible_value():
    x = rng.normal(size=(30, 6))
    for found in (
        intervals.frechet_distance_interval(x, x),
        intervals.sliced_wasserstein_interval(x, x),
        intervals.frechet_distance_infinity(x, x),
    ):
        assert found.low == 0 <= found.high
    black, grey = np.zeros((12, 6)), np.full((15, 6), 0.1)
    for x, y, distance in ((black, black, 0.0), (grey, grey, 0.0), (black, grey, 0.06)):
        for found in (intervals.frechet_distance_interval(x, y), intervals.sliced_wasserstein_interval(x, y)):
            assert np.isfinite(found).all() and 0 <= found.low <= found.value <= found.high
        assert intervals.frechet_distance_interval(x, y).value == pytest.approx(distance, abs=1e-12)


def test_the_extrapolation_without_its_interval_is_the_same_number():
    x, y = sets(40, 44, 5)
    value = intervals.frechet_distance_infinity(x, y, seed=2, intervals=False)
    assert value == intervals.frechet_distance_infinity(x, y, seed=2).value
