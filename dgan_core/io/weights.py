"""Trained weights from files: the published ones by their hash, anyone's in formats that hold nothing but numbers.

A pickle can run code as it is read. So a .pth (or .h5) is read only if it is the published file, byte for byte; weights
of one's own come as .safetensors or .npz.
"""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dgan_core.io.archives import read_npz
from dgan_core.io.downloads import cache_folder, fetch

OWN = (".safetensors", ".npz")


class Published(NamedTuple):
    """A file that its authors publish: its name here, its address, and its hash, "sha256:…" or "md5:…"."""

    name: str
    url: str
    hash: str


def locate(published: Published) -> Path:
    """DGAN_ASSETS/name where there is such a file, else the download. Its hash is checked by `content`."""
    if os.environ.get("DGAN_ASSETS") and (held := cache_folder() / published.name).is_file():
        return held
    try:
        return fetch(published.url, published.name, published.hash, cache_folder())
    except OSError as error:
        raise ConnectionError(
            f"{published.url} could not be fetched ({type(error.__cause__ or error).__name__}): "
            f"fetch it elsewhere, put it into a folder as {published.name}, and set DGAN_ASSETS to that folder"
        ) from error


def existing(path: str | Path) -> Path:
    """The path of a file of weights, or FileNotFoundError."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"weights must name a file, got {str(path)!r}, which doesn't exist")
    return path


def content(path: Path, published: Published) -> bytes:
    """The bytes of a file that has the published hash; ValueError for any other, of which nothing is read further."""
    held = path.read_bytes()
    kind, _, digest = published.hash.partition(":")
    found = hashlib.new(kind, held).hexdigest()
    if found != digest:
        raise ValueError(
            f"{path} must be the published {published.name} ({kind} {digest[:16]}…), got {found[:16]}…: fetch it "
            f"again, or give weights of your own as {' or '.join(OWN)}"
        )
    return held


def own(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of a .safetensors or .npz file.  ValueError where it is not a whole one."""
    if path.suffix == ".npz":
        return read_npz(path)
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (SafetensorError, KeyError, OSError) as error:  # KeyError: a type that NumPy lacks
        raise ValueError(f"{path} is not a whole .safetensors file ({error})") from error


def own_hash(name: str) -> str:
    """SHA-256 of a file of one's own; empty for a name whose weights never change, "imagenet" or "random"."""
    return "" if name in ("imagenet", "random") else sha256(existing(name))


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
