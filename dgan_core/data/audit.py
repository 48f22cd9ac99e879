"""What a BUSI folder holds, before anything is learnt from it: one row per image, and the images that occur twice."""

import hashlib

import numpy as np

from .busi import COUNTS, find_root, index_busi, read_image


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
            image = read_image(path)
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
