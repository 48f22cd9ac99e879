# %% [markdown]
# # The images, audited
#
# This page shows what the networks learn from: which images there are, how they are read, and what is wrong with them.
#
# ## BUSI
#
# The Breast Ultrasound Images data set {cite}`aldhabyani2020` has three classes: 437 benign, 210 malignant and 133
# normal scans. Those of the first two come with one or more masks of the lesion. The paper trains on the malignant
# scans, resized to 512×512 in one grey channel, and measures on them; the normal class is not used.
#
# BUSI is read as it is distributed ({py:func}`~dgan_core.data.load_busi`): one folder for each class, with files named
# `malignant (1).png` and masks `malignant (1)_mask.png` beside them. Masks and stray files are left out, files are
# taken in numerical order, and the counts are checked. Sizes and aspects vary: images are stretched to a square unless
# `resize` is `"pad"` or `"crop"`.
#
# What to know before trusting a number:
#
# - `malignant (145)` is byte for byte the same file as `benign (433)`: one image with two labels.
# - Some scans have several masks; `malignant (53)` has two.
# - Some scans have coloured overlays, calipers or text. A generator learns them as if they were tissue.
# - Sizes differ widely, so resizing changes the grain of the speckle by a different factor in each image.
# - Many images are near-duplicates: frames or crops of one scan. Published audits also report doubtful labels.
#
# ## Phantoms
#
# The quick profile downloads nothing. Its images are *phantoms*, **simulated B-mode scans**
# ({py:func}`~dgan_core.data.phantoms`): scatterers in layered tissue with one mass, convolved with a pulse; then their
# envelope is compressed logarithmically. A malignant mass is irregular, taller than wide and spiculated, and casts a
# shadow; a benign one is smooth and oval, with brighter tissue behind it. Each image depends only on its seed, class
# and index.
#
# Phantoms let you try everything without data, and look like scans at a glance. They are no model of a patient: a
# number found on phantoms is about phantoms.
#
# The rest of this page counts and shows the images that this copy of the book was built with. Sections about files on
# disk say "not applicable" where the images are phantoms.

# %% tags=["parameters", "hide-input"]
data = "phantom"  # "phantom", "busi" (download) or a folder or .zip of images
image_size = 64  # side of the square images that the networks see
label = "malignant"  # the class listed first
seed = 0  # of the phantoms; BUSI has no draw

# %% tags=["hide-input"]
import hashlib
import re
from pathlib import PurePosixPath

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

import dgan_report as report
from dgan_core.data import (
    fetch_busi,
    find_busi,
    index_busi,
    load_busi,
    load_folder,
    near_duplicates,
    phantoms,
)
from dgan_core.data.busi import COUNTS
from dgan_core.data.folder import class_of, existing, is_mask
from dgan_core.io.folders import files_in, near_binary
from dgan_core.io.images import whole
from dgan_report.style import OKABE_ITO, OTHERS, use_style


def audit(root):
    """A pandas DataFrame, one row per image of BUSI, or of any other folder or .zip archive, masks left out.

    label, name            class, which is the folder it lies in; file name
    width, height, mode    as stored
    n_masks                masks beside it by their names, `<its name>_mask*` in BUSI
    coloured               some pixel's red, green and blue differ: an overlay such as a marker, or Doppler
    mask_like              almost only black and white, though its name is no mask's
    sha256, pixels         of the file, and of size and RGB pixels: equal pixels in another encoding have equal `pixels`

    attrs["masks"] counts the masks that were left out by their names.
    """
    root = existing(root)
    busi = find_busi(root)
    rows = []
    with files_in(busi or root) as files:
        masks = [PurePosixPath(name) for name in files if is_mask(name)]
        names = [name for name in files if not is_mask(name)]
        if busi:
            names = [
                f"{k}/{p.name}"
                for k in COUNTS
                if (busi / k).is_dir()
                for p in index_busi(busi, k)
            ]
        for name in names:
            content, path = files[name](), PurePosixPath(name)
            image = whole(content, f"{root}/{name}")
            rgb = np.asarray(image.convert("RGB"))
            rows.append(
                {
                    "label": class_of(name) or root.stem,
                    "name": path.name,
                    "width": image.width,
                    "height": image.height,
                    "mode": image.mode,
                    "n_masks": sum(_is_of(mask, path) for mask in masks),
                    "coloured": bool((rgb != rgb[..., :1]).any()),
                    "mask_like": near_binary(rgb),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "pixels": hashlib.sha256(
                        f"{image.size}".encode() + rgb.tobytes()
                    ).hexdigest(),
                }
            )
    manifest = pd.DataFrame(rows)
    manifest.attrs["masks"] = len(masks)
    return manifest


def _is_of(mask, image):
    """Whether a mask's name begins with an image's, beside it or in a folder of masks beside it or its folder."""
    near = mask.parent in (
        image.parent,
        image.parent / mask.parent.name,
        image.parent.parent / mask.parent.name,
    )
    return (
        near
        and re.fullmatch(rf"{re.escape(image.stem)}([_\-. ].*)?", mask.stem)
        is not None
    )


def duplicates(manifest):
    """Groups of images with identical pixels, within and across classes: [["benign (433).png", …], …]."""
    groups = manifest.groupby("pixels", sort=False)["name"].agg(list)
    return [names for names in groups if len(names) > 1]


# %% tags=["hide-input"]
use_style()
image_size, seed = int(image_size), int(seed)  # papermill may pass strings
is_phantom = data == "phantom"
root = None if is_phantom else fetch_busi() if data == "busi" else data
busi = None if is_phantom else find_busi(root)
source = "phantoms" if is_phantom else "BUSI" if busi else "the folder's images"
manifest = None if is_phantom else audit(root)
NOT_APPLICABLE = (
    "Not applicable to phantoms: they are simulated, not read from files."
)

# %% [markdown]
# ## Counts by class
#
# The complete BUSI holds 437 benign, 210 malignant and 133 normal images. The loader warns if files are missing or were
# added. There are as many phantoms as BUSI has images; the normal class is drawn only if asked for. In a folder of your
# own, each subfolder is a class. Masks, recognised by their names or by being black and white, are left out.

# %% tags=["hide-input"]
if is_phantom:
    counts = {"malignant": 210, "benign": 437} | (
        {"normal": 133} if label == "normal" else {}
    )
    images = {
        name: phantoms(n, image_size, name, seed) for name, n in counts.items()
    }
else:
    masks = manifest.attrs["masks"]
    if not busi and not manifest["mask_like"].all():
        masks += manifest["mask_like"].sum()
        manifest = manifest[~manifest["mask_like"]]
    print(f"{masks} masks are left out.")
    present = sorted(
        manifest["label"].unique(), key=lambda name: (name != label, name)
    )
    if busi:
        images = {name: load_busi(busi, name, image_size) for name in present}
    else:
        one = len(present) == 1
        images = {
            name: load_folder(root, image_size, None if one else name)
            for name in present
        }
colours = OKABE_ITO | {
    name: OTHERS[i % len(OTHERS)]
    for i, name in enumerate(images)
    if name not in OKABE_ITO
}

counted = pd.DataFrame({
    "images": {name: len(stack) for name, stack in images.items()},
    "mean grey level": {name: stack.mean() for name, stack in images.items()},
    "SD between images": {name: stack.mean((1, 2, 3)).std() for name, stack in images.items()},
}).round(1)  # fmt: skip
brightest = counted["mean grey level"].idxmax()
report.show(
    counted,
    f"Table D1. {len(images)} classes of {source}; the {brightest} images are the brightest. Mean grey level from 0 to "
    "255, and the standard deviation, over images, of an image's mean.",
)

# %% [markdown]
# ## What the networks see


# %% tags=["hide-input"]
def grid(stacks, rows=2, columns=8):
    """The first images of each stack, {name: (N, size, size, 1)}, in rows of their own under its name."""
    figure = plt.figure(figsize=(columns * 1.1, len(stacks) * (rows * 1.1 + 0.35)))
    for part, (name, stack) in zip(
        figure.subfigures(len(stacks), squeeze=False)[:, 0],
        stacks.items(),
        strict=True,
    ):
        axes = part.subplots(rows, columns, squeeze=False)
        part.suptitle(name, x=0.01, ha="left")
        for axis in axes.flat:
            axis.axis("off")
        for axis, image in zip(axes.flat, stack, strict=False):
            axis.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
    return figure


signs = (
    "Malignant masses tend to be irregular and taller than wide and to cast a shadow; benign ones to be smooth, oval "
    "and wider than tall, with brighter tissue behind (Stavros et al. 1995)."
)
report.picture(
    grid(images),
    f"Figure D1. {signs if is_phantom or busi else 'What a generator is to learn.'} The first images of each class, "
    f"{source}, {image_size}×{image_size}, grey levels unscaled.",
    alt=f"Two rows of eight {source} for each class: {', '.join(images)}.",
)

# %% [markdown]
# ## Grey levels

# %% tags=["hide-input"]
figure, axis = plt.subplots(figsize=(6, 3))
for name, stack in images.items():
    density = np.bincount(stack.ravel(), minlength=256) / stack.size
    axis.plot(density, color=colours[name], label=f"{name} (N = {len(stack)})")
axis.set(
    xlabel="grey level", ylabel="share of pixels", xlim=(0, 255), ylim=(0, None)
)
axis.legend()
black = {name: (stack == 0).mean() for name, stack in images.items()}
report.picture(
    figure,
    "Figure D2. "
    f"{', '.join(f'{100 * share:.1f} % of the pixels of {name} images' for name, share in black.items())} are black: "
    "deep tissue and shadow, where the echo falls below the dynamic range, and borders without any image. Distribution "
    "of grey levels over all pixels of a class.",
    alt="A curve for each class: the share of pixels at each grey level from 0 to 255.",
)

# %% [markdown]
# ## The manifest
#
# The manifest has a row for each file: its size and colour mode, its masks, whether it has a coloured overlay, and
# hashes of the file and of its pixels.

# %% tags=["hide-input"]
if is_phantom:
    print(NOT_APPLICABLE)
else:
    columns = ["name", "width", "height", "mode", "n_masks", "coloured"]
    first = manifest.loc[manifest["label"] == present[0], columns].head(10)
    display(
        report.show(
            first.set_index("name"),
            f"Table D2. The first files of the {present[0]} class.",
        )
    )
    totals = (
        manifest.groupby("label")[["n_masks", "coloured"]]
        .sum()
        .rename(columns={"n_masks": "masks"})
    )
    several = (manifest["n_masks"] > 1).sum()
    display(
        report.show(
            totals,
            f"Table D3. {several} images have several masks, since they show several masses.",
        )
    )

# %% [markdown]
# ## Sizes
#
# Images have many sizes and aspect ratios, but the networks need squares. `resize="stretch"` ignores the aspect ratio;
# `resize="pad"` keeps it and adds black borders.

# %% tags=["hide-input"]
if is_phantom:
    print(NOT_APPLICABLE)
else:
    figure, axis = plt.subplots(figsize=(5, 4))
    for name in present:
        rows = manifest[manifest["label"] == name]
        axis.scatter(
            rows["width"],
            rows["height"],
            s=8,
            alpha=0.6,
            color=colours[name],
            label=name,
        )
    side = manifest[["width", "height"]].to_numpy().max()
    axis.plot([0, side], [0, side], color="grey", linewidth=0.8, label="square")
    axis.set(xlabel="width, pixels", ylabel="height, pixels", aspect="equal")
    axis.legend()
    wide = (manifest["width"] > manifest["height"]).mean()
    caption = (
        f"Figure D3. {100 * wide:.0f} % of the files are wider than tall. Width and height of each; the farther below "
        "the line, the more a stretch to a square narrows it."
    )
    display(
        report.picture(
            figure,
            caption,
            alt="A point for each file, height against width, and the line of squares.",
        )
    )

# %% [markdown]
# ## Duplicates
#
# Duplicates have exactly the same pixels, whatever their encoding. In two classes they contradict each other; in both
# training and test set they leak information.

# %% tags=["hide-input"]
if is_phantom:
    print(NOT_APPLICABLE)
    flat = np.concatenate(
        [stack.reshape(len(stack), -1) for stack in images.values()]
    )
    print(
        f"Of the {len(flat)} phantoms {len(np.unique(flat, axis=0))} are distinct."
    )
else:
    groups = duplicates(manifest)
    print(f"{len(groups)} group(s) of identical images in {len(manifest)}:")
    for names in groups:
        print("  " + " = ".join(names))

# %% [markdown]
# ## Near-duplicates
#
# Near-duplicates are other frames, crops or exports of the same scan: their thumbnails of 32×32 pixels correlate above
# 0.95. They make a data set smaller than its count, draw a generator towards what is repeated, and leak between
# training and test images.

# %% tags=["hide-input"]
alike = {name: near_duplicates(stack) for name, stack in images.items()}
near = pd.DataFrame(
    {
        "images": {name: len(images[name]) for name in alike},
        "groups": {name: len(groups) for name, groups in alike.items()},
        "images in groups": {
            name: sum(map(len, groups)) for name, groups in alike.items()
        },
        "largest group": {
            name: max(map(len, groups), default=0) for name, groups in alike.items()
        },
    }
)
in_groups = near["images in groups"].sum()
report.show(
    near,
    f"Table D4. {in_groups} of {near['images'].sum()} {source} have a near-duplicate.",
)

# %% tags=["hide-input"]
found = {name: groups for name, groups in alike.items() if groups}
if not found:
    print("No image has a near-duplicate.")
else:
    columns = min(8, *map(len, found.values()))
    stacks = {
        name: [
            images[name][group[row]] for row in (0, 1) for group in groups[:columns]
        ]
        for name, groups in found.items()
    }
    caption = (
        "Figure D4. Near-duplicates differ by little: the first two images of the first "
        "groups, one above the other."
    )
    alt = "For each class two rows of ultrasound images; the upper and the lower one of a column look nearly the same."
    display(report.picture(grid(stacks, columns=columns), caption, alt))

# %% [markdown]
# ## Coloured overlays
#
# A scan is grey. Where red, green and blue differ, something was drawn over it, and it leaves a trace in the grey image
# that the networks see. Grey calipers and text are not found this way.

# %% tags=["hide-input"]
if is_phantom:
    print(NOT_APPLICABLE)
else:
    coloured = manifest[manifest["coloured"]]
    print(f"{len(coloured)} of {len(manifest)} images bear a coloured overlay:")
    for name, rows in coloured.groupby("label"):
        print(f"  {name}: " + ", ".join(rows["name"]))
