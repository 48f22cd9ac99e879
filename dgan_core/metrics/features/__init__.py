"""Images → feature vectors, by the extractor that a distance is named after. A file each:

efficientnet-lite0  trained on ImageNet; its weights come with a package, nothing is downloaded. 1,280 numbers.
inception           Inception 2015-12-05, pool3: the network of FID and KID, by the published weights. 2,048 numbers.
radiomics           statistics of texture with a name each, no network. 398 numbers.
random-inception    Inception with seeded He-normal weights: checks the path, never a printed FID.
random-vgg16        VGG16 with seeded He-normal weights: the example of a yardstick that fails. 2,560 numbers.

Numbers of different extractors can't be compared. Images are uint8; grey is repeated to three channels. A function of
your own, images → (N, D), is an extractor too. torch-fidelity's others (VGG16, CLIP, DINOv2) are not offered by name:
it unpickles weights unchecked, and DINOv2 runs code that it downloads.
"""

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dgan_core.io.weights import existing, locate, sha256

from ..cache import array_hash, cached
from ..checks import as_images, as_positive_integer, as_seed
from ..torch_setup import as_device
from . import efficientnet, inception, radiomics, vgg16

VERSION = 2  # of the code that computes features: raise it when they change by more than rounding; a cache starts anew
DEFAULT = "efficientnet-lite0"


class Extractor(NamedTuple):
    label: str  # in tables
    least: int  # pixels of the smallest side
    build: Callable  # (path, identity, convention, seed, device) → a function (B, H, W, 1 or 3) uint8 → (B, D)
    published: Callable | None = None  # () → the file of its trained weights; None: it has none


EXTRACTORS = {
    DEFAULT: Extractor("EfficientNet-Lite0", 16, efficientnet.build, efficientnet.published),
    "inception": Extractor("Inception", 2, inception.build, lambda: locate(inception.PUBLISHED)),
    "radiomics": Extractor("radiomics", 16, radiomics.build),
    "random-inception": Extractor("random Inception", 2, inception.build),
    "random-vgg16": Extractor("random VGG16", 32, vgg16.build),
}


def check(images, extractor, weights=None, convention="torch-fidelity"):
    """Refuse what `features` can't do with these images, in one sentence and before any work."""
    if callable(extractor):
        if weights is not None:
            raise ValueError(f"weights must be None for an extractor of your own, got {weights!r}")
        return
    if extractor not in EXTRACTORS:
        names = ", ".join(EXTRACTORS)
        raise ValueError(f"extractor must be one of {names}, or a function of images, got {extractor!r}")
    known = EXTRACTORS[extractor]
    if weights is not None and known.published is None:
        raise ValueError(f"weights must be None for {extractor}, which reads no file, got {weights!r}")
    if convention not in inception.CONVENTIONS:
        raise ValueError(f"convention must be one of {', '.join(inception.CONVENTIONS)}, got {convention!r}")
    if convention != inception.CONVENTIONS[0] and not extractor.endswith("inception"):
        raise ValueError(f"convention must be left out for {extractor}: it is Inception's, got {convention!r}")
    if min(images.shape[1:3]) < known.least:
        raise ValueError(
            f"images must be at least {known.least} pixels wide and high for {extractor}, got {images.shape[1:3]}"
        )


def weights_file(extractor, weights=None):
    """The file that an extractor reads, fetched where it must be, or None.  Errors where it can't be had."""
    if extractor == "radiomics":
        radiomics.extractor()  # ImportError where its package isn't installed
    published = None if callable(extractor) else EXTRACTORS[extractor].published
    return None if published is None else published() if weights is None else existing(weights)


def label(extractor, weights=None, convention="torch-fidelity"):
    """What a table calls the features: the extractor, the name of an own file of weights, and an unusual convention."""
    if callable(extractor):
        return f"own:{getattr(extractor, '__name__', type(extractor).__name__)}"
    name = extractor if weights is None else f"{extractor}:{Path(weights).name}"
    return name if convention == inception.CONVENTIONS[0] else f"{name} ({convention})"


def features(
    images,
    extractor=DEFAULT,
    weights=None,
    convention="torch-fidelity",
    batch_size=8,
    seed=0,
    cache=None,
    device=None,
    progress=None,
):
    """(N, H, W, 1 or 3) uint8 → (N, D) float64, computed in float32.

    extractor: a name, see above, or a function (N, H, W, 1 or 3) uint8 → (N, D), which is called once with all images;
    no other argument applies to it.
    weights: for "inception" and "efficientnet-lite0" a file: the published one, known by its SHA-256, or one's own as
    .safetensors or .npz. None: the published file, Inception's from DGAN_ASSETS or its download.
    convention: how an image gets to Inception, "torch-fidelity", "pytorch-fid" or "clean-fid".
    batch_size: images at once: 8 fit a processor's caches, a GPU takes 64. Beyond rounding the result doesn't depend on
    it.  seed: of the random networks.
    cache: a folder that keeps features between runs, keyed by the content of images and weights; None keeps nothing.
    device: "cpu", "cuda", …; None: a GPU where there is one.  progress: called as progress(done, total).
    """
    images = as_images(images)
    batch_size, seed = as_positive_integer(batch_size, "batch_size"), as_seed(seed)
    check(images, extractor, weights, convention)
    if cache is not None and not isinstance(cache, (str, os.PathLike)):
        raise ValueError(f"cache must be a folder or None, got {cache!r}")
    if callable(extractor):
        return _of_own_network(extractor, images)
    path = weights_file(extractor, weights)
    identity = sha256(path) if path else f"seed {seed}" if extractor.startswith("random") else ""

    def compute():
        extract = EXTRACTORS[extractor].build(path, identity, convention, seed, as_device(device))
        rows = []
        for start in range(0, len(images), batch_size):
            rows.append(extract(images[start : start + batch_size]))
            if progress is not None:
                progress(min(start + batch_size, len(images)), len(images))
        return np.concatenate(rows).astype(np.float64)

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
        "pyradiomics": version("pyradiomics-bhklab") if extractor == "radiomics" else None,
    }
    return cached(Path(cache), description, compute)


def _of_own_network(extractor, images):
    found = np.asarray(extractor(images), dtype=np.float64)
    if found.ndim != 2 or len(found) != len(images):
        raise ValueError(f"extractor must return an (N, D) array for N = {len(images)} images, got {found.shape}")
    return found
