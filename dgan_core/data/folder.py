"""Any folder or .zip archive of images as training data: flat, or with one subfolder for each class."""

import re
import warnings
from pathlib import Path, PurePosixPath

import numpy as np

from dgan_core.io.folders import files_in, near_binary
from dgan_core.io.images import decode, fitted, to_grey

MASK = re.compile(r"(.*[_\-. ])?(masks?|seg|segmentation|groundtruth|gt)([_\-. ]?\d+)?", re.IGNORECASE)
CLASSES = ("benign", "malignant", "normal")


def load_folder(path, size=512, label=None, resize="stretch"):
    """(N, size, size, 1) uint8, grey, in natural order of the names inside, (2) before (10).

    path     a folder or .zip archive of PNG, JPEG, BMP, TIFF, WebP or 8-bit DICOM files at any depth, of any size, grey
             or colour.
    label    take the files below a folder of this name, in any case; where no folder is named so, all files if they
             are of one class, else ValueError names the classes.  None: all files.
    resize   "stretch" ignores the aspect; "pad" keeps it between black borders; "crop" cuts the centre out.

    Masks are left out, which a warning says: files named x_mask, mask_01, x_segmentation, …, what lies in a folder
    named masks, and images of black and white alone beside others.  ValueError names a file that can't be used.
    """
    path = existing(path)
    if label and path.name.lower() in CLASSES and path.name.lower() != label.lower():
        raise ValueError(f"label must be {path.name!r} for the folder {path}, got {label!r}")
    with files_in(path) as files:
        names = _of_class(path, list(files), label)
        named_so = [name for name in names if is_mask(name)]
        images, binary, left_out = {}, [], {*named_so}
        for name in names:
            if name not in left_out:
                pixels = to_grey(decode(files[name](), f"{path}/{name}"))
                binary += [name] if near_binary(pixels) else []
                images[name] = fitted(pixels, size, size, resize)
    masks = named_so + (binary if len(binary) < len(images) else [])
    left_out = {*masks}
    kept = [pixels for name, pixels in images.items() if name not in left_out]
    if len(kept) < 2:
        raise ValueError(f"{path} must hold at least 2 images, got {len(kept)}, and {len(masks)} masks")
    if masks:
        warnings.warn(f"masks of {path} are left out, {len(masks)} in all, such as {masks[0]}", stacklevel=2)
    return np.stack(kept)


def existing(path):
    """The path of a folder or archive that is there."""
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"images were looked for in {path}, which does not exist")
    return path


def is_mask(name):
    """Whether a file is a mask by its name inside a set, or by a folder's."""
    return any(map(MASK.fullmatch, PurePosixPath(name).with_suffix("").parts))


def class_of(name):
    """The innermost folder that a file of a set lies in, but for `images` and `masks`; empty where there is none."""
    folders = PurePosixPath(name).parts[:-1]
    return next((f for f in folders[::-1] if not MASK.fullmatch(f) and f.casefold() not in ("images", "image")), "")


def _of_class(path, names, label):
    """The files of a class: below a folder of its name, or all where there is but one class."""
    inside = [name for name in names if label and label.casefold() in map(str.casefold, PurePosixPath(name).parts[:-1])]
    if inside or not label:
        return inside or names
    classes = sorted({*map(class_of, names)} - {""})
    if len(classes) > 1:
        raise ValueError(f"label must be one of {', '.join(classes)} in {path} (--label {classes[0]}), got {label!r}")
    return names
