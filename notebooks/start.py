# %% [markdown]
# # BCE or WGAN-GP for synthetic breast ultrasound?
#
# One paper {cite}`paper` trains the same generative adversarial network (GAN) with two losses, binary
# cross-entropy (BCE) and WGAN-GP, at five values of a weight λ. It reports that WGAN-GP draws the better breast
# ultrasound images. This book makes the same comparison, but smaller and with [other
# settings](../book/deviations.md#what-the-quick-profile-and-the-runs-of-the-results-change): it is no reproduction.
# This page gives the answer, computed from runs that you can repeat.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder
printed = "results/printed"  # folder of runs at the paper's own size

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

import dgan_report as report

report.use_style()
found = report.collect(runs, profile, data)
judged = report.claims(found)
report.answer(found, judged)

# %% [markdown]
# The models learn from the malignant scans of BUSI, a public set of breast ultrasound images. How close their images
# come to the real ones is measured as a distance between two sets of *features*, numbers that describe an image; 0
# means alike. There are several yardsticks. Trained features come from a network that has learnt from photographs
# (EfficientNet), and radiomics are statistics of texture. Random features come from a network that has learnt nothing
# (VGG16): they are the example of [a yardstick that fails its tests](yardstick.ipynb). WGAN-GP is the Wasserstein loss
# with a gradient penalty. λ weighs a second, perceptual term of the loss, and under WGAN-GP the penalty too, so the
# same λ is not the same training. The [glossary](../book/glossary.md) explains these words and those of the table
# below.

# %% tags=["hide-input"]
# Two rows of images, and all runs by λ: the picture of the answer.
shown = found.of(*report.BEST[:2])
dots = report.of_distance(found.measured.query("model == 'dgan' and plain"))
extractors = list(dots["extractor"].unique()) or ["not run"]
figure = plt.figure(figsize=(9, 5.6))
images, panels = figure.subfigures(2, 1, height_ratios=(2.6, 2.9))
for name, axis in zip(report.BEST[:2], images.subplots(2, 1), strict=True):
    report.strip(axis, name, shown[name].tiles() if name in shown else None)
for name, axis in zip(
    extractors, panels.subplots(1, len(extractors), squeeze=False)[0], strict=True
):
    title = name if dots.empty else report.named(name).replace(" (", "\n(")
    axis.set_title(title, fontsize=10)
    first = axis.get_subplotspec().is_first_col()
    report.dots(
        axis, dots[dots["extractor"] == name], "distance ↓" if first else ""
    )
scans = "No real scan is shown, since BUSI's images are not part of this book. "
report.picture(
    figure,
    f"Figure 0. Over the values of λ, WGAN-GP has the lower distance at {report.lower_by(dots) or 'none yet'}. "
    f"{report.in_paper()} Above: the first images that each of the paper's two best settings draws; none was selected. "
    f"{scans if data != 'phantom' else ''}Below: the distance of every DGAN run (low is good), a panel for each "
    "extractor, the method that computes the features, on an axis that is linear near 0 and logarithmic beyond. The "
    "distance is the kernel distance; where the losses are compared, an estimate below 0 counts as 0. For radiomics it "
    "is the Fréchet distance, which the authors of that measure use. The dotted floor is the distance between two "
    "halves of the real images.",
    alt="Two rows of eight generated images, WGAN-GP and BCE; below, for each extractor a dot for each run by λ.",
    note=report.badge(found),
)

# %% [markdown]
# ## The paper's seven claims
#
# Each verdict is computed from the runs. [Verdicts and tables](tables.ipynb) shows how, and the numbers behind it. The
# paper's KID and FID are the kernel and the Fréchet distance by features of one network, Inception; here they are
# measured by other features.

# %% tags=["hide-input"]
# A row for each claim: the verdict by all measures, by each extractor, and where it is shown.
SHOWN_IN = {
    "A": "[Table 1](tables.html#table-1) and [Table 2](tables.html#table-2)",
    "B": "[Table 1](tables.html#table-1)",
    "C": "[Table 2](tables.html#table-2)",
    "D": "[Table 1](tables.html#table-1) and [Table 4](tables.html#table-4)",
    "E": "[Figure 1](figure1.html)",
    "F": "[Table 3](tables.html#table-3) and [Figure 2](figure2.html)",
    "G": "[Figures 3 and 4](figure3_4.html)",
}


def by_extractor(claim):
    """Lines such as "trained features: holds (10 of 10)"; measures without an extractor have a line by their names."""
    for name, rows in claim.groupby("extractor", sort=False):
        counts = (
            rows["orders"]
            .str.extract(r"(\d+) of (?:the )?(\d+)")
            .dropna()
            .astype(int)
        )
        right, of = counts.sum()
        run = rows["orders"].str.endswith("run").any()
        told = f"{right} of the {of} run" if run else f"{right} of {of}"
        count = f" ({told})" if len(counts) else ""
        measures = " and ".join(dict.fromkeys(rows["measure"].map(report.inline)))
        kind = report.named(name).partition(" (")[0] if name else measures
        if name or count:
            yield f"{kind}: {report.together(rows).iloc[0]}{count}"


def summary(judged):
    verdicts = report.together(judged)
    table = pd.DataFrame(
        {
            "The paper claims": f"{letter}. {claim['claim'].iloc[0]}",
            "Here": verdicts[letter],
            "By each extractor": "\n".join(by_extractor(claim)),
            "Shown in": SHOWN_IN[letter],
        }
        for letter, claim in judged.groupby("letter", sort=False)
    )
    return report.show(
        table.set_index("The paper claims"),
        f"Table 0. {report.counted(judged)} A claim holds if every measure supports it with every extractor. It "
        "does not hold if at least one contradicts it and none supports it. Otherwise it can't be told. Random "
        "features fail their tests but count all the same: a claim should hold by any yardstick. The numbers in "
        "brackets say how many of the comparisons that were run point the way the claim says, clearly or not.",
    )


summary(judged)

# %% [markdown]
# ## At the paper's own size
#
# WGAN-GP at λ = 5 has also been trained at the paper's own size, 512×512, on a graphics card (GPU), with the widths,
# rates and epochs that the paper prints. It differs in [three
# points](../book/deviations.md#what-the-quick-profile-and-the-runs-of-the-results-change): activations in bfloat16, a
# VGG19 whose filters were rescaled, and therefore a perceptual term with so little weight that the adversarial loss
# alone has trained the generator. No other setting has been run, so this shows what such training gives and compares no
# losses.

# %% tags=["hide-input"]
large = report.collect(printed, "paper", "busi")
SEEN_BY = ("coverage", "lpips_real_fake", "ms_ssim_real_fake")


def at_full_size(run, name, steps, seconds):
    """Six images of a run at 512×512."""
    figure, axes = plt.subplots(2, 3, figsize=(9, 6.1))
    for axis, tile in zip(axes.flat, run.tiles(), strict=False):
        axis.imshow(tile, cmap="gray", vmin=0, vmax=255, interpolation="none")
        axis.set_axis_off()
    return report.picture(
        figure,
        f"Figure Z1. {name} at 512×512: the first six of its images after {steps:,.0f} updates of the generator, which "
        f"took {seconds // 60:.0f} min {seconds % 60:.0f} s; none was selected. Seen small they look like ultrasound, "
        "with speckle, bright layers and dark masses. Real scans also have sharp lines of tissue, borders of masses, "
        "and marks that the examiner set; these have none.",
        alt=f"Six images drawn by {name}: grey speckle, bright above, with dark patches that have no border.",
        note=report.badge(large),
    )


def of_full_size(name, measured):
    """What was measured of its images, beside the floor: which measures see the difference."""
    at = measured["metric"].isin(SEEN_BY) | measured.index.isin(
        report.of_distance(measured).index
    )
    rows = measured[at].reset_index(drop=True)
    floors = rows.assign(value=rows["floor"], low=None)
    of_features = ~rows["metric"].isin(SEEN_BY[1:])
    table = pd.DataFrame({
        "measure": rows["metric"].map(report.headed),
        "by": rows["extractor"].map(report.named).where(of_features, "pairs of images"),
        "value": [report.cell(row) for row in rows.itertuples()],
        "floor": [report.cell(row) for row in floors.itertuples()],
    }).set_index(["measure", "by"])  # fmt: skip
    covered = rows[rows["metric"] == "coverage"]
    seen = ", ".join(
        f"{100 * row.value:.0f} % by {report.named(row.extractor)}"
        for row in covered.itertuples()
    )
    return report.show(
        table,
        f"Table Z1. {name} at 512×512 against all real scans, of which its images cover {seen}. So the measures "
        "disagree about the same images. The numbers can't be compared with those of other sizes.",
        report.badge(large),
    )


for run in large.trained.itertuples():
    of_run = large.measured[large.measured["run"] == run.run]
    display(at_full_size(large.runs[run.run], run.label, run.steps, run.seconds))
    display(of_full_size(run.label, of_run))

# %% [markdown]
# ## Three things not to conclude
#
# - **That the paper is right or wrong at its own size.** It trains at 512×512, and there one setting has been run. The
#   runs that are compared here are smaller, with another learning rate and other widths ([all
#   differences](../book/deviations.md#what-the-quick-profile-and-the-runs-of-the-results-change)).
# - **That such images help a classifier or a clinician.** A low distance says that two sets of images look alike to one
#   extractor. [Tried on two classifiers](downstream.ipynb), images by GANs beat plain copies of the scans in no
#   comparison; but the test could not have seen a small gain.
# - **That one number decides.** Two extractors can prefer different models ([can the yardstick see?](yardstick.ipynb)),
#   and training again with another seed can change the order.
#
# ## Where to go next
#
# - **Learn.** [A GAN in sixty lines](lesson_gan.ipynb) is the first of ten lessons; each runs in less than a minute.
# - **Check the evidence.** [Verdicts and tables](tables.ipynb), the figures after them, and the
#   [deviations](../book/deviations.md) from the paper.
# - **Explore.** [Any two runs side by side](explorer.ipynb), and [their latent space](../book/latent-walk.md).
# - **Use your own images.** [Measure two folders of images, then train on your own](../book/own-images.md).
#
# Version {{ version }}, commit {{ commit }}, built on {{ date }}; `CHANGELOG.md` says what has changed. MIT licence. To
# cite it, see `CITATION.cff`.
