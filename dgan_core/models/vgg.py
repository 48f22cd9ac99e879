"""The frozen VGG19 trunk, cut at block2_pool (Simonyan & Zisserman 2015)."""

import os
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from dgan_core import draws
from dgan_core.config import Config

CONVOLUTIONS = ("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2")
OFFICIAL = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"  # keras.applications
OFFICIAL_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{OFFICIAL}"
OFFICIAL_MD5 = "253f8cb515780f3b799900260a226db6"  # as published in keras.applications.vgg19
MEAN_BGR = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable("dgan_core")
class VGGInput(layers.Layer):
    """[-1, 1] grey (B, H, W, 1) → 0–255 BGR minus ImageNet's mean (B, H, W, 3), what the weights were trained on."""

    def call(self, image):
        return ops.repeat((image + 1.0) * 127.5, 3, axis=-1) - ops.convert_to_tensor(MEAN_BGR, dtype=image.dtype)


def trunk(config: Config) -> keras.Model:
    """Images (B, S, S, 1) in [-1, 1] → block2_pool features (B, S/4, S/4, widths[1]); parameters frozen.

    Frozen means that its parameters get no update; gradients still reach the image through it.
    """
    first, second = config.backbone_widths
    image = keras.Input((config.image_size, config.image_size, 1))
    x = VGGInput()(image)
    for block, width in ((1, first), (2, second)):
        for i in (1, 2):
            x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    model = keras.Model(image, x, name="vgg19_block2_pool")
    model.trainable = False
    weights = _random(model) if config.backbone == "random" else _read(_path(config.backbone))
    for name in CONVOLUTIONS:
        model.get_layer(name).set_weights(weights[name])
    return model


def _random(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """He-normal filters from a fixed seed; the first also divides by 64, so that features are of order one."""
    weights = {}
    for i, name in enumerate(CONVOLUTIONS):
        shape = tuple(model.get_layer(name).kernel.shape)
        std = np.float32(np.sqrt(2.0 / np.prod(shape[:3])) / (64.0 if i == 0 else 1.0))
        weights[name] = [draws.normal(0, "vgg", i, shape) * std, np.zeros(shape[-1], "float32")]
    return weights


def _path(backbone: str) -> Path:
    """A file on this machine: the one named, or the official one from DGAN_ASSETS or its official address."""
    if backbone != "imagenet":
        path = Path(backbone).expanduser()
    elif "DGAN_ASSETS" in os.environ:
        path = Path(os.environ["DGAN_ASSETS"]) / OFFICIAL
    else:
        import pooch

        try:
            return Path(pooch.retrieve(OFFICIAL_URL, f"md5:{OFFICIAL_MD5}", OFFICIAL, pooch.os_cache("dgan_core")))
        except OSError as error:
            raise ConnectionError(
                f"the VGG19 weights could not be fetched from {OFFICIAL_URL} ({error.__class__.__name__}); "
                "download the file, set DGAN_ASSETS to its folder, or choose backbone='random'"
            ) from None
    if not path.is_file():
        raise FileNotFoundError(f"backbone must be 'imagenet', 'random' or a weights file; there is no file at {path}")
    return path


def _read(path: Path) -> dict[str, list[np.ndarray]]:
    """Kernels (HWIO) and biases by layer name, from Keras's .h5 or from an .npz of `name/kernel`, `name/bias`."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return {name: [file[f"{name}/kernel"], file[f"{name}/bias"]] for name in CONVOLUTIONS}
        import h5py

        with h5py.File(path) as file:
            return {name: [file[name][f"{name}_{k}_1:0"][()] for k in ("W", "b")] for name in CONVOLUTIONS}
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(
            f"{path} is not a VGG19 weights file (.h5 of keras.applications, or .npz with "
            f"'{CONVOLUTIONS[0]}/kernel' and '/bias'): {error}"
        ) from None
