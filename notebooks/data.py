# %% [markdown]
# # Data
#
# What the networks learn from, looked at before anything is learnt. Two sources stand behind one loader:
#
# - **BUSI** (Al-Dhabyani et al. 2020): breast ultrasound images in three classes, benign, malignant and normal, with
#   masks drawn by radiologists.
# - **Phantoms**: simulated B-mode images of layered tissue with one mass. They need no download and resemble the real
#   ones, so every stage can be tried in a minute. They are no substitute: numbers found on phantoms are about phantoms.
#
# Sections that concern files on disk apply to BUSI only and say so otherwise.

# %% tags=["parameters"]
data = "phantom"  # "phantom", "busi" (download) or a BUSI folder
image_size = 64  # side of the square images that the networks see
label = "malignant"  # the class whose manifest is listed first: "malignant", "benign" or "normal"
seed = 0  # of the phantoms; BUSI has no draw

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

from dgan_core.data import audit, duplicates, fetch_busi, load_busi, near_duplicates, phantoms
from dgan_core.report.style import OKABE_ITO, use_style

use_style()
image_size, seed = int(image_size), int(seed)  # papermill may pass strings
if label not in ("malignant", "benign", "normal"):
    raise ValueError(f"label must be malignant, benign or normal, got {label!r}.")
is_phantom = data == "phantom"
root = None if is_phantom else fetch_busi() if data == "busi" else data
manifest = None if is_phantom else audit(root)
NOT_APPLICABLE = "Not applicable to phantoms: they are simulated, not read from files."

# %% [markdown]
# ## Counts by class
#
# The complete BUSI holds 437 benign, 210 malignant and 133 normal images. Another count means that files are missing or
# were added; the loader warns of it. Phantoms are drawn in the numbers of BUSI, the normal class only if asked for.

# %%
if is_phantom:
    counts = {"malignant": 210, "benign": 437} | ({"normal": 133} if label == "normal" else {})
    images = {name: phantoms(n, image_size, name, seed) for name, n in counts.items()}
else:
    present = [name for name in ("malignant", "benign", "normal") if (manifest["label"] == name).any()]
    images = {name: load_busi(root, name, image_size) for name in present}

pd.DataFrame({
    "images": {name: len(stack) for name, stack in images.items()},
    "mean grey level": {name: stack.mean() for name, stack in images.items()},
    "SD between images": {name: stack.mean((1, 2, 3)).std() for name, stack in images.items()},
}).rename_axis("class").round(1)  # fmt: skip

# %% [markdown]
# **Table D1.** Images by class, their mean grey level (0 to 255) and the standard deviation, over images, of an image's
# mean.
#
# ## What the networks see


# %%
def show(stack, title, columns=8, rows=2):
    """The first images of a stack, side by side, each its own panel."""
    figure, axes = plt.subplots(rows, columns, figsize=(columns * 1.2, rows * 1.2 + 0.3))
    for axis in axes.flat:
        axis.axis("off")
    for axis, image in zip(axes.flat, stack, strict=False):
        axis.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
    figure.suptitle(title)
    plt.show()


source = "phantoms" if is_phantom else "BUSI"
for name, stack in images.items():
    show(stack, f"{source}: {name}, {image_size} × {image_size}")

# %% [markdown]
# **Figure D1.** The first images of each class, grey levels unscaled. Malignant masses tend to be irregular and taller
# than wide and to cast a shadow; benign ones to be smooth, oval and wider than tall, with brighter tissue behind
# (Stavros et al. 1995).
#
# ## Grey levels

# %%
figure, axis = plt.subplots(figsize=(6, 3))
for name, stack in images.items():
    density = np.bincount(stack.ravel(), minlength=256) / stack.size
    axis.plot(density, color=OKABE_ITO[name], label=f"{name} (N = {len(stack)})")
axis.set(xlabel="grey level", ylabel="share of pixels", xlim=(0, 255), ylim=(0, None), title=source)
axis.legend()
plt.show()

# %% [markdown]
# **Figure D2.** Distribution of grey levels over all pixels of a class. The peak at black, where there is one, is deep
# tissue and shadow, where the echo falls below the dynamic range, and borders without any image.
#
# ## The manifest
#
# One row per file: its size and mode, its masks, whether it bears a coloured overlay, and hashes of file and pixels.

# %%
if is_phantom:
    print(NOT_APPLICABLE)
else:
    columns = ["name", "width", "height", "mode", "n_masks", "coloured"]
    display(manifest.loc[manifest["label"] == label, columns].head(10))
    display(manifest.groupby("label")[["n_masks", "coloured"]].sum().rename(columns={"n_masks": "masks"}))

# %% [markdown]
# **Table D2.** The first files of the chosen class, and totals by class. An image that shows several masses has several
# masks.
#
# ## Sizes
#
# Images are of many sizes and aspects; the networks want one square. `resize="stretch"` ignores the aspect,
# `resize="pad"` keeps it between black borders.

# %%
if is_phantom:
    print(NOT_APPLICABLE)
else:
    figure, axis = plt.subplots(figsize=(5, 4))
    for name in present:
        rows = manifest[manifest["label"] == name]
        axis.scatter(rows["width"], rows["height"], s=8, alpha=0.6, color=OKABE_ITO[name], label=name)
    side = manifest[["width", "height"]].to_numpy().max()
    axis.plot([0, side], [0, side], color="grey", linewidth=0.8, label="square")
    axis.set(xlabel="width, pixels", ylabel="height, pixels", aspect="equal")
    axis.legend()
    plt.show()

# %% [markdown]
# **Figure D3.** Width and height of each file. The farther below the line, the more a stretch to a square narrows it.
#
# ## Duplicates
#
# Images with exactly the same pixels, whatever their encoding. Across two classes they contradict each other; between
# training and test images they leak.

# %%
if is_phantom:
    print(NOT_APPLICABLE)
    flat = np.concatenate([stack.reshape(len(stack), -1) for stack in images.values()])
    print(f"Of the {len(flat)} phantoms {len(np.unique(flat, axis=0))} are distinct.")
else:
    groups = duplicates(manifest)
    print(f"{len(groups)} group(s) of identical images in {len(manifest)}:")
    for names in groups:
        print("  " + " = ".join(names))

# %% [markdown]
# ## Near duplicates
#
# Other frames, crops or exports of the same scan: thumbnails of 32 × 32 that correlate above 0.95. They make a data set
# smaller than its count, draw a generator towards what is repeated, and leak between training and test images.

# %%
alike = {name: near_duplicates(stack) for name, stack in images.items()}
pd.DataFrame(
    {
        "images": {name: len(images[name]) for name in alike},
        "groups": {name: len(groups) for name, groups in alike.items()},
        "images in groups": {name: sum(map(len, groups)) for name, groups in alike.items()},
        "largest group": {name: max(map(len, groups), default=0) for name, groups in alike.items()},
    }
).rename_axis("class")

# %%
for name, groups in alike.items():
    pairs = [images[name][index] for group in groups[:8] for index in group[:2]]
    if pairs:
        show(np.array(pairs[::2] + pairs[1::2]), f"{source}: {name}, two of each of {min(len(groups), 8)} groups",
             columns=min(len(groups), 8))  # fmt: skip

# %% [markdown]
# **Figure D4.** The first two images of the first groups, one above the other; nothing is shown where there are none.
#
# ## Coloured overlays
#
# A scan is grey. Where red, green and blue differ, something was drawn over it, and the grey image the networks see
# bears its trace. Grey calipers and text are not found this way.

# %%
if is_phantom:
    print(NOT_APPLICABLE)
else:
    coloured = manifest[manifest["coloured"]]
    print(f"{len(coloured)} of {len(manifest)} images bear a coloured overlay:")
    for name, rows in coloured.groupby("label"):
        print(f"  {name}: " + ", ".join(rows["number"].astype(str)))
