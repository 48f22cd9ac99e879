# %% [markdown]
# # Figure 2: the images themselves
#
# This page shows what each model draws, since no metric replaces looking. The first row is for real images; the others
# hold the first images that each model draws. None was selected. All DGANs (the paper's network) start from the same
# random vectors z.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report

report.use_style()
found = report.collect(runs, profile, data)
report.banner(found)

# %% tags=["hide-input"]
shown = found.of(*report.BEST)
real = next(
    (t for run in shown.values() if (t := run.tiles("real")) is not None), None
)
figure, axes = plt.subplots(5, 1, figsize=(9, 6.4))
absent = "no real image is kept with these runs" if shown else "not run"
report.strip(axes[0], "real", real, missing=absent)
for name, axis in zip(report.BEST, axes[1:], strict=True):
    report.strip(axis, name, shown[name].tiles() if name in shown else None)

missing = [name for name in report.BEST if name not in shown]
steps = {name: run.status().get("steps", 0) for name, run in shown.items()}
seen = [
    f"{name} {steps[name] * run.config.n_critic * run.config.batch_size:,}"
    for name, run in shown.items()
]
report.picture(
    figure,
    "Figure 2. The first images that each model draws; none was selected. "
    f"Images seen by the critic: {', '.join(seen) or 'none'}. "
    + (f"Not run: {', '.join(missing)}." if missing else ""),
    alt="Five rows of eight ultrasound images: real ones, then those of WGAN-GP, BCE, StyleGAN2 and StyleGAN3.",
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
report.picture(
    figure,
    f"Figure B1. The first images of {len(labels)} settings, the same z in every run; none was selected.",
    alt="Two columns of strips of generated images, one for each setting.",
    note=report.badge(found),
)
