"""BUSI, breast ultrasound images (Al-Dhabyani et al. 2020, doi:10.1016/j.dib.2019.104863): find, fetch, load.

Layout: Dataset_BUSI_with_GT/<label>/<label> (12).png, with masks <label> (12)_mask.png, _mask_1.png, …
"""

import os
import re
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np

from dgan_core.io.archives import unzip
from dgan_core.io.downloads import cache_folder, fetch
from dgan_core.io.images import decode, fitted, read_file, to_grey
from dgan_core.io.weights import sha256 as hash_of

URL = "https://scholar.cu.edu.eg/Dataset_BUSI.zip"
FOLDER = "Dataset_BUSI_with_GT"
COUNTS = {"benign": 437, "malignant": 210, "normal": 133}  # images of the complete set, masks not counted


def find_busi(root):
    """The folder that holds BUSI's class folders, at `root` or up to two levels below; None where there is none."""
    root = Path(root).expanduser()
    for folder in (root, root / FOLDER, root / FOLDER / FOLDER, *sorted(root.glob(f"*/{FOLDER}"))):
        if any(next(folder.glob(f"{label}/{label} (*).png"), None) for label in COUNTS):
            return folder
    return None


def find_root(root):
    """find_busi, or an error that says what is missing."""
    root = Path(root).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"BUSI was looked for in {root}, which does not exist")
    if not root.is_dir():
        raise NotADirectoryError(f"BUSI was looked for in {root}, which is a file; give the unzipped folder")
    found = find_busi(root)
    if found is None:
        raise FileNotFoundError(
            f"{root} is not laid out as BUSI: neither it nor its {FOLDER} has a folder such as malignant with "
            "images named as 'malignant (1).png'"
        )
    return found


def index_busi(root, label="malignant"):
    """Images of one class in the order of their numbers, (2) before (10); masks and stray files left out."""
    if label not in COUNTS:
        raise ValueError(f"label must be one of {', '.join(COUNTS)}, got {label!r}")
    folder = find_root(root) / label
    if not folder.is_dir():
        raise FileNotFoundError(f"images of class {label} were looked for in {folder}, which does not exist")
    name = re.compile(rf"{label} \((\d+)\)\.png")
    found = {path: int(m[1]) for path in folder.iterdir() if (m := name.fullmatch(path.name)) and path.is_file()}
    if found:
        return sorted(found, key=lambda path: (found[path], path.name))
    raise FileNotFoundError(f"images named '{label} (1).png' were looked for in {folder}, which holds none")


def load_busi(root, label="malignant", size=512, resize="stretch"):
    """All images of one class, (N, size, size, 1) uint8; warns of an unusual N, since results depend on it."""
    paths = index_busi(root, label)
    if len(paths) != COUNTS[label]:
        warnings.warn(
            f"{paths[0].parent} holds {len(paths)} {label} images; the complete BUSI has {COUNTS[label]}", stacklevel=2
        )
    return np.stack([fitted(to_grey(decode(read_file(path), str(path))), size, size, resize) for path in paths])


def fetch_busi(url=URL, sha256=None, cache=None):
    """Download and unzip BUSI once; return its folder.

    sha256 of the archive defaults to DGAN_BUSI_SHA256. The official page publishes none, so without one the archive
    is accepted only if it unzips to exactly 437 benign, 210 malignant and 133 normal images.
    cache defaults to DGAN_ASSETS, else the user's cache. Both the download and the unzipping land whole or not at all.
    """
    sha256 = sha256 or os.environ.get("DGAN_BUSI_SHA256") or None
    cache = Path(cache or cache_folder()).expanduser()
    by_hand = "download it by hand, unzip it and pass data=<folder>"
    try:
        archive = fetch(url, "Dataset_BUSI.zip", sha256 and f"sha256:{sha256}", cache)
    except ConnectionError as error:
        raise ConnectionError(f"BUSI could not be downloaded from {url}; {by_hand}") from error
    except ValueError as error:
        raise ValueError(f"the archive at {url} does not have the SHA-256 {sha256}; {by_hand}") from error

    target = cache / f"busi-{hash_of(archive)[:16]}"  # another archive, another folder
    if target.is_dir():
        return find_root(target)
    partial = Path(tempfile.mkdtemp(prefix="busi-partial-", dir=cache))
    try:
        unzip(archive, partial)
        found = find_root(partial)
        if sha256 is None and (held := {label: len(index_busi(found, label)) for label in COUNTS}) != COUNTS:
            raise ValueError(f"the archive at {url} holds {held} images; the complete BUSI holds {COUNTS}")
        if not target.is_dir():  # another process may have been faster
            os.replace(partial, target)
    except (ValueError, FileNotFoundError):
        archive.unlink(missing_ok=True)  # so that the next call downloads again
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return find_root(target)
