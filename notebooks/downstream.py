# %% [markdown]
# # Does it help a classifier?
#
# Breast ultrasound data sets are small and have few malignant scans. So this page asks a practical question: does a
# classifier that tells malignant from benign scans become better when synthetic malignant scans are added to its
# training set? The answer stands below the list.
#
# Three mistakes make the result look better than it is, and this page avoids them:
#
# - **Frames of one scan in both training and test set.** Here near-duplicates stay together, and each generator sees
#   only the training scans of its own experiment: all of them, or a quarter.
# - **No placebo.** More malignant images change a classifier even if they hold nothing new. Copies of real scans are
#   the placebo for their number: as many synthetic scans must beat them.
# - **A number without its uncertainty.** Here every difference has an interval over groups of test scans and over
#   training seeds. The seeds are few, so their part of the variance is known roughly.
#
# An *arm* is one way to make up the training set, such as real scans alone, with copies, or with synthetic scans. The
# *probe* is logistic regression on fixed features. *AUC*, the area under the ROC curve, is 1 for a perfect classifier
# and 0.5 for guessing. An arm *helps* or *harms* if the 95 % interval of its difference leaves out 0. Otherwise the
# difference is *less than 0.02* if the whole interval lies within ±0.02, and *can't be told* if not.

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

# %% tags=["hide-input"]
import hashlib
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import yaml
from IPython.display import Markdown, display
from PIL import Image
from scipy import ndimage
from sklearn.model_selection import StratifiedGroupKFold

import dgan_report as report
from dgan_core import Config, fit, generate, metrics
from dgan_core.data import load, near_duplicates
from dgan_core.io.environment import environment
from dgan_core.io.files import write_json
from dgan_core.metrics.memorisation import memorisation
from dgan_core.runs import runs_root
from dgan_report.benchmark import read_results
from dgan_report.page import data_name
from dgan_report.panels import strip
from dgan_report.results import locate

report.use_style()
image_size, n, seed = int(image_size), int(n), int(seed)
kept = read_results(results, "downstream.json")
ARROWS = {
    "AUC": "AUC ↑",
    "sensitivity": "sensitivity ↑",
    "Brier score": "Brier score ↓",
}


POWER = (
    1.960 + 0.842
)  # standard errors of an effect that is told in four of five trials


SMALL = 0.02  # a difference in AUC that would matter


def effect(low, high):
    """In words, from the interval of a difference in AUC."""
    if low > 0:
        return "helps"
    if high < 0:
        return "harms"
    return (
        f"less than {SMALL:g}" if -SMALL < low and high < SMALL else "can't be told"
    )


def scans_to_tell(error, n):
    """Test scans that tell a difference of SMALL, if n scans give it this `error`.

    Errors fall with the root of the number of scans; that of training seeds doesn't, so
    this is a lower bound.
    """
    return int(np.ceil(n * (POWER * error / SMALL) ** 2))


def judged(found):
    """The differences in AUC, each with its verdict and the test scans that would tell one of 0.02."""
    rows = pd.DataFrame(found["rows"]).query("measure == 'AUC' and against != ''")
    verdicts = map(effect, rows["low"], rows["high"])
    needed = [scans_to_tell(e, found["n_test"]) for e in rows["error"]]
    return rows.assign(
        verdict=list(verdicts), scans=[f"{scans:,}" for scans in needed]
    )


def counted(rows):
    """Verdicts in words: "10 can't be told, 2 harm, 1 is less than 0.02"."""

    def told(verdict, times):
        if verdict.startswith("less"):
            return f"{times} {'is' if times == 1 else 'are'} {verdict}"
        return f"{times} {verdict if times == 1 else verdict.removesuffix('s')}"

    return ", ".join(told(*item) for item in rows["verdict"].value_counts().items())


def answer(found):
    """The verdicts on synthetic scans, added or alone, and on further real ones; what the test can't see."""
    rows = judged(found).query("against == 'copies'")

    def told(what, arms):
        of = rows[rows["arm"].isin(arms)]
        if of.empty:
            return f"{what}: not run."
        helps = (of["verdict"] == "helps").sum()
        return f"{what} beat copies in {helps} of {len(of)} comparisons ({counted(of)})."

    names = found["generators"]
    sentences = [
        told("Synthetic scans added to the real ones", names),
        told(
            "Synthetic scans in place of the real ones",
            [f"{name} only" for name in names],
        ),
        told("Twice the real scans", ["twice the real scans"]),
    ]
    further = rows[rows["arm"] == "twice the real scans"]
    if set(further["verdict"]) == {"can't be told"}:
        ends = (
            f"{end:+.3f}"
            for end in (further["value"].min(), further["value"].max())
        )
        gains = " to ".join(dict.fromkeys(ends)).replace("-", "−")
        sentences.append(
            f"So a gain as small as that of further real scans here ({gains} in AUC) can't be seen by this test."
        )
    added = rows[rows["arm"].isin(names)]
    if len(added) and "helps" not in set(added["verdict"]):
        sentences.insert(0, "No benefit was seen.")
    return " ".join(sentences)


def dots(data, color, label):
    """A dot with its interval for each arm, above the arm's line or below it."""
    place = data["place"] + (0.15 if label == "copies" else -0.15)
    span = data["value"] - data["low"], data["high"] - data["value"]
    plt.errorbar(
        data["value"], place, xerr=span, fmt="o", ms=4, c=color, label=label
    )


def draw(found, number):
    """A panel of dots for each classifier and share of the training scans."""
    rows = judged(found).sort_values("classifier", ascending=False, kind="stable")
    arms = list(dict.fromkeys(rows["arm"]))
    rows = rows.assign(place=rows["arm"].map(arms.index))
    look = {"palette": "colorblind", "height": 1 + 0.25 * len(arms), "aspect": 1.1}
    keys = {"row": "classifier", "col": "training", "hue": "against"}
    grid = sns.FacetGrid(rows, **keys, **look)
    lines = grid.map_dataframe(dots).axes[0, 0].get_legend_handles_labels()
    grid.refline(x=0, color="#777777", ls=":")
    ends = len(arms) - 0.5, -0.5
    grid.set(yticks=range(len(arms)), yticklabels=arms, ylim=ends, ylabel="")
    grid.set(xlabel="difference in AUC").set_titles("{row_name}, {col_name}")
    grid.figure.legend(*lines, loc="outside lower center", ncols=2, title="against")
    return report.picture(
        grid.figure,
        f"Figure {number}. {answer(found)} Dots: the difference in AUC of each arm from real scans alone and from "
        "copies, with 95 % intervals; right of the dotted line the arm is better.",
        "A panel for each classifier and share of the training scans; a dot with an interval for each arm.",
    )


def tables(found, first):
    """Every measure of every arm; the verdicts, with the scans that would be needed; copies of training scans."""
    index = ["classifier", "training", "arm"]
    rows = pd.DataFrame(found["rows"]).replace({"measure": ARROWS})
    texts = map(
        "{:.3f} [{:.3f}, {:.3f}]".format, rows["value"], rows["low"], rows["high"]
    )
    rows["cell"] = [text.replace("-", "−") for text in texts]
    own = rows[rows["against"] == ""]
    alone = own.query("arm == 'real alone'").query("measure == @ARROWS['AUC']")[
        "value"
    ]
    reach = " to ".join(
        dict.fromkeys(f"{x:.2f}" for x in (alone.min(), alone.max()))
    )
    yield report.show(
        own.pivot_table("cell", index, "measure", "first", sort=False),
        f"Table H{first}. With real scans alone the AUC is {reach}. Every arm has the same {found['n_test']} test "
        f"images; 95 % intervals are over groups of them and over {found['seeds']} training seeds, "
        "whose variance is known the better the more they are. Sensitivity is at 90 % specificity. Calibration is the "
        "mean probability minus the share of positives; 0 is best.",
    )
    told = judged(found).join(rows["cell"]).set_index([*index, "against"])
    told = told[["cell", "verdict", "scans"]]
    yield report.show(
        told.set_axis(
            ["difference in AUC", "verdict", "test scans to tell 0.02"], axis=1
        ),
        f"Table H{first + 1}. Of {len(told)} differences in AUC from real scans alone and from copies, "
        f"{counted(told)}. The last column is the number of test scans needed to detect a difference of 0.02 in four "
        f"of five experiments; this experiment has {found['n_test']}. Even if no arm helped or harmed, about 1 "
        "verdict in 20 would wrongly say that one does.",
    )
    if found["memorisation"]:
        clean = [
            row["verdict"].startswith("no sign") for row in found["memorisation"]
        ]
        yield report.show(
            pd.DataFrame(found["memorisation"]).set_index(
                ["training", "generator"]
            ),
            f"Table H{first + 2}. {sum(clean)} of {len(clean)} sets of synthetic scans show no sign of copies of "
            "training scans. A generator that copied its scans could help for that reason alone.",
        )


def at_worst(found):
    """Of a file whose seeds were drawn as often as there are seeds: the verdicts that wider intervals could change."""
    if "seeds_drawn" in found or found["seeds"] < 2:
        return ""
    rows, wider = judged(found), np.sqrt(found["seeds"] / (found["seeds"] - 1))
    ends = [
        rows["value"] + wider * (rows[end] - rows["value"])
        for end in ("low", "high")
    ]
    lost = rows[rows["verdict"] != [*map(effect, *ends)]]
    told = ", ".join(
        f"{r.arm} against {r.against} ({r.classifier}, {r.training})"
        for r in lost.itertuples()
    )
    return (
        f" The intervals here hold too little of the seeds' variance: as many were drawn as there are, "
        f"{found['seeds']}. If all variance were theirs, intervals would be {wider:.2f} times as wide, and {len(lost)} "
        f"of {len(rows)} verdicts would change: {told or 'none'}."
    )


def flattery(found, number):
    """The same probe under two ways to split, several times each."""
    rows = pd.DataFrame(found["splits"])
    figure, axis = plt.subplots(figsize=(5.5, 1.9))
    sns.stripplot(
        rows, x="AUC", y="split", hue="split", palette="colorblind", ax=axis
    )
    mean = rows.groupby("split")["AUC"].mean()
    gain = mean["by image"] - mean["by group"]
    finding = (
        f"raises the AUC by {gain:.3f}" if gain > 0.0005 else "changes nothing here"
    )
    return report.picture(
        figure,
        f"Figure {number}. A naive split {finding}: the mean AUC is {mean['by image']:.3f} where images are split one "
        f"by one and {mean['by group']:.3f} where near-duplicates stay together. The probe is trained on real scans "
        f"alone; a dot is one of {len(rows) // 2} random splits.",
        "Two rows of dots, the AUC under splits by image and under splits by group of near-duplicates.",
    )


def show(found, figures, first):
    """The banner, the differences, the tables and the splits, under these numbers."""
    note = (
        f"{found['n_train']} training and {found['n_test']} test images in groups of near-duplicates, "
        f"{found['image_size']}×{found['image_size']}, {found['seeds']} training seeds"
    )
    display(
        report.headline([data_name(found["data"])], note), draw(found, figures[0])
    )
    display(*tables(found, first), flattery(found, figures[1]))


NOT_RUN = "not run: there is no `downstream.json` in the results"
Markdown(f"**On real scans:** {answer(kept)}" if kept else NOT_RUN)

# %% [markdown]
# ## On real scans
#
# This was measured once on BUSI. No scan is shown. An arm that is missing was not run. The generators, StyleGAN2
# included, saw only the training scans of this experiment, for 500 epochs at 64×64: they are not the runs of the tables
# and figures.

# %% tags=["hide-input"]
if kept:
    show(kept, ("H1", "H2"), first=1)
    told = f"Measured with commit {kept['environment']['commit'][:16]}. {kept['note']}{at_worst(kept)}"
else:
    told = NOT_RUN
Markdown(told)

# %% [markdown]
# ## Run it yourself
#
# Here is the same experiment, computed with this copy of the book. A third of the groups is the test set.

# %%
of_data = {
    "data": data,
    "image_size": image_size,
    "n_phantoms": n,
    "seed_data": seed,
}
loaded = [load(Config(**of_data, label=label)) for label in (positive, negative)]
real = np.concatenate(loaded)
y = np.repeat([1, 0], [len(images) for images in loaded])


def groups_of(images):
    """The group of each image, (N,) whole numbers: near-duplicates share one."""
    groups = np.arange(len(images))
    for members in near_duplicates(images):
        groups[members] = members[0]
    return groups


def folds(y, groups, n_folds=3, seed=0):
    """n_folds arrays of row numbers: no group is in two, and each has about the same share of each class.

    y (N,) classes, groups (N,).
    """
    if min(len(set(groups[y == label])) for label in set(y)) < n_folds:
        raise ValueError(
            f"each class must have at least {n_folds} groups of images, to be split in {n_folds}"
        )
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return [test for _, test in splitter.split(np.zeros(len(y)), y, groups)]


groups = groups_of(real)
test, *rest = folds(y, groups, 3, seed)
train = np.concatenate(rest)
parts = [train[rows] for rows in folds(y[train], groups[train], 4, seed)]
scans = {  # the positive training scans of both experiments
    "all scans": train[y[train] == 1],
    "a quarter": parts[0][y[parts[0]] == 1],
}
further = parts[1][y[parts[1]] == 1]  # as many again: the ceiling of the quarter
print({name: len(rows) for name, rows in scans.items()}, positive, "for training")

# %% [markdown]
# ## Generators of the training part
#
# The scans of the class that is to be detected (the *positive* class, here malignant) go into a folder of their own for
# each training set, so that a generator can't see any other scan.
# By default this page trains two small GANs for seconds: enough to try the experiment, too little to judge a loss.

# %% tags=["remove-stderr"]
recipes = {
    "common": {"image_size": image_size, "epochs": 10},
    "runs": [{"loss": "wgan-gp"}, {"loss": "bce", "lam": 3.0}],
}
if gans == "none":
    recipes = {"runs": []}
elif gans:
    recipes = yaml.safe_load(locate(gans).read_text(encoding="utf-8"))


def generated(images, recipe):
    """(name, 2N images) of a GAN trained on these images (N, S, S, 1) alone."""
    part = hashlib.sha256(images.tobytes()).hexdigest()[:12]
    folder = runs_root() / "downstream" / f"{positive}-{part}"
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(folder / f"{i}.png")
    given = {**recipes.get("common", {}), **recipe, "label": positive, "seed": seed}
    given |= {"backbone": str(backbone)} if backbone else {}
    name = f"{Config(**given).run_id[:60]}-{folder.name}"
    run = fit(Config(**given, data=str(folder), run_id=name), retrain=True)
    named = report.label(run.config.model, run.config.loss, run.config.lam)
    return named, generate(run, 2 * len(images))


made = {
    share: dict(generated(real[rows], recipe) for recipe in recipes["runs"])
    for share, rows in scans.items()
}

# %% tags=["hide-input"]
pictures = {"real": real[scans["all scans"]], **made["all scans"]}
figure, axes = plt.subplots(
    len(pictures), figsize=(8, 1.3 * len(pictures)), squeeze=False
)
for (name, images), axis in zip(pictures.items(), axes.flat, strict=True):
    strip(axis, name, images[..., 0])
report.picture(
    figure,
    f"Figure H3. What the classifier is told is {positive}: the first eight images of {', '.join(pictures)}.",
    f"A row of eight images each: {', '.join(pictures)}.",
)

# %% [markdown]
# ## Arms and scores
#
# Every arm but the first two adds as many images as there are positive scans, and all arms have the same negatives.
# "Only" means that synthetic positives replace the real ones.
#
# Every arm with synthetic or augmented images can learn the wrong thing. These images are all positive, so the traces
# of a generator, or of interpolation, mark half of the positives in training ("only": all of them) and no negative. The
# test scans have no such traces. Copies have none either, so they are no placebo for this: an arm may do worse than
# copies for its traces alone.
#
# All images lie in one pool, the real ones first, and an arm is a choice of its rows.


# %%
def arms(positives, negatives, more, synthetic, seed=0):
    """{arm: (rows of the pool, their classes, their weights)}; what is added is as many images as there are positives.

    positives, negatives: rows of the real training images.  more: {name: rows of real or augmented positives};
    synthetic: {name: rows of generated positives}, which also take the place of the real ones in "NAME only".
    Where more rows are there than are needed, the seed chooses.
    """
    rng, n = np.random.default_rng(seed), len(positives)
    chosen = {}
    for name, rows in {**more, **synthetic}.items():
        if len(rows) < n:
            raise ValueError(
                f"{name} must have at least {n} images, as many as there are real ones, got {len(rows)}"
            )
        chosen[name] = rng.choice(rows, n, replace=False)
    of_class_1 = {
        "real alone": positives,
        "class weights": positives,
        "copies": np.concatenate([positives, positives]),
        **{
            name: np.concatenate([positives, rows]) for name, rows in chosen.items()
        },
        **{f"{name} only": chosen[name] for name in synthetic},
    }
    found = {}
    for name, rows in of_class_1.items():
        y = np.repeat([1, 0], [len(rows), len(negatives)])
        weights = (
            len(y) / (2 * np.bincount(y)[y])
            if name == "class weights"
            else np.ones(len(y))
        )
        found[name] = np.concatenate([rows, negatives]), y, weights
    return found


# %% [markdown]
# Scores of two arms share their test images and training seeds, so their difference is far better known than either of
# them. That is why arms are compared in pairs, on the same resamples.

# %% tags=["hide-input"]
SPECIFICITY = 0.9  # at which the sensitivity is read
BASELINES = "real alone", "copies"  # what each arm is compared with
RESAMPLES = 2000


def measures(y, p, weights=None):
    """{measure: (B,)} of probabilities p (n,) for classes y (n,), once for each row of weights (B, n); None: all 1.

    AUC                    chance that a scan of class 1 scores above one of class 0, ties count half
    sensitivity            share of class 1 above the lowest threshold at which 90 % of class 0 lie at or below it
    Brier score            mean squared error of the probability, 0 is best
    calibration            mean probability less the share of class 1: above 0 the probabilities are too high
    """
    weights = np.ones((1, len(y))) if weights is None else np.atleast_2d(weights)
    of_1, of_0 = weights[:, y == 1], weights[:, y == 0]
    p_1, p_0 = p[y == 1], p[y == 0]
    above = (p_1[:, None] > p_0) + 0.5 * (p_1[:, None] == p_0)
    order = np.argsort(-p_0, kind="stable")
    passed = (
        of_0[:, order].cumsum(1)
        > (1 - SPECIFICITY) * of_0.sum(1, keepdims=True) + 1e-9
    )
    threshold = p_0[order][passed.argmax(1)]
    total = weights.sum(1)
    return {
        "AUC": np.einsum("bi,ij,bj->b", of_1, above, of_0, optimize=True)
        / (of_1.sum(1) * of_0.sum(1)),
        "sensitivity": (of_1 * (p_1 > threshold[:, None])).sum(1) / of_1.sum(1),
        "Brier score": weights @ (p - y) ** 2 / total,
        "calibration": weights @ (p - y) / total,
    }


# %% tags=["hide-input"]
def compare(y, groups, scores, seed=0):
    """A tidy DataFrame, one row for each arm, measure and `against`, with 95 % intervals: arm, measure, against, value,
    low, high and error (the standard error).

    scores: {arm: (S, n)} probabilities by training seed for the test images of classes y (n,) and groups (n,); all arms
    share the seeds, and the two of BASELINES must be among them.
    against "": the measure itself; "real alone" or "copies": the arm's difference from that one.
    Intervals are percentiles over resamples of whole test groups and of training seeds, both with replacement and the
    same ones for every arm (Efron & Tibshirani 1993), so that differences are paired. Of S seeds S − 1 are drawn: the
    mean of S draws would have (S − 1)/S of the variance that it should have (Rao & Wu 1988).
    """
    rng = np.random.default_rng(seed)
    names, group = np.unique(groups, return_inverse=True)
    drawn = rng.multinomial(
        len(names), np.full(len(names), 1 / len(names)), RESAMPLES
    )[:, group]
    drawn = drawn[(drawn[:, y == 1].sum(1) > 0) & (drawn[:, y == 0].sum(1) > 0)]
    # The first is the sample itself.
    drawn = np.concatenate([np.ones((1, len(y))), drawn])
    n_seeds = len(next(iter(scores.values())))
    n_drawn = max(n_seeds - 1, 1)
    of_seed = (
        rng.multinomial(n_drawn, np.full(n_seeds, 1 / n_seeds), len(drawn))
        / n_drawn
    )
    of_seed[0] = 1 / n_seeds
    found = {}
    for arm, p in scores.items():
        by_seed = [measures(y, of_one, drawn) for of_one in p]
        found[arm] = {
            name: sum(of_seed[:, s] * m[name] for s, m in enumerate(by_seed))
            for name in by_seed[0]
        }
    rows = []
    for arm, measured in found.items():
        others = () if arm == "real alone" else [b for b in BASELINES if b != arm]
        for name, values in measured.items():
            for against in ("", *others):
                difference = values - found[against][name] if against else values
                rows.append([arm, name, against, *_summary(difference)])
    return pd.DataFrame(
        rows, columns=["arm", "measure", "against", "value", "low", "high", "error"]
    )


def _summary(values):
    """The sample's value, and the 95 % percentile interval and standard error of its resamples."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return values[0], low, high, values[1:].std()


# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def augmented(images, seed=0):
    """(N, S, S, 1) mirrored or not, turned ≤ 10°, zoomed and shifted ≤ 10 %, gain ±15 %."""
    rng, size = np.random.default_rng(seed), images.shape[1]
    found = np.empty_like(images)
    for image, out in zip(images[..., 0], found, strict=True):
        angle = np.radians(rng.uniform(-10, 10))
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, -sin], [sin, cos]]) / rng.uniform(0.9, 1.1)
        if rng.random() < 0.5:
            image = image[:, ::-1]
        centre = np.full(2, (size - 1) / 2)
        offset = centre - turn @ centre + rng.uniform(-0.1, 0.1, 2) * size
        moved = ndimage.affine_transform(
            image.astype(float), turn, offset, order=1, mode="reflect"
        )
        out[..., 0] = np.clip(np.rint(moved * rng.uniform(0.85, 1.15)), 0, 255)
    return found


def probe(x, y, weights, x_test, seed=0):
    """Logistic regression on standardised features (N, D), C = 0.01; nothing in it is random."""
    classifier = LogisticRegression(C=0.01, max_iter=1000)
    model = make_pipeline(StandardScaler(), classifier)
    model.fit(x, y, logisticregression__sample_weight=weights)
    return model.predict_proba(x_test)[:, 1]


def network(updates, batch_size=32):
    """A classifier of images from scratch: as many updates in every arm, whatever its size."""
    import keras

    conv = partial(keras.layers.Conv2D, kernel_size=3, strides=2, padding="same")

    def classify(x, y, weights, x_test, seed=0):
        starts = iter(range(5 * seed, 5 * seed + 5))
        layers = [keras.Input(x.shape[1:]), keras.layers.Rescaling(1 / 127.5, -1)]
        for width in (16, 32, 64, 64):
            start = keras.initializers.HeNormal(seed=next(starts))
            layers.append(conv(width, activation="relu", kernel_initializer=start))
        start = keras.initializers.GlorotUniform(seed=next(starts))
        layers.append(keras.layers.GlobalAveragePooling2D())
        layers.append(keras.layers.Dense(1, "sigmoid", kernel_initializer=start))
        model, rng = keras.Sequential(layers), np.random.default_rng(seed)
        model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
        for _ in range(updates):
            at = rng.choice(len(x), min(batch_size, len(x)), replace=False)
            images, labels = x[at].astype("float32"), y[at].astype("float32")
            model.train_on_batch(images, labels, sample_weight=weights[at])
        parts = [
            model(x_test[i : i + 256].astype("float32"))
            for i in range(0, len(x_test), 256)
        ]
        scores = [keras.ops.convert_to_numpy(part)[:, 0] for part in parts]
        return np.concatenate(scores).astype(float)

    return classify


cache = runs_root() / "features"
trainers = {"probe": probe, "cnn": network(int(updates))}
chosen = [name.strip() for name in classifiers.split(",")]
negatives, rows, copies = train[y[train] == 0], [], []
for share, positives in scans.items():
    moved = [augmented(real[positives], k) for k in range(2)]
    added = {"classic augmentation": np.concatenate(moved), **made[share]}
    pool = np.concatenate([real, *added.values()])
    ends = np.cumsum([len(real), *map(len, added.values())])
    where = dict(zip(added, map(np.arange, ends, ends[1:]), strict=False))
    more = {"classic augmentation": where.pop("classic augmentation")}
    if share == "a quarter":
        more["twice the real scans"] = further[: len(positives)]
    features = metrics.features(pool, cache=cache)
    for name in chosen:
        x, scores = features if name == "probe" else pool, {}
        for k in range(int(seeds)):
            of_arm = arms(positives, negatives, more, where, k)
            for arm, (index, labels, weights) in of_arm.items():
                p = trainers[name](x[index], labels, weights, x[test], k)
                scores.setdefault(arm, []).append(p)
        compared = compare(y[test], groups[test], scores, seed)
        rows += compared.assign(classifier=name, training=share).to_dict("records")
    for name, index in where.items():
        verdict = memorisation(features[positives], features[index]).verdict
        copies.append({"training": share, "generator": name, "verdict": verdict})

# %% [markdown]
# ## What a naive split would have said

# %%
x, splits = metrics.features(real, cache=cache), []
for k in range(10):
    for how, by in {"by image": np.arange(len(y)), "by group": groups}.items():
        out, *others = folds(y, by, 3, k)
        into = np.concatenate(others)
        p = probe(x[into], y[into], np.ones(len(into)), x[out])
        splits.append({"split": how, "AUC": measures(y[out], p)["AUC"].item()})

# %% tags=["hide-input"]
found = {
    "data": data_name(data) if data != "phantom" else data,
    "image_size": image_size,
    "n_train": len(train),
    "n_test": len(test),
    "seeds": int(seeds),
    "seeds_drawn": max(int(seeds) - 1, 1),
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
show(found, ("H4", "H5"), first=4)
