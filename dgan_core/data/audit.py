"""What a folder of images holds, before anything is learnt from it: a row per image, and images that occur twice."""

import hashlib
import re
from pathlib import PurePosixPath

import numpy as np

from dgan_core.io.folders import files_in, near_binary
from dgan_core.io.images import whole

from .busi import COUNTS, find_busi, index_busi
from .folder import class_of, existing, is_mask


def audit(root):
    """A pandas DataFrame, one row per image of BUSI, or of any other folder or .zip archive, masks left out.

    label, name            class, which is the folder it lies in; file name
    width, height, mode    as stored
    n_masks                masks beside it by their names, `<its name>_mask*` in BUSI
    coloured               some pixel's red, green and blue differ: an overlay such as a marker, or Doppler
    mask_like              almost only black and white, though its name is no mask's
    sha256, pixels         of the file, and of size and RGB pixels: equal pixels in another encoding have equal `pixels`

    attrs["masks"] counts the masks that were left out by their names.
    """
    import pandas as pd  # here, since training reads no tables

    root = existing(root)
    busi = find_busi(root)
    rows = []
    with files_in(busi or root) as files:
        masks = [PurePosixPath(name) for name in files if is_mask(name)]
        names = [name for name in files if not is_mask(name)]
        if busi:
            names = [f"{k}/{p.name}" for k in COUNTS if (busi / k).is_dir() for p in index_busi(busi, k)]
        for name in names:
            content, path = files[name](), PurePosixPath(name)
            image = whole(content, f"{root}/{name}")
            rgb = np.asarray(image.convert("RGB"))
            rows.append(
                {
                    "label": class_of(name) or root.stem,
                    "name": path.name,
                    "width": image.width,
                    "height": image.height,
                    "mode": image.mode,
                    "n_masks": sum(_is_of(mask, path) for mask in masks),
                    "coloured": bool((rgb != rgb[..., :1]).any()),
                    "mask_like": near_binary(rgb),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "pixels": hashlib.sha256(f"{image.size}".encode() + rgb.tobytes()).hexdigest(),
                }
            )
    manifest = pd.DataFrame(rows)
    manifest.attrs["masks"] = len(masks)
    return manifest


def _is_of(mask, image):
    """Whether a mask's name begins with an image's, beside it or in a folder of masks beside it or its folder."""
    near = mask.parent in (image.parent, image.parent / mask.parent.name, image.parent.parent / mask.parent.name)
    return near and re.fullmatch(rf"{re.escape(image.stem)}([_\-. ].*)?", mask.stem) is not None


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
