import numpy as np
import pytest

from dgan_core.metrics.manifold import density_coverage, precision_recall

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
