# %% [markdown]
# # Lesson 9: mode collapse, made on purpose
#
# **Claim.** A generator that repeats a few perfect images still does well by precision, and by LPIPS against real
# images. Recall, coverage and the Fréchet distance show the collapse, and show it earlier than LPIPS and MS-SSIM
# *within* the generated set do.
#
# *Mode collapse* means that a generator makes too few kinds of images. Here it is made without any generator. The
# generated set consists of new simulated scans, each of them perfect, but only *k* of them are different and the rest
# are repeats. Everything else about the set is as good as it can be, so whatever a metric says is about the collapse.
#
# Three metrics are new here; all compare distances between features. The *reach* of an image is the distance to its
# third nearest neighbour in its own set. *Precision* is the share of generated images within the reach of a real one.
# *Recall* is the share of real images within the reach of a generated one. *Coverage* is the share of real images with
# a generated image among their five nearest neighbours.
#
# A metric *sees* a collapse here if its mean over many choices of the *k* images is worse than its 95 % interval at
# full variety. Features are those of EfficientNet-Lite0, trained on ImageNet. LPIPS's network has random weights here,
# so that nothing has to be downloaded; only the learned weights of its final layers are the published ones. The tables
# of this book call *real–generated* *real–fake*, and *within* *fake–fake*.
#
# You need [Lesson 8](lesson_disagreement.ipynb). Reading takes about 10 minutes.

# %% tags=["parameters"]
n = 60  # images in each set
size = 64  # pixels
extractor = "efficientnet-lite0"  # of features; try "random-vgg16"
seed = 0

# %%
import numpy as np

from dgan_core import metrics, rng
from dgan_core.data import phantoms

DISTINCT = (60, 30, 20, 12, 6, 3, 1)  # how many of the images are different
CHOICES = 12  # random choices of which ones
real, new = (phantoms(int(n), int(size), seed=int(seed) + s) for s in (0, 1))
of_real, of_new = (metrics.features(x, extractor) for x in (real, new))
lpips_within = metrics.lpips_pairs(new, weights="random")
PAIRS = {  # matrix over pairs of images, and whether within the generated set
    "LPIPS, real–generated": (
        metrics.lpips_pairs(real, new, weights="random"),
        False,
    ),
    "LPIPS within": (lpips_within, True),
    "MS-SSIM within": (metrics.ms_ssim_pairs(new), True),
}

# %%
METRICS = {  # of features: the value, its interval
    "kernel distance": (metrics.kernel_distance, metrics.kernel_distance_interval),
    "Fréchet distance": (
        metrics.frechet_distance,
        metrics.frechet_distance_interval,
    ),
    "precision": (metrics.precision_recall, metrics.precision_recall_interval),
    "recall": (metrics.precision_recall, metrics.precision_recall_interval),
    "coverage": (metrics.density_coverage, metrics.density_coverage_interval),
}
WORSE_ABOVE = ("kernel distance", "Fréchet distance")
WORSE_ABOVE += ("LPIPS, real–generated", "MS-SSIM within")
everything = np.arange(len(new))


# %%
def value(name, repeats, interval=False):
    """A metric of the set that shows the images `repeats`, or its interval."""
    if name in METRICS:
        measure, measure_interval = METRICS[name]
        measure = measure_interval if interval else measure
        found = measure(of_real, of_new[repeats])
        return getattr(found, name, found)  # of a pair of metrics, the one named
    pairs, within = PAIRS[name]
    pairs = pairs[np.ix_(repeats if within else everything, repeats)]
    if interval:
        return metrics.pair_mean_interval(pairs, within)
    return metrics.pair_summary(pairs, within)[0]


def collapsed(k, choice):
    """The images of a set in which k are different, chosen at random."""
    kept = rng.generator(int(seed), "kept", choice).permutation(len(new))[:k]
    return kept[everything % k]  # each as often as any other


# %%
names = [*METRICS, *PAIRS]
full = {name: value(name, everything, interval=True) for name in names}
means = {
    name: [
        np.mean([value(name, collapsed(k, c)) for c in range(CHOICES)])
        for k in DISTINCT
    ]
    for name in names
}


def first_seen(name):
    """The largest k at which the metric is worse than at full variety, or 0."""
    low, high = full[name][1:]
    above = name in WORSE_ABOVE
    worse = [mean > high if above else mean < low for mean in means[name]]
    return DISTINCT[worse.index(True)] if any(worse) else 0


seen = {name: first_seen(name) for name in names}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
place = np.arange(len(DISTINCT))


def draw(axis, name):
    """A metric by the number of different images; a diamond where it first sees it."""
    low, high = full[name][1:]
    axis.axhspan(low, high, color=OKABE_ITO["normal"], alpha=0.3, lw=0)
    axis.plot(place, means[name], "o-", ms=4, color=OKABE_ITO["real"])
    k = seen[name]
    if k:
        i = DISTINCT.index(k)
        axis.plot(i, means[name][i], "D", ms=8, color=OKABE_ITO["malignant"])
    axis.set_title(
        f"{name}: {f'seen at {k}' if k else 'not seen'}", loc="left", fontsize=10
    )
    axis.set_xticks(place, DISTINCT)


# %% tags=["hide-input"]
figure, grid = plt.subplots(4, 2, figsize=(6.6, 6.6), sharex=True)
for axis, name in zip(grid.flat, names, strict=True):
    draw(axis, name)
for axis in grid[-1]:
    axis.set_xlabel(f"different images among {n}")
order = sorted(((k, name) for name, k in seen.items() if k), reverse=True)
first = ", ".join(name for name, k in seen.items() if 0 < k == order[0][0])
blind = ", ".join(name for name, k in seen.items() if not k)
report.picture(
    figure,
    f"Figure L9. The collapse is first seen by {first or 'none'}. Eight metrics of {n} generated "
    "images of which fewer and fewer are different. The band is the 95 % interval at full variety, the diamond the "
    "first set outside it on the bad side. In order: "
    f"{', '.join(f'{name} ({k} of {n})' for k, name in order)}. Not at all: {blind or 'none'}.",
    alt="Eight panels, one a metric: its value against the number of different images, with its interval at the start.",
)

# %% tags=["check"]
assert seen["precision"] == 0 and seen["LPIPS, real–generated"] <= 1
for name in ("recall", "coverage", "Fréchet distance"):
    assert seen[name] > max(seen["LPIPS within"], seen["MS-SSIM within"]) > 1

# %% [markdown]
# LPIPS and MS-SSIM within the set are means over all pairs, of which the repeats are few until *k* is small (Exercise
# 3). The kernel distance's interval is wide here, so how early it sees the collapse depends on the seed. With the
# features of a random network (`extractor = "random-vgg16"`) the Fréchet distance too sees it late, and the check
# above fails: one more thing that [such a yardstick](yardstick.ipynb) can't see.
#
# Precision and LPIPS against real images are means over the generated images, so, averaged over all choices, they don't
# depend on *k*. What moves in their panels is chance: only twelve choices are averaged. Recall reacts as strongly as it
# does only because the repeats are exact copies. Once every image stands in the set four times or more, its third
# neighbour is at distance 0, and no real image is closer than that. Coverage uses the distances between real images and
# has no such jump.
#
# So it takes two numbers: one for whether images are good, one for whether they are varied. This book prints [both
# kinds for every model](tables.ipynb), and a test for the opposite failure, perfect and varied images that are [copies
# of training images](own-memorisation.ipynb).
#
# **Takeaway:** no single number sees both: bad images, and too few kinds of images.
#
# <a href="../book/loss-lab.html?data=grid&amp;a=bce,none&amp;b=wasserstein,gp">
# In the loss lab</a> a collapse is not made on purpose: how many of twenty-five modes does each loss cover?
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_collapse.ipynb>`, which runs where
# [the project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the cell
# after it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# One set holds 20 different images, each of them three times. Another holds 15, each of them four times. What is the
# recall of these two sets? Give two numbers, each to within 0.25.
#
# Write `recalls()`: recall of a set of 20 images three times each, and of 15 four times each.


# %% tags=["solution", "hide-cell"]
def recalls():
    """Recall of a set of 20 images three times each, and of 15 four times each."""
    # Recall draws a ball around each generated image, up to its third
    # neighbour. In the first set an image has two copies, so its third
    # neighbour is another image, and the 20 balls reach half of the real
    # ones. With three copies the ball is empty.
    return 0.5, 0.0


# %% tags=["exercise-check"]
answers = recalls()
assert answers is not None, "return two numbers first"
for k, answer in zip((20, 15), answers, strict=True):
    found = value("recall", everything % k)
    assert abs(answer - found) < 0.25, (
        f"with {k} different images the recall is {found:.2f}, not {answer:.2f}"
    )

# %% [markdown]
# ### Exercise 2: change
#
# LPIPS within the set sees a collapse late, because it is a mean over all pairs. Change it: take for each image the
# distance to its *nearest* other one, and average these. The check asks whether it notices that each image occurs
# twice.
#
# Write `nearest_within(pairs)`: mean distance to the nearest other image, from distances (N, N).


# %% tags=["solution", "hide-cell"]
def nearest_within(pairs):
    """Mean distance to the nearest other image, from distances (N, N)."""
    # It is 0 as soon as each image has a copy. But with a little noise on
    # the copies it doesn't see the collapse: no number sees everything.
    others = pairs + np.where(np.eye(len(pairs)) == 1, np.inf, 0)
    return others.min(axis=1).mean()


# %% tags=["exercise-check"]
three = np.array([[0.0, 1, 4], [1, 0, 2], [4, 2, 0]])
answer = nearest_within(three)
assert answer is not None, "the function returns nothing yet"
assert np.isclose(answer, 4 / 3), (
    f"for 1, 1 and 2 it should be 1.3333, not {answer:.4f}"
)
for k in (len(new), len(new) // 2):
    repeats = everything % k
    answer = nearest_within(lpips_within[np.ix_(repeats, repeats)])
    print(f"{k} different images: {answer:.4f}")
    assert (answer < 1e-9) == (k < len(new)), (
        f"for {k} different images among {len(new)} it is {answer:.4f}; it should be "
        f"{'0' if k < len(new) else 'above 0'}"
    )

# %% [markdown]
# ### Exercise 3: derive
#
# The mean LPIPS within the set falls only because some pairs are now an image and its own repeat, at distance 0. If *n*
# images are *k* different ones, each repeated *n*/*k* times, what share of the pairs is that?
#
# Write `share_of_repeats(n, k)`: share of the pairs i < j of n images that show the same one.


# %% tags=["solution", "hide-cell"]
def share_of_repeats(n, k):
    """Share of the pairs i < j of n images that show the same one."""
    # Each image has n/k − 1 repeats among the n − 1 others. For large n
    # that is about 1/k. With a thousand different images it is
    # 0.1 % already, too little for LPIPS to show.
    return (n / k - 1) / (n - 1)


# %% tags=["exercise-check"]
upper = np.triu_indices(len(new), 1)
for k in DISTINCT:
    repeats = np.arange(len(new)) % k
    zero = lpips_within[np.ix_(repeats, repeats)][upper] < 1e-9
    answer, right = share_of_repeats(len(new), k), zero.mean()
    assert answer is not None, "the function returns nothing yet"
    assert np.isclose(answer, right), (
        f"for k = {k} the share is {right:.4f}, not {answer:.4f}"
    )
