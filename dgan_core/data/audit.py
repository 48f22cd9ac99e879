"""What a BUSI folder holds, before anything is learnt from it: one row per image, and the images that occur twice."""

import hashlib

import numpy as np

from dgan_core.io.images import read_file, whole

from .busi import COUNTS, find_root, index_busi


def audit(root):
    """A pandas DataFrame, one row per image of every class present.

    label, name, number    class, file name, the number in the name
    width, height, mode    as stored
    n_masks                files `<label> (<number>)_mask*.png` beside it
    coloured               some pixel's red, green and blue differ: an overlay such as a marker, or Doppler
    sha256, pixels         of the file, and of size and RGB pixels: equal pixels in another encoding have equal `pixels`
    """
    import pandas as pd  # here, since training reads no tables

    root = find_root(root)
    rows = []
    for label in COUNTS:
        if not (root / label).is_dir():
            continue
        names = [path.name for path in (root / label).iterdir()]
        for path in index_busi(root, label):
            image = whole(read_file(path), str(path))
            rgb = np.asarray(image.convert("RGB"))
            rows.append(
                {
                    "label": label,
                    "name": path.name,
                    "number": int(path.stem.split("(")[1].rstrip(")")),
                    "width": image.width,
                    "height": image.height,
                    "mode": image.mode,
                    "n_masks": sum(name.startswith(f"{path.stem}_mask") and name.endswith(".png") for name in names),
                    "coloured": bool((rgb != rgb[..., :1]).any()),
                    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                    "pixels": hashlib.sha256(f"{image.size}".encode() + rgb.tobytes()).hexdigest(),
                }
            )
    return pd.DataFrame(rows)


def duplicates(manifest):
    """Groups of images with identical pixels, within and across classes: [["benign (433).png", …], …]."""
    groups = manifest.groupby("pixels", sort=False)["name"].agg(list)
    return [names for names in groups if len(names) > 1]


def near_duplicates(images, threshold=0.95, side=32):
    """Groups of images that look alike, as lists of indices: other frames, crops or exports of one scan.

    images (N, S, S, 1) uint8, S a multiple of `side`.  Two are alike where their thumbnails of side × side block means
    correlate above `threshold`; a group is connected by such pairs, so its ends may correlate less.
    """
    from scipy.sparse.csgraph import connected_components

    n, size = images.shape[:2]
    if size % side:
        raise ValueError(f"images must have a side that is a multiple of {side}, got {size}")
    block = size // side
    thumbnails = images.reshape(n, side, block, side, block).mean((2, 4)).reshape(n, -1)
    thumbnails -= thumbnails.mean(1, keepdims=True)
    thumbnails /= np.maximum(np.linalg.norm(thumbnails, axis=1, keepdims=True), 1e-12)  # a constant image is like none
    _, group = connected_components(thumbnails @ thumbnails.T > threshold, directed=False)
    members = [np.flatnonzero(group == k).tolist() for k in range(group.max() + 1)]
    return [m for m in members if len(m) > 1]
