"""The one reader of archives and arrays: .zip, .npy and .npz from anyone, without pickle, within limits, in place.

A .zip is trusted in nothing: its list of members is checked as a whole before any is unpacked, and a member yields no
more bytes than the list declares, so that the limits hold for what is unpacked too.
"""

import contextlib
import errno
import io
import math
import mmap
import stat
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from dgan_core.io.files import short

TOTAL_LIMIT = 8 * 10**9  # bytes of an archive, packed and unpacked
MEMBER_LIMIT = 2**28  # bytes of one member, unpacked
COUNT_LIMIT = 100_000  # members
_FAULTS_OF_A_NAME = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what packers write; a few bytes of bzip2 fill any memory at once
PIECE = 2**16  # bytes unpacked at a time


@contextlib.contextmanager
def open_zip(path):
    """{name of a member: function that returns its bytes}, folders left out, while the archive is open.

    ValueError, in one sentence that names the archive and the member: names that are absolute, climb by "..", hold
    control characters, differ only in spelling or run through another member; links and devices; encryption; sizes
    over TOTAL_LIMIT or MEMBER_LIMIT; whatever is cut, damaged or not a zip. What only unpacking can tell is told by
    the function.
    """
    try:
        if Path(path).stat().st_size > TOTAL_LIMIT:
            raise ValueError(f"it has more than {TOTAL_LIMIT / 1e9:g} GB")
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile's own, struct's, OverflowError, …
        raise ValueError(f"{path} is not a complete zip archive ({short(error)})") from error
    with archive:
        yield _members(path, archive)


def _members(path, archive):
    found = {}
    if len(archive.infolist()) > COUNT_LIMIT:
        raise ValueError(f"{path} must have at most {COUNT_LIMIT:,} members, got {len(archive.infolist()):,}")
    for member in archive.infolist():
        name = member.filename
        posix, windows = PurePosixPath(name), PureWindowsPath(name)
        if posix.is_absolute() or windows.anchor or ".." in (*posix.parts, *windows.parts):
            raise ValueError(f"{path} has a member {name!r} outside the archive: pack it with relative names")
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise ValueError(f"{path} has a member {name!r} whose name holds control characters: pack it again")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{path} has a member {name!r} that is a link or a device: pack the file it stands for")
        if posix in found:
            raise ValueError(f"{path} has two members named {name!r}: pack it again")
        if not member.is_dir():
            found[posix] = member
    for posix, member in found.items():
        if any(parent in found for parent in posix.parents):
            raise ValueError(f"{path} has a member {member.filename!r} inside one that is no folder: pack it again")
    unpacked = sum(member.file_size for member in found.values())
    if unpacked > TOTAL_LIMIT:
        raise ValueError(f"{path} must unpack to at most {TOTAL_LIMIT / 1e9:g} GB, got {unpacked / 1e9:.3g} GB")
    return {member.filename: lambda member=member: _read(path, archive, member) for member in found.values()}


def _read(path, archive, member):
    name, size = f"{path}/{member.filename}", member.file_size
    if size > MEMBER_LIMIT:
        raise ValueError(f"{name} must unpack to at most {MEMBER_LIMIT >> 20} MiB, got {size >> 20} MiB")
    if member.flag_bits & 1:
        raise ValueError(f"{name} is encrypted: pack it without a password")
    if member.compress_type not in METHODS:
        raise ValueError(f"{name} can't be unpacked (it is neither stored nor deflated): pack the archive again")
    try:
        with archive.open(member) as file:
            content = b"".join(iter(lambda: file.read(PIECE), b""))  # checks the checksum at its end
    except Exception as error:  # zipfile's own, the decompressors' and struct's
        raise ValueError(f"{name} can't be unpacked ({short(error)}): pack the archive again") from error
    if len(content) != size:
        raise ValueError(f"{name} can't be unpacked ({len(content)} bytes of {size}): pack the archive again")
    return content


def unzip(path, folder):
    """Every member of an archive into `folder`, which is new or empty. Errors as for `open_zip`."""
    folder = Path(folder)
    with open_zip(path) as members:
        for name, read in members.items():
            content, target = read(), folder / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with open(target, "xb") as file:  # two names that the file system holds for one are refused
                    file.write(content)
            except OSError as error:
                if error.errno not in _FAULTS_OF_A_NAME:
                    raise  # a full disk is not the archive's fault
                raise ValueError(f"{path} has a member {name!r} that can't be written ({error.strerror})") from error


def read_npy(path):
    """The array of numbers in a .npy file, mapped into memory and read-only.  ValueError where it isn't a whole one."""
    try:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # an empty file can't be mapped
        raise ValueError(f"{path} is not a complete .npy file of numbers ({short(error)})") from error
    return _array(content, path)


def read_npz(path):
    """{name: array of numbers} of an .npz archive.  ValueError as for `open_zip` and `read_npy`."""
    with open_zip(path) as members:
        return {name.removesuffix(".npy"): _array(read(), f"{path}/{name}") for name, read in members.items()}


def _array(content, name):
    """.npy content → array, a view of it. The header must describe exactly the bytes that follow; objects are refused.

    numpy.load would allocate whatever the header claims, and take a file that goes on after its array.
    """
    if content[:4] == b"PK\x03\x04":
        raise ValueError(f"{name} must hold one array, got an .npz archive: save the images by numpy.save")
    head = io.BytesIO(content[: 2**16])  # numpy reads headers of at most 10,000 bytes
    try:
        version = np.lib.format.read_magic(head)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = read(head)
        if dtype.kind not in "biufc" or min(shape, default=0) < 0:
            raise ValueError(f"{dtype} of shape {shape} is no array of numbers")
        count, held = math.prod(shape), len(content) - head.tell()
        if count * dtype.itemsize != held:
            raise ValueError(f"{held} bytes follow a header that describes {count * dtype.itemsize}")
        values = np.frombuffer(content, dtype, count, head.tell()) if count else np.empty(0, dtype)
        return values.reshape(shape, order="F" if fortran else "C")
    except Exception as error:  # ValueError, KeyError, EOFError, and SyntaxError or TokenError from a broken header
        raise ValueError(f"{name} is not a complete .npy file of numbers ({short(error)})") from error
