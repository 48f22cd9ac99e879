# %% [markdown]
# # Lesson 7: when KID, LPIPS and MS-SSIM disagree
#
# **Claim.** By their mean over all pairs of a real and a generated image, LPIPS and MS-SSIM prefer washed-out images to
# new images from the real population. KID does not, and it is right.
#
# KID compares two *distributions* of features. LPIPS and MS-SSIM compare two *images*; for sets, the paper takes the
# mean over pairs. With simulated scans it is known which set is best: new scans from the same simulator as the
# "real" ones. Against them stand the same scans blurred, with noise, and blended half-way with their average.
#
# The networks' weights are random ones here, so that nothing need be downloaded.

# %% tags=["parameters"]
n = 48  # images in each set
size = 64  # pixels
seed = 0

# %%
import numpy as np
from scipy.ndimage import gaussian_filter

from dgan_core import rng
from dgan_core.data import phantoms
from dgan_core.metrics import features, lpips_pairs, ms_ssim_pairs
from dgan_core.metrics.intervals import kernel_distance_interval, pair_mean_interval


def as_uint8(grey):
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


real = phantoms(int(n), int(size), seed=int(seed))
new = phantoms(int(n), int(size), seed=int(seed) + 1)
grain = rng.normal(seed, "noise", 0, new.shape)
SETS = {
    "new": new,
    "blurred": as_uint8(gaussian_filter(new.astype("float32"), (0, 1.5, 1.5, 0))),
    "noisy": as_uint8(new + 20 * grain),
    "washed out": as_uint8((new + new.mean(axis=0)) / 2),
}

# %% tags=["remove-stderr"]
METRICS = {  # pairs of images → (N, M)
    "LPIPS": lambda a, b=None: lpips_pairs(a, b, weights="random"),
    "MS-SSIM": ms_ssim_pairs,
}
real_features = features(real, "random-vgg16")
across = {
    m: {k: pairs(real, x) for k, x in SETS.items()} for m, pairs in METRICS.items()
}
found = {
    m: {k: pair_mean_interval(p) for k, p in sets.items()}
    for m, sets in across.items()
}
found["KID"] = {
    k: kernel_distance_interval(real_features, features(x, "random-vgg16"))
    for k, x in SETS.items()
}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
BEST = {"KID": min, "LPIPS": min, "MS-SSIM": max}
WORDS = {
    "KID": "KID, low is good",
    "LPIPS": "LPIPS, low is alike",
    "MS-SSIM": "MS-SSIM, high is alike",
}
winner = {m: BEST[m](found[m], key=lambda k, m=m: found[m][k].value) for m in BEST}
figure = plt.figure(figsize=(6.6, 4.2))
above, below = figure.subfigures(2, 1, height_ratios=[1, 1.5])
for axis, (title, images) in zip(
    above.subplots(1, 5), {"real": real, **SETS}.items(), strict=True
):
    axis.imshow(images[0, ..., 0], cmap="gray", vmin=0, vmax=255)
    axis.set_title(title, fontsize=9)
    axis.set_axis_off()
axes = below.subplots(1, 3, sharey=True)
for axis, m in zip(axes, BEST, strict=True):
    for y, (k, interval) in enumerate(found[m].items()):
        chosen = k == winner[m]
        colour = OKABE_ITO["real" if chosen else "normal"]
        axis.plot(interval[1:], [y, y], color=colour)
        axis.plot(
            interval.value,
            y,
            "D" if chosen else "o",
            color=colour,
            ms=6 if chosen else 5,
        )
    axis.set_yticks(range(len(SETS)), list(SETS))
    axis.set_title(WORDS[m], loc="left", fontsize=9)
    axis.locator_params(axis="x", nbins=4)
axes[0].invert_yaxis()


def said(m, digits):
    """The metric's favourite beside the new images."""
    other = "washed out" if winner[m] == "new" else winner[m]
    values = ", ".join(
        f"{k} {found[m][k].value:.{digits}f}" for k in ("new", other)
    )
    return f"{m} prefers the {winner[m]} images ({values})"


report.picture(
    figure,
    f"Figure L7. {said('KID', 3)}; {said('LPIPS', 4)}; {said('MS-SSIM', 3)}. Each of the four sets holds {n} images, "
    f"compared with {n} real ones; lines are 95 % intervals over images, a diamond marks the set that the metric "
    "prefers.",
    alt="A scan of each set; for each metric, the value of four sets with its interval.",
)

# %% tags=["check"]
assert winner == {"KID": "new", "LPIPS": "washed out", "MS-SSIM": "washed out"}
for k in ("blurred", "noisy", "washed out"):
    assert found["KID"]["new"].high < found["KID"][k].low

# %% [markdown]
# The mean distance to images that one has nothing to do with is smallest from their middle: this is [Lesson
# 5](lesson_perceptual.ipynb) again, as a metric. Read LPIPS and MS-SSIM between real and generated images only
# beside what real images score among themselves (the floor in this book's tables), and use them *within* the
# generated set, where they tell variety, as in [Lesson 8](lesson_collapse.ipynb). KID is not right about everything: it
# praises copies of the training images, too.
#
# ## Exercise
#
# A mean over pairs can be made into a distance between distributions by what KID does: subtract the means within both
# sets. Write the *energy distance*, twice the mean distance across less the mean distances within either.

# %% [markdown] tags=["offer"]
# Try it first, in {download}`this lesson without its solution <exercises/lesson_disagreement.ipynb>`. The solution is
# folded away below; the cell after it checks that it puts the new images first, with LPIPS and with MS-SSIM.


# %% tags=["solution", "hide-cell"]
def energy_distance(across, within_real, within_fake):
    """From distances (N, M), (N, N) and (M, M) between images."""
    # Within a set no image is compared with itself: the diagonal is 0 and
    # left out, which makes the estimate unbiased.
    means = [d.sum() / (len(d) * (len(d) - 1)) for d in (within_real, within_fake)]
    return 2 * across.mean() - sum(means)


# %% tags=["exercise-check", "remove-stderr"]
for m, pairs in METRICS.items():
    sign, zero = (1, 0) if m == "LPIPS" else (-1, 1)  # 1 − MS-SSIM is a distance
    within_real = zero + sign * pairs(real)
    energy = {}
    for k, images in SETS.items():
        between, within = zero + sign * across[m][k], zero + sign * pairs(images)
        energy[k] = energy_distance(between, within_real, within)
    print(m, {k: round(float(e), 4) for k, e in energy.items()})
    assert min(energy, key=energy.get) == "new"
