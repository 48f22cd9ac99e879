# %% [markdown]
# # Figures 3 and 4: real and generated images in two dimensions
#
# This page shows where generated images lie among the real ones. The features of both are projected together to two
# dimensions, by PCA (which keeps straight-line distances) and by UMAP (which keeps neighbourhoods). Above each panel
# stands the sliced Wasserstein distance (SWD) between the two clouds; Figure 4 compares it for all settings. Low is
# good.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import seaborn as sns

import dgan_report as report
from dgan_core.evaluations import read_embeddings

report.use_style()
found = report.collect(runs, profile, data)
report.banner(found)

# %% [markdown]
# ## Figure 3

# %% tags=["hide-input"]
PLANES = {"pca": "PCA", "umap": "UMAP"}
shown = found.of(*report.BEST)
colours = report.palette([])
rows = found.by().sort_values("seed", kind="stable")
first = rows.drop_duplicates(["label", "metric"])  # the lowest seed of a setting
swd = first.set_index(["label", "metric"])["value"]

figure, axes = plt.subplots(2, len(report.BEST), figsize=(10, 5.8))
for name, column in zip(report.BEST, axes.T, strict=True):
    points = read_embeddings(shown[name].path) if name in shown else {}
    for (kind, title), axis in zip(PLANES.items(), column, strict=True):
        axis.set_title(f"{name}\n{title}", fontsize=9)
        if f"{kind}_fake" not in points:
            axis.text(0.5, 0.5, "not run", ha="center", transform=axis.transAxes)
            continue
        for side, colour, marker in (
            ("real", "#444444", "o"),
            ("fake", colours[name.partition(" λ")[0]], "^"),
        ):
            x, y = points[f"{kind}_{side}"].T
            sns.scatterplot(
                x=x,
                y=y,
                color=colour,
                marker=marker,
                s=14,
                alpha=0.6,
                lw=0,
                ax=axis,
            )
        value = swd.get((name, f"swd_{kind}"), float("nan"))
        axis.set_title(f"{name}\n{title}, SWD {value:.2f}", fontsize=9)
        axis.set_aspect("equal", adjustable="datalim")  # SWD is a distance here
        axis.tick_params(labelsize=7)


def ranking(kind):
    """ "PCA: A < B < C", the lowest distance first."""
    values = first[first["metric"] == f"swd_{kind}"].set_index("label")["value"]
    values = values[values.index.isin(report.BEST)].sort_values()
    return f"{PLANES[kind]}: {' < '.join(values.index) or 'not run'}"


order = f"By SWD in the plane of {ranking('pca')}; in that of {ranking('umap')}."
report.picture(
    figure,
    f"Figure 3. {order} Real images are grey, generated ones coloured; each plane is fitted to both.",
    alt="Eight scatter plots, PCA above and UMAP below, one column a model: points of real and of generated images.",
    note=report.badge(found, *shown) if shown else "",
)

# %% [markdown]
# Each panel has its own fit: positions and scales of two panels can't be compared, and their SWDs have different units.
# The paper ranks models by SWD across such planes, and so do the captions here. An order by UMAP alone may come from
# the fit.

# %% [markdown]
# ### Point by point
#
# Point at a coloured disc, or move the slider, to see the generated image behind it and where it lies in both planes.
# Grey discs are real images, which are not shown.

# %% tags=["hide-input", "full-width"]
report.clouds(found)

# %% [markdown]
# ## Figure 4

# %% tags=["hide-input"]
paper = report.load_paper().dropna(subset="value")
bars = first[first["metric"].str.startswith("swd_") & (first["model"] != "real")]
figure, axes = plt.subplots(1, 2, figsize=(9, 0.45 * bars["label"].nunique() + 2))
for (kind, title), axis in zip(PLANES.items(), axes, strict=True):
    axis.set(title=f"SWD in the plane of {title}")
    part = bars[bars["metric"] == f"swd_{kind}"]
    if part.empty:
        axis.text(0.5, 0.5, "not run", ha="center", transform=axis.transAxes)
        continue
    sns.barplot(
        part,
        x="value",
        y="label",
        hue="family",
        palette=report.palette(part["family"]),
        dodge=False,
        legend=False,
        saturation=1,
        ax=axis,
    )
    reach = [part["value"] - part["low"], part["high"] - part["value"]]
    axis.errorbar(
        part["value"],
        range(len(part)),
        xerr=reach,
        fmt="none",
        color="#222222",
        capsize=3,
    )
    printed = paper[
        (paper["metric"] == f"swd_{kind}") & paper["label"].isin(part["label"])
    ]
    axis.plot(
        printed["value"], printed["label"], "D", mfc="none", mec="#222222", ms=7
    )
    axis.set(xlabel="lower is better", ylabel="")
report.picture(
    figure,
    f"Figure 4. {order} Bars show every setting (its lowest seed) with the 95 % interval in the plane as it was "
    "fitted, UMAP's first layout. Open diamonds are the paper's legible values, of other features and a larger image: "
    "compare their order.",
    alt="Two bar charts, PCA-SWD and UMAP-SWD of each setting with intervals, the paper's values as open diamonds.",
    note=report.badge(found),
)

# %% [markdown]
# The intervals cover other images in the same plane, not another fit of it: PCA's scale and axes, or UMAP's layout.
# UMAP distorts distances and depends on its seed; the spread of its SWD over ten layouts stands beside the number where
# [`dgan metrics`](../book/own-images.md) prints it. Trust an order more if it holds in PCA *and* in UMAP.
