"""Half precision in fewer bytes: a compressed safetensors file (.safetensors.gz).

gzip saves most where all low bytes lie before all high ones: float16 NAME is stored as NAME:f16, uint8 (2, …).
"""

import gzip
import json
import zlib

import numpy as np
import safetensors.numpy

HALF = ":f16"
FAULTS = (zlib.error, gzip.BadGzipFile, EOFError)  # of content that gzip did not write


def pack(arrays: dict[str, np.ndarray], facts: dict[str, str]) -> bytes:
    """C-ordered arrays and facts, as safetensors.numpy.save takes them → the content of the file."""
    halves = {name: array for name, array in arrays.items() if array.dtype == np.float16}
    planes = {k + HALF: np.moveaxis(a[..., None].view("u1"), -1, 0).copy("C") for k, a in halves.items()}
    others = {name: array for name, array in arrays.items() if name not in halves}
    return gzip.compress(safetensors.numpy.save(others | planes, facts), mtime=0)


def unpack(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays, facts) as `pack` was given them.  One of FAULTS, or SafetensorError, where the content is damaged."""
    content = gzip.decompress(content)
    arrays = safetensors.numpy.load(content)
    facts = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]).get("__metadata__", {})
    for name in [name for name in arrays if name.endswith(HALF)]:
        arrays[name.removesuffix(HALF)] = np.stack(tuple(arrays.pop(name)), -1).view("<f2")[..., 0]
    return arrays, facts
