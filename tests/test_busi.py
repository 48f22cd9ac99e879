"""BUSI: order, exclusions and conventions of the loader, its error sentences, and the download from a local server."""

import functools
import hashlib
import http.server
import io
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from dgan_core.data import busi, fetch_busi, find_busi, index_busi, load, load_busi
from dgan_core.io.images import decode, fitted, to_grey

REAL = Path(__file__).parents[2] / "shared" / "data" / "Dataset_BUSI_with_GT"


def png(array, mode=None):
    buffer = io.BytesIO()
    image = Image.fromarray(np.asarray(array, np.uint8))
    (image.convert(mode) if mode else image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def root(tmp_path):
    """Images 1 (RGB), 2 (grey), 10 (RGBA), masks and strays; (k) is uniformly of grey level 10 k."""
    folder = tmp_path / "Dataset_BUSI_with_GT" / "malignant"
    folder.mkdir(parents=True)
    for number, mode in ((10, "RGBA"), (2, None), (1, "RGB")):
        (folder / f"malignant ({number}).png").write_bytes(png(np.full((20, 30), 10 * number), mode))
        (folder / f"malignant ({number})_mask.png").write_bytes(png(np.full((20, 30), 255)))
    (folder / "malignant (2)_mask_1.png").write_bytes(png(np.full((20, 30), 255)))
    for stray in ("Thumbs.db", ".DS_Store", "malignant (2) copy.png", "._malignant (3).png", "benign (4).png"):
        (folder / stray).write_bytes(b"stray")
    (folder / "malignant (7).png").mkdir()
    return folder.parent


@pytest.fixture
def small(monkeypatch):
    """A BUSI that is complete with 1, 3 and 1 images."""
    monkeypatch.setattr(busi, "COUNTS", {"benign": 1, "malignant": 3, "normal": 1})


def test_index_is_in_natural_order_without_masks_and_strays(root):
    assert [path.name for path in index_busi(root)] == [f"malignant ({number}).png" for number in (1, 2, 10)]
    assert index_busi(root.parent) == index_busi(root) == index_busi(str(root))


def test_load_in_every_mode(root, small):
    images = load_busi(root, size=16)
    assert images.shape == (3, 16, 16, 1) and images.dtype == np.uint8
    assert [np.unique(image).tolist() for image in images] == [[10], [20], [100]]


def test_an_unusual_count_is_warned_of(root):
    with pytest.warns(UserWarning, match="holds 3 malignant images; the complete BUSI has 210"):
        load_busi(root, size=8)


def square(image, size, fit="stretch"):
    """What a loader makes of a PIL image."""
    content = io.BytesIO()
    image.save(content, "PNG")
    return fitted(to_grey(decode(content.getvalue(), "a")), size, size, fit)[..., 0]


def test_grey_of_a_colour_is_luma_and_a_palette_is_followed():
    red = Image.new("RGB", (8, 8), (255, 0, 0))
    assert square(red, 4).max() == square(red.convert("P"), 4).max() == 76  # 0.299 · 255


def test_stretch_fills_pad_keeps_the_aspect_and_crop_takes_the_centre():
    white = Image.new("L", (40, 20), 255)
    assert (square(white, 16) == 255).all()
    padded = square(white, 16, "pad")
    assert (padded[4:12] == 255).all() and not padded[:4].any() and not padded[12:].any()
    assert (square(white.rotate(90, expand=True), 16, "pad") == padded.T).all()
    white.paste(0, (0, 0, 10, 20))
    white.paste(0, (30, 0, 40, 20))
    assert (square(white, 16, "crop")[:, 1:-1] == 255).all()


def test_reduction_is_antialiased():
    """Lines one pixel wide become their mean, 127.5, where a filter that skips pixels would show 0 or 255."""
    lines = Image.fromarray(np.tile(np.array([0, 255], np.uint8), (64, 32)))
    assert np.abs(square(lines, 16)[:, 2:-2].astype(float) - 127.5).max() < 3


def test_missing_folder_file_empty_and_other_layout(tmp_path):
    with pytest.raises(FileNotFoundError, match="looked for in .*nowhere, which does not exist"):
        index_busi(tmp_path / "nowhere")
    (tmp_path / "a.zip").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match="is a file; give the unzipped folder"):
        index_busi(tmp_path / "a.zip")
    (tmp_path / "benign").mkdir()
    (tmp_path / "benign" / "benign (1)_mask.png").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="not laid out as BUSI"):
        index_busi(tmp_path)
    (tmp_path / "benign" / "benign (1).png").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="class malignant were looked for in .*malignant, which does not"):
        index_busi(tmp_path)
    (tmp_path / "malignant").mkdir()
    with pytest.raises(FileNotFoundError, match="which holds none"):
        index_busi(tmp_path)
    with pytest.raises(ValueError, match="label must be one of benign, malignant, normal, got 'cyst'"):
        index_busi(tmp_path, "cyst")


def test_busi_is_found_two_levels_up_and_in_kaggles_nesting(root, tmp_path):
    assert find_busi(root) == find_busi(tmp_path) == root
    nested = tmp_path / "archive" / "Dataset_BUSI_with_GT"
    nested.mkdir(parents=True)
    root.rename(nested / "Dataset_BUSI_with_GT")
    assert find_busi(tmp_path / "archive") == nested / "Dataset_BUSI_with_GT" == find_busi(nested)
    assert find_busi(tmp_path / "archive" / "x") is None


def test_a_png_cut_anywhere_or_overwritten_is_named(root, small):
    path = index_busi(root)[1]
    whole = png(np.random.default_rng(0).integers(0, 256, (20, 30)))
    cuts = [whole[:length] for length in (0, 4, 20, 40, len(whole) // 2, len(whole) - 20, len(whole) - 6)]
    for content in (*cuts, whole[:60] + bytes(10) + whole[70:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"malignant \(2\).png is (empty|not a readable|broken or cut short)"):
            load_busi(root, size=8)


def test_sixteen_bit_is_refused(root, small):
    Image.fromarray(np.full((8, 8), 40000, np.uint16)).save(index_busi(root)[0])
    with pytest.raises(ValueError, match=r"malignant \(1\).png has more than 8 bits"):
        load_busi(root, size=8)


def test_load_dispatches_on_data(root, small):
    config = SimpleNamespace(data="phantom", n_phantoms=2, image_size=32, label="benign", seed_data=0, resize="stretch")
    assert load(config).shape == (2, 32, 32, 1)
    config.data, config.label = str(root), "malignant"
    assert load(config)[:, 0, 0, 0].tolist() == [10, 20, 100]


@pytest.fixture
def server(tmp_path, root):
    """A local address that serves busi.zip (1, 3 and 1 images) and others; yields (address, folder served)."""
    folder = tmp_path / "served"
    folder.mkdir()
    with zipfile.ZipFile(folder / "busi.zip", "w") as archive:
        for path in index_busi(root):
            archive.write(path, path.relative_to(root.parent))
        for label in ("benign", "normal"):
            archive.writestr(f"Dataset_BUSI_with_GT/{label}/{label} (1).png", png(np.zeros((8, 8))))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{httpd.server_port}", folder
        httpd.shutdown()


def test_fetch_once_then_from_the_cache(server, small, tmp_path):
    address, folder = server
    fetch = functools.partial(fetch_busi, f"{address}/busi.zip", cache=tmp_path / "cache")
    found = fetch()
    assert found.name == "Dataset_BUSI_with_GT" and len(load_busi(found, size=8)) == 3
    (folder / "busi.zip").unlink()
    assert fetch() == found
    assert not list((tmp_path / "cache").glob("*partial*"))


def test_fetch_checks_the_hash_and_reads_the_environment(server, tmp_path, monkeypatch):
    address, folder = server
    monkeypatch.setenv("DGAN_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("DGAN_BUSI_SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"busi.zip does not have the SHA-256 0{64}; download it by hand"):
        fetch_busi(f"{address}/busi.zip")
    sha256 = hashlib.sha256((folder / "busi.zip").read_bytes()).hexdigest()
    monkeypatch.setenv("DGAN_BUSI_SHA256", sha256)
    assert (tmp_path / "assets") in fetch_busi(f"{address}/busi.zip").parents  # the hash vouches for it, not the counts


def test_fetch_without_a_hash_wants_the_exact_counts(server, tmp_path):
    with pytest.raises(ValueError, match="'malignant': 3.*the complete BUSI holds .*'malignant': 210"):
        fetch_busi(f"{server[0]}/busi.zip", cache=tmp_path / "cache")
    assert list((tmp_path / "cache").glob("[!.]*")) == []  # nothing doubtful stays


def test_a_failed_download_names_the_address_and_the_way_out(server, tmp_path):
    for address in (f"{server[0]}/absent.zip", "http://127.0.0.1:9/busi.zip"):
        with pytest.raises(ConnectionError, match=f"from {address}; download it by hand.*pass data=<folder>"):
            fetch_busi(address, cache=tmp_path / "cache")


@pytest.mark.parametrize("member", ["../outside.png", "/absolute.png", "a/../../outside.png", "C:\\outside.png"])
def test_members_that_escape_are_refused(server, tmp_path, member):
    with zipfile.ZipFile(server[1] / "evil.zip", "w") as archive:
        archive.writestr(member, b"")
    with pytest.raises(ValueError, match="outside the archive"):
        fetch_busi(f"{server[0]}/evil.zip", cache=tmp_path / "cache")
    assert not list(tmp_path.rglob("outside.png"))


def test_what_is_no_archive_is_refused_and_not_kept(server, tmp_path):
    (server[1] / "page.zip").write_text("<html>maintenance</html>")
    with pytest.raises(ValueError, match="is not a complete zip archive"):
        fetch_busi(f"{server[0]}/page.zip", cache=tmp_path / "cache")
    assert list((tmp_path / "cache").glob("[!.]*")) == []


@pytest.mark.skipif(not REAL.is_dir(), reason="real BUSI is not beside the project")
def test_real_busi_is_complete():
    assert load_busi(REAL, "malignant", 32).shape == (210, 32, 32, 1)  # and warns of nothing: that would be an error
    assert len(index_busi(REAL.parent, "benign")) == 437
