import hashlib

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from dgan_core import Config, backend, models, rng
from dgan_core.models import vgg
from dgan_core.models.vgg import CONVOLUTIONS, MEAN_BGR

import keras
from keras.ops import convert_to_numpy as to_numpy


@pytest.mark.parametrize("size", [32, 64, 128, 256, 512])
def test_generator_doubles_from_8_to_any_size(size):
    g = models.generator(Config(image_size=size, generator_width=64))
    assert g.output_shape == (None, size, size, 1)
    ups = [layer for layer in g.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    assert 8 * 2 ** len(ups) == size
    assert all(up.kernel_size == (4, 4) and up.strides == (2, 2) and up.padding == "same" for up in ups)


def test_generator_at_512_is_the_printed_one():
    g = models.generator(Config(profile="paper", backbone="random"))
    ups = [layer for layer in g.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    norms = [layer for layer in g.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert [up.filters for up in ups] == [256, 128, 64, 32, 16, 1] and len(norms) == 5
    assert g.get_layer("project").units == 8 * 8 * 512
    dense = 100 * 8 * 8 * 512 + 8 * 8 * 512
    convs = sum(16 * a * b + b for a, b in [(512, 256), (256, 128), (128, 64), (64, 32), (32, 16), (16, 1)])
    assert g.count_params() == dense + convs + 4 * (256 + 128 + 64 + 32 + 16)


def test_images_lie_between_minus_one_and_one():
    c = Config(image_size=32)
    image = to_numpy(models.generator(c)(10 * rng.normal(0, "z", 0, (2, c.latent_dim))))
    assert image.min() >= -1 and image.max() <= 1 and image.std() > 0


def test_critic_path_and_frozen_backbone():
    c = models.critic(Config(image_size=64, critic_width=128, backbone_widths=(64, 128)))
    widths = [layer.filters for layer in c.layers if isinstance(layer, keras.layers.Conv2D)]
    assert widths == [128, 256, 512, 512, 512, 512, 512]
    assert not any("norm" in layer.name for layer in c.layers)
    backbone = models.backbone(Config(image_size=64, backbone_widths=(64, 128)))
    assert backbone.output_shape == (None, 16, 16, 128) == c.input_shape[1]
    assert not backbone.trainable_variables and not c.non_trainable_variables
    assert c.get_layer("score").kernel.shape == (16 * 16 * 128 + 8 * 8 * 512, 1)


def test_gradients_reach_the_pixels_through_the_backbone(tiny):
    backbone = models.backbone(Config(**tiny))
    x = rng.normal(0, "x", 0, (1, 32, 32, 1)) / 4
    image = [keras.ops.convert_to_tensor(x)]
    _, (slope,) = backend.value_and_grad(lambda v: (keras.ops.sum(backbone(v[0])), ()), image)
    assert np.abs(to_numpy(slope)).max() > 0


def test_initial_weights_follow_the_seed_and_glorot(tiny):
    a, b, other = (
        models.critic(Config(**tiny, loss=loss, seed=seed)) for loss, seed in (("bce", 0), ("wgan-gp", 0), ("bce", 1))
    )
    for u, v in zip(a.weights, b.weights, strict=True):
        assert np.array_equal(to_numpy(u), to_numpy(v))
    assert not np.array_equal(to_numpy(a.get_layer("down1").kernel), to_numpy(other.get_layer("down1").kernel))
    kernel = to_numpy(models.generator(Config()).get_layer("project").kernel)
    bound = np.sqrt(6 / sum(kernel.shape))
    assert 0.99 * bound < np.abs(kernel).max() < 1.0001 * bound
    assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.01)


def test_vgg_input_is_what_the_weights_were_trained_on():
    out = to_numpy(models.vgg.VGGInput()(np.array([-1.0, 1.0], "float32").reshape(1, 1, 2, 1)))
    np.testing.assert_allclose(out[0, 0], [[-m for m in MEAN_BGR], [255 - m for m in MEAN_BGR]], rtol=1e-5)


def weights(seed=0):
    shapes = [(3, 3, 3, 64), (3, 3, 64, 64), (3, 3, 64, 128), (3, 3, 128, 128)]
    return {
        n: [rng.normal(seed, "w", i, s) * 0.05, rng.normal(seed, "b", i, s[-1:])]
        for i, (n, s) in enumerate(zip(CONVOLUTIONS, shapes, strict=True))
    }


def test_weights_of_ones_own_are_read_from_npz_and_safetensors_and_the_published_from_h5(tmp_path, monkeypatch):
    w = weights()
    named = {f"{n}/{k}": a for n, pair in w.items() for k, a in zip(("kernel", "bias"), pair, strict=True)}
    np.savez(tmp_path / "w.npz", **named)
    save_file({name: np.ascontiguousarray(a) for name, a in named.items()}, tmp_path / "w.safetensors")
    with h5py.File(tmp_path / vgg.PUBLISHED.name, "w") as file:
        for n, (kernel, bias) in w.items():
            file[f"{n}/{n}_W_1:0"], file[f"{n}/{n}_b_1:0"] = kernel, bias
    digest = hashlib.md5((tmp_path / vgg.PUBLISHED.name).read_bytes()).hexdigest()
    monkeypatch.setattr(vgg, "PUBLISHED", vgg.PUBLISHED._replace(hash=f"md5:{digest}"))
    monkeypatch.setenv("DGAN_ASSETS", str(tmp_path))
    for backbone in ("imagenet", *(str(tmp_path / name) for name in ("w.npz", "w.safetensors"))):
        c = Config(image_size=32, backbone=backbone, backbone_widths=(64, 128))
        for n in CONVOLUTIONS:
            np.testing.assert_array_equal(to_numpy(models.backbone(c).get_layer(n).kernel), w[n][0])


def test_a_missing_or_wrong_weights_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "bad.npz").write_bytes(b"not an archive")
    (tmp_path / "bad.safetensors").write_bytes(b"not tensors")
    np.savez(tmp_path / "other.npz", kernel=np.zeros(3))
    (tmp_path / vgg.PUBLISHED.name).write_bytes(b"something else")
    monkeypatch.setenv("DGAN_ASSETS", str(tmp_path))
    for backbone, error, says in [
        (str(tmp_path / "none.npz"), FileNotFoundError, "weights must name a file, got .*none.npz"),
        (str(tmp_path / "bad.npz"), ValueError, "bad.npz is not a complete zip archive"),
        (str(tmp_path / "bad.safetensors"), ValueError, "bad.safetensors is not a whole .safetensors file"),
        (str(tmp_path / "other.npz"), ValueError, "other.npz must hold VGG19's first four convolutions"),
        (
            str(tmp_path / vgg.PUBLISHED.name),
            ValueError,
            "must be the published vgg19_weights.*weights of your own",
        ),
        ("imagenet", ValueError, "must be the published vgg19_weights.*md5 253f8cb515780f3b"),
    ]:
        with pytest.raises(error, match=says):
            models.backbone(Config(backbone=backbone, image_size=32, backbone_widths=(64, 128)))


def test_real_imagenet_weights_have_unit_mean_activation_order(shared):
    path = shared / "assets" / "vgg19_imagenet_normalised.npz"
    backbone = models.backbone(Config(image_size=64, backbone=str(path), backbone_widths=(64, 128)))
    features = to_numpy(backbone(rng.normal(0, "x", 0, (2, 64, 64, 1)).clip(-1, 1)))
    assert 0.1 < features.mean() < 10
