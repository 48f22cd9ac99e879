import numpy as np
import pytest
import scipy.stats

from dgan_core import metrics
from dgan_core.metrics import swd

rng = np.random.default_rng(11)


@pytest.mark.parametrize(("n", "m"), [(50, 50), (7, 12), (30, 1000)])
def test_swd_of_one_dimension_equals_scipy(n, m):
    p, q = rng.normal(size=(n, 1)), 2 * rng.normal(size=(m, 1)) + 1
    expected = scipy.stats.wasserstein_distance(p[:, 0], q[:, 0])
    assert metrics.sliced_wasserstein(p, q, 5) == pytest.approx(expected, rel=1e-10)


def test_swd_of_a_shift_in_the_plane_is_two_over_pi():
    p = rng.normal(size=(40, 2))
    value = metrics.sliced_wasserstein(p, p + [3, 4], n_projections=20000)
    assert value == pytest.approx(5 * 2 / np.pi, rel=0.02)
    assert metrics.sliced_wasserstein(p, p) == 0
    assert metrics.sliced_wasserstein(p, p, seed=1) == 0


def test_swd_equals_scipy_direction_by_direction():
    p, q = rng.normal(size=(9, 3)), rng.normal(size=(14, 3))
    theta = np.random.default_rng(2).standard_normal((3, 25))
    theta /= np.linalg.norm(theta, axis=0)
    expected = np.mean([scipy.stats.wasserstein_distance(p @ t, q @ t) for t in theta.T])
    assert metrics.sliced_wasserstein(p, q, 25, seed=2) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("features", [8, 60])  # fewer than the 35 images, and more
def test_pca_equals_scikit_learn_up_to_sign(features):
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    mix = rng.normal(size=(8, features))
    real, fake = rng.normal(size=(20, 8)) @ mix, rng.normal(size=(15, 8)) @ mix + 1
    joint = StandardScaler().fit_transform(np.vstack([real, fake]))
    expected = PCA(2, svd_solver="full").fit_transform(joint)
    points = np.vstack(metrics.pca(real, fake))
    signs = np.sign((points * expected).sum(0))
    np.testing.assert_allclose(points, expected * signs, atol=1e-9)


def test_a_constant_feature_stays_out_of_pca():
    real, fake = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
    wider = [np.hstack([x, np.full((20, 1), 0.1)]) for x in (real, fake)]
    np.testing.assert_allclose(metrics.pca(*wider), metrics.pca(real, fake), atol=1e-9)


def test_umap_repeats_separates_and_leaves_tensorflow_out():
    import subprocess
    import sys

    code = """
import sys, numpy as np
from dgan_core import metrics
from dgan_core.metrics import swd
rng = np.random.default_rng(0)
real, fake = rng.normal(size=(30, 6)), rng.normal(size=(25, 6)) + 20
first, second = metrics.umap(real, fake, n_neighbors=5), metrics.umap(real, fake, n_neighbors=5)
assert first[0].shape == (30, 2) and first[1].shape == (25, 2)
assert all((a == b).all() for a, b in zip(first, second))
other = metrics.umap(real, fake, seed=1, n_neighbors=5)
assert (first[0] != other[0]).any()
assert metrics.sliced_wasserstein(*first) > 3 * metrics.sliced_wasserstein(first[0][:15], first[0][15:])
assert "tensorflow" not in sys.modules and "keras" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_umap_has_the_neighbours_that_the_package_finds(monkeypatch):
    """From distances computed at once, for it compares one pair at a time."""
    UMAP, made = swd._import_umap(), []
    monkeypatch.setattr(swd, "_import_umap", lambda: lambda **given: made.append(UMAP(**given)) or made[-1])
    real, fake = rng.normal(size=(30, 6)), rng.normal(size=(25, 6)) + 1
    metrics.umap(real, fake, n_neighbors=5)
    both = np.concatenate([real, fake])
    with pytest.warns(UserWarning, match="n_jobs"):
        expected = UMAP(n_neighbors=5, random_state=0).fit((both - both.mean(0)) / both.std(0)).graph_
    np.testing.assert_allclose(made[0].graph_.toarray(), expected.toarray(), atol=1e-5)
    assert made[0].metric == "precomputed" and expected.nnz > 55 * 5


def test_impossible_settings_are_refused():
    x = rng.normal(size=(5, 3))
    with pytest.raises(ValueError, match="between 2 and 9"):
        metrics.umap(x, x, n_neighbors=10)
    with pytest.raises(ValueError, match="at least 2 features to span a plane, got 1"):
        metrics.pca(x[:, :1], x[:, :1])
    with pytest.raises(ValueError, match="whole number ≥ 1"):
        metrics.sliced_wasserstein(x, x, 0)


def test_quantile_grid_handles_ties():
    p, q = np.array([[0.0], [0.0], [1.0]]), np.array([[0.0], [1.0]])
    assert swd._wasserstein_1d(p, q) == pytest.approx([1 / 6])


def test_umap_by_several_seeds_at_once_is_umap_by_each():
    real, fake, told = rng.normal(size=(30, 6)), rng.normal(size=(25, 6)) + 1, []
    planes = swd.umap_repeats(real, fake, [0, 1, 2], 5, progress=lambda *count: told.append(count))
    for seed, found in enumerate(planes):
        for side, alone in zip(found, metrics.umap(real, fake, seed, 5), strict=True):
            np.testing.assert_array_equal(side, alone)
    assert told == [(1, 3), (2, 3), (3, 3)]
