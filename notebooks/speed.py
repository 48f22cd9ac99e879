# %% [markdown]
# # What the metrics cost
#
# At a few hundred images the usual tools spend their time on sums that collapse: the root of a 2048×2048 matrix is one
# small singular value decomposition, LPIPS of all pairs is a matrix product, and of MS-SSIM only the cross term belongs
# to a pair. Nothing is approximated; [conventions](conventions.ipynb) holds each distance against its package.

# %% tags=["parameters", "hide-input"]
results = "results"  # folder of benchmark-metrics.json, in the project or absolute

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.benchmark import duration, measured_on, read_results
from dgan_report.style import OKABE_ITO, use_style

use_style()
measured = read_results(results, "benchmark-metrics.json")
NOT_RUN = (
    "not run: `python benchmarks/metrics.py` writes results/benchmark-metrics.json"
)

# %% [markdown]
# ## Beside the published packages
#
# Both sides were timed in one process, with the same threads, on the same arrays and the same random weights; loading
# is in neither. A package that compares one pair at a time was timed on a sample of pairs and extrapolated to all.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    rows = pd.DataFrame(measured["ratios"])
    table = pd.DataFrame({
        "what": rows["what"],
        "ours": rows["ours_seconds"].map(duration),
        "package": rows["package"],
        "theirs": rows["theirs_seconds"].map(duration),
        "times as fast": rows["ratio"].map("{:.3g}".format),
        "asked for": rows["bar"].map("≥ {:g}".format),
        "met": rows["met"].map({True: "yes", False: "no"}),
        "how": rows["how"],
    })  # fmt: skip
    machine = measured["machine"]
    kernels = sorted(
        {
            pool["architecture"]
            for pool in machine["threadpools"]
            if pool["architecture"]
        }
    )
    packages = [name for name in machine["versions"] if "tensor" not in name]
    also = f"NumPy's BLAS kernel {', '.join(kernels) or 'unknown'}"
    size = f"Images of {measured['size']}×{measured['size']}."
    met = f"Table V1. {rows['met'].sum()} of {len(rows)} rows are as fast as asked for. {size}"
    display(report.show(table.set_index("what"), met))
    display(Markdown(measured_on(measured, packages, also)))

# %% [markdown]
# ## Cost against the number of images
#
# Features cost in proportion to the images, whatever looks at pairs with their square, and FID's decomposition with
# their cube until N reaches the number of features.

# %% tags=["hide-input"]
COLOURS = [
    OKABE_ITO[name]
    for name in ("wgan-gp", "bce", "stylegan2", "stylegan3", "malignant", "benign")
]
OF_IMAGES = (
    "features, EfficientNet-Lite0",
    "features, random VGG16",
    "LPIPS, all pairs",
    "MS-SSIM, all pairs",
)


def apart(values, least=2.2):
    """Positions for labels beside these values, in the same order, each at least `least` times the one below."""
    places = np.array(values, dtype=float)
    order = places.argsort()
    for below, above in zip(order, order[1:], strict=False):
        places[above] = max(places[above], places[below] * least)
    return places


def panel(ax, rows, title):
    """One line a metric, named at its right end in its colour."""
    lines = [
        (name, part.sort_values("n"))
        for name, part in rows.groupby("metric", sort=False)
    ]
    places = apart([part["seconds"].iloc[-1] for _, part in lines])
    for (name, part), place, colour in zip(lines, places, COLOURS, strict=False):
        ax.plot(part["n"], part["seconds"], color=colour, marker="o", ms=4)
        ax.annotate(
            name, (part["n"].iloc[-1], place), xytext=(8, 0), textcoords="offset points", va="center", color=colour,
            annotation_clip=False,
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="images a side, N")
    ax.set_title(title, loc="left")
    ax.set_xticks(
        sorted(set(rows["n"])),
        [str(n) for n in sorted(set(rows["n"]))],
        rotation=45,
    )
    ax.minorticks_off()


if measured is None:
    display(Markdown(NOT_RUN))
else:
    cost = pd.DataFrame(measured["cost"]["rows"])
    of_images = cost["metric"].isin(OF_IMAGES)
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharey=True)
    panel(
        axes[0],
        cost[of_images],
        f"from images of {measured['cost']['size']}×{measured['cost']['size']}",
    )
    panel(
        axes[1], cost[~of_images], f"from {measured['cost']['features']} features"
    )
    axes[0].set_ylabel("seconds")
    most = cost.loc[cost["seconds"].idxmax()]
    caption = (
        f"Figure V1. The longest is {most['metric']}: {duration(most['seconds'])} at N = {most['n']}. Seconds against "
        "the number of images a side, both axes logarithmic."
    )
    alt = "Two panels with a rising line for each metric: from images on the left, from features on the right."
    display(report.picture(figure, caption, alt))

# %% [markdown]
# ## Memory
#
# Activations and window means are kept for as many images as fit in a stated limit (`memory_limit`); the others
# stream past, and pass through the network once more for each block. The result is the same for every limit.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    memory = pd.DataFrame(measured["memory"])
    shown = pd.DataFrame({
        "function": memory["metric"],
        "images": [f"{r.n} of {r.size}×{r.size}" for r in memory.itertuples()],
        "pairs": memory["n"] * (memory["n"] - 1) // 2,
        "limit (GiB)": memory["memory_limit"] / 2**30,
        "peak of the whole process (GiB)": (memory["peak_bytes"] / 2**30).round(2),
        "time": memory["seconds"].map(duration),
    })  # fmt: skip
    caption = (
        f"Table V2. No process took more than {shown['peak of the whole process (GiB)'].max():g} GiB; what it took "
        "follows the limit, not the number of images."
    )
    display(report.show(shown.set_index("function"), caption))
