from importlib import import_module

import numpy as np
import pytest
from scipy import stats

from dgan_core.metrics.intervals import wilson
from dgan_core.metrics.neighbours import Neighbours
from dgan_core.metrics.precision_recall import (
    density_coverage,
    density_coverage_interval,
    precision_recall,
    precision_recall_interval,
)

module = import_module("dgan_core.metrics.precision_recall")  # the package's attribute of that name is the function

rng = np.random.default_rng(21)


def radius(i, x, k):
    return sorted(np.linalg.norm(x[i] - x[j]) for j in range(len(x)) if j != i)[k - 1]


def precision_recall_by_loops(real, fake, k):
    def share(points, manifold):
        within = [
            any(np.linalg.norm(p - manifold[i]) <= radius(i, manifold, k) for i in range(len(manifold))) for p in points
        ]
        return np.mean(within)

    return share(fake, real), share(real, fake)


def density_coverage_by_loops(real, fake, k):
    inside = [
        [np.linalg.norm(real[i] - fake[j]) < radius(i, real, k) for j in range(len(fake))] for i in range(len(real))
    ]
    return np.sum(inside) / (k * len(fake)), np.mean([any(row) for row in inside])


@pytest.mark.parametrize(("n", "m", "k"), [(12, 17, 1), (17, 12, 3), (9, 9, 5)])
def test_both_equal_the_papers_formulas_in_loops(n, m, k):
    real, fake = rng.normal(size=(n, 3)), rng.normal(0.7, 0.8, size=(m, 3))
    assert precision_recall(real, fake, k) == pytest.approx(precision_recall_by_loops(real, fake, k))
    assert density_coverage(real, fake, k) == pytest.approx(density_coverage_by_loops(real, fake, k))


def test_nearest_among_chosen_columns_are_what_sorting_finds():
    distance = rng.integers(0, 9, (7, 12)).astype(float)  # with ties
    near = Neighbours(distance, 4)
    for n in (12, 5, 4, 2, 0):
        chosen = np.isin(np.arange(12), rng.permutation(12)[:n])
        expected = np.sort(np.where(chosen, distance, np.inf), axis=1)[:, :4]
        np.testing.assert_array_equal(near(chosen), expected)


def test_a_set_against_itself_is_perfect():
    x = rng.normal(size=(50, 6))
    assert precision_recall(x, x) == (1, 1)
    assert density_coverage(x, x) == (1, 1)


def test_far_apart_is_nothing():
    x = rng.normal(size=(50, 6))
    assert precision_recall(x, x + 100) == (0, 0)
    assert density_coverage(x, x + 100) == (0, 0)


def test_one_mode_of_two_is_precise_and_covers_half():
    one, other = rng.normal(size=(100, 4)), rng.normal(size=(100, 4)) + 50
    real, fake = np.concatenate([one, other]), rng.normal(size=(100, 4))
    found = precision_recall(real, fake)
    assert 0.7 < found.precision < 1 and 0.35 < found.recall <= 0.5
    assert precision_recall(fake, real) == pytest.approx((found.recall, found.precision))
    found = density_coverage(real, fake)
    assert 0.35 < found.coverage <= 0.5 and 0.8 < found.density < 1.2


def test_a_clump_is_denser_than_the_real_images():
    real = np.arange(10.0)[:, None]  # balls of radius 1 for k = 1: each point between two neighbours lies in two
    assert density_coverage(real, np.full((30, 1), 5.5), 1) == pytest.approx((2, 2 / 10))


def test_known_values_on_a_line():
    real, fake = np.array([[0.0], [1], [2], [10]]), np.array([[1.0], [3], [17.5]])
    # radii for k = 1: 1, 1, 1, 8; fakes 1 and 3 lie in balls (3 on the edge of that about 2), 17.5 in that about 10
    assert precision_recall(real, fake, 1) == pytest.approx((1, 1))
    # open balls: 1 in [1] only (0 and 2 on the edge), 3 in [10], 17.5 in [10]
    assert density_coverage(real, fake, 1) == pytest.approx((3 / 3, 2 / 4))


def test_density_of_one_distribution_is_one_on_average():
    draws = [density_coverage(rng.normal(size=(60, 4)), rng.normal(size=(60, 4))).density for _ in range(100)]
    assert np.mean(draws) == pytest.approx(1, abs=4 * np.std(draws) / 10)


@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((np.zeros((3, 2)), np.zeros((9, 2)), 3), "k must be below 3, the number of real images, got 3"),
        ((np.zeros((9, 2)), np.zeros((9, 2)), 0), "k must be a whole number ≥ 1, got 0"),
        ((np.zeros((9, 2)), np.zeros((9, 3))), "real and fake must have equally many features"),
        ((np.full((9, 2), np.inf), np.zeros((9, 2))), "real must be finite"),
    ],
)
def test_what_has_no_neighbours_is_refused(metric, arguments, says):
    with pytest.raises(ValueError, match=says):
        metric(*arguments)


def all_four(real, fake):
    return np.array([*precision_recall(real, fake), *density_coverage(real, fake)])


def intervals_of_all_four(real, fake, **settings):
    return (*precision_recall_interval(real, fake, **settings), *density_coverage_interval(real, fake, **settings))


@pytest.mark.parametrize(("n", "m"), [(30, 24), (25, 33)])  # of an odd set each split leaves one image out
def test_halves_equal_refitting_on_halves(n, m):
    real, fake = rng.normal(size=(n, 3)), rng.normal(0.7, 0.8, size=(m, 3))
    distance = module.distances
    draws, refitted = np.random.default_rng(6), []
    for _ in range(module.N_SPLITS):
        i, j = draws.permutation(n), draws.permutation(m)
        halves = ((i[: n // 2], j[: m // 2]), (i[n // 2 : n // 2 * 2], j[m // 2 : m // 2 * 2]))
        refitted.append([density_coverage(real[a], fake[b]) for a, b in halves])
    found = module._of_halves(module._density_coverage, distance(real, real), distance(real, fake), 5, 6)
    np.testing.assert_allclose(found, refitted, rtol=1e-12)
    assert found.std(axis=(0, 1)).min() > 0
    first, last = np.array(refitted)[..., 0].T
    assert module._variance(found[..., 0]) == pytest.approx(((first - last) ** 2).mean() / 2)


def variances_by_halves(real, fake):
    """Of all four at half the images."""
    both = module._both_ways(real, fake)
    halves = [module._of_halves(module._precision, *distances, 3, 0) for distances in both]
    halves += [module._of_halves(module._density_coverage, *both[0], 5, 0)]
    return [module._variance(found) for found in np.moveaxis(np.concatenate(halves, 2), 2, 0)]


def test_halves_give_the_variance_where_leaving_one_image_out_does_not():
    draws, n = np.random.default_rng(4), 40

    def draw():
        return draws.normal(size=(n, 3)), draws.normal(0.4, 1.2, size=(n, 3))

    at_half = np.var([all_four(*(side[::2] for side in draw())) for _ in range(3000)], axis=0)
    by_halves = np.mean([variances_by_halves(*draw()) for _ in range(100)], axis=0)
    np.testing.assert_allclose(by_halves, at_half, rtol=0.15)  # unbiased: of these draws' error alone

    variance, by_deletion = np.var([all_four(*draw()) for _ in range(1500)], axis=0), []
    np.testing.assert_allclose(by_halves / 2, variance, rtol=0.35)
    for _ in range(30):
        real, fake = draw()
        without = [[all_four(np.delete(real, i, 0), fake) for i in range(n)]]
        without += [[all_four(real, np.delete(fake, i, 0)) for i in range(n)]]
        by_deletion.append((n - 1) * np.var(without, axis=1).sum(0))
    assert (np.mean(by_deletion, 0) > 1.4 * variance).all()


def test_what_two_sets_score_at_this_size_is_covered_as_often_as_the_level_says():
    draws, repetitions = np.random.default_rng(7), 150

    def draw():
        return draws.normal(size=(50, 3)), draws.normal(0.5, 1.2, size=(40, 3))

    expected = np.mean([all_four(*draw()) for _ in range(1500)], axis=0)
    found = np.array([intervals_of_all_four(*draw()) for _ in range(repetitions)])  # (repetitions, 4, 3)
    share = ((found[..., 1] <= expected) & (expected <= found[..., 2])).mean(0)
    assert (abs(share - 0.95) <= 4 * np.sqrt(0.05 * 0.95 / repetitions)).all()


def test_values_are_the_metrics_own_and_lie_within():
    real, fake = rng.normal(size=(40, 3)), rng.normal(1.2, 1, size=(30, 3))
    found = intervals_of_all_four(real, fake, seed=3)
    assert [interval.value for interval in found] == list(all_four(real, fake))
    assert all(0 <= interval.low < interval.value < interval.high for interval in found)
    assert all(interval.high < 1 for interval in (found[0], found[1], found[3]))
    assert found == intervals_of_all_four(real, fake, seed=3) != intervals_of_all_four(real, fake, seed=4)
    wide, narrow = (intervals_of_all_four(real, fake, level=level) for level in (0.99, 0.5))
    assert all(a.low < b.low and b.high < a.high for a, b in zip(wide, narrow, strict=True))


def test_shares_of_independent_images_have_wilsons_interval():
    # halves that agree more than independent images would don't narrow it
    share = module._share_interval(0.9, np.full((5, 2), 0.9), 60, np.inf, 0.95)
    assert share == pytest.approx((0.9, *stats.binomtest(54, 60).proportion_ci(method="wilson")))
    # halves of 30 that differ twice as widely as independent ones, at a share of ½: as good as a quarter of the images
    spread = 2 * np.sqrt(0.25 / 30) * np.sqrt(2)
    share = module._share_interval(0.5, 0.5 + np.array([[spread, -spread], [-spread, spread]]) / 2, 60, np.inf, 0.95)
    assert share == pytest.approx((0.5, *wilson(0.5, 15)))


def test_nothing_and_everything_have_one_sided_intervals():
    x = rng.normal(size=(50, 6))
    for found in precision_recall_interval(x, x.copy()):
        assert found.value == found.high == 1 and 1 - 8 / 50 < found.low < 1 - 3 / 50
    nothing = intervals_of_all_four(x, x + 100)
    assert all(found.value == found.low == 0 and 3 / 50 < found.high < 8 / 50 for found in nothing)
    density = intervals_of_all_four(x, np.concatenate([x[:1] + 1e-3, x[1:] + 100]))[2]
    assert 0 <= density.low < density.value < density.high


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: precision_recall_interval(np.eye(6), np.eye(9, 6)),
            "k must be below 3, half the number of real images, got 3",
        ),
        (lambda: precision_recall_interval(np.eye(9, 6), np.eye(6)), "below 3, half the number of generated"),
        (lambda: density_coverage_interval(np.eye(11), np.eye(11)), "k must be below 5, half the number of real"),
        (lambda: density_coverage_interval(np.eye(12), np.eye(3, 12)), "at least 4 generated images, .*, got 3"),
        (lambda: density_coverage_interval(np.eye(12), np.eye(12), level=95), "level must be a number between 0 and"),
    ],
)
def test_what_has_no_halves_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
