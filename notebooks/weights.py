# %% [markdown]
# # Loss or λ? Two weights, pulled apart
#
# This page asks which of λ's two effects changes the result. Under WGAN-GP λ weighs two terms: the gradient penalty in
# the critic's objective and the perceptual term in the generator's. Table 1 changes both at once. Here only one changes
# and the other stays at λ = 5. BCE has no penalty, so Table 2 already changes the perceptual weight alone.

# %% tags=["parameters", "hide-input"]
runs = "results/busi-64-weights"  # folder of run directories; relative to the project or absolute
profile = "quick"  # the folder inside it

# %% tags=["hide-input"]
from itertools import combinations

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

import dgan_report as report
from dgan_core.profiles import LAMBDAS

report.use_style()
found = report.collect(runs, profile)
report.banner(found)

# %% tags=["hide-input"]
WEIGHTS = {"lam_penalty": "gradient penalty", "lam_perceptual": "perceptual term"}
DISTANCES = ["kernel_distance", "frechet_distance"]
rows = found.by().query("loss == 'wgan-gp' and metric in @DISTANCES")
alone = []  # the runs where one weight moves and the other is λ
for weight, other in zip(WEIGHTS, reversed(WEIGHTS), strict=True):
    part = rows[rows[other].isna()]
    alone.append(
        part.assign(
            weight=WEIGHTS[weight],
            at=part[weight].fillna(part["lam"]).astype(float),
        )
    )
moved = pd.concat(alone)


def apart(part):
    """(pairs of weights whose 95 % intervals over images don't overlap, all pairs); seeds of a weight together."""
    ends = part.groupby("at").agg({"low": "min", "high": "max"})
    pairs = list(combinations(ends.itertuples(), 2))
    return sum(a.high < b.low or b.high < a.low for a, b in pairs), len(pairs)


told = []
for metric in DISTANCES:
    parts = {
        name: part
        for name, part in moved[moved["metric"] == metric].groupby("weight")
    }
    counts = {name: apart(part) for name, part in parts.items()}
    spans = [
        f"{name}: {part['value'].min():.3g} to {part['value'].max():.3g}, intervals apart in {counts[name][0]} of "
        f"{counts[name][1]} pairs"
        for name, part in parts.items()
    ]
    at_lam = rows[
        (rows["metric"] == metric) & rows[list(WEIGHTS)].isna().all(axis=1)
    ]["value"]
    spans += (
        [f"the seed alone: {at_lam.min():.3g} to {at_lam.max():.3g}"]
        if len(at_lam) > 1
        else []
    )
    movers = [name for name, (clear, _) in counts.items() if clear]
    verdict = (
        "Nothing was measured"
        if not counts
        else f"Clearly changed by {' and by '.join(f'the {m}' for m in movers) or 'neither weight'}"
    )
    told.append(
        f"{report.headed(metric)[:-2]}: {verdict.lower()} ({'; '.join(spans)}).".replace(
            "-0", "−0"
        )
    )

figure, axes = plt.subplots(1, 2, figsize=(9, 3.8))
colours = dict(zip(WEIGHTS.values(), ("#0072B2", "#E69F00"), strict=True))
for metric, axis in zip(DISTANCES, axes, strict=True):
    axis.set_title(report.headed(metric))
    part = moved[moved["metric"] == metric]
    if part.empty:
        axis.text(0.5, 0.5, "not run", ha="center", transform=axis.transAxes)
        continue
    sns.lineplot(
        part,
        x="at",
        y="value",
        hue="weight",
        style="weight",
        palette=colours,
        markers=True,
        errorbar=None,
        ax=axis,
    )
    for name, run in part.groupby(
        "weight"
    ):  # 95 % intervals over images, beside each other
        shifted = run["at"] * (0.97 if name == "gradient penalty" else 1.03)
        axis.vlines(
            shifted, run["low"], run["high"], color=colours[name], lw=1, alpha=0.6
        )
    axis.axhline(part["floor"].mean(), color="#777777", ls=":", label="floor")
    axis.set_xscale("log")
    axis.set_xticks(LAMBDAS, [f"{lam:g}" for lam in LAMBDAS])
    axis.minorticks_off()
    axis.set(xlabel="the weight that changes; the other stays at 5", ylabel="")
    axis.legend(title="", fontsize=8)
report.picture(
    figure,
    f"Figure W1. {' '.join(told)}",
    alt="Two panels, kernel and Fréchet distance against the weight that changes: a line for the gradient penalty "
    "and one for the perceptual term, with intervals; the floor is dotted.",
    note=report.badge(found),
)

# %% tags=["hide-input"]
first = moved.sort_values("seed", kind="stable").drop_duplicates(
    ["weight", "at", "metric"]
)
cells = first.assign(text=[report.cell(row) for row in first.itertuples()])
table = cells.pivot(index=["weight", "at"], columns="metric", values="text")
whole = pd.MultiIndex.from_product(
    [WEIGHTS.values(), LAMBDAS], names=["weight that changes", "at"]
)
report.show(
    table.reindex(index=whole, columns=DISTANCES)
    .fillna("not run")
    .rename(columns=report.headed),
    "Table W1. Both distances at each value of the weight that changes, first seed; at 5 both rows are the same run.",
    report.badge(found),
)

# %% [markdown]
# An interval is over images. Where λ = 5 was trained with a second seed, its interval counts too. A weight matters only
# if it changes the number more than another seed does. A run already at the *floor*, the distance between two halves of
# the real images, can't improve measurably.
#
# `make sweep SWEEP=workflow/sweeps/weights.yaml` trains and measures the settings again; see [how
# to](../book/howto.md#another-sweep).
