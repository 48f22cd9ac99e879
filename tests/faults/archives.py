"""Archives and arrays as files: sound, cut, flipped, and built to land, grow or run where they don't belong."""

import io
import stat
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np

from dgan_core.io.archives import open_zip, read_npy
from faults.cases import EITHER, REFUSE, TAKE, Case, pick

NAMES = (
    "a.png", "b (1).png", "ünï çode.png", "in/ner/c.png", " ", "x" * 100, "日本.tif", "-rf", "$(d)", "e;f"
)  # fmt: skip
SPOILS = (None, "cut", *["flip"] * 3, "evil", "link", "twice", "within", "control", "method", "bomb", "lie")


def zips(rng, folder: Path) -> Case:
    members = {name: rng.bytes(rng.integers(2000)) for name in rng.choice(NAMES, rng.integers(1, 6), replace=False)}
    path, must = folder / "a.zip", TAKE
    spoil = pick(rng, SPOILS)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that occur twice, which is meant here
        for name, content in members.items():
            archive.writestr(str(name), content)
        if spoil == "evil":
            evil = pick(rng, ("../x", "/x", "a/../../x", "C:\\x", "..\\x", "\\\\host\\x"))
            archive.writestr(evil, b"")
        elif spoil == "link":
            member = zipfile.ZipInfo("link")
            member.create_system, member.external_attr = 3, (pick(rng, (stat.S_IFLNK, stat.S_IFIFO)) | 0o777) << 16
            archive.writestr(member, b"/etc/passwd")
        elif spoil == "twice":
            archive.writestr(f"./{next(iter(members))}", b"")
        elif spoil == "within":
            archive.writestr(f"{next(iter(members))}/more", b"")
        elif spoil == "control":
            archive.writestr(pick(rng, ("new\nline", "\x1b[31mred", "bell\a")), b"")
        elif spoil == "method":
            archive.writestr("m", bytes(100), pick(rng, (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))
        elif spoil == "bomb":
            archive.writestr("zeros", bytes(2**20))
    content = bytearray(path.read_bytes())
    if spoil == "cut":
        content = content[: rng.integers(len(content))]
    elif spoil == "flip":
        for _ in range(rng.integers(1, 4)):
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        must = EITHER
    elif spoil in ("bomb", "lie"):  # a gigabyte is promised, or ten bytes where there is more
        size = 2**31 if spoil == "bomb" else 10
        struct.pack_into("<I", content, content.rindex(b"PK\x01\x02") + 24, size)
    if spoil not in (None, "flip"):
        must = EITHER if spoil == "lie" and len(list(members.values())[-1]) == 10 else REFUSE
    path.write_bytes(content)
    told = f"zip, {spoil}"
    return Case(told, lambda: _unpacked(path), lambda found: found == members, must, (str(path),))


def _unpacked(path):
    with open_zip(path) as members:
        return {name: read() for name, read in members.items()}


def npys(rng, folder: Path) -> Case:
    shape = tuple(int(v) for v in rng.integers(0, 6, rng.integers(0, 5)))
    array = rng.integers(0, 2, shape).astype(pick(rng, ("u1", "i8", ">f4", "f8", "?", "c16", "f2")))
    spoil = pick(rng, (None, None, "head", "head", "head", "cut", "longer", "objects", "text", "records"))
    path, must = folder / "a.npy", {None: TAKE, "head": EITHER}.get(spoil, REFUSE)
    array = {
        "objects": np.array([{"a": 1}, None], object),
        "text": np.array(["a", "bc"]),
        "records": np.zeros(2, [("a", "u1"), ("b", "f4")]),
    }.get(spoil, np.asfortranarray(array) if rng.random() < 0.3 else array)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    content = bytearray(buffer.getvalue())
    if spoil == "head":
        for _ in range(rng.integers(1, 4)):
            content[rng.integers(128)] = (
                rng.integers(256) if rng.random() < 0.5 else ord(pick(rng, "0123456789(),<>|fiuO"))
            )
    elif spoil == "cut":
        content = content[: rng.integers(len(content))]
    elif spoil == "longer":
        content += rng.bytes(rng.integers(1, 9))
    path.write_bytes(content)

    def right(found):
        """As NumPy reads it, where it reads it: a changed header may be another sound one."""
        expected = np.load(path, allow_pickle=False)
        same = found.dtype == expected.dtype and found.shape == expected.shape
        return same and found.tobytes() == expected.tobytes()

    return Case(f".npy of {array.dtype}, {spoil}", lambda: read_npy(path), right, must, (str(path),))
