# %% [markdown]
# # Figure 1: distances during training
#
# This page shows whether the images came closer to the real ones during training, and how steadily. Each line is one
# run of the paper's network (DGAN): the colour tells the loss, shade and marker the weight λ. The dotted line is the
# *floor*, the same distance between two halves of the *real* images. Below are the training curves of the paper's two
# best settings, with a value for each update of the generator.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder
left = "WGAN-GP λ=5"  # of the training curves: the label of a run in the legend
right = "BCE λ=3"

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

import dgan_report as report
from dgan_report.claims import setbacks
from dgan_report.style import palette

report.use_style()
found = report.collect(runs, profile, data)
report.banner(found)

# %% tags=["hide-input"]
DISTANCES = ["kernel_distance", "frechet_distance"]
history = found.history.query("model == 'dgan' and metric in @DISTANCES")
last = found.measured.query("model == 'dgan' and metric in @DISTANCES")
extractors = list(history["extractor"].unique()) or ["not run"]
figure, axes = plt.subplots(
    len(extractors), 2, figsize=(9, 3.8 * len(extractors) + 0.8), squeeze=False
)
for name, row in zip(extractors, axes, strict=True):
    for letter, metric, axis in zip("ab", DISTANCES, row, strict=True):
        axis.set(title=f"({letter}) {report.headed(metric, name)}, {name}")
        part = history[
            (history["extractor"] == name) & (history["metric"] == metric)
        ]
        if part.empty:
            axis.text(0.5, 0.5, "not run", ha="center", transform=axis.transAxes)
            continue
        sns.lineplot(
            part,
            x="epoch",
            y="value",
            units="run",  # a line for each run, so no mean over seeds
            estimator=None,
            lw=1.2,
            ms=5,
            ax=axis,
            **report.looks(part),
        )
        ends = last[(last["extractor"] == name) & (last["metric"] == metric)]
        floor = ends["floor"].mean()
        axis.axhline(floor, color="#777777", ls=":", label="floor")
        axis.set(xlabel="epoch", ylabel="")
        # The kernel distance falls over decades and may be negative.
        axis.set_yscale("symlog", linthresh=max(floor, 1e-3))
        axis.set_ylim(bottom=np.nanmin([0, 1.5 * floor, 1.5 * part["value"].min()]))
        axis.get_legend().remove()
handles, labels = axes[0, 0].get_legend_handles_labels()
if handles:
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8)

ordered = history[history["metric"] == "kernel_distance"].sort_values("epoch")
course = ordered.groupby(["run", "label", "extractor"])["value"].agg(
    ["first", "last"]
)
falls = course["last"] < course["first"]
rising = ", ".join(dict.fromkeys(falls[~falls].index.get_level_values("label")))
back = (
    setbacks(found).query("model == 'dgan'").groupby("family", sort=False)["value"]
)
steady = ", ".join(
    f"{name} {' to '.join(dict.fromkeys(f'{100 * end:.0f} %' for end in ends))}"
    for name, ends in back.agg(["min", "max"]).iterrows()
)
moved = (
    f"The kernel distance falls from the first to the last snapshot in {falls.sum()} of {len(course)} curves"
    f"{f', not in {rising}' if rising else ''}. "
    if len(course)
    else ""
)
report.picture(
    figure,
    f"Figure 1. The runs' distances against the epoch, on axes that are linear near 0 and logarithmic beyond. {moved}"
    f"{report.main_claim(found)} "
    + (
        f"Setbacks, the share of snapshots farther away than an earlier one: {steady}."
        if steady
        else ""
    ),
    alt="Two panels for each extractor, kernel and Fréchet distance against the epoch on a logarithmic axis: a line "
    "for each DGAN run, and a dotted line for two halves of the real images.",
    note=report.badge(found),
)

# %% [markdown]
# Low is good. For the Fréchet distance the floor is far too high: it uses half as many images, and this distance grows
# roughly as one over their number ([How sure is a number?](uncertainty.ipynb)). The kernel distance has no such bias. A
# line that still falls at its right end has not converged, so its final number also depends on training time. Few
# setbacks don't mean that the images are close: a steady line can lie high.

# %% [markdown]
# ## What training logged

# %% tags=["hide-input"]
CURVES = {  # column of the log → its title; those of gradients and the penalty are on a logarithmic axis
    "critic_loss": "critic's loss",
    "generator_loss": "generator's loss",
    "score_gap": "critic's score, real − generated",
    "perceptual": "perceptual term, before its weight",
    "accuracy": "critic's accuracy, share of a minibatch",
    "penalty": "penalty, before its weight",
    "critic_gradient": "norm of the critic's gradient",
    "generator_gradient": "norm of the generator's gradient",
}
WIDE = (
    "critic_loss",
    "generator_loss",
    "score_gap",
)  # the first steps are a hundred times the others
pair = found.of(left, right)
logs = [pd.DataFrame(run.log()).assign(label=name) for name, run in pair.items()]
log = pd.concat(logs or [pd.DataFrame({"label": []})], ignore_index=True)
shown = found.trained[found.trained["label"].isin(pair)].drop_duplicates("label")
families = shown.set_index("label")["family"]
# One line of a family has the family's own colour; several have its shades.
shades = report.looks(shown)["palette"]
hues = dict(families.map(palette(families))) if families.is_unique else shades
# A penalty that is 0 throughout is none, and not shown.
columns = [c for c in CURVES if c in log and log[c].any()]
figure, axes = plt.subplots(
    max(-(-len(columns) // 2), 1),
    2,
    figsize=(9, 2.6 * max(-(-len(columns) // 2), 1)),
)
for column, axis in zip(columns, axes.flat, strict=False):
    present = log.dropna(subset=[column])
    present = present[present.groupby("label")[column].transform("any")]
    sns.lineplot(
        present,
        x="step",
        y=column,
        hue="label",
        palette=hues,
        lw=1,
        ax=axis,
        errorbar=None,
    )
    axis.set(title=CURVES[column], xlabel="generator updates", ylabel="")
    axis.legend(title="", fontsize=8)
    if column == "penalty" or column.endswith("gradient"):
        axis.set_yscale("log")
    elif column in WIDE:
        axis.set_yscale("symlog", linthresh=1)
for axis in axes.flat[len(columns) :]:
    axis.set_axis_off()

gaps = []
for name, rows in log.groupby("label", sort=False) if "score_gap" in log else ():
    tail = rows["score_gap"].dropna().iloc[-max(len(rows) // 10, 1) :]
    gaps.append(f"{report.short(tail.mean())} ({name})")
told = (
    "Over the last tenth of the updates the critic scores real images above generated ones by "
    f"{' and '.join(gaps)}, each in its own units."
    if gaps
    else "Not run."
)
report.picture(
    figure,
    f"Figure C1. {told}",
    alt="A panel for each logged quantity against the updates, a line for each of the two runs.",
    note=report.badge(found, *pair) if pair else "",
)

# %% [markdown]
# The axes of the critic's loss and score are linear between −1 and 1 and logarithmic beyond, since their first values
# are by far the largest. The two losses have different units: compare how curves change over time, never their heights.
# Under WGAN-GP the score difference estimates the Wasserstein distance times a factor, the critic's slope, which
# depends on λ and changes with the distance. Under BCE it is a difference of logits, the scores before they become
# probabilities. An accuracy of 1 means that BCE's critic recognises every image of a minibatch, and the generator
# learns little from it. A Wasserstein critic has no threshold, so it has no accuracy.
