"""The one reader of image files: a file → a whole picture of 8 bits a channel, or a sentence that says why not."""

import io
import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dgan_core.io.dicom import dicom_image, is_dicom
from dgan_core.io.files import short

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
SIDE_LIMIT = 8192  # an image may have as many pixels as a square of this side
FILE_LIMIT = 2**28  # bytes of one file


def read_file(path):
    """All bytes of a regular file.  ValueError names what can't be read: a link to nowhere, a device, a giant."""
    path = Path(path)
    try:
        if not path.is_file():
            raise ValueError(f"{path} must be a regular file, got a broken link or a device: remove or exclude it")
        if path.stat().st_size > FILE_LIMIT:
            raise ValueError(f"{path} must have at most {FILE_LIMIT >> 20} MiB, got {path.stat().st_size >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} can't be read ({error.strerror})") from error


def decode(content, name):
    """A file's bytes → (H, W, 1 or 3) uint8.  ValueError names the file and says what is wrong with it.

    EXIF orientation is applied, palettes are resolved, an opaque alpha channel is dropped. Colour profiles are not
    applied: values are taken as they are stored.
    """
    image = whole(content, name)
    pixels = np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def whole(content, name):
    """A file's bytes → its one picture, decoded to the last pixel and upright, a PIL image in the mode it is stored in.

    Told by its content, whatever its name says. Refused, by ValueError: what is empty, foreign, cut, damaged as far as
    the format can tell (a PNG by its checksums), animated, over 8192×8192 pixels, over 8 bits a channel, transparent,
    or in a colour space other than grey and RGB.
    """
    if not content:
        raise ValueError(f"{name} is empty, 0 bytes: write it again or remove it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of a size that is checked here
        if is_dicom(content):
            return dicom_image(content, name, SIDE_LIMIT**2)
        try:
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            _check_header(image, name)
            if image.format == "PNG":
                _check_chunks(content)
            image.load()
            image = ImageOps.exif_transpose(image)
        except _Refused:
            raise
        except UnidentifiedImageError as error:
            what = "is not a readable PNG, JPEG, BMP, TIFF or WebP image"
            raise ValueError(f"{name} {what}: {_advice(content)}") from error
        except Image.DecompressionBombError as error:
            raise ValueError(f"{name} must have at most {SIDE_LIMIT}×{SIDE_LIMIT} pixels: shrink it") from error
        except Exception as error:  # of a broken file Pillow raises OSError, SyntaxError, struct.error, …
            raise ValueError(f"{name} is broken or cut short ({short(error)}): write it again or remove it") from error
        _check_colours(image, name)
        return image


def _advice(content):
    """What to do with a file of a foreign kind."""
    kind = {b"GIF8": "GIF", b"P2": "PGM", b"P5": "PGM", b"P3": "PPM", b"P6": "PPM", b"\x93NUMPY": "a NumPy array"}
    found = next((name for magic, name in kind.items() if content.startswith(magic)), None)
    if found:
        return f"it is {found}; convert it to PNG, which loses nothing"
    return "remove it, or leave it out by exclude=GLOB (dgan metrics --exclude GLOB)"


class _Refused(ValueError):
    """An intact image that can't be taken, told apart from the ValueErrors that Pillow raises of a broken one."""


def _check_header(image, name):
    if image.width * image.height > SIDE_LIMIT**2:
        raise _Refused(
            f"{name} must have at most {SIDE_LIMIT}×{SIDE_LIMIT} pixels, got {image.width}×{image.height}: shrink it"
        )
    if _has_more_frames(image):
        raise _Refused(f"{name} must hold one picture, got several: save each as a file of its own")
    # Pillow reads 16-bit colour into 8 bits without a word; only the layout of the stored data tells.
    layouts = [tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in image.tile]
    if image.mode.startswith(("I", "F")) or any(re.search(";16[BLN]", str(layout)) for layout in layouts):
        raise _Refused(
            f"{name} has more than 8 bits a channel: choose the levels low and high that become 0 and 255 and save "
            "((x - low) / (high - low) * 255).clip(0, 255).round().astype('uint8') as PNG"
        )


def _has_more_frames(image):
    """A TIFF's pages are a chain, of millions in a hostile file: only the next one is looked for."""
    if image.format != "TIFF":
        return getattr(image, "n_frames", 1) > 1
    try:
        image.seek(1)
    except EOFError:
        return False
    return True


def _check_chunks(content):
    """A PNG's chunks are all there, each with its checksum. Pillow skips the last ones and the checksums of pixels."""
    at, kind = 8, b""
    while kind != b"IEND":
        if at + 12 > len(content):
            raise OSError("its end is missing")
        length, kind = struct.unpack_from(">I4s", content, at)
        if at + 12 + length > len(content):
            raise OSError("its end is missing")
        (stored,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(memoryview(content)[at + 4 : at + 8 + length]) != stored:
            raise OSError("a checksum of it does not agree")
        at += 12 + length


def _check_colours(image, name):
    if image.mode in ("P", "PA", "LA", "RGBA") or "transparency" in image.info:
        if image.convert("RGBA").getextrema()[3][0] < 255:
            raise ValueError(f"{name} has transparent pixels: put it on a background and save it without alpha")
    elif image.mode not in ("1", "L", "RGB", "YCbCr"):
        raise ValueError(f"{name} must be grey or RGB, got {image.mode}: convert it to RGB with its colour profile")


def to_grey(pixels):
    """(H, W, 1 or 3) → (H, W, 1) uint8: luma, 0.299 R + 0.587 G + 0.114 B (ITU-R 601)."""
    return pixels if pixels.shape[-1] == 1 else np.asarray(Image.fromarray(pixels).convert("L"))[..., None]


def fitted(pixels, width, height, fit="stretch"):
    """(H, W, 1 or 3) → (height, width, 1 or 3) uint8: stretched, padded with black, or cropped from the centre."""
    if pixels.shape[:2] == (height, width):
        return pixels
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))
    way = {"pad": ImageOps.pad, "crop": ImageOps.fit}.get(fit, Image.Image.resize)
    return np.asarray(way(image, (width, height), Image.Resampling.LANCZOS)).reshape(height, width, -1)


def mosaic(tiles, columns, side=None, rows=None):
    """(N, S, S) uint8 → (rows·side, columns·side) uint8, row by row; black where there are fewer tiles.

    side: pixels of a tile, where they are larger.  rows: None, as many as it takes.
    """
    if side is not None and side < tiles.shape[1]:
        tiles = np.stack([fitted(tile[..., None], side, side)[..., 0] for tile in tiles])
    size, rows = tiles.shape[1], rows or -(-len(tiles) // columns)
    blank = np.zeros((rows * columns - len(tiles), size, size), np.uint8)
    return np.concatenate([tiles, blank]).reshape(rows, columns, size, size).swapaxes(1, 2).reshape(rows * size, -1)
