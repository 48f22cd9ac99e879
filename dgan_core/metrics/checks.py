"""What a metric accepts, refused at the door in one sentence."""

import numpy as np

LARGEST = 1e15  # the sixth power of a feature, in the variance of a cubic kernel's sum, must stay within float64


def as_features(x, name="features"):
    """(N, D) finite real numbers with N ≥ 2, as float64."""
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[0] < 2 or x.shape[1] < 1:
        raise ValueError(f"{name} must be an (N, D) array with N ≥ 2 and D ≥ 1, got shape {x.shape}")
    if x.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers, got dtype {x.dtype}")
    x = x.astype(np.float64, copy=False)
    low, high = x.min(), x.max()  # NaN where there is any; a mask of all of x would take longer than the metric
    if not np.isfinite([low, high]).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    if max(-low, high) > LARGEST:
        raise ValueError(f"{name} must lie within ±{LARGEST:g}, got {max(-low, high):g}: scale both sets down")
    return x


def as_feature_pair(x, y, names=("x", "y")):
    x, y = as_features(x, names[0]), as_features(y, names[1])
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"{' and '.join(names)} must have equally many features, got {x.shape[1]} and {y.shape[1]}")
    return x, y


def as_images(images, name="images"):
    """(N, H, W, 1 or 3) uint8 with N ≥ 2.

    Generated images are quantised to uint8 once, before any metric; a float array is refused rather than guessed at.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8 in 0..255, got dtype {images.dtype}")
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.shape[0] < 2 or 0 in images.shape:
        raise ValueError(f"{name} must have shape (N, H, W, 1) or (N, H, W, 3) with N ≥ 2, got {images.shape}")
    return images


def as_image_pair(a, b, names=("a", "b")):
    a, b = as_images(a, names[0]), as_images(b, names[1])
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(f"{names[0]} and {names[1]} must be images of one shape, got {a.shape[1:]} and {b.shape[1:]}")
    return a, b


def as_positive_integer(value, name):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be a whole number ≥ 1, got {value!r}")
    return int(value)


def as_seed(value, name="seed", least_above=0):
    """A whole number from 0 to 2³² − 1, less the seeds above it that are needed too."""
    most = 2**32 - 1 - least_above
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 0 to {most}, got {value!r}")
    return int(value)
