import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import scipy.linalg

from dgan_core import metrics
from dgan_core.metrics import kid
from dgan_core.metrics.fid import frechet_distance_of_statistics

rng = np.random.default_rng(7)


def sqrtm_fid(x, y):
    s1, s2 = np.cov(x.T), np.cov(y.T)
    root = scipy.linalg.sqrtm(s1 @ s2).real
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s1 + s2 - 2 * root)


@pytest.mark.parametrize("n", [8, 60])  # fewer samples than features, and more
def test_fid_of_a_shift_and_a_scale_is_exact(n):
    x = rng.normal(size=(n, 20))
    shift = rng.normal(size=20)
    assert metrics.frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert metrics.frechet_distance(x, x + shift) == pytest.approx(shift @ shift, rel=1e-9)
    # y = μ + 3(x − μ): Σ₂ = 9Σ₁, d² = (1 + 9 − 6) tr Σ₁
    y = x.mean(0) + 3 * (x - x.mean(0))
    assert metrics.frechet_distance(x, y) == pytest.approx(4 * np.cov(x.T).trace(), rel=1e-9)


@pytest.mark.parametrize(("n", "m", "d"), [(40, 30, 5), (12, 15, 20), (12, 30, 20)])
def test_both_routes_of_the_fid_equal_the_eigenvalues_of_the_product(n, m, d):
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * 2 + 1
    s1, s2 = np.cov(x.T), np.cov(y.T)
    root = np.sqrt(np.linalg.eigvals(s1 @ s2).real.clip(0)).sum()
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s1 + s2) - 2 * root
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet_distance(y, x) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance_of_statistics(x.mean(0), s1, y.mean(0), s2) == pytest.approx(expected, rel=1e-6)


def test_statistics_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="equally many features, got 3 and 4"):
        frechet_distance_of_statistics(np.zeros(3), np.eye(3), np.zeros(4), np.eye(4))


def test_fid_equals_sqrtm():
    x, y = rng.normal(size=(200, 6)), rng.normal(size=(150, 6)) @ rng.normal(size=(6, 6)) + 1
    assert metrics.frechet_distance(x, y) == pytest.approx(sqrtm_fid(x, y), rel=1e-9)


@pytest.mark.parametrize("n", [8, 60])
def test_fid_with_ddof_0_divides_by_n(n):
    x = rng.normal(size=(n, 20))
    y = x.mean(0) + 3 * (x - x.mean(0))
    assert metrics.frechet_distance(x, y, ddof=0) == pytest.approx(4 * np.cov(x.T, ddof=0).trace(), rel=1e-9)
    assert metrics.frechet_distance(x, y, ddof=1) == pytest.approx(4 * np.cov(x.T, ddof=1).trace(), rel=1e-9)


@pytest.mark.parametrize("ddof", [2, -1, 0.5, None, True])
def test_other_ddofs_are_refused(ddof):
    with pytest.raises(ValueError, match="ddof must be 1 .* or 0"):
        metrics.frechet_distance(np.zeros((3, 2)), np.zeros((3, 2)), ddof)


@pytest.mark.parametrize("n", [30, 100])  # fewer samples than features, and more
def test_fid_is_exact_where_the_spectrum_decays(n):
    """Σ₁ and Σ₂ with the same eigenvectors: d² = Σ (sₖ − tₖ)² / (n − 1) for singular values sₖ, tₖ."""
    rank, d = 29, 50
    axes = np.linalg.qr(rng.normal(size=(d, rank)))[0]
    s, t = 0.7 ** np.arange(rank), 2 * 0.75 ** np.arange(rank)  # over nine decades of variance

    def centred(singular):
        z = rng.normal(size=(n, rank))
        return np.linalg.qr(z - z.mean(0))[0] * singular @ axes.T

    expected = ((s - t) ** 2).sum() / (n - 1)
    assert metrics.frechet_distance(centred(s), centred(t)) == pytest.approx(expected, rel=1e-8)


def test_fid_of_two_images_a_side():  # Σ₁ = 2·e₁e₁ᵀ, Σ₂ = 8·e₁e₁ᵀ or 8·e₂e₂ᵀ
    x = np.array([[1.0, 0, 0], [-1, 0, 0]])
    assert metrics.frechet_distance(x, 2 * x) == pytest.approx((np.sqrt(8) - np.sqrt(2)) ** 2, rel=1e-12)
    assert metrics.frechet_distance(x, 2 * x[:, [1, 0, 2]] + 3) == pytest.approx(27 + 2 + 8, rel=1e-12)


@pytest.mark.parametrize("n", [8, 200])
def test_fid_takes_duplicates_and_constant_features(n):
    x = rng.normal(size=(n, 20))
    x[:, 10:] = 3  # constant
    x[n // 2 :] = x[: n // 2]  # each image twice
    spread = np.cov(x[:, :10].T).trace()
    assert metrics.frechet_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert metrics.frechet_distance(x, 2 * x) == pytest.approx(spread + (x.mean(0) ** 2).sum(), rel=1e-9)
    flat = np.full((5, 20), 3.0)
    assert metrics.frechet_distance(flat, flat + 2) == pytest.approx(20 * 4, rel=1e-12)


def naive_mmd(x, y):
    def k(a, b):
        return (a @ b / len(a) + 1) ** 3

    n, m = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def test_kid_equals_a_double_loop():
    x, y = rng.normal(size=(7, 5)), rng.normal(size=(9, 5)) + 0.5
    assert metrics.kernel_distance(x, y) == pytest.approx(naive_mmd(x, y), rel=1e-12)


def test_kid_in_blocks_of_rows_is_the_same(monkeypatch):
    x, y = rng.normal(size=(23, 5)), rng.normal(size=(31, 5))
    whole = metrics.kernel_distance(x, y), metrics.kernel_distance_subsets(x, y, 6, 10)
    monkeypatch.setattr(kid, "ROWS", 4)
    assert metrics.kernel_distance(x, y) == pytest.approx(whole[0], rel=1e-12)
    assert metrics.kernel_distance_subsets(x, y, 6, 10) == pytest.approx(whole[1], rel=1e-12)


def test_kid_never_holds_a_whole_kernel_matrix(monkeypatch):
    monkeypatch.setattr(kid, "ROWS", 64)
    x = rng.normal(size=(3000, 4))
    tracemalloc.start()
    try:
        metrics.kernel_distance(x, x + 1)
        metrics.kernel_distance_subsets(x, x + 1, 50, 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 64 * 3000 * 8 < peak < 3000 * 3000 * 8 / 4


def test_kid_is_unbiased():
    draws = [metrics.kernel_distance(rng.normal(size=(10, 4)), rng.normal(size=(10, 4))) for _ in range(400)]
    assert abs(np.mean(draws)) < 4 * np.std(draws) / 20


def test_kid_of_one_feature_in_closed_form():  # x = 0, y = 1: k = 1, 8, 1 → 1 + 8 − 2
    assert metrics.kernel_distance(np.zeros((3, 1)), np.ones((4, 1))) == pytest.approx(7)


def test_kid_subsets_repeat_by_seed_and_average_to_the_full_value():
    x, y = rng.normal(size=(60, 4)), rng.normal(size=(60, 4)) + 0.3
    first = metrics.kernel_distance_subsets(x, y, 30, 400, seed=1)
    assert first == metrics.kernel_distance_subsets(x, y, 30, 400, seed=1)
    assert first != metrics.kernel_distance_subsets(x, y, 30, 400, seed=2)
    assert first[1] > 0
    assert first[0] == pytest.approx(metrics.kernel_distance(x, y), abs=5 * first[1] / 20)


def test_kid_is_the_references_estimator():
    from dgan_core.metrics.torch_setup import import_torchvision

    import_torchvision()
    metric_kid = pytest.importorskip("torch_fidelity.metric_kid")
    x, y = rng.normal(size=(20, 8)), rng.normal(size=(20, 8)) + 1
    reference = metric_kid.kernel_mmd(x, y)  # its defaults: degree 3, gamma 1/D, coef0 1
    assert metrics.kernel_distance(x, y) == pytest.approx(reference, rel=1e-9)


def test_subset_sizes_that_deceive_are_refused():
    x = rng.normal(size=(10, 3))
    with pytest.raises(ValueError, match="smaller set's 10, got 11"):
        metrics.kernel_distance_subsets(x, x, 11)
    with pytest.raises(ValueError, match="fake 0"):
        metrics.kernel_distance_subsets(x, x, 10)
    metrics.kernel_distance_subsets(x, np.vstack([x, x]), 10, 3)  # the other side still varies


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (np.zeros(4), "must be an"),
        (np.zeros((1, 4)), "N ≥ 2"),
        (np.full((3, 4), np.nan), "NaN"),
        (np.array([["a"], ["b"]]), "real numbers"),
        (np.zeros((3, 5)), "equally many features"),
    ],
)
def test_features_are_checked(bad, says):
    for metric in (metrics.frechet_distance, metrics.kernel_distance, metrics.sliced_wasserstein, metrics.pca):
        with pytest.raises(ValueError, match=says):
            metric(np.zeros((3, 4)), bad)


def test_lpips_loads_without_torchs_compiler_which_works_afterwards():
    """Its import takes seconds, and beside TensorFlow it ends the process with some releases."""
    code = (
        "import sys, torch; from dgan_core.metrics.lpips import lpips_network; lpips_network(weights='random');"
        "print('torch._dynamo' in sys.modules, end=' '); torch.compiler.reset(); from torch._dynamo import utils;"
        "print(callable(utils.is_compile_supported))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False True", done.stderr


def test_the_import_is_light():
    code = (
        "import sys, dgan_core.metrics as m; m.frechet_distance, m.ms_ssim_pairs, m.sliced_wasserstein, m.evaluate;"
        "heavy = ('torch', 'torchvision', 'lpips', 'umap', 'sklearn', 'numba', 'radiomics', 'tensorflow', 'keras');"
        "print([n for n in heavy if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
