"""One reader of pictures: no damaged PNG passes, hostile files end soon, and the stored mode is kept for the audit."""

import io
import struct
import time

import numpy as np
import pytest
from PIL import Image

from dgan_core.io import images

rng = np.random.default_rng(5)
PIXELS = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)


def png(array, mode=None):
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(buffer, "PNG")
    return buffer.getvalue()


def test_any_changed_byte_of_a_png_is_noticed_or_changes_no_pixel():
    content = png(PIXELS)
    refused = 0
    for at in range(len(content)):
        changed = content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]
        try:
            np.testing.assert_array_equal(images.decode(changed, "a"), PIXELS)
        except ValueError:
            refused += 1
    assert refused == len(content)


def test_what_follows_a_png_is_left_alone():
    np.testing.assert_array_equal(images.decode(png(PIXELS) + b"PK\x03\x04more", "a"), PIXELS)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_the_stored_mode_is_kept_until_the_end(mode):
    assert images.whole(png(PIXELS, mode), "a").mode == mode
    assert images.decode(png(PIXELS, mode), "a").shape == (9, 7, 1 if mode in ("1", "L", "LA") else 3)


def test_odd_shapes_are_pictures_too():
    assert images.decode(png(np.full((1, 1), 9, np.uint8)), "a").tolist() == [[[9]]]
    assert images.decode(png(np.zeros((10, 20_000), np.uint8)), "a").shape == (10, 20_000, 1)


def test_a_tiff_of_a_million_pages_is_refused_at_its_second():
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "TIFF")
    first = buffer.getvalue()
    (offset,) = struct.unpack_from("<I", first, 4)
    (entries,) = struct.unpack_from("<H", first, offset)
    directory = first[offset : offset + 2 + 12 * entries]
    start, pages = len(first), []
    for k in range(10**6):
        pages.append(struct.pack("<HI", 0, start + 6 * (k + 1)))  # no entries, then the next page
    pages.append(struct.pack("<HI", 0, 0))
    content = first[:offset] + directory + struct.pack("<I", start) + first[offset + len(directory) + 4 :]
    began = time.perf_counter()
    with pytest.raises(ValueError, match="must hold one picture|is broken"):
        images.decode(content + b"".join(pages), "a")
    assert time.perf_counter() - began < 5


def test_files_that_are_no_files(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path, tmp_path / "none", tmp_path / "loop", tmp_path / "none" / "below"):
        with pytest.raises(ValueError, match=f"^{path} must be a regular file"):
            images.read_file(path)
    with pytest.raises(ValueError, match="can't be read .File name too long"):
        images.read_file(tmp_path / ("x" * 300))
    with open(tmp_path / "giant", "wb") as file:
        file.truncate(images.FILE_LIMIT + 2**20)
    with pytest.raises(ValueError, match="giant must have at most 256 MiB, got 257 MiB"):
        images.read_file(tmp_path / "giant")
    (tmp_path / "ünï code (1).png").write_bytes(png(PIXELS))
    assert images.read_file(tmp_path / "ünï code (1).png") == png(PIXELS)
