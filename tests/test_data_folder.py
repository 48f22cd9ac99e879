"""Any folder or archive of images as training data: classes, masks, sizes, order, and what is refused."""

import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image

from dgan_core import Config, fit
from dgan_core.data import load, load_folder

SPECKLE = np.random.default_rng(0).integers(20, 230, (30, 40), np.uint8)


def write(path, level=None, size=(40, 30), mode="L"):
    """A uniform image, or speckle."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(SPECKLE) if level is None else Image.new("L", size, level)
    image.convert(mode).save(path)


@pytest.fixture
def scans(tmp_path):
    """Two classes; sizes, modes and formats vary; masks by name, in a folder, and by being black and white."""
    for number, (level, size, mode, kind) in enumerate(
        [(30, (40, 30), "L", "png"), (60, (20, 20), "RGB", "jpg"), (90, (50, 10), "L", "bmp")]
    ):
        write(tmp_path / "set" / "Malignant" / f"scan {(10, 2, 1)[number]}.{kind}", level, size, mode)
    for name in ("scan 1_mask.png", "scan_2_segmentation.png", "mask_0001.png", "gt-3.png", "masks/scan 1.png"):
        write(tmp_path / "set" / "Malignant" / name, 255)
    for k in range(3):
        write(tmp_path / "set" / "benign" / f"{k}.png", 100 + k)
    return tmp_path / "set"


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_class_is_a_folder_in_natural_order_and_its_masks_are_left_out_and_told(scans, tmp_path, as_zip):
    source = zipped(scans, tmp_path / "set.zip") if as_zip else scans
    with pytest.warns(UserWarning, match="masks of .*set.* are left out, 5 in all, such as "):
        images = load_folder(source, 16, "malignant")
    assert images.shape == (3, 16, 16, 1) and images.dtype == np.uint8
    assert images[:, 8, 8, 0].tolist() == pytest.approx([90, 60, 30], abs=1)  # 1, 2, 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_folder(source, 16, "benign")[:, 0, 0, 0].tolist() == [100, 101, 102]


def test_masks_are_known_by_being_black_and_white_whatever_their_names(tmp_path):
    for k in range(3):
        write(tmp_path / f"{k}.png")
    Image.fromarray(np.where(SPECKLE > 125, 255, 0).astype(np.uint8)).save(tmp_path / "9.png")
    with pytest.warns(UserWarning, match="masks of .* are left out, 1 in all, such as 9.png"):
        assert len(load_folder(tmp_path, 16)) == 3


def test_a_flat_folder_is_one_class_whatever_the_label(tmp_path):
    for k in range(3):
        write(tmp_path / f"{k}.png", 100 + k)
    assert len(load_folder(tmp_path, 16, "malignant")) == 3


def test_what_cant_be_meant_is_refused(scans, tmp_path):
    with pytest.raises(
        ValueError, match="label must be one of Malignant, benign in .*set .--label Malignant., got 'cyst'"
    ):
        load_folder(scans, 16, "cyst")
    with pytest.raises(ValueError, match="label must be 'benign' for the folder .*benign, got 'malignant'"):
        load_folder(scans / "benign", 16, "malignant")
    with pytest.raises(FileNotFoundError, match="nowhere, which does not exist"):
        load_folder(tmp_path / "nowhere", 16)
    (scans / "benign" / "3.png").write_bytes(b"none")
    with pytest.raises(ValueError, match=r"benign/3.png is not a readable"):
        load_folder(scans, 16, "benign")


def test_a_folder_of_ones_own_trains(scans, runs, tiny):
    for k in range(5):
        write(scans / "benign" / f"{k}.png")
    given = {**tiny, "data": str(scans), "label": "benign", "epochs": 1, "resize": "crop"}
    config = Config(**given)
    assert config.run_id.startswith("dgan-wgan-gp-lam5-seed0-set-benign-32px-crop-1epochs")
    assert load(config).shape == (5, 32, 32, 1)
    assert fit(config).finished
