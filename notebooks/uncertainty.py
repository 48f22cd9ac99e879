# %% [markdown]
# # How sure is a number?
#
# This page shows how far the numbers in this book depend on chance, and how far on the package that computes them.
#
# Chance enters twice: through the *images* and through the *seed*, which decides everything random in a training. Most
# metrics here come with a 95 % interval over images: where might the number lie with other images, from the same real
# population and the same generator? We leave out one image at a time, or compare random halves. We never leave out a
# single pair, because pairs share images. An interval can be checked: on populations whose distances are known, 95 % of
# the intervals should contain the true value. This share is called the interval's *coverage*, and the first section
# measures it. It is not the metric of that name, which is listed there as *coverage at N*.
#
# No interval says anything about another seed; for that, a setting must be trained again. [The tables](tables.ipynb)
# list every seed that was trained, and [one side study](#the-seed-another-training) has several seeds.
#
# The package matters because it resizes and scales each image in its own way, its *convention*. The last section
# computes one distance in every published way.

# %% tags=["parameters", "hide-input"]
results = "results"  # folder of coverage.json, in the project or absolute
n = 420  # phantoms whose features show the Fréchet distance's bias, half on each side
image_size = 64  # their side in pixels
data = "phantom"  # images for the conventions: "phantom", "busi" (downloaded once) or a BUSI folder
n_compared = 16  # of each class; few, since each package runs an Inception network on the processor
size_compared = 128  # their side in pixels
seed = 0  # of the phantoms, the subsets, and the weights of that network

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.benchmark import read_results
from dgan_report.style import OKABE_ITO, use_style

use_style()
coverage = read_results(results, "coverage.json")
rows = pd.DataFrame(coverage["rows"]) if coverage else pd.DataFrame()
INFINITE = "Fréchet distance, N → ∞"
BY_HALVES = ["precision at N", "recall at N", "density at N", "coverage at N"]
NAMES = {
    "apart": "apart: the generated population has another mean and a wider spread",
    "skewed": "skewed: as “apart”, with skewed features",
    "equal": "equal: both populations are the same",
    "slow": "slow: as “apart”, but the variance lies in more directions than 50 images can show",
    "heavy": "heavy: as “skewed”, with exponential tails and a standard deviation as large as the mean",
}

# %% [markdown]
# ## The images: how often an interval is right
#
# The kernel distance and the means over pairs (LPIPS, MS-SSIM) are unbiased: their intervals are for the population's
# value. The Fréchet distance, SWD, precision, recall, density and coverage depend on the number of images N: their
# intervals are for the *average* over sets of N images, bias included. The Fréchet distance for N → ∞ extrapolates to
# infinitely many images, and its interval is for the populations' distance. With Inception's features these distances
# are KID, FID and FID∞.
#
# Precision, recall, density and coverage depend on nearest neighbours. How much one image changes them depends on the
# images next to it, so leaving out one at a time counts such a joint effect several times. So these four compare two
# halves of the images instead, over many random splits; all others leave out one image at a time.
#
# All these intervals take the images for independent. Near-duplicates, or several frames of one patient, make them too
# short, and this check can't see that: the images of its populations are independent.

# %% tags=["hide-input"]
if coverage is None:
    display(
        Markdown(
            "not run: `python benchmarks/interval_coverage.py` writes results/coverage.json"
        )
    )
else:
    shown = rows.assign(
        population=rows["case"] + ", D = " + rows["features"].astype(str),
        n="N = " + rows["n"].astype(str),
        cell=[
            f"{100 * r.coverage:.0f} ({100 * r.coverage_low:.0f}–{100 * r.coverage_high:.0f})"
            for r in rows.itertuples()
        ],
    )
    table = shown.pivot_table(
        index=["population", "n"],
        columns="metric",
        values="cell",
        aggfunc="first",
        sort=False,
    )
    table = table.rename_axis(index=[None, None], columns=None)
    halves = rows[rows["metric"].isin(BY_HALVES)]
    shown_here = rows[
        ~rows["metric"].isin(BY_HALVES) & (rows["metric"] != INFINITE)
    ]
    usual = shown_here[~shown_here["case"].isin(["equal", "heavy"])]
    near = (
        (usual["coverage_high"] >= 0.93) & (usual["coverage_low"] <= 0.97)
    ).sum()
    least = usual.loc[usual["coverage"].idxmin()]
    widest = shown_here[shown_here["features"] == shown_here["features"].max()]

    def off(case):
        """In a sentence: how many intervals are too wide or narrow beyond the Monte Carlo error, and by how much."""
        of = shown_here[shown_here["case"] == case]
        told = []
        for word, wrong in (
            ("wide", of[of["coverage_low"] > coverage["level"]]),
            ("narrow", of[of["coverage_high"] < coverage["level"]]),
        ):
            if len(wrong):
                reach = f"{100 * wrong['coverage'].min():.1f} % to {100 * wrong['coverage'].max():.1f} %"
                told.append(f"{len(wrong)} are too {word}, at {reach}")
        told = " and ".join(told) or "none is off by more than its error"
        return f"Of the {len(of)} intervals of “{case}”, {told}."

    by_image = (
        f"Table U1. Percentage of {100 * coverage['level']:.0f} % intervals that contain the true value, of "
        f"{coverage['repetitions']} repetitions; in brackets its Monte Carlo 95 % interval. Leaving aside "
        f"equal distributions, heavy tails and the extrapolation, the Monte Carlo interval of {near} of {len(usual)} "
        f"percentages overlaps 93 to 97 %; the lowest percentage is {100 * least['coverage']:.1f} % "
        f"({least['metric']}, {least['case']}, N = {least['n']}). {off('equal')} {off('heavy')} With "
        f"{widest['features'].max():,} features, as many as the tables' EfficientNet-Lite0 has, "
        f"{100 * widest['coverage'].min():.1f} % to {100 * widest['coverage'].max():.1f} % of the intervals contain "
        "it. Which of these populations resembles the features in the tables was not measured. The extrapolation N → ∞ "
        "fails where there are many more features than images, as in the tables."
    )
    by_half = (
        f"Table U2. The intervals of precision, recall, density and coverage, computed by halves, contain the true "
        f"value {100 * halves['coverage'].min():.1f} % to {100 * halves['coverage'].max():.1f} % of the time, over all "
        "populations."
    )
    display(report.show(table.drop(columns=BY_HALVES), by_image))
    # Beside the others they would be wider than a page.
    display(report.show(table[BY_HALVES], by_half))

# %% tags=["hide-input"]
if coverage is not None:
    metrics_shown = list(dict.fromkeys(rows["metric"]))
    sizes = sorted(rows["n"].unique())
    colours = dict(
        zip(sizes, (OKABE_ITO["floor"], OKABE_ITO["real"]), strict=False)
    )
    cases = list(dict.fromkeys(zip(rows["case"], rows["features"], strict=True)))
    figure, grid = plt.subplots(
        2, -(-len(cases) // 2), figsize=(9, 8.4), sharey=True
    )
    axes = grid.flat
    for axis in axes[len(cases) :]:
        axis.axis("off")
    figure.supxlabel("intervals that contain the true value, %", fontsize=9)
    for axis, (case, features) in zip(axes, cases, strict=False):
        for offset, size in zip((-0.14, 0.14), sizes, strict=True):
            part = rows[
                (rows["case"] == case)
                & (rows["features"] == features)
                & (rows["n"] == size)
            ]
            y = [metrics_shown.index(name) + offset for name in part["metric"]]
            error = [
                100 * (part["coverage"] - part["coverage_low"]),
                100 * (part["coverage_high"] - part["coverage"]),
            ]
            marker = "o" if size == sizes[0] else "s"
            label = f"N = {size}"
            axis.errorbar(
                100 * part["coverage"],
                y,
                xerr=error,
                fmt=marker,
                ms=4,
                color=colours[size],
                label=label,
            )
        axis.axvline(
            100 * coverage["level"], color=OKABE_ITO["floor"], linestyle=":"
        )
        axis.set_title(f"{case}, D = {features}", loc="left", fontsize=10)
        axis.set_xlim(75, 100.5)
        outside = rows[
            (rows["case"] == case)
            & (rows["features"] == features)
            & (rows["coverage"] < 0.75)
        ]
        for row in outside.itertuples():
            where = (
                75.3,
                metrics_shown.index(row.metric)
                + (-0.14 if row.n == sizes[0] else 0.14),
            )
            axis.annotate(
                f"◂ {100 * row.coverage:.0f} %",
                where,
                color=colours[row.n],
                va="center",
                fontsize=8,
            )
    axes[0].set_yticks(range(len(metrics_shown)), metrics_shown)
    axes[0].invert_yaxis()
    axes[0].legend(loc="lower left", fontsize=8)
    infinite = rows[rows["metric"] == INFINITE]
    caption = (
        f"Figure U1. The extrapolation to N → ∞ covers the populations' distance between "
        f"{100 * infinite['coverage'].min():.1f} % and {100 * infinite['coverage'].max():.1f} % of the time: it is "
        "only as good as its line in 1/N. Points are the coverage by metric and N, bars its Monte Carlo error; the "
        f"dotted line is {100 * coverage['level']:.0f} %. Populations: "
        + "; ".join(NAMES[case] for case in dict.fromkeys(rows["case"]))
        + f". Measured with NumPy {coverage['environment']['versions']['numpy']} in {coverage['seconds'] / 60:.0f} "
        "minutes."
    )
    alt = (
        "A panel for each population: the coverage of every metric's interval as a point "
        "with an error bar, for two N."
    )
    display(report.picture(figure, caption, alt))

# %% [markdown]
# ## The seed: another training
#
# How much does another seed change? On real scans only [Table K3](costs.ipynb#half-the-memory-bfloat16) has several
# seeds of a setting: two settings in two precisions, trained briefly on BUSI, and measured by a random network, [a weak
# yardstick](yardstick.ipynb). [The answer](start.ipynb) rests on longer trainings of smaller images.

# %% tags=["hide-input"]
several = report.collect(f"{results}/busi-128-precision", data="busi")
answered = report.collect(f"{results}/busi-64", data="busi")
WGAN_GP = report.BEST[0]
BCE = report.BEST[1]


def spread(several, answered):
    """What trainings of several seeds say about both losses, beside the runs of the answer by the same features."""
    rows = several.by().query("metric == 'frechet_distance'")
    rows = rows.assign(setting=rows["label"].str.removesuffix(", bfloat16"))
    cells = rows.pivot_table("value", ["precision", "seed"], "setting")
    if not {WGAN_GP, BCE} <= {*cells}:
        return "not run: no run of several seeds is kept"
    extractor, run = rows["extractor"].iloc[0], several.trained.iloc[0]
    reach = [
        f"for {name} from {cells[name].min():.3g} to {cells[name].max():.3g} "
        f"({cells[name].max() / cells[name].min():.2g}-fold)"
        for name in (BCE, WGAN_GP)
    ]
    wins = int((cells[WGAN_GP] < cells[BCE]).sum())
    told = (
        f"At {run.image_size}×{run.image_size} and after {run.epochs} epochs Fréchet distances by {extractor} range "
        f"{' and '.join(reach)}. {WGAN_GP} is closer than {BCE} in {wins} of {len(cells)} pairs of trainings alike in "
        f"seed and precision; these have {cells.index.unique('seed').size} seeds."
    )
    one = answered.measured.query(
        "metric == 'frechet_distance' and extractor == @extractor"
    )
    one = one.drop_duplicates("label").set_index("label")["value"]
    if not {WGAN_GP, BCE} <= {*one.index}:
        return told
    run = answered.trained.iloc[0]
    here, there = one[WGAN_GP] < one[BCE], 2 * wins > len(cells)
    order = "the same order" if here == there else "the opposite order"
    return (
        f"{told} The runs of the answer, {run.image_size}×{run.image_size} and {run.epochs} epochs of "
        f"one seed, have {order} by the same features: {one[BCE]:.3g} for {BCE}, {one[WGAN_GP]:.3g} for {WGAN_GP}. "
        "That is one pair of trainings: it can't tell what their settings do from what their seed does."
    )


Markdown(spread(several, answered))

# %% [markdown]
# ## The Fréchet distance grows as N falls
#
# Both sets here are phantoms (simulated scans) of the same kind, so the true distance is 0. The distance between N
# images and N others is larger: it is biased upwards, roughly as 1/N. A line through several N, extended to 1/N = 0,
# gives an estimate without most of that bias (Chong & Forsyth 2020).

# %% tags=["hide-input"]
from dgan_core import metrics
from dgan_core.data import phantoms
from dgan_core.metrics.features import DEFAULT
from dgan_core.metrics.intervals import (
    frechet_distance_infinity,
    frechet_distance_interval,
)

# papermill may pass strings
n, image_size, seed = int(n), int(image_size), int(seed)
vectors = metrics.features(phantoms(n, image_size, seed=seed))
left, right = vectors[: n // 2], vectors[n // 2 : n // 2 * 2]
half, rng = len(left), np.random.default_rng(seed)
subsets = [size for size in (25, 35, 50, 70, 105, 150, 210) if size < half] + [half]
curve = {
    size: [
        metrics.frechet_distance(
            left[rng.permutation(half)[:size]], right[rng.permutation(half)[:size]]
        )
        for _ in range(1 if size == half else 20)
    ]
    for size in subsets
}
at_n, infinite = (
    frechet_distance_interval(left, right),
    frechet_distance_infinity(left, right, seed=seed),
)
mean = {size: np.mean(values) for size, values in curve.items()}

figure, axis = plt.subplots(figsize=(6.5, 3.6))
inverse = 1 / np.array(subsets)
axis.plot(
    inverse,
    list(mean.values()),
    "o-",
    color=OKABE_ITO["real"],
    label="of N images a side, mean of 20 subsets",
)
axis.plot(
    [0, 1 / half],
    [infinite.value, at_n.value],
    "--",
    color=OKABE_ITO["real"],
    label="from all images to the extrapolation, N → ∞",
)
for x, interval, colour, marker in (
    (1 / half, at_n, OKABE_ITO["real"], "s"),
    (0, infinite, OKABE_ITO["real"], "D"),
):
    # An extrapolation may lie below 0, where its interval ends.
    error = np.maximum(
        [[interval.value - interval.low], [interval.high - interval.value]], 0
    )
    axis.errorbar(
        x, interval.value, yerr=error, fmt=marker, color=colour, capsize=3
    )
axis.axhline(
    0, color=OKABE_ITO["floor"], linestyle=":", label="the populations' distance, 0"
)
axis.set_xticks(inverse[[0, 1, 2, 4, -1]] if len(inverse) > 4 else inverse)
axis.set_xticklabels(
    [f"1/{size}" for size in np.rint(1 / axis.get_xticks()).astype(int)]
)
axis.set_xlabel("1 / images a side")
axis.set_ylabel(f"Fréchet distance, {DEFAULT}")
axis.legend(fontsize=8)

smallest = subsets[0]
inside = "covers" if infinite.low <= 0 <= infinite.high else "does not cover"
report.picture(
    figure,
    f"Figure U2. Real against real: the Fréchet distance of {smallest} phantoms a side is "
    f"{mean[smallest] / at_n.value:.1f} times that of {half} ({mean[smallest]:.2f} against {at_n.value:.2f}, "
    f"interval {at_n.low:.2f} to {at_n.high:.2f}), where the true distance is 0. The extrapolation to N → ∞ is "
    f"{infinite.value:.2f} ({infinite.low:.2f} to "
    f"{infinite.high:.2f}), which {inside} 0. With {vectors.shape[1]:,} features and so few images the bias isn't "
    f"quite a line in 1/N: compare Fréchet distances at equal N, beside the floor; the extrapolation is a hint.",
    alt="The Fréchet distance against one over the number of images: a rising curve, and a dashed line from its lowest "
    "point to the extrapolation.",
)

# %% [markdown]
# ## The package and its convention
#
# FID depends not only on the images but on how they are resized and scaled for the network, and on what the covariance
# is divided by. Here the same malignant and benign images pass through the same network in each published way, once by
# our code and once by the package that a convention is named after. The network is Inception with random weights, from
# a seed and the same in both. FID means the trained weights, so the table says Fréchet and kernel distance instead, and
# its values can't be compared with an FID in the literature.

# %% tags=["hide-input"]
from dgan_core import Config
from dgan_core.data import load

# papermill may pass strings
n_compared, size_compared = int(n_compared), int(size_compared)


def images(label):
    """The first n_compared images of a class."""
    config = Config(
        data=data,
        label=label,
        image_size=size_compared,
        n_phantoms=n_compared,
        seed_data=seed,
    )
    found = load(config)
    if len(found) < n_compared:
        raise ValueError(
            f"n_compared must be at most {len(found)}, the {label} images of {data}, got {n_compared}"
        )
    return found[:n_compared]


malignant, benign = images("malignant"), images("benign")

# %% [markdown]
# | convention | resize to 299×299 | to [−1, 1] |
# |---|---|---|
# | torch-fidelity | bilinear as in TensorFlow 1, no antialias | (x − 128) / 128 |
# | pytorch-fid | bilinear as in PyTorch, no antialias | 2 · x / 255 − 1 |
# | clean-fid | bicubic as in Pillow, with antialias | (x − 128) / 128 |
#
# Each covariance is divided by N − 1 (`ddof` 1, what the three packages do) or by N (`ddof` 0, StyleGAN3's code).

# %% tags=["hide-input"]
import sys
from pathlib import Path

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
    kernel = metrics.kernel_distance(*ours)
    for ddof in (1, 0):
        ours_at = metrics.frechet_distance(*ours, ddof=ddof)
        package = (
            None if theirs is None else peer_frechet(convention, *theirs, ddof=ddof)
        )
        rows.append(
            {
                "convention": convention,
                "ddof": ddof,
                "Fréchet distance": ours_at,
                "by the package": package,
                "kernel distance": kernel,
            }
        )
table = pd.DataFrame(rows).set_index(["convention", "ddof"])
table.insert(
    2,
    "relative difference",
    (table["Fréchet distance"] / table["by the package"].astype(float) - 1).abs(),
)

# %% tags=["hide-input"]
usual = table.xs(1, level="ddof")["Fréchet distance"]
ratio = table.xs(0, level="ddof")["Fréchet distance"] / usual - 1
change = f"{100 * ratio.min():+.1f} % to {100 * ratio.max():+.1f} %".replace(
    "-", "−"
)
compared = table["relative difference"].dropna()
source = "phantoms" if data == "phantom" else "BUSI"
digits = {
    "Fréchet distance": "{:.4f}",
    "by the package": "{:.4f}",
    "relative difference": "{:.0e}",
    "kernel distance": "{:.5f}",
}
shown = pd.DataFrame(
    {
        name: table[name].map(form.format, na_action="ignore")
        for name, form in digits.items()
    }
)
report.show(
    shown.fillna("not installed"),
    f"Table U3. With the same images and network, the convention alone moves the Fréchet distance (random Inception) "
    f"from {usual.min():.4g} ({usual.idxmin()}) to {usual.max():.4g} ({usual.idxmax()}), by "
    f"{100 * (usual.max() / usual.min() - 1):.1f} %. Dividing by N in place of N − 1 changes it by {change} at N = "
    f"{n_compared}. "
    f"Ours and the packages' differ by at most {compared.max():.0e} of the value "
    f"({compared.index.get_level_values(0).nunique()} of {len(usual)} packages installed). Malignant against benign "
    f"{source}, {n_compared} of each, {size_compared} px, random-inception (seed {seed}).",
)

# %% [markdown]
# Compare two FIDs only where convention, divisor, N and network agree. Where an image is larger than 299 pixels,
# resizing without antialiasing distorts its speckle (aliasing); the three ways then lie further apart than on smaller
# images.
