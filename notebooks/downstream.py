# %% [markdown]
# # Does it help a classifier?
#
# Breast ultrasound data sets are small and have few malignant scans. So this page answers a practical question: does a
# classifier that tells malignant from benign scans become better when synthetic malignant scans are added to its
# training set?
#
# Three mistakes make the answer look good, and this page avoids them:
#
# - **Frames of one scan in both training and test set.** Here near-duplicates stay together, and each generator sees
#   only the training scans of its own experiment: all of them, or a quarter.
# - **No placebo.** More malignant images change a classifier even if they hold nothing new. Copies of real scans are
#   the placebo: the same number of synthetic scans must beat them.
# - **A number without its uncertainty.** Here every difference has an interval over groups of test scans and over
#   training seeds.
#
# An *arm* is one way to make up the training set, such as real scans alone, with copies, or with synthetic scans. The
# *probe* is logistic regression on fixed features. *AUC*, the area under the ROC curve, is 1 for a perfect classifier
# and 0.5 for guessing.

# %% tags=["parameters", "hide-input"]
data = "phantom"  # "phantom", "busi", or a folder with a subfolder for each class
positive = "malignant"  # the class that synthetic images are added to
negative = "benign"
image_size = 64  # side in pixels
n = 60  # phantoms of each class
gans = ""  # workflow/sweeps/downstream.yaml; "none"; empty: two small ones
backbone = None  # the weights file that a file of settings needs
classifiers = "probe"  # by commas: "probe" is quick, "cnn" takes minutes
seeds = 3  # trainings of each classifier, with other added images
updates = 600  # of the small network, in every arm
keep = ""  # a JSON file for the numbers; empty: none
results = "results"  # folder of downstream.json, in the project or absolute
seed = 0  # of the split, of the phantoms and of the GANs

# %% tags=["hide-input", "remove-stderr"]
import hashlib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import yaml
from IPython.display import Markdown, display
from PIL import Image

import dgan_report as report
from dgan_core import Config, downstream, fit, generate, metrics
from dgan_core.data import load
from dgan_core.io.environment import environment
from dgan_core.io.files import write_json
from dgan_core.metrics.memorisation import memorisation
from dgan_core.runs import runs_root
from dgan_report.benchmark import read_results
from dgan_report.page import data_name
from dgan_report.results import locate

report.use_style()
image_size, n, seed = int(image_size), int(n), int(seed)
kept = read_results(results, "downstream.json")


def headline(found):
    """The line above results: real scans or phantoms, and how many."""
    return report.headline(
        [data_name(found["data"])],
        f"{found['n_train']} training and {found['n_test']} test images in groups of near-duplicates, "
        f"{found['image_size']}×{found['image_size']}, {found['seeds']} training seeds",
    )


def judged(found):
    """The differences in AUC, each with its verdict and the number of test scans that would tell one of 0.02."""
    rows = pd.DataFrame(found["rows"])
    rows = rows[(rows["measure"] == "AUC") & (rows["against"] != "")]
    rows = rows.sort_values("classifier", ascending=False, kind="stable")
    needed = [downstream.scans_to_tell(e, found["n_test"]) for e in rows["error"]]
    return rows.assign(
        verdict=[
            downstream.verdict(row.low, row.high) for row in rows.itertuples()
        ],
        scans=[
            f"{s:,}" if s > found["n_test"] else "these are enough" for s in needed
        ],
    )


def answer(found):
    """The verdicts on added synthetic scans and on further real ones, counted."""
    rows = judged(found)
    rows = rows[rows["against"] == "copies"]

    def told(arms):
        counts = rows[rows["arm"].isin(arms)]["verdict"].value_counts()
        return (
            ", ".join(f"{verdict} ({n})" for verdict, n in counts.items())
            or "not run"
        )

    synthetic, further = told(found["generators"]), told(["twice the real scans"])
    return f"Against copies, synthetic scans: {synthetic}; as many further real scans: {further}."


def draw(found, number):
    """A dot with its interval for each arm, a panel for each classifier and share of the training scans."""
    rows = judged(found)
    order = list(dict.fromkeys(rows["arm"]))
    which, shares = rows["classifier"].unique(), rows["training"].unique()
    size = (9, len(which) * (1 + 0.3 * len(order)))
    figure, axes = plt.subplots(
        len(which),
        len(shares),
        figsize=size,
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    colours = dict(
        zip(downstream.BASELINES, sns.color_palette("colorblind"), strict=False)
    )
    for (name, share, against), part in rows.groupby(
        ["classifier", "training", "against"]
    ):
        axis = axes[list(which).index(name), list(shares).index(share)]
        place = part["arm"].map(order.index) + (
            0.15 if against == "copies" else -0.15
        )
        span = part["value"] - part["low"], part["high"] - part["value"]
        axis.errorbar(
            part["value"],
            place,
            xerr=span,
            fmt="o",
            ms=4,
            c=colours[against],
            label=against,
        )
        axis.set_title(f"{name}, {share}")
    for axis in axes.flat:
        axis.axvline(0, color="#777777", ls=":")
    for axis in axes[-1]:
        axis.set_xlabel("difference in AUC")
    axes[0, 0].set(
        yticks=range(len(order)), yticklabels=order, ylim=(len(order) - 0.5, -0.5)
    )
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        title="against",
    )
    return report.picture(
        figure,
        f"Figure {number}. {answer(found)} Dots: the difference in AUC of each arm from real scans alone and from "
        "copies, with 95 % intervals; right of the dotted line the arm is better.",
        alt="A panel for each classifier and share of the training scans; a dot with an interval for each arm.",
    )


def tables(found, first):
    """Every measure of every arm; the verdicts, with the scans that would be needed; copies of training scans."""
    rows, index = pd.DataFrame(found["rows"]), ["classifier", "training", "arm"]
    texts = [
        f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]".replace("-", "−")
        for row in rows.itertuples()
    ]
    own = rows.assign(cell=texts)[rows["against"] == ""]
    wide = own.pivot_table("cell", index, "measure", "first", sort=False)
    arrows = {
        "AUC": "AUC ↑",
        "sensitivity": "sensitivity ↑",
        "Brier score": "Brier score ↓",
    }
    yield report.show(
        wide.rename(columns=arrows),
        f"Table H{first}. Every arm on the same {found['n_test']} test images, with 95 % intervals over groups of "
        "them and over training seeds. Sensitivity is at 90 % specificity. Calibration is the mean probability minus "
        "the share of positives; 0 is best.",
    )
    told = (
        judged(found).assign(cell=pd.Series(texts)).set_index([*index, "against"])
    )
    names = {"cell": "difference in AUC", "scans": "test scans to tell 0.02"}
    yield report.show(
        told[["cell", "verdict", "scans"]].rename(columns=names),
        f"Table H{first + 1}. {answer(found)} A difference whose interval contains 0 can't be told. The last column is "
        "the number of test scans needed to detect a difference of 0.02 in four of five experiments. Where there is no "
        "difference, one verdict in twenty still finds one.",
    )
    if found["memorisation"]:
        yield report.show(
            pd.DataFrame(found["memorisation"]).set_index(
                ["training", "generator"]
            ),
            f"Table H{first + 2}. Whether synthetic scans copy training scans; copies could help for the wrong reason.",
        )


def flattery(found, number):
    """The same probe under two ways to split, several times each."""
    rows = pd.DataFrame(found["splits"])
    figure, axis = plt.subplots(figsize=(5.5, 1.9))
    sns.stripplot(
        rows, x="AUC", y="split", hue="split", palette="colorblind", ax=axis
    )
    axis.set_ylabel("")
    mean = rows.groupby("split")["AUC"].mean()
    gain = mean["by image"] - mean["by group"]
    finding = f"flatters by {gain:.3f}" if gain > 0.0005 else "changes nothing here"
    return report.picture(
        figure,
        f"Figure {number}. A naive split {finding}: the mean AUC is {mean['by image']:.3f} where images are split one "
        f"by one and {mean['by group']:.3f} where near-duplicates stay together. The probe is trained on real scans "
        f"alone; a dot is one of {len(rows) // 2} random splits.",
        alt="Two rows of dots, the AUC under splits by image and under splits by group of near-duplicates.",
    )


# %% [markdown]
# ## On real scans
#
# This was measured once on BUSI. No scan is shown. An arm that is missing was not run.

# %% tags=["hide-input"]
if kept:
    display(
        headline(kept), draw(kept, "H1"), *tables(kept, 1), flattery(kept, "H2")
    )
    at = kept["environment"]
    display(
        Markdown(f"Measured with commit {str(at['commit'])[:16]}. {kept['note']}")
    )
else:
    display(Markdown("not run: there is no `downstream.json` in the results"))

# %% [markdown]
# ## Run it yourself
#
# Here is the same experiment, computed with this copy of the book. A third of the groups is the test set.

# %%
loaded = {
    label: load(
        Config(
            data=data,
            label=label,
            image_size=image_size,
            n_phantoms=n,
            seed_data=seed,
        )
    )
    for label in (positive, negative)
}
real = np.concatenate([*loaded.values()])
y = np.repeat([1, 0], [len(images) for images in loaded.values()])
groups = downstream.groups_of(real)
test, *rest = downstream.folds(y, groups, 3, seed)
train = np.concatenate(rest)
parts = [train[rows] for rows in downstream.folds(y[train], groups[train], 4, seed)]
scans = {  # the positive training scans of both experiments
    "all scans": train[y[train] == 1],
    "a quarter": parts[0][y[parts[0]] == 1],
}
further = parts[1][y[parts[1]] == 1]  # as many again: the ceiling of the quarter
print({name: len(rows) for name, rows in scans.items()}, positive, "for training")

# %% [markdown]
# ## Generators of the training part
#
# The positive scans of each training set go into a folder of their own, so that a generator can't see any other scan.
# By default this page trains two small GANs for seconds: enough to try the experiment, too little to judge a loss.

# %% tags=["remove-stderr"]
recipes = {
    "common": {"image_size": image_size, "epochs": 10},
    "runs": [{"loss": "wgan-gp"}, {"loss": "bce", "lam": 3.0}],
}
if gans:
    recipes = (
        {"runs": []}
        if gans == "none"
        else yaml.safe_load(locate(gans).read_text(encoding="utf-8"))
    )


def generated(images, recipe):
    """(name, 2N images) of a GAN trained on these images (N, S, S, 1) alone."""
    part = hashlib.sha256(images.tobytes()).hexdigest()[:12]
    folder = runs_root() / "downstream" / f"{positive}-{part}"
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(folder / f"{i}.png")
    given = {
        **recipes.get("common", {}),
        **recipe,
        "data": str(folder),
        "label": positive,
        "seed": seed,
    }
    given |= {"backbone": str(backbone)} if backbone else {}
    name = Config(**{**given, "data": "phantom"}).run_id[:60]
    run = fit(Config(**given, run_id=f"{name}-{folder.name}"), retrain=True)
    told = run.config
    return report.label(told.model, told.loss, told.lam), generate(
        run, 2 * len(images)
    )


made = {
    share: dict(generated(real[rows], recipe) for recipe in recipes["runs"])
    for share, rows in scans.items()
}

# %% tags=["hide-input"]
names = ["real", *made["all scans"]]
figure, axes = plt.subplots(
    len(names), 8, figsize=(8, 1.05 * len(names)), squeeze=False
)
for name, row in zip(names, axes, strict=True):
    images = real[scans["all scans"]] if name == "real" else made["all scans"][name]
    for axis, image in zip(row, images, strict=False):
        axis.imshow(image[..., 0], "gray", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, fontsize=8)
report.picture(
    figure,
    f"Figure H3. What the classifier is told is {positive}: the first eight images of {', '.join(names)}.",
    alt=f"A row of eight images each: {', '.join(names)}.",
)

# %% [markdown]
# ## Arms and scores
#
# Every arm but the first two adds as many images as there are positive scans, and all arms have the same negatives.
# "Only" means that synthetic positives replace the real ones. Such an arm can learn the wrong thing: where all
# synthetic images are positive, a generator's artefacts mark the class in training, but they are absent from the test
# scans.

# %% tags=["remove-stderr"]
cache = runs_root() / "features"
CLASSIFIERS = {"probe": downstream.probe, "cnn": downstream.network(int(updates))}
chosen = [name.strip() for name in classifiers.split(",")]
rows, copies = [], []
for share, positives in scans.items():
    added = {
        "classic augmentation": np.concatenate(
            [downstream.augmented(real[positives], k) for k in range(2)]
        )
    }
    added |= made[share]
    pool = np.concatenate([real, *added.values()])
    ends = np.cumsum([len(real), *map(len, added.values())])
    where = {
        name: np.arange(*span)
        for name, *span in zip(added, ends, ends[1:], strict=False)
    }
    more = {"classic augmentation": where.pop("classic augmentation")}
    more |= (
        {"twice the real scans": further[: len(positives)]}
        if share == "a quarter"
        else {}
    )
    features = metrics.features(pool, cache=cache)
    for name in chosen:
        x, scores = features if name == "probe" else pool, {}
        for k in range(int(seeds)):
            negatives = train[y[train] == 0]
            for arm, (index, labels, weights) in downstream.arms(
                positives, negatives, more, where, k
            ).items():
                p = CLASSIFIERS[name](x[index], labels, weights, x[test], k)
                scores.setdefault(arm, []).append(p)
        compared = downstream.compare(y[test], groups[test], scores, seed)
        rows += compared.assign(classifier=name, training=share).to_dict("records")
    for name, index in where.items():
        found = memorisation(features[positives], features[index])
        copies.append(
            {"training": share, "generator": name, "verdict": found.verdict}
        )

# %% [markdown]
# ## What a naive split would have said

# %%
split_features, splits = metrics.features(real, cache=cache), []
for k in range(10):
    for how, by in {"by image": np.arange(len(y)), "by group": groups}.items():
        out, *others = downstream.folds(y, by, 3, k)
        into = np.concatenate(others)
        p = downstream.probe(
            split_features[into], y[into], np.ones(len(into)), split_features[out]
        )
        splits.append(
            {"split": how, "AUC": float(downstream.measures(y[out], p)["AUC"][0])}
        )

# %% tags=["hide-input"]
found = {
    "data": data_name(data) if data != "phantom" else data,
    "image_size": image_size,
    "n_train": len(train),
    "n_test": len(test),
    "seeds": int(seeds),
    "generators": list(made["all scans"]),
    "rows": rows,
    "memorisation": copies,
    "splits": splits,
    "note": "One training of each generator: the intervals don't cover another one."
    if recipes["runs"]
    else "Arms with synthetic scans: not run.",
    "environment": environment(),
}
if keep:
    write_json(Path(keep), found)
display(
    headline(found),
    draw(found, "H4"),
    *tables(found, 4),
    flattery(found, "H5"),
)
