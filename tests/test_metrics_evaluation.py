import numpy as np
import pytest

from dgan_core import metrics
from dgan_core.metrics import extractors

rng = np.random.default_rng(5)
FACTS = ["n_real", "n_fake", "extractor", "lpips", "ms_ssim_levels", "kid_subset_size", "kid_n_subsets"]
PAIRED = ["lpips_real_fake", "lpips_fake_fake", "ms_ssim_real_fake", "ms_ssim_fake_fake"]
WITH_INTERVAL = ["kid", "fid", "swd_pca", "swd_umap", *PAIRED]
NEIGHBOURS = ["precision", "recall", "density", "coverage"]
WITHOUT = ["kid_mean", "kid_std", *(f"{name}_std" for name in PAIRED)]
ONCE = ["memorisation_share", "memorisation_p", "swd_umap_seeds_mean", "swd_umap_seeds_std"]
KEYS = (
    FACTS
    + [f"{name}{part}" for name in WITH_INTERVAL + NEIGHBOURS for part in ("", "_low", "_high", "_floor")]
    + [f"{name}{part}" for name in WITHOUT for part in ("", "_floor")]
    + ONCE
)


def images(n, size=32, channels=1):
    return rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8)


def test_within_a_set_each_pair_counts_once_and_no_image_with_itself():
    pairs = np.array([[0.0, 1, 2], [1, 0, 6], [2, 6, 0]])
    assert metrics.pair_summary(pairs, within=True) == (3.0, pytest.approx(np.std([1, 2, 6])))
    assert metrics.pair_summary(pairs)[0] == pytest.approx(2.0)
    with pytest.raises(ValueError, match="NaN"):
        metrics.pair_summary(pairs * np.nan)


def test_fidelity_is_kid_and_fid():
    real, fake = rng.normal(size=(40, 12)), rng.normal(size=(40, 12)) + 1
    numbers = metrics.fidelity(real, fake)
    assert list(numbers) == ["kid", "kid_mean", "kid_std", "fid"]
    assert numbers["fid"] == metrics.frechet_distance(real, fake)
    assert (numbers["kid_mean"], numbers["kid_std"]) == metrics.kernel_distance_subsets(real, fake, 20, 100, 0)
    with pytest.raises(ValueError, match="at least 4"):
        metrics.fidelity(real[:3], fake)


def test_halves_are_disjoint_and_repeat():
    first, second = protocol.halves(11, seed=3)
    assert len(first) == len(second) == 5 and len({*first, *second}) == 10
    assert (first == protocol.halves(11, seed=3)[0]).all() and (first != protocol.halves(11, seed=4)[0]).any()


@pytest.fixture
def no_umap(monkeypatch):
    """PCA in UMAP's place, which takes seconds."""
    monkeypatch.setattr(protocol, "umap", lambda real, fake, seed, n_neighbors: metrics.pca(real, fake))


def test_evaluate_returns_the_protocol(no_umap, tmp_path):
    real, fake, stages = images(14), images(12), []
    numbers, points = metrics.evaluate(real, fake, cache=tmp_path, progress=stages.append)
    assert sorted(numbers) == sorted(KEYS)
    assert (numbers["n_real"], numbers["n_fake"], numbers["kid_subset_size"]) == (14, 12, 6)
    assert (numbers["extractor"], numbers["lpips"], numbers["ms_ssim_levels"]) == ("random-vgg16", "alex-random", 2)
    assert all(np.isfinite(v) for v in numbers.values() if not isinstance(v, str))
    assert all(type(v) in (int, float, str) for v in numbers.values())
    assert all(numbers[f"{name}_low"] < numbers[name] < numbers[f"{name}_high"] for name in WITH_INTERVAL)
    for name in NEIGHBOURS:  # which may be 0 or 1
        low, high = numbers[f"{name}_low"], numbers[f"{name}_high"]
        assert 0 <= low <= numbers[name] <= high and low < high
    assert {k: (v.shape, v.dtype) for k, v in points.items()} == {
        f"{name}_{side}": ((n, 2), np.float32) for name in ("pca", "umap") for side, n in (("real", 14), ("fake", 12))
    }
    assert len(stages) == len(set(stages)) == 7
    assert metrics.evaluate(real, fake, cache=tmp_path)[0] == numbers == metrics.evaluate(real, fake)[0]


def test_evaluate_tells_images_apart_from_its_floor(no_umap):
    real, fake = images(24), images(24) // 2 + 64
    numbers, _ = metrics.evaluate(real, fake)
    assert numbers["kid"] > 10 * abs(numbers["kid_floor"]) and numbers["kid_low"] > 0
    assert numbers["fid"] > 2 * numbers["fid_floor"] and numbers["fid_infinity"] < numbers["fid"]
    assert numbers["memorisation_p"] > 0.05
    assert metrics.evaluate(real, real.copy())[0]["memorisation_p"] <= 0.05


def test_too_few_images_are_refused():
    with pytest.raises(ValueError, match="at least 12 real and 6 generated images, got 11 and 6"):
        metrics.evaluate(images(11), images(6))


def test_fewer_than_eight_generated_images_have_no_halves(no_umap):
    numbers, _ = metrics.evaluate(images(12), images(7))
    assert "recall" in numbers and "recall_low" not in numbers and "kid_low" in numbers


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


@pytest.mark.parametrize("extractor", ["random-vgg16", "random-inception"])
@pytest.mark.parametrize("shape", [(33, 50, 1), (40, 40, 3)])
def test_features_do_not_depend_on_batches_and_repeat_grey(extractor, shape):
    x = rng.integers(0, 256, (5, *shape), dtype=np.uint8)
    whole = metrics.features(x, extractor)
    near = {"rtol": 1e-5, "atol": 1e-6 * whole.max()}
    for batch_size in (1, 2, 5):
        np.testing.assert_allclose(metrics.features(x, extractor, batch_size=batch_size), whole, **near)
    grey = x[..., :1]
    repeated = metrics.features(np.repeat(grey, 3, 3), extractor)
    np.testing.assert_allclose(metrics.features(grey, extractor), repeated, **near)
    assert np.abs(metrics.features(x, extractor, seed=1) - whole).max() > 0.01


def test_large_images_pass_through_the_trunk_in_smaller_groups(monkeypatch):
    x = images(3)
    whole = metrics.features(x)
    monkeypatch.setattr(extractors, "PIXELS", 2 * 32 * 32)
    np.testing.assert_allclose(metrics.features(x), whole, rtol=1e-5, atol=1e-6 * whole.max())


def test_random_inception_is_a_file_of_the_same_weights(tmp_path):
    from safetensors.torch import save_file

    from dgan_core.metrics import inception

    x, path = images(2, 48), tmp_path / "same.safetensors"
    shell = inception._shell()
    extractors.he_normal(shell.modules(), 3)
    save_file(shell.state_dict(), path)
    from_seed = metrics.features(x, "random-inception", seed=3)
    assert (metrics.features(x, "inception", path) == from_seed).all()
    extractors.he_normal(shell.modules(), 4)
    save_file(shell.state_dict(), path)  # the file changed: its network is read anew
    assert (metrics.features(x, "inception", path) != from_seed).any()


def test_a_file_that_holds_something_else_is_refused_and_not_executed(tmp_path):
    import pickle

    import torch
    from safetensors.torch import save_file

    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    (tmp_path / "text.pth").write_text("not weights")
    (tmp_path / "empty.pth").write_bytes(b"")
    (tmp_path / "trap.pth").write_bytes(pickle.dumps(Trap(), protocol=2))
    torch.save({"weight": torch.zeros(2)}, tmp_path / "sound.pth")  # a pickle all the same
    for name in ("text", "empty", "trap", "sound"):
        with pytest.raises(ValueError, match=f"{name}.pth must be the published pt_inception.*weights of your own"):
            metrics.features(images(2), "inception", tmp_path / f"{name}.pth")
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="weights must be a state dictionary of Inception .*other.safetensors isn't"):
        metrics.features(images(2), "inception", tmp_path / "other.safetensors")
    (tmp_path / "trap.npz").write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(ValueError, match="trap.npz is not a complete zip archive"):
        metrics.features(images(2), "inception", tmp_path / "trap.npz")
    np.savez(tmp_path / "objects.npz", weight=np.array([Trap()], object))
    with pytest.raises(ValueError, match="objects.npz/weight.npy is not a complete .npy file of numbers"):
        metrics.features(images(2), "inception", tmp_path / "objects.npz")
    assert not (tmp_path / "sprung").exists()


def test_even_the_published_file_may_hold_nothing_but_tensors(tmp_path, monkeypatch):
    import hashlib
    import pickle

    from dgan_core.metrics import inception

    content = pickle.dumps(open, protocol=2)
    (tmp_path / inception.PUBLISHED.name).write_bytes(content)
    published = inception.PUBLISHED._replace(hash=f"sha256:{hashlib.sha256(content).hexdigest()}")
    monkeypatch.setattr(inception, "PUBLISHED", published)
    with pytest.raises(ValueError, match="isn't .UnpicklingError"):
        metrics.features(images(2), "inception", tmp_path / inception.PUBLISHED.name)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            {"extractor": "inception-v3-compat"},
            "extractor must be one of random-vgg16, inception, random-inception, got",
        ),
        ({"convention": "tensorflow"}, "convention must be one of torch-fidelity, pytorch-fid, clean-fid, got"),
        ({"convention": "clean-fid"}, "convention must be left out for random-vgg16"),
        ({"batch_size": 0}, "batch_size must be a whole number ≥ 1"),
        ({"cache": 3}, "cache must be a folder or None, got 3"),
    ],
)
def test_impossible_features_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        metrics.features(images(2), **arguments)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_an_image_one_pixel_wide_is_refused(shape):
    x = np.zeros((2, *shape, 1), np.uint8)
    with pytest.raises(ValueError, match="at least 2 pixels wide and high for random-inception"):
        metrics.features(x, "random-inception")
    with pytest.raises(ValueError, match="at least 32 pixels wide and high for random-vgg16"):
        metrics.features(x)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="extractor must be one of"):
        metrics.features(images(2), "resnet")
    with pytest.raises(ValueError, match="weights must be None"):
        metrics.features(images(2), "random-vgg16", "file.pth")
    with pytest.raises(ValueError, match="net must be one of"):
        metrics.lpips_pairs(images(2), net="resnet", weights="random")
    with pytest.raises(AttributeError, match="no attribute 'fidd'"):
        metrics.fidd  # noqa: B018
