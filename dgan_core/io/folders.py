"""Images of one's own → (N, H, W, 1 or 3) uint8: a folder, a .zip archive or a .npy file.

Every image of the set counts, those of folders inside it too. A file that can't be taken as it is stops the reading
with a sentence that names it; only what systems leave behind is skipped (hidden files, Thumbs.db, desktop.ini,
__MACOSX).
"""

import contextlib
import fnmatch
import os
import re
import warnings
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from dgan_core.io.archives import open_zip, read_npy
from dgan_core.io.images import SIDE_LIMIT, decode, fitted, read_file, to_grey

SET_LIMIT = 8 * 10**9  # bytes of one set in memory, N·H·W·C
LEFTOVERS = ("thumbs.db", "desktop.ini", "__macosx")
MASK = re.compile(r"(.+?)_mask(_\d+)?")  # BUSI's names
NEAR, BINARY = 8, 0.98  # levels from black or white, and the share of pixels there, that make an image look like a mask


class ImageSet(NamedTuple):
    """images (N, H, W, 1 or 3) uint8; the name of each inside the set; what was left out; what a reader should know."""

    images: np.ndarray
    names: list[str]
    n_excluded: int
    unmatched: list[str]  # globs of `exclude` that match no file
    notes: list[str]


def read_images(source, size=None, grey=False, exclude=(), progress=None, fit="stretch"):
    """The images of `read_set`; its notes become warnings, and a glob that matches no file is refused."""
    found = read_set(source, size, grey, exclude, progress, fit)
    if found.unmatched:
        raise ValueError(no_match(found.unmatched, source, found.names[0]))
    for note in found.notes:
        warnings.warn(note, stacklevel=2)
    return found.images


def no_match(globs, source, example):
    """The sentence for globs that match nothing."""
    return (
        f"exclude must match at least one file, and {', '.join(map(repr, globs))} matches none in {source}: names "
        f"there look like {example!r}"
    )


def read_set(source, size=None, grey=False, exclude=(), progress=None, fit="stretch"):
    """One ImageSet of N ≥ 2 images, in natural order of their names, (2) before (10).

    source    a folder or a .zip archive of PNG, JPEG, BMP, TIFF, WebP or 8-bit DICOM files, told by their content, at
              any depth (an archive is read in place); or a .npy file, (N, H, W) or (N, H, W, 1 or 3) uint8.
    size      resize every image to size × size, or to (width, height), by Lanczos with antialias. None: all must be of
              one size already.
    fit       what happens to the aspect: "stretch" it, "pad" with black, or "crop" from the centre.
    grey      turn colour into grey (luma, ITU-R 601) before anything else.
    exclude   a glob or several. Without a slash it is compared with every part of a file's path inside the set
              ("masks" leaves out that folder, "*_mask*" those files), with one with the whole path ("b/*", "./b/").
    progress  called as progress(done, total) after each image.

    The set is grey, C = 1, if the three channels of every image are equal throughout, however they are stored; one
    pixel in colour makes it C = 3. (BUSI's files are RGB, equal but for a few coloured markers: read them as grey.)
    EXIF orientation is applied, palettes are resolved, a fully opaque alpha channel is dropped. Refused: masks beside
    their images by BUSI's names, transparency, CMYK, more than 8 bits a channel, several frames, broken or foreign
    files, more than 8 GB. Errors are ValueError or FileNotFoundError in one sentence that names the file.
    """
    source = Path(os.path.expanduser(source))
    size = _as_size(size)
    if fit not in ("stretch", "pad", "crop"):
        raise ValueError(f"fit must be 'stretch', 'pad' or 'crop', got {fit!r}")
    exclude = (exclude,) if isinstance(exclude, str) else tuple(exclude)
    if not source.exists():
        raise FileNotFoundError(f"{source} doesn't exist: give a folder, a .zip or a .npy file of images")
    kind = source.suffix.lower() if source.is_file() else None
    if source.is_dir() or kind == ".zip":
        with files_in(source) as files:
            return _decode_all(source, files, exclude, size, grey, progress, fit)
    if kind == ".npy":
        array = _npy(source)
        names = [f"[{i}]" for i in range(len(array))]
        named = ((f"{source}{name}", pixels) for name, pixels in zip(names, array, strict=True))
        images, notes = _stack(source, named, len(array), size, grey, progress, fit)
        return ImageSet(images, names, 0, list(exclude), notes)
    raise ValueError(f"{source} must be a folder, a .zip or a .npy file of images")


def _as_size(size):
    """(width, height), or None."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    for side in pair:
        if isinstance(side, bool) or not isinstance(side, (int, np.integer)) or not 1 <= side <= SIDE_LIMIT:
            raise ValueError(f"size must be a whole number from 1 to {SIDE_LIMIT}, or (width, height), got {size!r}")
    if len(pair) != 2:
        raise ValueError(f"size must be one number or (width, height), got {size!r}")
    return pair


@contextlib.contextmanager
def files_in(source):
    """{path inside a folder or a .zip archive: function that returns the file's bytes}, without leftovers, in order."""
    with open_zip(source) if Path(source).is_file() else contextlib.nullcontext(_folder(source)) as files:
        yield {name: files[name] for name in sorted(files, key=_natural) if not _leftover(name)}


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
        raise ValueError(
            f"{path} must be uint8 in 0..255, got {array.dtype}: choose the levels that become 0 and 255 (0 and 1 for "
            "values in [0, 1]) and save ((x - low) / (high - low) * 255).clip(0, 255).round().astype('uint8')"
        )
    told = f"{path} must have shape (N, H, W), (N, H, W, 1) or (N, H, W, 3), got {array.shape}"
    if array.ndim == 3 and array.shape[2] in (3, 4):
        raise ValueError(f"{told}, which looks like one colour image: save several as numpy.stack([first, second, …])")
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        raise ValueError(f"{told}, whose channels come first: save numpy.moveaxis(x, 1, 3)")
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] not in (1, 3)) or 0 in array.shape[1:]:
        raise ValueError(told)
    return array[..., None] if array.ndim == 3 else array


def _matches(name, glob):
    """Whether a path inside the set is left out by a glob."""
    glob = glob.removeprefix("./").rstrip("/")
    if "/" not in glob and any(fnmatch.fnmatchcase(part, glob) for part in PurePosixPath(name).parts):
        return True
    return fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(name, f"{glob}/*")


def _leftover(path):
    return any(part.startswith(".") or part.lower() in LEFTOVERS for part in PurePosixPath(path).parts)


def _natural(name):
    return [int(part) if k % 2 else part for k, part in enumerate(re.split("([0-9]+)", name))], name


def _decode_all(source, files, exclude, size, grey, progress, fit):
    unmatched = [glob for glob in exclude if not any(_matches(name, glob) for name in files)]
    names = [name for name in files if not any(_matches(name, glob) for glob in exclude)]
    stems = {str(PurePosixPath(name).with_suffix("")) for name in names}
    masks = sorted(stem for stem in stems if (m := MASK.fullmatch(stem)) and m[1] in stems)
    if masks:
        raise ValueError(
            f"{source} holds masks beside their images, {len(masks)} in all, such as {masks[0]!r}: "
            "leave them out by exclude='*_mask*' (--exclude '*_mask*')"
        )
    named = _decoded({f"{source}/{name}": files[name] for name in names})
    images, notes = _stack(source, named, len(names), size, grey, progress, fit)
    return ImageSet(images, names, len(files) - len(names), unmatched, notes)


def _decoded(files):
    """(name, pixels) of each file in turn. The error of the first that can't be used names others like it too."""
    names = list(files)
    for i, name in enumerate(names):
        try:
            pixels = decode(files[name](), name)
        except ValueError as error:
            others = [other for other in names[i + 1 :] if not _usable(files[other], other)]
            more = f"; {len(others)} more can't be used, such as {others[0]}" if others else ""
            raise ValueError(f"{error}{more}") from error
        yield name, pixels


def _usable(read, name):
    try:
        decode(read(), name)
    except ValueError:
        return False
    return True


def _stack(source, named, n, size, grey, progress, fit):
    """Fill the set one image at a time; its first colour image turns what is there into three channels."""
    if n < 2:
        raise ValueError(f"{source} must hold at least 2 images, got {n}")
    images, first, binary = None, None, []
    for i, (name, pixels) in enumerate(named):
        if pixels.shape[-1] == 3 and (pixels == pixels[..., :1]).all():
            pixels = pixels[..., :1]
        if grey:
            pixels = to_grey(pixels)
        if near_binary(pixels):
            binary.append(name)
        if size is not None:
            pixels = fitted(pixels, *size, fit)
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
    notes = []
    if 0 < len(binary) < n:
        notes.append(
            f"{len(binary)} of the {n} images of {source} are almost only black and white, as masks are, such as "
            f"{binary[0]}: leave masks out by exclude=GLOB (--exclude GLOB)"
        )
    return images, notes


def near_binary(pixels):
    """Whether an image looks like a mask; one of a single level doesn't."""
    return bool(pixels.min() < pixels.max() and ((pixels <= NEAR) | (pixels >= 255 - NEAR)).mean() >= BINARY)


def _within_limit(source, shape):
    need = int(np.prod(shape, dtype=np.int64))
    if need > SET_LIMIT:
        raise ValueError(
            f"{source} must fit in {SET_LIMIT / 1e9:g} GB, got {shape[0]} images of {shape[2]}×{shape[1]}×{shape[3]}, "
            f"{need / 1e9:.3g} GB: shrink them with size=S (--size S) or take fewer"
        )
