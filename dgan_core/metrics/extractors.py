"""Images → feature vectors, by the network the distance is named after.

inception         Inception 2015-12-05, pool3, 2,048-d: the network of FID and KID. See `inception` for how an image
                  gets to it, which is a convention of its own.
random-inception  the same network, seeded He-normal weights: nothing to download; checks the path, never a printed FID.
random-vgg16      VGG16's convolutional trunk, seeded He-normal weights. Random features are the published remedy for
                  domains far from ImageNet (Naeem et al. 2020, who use 4,096-d fc2 of VGG16 at 224×224). That layer
                  fixes the input at 224; here mean and standard deviation of each channel at the end of blocks 3, 4
                  and 5, 2·(256 + 512 + 512) = 2,560-d, serve any size from 32.

Numbers from different extractors can't be compared. Inputs are uint8; grey is repeated to three channels. Features of
any other network can be handed to the distances as arrays. torch-fidelity's own (VGG16, CLIP, DINOv2) are not offered
by name: it unpickles weights unchecked, and DINOv2 runs code that it downloads.
"""

import functools
import os
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dgan_core.io.weights import existing, locate, sha256

from .cache import array_hash, cached
from .checks import as_images, as_positive_integer
from .inception import CONVENTIONS, PUBLISHED, pool3
from .torch_setup import he_normal

VERSION = 1  # of the code that computes features: raise it when they change by more than rounding; a cache starts anew
EXTRACTORS = ("random-vgg16", "inception", "random-inception")
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # Simonyan & Zisserman 2015, D
PIXELS = 2**17  # that pass through the trunk at once, 32 images of 64×64: larger images don't fill the memory


@functools.lru_cache(maxsize=1)
def _trunk(seed):
    """The convolutions of VGG16, block by block. He-normal biases are 0, so there are none."""
    import torch

    blocks, channels = [], 3
    for widths in VGG16:
        layers = []
        for width in widths:
            convolution = torch.nn.utils.skip_init(torch.nn.Conv2d, channels, width, 3, padding=1, bias=False)
            layers += [convolution, torch.nn.ReLU(inplace=True)]
            channels = width
        blocks.append(torch.nn.Sequential(*layers))
    trunk = torch.nn.ModuleList(blocks).requires_grad_(False).eval()
    he_normal(trunk.modules(), seed)
    return trunk.to(memory_format=torch.channels_last)


def _random_vgg16(seed):
    import torch

    trunk = _trunk(seed)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)  # ImageNet's, as VGG16 expects
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)

    def part(x):  # (B, 1 or 3, H, W) uint8 → (B, 2560)
        x, pooled = (x.float() / 255 - mean) / std, []
        x = x.contiguous(memory_format=torch.channels_last)
        for k, block in enumerate(trunk):
            x = block(x if k == 0 else torch.nn.functional.max_pool2d(x, 2))
            if k >= 2:  # in two steps: torch's `std` is twenty times slower over channels_last
                average = x.mean((2, 3), keepdim=True)
                pooled += [average.flatten(1), ((x - average) ** 2).mean((2, 3)).sqrt()]
        return torch.cat(pooled, 1)

    return lambda x: torch.cat([part(some) for some in x.split(max(1, PIXELS // (x.shape[2] * x.shape[3])))])


def check(images, extractor, weights, convention):
    """Refuse what `features` can't do with these images, in one sentence and before any work."""
    if extractor not in EXTRACTORS:
        raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {extractor!r}")
    if weights is not None and extractor.startswith("random-"):
        raise ValueError(
            f"weights must be None for {extractor}, whose weights are drawn from the seed, got {weights!r}"
        )
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {', '.join(CONVENTIONS)}, got {convention!r}")
    if convention != CONVENTIONS[0] and extractor not in ("inception", "random-inception"):
        raise ValueError(f"convention must be left out for {extractor}: it is Inception's, got {convention!r}")
    least = 32 if extractor == "random-vgg16" else 2
    if min(images.shape[1:3]) < least:
        raise ValueError(
            f"images must be at least {least} pixels wide and high for {extractor}, got {images.shape[1:3]}: "
            "below that there is no texture to describe"
        )


def _weights(extractor, weights, seed):
    """(the file to read or None, what identifies the weights): a SHA-256 or a seed."""
    if extractor.startswith("random-"):
        return None, f"seed {seed}"
    path = locate(PUBLISHED) if weights is None else existing(weights)
    return path, sha256(path)


def _forward(extractor, path, identity, convention, seed):
    """The function (B, 1 or 3, H, W) uint8 → (B, D) of an extractor."""
    if extractor == "random-vgg16":
        return _random_vgg16(seed)
    if extractor == "random-inception":
        return pool3(convention, seed=seed)
    return pool3(convention, path, identity)


def features(
    images,
    extractor="random-vgg16",
    weights=None,
    convention="torch-fidelity",
    batch_size=32,
    seed=0,
    cache=None,
):
    """(N, H, W, 1 or 3) uint8 → (N, D) float64, computed in float32.

    weights: a file for "inception": the published .pth, known by its SHA-256, or one's own as .safetensors or .npz;
    None: the published file from DGAN_ASSETS, else its download.
    convention: how an image gets to Inception, "torch-fidelity", "pytorch-fid" or "clean-fid"; a label of every number.
    batch_size: images at once; the result doesn't depend on it beyond rounding.  seed: of the random networks.
    cache: a folder that keeps features between runs, keyed by the content of images and weights; None keeps nothing.
    """
    images = as_images(images)
    batch_size = as_positive_integer(batch_size, "batch_size")
    check(images, extractor, weights, convention)
    if cache is not None and not isinstance(cache, (str, os.PathLike)):
        raise ValueError(f"cache must be a folder or None, got {cache!r}")
    path, identity = _weights(extractor, weights, seed)

    def compute():
        return _in_batches(_forward(extractor, path, identity, convention, seed), images, batch_size)

    if cache is None:
        return compute()
    description = {
        "images": array_hash(images),
        "extractor": extractor,
        "convention": convention,
        "weights": identity,
        "code": VERSION,
        "torch": ".".join(version("torch").split(".")[:2]),
        "torch-fidelity": version("torch-fidelity"),
        "pillow": version("pillow"),
    }
    return cached(Path(cache), description, compute)


def _in_batches(forward, images, batch_size):
    import torch

    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = np.array(images[start : start + batch_size], order="C")  # torch takes no reversed view
            rows.append(forward(torch.from_numpy(batch).permute(0, 3, 1, 2)).double().numpy())
    return np.concatenate(rows)
