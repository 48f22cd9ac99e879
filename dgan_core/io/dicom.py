"""8-bit DICOM, as ultrasound scanners write it, by pydicom, which the extra `dicom` installs."""

import io

import numpy as np
from PIL import Image

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
        shape, frames = (found.Rows, found.Columns), int(found.get("NumberOfFrames") or 1)
        kind, bits = found.PhotometricInterpretation, found.BitsAllocated
        if frames != 1 or bits != 8 or kind not in KINDS or shape[0] * shape[1] > limit:
            told = f"{frames} of {shape[1]}×{shape[0]}, {bits} bits, {kind}"
            raise _Refused(
                f"{name} must be one picture of 8 bits, grey or RGB, of at most {limit:,} pixels, got {told}: {PNG}"
            )
        pixels = pixel_array(found)  # RGB, whatever the encoding of colours
    except _Refused:
        raise
    except Exception as error:  # of a broken file pydicom raises AttributeError, struct.error, …
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"{name} is DICOM that pydicom can't read ({said}): {PNG}") from error
    return Image.fromarray(255 - pixels if kind == "MONOCHROME1" else np.ascontiguousarray(pixels))


class _Refused(ValueError):
    """An intact picture that can't be taken."""
