# %% [markdown]
# # One set of images, every convention
#
# This page shows how much FID changes by convention alone, and that our code agrees with the usual packages. FID
# depends not only on the images but on how they are resized and scaled for the network, and on what the covariance is
# divided by. Here the same malignant and benign images pass through the same network in each published way, once by our
# code and once by the package that a convention is named after. The network's weights are random, from a seed, and the
# same in both, so these values can't be compared with an FID in the literature, which needs the trained weights.

# %% tags=["parameters"]
data = "phantom"  # "phantom", "busi" (downloaded once) or a BUSI folder
n = 16  # images of each class
image_size = 128  # side in pixels
seed = 0  # of the network's weights, and of the phantoms

# %%
import dgan_report as report
from dgan_core import Config, metrics
from dgan_core.data import load


def images(label):
    """The first n images of a class."""
    config = Config(
        data=data, label=label, image_size=image_size, n_phantoms=n, seed_data=seed
    )
    found = load(config)
    if len(found) < n:
        raise ValueError(
            f"n must be at most {len(found)}, the {label} images of {data}, got {n}"
        )
    return found[:n]


malignant, benign = images("malignant"), images("benign")

# %% [markdown]
# | convention | resize to 299×299 | to [−1, 1] |
# |---|---|---|
# | torch-fidelity | bilinear as in TensorFlow 1, no antialias | (x − 128) / 128 |
# | pytorch-fid | bilinear as in PyTorch, no antialias | 2 · x / 255 − 1 |
# | clean-fid | bicubic as in Pillow, with antialias | (x − 128) / 128 |
#
# Each covariance is divided by N − 1 (`ddof` 1, what the three packages do) or by N (`ddof` 0, StyleGAN3's code).

# %%
import sys
from pathlib import Path

import pandas as pd

from dgan_core.metrics.features.inception import CONVENTIONS

# What calls the packages' own code lies with the tests.
sys.path.append(str(Path(report.__file__).parents[1] / "tests"))
from peers import peer, peer_frechet


def by_package(convention):
    """The features of both classes by the package; None where it isn't installed."""
    try:
        extract = peer(convention, seed=seed)
    except ImportError:
        return None
    return extract(malignant), extract(benign)


rows = []
for convention in CONVENTIONS:
    ours = [
        metrics.features(x, "random-inception", convention=convention, seed=seed)
        for x in (malignant, benign)
    ]
    theirs = by_package(convention)
    kid = metrics.kernel_distance(*ours)
    for ddof in (1, 0):
        fid = metrics.frechet_distance(*ours, ddof=ddof)
        package = (
            None if theirs is None else peer_frechet(convention, *theirs, ddof=ddof)
        )
        rows.append(
            {
                "convention": convention,
                "ddof": ddof,
                "FID": fid,
                "FID by the package": package,
                "KID": kid,
            }
        )
table = pd.DataFrame(rows).set_index(["convention", "ddof"])
table.insert(
    2,
    "relative difference",
    (table["FID"] / table["FID by the package"].astype(float) - 1).abs(),
)

# %%
usual = table.xs(1, level="ddof")["FID"]
ratio = table.xs(0, level="ddof")["FID"] / usual - 1
compared = table["relative difference"].dropna()
source = "phantoms" if data == "phantom" else "BUSI"
digits = {
    "FID": "{:.4f}",
    "FID by the package": "{:.4f}",
    "relative difference": "{:.0e}",
    "KID": "{:.5f}",
}
shown = pd.DataFrame(
    {
        name: table[name].map(form.format, na_action="ignore")
        for name, form in digits.items()
    }
)
report.show(
    shown.fillna("not installed"),
    f"Table I1. With the same images and network, the convention alone moves FID from {usual.min():.4g} "
    f"({usual.idxmin()}) to {usual.max():.4g} ({usual.idxmax()}), by {usual.max() / usual.min() - 1:.1%}. Dividing by "
    f"N in place of N − 1 changes it by {ratio.min():+.1%} to {ratio.max():+.1%} at N = {n}. Ours and the packages' "
    f"differ by at most {compared.max():.0e} of the value ({compared.index.get_level_values(0).nunique()} of "
    f"{len(usual)} packages installed). Malignant against benign {source}, {n} of each, {image_size} px, "
    f"random-inception (seed {seed}).",
)

# %% [markdown]
# Compare two FIDs only where convention, divisor, N and network agree. Where an image is larger than 299 pixels,
# resizing without antialiasing distorts its speckle (aliasing); the three ways then lie further apart than on smaller
# images.
