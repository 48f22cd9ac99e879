"""Features and statistics in .npz files, so that a set is measured once and other programs can read or write it.

"features" (N, D); "mu" (D,) and "sigma" (D, D), its mean and covariance (ddof 1), as pytorch-fid stores them; and
"extractor", the label of the features as UTF-8 bytes. A file of another program may lack the first or the last.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dgan_core.io.archives import read_npz
from dgan_core.io.files import write_atomically
from dgan_core.metrics.checks import LARGEST, as_features


class Stored(NamedTuple):
    features: np.ndarray | None  # (N, D)
    mu: np.ndarray  # (D,)
    sigma: np.ndarray  # (D, D)
    extractor: str | None  # a label as `features.label` gives it


def stored(features, extractor):
    """Features (N, D) with their statistics."""
    return Stored(features, features.mean(0), np.atleast_2d(np.cov(features, rowvar=False)), extractor)


def write_features(path, features, extractor):
    """Write features (N, D) with their statistics; the file is whole or not there."""
    content = io.BytesIO()
    name = np.frombuffer(extractor.encode(), np.uint8)
    np.savez(content, **{**stored(as_features(features), extractor)._asdict(), "extractor": name})
    write_atomically(Path(path), content.getvalue())


def read_features(path):
    """Stored.  ValueError where the file holds neither "features" nor "mu" and "sigma" that fit together."""
    arrays = read_npz(Path(path))
    label = bytes(arrays["extractor"].astype(np.uint8)).decode() if "extractor" in arrays else None
    if "features" in arrays:
        return stored(as_features(arrays["features"], f"{path}/features"), label)
    mu, sigma = (arrays.get(name, np.empty(0)).astype(np.float64) for name in ("mu", "sigma"))
    if mu.ndim != 1 or len(mu) == 0 or sigma.shape != (len(mu), len(mu)):
        raise ValueError(
            f"{path} must hold features (N, D), or mu (D,) and sigma (D, D), got "
            + (", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing")
        )
    if not (np.abs(mu).max() <= LARGEST and np.abs(sigma).max() <= LARGEST**2):  # nor is NaN
        raise ValueError(
            f"{path} must hold finite statistics of features within ±{LARGEST:g}, got NaN, infinity or larger numbers: "
            "scale both sets down"
        )
    return Stored(None, mu, sigma, label)
