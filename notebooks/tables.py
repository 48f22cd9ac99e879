# %% [markdown]
# # Verdicts and tables
#
# This page says which of the paper's claims hold here and why. Tables 1–3 follow, with the paper's numbers below ours;
# Table 4 is what the paper doesn't report; the last two tables list the runs, with their time and memory. Compare ours
# and the paper's in *order*, not in size, unless data, image size and extractor are the same: the line below each table
# says what ours were.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder
extractor = None  # whose features the tables show; None: those of each run's own

# %% tags=["hide-input"]
from html import escape

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML

import dgan_report as report
from dgan_core.metrics.memorisation import MANY
from dgan_core.profiles import LAMBDAS
from dgan_report.benchmark import duration
from dgan_report.results import ENDED

report.use_style()
found = report.collect(runs, profile, data)
report.banner(found)

# %% [markdown]
# ## The paper's claims, judged by these runs
#
# A claim is a set of comparisons, such as "WGAN-GP has the lower FID at λ = 5". They are made for each extractor, the
# network or method that turns an image into features; where extractors differ, the table says so first. The kernel and
# the Fréchet distance are called KID and FID only with Inception's features.

# %% tags=["hide-input"]
judged = report.claims(found)


def verdict_table(judged):
    """A row per claim and measure, a column per extractor, and one for measures that use none."""
    extractors = [name for name in judged["extractor"].unique() if name]
    cells = judged.assign(
        cell=[
            f"{r.verdict} ({r.orders})" if r.orders else r.verdict
            for r in judged.itertuples()
        ],
        Claim=judged["letter"] + ". " + judged["claim"],
        By=judged["measure"],
    )
    table = cells.pivot_table(
        "cell", ["Claim", "By"], "extractor", "first", sort=False
    )
    table = table.reindex(columns=[*extractors, ""])
    of_features = table[""].isna()
    table.loc[of_features] = table.loc[of_features].fillna("not judged")
    table[""] = table[""].where(~of_features, "")
    only = "without extractor" if extractors else "verdict"
    return table.fillna("").rename(columns={"": only}).rename_axis(columns=None)


def verdict_caption(judged):
    """Disagreement first, then which claims hold, do not, can't be told, were not run: by all their measures."""
    verdicts = report.together(judged)
    parts = [
        f"{', '.join(verdicts.index[verdicts == verdict])}: {verdict}"
        for verdict in report.VERDICTS
        if verdict in set(verdicts)
    ]
    return (
        f"Table A1. {report.disagreements(judged)}By all of a claim's measures together: {'; '.join(parts)}. "
        "In brackets: in how many of the claim's comparisons the numbers lie as it says, clearly or not, of those that "
        "were run."
    )


report.show(verdict_table(judged), verdict_caption(judged), report.badge(found))

# %% tags=["hide-input"]
# Why each verdict is what it is, folded until it is asked for.


def reasons(judged):
    for (letter, claim), rows in judged.groupby(["letter", "claim"], sort=False):
        yield f"<p><strong>{letter}. {escape(claim)}</strong></p><ul>"
        for r in rows.itertuples():
            by = f" ({r.extractor})" if r.extractor else ""
            told = f"{r.measure.rstrip(' ↓↑')}{by}: {r.verdict}. {r.why[0].upper()}{r.why[1:]}"
            yield f"<li>{escape(told)}</li>"
        yield "</ul>"


HTML(
    '<details class="dgan-folded"><summary>The numbers behind each verdict</summary>'
    f"{''.join(reasons(judged))}</details>"
)

# %% [markdown]
# ### What decides a claim
#
# | claim | decided by |
# |---|---|
# | A | kernel and Fréchet distance of both losses at each λ |
# | B, C | both distances at the λ that is claimed to be best, against those at the other four |
# | D | recall and coverage, and LPIPS and MS-SSIM between generated images, at each λ |
# | E | how often the Fréchet distance rises during training by more than its interval ([Figure 1](figure1.ipynb)) |
# | F | both distances against the other three models; bands by eye ([Figure 2](figure2.ipynb)) |
# | G | UMAP-SWD of each two of the four models ([Figures 3 and 4](figure3_4.ipynb)) |
#
# A claim is judged by pairs of trainings. At one λ and seed (a seed decides everything random in a training) both
# losses start from the same weights and see the same batches, so nothing drawn at random differs between two such
# runs. Their difference still holds chance, because training magnifies whatever differs: only other seeds can show how
# much. Fréchet distance, LPIPS, MS-SSIM and SWD are compared by $(b - a) / (a + b)$, which has no unit. The metrics
# that can be 0 (kernel distance, recall, coverage and the share of setbacks) are subtracted as they are; an estimate
# below 0 counts as 0. So a λ at which the kernel distances are large weighs more than others.
#
# The mean over a claim's comparisons counts once for each seed that all of them have. The claim *holds* if the 95 %
# interval (Student's t) of these means lies above 0, each comparison's own mean does too, and all of them were run. It
# *does not hold* if that interval lies below 0, or that of one comparison does. With several comparisons, one is more
# likely to do so by chance, so each gets a wider interval (Bonferroni). No allowance is made for the number of measures
# and extractors.
#
# **With one seed** in all comparisons, claims A, D and E are judged over the values of λ at which both losses were run.
# All of these trainings share one seed, so the interval says whether the order is the same across λ, not whether
# another seed would give it. Claims on the best of several settings (B, C, F, G) need two seeds or more, since their
# comparisons share a training. Until then they *can't be told*: intervals over images say how these few generators
# differ, not whether another training would. The numbers behind the verdict say what is missing.
#
# Measures and extractors are taken together. A claim holds if all of them say so. It does not hold if one says so and
# none says that it holds. Where they contradict each other it can't be told. Random features [fail their
# tests](yardstick.ipynb) and count all the same: a claim should hold by any yardstick. One yardstick is enough for
# *does not hold*, so look which one it was. By radiomics the Fréchet distance alone counts, since a few extreme
# statistics make its kernel distance. Setbacks and SWD are measured by the runs' own extractor only. With one seed the
# intervals have no known rate of error: five values of λ that share a seed are not five independent trainings.
#
# A *snapshot* is the generator as it stood at some epoch. It is a *setback* if its Fréchet distance lies above an
# earlier snapshot's by more, as a share, than the last snapshot's 95 % interval reaches upwards. This is a rule of
# thumb, no test: a slow rise over many snapshots doesn't count. Claim E compares two settings that differ in loss *and*
# penalty; [Figure 1](figure1.ipynb) shows BCE with the penalty too. Variety is not quality: noise varies more than
# tissue does, so read claim D beside the distances and the images.

# %% [markdown]
# ## All runs at a glance

# %% tags=["hide-input"]
DISTANCES = ["kernel_distance", "frechet_distance"]
dots = found.measured[
    found.measured["plain"]
    & (found.measured["model"] == "dgan")
    & found.measured["metric"].isin(DISTANCES)
]
extractors = list(dots["extractor"].unique()) or ["not run"]
figure, axes = plt.subplots(
    len(extractors), 2, figsize=(9, 3.2 * len(extractors)), squeeze=False
)
for name, row in zip(extractors, axes, strict=True):
    for metric, axis in zip(DISTANCES, row, strict=True):
        part = dots[(dots["extractor"] == name) & (dots["metric"] == metric)]
        axis.set(title=f"{report.headed(metric, name)}, {name}")
        report.dots(axis, part)
lower = report.main_claim(found)
report.picture(
    figure,
    f"Figure A1. {lower} A dot is a run, and lower is better. The dotted floor is the distance between two halves of "
    "the real images.",
    alt="Two panels for each extractor, kernel and Fréchet distance on a logarithmic axis: a dot for each run, by λ.",
    note=report.badge(found),
)

# %% tags=["hide-input"]
# The code that makes the tables: three lines for each setting, a column for each metric.
measured = found.by(extractor).sort_values("seed", kind="stable")
used = measured[measured["metric"] == "kernel_distance"]["extractor"].unique()
state = found.trained.drop_duplicates("label").set_index("label")["state"]


def wide(cells, labels, metrics):
    """label, metric, text → a row for each label, a column for each metric."""
    cells = cells.pivot(index="label", columns="metric", values="text")
    return cells.reindex(index=labels, columns=metrics).astype(object)


def table(labels, metrics):
    """Here: the lowest seed with its interval. Below it the mean over three seeds or more, and the paper's number."""
    rows = measured[measured["label"].isin(labels)]
    first = rows.drop_duplicates(["label", "metric"])
    here = wide(
        first.assign(text=[report.cell(row) for row in first.itertuples()]),
        labels,
        metrics,
    )
    for name in labels:
        ended = state.get(name) if state.get(name) in ENDED else "not run"
        here.loc[name] = here.loc[name].fillna(ended)
    several = (
        rows.groupby(["label", "metric"])["value"]
        .agg(["mean", "std", "count"])
        .query("count >= 3")
        .reset_index()
    )
    texts = [
        f"{r.mean:.3g} ± {r.std:.2g} ({r.count})" for r in several.itertuples()
    ]
    paper = report.load_paper()
    lines = {
        "here": here,
        "mean ± sd (seeds)": wide(several.assign(text=texts), labels, metrics),
        "paper": wide(paper, labels, metrics),
    }
    whole = pd.concat(lines).swaplevel()
    whole = whole.loc[[(name, line) for name in labels for line in lines]]
    headings = {
        m: report.headed(m, used[0] if len(used) else None) for m in metrics
    }
    whole.index.names = ["setting", ""]
    return whole.dropna(how="all").rename(columns=headings)


def floor(metrics):
    """Two halves of the real images against each other, and malignant against benign scans."""
    first = measured.dropna(subset="floor").drop_duplicates("metric")
    halves = first.assign(
        label="real halves", value=first["floor"], low=None, high=None
    )
    benign = measured[measured["model"] == "real"]  # with several seeds: the first
    rows = pd.concat([halves, benign.drop_duplicates("metric")])
    rows = rows.assign(text=[report.cell(row) for row in rows.itertuples()])
    cells = wide(rows, ["real halves", "malignant–benign"], metrics).dropna(
        how="all"
    )
    headings = {
        m: report.headed(m, used[0] if len(used) else None) for m in metrics
    }
    return pd.concat({"": cells}).swaplevel().rename(columns=headings)


PRINTED = [
    "kernel_distance",
    "frechet_distance",
    "lpips_real_fake",
    "lpips_fake_fake",
    "ms_ssim_real_fake",
    "ms_ssim_fake_fake",
]


def best(labels, metric="kernel_distance"):
    """The setting with the lowest mean over its seeds, and those whose intervals overlap with its own."""
    rows = measured[(measured["metric"] == metric) & measured["label"].isin(labels)]
    means = rows.groupby("label", sort=False)["value"].mean()
    if len(means) < 2:
        return (
            f"{means.index[0]}, the only one that was run"
            if len(means)
            else "not run"
        )
    lowest = means.idxmin()
    reach = rows[rows["label"] == lowest]["high"].max()
    near = rows[(rows["low"] <= reach) & (rows["label"] != lowest)][
        "label"
    ].unique()
    return lowest + (f" (overlapping: {', '.join(near)})" if len(near) else "")


def of_loss(loss):
    """The paper's settings of one loss, and every other λ that was run."""
    own = found.trained.query(
        "loss == @loss and plain and penalty in ['gp', 'none']"
    )
    own = own[own["family"] == report.label("dgan", loss)]
    lams = sorted({*LAMBDAS, *own["lam"]})
    return [report.label("dgan", loss, lam) for lam in lams]


# %% [markdown]
# ## Table 1: WGAN-GP

# %% tags=["hide-input"]
labels = of_loss("wgan-gp")
report.show(
    pd.concat([table(labels, PRINTED), floor(PRINTED)]),
    "Table 1. DGAN trained with WGAN-GP, by weight λ. "
    f"Lowest kernel distance here: {best(labels)}; the paper's best is λ = 5.",
    report.badge(found, *labels),
)

# %% [markdown]
# ## Table 2: BCE

# %% tags=["hide-input"]
labels = of_loss("bce")
report.show(
    pd.concat([table(labels, PRINTED), floor(PRINTED)]),
    "Table 2. DGAN trained with BCE, by weight λ. "
    f"Lowest kernel distance here: {best(labels)}; the paper's best is λ = 3.",
    report.badge(found, *labels),
)

# %% [markdown]
# ## Table 3: the best of each, and StyleGAN
#
# The paper picks λ = 5 for WGAN-GP and λ = 3 for BCE; the captions above say which λ is lowest here. The caption below
# says how many images each critic saw; where these numbers differ, part of the ranking is training time.

# %% tags=["hide-input"]
labels = list(report.BEST)
shown = found.trained[found.trained["label"].isin(labels)].drop_duplicates("label")
seen = [
    f"{r.label} {r.steps * r.n_critic * r.batch_size:,.0f}"
    for r in shown.dropna(subset="steps").itertuples()
]
kernel = measured[
    (measured["metric"] == "kernel_distance") & measured["label"].isin(labels)
]
ranked = kernel.groupby("label")["value"].mean().sort_values()
report.show(
    pd.concat([table(labels, PRINTED), floor(PRINTED)]),
    "Table 3. The two DGANs that the paper calls best, beside two StyleGANs. By kernel distance: "
    f"{' < '.join(ranked.index) or 'not run'}. Images seen by the critic: {', '.join(seen) or 'not run'}.",
    report.badge(found, *labels),
)

# %% [markdown]
# ## Table 4: beyond the paper
#
# Precision and density ask whether generated images lie among the real ones. Recall and coverage ask how many of the
# real ones have a generated image near them. Density is 1 on average for two sets of one kind; far above 1, images
# crowd in the middle of the real set. The Fréchet distance is extrapolated to infinitely many images. A small p says
# that more generated images lie very close to a single training image than real ones do: a sign of copying.

# %% tags=["hide-input"]
BEYOND = [
    "precision",
    "recall",
    "density",
    "coverage",
    "frechet_distance_infinity",
    "memorisation_p",
]
p = measured[
    (measured["metric"] == "memorisation_p") & measured["label"].isin(labels)
]


def covered(labels):
    """How much of the variety of the real images is reached at most, beside the floor, in a sentence."""
    recall = measured[
        (measured["metric"] == "recall") & measured["label"].isin(labels)
    ]
    if recall.empty:
        return "How much of the variety of the real images is reached. "
    most = recall.loc[recall["value"].idxmax()]
    return (
        f"Of the variety of the real images {most['label']} reaches most: a recall of {most['value']:.2g}, against "
        f"{most['floor']:.2g} between real halves. Don't read the extrapolation N → ∞ as the true distance: with as "
        "many features and as few images it came out too high in every trial (Table U1). "
    )


copies = list(p[p["value"] <= 0.05]["label"].unique())
of_real = measured[
    (measured["metric"] == "memorisation_share") & (measured["floor"] >= MANY)
]["label"]
unclear = [name for name in labels if name in set(of_real) - {*copies}]
no_answer = (
    f"No answer, since too many scans look like copies of others: {', '.join(unclear)}. "
    if unclear
    else ""
)
report.show(
    pd.concat([table(labels, BEYOND), floor(BEYOND)]),
    f"Table 4. {covered(labels)}"
    f"Suspected of memorising (p ≤ 0.05): {', '.join(copies) or 'no model'}. {no_answer}A large p is weak "
    "evidence: images that are far from every scan pass too.",
    report.badge(found, *labels),
)

# %% [markdown]
# ## Every setting, every seed
#
# This table lists all settings that were trained, including any loss of your own. A seed decides the initial weights,
# the order of the batches, the generator's input $z$ and the penalty's $\varepsilon$: the same ones for every loss and
# λ.

# %% tags=["hide-input"]
EVERY = ["kernel_distance", "frechet_distance", "recall", "coverage"]
rows = measured[measured["metric"].isin(EVERY) & (measured["model"] != "real")]
listed = (
    rows.groupby(["label", "metric"], sort=False)["value"]
    .agg(lambda values: ", ".join(f"{value:.3g}" for value in values))
    .str.replace("-", "−")
    .rename("text")
    .reset_index()
)
labels = list(found.trained["label"].unique())
seeds = found.trained.groupby("label")["seed"].nunique().reindex(labels)
spread = rows.groupby(["metric", "label"])["value"].agg(
    lambda values: values.max() - values.min()
)
widest = [
    f"{report.inline(report.headed(metric))} by {spread[metric].max():.3g}"
    for metric in EVERY[:2]
    if metric in spread and seeds.max() > 1
]
every = wide(listed, labels, EVERY).fillna("not run").rename(columns=report.headed)
every.insert(0, "seeds", seeds)
report.show(
    every.rename_axis("setting"),
    "Table A2. The numbers of every seed, in the order of the seeds. "
    + (
        f"Seeds of one setting differ at most in {' and in '.join(widest)}."
        if widest
        else "One seed each."
    ),
    report.badge(found),
)

# %% [markdown]
# ## How to read them
#
# The last rows of Tables 1 to 4 compare real images with real ones (`notebooks/real.ipynb`). *Real halves* is the
# floor: what a metric gives for two sets of real images. For the kernel distance, LPIPS and MS-SSIM it is what a
# perfect model would score on average, as far as one split can tell; two models that reach it can't be ranked. For the
# Fréchet distance and SWD it is too high, since a half has half as many images: a good model lies below it, so don't
# judge closeness by it. *Malignant–benign* is the distance between two kinds of real scan that a radiologist tells
# apart: a generator with a larger distance is farther from malignant scans than benign ones are. Intervals that overlap
# don't show that two models are equal: they are compared with the same real images, and no test of the difference was
# made.
#
# An interval says how far the number could move with other images of the same model. It says nothing about another
# training. For the Fréchet distance it is about the distance at this number of images, not that of the distributions.
# The paper trains no setting twice, so a difference between two of its numbers can come from the seed.
#
# *Not run* means that no run directory held the number. Nothing is filled in.
#
# Kernel and Fréchet distance compare the *distributions* of features: low is good. LPIPS and MS-SSIM compare *pairs* of
# images. (*LPIPS: alex-random* below a table means that AlexNet had random weights, so the paper's LPIPS is on another
# scale. *N* is the number of real images, and of generated ones.) Between generated images, a high LPIPS or a low
# MS-SSIM means variety; between a real and a generated image, a low LPIPS or a high MS-SSIM means that they look alike.
# The paper's ± is a spread over pairs or over subsets of images, not over training runs. In the copy of the paper at
# hand, some numbers of Table 2 can't be assigned to a λ with certainty; they have a question mark. *Illegible* means
# that a number can't be read at all. [The metrics chapter](../book/metrics.md) has the definitions.

# %% [markdown]
# ## How they were made
#
# These are all runs behind this page, finished or not: their state, time and memory, and the code's commit. A run
# that was interrupted or failed keeps its checkpoint: training it again resumes from there.

# %% tags=["hide-input"]


def took(seconds):
    """ "59 s", or "not run"."""
    return "not run" if pd.isna(seconds) else duration(seconds)


trained = found.trained
ended = trained["state"] + trained["reason"].map(
    lambda r: f": {r}" if isinstance(r, str) else ""
)
states = pd.DataFrame({
    "setting": trained["label"],
    "state": ended,
    "training": trained["seconds"].map(took),
    "evaluation": trained["evaluation_seconds"].map(took),
    "features": trained["extractor"].fillna("not run"),
    "commit": trained["commit"],
})  # fmt: skip
paper = [
    report.label("dgan", loss, lam)
    for loss in ("wgan-gp", "bce")
    for lam in LAMBDAS
]
wanted = dict.fromkeys([*paper, *report.BEST])
missing = [name for name in wanted if name not in set(trained["label"])]
report.show(
    states.set_index(trained["run"].rename("run")),
    f"Table P1. {len(trained)} runs, {(trained['state'] == 'finished').sum()} of them finished. "
    f"Settings of the paper that were not run: {', '.join(missing) or 'none'}.",
)

# %% [markdown]
# An update is one update of the generator, with the critic's updates before it. `make book` trains two runs side by
# side on one thread each; alone, the same run has all cores and is faster. The kept runs on real scans were trained on
# a machine that had other work to do, so their times can't be compared with each other.

# %% tags=["hide-input"]


def gigabytes(size):
    """ "2.5 GB", or "not logged"."""
    return "not logged" if pd.isna(size) else f"{size / 1e9:.2g} GB"


done = trained[trained["state"] == "finished"].dropna(subset="seconds")
on_gpu = done["peak_device_memory"].notna()
cost = pd.DataFrame({
    "seed": done["seed"],
    "images": done["image_size"].map("{0}×{0}".format),
    "batch": done["batch_size"],
    "updates": done["steps"].map("{:.0f}".format),
    "each": (done["seconds"] / done["steps"]).map(duration),
    "training": done["seconds"].map(duration) + on_gpu.map({True: ", GPU", False: ", CPU"}),
    "memory": done["peak_memory"].map(gigabytes),
    "GPU memory": done["peak_device_memory"].map(gigabytes).where(on_gpu, ""),
    "evaluation": done["evaluation_seconds"].map(took),
})  # fmt: skip
machines = dict.fromkeys(
    f"{r.cpu}, {r.cores:g} cores" for r in done.dropna(subset="cores").itertuples()
)
report.show(
    cost.set_index(done["label"].rename("setting")),
    f"Table P2. Time and memory of each finished run, on {'; '.join(machines) or 'a machine that was not recorded'}.",
    report.badge(found),
)
