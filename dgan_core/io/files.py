"""Files that are whole or not there, and reads that notice damage.

A write goes to a name of its own first, is brought to the disk, and then takes the place of what was there: whoever
reads, and whatever process is killed, finds the old content or the new.  What is read back carries a SHA-256 of what
was written, so that no value comes out of a file that was cut or changed.
"""

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from .packed import FAULTS, pack, unpack

PARTIAL = ".part"  # ends the name of a file that is being written


class DamagedFile(ValueError):
    """A file that does not hold what was written; the message names it."""


def short(error: Exception) -> str:
    """What a library says, which may quote a whole broken file, in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200]


def write_atomically(path: Path, content: bytes) -> None:
    """All of `content` or, after a failure or a crash, what was there before; a failure leaves nothing else behind."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PARTIAL}")  # several processes may write one path
    try:
        with open(partial, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring a file to the disk, or a folder's list of names, without which a rename may not outlive a power cut."""
    if path.is_dir() and os.name != "posix":  # Windows opens no folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partial_files(folder: Path) -> None:
    """Remove what killed writers left in `folder`. Call only while holding the run's lock."""
    for path in folder.glob(f".*{PARTIAL}"):
        path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Atomically; NaN is refused, since JSON has none."""
    write_atomically(path, _json(content))


def write_record(path: Path, content: dict[str, Any]) -> None:
    """write_json of an object whose last entry, "sha256", is the hash of the text of the others."""
    write_atomically(path, _record(content))


def read_record(path: Path) -> dict[str, Any]:
    """What write_record was given.

    Raises DamagedFile where the file is no JSON object, or not the one that was written; OSError as open does.
    """
    written = path.read_bytes()
    try:
        content = json.loads(written)
    except ValueError as error:
        raise DamagedFile(f"{path} is damaged: it is no JSON ({error})") from None
    if not isinstance(content, dict):
        raise DamagedFile(f"{path} is damaged: it must hold a JSON object, got {type(content).__name__}")
    if content.pop("sha256", None) is None:
        raise DamagedFile(f"{path} carries no SHA-256: it is damaged, or of an older version of this package")
    if _record(content) != written:
        raise DamagedFile(f"{path} is damaged: its SHA-256 is not that of its content")
    return content


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def _record(content: dict[str, Any]) -> bytes:
    return _json({**content, "sha256": hashlib.sha256(_json(content)).hexdigest()})


def write_arrays(path: Path, arrays: dict[str, np.ndarray], facts: dict[str, str] | None = None) -> None:
    """A safetensors file of `arrays` and `facts` (its metadata), with a SHA-256 over all of both; packed if a .gz."""
    save = pack if path.suffix == ".gz" else safetensors.numpy.save
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    facts = facts or {}
    write_atomically(path, save(arrays, {**facts, "sha256": _hash_of_arrays(arrays, facts)}))


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays, facts) as write_arrays was given them.

    Raises DamagedFile where a name, shape, value or fact differs from what was written; FileNotFoundError.
    """
    try:
        if path.suffix == ".gz":
            arrays, facts = unpack(path.read_bytes())
        else:
            with safetensors.safe_open(path, "numpy") as file:
                facts = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}
    except (safetensors.SafetensorError, *FAULTS) as error:
        raise DamagedFile(f"{path} is damaged: {error}") from None
    written = facts.pop("sha256", None)
    if written is None:
        raise DamagedFile(f"{path} carries no SHA-256: it is damaged, or of an older version of this package")
    if written != _hash_of_arrays(arrays, facts):
        raise DamagedFile(f"{path} is damaged: its SHA-256 is not that of its content")
    return arrays, facts


def _hash_of_arrays(arrays: dict[str, np.ndarray], facts: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(memoryview(array).cast("B") if array.size else b"")
    return digest.hexdigest()
