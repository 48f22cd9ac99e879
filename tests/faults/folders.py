"""Folders of images, for BUSI's loader and for the metrics: odd names, links in circles, strays, masks, wrecks."""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from dgan_core.data import load_busi
from dgan_core.io.folders import read_images
from faults.cases import REFUSE, TAKE, Case, pick


def cases(rng, folder: Path) -> Case:
    busi = rng.random() < 0.5
    root = folder / pick(rng, ("plain", "with space", "ünï çode", "new\nline", "it's (1) $(x) {y}"))
    inner = root / "malignant" if busi else root
    inner.mkdir(parents=True)
    levels = rng.permutation(200)[: rng.integers(2, 6)]
    for number, level in enumerate(levels, 1):
        mode = pick(rng, ("L", "RGB", "P", "RGBA"))
        Image.fromarray(np.full((40, 40), level, np.uint8)).convert(mode).save(inner / f"malignant ({number * 7}).png")
    spoil = pick(rng, SPOILS)
    must = spoil(inner, busi)

    def do():
        return load_busi(root, size=32) if busi else read_images(root, size=32)

    def right(images):
        return images.shape[:3] == (len(levels), 32, 32) and all(map(np.all, images == levels[:, None, None, None]))

    told = f"{'BUSI' if busi else 'folder'} {root.name!r}, {spoil.__name__}"
    return Case(told, do, right, must, (str(inner), str(root)))


def nothing_wrong(folder, busi):
    return TAKE


def leftovers_of_systems(folder, busi):
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "._malignant (1).png").write_bytes(b"x")
    return TAKE


def a_stray_text(folder, busi):
    (folder / "readme.txt").write_bytes(b"x")
    return TAKE if busi else REFUSE  # BUSI's files are known by name; any other folder is taken as a whole


def a_folder_named_as_an_image(folder, busi):
    (folder / "malignant (3).png").mkdir()
    return TAKE


def masks(folder, busi):
    shutil.copy(folder / "malignant (7).png", folder / "malignant (7)_mask.png")
    return TAKE if busi else REFUSE


def a_link_in_a_circle(folder, busi):
    (folder / "malignant (3).png").symlink_to(folder / "malignant (3).png")
    return TAKE if busi else REFUSE


def a_link_to_nothing(folder, busi):
    (folder / "malignant (3).png").symlink_to(folder / "gone")
    return TAKE if busi else REFUSE


def a_folder_that_holds_itself(folder, busi):
    (folder / "more").symlink_to(folder)
    return TAKE if busi else REFUSE


def a_pipe(folder, busi):
    os.mkfifo(folder / "malignant (3).png")
    return TAKE if busi else REFUSE


def an_empty_image(folder, busi):
    (folder / "malignant (7).png").write_bytes(b"")
    return REFUSE


def a_cut_image(folder, busi):
    path = folder / "malignant (7).png"
    path.write_bytes(path.read_bytes()[:-20])
    return REFUSE


def a_large_header(folder, busi):
    path = folder / "malignant (7).png"
    path.write_bytes(path.read_bytes().replace(b"\0\0\0\x28\0\0\0\x28", b"\0\1\0\0\0\1\0\0"))
    return REFUSE


def no_images(folder, busi):
    for path in folder.iterdir():
        path.unlink()
    return REFUSE


def a_file_in_its_place(folder, busi):
    shutil.rmtree(folder)
    folder.write_bytes(b"x")
    return REFUSE


def nothing_in_its_place(folder, busi):
    shutil.rmtree(folder)
    return REFUSE


SPOILS = (
    nothing_wrong, leftovers_of_systems, a_stray_text, a_folder_named_as_an_image, masks, a_link_in_a_circle,
    a_link_to_nothing, a_folder_that_holds_itself, a_pipe, an_empty_image, a_cut_image, a_large_header, no_images,
    a_file_in_its_place, nothing_in_its_place,
)  # fmt: skip
