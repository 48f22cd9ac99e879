"""One image file's bytes → (H, W, 1 or 3) uint8, or a sentence that says why not."""

import io
import re
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
SIDE_LIMIT = 8192  # an image may have as many pixels as a square of this side
PNG_END = b"IEND\xaeB`\x82"


def decode(content, name):
    """A file's bytes → (H, W, 1 or 3) uint8.  ValueError names the file and says what is wrong with it.

    EXIF orientation is applied, palettes are resolved, an opaque alpha channel is dropped. Colour profiles are not
    applied: values are taken as they are stored.
    """
    if not content:
        raise ValueError(f"{name} is empty, 0 bytes: write it again or remove it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of a size that is checked here
        try:
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            _check_header(image, name, getattr(image, "n_frames", 1))
            if image.format == "PNG" and PNG_END not in content:  # Pillow takes a file cut after its last pixel
                raise OSError("its end is missing")
            image.load()
            image = ImageOps.exif_transpose(image)
        except _Refused:
            raise
        except UnidentifiedImageError as error:
            raise ValueError(
                f"{name} is not a readable PNG, JPEG, BMP, TIFF or WebP image: "
                "remove it, or leave it out by exclude=GLOB (--exclude GLOB)"
            ) from error
        except Image.DecompressionBombError as error:
            raise ValueError(f"{name} must have at most {SIDE_LIMIT}×{SIDE_LIMIT} pixels: shrink it") from error
        except Exception as error:  # of a broken file Pillow raises OSError, SyntaxError, struct.error, …
            raise ValueError(f"{name} is broken or cut short ({error}): write it again or remove it") from error
        return _eight_bit(image, name)


class _Refused(ValueError):
    """An intact image that can't be taken, told apart from the ValueErrors that Pillow raises of a broken one."""


def _check_header(image, name, frames):
    if image.width * image.height > SIDE_LIMIT**2:
        raise _Refused(
            f"{name} must have at most {SIDE_LIMIT}×{SIDE_LIMIT} pixels, got {image.width}×{image.height}: shrink it"
        )
    if frames > 1:
        raise _Refused(f"{name} must hold one picture, got {frames}: save each as a file of its own")
    # Pillow reads 16-bit colour into 8 bits without a word; only the layout of the stored data tells.
    layouts = [tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in image.tile]
    if image.mode.startswith(("I", "F")) or any(re.search(";16[BLN]", str(layout)) for layout in layouts):
        raise _Refused(
            f"{name} has more than 8 bits a channel: choose the range of levels to show and save it with 8 bits"
        )


def _eight_bit(image, name):
    if image.mode in ("P", "PA", "LA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getextrema()[3][0] < 255:
            raise ValueError(f"{name} has transparent pixels: put it on a background and save it without alpha")
        image = image.convert("RGB")
    elif image.mode not in ("1", "L", "RGB", "YCbCr"):
        raise ValueError(f"{name} must be grey or RGB, got {image.mode}: convert it to RGB with its colour profile")
    pixels = np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def to_grey(pixels):
    """(H, W, 1 or 3) → (H, W, 1) uint8: luma, 0.299 R + 0.587 G + 0.114 B (ITU-R 601)."""
    return pixels if pixels.shape[-1] == 1 else np.asarray(Image.fromarray(pixels).convert("L"))[..., None]


def resize(pixels, size):
    """(H, W, 1 or 3) → (size, size, 1 or 3) uint8, Lanczos with antialias; the aspect isn't kept."""
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))
    return np.asarray(image.resize((size, size), Image.Resampling.LANCZOS)).reshape(size, size, -1)
