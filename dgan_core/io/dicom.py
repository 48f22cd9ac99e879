"""8-bit DICOM, as ultrasound scanners write it, by pydicom, which the extra `dicom` installs."""

import io

import numpy as np
from PIL import Image

from dgan_core.io.files import short

KINDS = ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422")
PNG = "choose a window of levels and save the pixels as an 8-bit PNG"


def is_dicom(content):
    """Whether a file's bytes begin as DICOM's do."""
    return content[128:132] == b"DICM"


def dicom_image(content, name, limit):
    """A file's bytes → its one picture, a PIL image, grey or RGB, of at most `limit` pixels.

    Levels are taken as they are stored; MONOCHROME1, whose 0 is white, is turned over.  ValueError names the file.
    """
    try:
        from pydicom import dcmread
        from pydicom.pixels import pixel_array
    except ImportError:
        raise ValueError(f"{name} is DICOM: pip install 'dgan-core[dicom]' reads those of 8 bits; else {PNG}") from None
    try:
        found = dcmread(io.BytesIO(content))
        height, width, frames = found.Rows, found.Columns, int(found.get("NumberOfFrames") or 1)
        kind, bits = found.PhotometricInterpretation, found.BitsAllocated
        signed = bool(found.get("PixelRepresentation"))
        taken = frames == 1 and bits == 8 and not signed and kind in KINDS and height * width <= limit
        pixels = pixel_array(found) if taken else None  # RGB, whatever the encoding of colours
    except Exception as error:  # of a broken file pydicom raises AttributeError, struct.error, …
        raise ValueError(f"{name} is DICOM that pydicom can't read ({short(error)}): {PNG}") from error
    if not taken:
        told = f"{frames} of {width}×{height}, {bits} bits, {'signed, ' * signed}{kind}: {PNG}"
        raise ValueError(
            f"{name} must be one picture of 8 unsigned bits, grey or RGB, of at most {limit:,} pixels, got {told}"
        )
    return Image.fromarray(255 - pixels if kind == "MONOCHROME1" else np.ascontiguousarray(pixels))
