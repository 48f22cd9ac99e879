"""8-bit DICOM: the pixels that pydicom wrote come back, and what can't be taken is named."""

import io
import sys

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, SecondaryCaptureImageStorage

from dgan_core.data import load_folder
from dgan_core.io.images import decode, to_grey

GREY = np.random.default_rng(0).integers(20, 230, (6, 8), np.uint8)
COLOUR = np.random.default_rng(1).integers(20, 230, (6, 8, 3), np.uint8)


def dicom(pixels, kind="MONOCHROME2", bits=8, frames=None, jpeg=False, signed=0):
    """The bytes of a DICOM file."""
    found = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = JPEGBaseline8Bit if jpeg else ExplicitVRLittleEndian
    found.SOPClassUID, found.SOPInstanceUID = SecondaryCaptureImageStorage, pydicom.uid.generate_uid()
    found.Rows, found.Columns, found.SamplesPerPixel = *pixels.shape[:2], 1 if pixels.ndim == 2 else 3
    found.BitsAllocated = found.BitsStored = bits
    found.HighBit, found.PixelRepresentation, found.PhotometricInterpretation = bits - 1, signed, kind
    if pixels.ndim == 3:
        found.PlanarConfiguration = 0
    if frames:
        found.NumberOfFrames = frames
    found.PixelData = pixels.tobytes() * (frames or 1)
    if jpeg:
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "JPEG", quality=95)
        found.PixelData = pydicom.encaps.encapsulate([encoded.getvalue()])
        found["PixelData"].VR = "OB"
    target = io.BytesIO()
    found.save_as(target, enforce_file_format=True)
    return target.getvalue()


def test_grey_inverted_and_colour_pixels_come_back():
    assert np.array_equal(decode(dicom(GREY), "a")[..., 0], GREY)
    assert np.array_equal(decode(dicom(GREY, "MONOCHROME1"), "a")[..., 0], 255 - GREY)
    assert np.array_equal(decode(dicom(COLOUR, "RGB"), "a"), COLOUR)


def test_what_scanners_compress_as_jpeg_is_read_as_the_jpeg_is():
    smooth = np.linspace(30, 220, 16 * 16 * 3).reshape(16, 16, 3).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(smooth).save(encoded, "JPEG", quality=95)
    found = decode(dicom(smooth, "YBR_FULL_422", jpeg=True), "a")
    assert np.abs(found.astype(int) - decode(encoded.getvalue(), "b")).max() <= 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            dicom(GREY.astype(np.uint16), bits=16),
            "scan.dcm must be one picture of 8 unsigned bits, .* 16 bits, MONOCHROME2",
        ),
        (dicom(GREY, frames=3), "got 3 of 8×6"),
        (dicom(GREY, signed=1), "must be one picture of 8 unsigned bits, .* 8 bits, signed, MONOCHROME2"),
        (dicom(GREY)[:-10], "scan.dcm is DICOM that pydicom can't read"),
        (dicom(GREY, kind="PALETTE COLOR"), "8 bits, PALETTE COLOR: choose a window"),
    ],
)
def test_what_cant_be_taken_is_named(content, told):
    with pytest.raises(ValueError, match=told):
        decode(content, "scan.dcm")


def test_without_pydicom_the_sentence_says_how_to_read_it(monkeypatch):
    content = dicom(GREY)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ValueError, match=r"scan.dcm is DICOM: pip install 'dgan-core\[dicom\]'"):
        decode(content, "scan.dcm")


def test_a_folder_of_dicom_trains(tmp_path):
    for k in range(3):
        (tmp_path / f"{k}").write_bytes(dicom(np.roll(COLOUR, k, 0), "RGB"))  # scanners often give no suffix
    images = load_folder(tmp_path, 32)
    assert images.shape == (3, 32, 32, 1)
    expected = Image.fromarray(to_grey(COLOUR)[..., 0]).resize((32, 32), Image.Resampling.LANCZOS)
    assert np.array_equal(images[0, ..., 0], expected)
