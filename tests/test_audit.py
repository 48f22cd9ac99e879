"""The manifest of the page `data` on a folder made here, and what it says of real BUSI."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from pages import definitions
from PIL import Image

from dgan_core.data import index_busi, load_busi, near_duplicates

PAGE = definitions("data")
REAL = Path(__file__).parents[2] / "shared" / "data" / "Dataset_BUSI_with_GT"


@pytest.fixture
def root(tmp_path):
    grey = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30).astype(np.uint8))
    marked = grey.convert("RGB")
    marked.putpixel((3, 4), (255, 255, 0))
    for label, number, image in (
        ("malignant", 2, grey.convert("RGB")),
        ("malignant", 10, marked),
        ("benign", 1, grey),
        ("benign", 3, grey.transpose(Image.Transpose.ROTATE_90)),
    ):
        (tmp_path / label).mkdir(exist_ok=True)
        image.save(tmp_path / label / f"{label} ({number}).png")
    for name in ("malignant (2)_mask.png", "malignant (2)_mask_1.png", "malignant (10)_mask.png"):
        grey.save(tmp_path / "malignant" / name)
    return tmp_path


def test_one_row_per_image(root):
    manifest = PAGE.audit(root)
    assert manifest["name"].tolist() == ["benign (1).png", "benign (3).png", "malignant (2).png", "malignant (10).png"]
    assert manifest["n_masks"].tolist() == [0, 0, 2, 1]
    assert manifest["mode"].tolist() == ["L", "L", "RGB", "RGB"]
    assert manifest["coloured"].tolist() == [False, False, False, True]
    assert manifest[["width", "height"]].values.tolist() == [[30, 20], [20, 30], [30, 20], [30, 20]]
    assert manifest["sha256"].is_unique


def test_a_folder_of_ones_own_is_audited(tmp_path):
    """Flat or by class, masks beside the images, in a folder of their own, or told by being black and white alone."""
    speckle = np.random.default_rng(0).integers(20, 230, (20, 30), np.uint8)
    binary = np.where(speckle > 120, 255, 0).astype(np.uint8)
    for name, pixels in {
        "cyst/images/2.png": speckle,
        "cyst/images/10.jpg": speckle,
        "cyst/masks/2.png": binary,
        "tumour/1.bmp": speckle.T,
        "tumour/1_segmentation.png": binary,
        "tumour/7.png": binary,
    }.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "set" / name)
    manifest = PAGE.audit(tmp_path / "set")
    assert manifest["name"].tolist() == ["2.png", "10.jpg", "1.bmp", "7.png"]
    assert manifest["label"].tolist() == ["cyst", "cyst", "tumour", "tumour"]
    assert manifest["n_masks"].tolist() == [1, 0, 1, 0]
    assert manifest["mask_like"].tolist() == [False, False, False, True]
    assert manifest.attrs["masks"] == 2
    shutil.make_archive(tmp_path / "zipped", "zip", tmp_path / "set")
    assert PAGE.audit(tmp_path / "zipped.zip").equals(manifest)
    flat = PAGE.audit(tmp_path / "set" / "tumour")
    assert flat["label"].tolist() == ["tumour", "tumour"]


def test_duplicates_are_found_across_classes_and_encodings(root):
    assert PAGE.duplicates(PAGE.audit(root)) == [["benign (1).png", "malignant (2).png"]]


def test_equal_bytes_in_another_shape_are_no_duplicate(tmp_path):
    (tmp_path / "normal").mkdir()
    for number, shape in ((1, (4, 6)), (2, (6, 4))):
        Image.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / "normal" / f"normal ({number}).png")
    assert PAGE.duplicates(PAGE.audit(tmp_path)) == []


def test_a_broken_image_is_named(root):
    path = root / "benign" / "benign (3).png"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match=r"benign \(3\).png is broken or cut short"):
        PAGE.audit(root)


def test_near_duplicates_are_brighter_noisier_copies_and_no_strangers():
    rng = np.random.default_rng(0)
    a, b, c = rng.integers(0, 200, (3, 64, 64, 1))
    stack = np.array([a, b, a * 0.9 + 20, c, b + rng.integers(-5, 6, b.shape), np.full_like(a, 7), np.full_like(a, 9)])
    assert near_duplicates(stack.clip(0, 255).astype(np.uint8)) == [[0, 2], [1, 4]]
    with pytest.raises(ValueError, match="multiple of 32, got 48"):
        near_duplicates(np.zeros((2, 48, 48, 1), np.uint8))


@pytest.mark.skipif(not REAL.is_dir(), reason="real BUSI is not beside the project")
def test_real_busi_repeats_itself():
    names = [path.stem for path in index_busi(REAL, "malignant")]
    groups = near_duplicates(load_busi(REAL, "malignant", 64))
    assert ["malignant (27)", "malignant (28)"] in [[names[i] for i in group] for group in groups]
    assert len(groups) == 13 and sum(map(len, groups)) == 31


@pytest.mark.skipif(not REAL.is_dir(), reason="real BUSI is not beside the project")
def test_what_real_busi_holds():
    manifest = PAGE.audit(REAL).set_index("name")
    assert manifest["label"].value_counts().to_dict() == {"benign": 437, "malignant": 210}
    assert PAGE.duplicates(manifest.reset_index()) == [["benign (433).png", "malignant (145).png"]]
    malignant = manifest[manifest["label"] == "malignant"]
    assert malignant["n_masks"].sum() == 211
    assert malignant.index[malignant["n_masks"] == 2].tolist() == ["malignant (53).png"]
    assert manifest["n_masks"].min() == 1
    assert manifest.groupby("label")["coloured"].sum().to_dict() == {"benign": 12, "malignant": 3}  # exact inequality
