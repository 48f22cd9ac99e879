# %% [markdown]
# # Lesson 8: mode collapse, made on purpose
#
# **Claim.** A generator that repeats a few perfect images passes by its precision, and by LPIPS against real images.
# Recall, coverage and MS-SSIM *within* the generated set show the collapse, and show it before KID and FID do.
#
# *Mode collapse* is a generator with too few ideas. Here it is made without any network: the generated set consists of
# new simulated scans, each of them perfect, but only *k* of them are different and the rest repeats. Everything else
# about the set is as good as it can be, so that whatever a metric says is about the collapse.
#
# A metric *sees* a collapse here if its mean over many choices of the *k* images is worse than its 95 % interval at
# full variety allows. The networks' weights are random ones, so that nothing need be downloaded.

# %% tags=["parameters"]
n = 60  # images in each set
size = 64  # pixels
seed = 0

# %% tags=["remove-stderr"]
import numpy as np

from dgan_core import metrics, rng
from dgan_core.data import phantoms

DISTINCT, CHOICES = (60, 30, 20, 12, 6, 3, 1), 12
real, new = (phantoms(int(n), int(size), seed=int(seed) + s) for s in (0, 1))
real_features, new_features = (
    metrics.features(x, "random-vgg16") for x in (real, new)
)
lpips_across = metrics.lpips_pairs(real, new, weights="random")
lpips_within = metrics.lpips_pairs(new, weights="random")
ms_ssim_within = metrics.ms_ssim_pairs(new)

# %%
METRICS = {  # name: whether a rise is bad, the value's function, its interval's
    "KID": (True, metrics.kernel_distance, metrics.kernel_distance_interval),
    "FID": (True, metrics.frechet_distance, metrics.frechet_distance_interval),
    "precision": (
        False,
        metrics.precision_recall,
        metrics.precision_recall_interval,
    ),
    "recall": (False, metrics.precision_recall, metrics.precision_recall_interval),
    "coverage": (
        False,
        metrics.density_coverage,
        metrics.density_coverage_interval,
    ),
}
PAIRS = {
    "LPIPS, real–generated": (True, lpips_across),
    "LPIPS within": (False, lpips_within),
}
PAIRS |= {"MS-SSIM within": (True, ms_ssim_within)}
everything = np.arange(len(new))


def value(name, repeats, interval=False):
    """A metric of the set that shows the images `repeats`, or its interval."""
    if name in METRICS:
        found = METRICS[name][1 + interval](real_features, new_features[repeats])
        return getattr(found, name, found)
    within = name.endswith("within")
    pairs = PAIRS[name][1][np.ix_(repeats if within else everything, repeats)]
    return (
        metrics.pair_mean_interval(pairs, within)
        if interval
        else metrics.pair_summary(pairs, within)[0]
    )


def collapsed(k, choice):
    """The images of a set in which k are different, chosen at random."""
    kept = rng.generator(seed, "kept", choice).permutation(len(new))[:k]
    return kept[everything % k]


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
    """The largest k at which the metric is worse than at full variety."""
    rises = (METRICS | PAIRS)[name][0]
    worse = [
        mean > full[name].high if rises else mean < full[name].low
        for mean in means[name]
    ]
    return DISTINCT[worse.index(True)] if any(worse) else 0


seen = {name: first_seen(name) for name in names}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
figure, grid = plt.subplots(4, 2, figsize=(6.6, 6.6), sharex=True)
place = np.arange(len(DISTINCT))
for axis, name in zip(grid.flat, names, strict=True):
    axis.axhspan(
        full[name].low, full[name].high, color=OKABE_ITO["normal"], alpha=0.3, lw=0
    )
    axis.plot(place, means[name], "o-", ms=4, color=OKABE_ITO["real"])
    if seen[name]:
        i = DISTINCT.index(seen[name])
        axis.plot(i, means[name][i], "D", ms=8, color=OKABE_ITO["malignant"])
    axis.set_title(
        f"{name}: " + (f"seen at {seen[name]}" if seen[name] else "not seen"),
        loc="left",
        fontsize=10,
    )
for axis in grid[-1]:
    axis.set_xticks(place, DISTINCT)
    axis.set_xlabel(f"different images among {n}")
blind = [name for name, k in seen.items() if k == 0]
order = sorted((k, name) for name, k in seen.items() if k)[::-1]
report.picture(
    figure,
    f"Figure L8. The collapse is first seen by {order[0][1]}. Eight metrics of {n} generated images of which fewer "
    "and fewer are different; the band is the 95 % interval at full variety, the diamond the first set outside it "
    f"on the bad side. In order: "
    + ", ".join(f"{name} ({k} of {n})" for k, name in order)
    + ". Not at "
    f"all: {', '.join(blind) if blind else 'none'}.",
    alt="Eight panels, one a metric: its value against the number of different images, with its interval at the start.",
)

# %% tags=["check"]
assert seen["precision"] == 0 and seen["LPIPS, real–generated"] <= 1
for name in ("recall", "coverage", "MS-SSIM within"):
    assert seen[name] > max(seen["KID"], seen["FID"]) > 1

# %% [markdown]
# Recall is helped by the repeats being exact: once every image has three of them, its reach, the distance to its third
# neighbour, is 0, and no real image lies within it. Coverage measures by the reach of real images and has no such
# cliff.
#
# So it takes two numbers: one for whether images are good, one for whether they are varied. This book prints [both
# kinds for every model](tables.ipynb), and a test for the other way to be perfect and useless, the [copying of
# training images](memorisation.ipynb).
#
# ## Exercise
#
# The mean LPIPS within the set falls only because some pairs are now an image and its own repeat, at distance 0. If
# *n* images are *k* different ones, each repeated *n*/*k* times, what share of the pairs is that?

# %% [markdown] tags=["offer"]
# Try it first, in {download}`this lesson without its solution <exercises/lesson_collapse.ipynb>`. The solution is
# folded away below; the cell after it checks it against the pairs themselves.


# %% tags=["solution", "hide-cell"]
def share_of_repeats(n, k):
    """Share of the pairs i < j of n images that show the same one."""
    # Each image has n/k − 1 repeats among the n − 1 others. For large n it
    # is 1/k: a thousand ideas or a million make no difference to LPIPS.
    return (n / k - 1) / (n - 1)


# %% tags=["exercise-check"]
upper = np.triu_indices(len(new), 1)
for k in DISTINCT:
    repeats = np.arange(len(new)) % k
    zero = lpips_within[np.ix_(repeats, repeats)][upper] < 1e-9
    assert np.isclose(share_of_repeats(len(new), k), zero.mean())
