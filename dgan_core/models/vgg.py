"""The frozen VGG19 backbone, cut at block2_pool (Simonyan & Zisserman 2015)."""

import io

import numpy as np

from dgan_core import rng
from dgan_core.config import Config
from dgan_core.io import weights
from dgan_core.models.initialise import UNDRAWN

import keras
from keras import layers, ops

CONVOLUTIONS = ("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2")
PUBLISHED = weights.Published(
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "md5:253f8cb515780f3b799900260a226db6",  # all that keras.applications.vgg19 publishes
)
MEAN_BGR = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable("dgan_core")
class VGGInput(layers.Layer):
    """[-1, 1] grey (B, H, W, 1) → 0–255 BGR minus ImageNet's mean (B, H, W, 3), what the weights were trained on."""

    def call(self, image):
        return ops.repeat((image + 1.0) * 127.5, 3, axis=-1) - ops.convert_to_tensor(MEAN_BGR, dtype=image.dtype)


def backbone(config: Config) -> keras.Model:
    """Images (B, S, S, 1) in [-1, 1] → block2_pool features (B, S/4, S/4, widths[1]); parameters frozen.

    Frozen means that its parameters get no update; gradients still reach the image through it.
    """
    first, second = config.backbone_widths
    image = keras.Input((config.image_size, config.image_size, 1))
    x = VGGInput(dtype="float32")(image)
    for block, width in ((1, first), (2, second)):
        for i in (1, 2):
            name = f"block{block}_conv{i}"
            x = layers.Conv2D(width, 3, padding="same", activation="relu", kernel_initializer=UNDRAWN, name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    model = keras.Model(image, x, name="vgg19_block2_pool")
    model.trainable = False
    values = _random(model) if config.backbone == "random" else _read(config.backbone)
    for name in CONVOLUTIONS:
        model.get_layer(name).set_weights(values[name])
    return model


def _random(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """He-normal filters from a fixed seed; the first also divides by 64, so that features are of order one."""
    values = {}
    for i, name in enumerate(CONVOLUTIONS):
        shape = tuple(model.get_layer(name).kernel.shape)
        std = np.float32(np.sqrt(2.0 / np.prod(shape[:3])) / (64.0 if i == 0 else 1.0))
        values[name] = [rng.normal(0, "vgg", i, shape) * std, np.zeros(shape[-1], "float32")]
    return values


def _read(backbone: str) -> dict[str, list[np.ndarray]]:
    """Kernels (HWIO) and biases by layer name: of the published .h5, or one's own `layer/kernel` and `layer/bias`."""
    path = weights.locate(PUBLISHED) if backbone == "imagenet" else weights.existing(backbone)
    try:
        if path.suffix in weights.OWN:
            held = weights.own(path)
            return {name: [held[f"{name}/kernel"], held[f"{name}/bias"]] for name in CONVOLUTIONS}
        import h5py

        with h5py.File(io.BytesIO(weights.content(path, PUBLISHED))) as file:
            return {name: [file[name][f"{name}_{k}_1:0"][()] for k in ("W", "b")] for name in CONVOLUTIONS}
    except KeyError as error:
        raise ValueError(
            f"{path} must hold VGG19's first four convolutions as '{CONVOLUTIONS[0]}/kernel', '…/bias', …; "
            f"it lacks {error}"
        ) from None
