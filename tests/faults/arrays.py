"""What callers hand to metrics: wrong shapes and types, NaN, one image, none, numbers so large that powers overflow."""

from pathlib import Path

import numpy as np

from dgan_core import metrics
from faults.cases import EITHER, REFUSE, TAKE, Case, pick

OF_FEATURES = {
    name: getattr(metrics, name)
    for name in (
        "frechet_distance", "kernel_distance", "precision_recall", "density_coverage", "memorisation",
        "kernel_distance_subsets", "pca", "sliced_wasserstein", "kernel_distance_interval", "frechet_distance_interval",
        "precision_recall_interval",
    )
}  # fmt: skip
OF_IMAGES = {"ms_ssim_pairs": metrics.ms_ssim_pairs, "features": lambda a, b: metrics.features(a)}


def cases(rng, folder: Path) -> Case:
    of_images = rng.random() < 0.2
    name = pick(rng, tuple(OF_IMAGES if of_images else OF_FEATURES))
    sound = _images if of_images else _features
    arguments = [sound(rng), sound(rng)]
    spoil, must = pick(rng, SPOILS), EITHER
    if spoil is None:
        must = TAKE
    else:
        spoiled = 0 if of_images else rng.integers(2)  # the second set of images may be left out
        arguments[spoiled], must = SPOILED[spoil](arguments[spoiled], of_images)
    function = (OF_IMAGES if of_images else OF_FEATURES)[name]
    return Case(f"{name}, {spoil}", lambda: function(*arguments), _finite, must)


def _features(rng):
    return rng.normal(size=(24, 2))  # two columns, so that the planes' metrics take them too


def _images(rng):
    return rng.integers(0, 256, (3, 32, 32, 1), dtype=np.uint8)


def _finite(value):
    """Numbers all the way down, none of them NaN or infinite."""
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, (tuple, list)):
        return all(map(_finite, value))
    return bool(np.isfinite(np.asarray(value, np.float64)).all())


def _set(x, value):
    x = x.copy()
    x[-1, 0] = value
    return x


SPOILED = {  # name: (a sound array, is it one of images?) → what is handed over instead, and what must happen
    "NaN": lambda x, images: (_set(x.astype(float), np.nan), REFUSE),
    "infinity": lambda x, images: (_set(x.astype(float), -np.inf), REFUSE),
    "a number of 10^200": lambda x, images: (_set(x.astype(float), 1e200), REFUSE),
    "a number of 10^14": lambda x, images: (_set(x.astype(float), 1e14), REFUSE if images else EITHER),
    "all equal": lambda x, images: (np.full_like(x, 7), EITHER),
    "all zero": lambda x, images: (np.zeros_like(x), EITHER),
    "none": lambda x, images: (x[:0], REFUSE),
    "one": lambda x, images: (x[:1], REFUSE),
    "no columns": lambda x, images: (x[:, :0], REFUSE),
    "one column": lambda x, images: (x[:, :1], REFUSE),
    "flat": lambda x, images: (x.ravel(), REFUSE),
    "an axis more": lambda x, images: (x[None], REFUSE),
    "a number": lambda x, images: (3.0, REFUSE),
    "None": lambda x, images: (None, REFUSE),
    "text": lambda x, images: ("features", REFUSE),
    "ragged lists": lambda x, images: ([[1.0, 2.0], [1.0]], REFUSE),
    "complex": lambda x, images: (x.astype(complex), REFUSE),
    "objects": lambda x, images: (x.astype(object), REFUSE),
    "truth values": lambda x, images: (x > 0, REFUSE),
    "float32": lambda x, images: (x.astype(np.float32), REFUSE if images else TAKE),
    "in another order": lambda x, images: (np.asfortranarray(x)[::-1], TAKE),
    "lists": lambda x, images: (x.tolist(), REFUSE if images else TAKE),
}
SPOILS = (None, None, *SPOILED)
