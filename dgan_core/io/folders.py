"""Images of one's own → (N, H, W, 1 or 3) uint8: a folder, a .zip archive or a .npy file.

Every image of the set counts, those of folders inside it too; what can't be taken as it is gets refused by name, and
nothing is skipped but what systems leave behind (hidden files, Thumbs.db, desktop.ini, __MACOSX).
"""

import fnmatch
import os
import re
from pathlib import Path, PurePosixPath

import numpy as np

from dgan_core.io.archives import open_zip, read_npy
from dgan_core.io.images import SIDE_LIMIT, decode, read_file, resize, to_grey

from .checks import as_positive_integer

SET_LIMIT = 8 * 10**9  # bytes of one set in memory, N·H·W·C
LEFTOVERS = ("thumbs.db", "desktop.ini", "__macosx")
MASK = re.compile(r"(.+?)_mask(_\d+)?")  # BUSI's names


def read_images(source, size=None, grey=False, exclude=(), progress=None):
    """One set of images, (N, H, W, 1 or 3) uint8 with N ≥ 2, in natural order of their names, (2) before (10).

    source    a folder or a .zip archive of PNG, JPEG, BMP, TIFF or WebP files, told by their content, at any depth (an
              archive is read in place); or a .npy file, (N, H, W) or (N, H, W, 1 or 3) uint8.
    size      resize every image to size × size (Lanczos, antialiased; the aspect isn't kept). None: all must be of one
              size already.
    grey      turn colour into grey (luma, ITU-R 601) before anything else.
    exclude   a glob or several, matched against the path inside the set ("*" crosses folders): "*_mask*", "*.txt".
              Masks beside their images, as BUSI has them, must be excluded by name.
    progress  called as progress(done, total) after each image.

    The set is grey, C = 1, if the three channels of every image are equal throughout, however they are stored; one
    pixel in colour makes it C = 3. (BUSI's files are RGB, equal but for a few coloured markers: read them as grey.)
    EXIF orientation is applied, palettes are resolved, a fully opaque alpha channel is dropped. Refused: transparency,
    CMYK, more than 8 bits a channel, several frames, broken or foreign files, more than 8 GB. Errors are ValueError or
    FileNotFoundError in one sentence that names the file.
    """
    source = Path(os.path.expanduser(source))
    if size is not None and as_positive_integer(size, "size") > SIDE_LIMIT:
        raise ValueError(f"size must be at most {SIDE_LIMIT}, got {size}")
    exclude = (exclude,) if isinstance(exclude, str) else tuple(exclude)
    if not source.exists():
        raise FileNotFoundError(f"{source} doesn't exist: give a folder, a .zip or a .npy file of images")
    if source.is_dir():
        return _decode_all(source, _folder(source), exclude, size, grey, progress)
    kind = source.suffix.lower() if source.is_file() else None
    if kind == ".zip":
        with open_zip(source) as members:
            return _decode_all(source, members, exclude, size, grey, progress)
    if kind == ".npy":
        array = _npy(source)
        named = ((f"{source}[{i}]", array[i]) for i in range(len(array)))
        return _stack(source, named, len(array), size, grey, progress)
    raise ValueError(f"{source} must be a folder, a .zip or a .npy file of images")


def _folder(root):
    """{path inside the folder: function that returns the file's bytes}"""

    def stop(error):
        raise ValueError(f"{error.filename} can't be listed ({error.strerror})") from error

    files = {}
    for folder, inner, names in os.walk(root, onerror=stop):
        for name in inner:
            if os.path.islink(os.path.join(folder, name)) and not _leftover(name):
                raise ValueError(f"{os.path.join(folder, name)} is a link to a folder: give its target as a set itself")
        inner[:] = [name for name in inner if not _leftover(name)]
        for name in names:
            path = Path(folder, name)
            files[path.relative_to(root).as_posix()] = lambda path=path: read_file(path)
    return files


def _npy(path):
    array = read_npy(path)
    if array.dtype != np.uint8:
        raise ValueError(f"{path} must be uint8 in 0..255, got {array.dtype}: round to 8 bits once, before any metric")
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] not in (1, 3)) or 0 in array.shape[1:]:
        raise ValueError(f"{path} must have shape (N, H, W), (N, H, W, 1) or (N, H, W, 3), got {array.shape}")
    return array[..., None] if array.ndim == 3 else array


def _leftover(path):
    return any(part.startswith(".") or part.lower() in LEFTOVERS for part in PurePosixPath(path).parts)


def _natural(name):
    return [int(part) if k % 2 else part for k, part in enumerate(re.split("([0-9]+)", name))], name


def _decode_all(source, files, exclude, size, grey, progress):
    names = [name for name in files if not _leftover(name)]
    names = [name for name in names if not any(fnmatch.fnmatchcase(name, glob) for glob in exclude)]
    stems = {str(PurePosixPath(name).with_suffix("")) for name in names}
    masks = sorted(stem for stem in stems if (m := MASK.fullmatch(stem)) and m[1] in stems)
    if masks:
        raise ValueError(
            f"{source} holds masks beside their images, {len(masks)} in all, such as {masks[0]!r}: "
            "leave them out by exclude='*_mask*' (--exclude '*_mask*')"
        )
    named = ((f"{source}/{name}", decode(files[name](), f"{source}/{name}")) for name in sorted(names, key=_natural))
    return _stack(source, named, len(names), size, grey, progress)


def _stack(source, named, n, size, grey, progress):
    """Fill the set one image at a time; its first colour image turns what is there into three channels."""
    if n < 2:
        raise ValueError(f"{source} must hold at least 2 images, got {n}")
    images = first = None
    for i, (name, pixels) in enumerate(named):
        if pixels.shape[-1] == 3 and (pixels == pixels[..., :1]).all():
            pixels = pixels[..., :1]
        if grey:
            pixels = to_grey(pixels)
        if size is not None and pixels.shape[:2] != (size, size):
            pixels = resize(pixels, size)
        if images is None:
            first = name
            _within_limit(source, (n, *pixels.shape))
            images = np.zeros((n, *pixels.shape), np.uint8)
        if pixels.shape[:2] != images.shape[1:3]:
            (h, w), (height, width) = images.shape[1:3], pixels.shape[:2]
            raise ValueError(
                f"{name} is {width}×{height} pixels and {first} is {w}×{h}: resize all of them with size=S (--size S)"
            )
        if pixels.shape[-1] > images.shape[-1]:
            _within_limit(source, (*images.shape[:3], 3))
            images = np.repeat(images, 3, axis=3)
        images[i] = pixels
        if progress is not None:
            progress(i + 1, n)
    return images


def _within_limit(source, shape):
    need = int(np.prod(shape, dtype=np.int64))
    if need > SET_LIMIT:
        raise ValueError(
            f"{source} must fit in {SET_LIMIT / 1e9:g} GB, got {shape[0]} images of {shape[2]}×{shape[1]}×{shape[3]}, "
            f"{need / 1e9:.3g} GB: shrink them with size=S (--size S) or take fewer"
        )
