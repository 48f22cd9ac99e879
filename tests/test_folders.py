"""Images from folders, archives and arrays: formats, order, grey or colour, sizes. Refusals: the command's tests."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from dgan_core import metrics
from dgan_core.data import load_busi
from dgan_core.io import folders, images

rng = np.random.default_rng(3)
COLOUR = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
GREY = rng.integers(0, 256, (12, 16), dtype=np.uint8)


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, form, **options)
    return buffer.getvalue()


def folder(path, **files):
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / f"{name}.png").write_bytes(content if isinstance(content, bytes) else encoded(content))
    return path


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_deflate"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_come_back_pixel_for_pixel(tmp_path, form, options):
    for array in (GREY, COLOUR):
        stored = encoded(array, form, **options)
        read = metrics.read_images(folder(tmp_path / str(array.ndim), a=stored, b=stored))
        expected = array if array.ndim == 3 else array[..., None]
        np.testing.assert_array_equal(read, np.stack([expected, expected]))
        assert read.dtype == np.uint8


def test_all_files_that_cannot_be_used_are_told_at_once(tmp_path):
    cut = encoded(GREY)[:-8]
    bad = folder(tmp_path, a=GREY, b=cut, c=GREY, d=b"", e=cut)
    with pytest.raises(ValueError, match=r"b\.png is broken .*; 2 more can't be used, such as .*d\.png$"):
        metrics.read_images(bad)
    (bad / "d.png").write_bytes(encoded(GREY))
    (bad / "e.png").unlink()
    with pytest.raises(ValueError, match=r"b\.png is broken [^;]*$"):
        metrics.read_images(bad)


def test_jpeg_is_decoded_as_pillow_does_and_the_suffix_does_not_matter(tmp_path):
    smooth = np.indices((12, 16, 3)).sum(0).astype(np.uint8) * 7
    stored = encoded(smooth, "JPEG", quality=95)
    read = metrics.read_images(folder(tmp_path, a=stored, b=stored))  # named .png
    np.testing.assert_array_equal(read[1], np.asarray(Image.open(io.BytesIO(stored))))
    assert 0 < np.abs(read[0].astype(int) - smooth).mean() < 4


def test_order_is_natural_through_folders_and_leftovers_of_systems_are_skipped(tmp_path):
    for place, level in (("b/x (10)", 4), ("b/x (2)", 3), ("a 2/1", 1), ("a 10/1", 2), ("ünï", 5)):
        folder((tmp_path / place).parent, **{place.split("/")[-1]: np.full((4, 4), level, np.uint8)})
    folder(tmp_path / ".cache", a=b"no image")
    folder(tmp_path / "__MACOSX", a=b"no image")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._x (2).png"):
        (tmp_path / name).write_bytes(b"no image")
    assert metrics.read_images(tmp_path)[:, 0, 0, 0].tolist() == [1, 2, 3, 4, 5]
    assert metrics.read_images(str(tmp_path), exclude="b/*")[:, 0, 0, 0].tolist() == [1, 2, 5]
    assert metrics.read_images(tmp_path, exclude=["b/*", "ü*"])[:, 0, 0, 0].tolist() == [1, 2]


def test_a_folder_an_archive_and_an_array_are_one_set(tmp_path):
    stack = rng.integers(0, 256, (11, 8, 10, 3), dtype=np.uint8)
    source = folder(tmp_path / "set", **{f"i{k}": image for k, image in enumerate(stack)})
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        archive = tmp_path / f"set {method}.ZIP"
        with zipfile.ZipFile(archive, "w", method) as new:
            new.mkdir("inner")
            for path in source.iterdir():
                new.write(path, f"inner/{path.name}")
        np.testing.assert_array_equal(metrics.read_images(archive), stack)
    np.save(tmp_path / "set.npy", np.asfortranarray(stack))
    np.testing.assert_array_equal(metrics.read_images(tmp_path / "set.npy"), stack)
    np.testing.assert_array_equal(metrics.read_images(source), stack)
    np.save(tmp_path / "grey.npy", stack[..., 0])
    np.testing.assert_array_equal(metrics.read_images(tmp_path / "grey.npy"), stack[..., :1])


def test_a_set_is_grey_if_every_image_is(tmp_path):
    equal = np.repeat(GREY[..., None], 3, 2)
    tinted = equal.copy()
    tinted[7, 9, 2] ^= 1  # one pixel, one level
    source = folder(tmp_path / "grey", a=GREY, b=equal, c=encoded(equal, "WEBP", lossless=True))
    np.testing.assert_array_equal(metrics.read_images(source), np.stack([GREY[..., None]] * 3))
    np.testing.assert_array_equal(metrics.read_images(folder(source, d=tinted)), np.stack([equal] * 3 + [tinted]))
    luma = np.round(tinted @ [0.299, 0.587, 0.114])
    assert (np.abs(metrics.read_images(source, grey=True)[3, ..., 0] - luma) <= 1).all()
    np.save(tmp_path / "grey.npy", np.stack([equal, equal]))
    assert metrics.read_images(tmp_path / "grey.npy").shape == (2, 12, 16, 1)


def test_modes_that_can_be_resolved(tmp_path):
    image = Image.fromarray(COLOUR // 64 * 64)
    palette = image.quantize(64)
    opaque = image.copy()
    opaque.putalpha(255)
    source = folder(tmp_path / "colour", a=encoded(palette), b=encoded(opaque), c=encoded(image, "TIFF"))
    np.testing.assert_array_equal(metrics.read_images(source)[0], np.asarray(palette.convert("RGB")))
    np.testing.assert_array_equal(metrics.read_images(source)[1:], np.stack([COLOUR // 64 * 64] * 2))
    bits = Image.fromarray(GREY).point(lambda v: 255 * (v > 127)).convert("1")
    source = folder(tmp_path / "bits", a=encoded(bits), b=encoded(bits.convert("LA")))
    np.testing.assert_array_equal(metrics.read_images(source)[..., 0], np.stack([255 * (GREY > 127)] * 2))


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    turned = encoded(COLOUR, exif=exif)
    read = metrics.read_images(folder(tmp_path, a=turned, b=turned))
    np.testing.assert_array_equal(read[0], np.rot90(COLOUR, -1))


def test_size_resizes_with_antialias(tmp_path):
    board = (np.indices((64, 64)).sum(0) % 2 * 195 + 30).astype(np.uint8)  # mean 127.5, pixels 30 and 225
    flat = np.full((30, 50), 77, np.uint8)
    read = metrics.read_images(folder(tmp_path / "grey", a=board, b=flat), size=16)
    assert read.shape == (2, 16, 16, 1)
    assert np.abs(read[0, 2:-2, 2:-2] - 127.5).max() <= 1
    assert (read[1] == 77).all()
    np.save(tmp_path / "colour.npy", np.stack([COLOUR, COLOUR]))
    expected = np.asarray(Image.fromarray(COLOUR).resize((9, 9), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(metrics.read_images(tmp_path / "colour.npy", size=9), np.stack([expected] * 2))
    for wrong in (1.5, 0, 9000, (16, 0), (16, 16, 16), "16"):
        with pytest.raises(ValueError, match="size must be"):
            metrics.read_images(tmp_path / "grey", size=wrong)


def test_progress_counts_every_image(tmp_path):
    calls = []
    metrics.read_images(folder(tmp_path, a=GREY, b=GREY, c=GREY), progress=lambda *call: calls.append(call))
    assert calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(("form", "options"), [("PNG", {}), ("JPEG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {})])
def test_no_cut_passes_for_a_whole_file(form, options):
    whole = encoded(COLOUR, form, **options)
    assert images.decode(whole, "a").shape == COLOUR.shape
    for end in range(len(whole)):
        with pytest.raises(ValueError, match=r"^a is (empty|not a readable|broken or cut short)"):
            images.decode(whole[:end], "a")


def test_a_set_too_large_for_memory_is_refused_after_its_first_image(tmp_path, monkeypatch):
    source = folder(tmp_path, a=GREY, b=b"never read", c=b"never read")
    monkeypatch.setattr(folders, "SET_LIMIT", 3 * GREY.size - 1)
    with pytest.raises(ValueError, match="3 images of 16×12×1"):
        metrics.read_images(source)
    monkeypatch.setattr(folders, "SET_LIMIT", 3 * GREY.size)  # enough for grey, not for colour
    with pytest.raises(ValueError, match="3 images of 16×12×3"):
        metrics.read_images(folder(tmp_path, b=COLOUR))
    assert metrics.read_images(folder(tmp_path, b=GREY, c=GREY)).shape == (3, 12, 16, 1)


def test_busi_reads_as_its_own_loader_has_it(shared):
    root = shared / "data" / "Dataset_BUSI_with_GT"
    with pytest.raises(ValueError, match="masks beside their images, 211 in all"):
        metrics.read_images(root / "malignant", 64)
    read = metrics.read_images(root / "malignant", 64, grey=True, exclude="*_mask*")
    np.testing.assert_array_equal(read, load_busi(root, size=64))


def test_reading_and_the_command_load_no_network_library():
    code = (
        "import sys; from dgan_core import metrics; import dgan_cli.metrics; metrics.read_images;"
        "print([n for n in ('torch', 'torchvision', 'lpips', 'umap', 'tensorflow', 'keras') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_width_and_height_and_what_becomes_of_the_aspect(tmp_path):
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200  # dark, bright, dark thirds
    source = folder(tmp_path, a=wide, b=wide)
    assert metrics.read_images(source, size=(15, 5)).shape == (2, 5, 15, 1)
    stretched = metrics.read_images(source, size=30)[0, ..., 0]
    assert (stretched[:, 13:17] == 200).all()
    padded = metrics.read_images(source, size=30, fit="pad")[0, ..., 0]
    np.testing.assert_array_equal(padded[10:20], wide)
    assert not padded[:10].any() and not padded[20:].any()
    cropped = metrics.read_images(source, size=10, fit="crop")[0, ..., 0]
    assert (cropped == 200).all()
    with pytest.raises(ValueError, match="fit must be 'stretch', 'pad' or 'crop', got 'fill'"):
        metrics.read_images(source, size=10, fit="fill")


@pytest.mark.parametrize("glob", ["masks", "masks/", "./masks/*", "masks/*", "*/b*.png", "?asks"])
def test_a_folder_of_masks_is_left_out_by_its_name(tmp_path, glob):
    folder(tmp_path / "images", a=GREY, c=GREY)
    folder(tmp_path / "masks", b=GREY, bb=GREY)
    found = folders.read_set(tmp_path, exclude=glob)
    assert (found.names, found.n_excluded, found.unmatched) == (["images/a.png", "images/c.png"], 2, [])


def test_a_glob_that_matches_nothing_is_refused(tmp_path):
    source = folder(tmp_path, a=GREY, b=GREY)
    with pytest.raises(ValueError, match="exclude must match at least one file, and 'mask' matches none in .* 'a.png'"):
        metrics.read_images(source, exclude=["mask"])
    assert folders.read_set(source, exclude=["mask", "c*"]).unmatched == ["mask", "c*"]


@pytest.mark.parametrize("name", ["x_Mask", "x_segmentation", "mask_0001"])
def test_masks_by_any_name_beside_images_are_warned_of(tmp_path, name):
    mask = np.zeros((12, 16), np.uint8)
    mask[3:7, 4:9] = 255
    source = folder(tmp_path, x=GREY, y=GREY, **{name: mask})
    with pytest.warns(UserWarning, match=f"1 of the 3 images of .* almost only black and white, .*{name}.png"):
        assert len(metrics.read_images(source)) == 3
    (source / f"{name}.png").unlink()
    assert not folders.read_set(source).notes  # and warnings are errors here
    metrics.read_images(source)
    assert not folders.read_set(folder(tmp_path / "only", a=mask, b=mask)).notes  # a set of masks is nobody's mistake


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((4, 8, 8), np.float32), r"choose the levels that become 0 and 255 .*astype\('uint8'\)"),
        (np.zeros((4, 8, 8), np.uint16), "got uint16: choose the levels"),
        (np.zeros((4, 1, 8, 8), np.uint8), r"whose channels come first: save numpy.moveaxis\(x, 1, 3\)"),
        (np.zeros((4, 3, 8, 8), np.uint8), "whose channels come first"),
        (np.zeros((64, 64, 3), np.uint8), r"looks like one colour image: save several as numpy.stack"),
    ],
)
def test_arrays_that_cannot_be_taken_say_how_to_convert_them(tmp_path, array, says):
    np.save(tmp_path / "set.npy", array)
    with pytest.raises(ValueError, match=says):
        metrics.read_images(tmp_path / "set.npy")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"P5\n4 4\n255\n" + bytes(16), "it is PGM; convert it to PNG"),
        (b"GIF89a" + bytes(40), "it is GIF; convert it to PNG"),
        (b"some text", "remove it, or leave it out by exclude"),
    ],
)
def test_foreign_files_say_what_they_are(tmp_path, content, says):
    with pytest.raises(ValueError, match=f"b.png is not a readable .* image: {says}"):
        metrics.read_images(folder(tmp_path, a=GREY, b=content))


def test_sixteen_bits_say_how_to_convert_them(tmp_path):
    deep = encoded(Image.fromarray(GREY.astype(np.uint16) * 256))
    with pytest.raises(ValueError, match=r"more than 8 bits a channel: choose the levels low and high .*'uint8'"):
        metrics.read_images(folder(tmp_path, a=deep, b=deep))
