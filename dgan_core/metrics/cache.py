"""Features on disk: computed once for the same images, network and versions, and never used when damaged.

An entry's name is the SHA-256 of everything that its values depend on, so a changed pixel is another entry, and nothing
has to be invalidated. An entry is one safetensors file that carries this description and a checksum of its values.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from dgan_core.io.files import DamagedFile, read_arrays, write_arrays


def array_hash(x):
    """SHA-256 of an array's dtype, shape and values, in hexadecimal."""
    x = np.ascontiguousarray(x)
    digest = hashlib.sha256(f"{x.dtype.str} {x.shape} ".encode())
    digest.update(memoryview(x).cast("B"))
    return digest.hexdigest()


def cached(folder, description, compute):
    """compute(), an array of finite float64, or the same array as an earlier call with this description stored it.

    folder: made where it doesn't exist; may be shared by processes, of which each can write the same entry.
    description: a dictionary for JSON that names everything compute() depends on.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"cache must be a folder or None, got the file {str(folder)!r}")
    described = json.dumps(description, sort_keys=True)
    path = folder / f"{hashlib.sha256(described.encode()).hexdigest()}.safetensors"
    values = _read(path, described)
    if values is None:
        folder.mkdir(parents=True, exist_ok=True)  # told before the work, if it can't be made
        values = compute()
        write_arrays(path, {"values": values}, {"description": described})
    return values


def _read(path, described):
    """The entry's values; None where it is missing, damaged, or not of this description."""
    try:
        arrays, facts = read_arrays(path)
    except (FileNotFoundError, DamagedFile):
        return None
    if list(arrays) != ["values"] or facts != {"description": described}:
        return None
    values = arrays["values"]
    return values if values.dtype == np.float64 and np.isfinite(values).all() else None
