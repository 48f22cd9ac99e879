# %% [markdown]
# # Figure 2: the images themselves
#
# This page shows what each model draws, since no metric replaces looking. Each row holds the first images that a model
# draws. None was selected. All DGANs (the paper's network) start from the same random vectors z. A row of real images
# stands above them only where the images are simulated: no real scan is kept with this project.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.page import short

report.use_style()
found = report.collect(runs, profile, data)
report.banner(found)

# %% tags=["hide-input"]
shown = found.of(*report.BEST)
real = next(
    (t for run in shown.values() if (t := run.tiles("real")) is not None), None
)
strips = {} if real is None else {"real": real}
strips |= {
    name: shown[name].tiles() if name in shown else None for name in report.BEST
}
figure, axes = plt.subplots(len(strips), 1, figsize=(9, 1.3 * len(strips)))
for (name, tiles), axis in zip(strips.items(), axes, strict=True):
    report.strip(axis, name, tiles)

missing = [name for name in report.BEST if name not in shown]
steps = {name: run.status().get("steps", 0) for name, run in shown.items()}
seen = [
    f"{name} {steps[name] * run.config.n_critic * run.config.batch_size:,}"
    for name, run in shown.items()
]


def nearest(labels):
    """The kernel distance of these settings by each run's own features, of the lowest seed, nearest first."""
    rows = found.by().query("metric == 'kernel_distance' and label in @labels")
    rows = rows.sort_values("seed", kind="stable").drop_duplicates("label")
    return rows.sort_values("value")


by = f"kernel distance ({', '.join(found.by()['extractor'].unique()) or 'not run'})"
near = nearest(list(report.BEST))
order = [f"{r.label} {short(r.value, 2)}" for r in near.itertuples()]
report.picture(
    figure,
    f"Figure 2. Nearest to the real images first, by {by}: {', '.join(order) or 'not run'}. These are the "
    "first images that each model draws; none was selected. "
    f"Images seen by the critic: {', '.join(seen) or 'none'}. "
    + (f"Not run: {', '.join(missing)}." if missing else ""),
    alt=f"A row of eight ultrasound images for each of {', '.join(strips)}.",
    note=report.badge(found, *shown) if shown else "",
)

# %% [markdown]
# Look for tissue in layers, for speckle that is neither smooth nor striped, and for a dark mass with a plausible
# outline. If neighbours in a row repeat each other, the generator has collapsed. The paper reports bands across
# StyleGAN3's images, which a distance between features may miss.

# %% [markdown]
# ## Every setting
#
# Each DGAN setting that was run, including any loss of your own; of several seeds, the lowest.

# %% tags=["hide-input"]
labels = list(found.trained.query("model == 'dgan'")["label"].unique())
every = found.of(*labels)
rows = max(-(-len(labels) // 2), 1)
figure, axes = plt.subplots(rows, 2, figsize=(9, 1.35 * rows + 0.6), squeeze=False)
for axis in axes.flat[len(labels) :]:
    axis.set_axis_off()
# Down the columns: WGAN-GP's λ on the left, BCE's on the right.
for name, axis in zip(labels, axes.T.flat, strict=False):
    report.strip(axis, name, every[name].tiles(), n=4, missing="no image was kept")
near = nearest(labels)
told = "No setting was measured. "
if len(near):
    best, worst = (
        [r["label"], short(r["value"], 2)] for _, r in near.iloc[[0, -1]].iterrows()
    )
    told = (
        f"By {by} {best[0]}'s images lie nearest to the real ones ({best[1]}) and {worst[0]}'s farthest "
        f"({worst[1]}). "
    )
report.picture(
    figure,
    f"Figure B1. {told}These are the first images of {len(labels)} settings, with the same z in every run; none was "
    "selected.",
    alt="Two columns of strips of generated images, one for each setting.",
    note=report.badge(found),
)
