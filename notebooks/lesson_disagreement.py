# %% [markdown]
# # Lesson 8: when kernel distance, LPIPS and MS-SSIM disagree
#
# **Claim.** Judged by their mean over all pairs of a real and a generated image, LPIPS and MS-SSIM rank washed-out
# images above new images from the real population. The kernel distance, here with EfficientNet-Lite0's features, does
# not, and it is right.
#
# The kernel distance compares two *distributions* of features ([Lesson 7](lesson_fid.ipynb)); with Inception's features
# it is called KID. LPIPS and MS-SSIM compare two *images*; for sets, the paper takes the mean over pairs. *LPIPS* is
# the distance of two images in the features of a network, position by position: low means alike. *MS-SSIM* is a
# similarity of their local contrast and structure at several scales: 1 means equal.
#
# With simulated scans we know which set is best: new scans from the same simulator as the "real" ones. We compare them
# with worse sets, made of the same scans: blurred, noisy, and washed out, which means blended half-way with their
# average.
#
# LPIPS's network has random weights here, so that nothing has to be downloaded; only the learned weights of its final
# layers are the published ones.
#
# You need [Lesson 5](lesson_perceptual.ipynb) and [Lesson 7](lesson_fid.ipynb). Reading takes about 10 minutes.

# %% tags=["parameters"]
n = 48  # images in each set
size = 64  # pixels
seed = 0

# %%
import numpy as np
from scipy.ndimage import gaussian_filter

from dgan_core import rng
from dgan_core.data import phantoms


def as_uint8(grey):
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


real = phantoms(int(n), int(size), seed=int(seed))
new = phantoms(int(n), int(size), seed=int(seed) + 1)
blurred = gaussian_filter(new.astype("float32"), (0, 1.5, 1.5, 0))
noise = 20 * rng.normal(seed, "noise", 0, new.shape)
SETS = {
    "new": new,
    "blurred": as_uint8(blurred),
    "noisy": as_uint8(new + noise),
    "washed out": as_uint8((new + new.mean(axis=0)) / 2),
}

# %%
from dgan_core import metrics

PAIRS = {  # functions of two sets of images, or of one with itself → (N, M)
    "LPIPS": lambda a, b=None: metrics.lpips_pairs(a, b, weights="random"),
    "MS-SSIM": metrics.ms_ssim_pairs,
}
across = {  # metric → set → its values for all pairs with a real image
    m: {k: pairs(real, x) for k, x in SETS.items()} for m, pairs in PAIRS.items()
}
found = {  # metric → set → mean over pairs, with its 95 % interval
    m: {k: metrics.pair_mean_interval(p) for k, p in sets.items()}
    for m, sets in across.items()
}
of_real = metrics.features(real)  # of EfficientNet-Lite0, the book's default
found["kernel distance"] = {
    k: metrics.kernel_distance_interval(of_real, metrics.features(x))
    for k, x in SETS.items()
}
BEST = {"kernel distance": min, "LPIPS": min, "MS-SSIM": max}
MEANS = {"kernel distance": "lower: more alike", "LPIPS": "lower: more alike"}
MEANS |= {"MS-SSIM": "higher: more alike"}
winner = {m: BEST[m](found[m], key=lambda k, m=m: found[m][k].value) for m in BEST}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()


def draw_images(axes):
    """One scan of each set."""
    for axis, (title, images) in zip(
        axes, {"real": real, **SETS}.items(), strict=True
    ):
        axis.imshow(images[0, ..., 0], cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()


# %% tags=["hide-input"]
def draw_values(axis, m):
    """A metric's value of each set with its interval; a diamond marks the best."""
    for y, (k, interval) in enumerate(found[m].items()):
        best = k == winner[m]
        colour = OKABE_ITO["real" if best else "normal"]
        axis.plot(interval[1:], [y, y], color=colour)
        axis.plot(
            interval.value, y, "D" if best else "o", color=colour, ms=5 + best
        )
    axis.set_yticks(range(len(SETS)), list(SETS))
    axis.set_title(f"{m}\n{MEANS[m]}", loc="left", fontsize=9)
    axis.locator_params(axis="x", nbins=4)


def told(m, digits):
    """The metric's favourite beside the new images."""
    other = "washed out" if winner[m] == "new" else winner[m]
    values = (f"{k} {found[m][k].value:.{digits}f}" for k in ("new", other))
    shown = ", ".join(values).replace("-", "−")
    return f"{m} prefers the {winner[m]} images ({shown})"


# %% tags=["hide-input"]
figure = plt.figure(figsize=(6.6, 4.4))
above, below = figure.subfigures(2, 1, height_ratios=[1, 1.5])
draw_images(above.subplots(1, 5))
axes = below.subplots(1, 3, sharey=True)
for axis, m in zip(axes, BEST, strict=True):
    draw_values(axis, m)
axes[0].invert_yaxis()
report.picture(
    figure,
    f"Figure L8. The {told('kernel distance', 3)}; {told('LPIPS', 4)}; {told('MS-SSIM', 3)}. Each of the four sets "
    f"holds {n} images, compared with {n} real ones; lines are 95 % intervals over images, a diamond marks the set "
    "that the metric prefers.",
    alt="A scan of each set; for each metric, the value of four sets with its interval.",
)

# %% tags=["check"]
assert winner == {
    "kernel distance": "new",
    "LPIPS": "washed out",
    "MS-SSIM": "washed out",
}
for k in ("blurred", "noisy", "washed out"):
    new_high, other_low = (
        found["kernel distance"]["new"].high,
        found["kernel distance"][k].low,
    )
    assert new_high < other_low, k

# %% [markdown]
# The best guess at unrelated images is their average: this is [Lesson 5](lesson_perceptual.ipynb) again, as a metric.
# Read LPIPS and MS-SSIM between real and generated images only beside what real images score among themselves (the
# floor in this book's tables). *Within* the generated set they measure variety, as in [Lesson
# 9](lesson_collapse.ipynb). The kernel distance is not right about everything: it praises copies of the real images,
# too (Exercise 1).
#
# **Takeaway:** a mean over pairs is not a distance between distributions.
#
# [Walk the latent space](../book/latent-walk.md) of two generators, and rank them by eye before you read
# [how the metrics rank them](tables.ipynb).
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_disagreement.ipynb>`, which runs
# where [the project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the
# cell after it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# Let the generated set be copies of the real images themselves. Does each of the three metrics prefer the copies to the
# washed-out images? Return a dictionary with the keys of `BEST` ("kernel distance", "LPIPS", "MS-SSIM") and the value
# "copies" or "washed out" for each.
#
# Write `preferred()`: {metric: "copies" or "washed out"}.


# %% tags=["solution", "hide-cell"]
def preferred():
    """{metric: "copies" or "washed out"}"""
    # A copy meets its original in only one of its 48 pairs. The mean over all
    # pairs hardly notices, and the best guess at the others is an average.
    return {
        "kernel distance": "copies",
        "LPIPS": "washed out",
        "MS-SSIM": "washed out",
    }


# %% tags=["exercise-check"]
of_copies = {m: pairs(real).mean() for m, pairs in PAIRS.items()}
of_copies["kernel distance"] = metrics.kernel_distance(of_real, of_real)
answers = preferred()
assert answers is not None, "return the three names first"
for m in BEST:
    values = {"copies": of_copies[m], "washed out": found[m]["washed out"].value}
    assert answers[m] == BEST[m](values, key=values.get), (
        f"{m} is {values['copies']:.4f} for copies and {values['washed out']:.4f} for "
        f"washed-out images; {MEANS[m]}"
    )

# %% [markdown]
# ### Exercise 2: change
#
# A mean over pairs becomes a distance between distributions if one also looks at the pairs *within* each set, as the
# kernel distance does. Write the *energy distance*: twice the mean distance across, minus the mean distance within the
# real set, minus that within the generated set. Within a set no image is compared with itself; the diagonals of the two
# square arrays are 0. For MS-SSIM the check uses 1 − MS-SSIM as the distance. It asks whether the energy distance puts
# the new images first.
#
# Write `energy_distance(across, within_real, within_fake)`: energy distance of two sets, from the distances (N, M), (N,
# N) and (M, M) between their images.


# %% tags=["solution", "hide-cell"]
def energy_distance(across, within_real, within_fake):
    """Energy distance of two sets, from the distances (N, M), (N, N) and (M, M) between their images."""
    # The diagonals are 0 and left out, which makes the estimate unbiased.
    means = [d.sum() / (len(d) * (len(d) - 1)) for d in (within_real, within_fake)]
    return 2 * across.mean() - sum(means)


# %% tags=["exercise-check"]
two = np.array([[0.0, 1.0], [1.0, 0.0]])
answer = energy_distance(np.array([[1, 2], [3, 4]]), two, 3 * two)
assert answer is not None, "the function returns nothing yet"
assert np.isclose(answer, 1), f"2 · 2.5 − 1 − 3 should be 1, not {answer:.3f}"
for m, pairs in PAIRS.items():
    sign, zero = (1, 0) if m == "LPIPS" else (-1, 1)  # 1 − MS-SSIM is a distance
    within_real = zero + sign * pairs(real)
    energy = {}
    for k, images in SETS.items():
        between, within = zero + sign * across[m][k], zero + sign * pairs(images)
        energy[k] = energy_distance(between, within_real, within)
    print(m, {k: round(float(e), 4) for k, e in energy.items()})
    first = min(energy, key=energy.get)
    assert first == "new", (
        f"by {m} the {first} images come first with {energy[first]:.4f}, the new ones "
        f"have {energy['new']:.4f}"
    )

# %% [markdown]
# ### Exercise 3: derive
#
# Take the squared difference of pixels, summed over an image, as the distance between two images. Within a set, compare
# each image with itself, too. Then the energy distance depends only on the average images of the two sets. Write it as
# a function of these. Does it see that images are washed out?
#
# Write `energy_of_squares(average_real, average_fake)`: energy distance by squared differences, from average images
# (H, W, 1).


# %% tags=["solution", "hide-cell"]
def energy_of_squares(average_real, average_fake):
    """Energy distance by squared differences, from average images (H, W, 1)."""
    # The mean of ‖x − y‖² over pairs is the sum of both variances and of
    # ‖average − average‖². The variances cancel with those within the sets.
    # Washed-out images have the right average, so it can't see them.
    return 2 * ((average_real - average_fake) ** 2).sum()


# %% tags=["exercise-check"]
def mean_square(a, b):
    """Mean of the squared differences of all pairs."""
    a, b = (x.reshape(len(x), -1).astype("float64") for x in (a, b))
    return np.mean([((a - image) ** 2).sum(axis=1) for image in b])


for k, x in SETS.items():
    right = 2 * mean_square(real, x) - mean_square(real, real) - mean_square(x, x)
    answer = energy_of_squares(real.mean(axis=0), x.mean(axis=0))
    assert answer is not None, "the function returns nothing yet"
    print(f"{k}: {right:,.0f}")
    assert np.isclose(answer, right, rtol=1e-6), (
        f"for the {k} images it should be {right:,.0f}, not {answer:,.0f}"
    )
