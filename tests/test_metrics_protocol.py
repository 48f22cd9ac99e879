import numpy as np
import pytest

from dgan_core import metrics
from dgan_core.metrics import extractors, protocol

rng = np.random.default_rng(5)
KEYS = [
    "n_real", "n_fake", "extractor", "lpips", "ms_ssim_levels",
    "kid", "kid_mean", "kid_std", "fid", "kid_subset_size", "kid_n_subsets",
    "lpips_real_fake", "lpips_real_fake_std", "lpips_fake_fake", "lpips_fake_fake_std",
    "ms_ssim_real_fake", "ms_ssim_real_fake_std", "ms_ssim_fake_fake", "ms_ssim_fake_fake_std",
    "swd_pca", "swd_umap",
]  # fmt: skip


def images(n, size=32, channels=1):
    return rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8)


def test_within_a_set_each_pair_counts_once_and_no_image_with_itself():
    pairs = np.array([[0.0, 1, 2], [1, 0, 6], [2, 6, 0]])
    assert metrics.pair_summary(pairs, within=True) == (3.0, pytest.approx(np.std([1, 2, 6])))
    assert metrics.pair_summary(pairs)[0] == pytest.approx(2.0)
    with pytest.raises(ValueError, match="NaN"):
        metrics.pair_summary(pairs * np.nan)


def test_fidelity_and_its_floor():
    real, fake = rng.normal(size=(40, 12)), rng.normal(size=(40, 12)) + 1
    numbers = metrics.fidelity(real, fake)
    assert list(numbers) == ["kid", "kid_mean", "kid_std", "fid"]
    assert numbers["fid"] == metrics.frechet_distance(real, fake)
    assert (numbers["kid_mean"], numbers["kid_std"]) == metrics.kernel_distance_subsets(real, fake, 20, 100, 0)
    low = metrics.floor(real)
    assert low["kid"] < numbers["kid"]
    assert low == metrics.floor(real)
    assert low != metrics.floor(real, seed=1)
    with pytest.raises(ValueError, match="at least 4"):
        metrics.fidelity(real[:3], fake)


def test_evaluate_returns_the_protocol(monkeypatch):
    monkeypatch.setattr(protocol, "umap", lambda real, fake, seed, n_neighbors: metrics.pca(real, fake))
    real, fake = images(8), images(6)
    numbers, points = metrics.evaluate(real, fake)
    assert sorted(numbers) == sorted(KEYS)
    assert (numbers["n_real"], numbers["n_fake"], numbers["kid_subset_size"]) == (8, 6, 3)
    assert (numbers["extractor"], numbers["lpips"], numbers["ms_ssim_levels"]) == ("random-vgg16", "alex-random", 2)
    assert all(np.isfinite(v) for v in numbers.values() if not isinstance(v, str))
    assert all(type(v) in (int, float, str) for v in numbers.values())
    assert {k: (v.shape, v.dtype) for k, v in points.items()} == {
        f"{name}_{side}": ((n, 2), np.float32) for name in ("pca", "umap") for side, n in (("real", 8), ("fake", 6))
    }
    again, _ = metrics.evaluate(real, fake, real_features=metrics.features(real))
    assert again == numbers
    with pytest.raises(ValueError, match="one row for each"):
        metrics.evaluate(real, fake, real_features=np.zeros((3, 2560)))


def test_an_own_weight_file_shows_in_the_label():
    assert protocol._label("inception", None, None) == "inception"
    assert protocol._label("inception", "folder/mine.pth", None) == "inception:mine.pth"
    assert protocol._label("alex", "official", "official") == "alex"


def test_random_vgg16_is_torchvisions_trunk():
    import torch

    from dgan_core.metrics.torch_setup import import_torchvision

    torchvision = import_torchvision()
    trunk = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"]).eval()
    extractors.he_normal(trunk.modules(), 0)
    x = images(2)
    h = torch.tensor(x).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 255
    h = (h - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    expected = []
    with torch.no_grad():
        for k, layer in enumerate(trunk):
            if k in (16, 23, 30):  # the pooling after blocks 3, 4, 5
                expected += [h.mean((2, 3)), h.std((2, 3), correction=0)]
            h = layer(h)
    actual = metrics.features(x)
    assert actual.shape == (2, 2560)
    assert actual.dtype == np.float64
    np.testing.assert_allclose(actual, torch.cat(expected, 1).numpy(), rtol=1e-4, atol=1e-4)


def test_features_do_not_depend_on_batches_and_repeat_grey():
    x = images(5)
    np.testing.assert_allclose(metrics.features(x, batch_size=2), metrics.features(x), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(metrics.features(np.repeat(x, 3, 3)), metrics.features(x), rtol=1e-5, atol=1e-6)
    assert np.abs(metrics.features(x, seed=1) - metrics.features(x)).max() > 0.01


def test_inception_is_the_references_on_equal_weights(tmp_path):
    import torch

    from dgan_core.metrics.torch_setup import import_torchvision

    x = images(2, 48)
    ours = metrics.features(x, "random-inception", seed=3)
    assert ours.shape == (2, 2048)
    import_torchvision()
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    shell = extractors._inception(None, 3).__closure__[0].cell_contents
    torch.save(shell.state_dict(), tmp_path / "same.pth")
    path = str(tmp_path / "same.pth")
    reference = FeatureExtractorInceptionV3("reference", ["2048"], feature_extractor_weights_path=path)
    with torch.no_grad():
        expected = reference(torch.tensor(x).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).contiguous())[0].numpy()
    np.testing.assert_allclose(ours, expected.reshape(2, -1), rtol=1e-5)
    np.testing.assert_allclose(metrics.features(x, "inception", path), expected.reshape(2, -1), rtol=1e-5)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="extractor must be one of"):
        metrics.features(images(2), "resnet")
    with pytest.raises(ValueError, match="weights must be None"):
        metrics.features(images(2), "random-vgg16", "file.pth")
    with pytest.raises(ValueError, match="net must be one of"):
        metrics.lpips_pairs(images(2), net="resnet", weights="random")
    with pytest.raises(AttributeError, match="no attribute 'fidd'"):
        metrics.fidd  # noqa: B018
