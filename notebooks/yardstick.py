# %% [markdown]
# # Can the yardstick see?
#
# A distance between real and generated images is a yardstick for generators. It is only as good as the features that it
# compares, so this page tests several extractors, the networks or methods that turn an image into features. A good
# distance passes two tests:
#
# 1. On real images that we damage ourselves, it rises with the dose of the damage.
# 2. On snapshots of a generator in training, it ranks as the eye does: noise lies farthest from the real images, the
#    first shapes lie nearer, and the final images lie nearest of the three.
#
# Both tests look at one number for each step. Chance moves these numbers, so a step smaller than their own error is
# noise: passing by such a step means little, and so does failing by one.
#
# For a network's features we take the kernel distance (KID, if the network is Inception): on average it doesn't depend
# on the number of images. For radiomics, statistics of texture, we take the Fréchet distance, as their authors do: a
# few extreme features would dominate the cubic kernel. Both are *squared* distances (MMD² and W₂²): twice as far apart
# gives four times the number. Features of different extractors have different units. So each number is divided by one
# that is easy to picture: **1 is the squared distance of benign scans from malignant ones**.

# %% tags=["parameters", "hide-input"]
data = "phantom"  # "phantom", "busi" or a BUSI folder
image_size = 64  # side in pixels
n = 24  # images of a half: one half stays as it is, the other is damaged
extractors = (
    "efficientnet-lite0, random-vgg16"  # by commas; "radiomics" takes longest
)
run_paths = (
    ""  # finished runs whose snapshots are measured too, by commas; empty: none
)
keep = (
    ""  # a JSON file for the numbers, such as results/yardstick.json; empty: none
)
results = "results"  # folder of yardstick.json, in the project or absolute
seed = 0  # of the halves and of the damage

# %% tags=["hide-input"]
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import Markdown
from scipy import ndimage

import dgan_report as report
from dgan_core import Config, metrics
from dgan_core.data import load
from dgan_core.io.environment import environment
from dgan_core.io.files import write_json
from dgan_core.metrics.intervals import wilson
from dgan_core.runs import runs_root
from dgan_report.benchmark import read_results
from dgan_report.page import short

report.use_style()
kept = read_results(results, "yardstick.json")
names = [name.strip() for name in extractors.split(",") if name.strip()]
n, seed = int(n), int(seed)


def images(label):
    """All images of a class, in random order."""
    config = Config(
        data=data,
        label=label,
        image_size=image_size,
        n_phantoms=2 * n,
        seed_data=seed,
    )
    found = load(config)
    return found[np.random.default_rng(seed).permutation(len(found))]


malignant, benign = images("malignant"), images("benign")
if min(len(malignant) // 2, len(benign)) < n:
    raise ValueError(f"n must be at most {min(len(malignant) // 2, len(benign))}")
whole, other = malignant[:n], malignant[n : 2 * n]  # no image is in both


def rising(rows):
    """{extractor: at how many kinds of damage its distance rises with every step of the dose}."""
    return {
        name: sum(
            found.sort_values("dose")["distance"].is_monotonic_increasing
            for _, found in of.groupby("damage")
        )
        for name, of in rows.groupby("extractor", sort=False)
    }


def ranking(snapshots):
    """{extractor: for how many runs noise lies farthest, then the first shapes, and the last images nearest}."""
    found = {}
    for (name, _), of in snapshots.groupby(["extractor", "run"], sort=False):
        noise, first, last = of.sort_values("epoch")["distance"].iloc[[0, 1, -1]]
        found[name] = found.get(name, 0) + int(noise > first > last)
    return found


def benign_distance(rows):
    """The unit: what all images replaced by benign ones score."""
    full = rows[(rows["damage"] == "replace") & (rows["dose"] == 1)]
    return full.set_index("extractor")["distance"]


def in_units(table, unit):
    """Squared distances over that of benign from malignant scans, for each extractor."""
    return table.assign(distance=table["distance"] / table["extractor"].map(unit))


def by_chance(rows):
    """What two undamaged halves of the real images score, in the unit: steps of this size are noise."""
    rows = in_units(rows, benign_distance(rows))
    still = rows[rows["dose"] == 0].drop_duplicates("extractor")
    told = [f"{r.extractor} {short(r.distance, 2)}" for r in still.itertuples()]
    return (
        "Both tests look at point estimates, and steps as small as what two undamaged halves of the real images score "
        f"are noise: {', '.join(told)} of the unit."
    )


def contrast(rows, snapshots, n):
    """The snapshot whose coverage two extractors see most differently; "" if chance could make it of so many."""
    trained = snapshots[snapshots["epoch"] > 0]
    seen = trained.pivot_table("coverage", ["run", "epoch"], "extractor")
    run, epoch = (seen.max(axis=1) - seen.min(axis=1)).idxmax()
    of = trained[(trained["run"] == run) & (trained["epoch"] == epoch)]
    of = of.sort_values("coverage").set_index("extractor")
    level = 1 - 0.05 / len(trained)
    reach = [
        wilson(share, n, level=level) for share in of["coverage"].iloc[[0, -1]]
    ]
    if reach[1][0] <= reach[0][1]:
        return ""
    low, high = [
        f"{name} sees a distance of {short(row['distance'], 2)} units and a coverage of {row['coverage']:.2f} "
        f"({100 * level:.1f} % interval {ends[0]:.2f} to {ends[1]:.2f})"
        for (name, row), ends in zip(
            of.iloc[[0, -1]].iterrows(), reach, strict=True
        )
    ]
    halves = rows[rows["dose"] == 0].set_index("extractor")["coverage"]
    return (
        f" The largest contrast is beyond chance: at epoch {epoch} of {run} {high}, while {low}. Of two halves of the "
        f"real scans the former sees a coverage of {halves[of.index[-1]].max():.2f}, the latter of "
        f"{halves[of.index[0]].max():.2f}."
    )


def answer(kept):
    """Which extractors pass both tests on real scans, and what is beyond chance."""
    rows, snapshots = (pd.DataFrame(kept[part]) for part in ("rows", "snapshots"))
    doses, kinds = rising(rows), rows["damage"].nunique()
    if snapshots.empty:
        return "The second test was not run."
    ranks, runs = ranking(snapshots), snapshots["run"].nunique()
    good = [k for k in doses if (doses[k], ranks.get(k)) == (kinds, runs)]
    told = [
        f"by {k} for {doses[k]} of {kinds} kinds of damage and in {ranks.get(k, 0)} of {runs} runs"
        for k in doses
    ]
    return (
        f"These extractors pass both tests on real scans: {', '.join(good) or 'none'}. The distance rises with every "
        f"dose, and falls in training, {'; '.join(told)}. {by_chance(rows)}"
        + contrast(rows, in_units(snapshots, benign_distance(rows)), kept["n"])
    )


Markdown(
    f"**Can it see?** {answer(kept)}"
    if kept
    else "not run: there is no `yardstick.json` in the results"
)

# %% [markdown]
# ## Six kinds of damage
#
# Each damage is a short function of the images and a dose from 0 to 1. At dose 0 nothing happens, and the distance is
# that between two halves of the real images.


# %%
def blur(x, dose, rng):
    """A Gaussian of up to 3 pixels: loses the speckle and the edges."""
    return ndimage.gaussian_filter(x, (0, 3 * dose, 3 * dose, 0))


def noise(x, dose, rng):
    """White noise of up to 40 grey levels."""
    return x + 40 * dose * rng.standard_normal(x.shape)


def shuffle(x, dose, rng):
    """Patches of an eighth of the side exchange their places: the texture stays, the anatomy goes."""
    side = x.shape[1] // 8
    grid = (
        x.reshape(len(x), 8, side, 8, side)
        .swapaxes(2, 3)
        .reshape(len(x), 64, side, side)
    )
    for patches in grid:
        moved = rng.permutation(64)[: round(64 * dose)]
        patches[moved] = patches[rng.permutation(moved)]
    return grid.reshape(len(x), 8, 8, side, side).swapaxes(2, 3).reshape(x.shape)


def phases(x, dose, rng):
    """Fourier phases are mixed with those of white noise: every frequency keeps its strength, shapes dissolve."""
    turn = np.angle(np.fft.fft2(rng.standard_normal(x.shape), axes=(1, 2)))
    turn[:, 0, 0] = 0  # the mean stays: half of these would be turned about
    return np.fft.ifft2(
        np.fft.fft2(x, axes=(1, 2)) * np.exp(1j * dose * turn), axes=(1, 2)
    ).real


def repeat(x, dose, rng):
    """Fewer and fewer different images, down to ten (or four): what a collapsed generator draws."""
    left = max(round(len(x) * (1 - dose)), min(10, len(x) // 6))
    return x[np.arange(len(x)) % left]


def replace(x, dose, rng):
    """Benign images take the place of malignant ones."""
    return np.concatenate(
        [benign[: round(len(x) * dose)], x[round(len(x) * dose) :]]
    )


DAMAGES = [blur, noise, shuffle, phases, repeat, replace]
DOSES = [0, 0.25, 0.5, 1]


def damaged(damage, dose):
    """The other half of the malignant images after the damage, rounded to 8 bits as a generator's images are."""
    x = damage(other.astype(float), dose, np.random.default_rng(seed))
    return x.round().clip(0, 255).astype(np.uint8)


# %% tags=["hide-input"]
figure, axes = plt.subplots(len(DAMAGES), len(DOSES), figsize=(6.4, 9.2))
for damage, row in zip(DAMAGES, axes, strict=True):
    for dose, axis in zip(DOSES, row, strict=True):
        # Of repeated images the last one shows the damage best, of replaced ones the first.
        shown = damaged(damage, dose)[-1 if damage is repeat else 0, ..., 0]
        axis.imshow(shown, "gray", vmin=0, vmax=255)
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
    row[0].set_ylabel(damage.__name__)
for dose, axis in zip(DOSES, axes[0], strict=True):
    axis.set_title(f"dose {dose:g}")
change = {
    damage.__name__: np.abs(damaged(damage, 1).astype(float) - other).mean()
    for damage in (blur, noise, shuffle, phases)  # the others change no image
}
least, most = min(change, key=change.get), max(change, key=change.get)
report.picture(
    figure,
    f"Figure Y1. Of the {len(change)} kinds of damage that change images, {least} changes a pixel least at dose 1, by "
    f"{change[least]:.0f} of 255 grey levels on average, and {most} most, by {change[most]:.0f}. Repeat and replace "
    "leave every image real. The dose grows from left to right.",
    alt="A row of four images for each kind of damage; the damage grows from left to right.",
)

# %% [markdown]
# ## Does the distance rise with the dose?

# %%
cache = runs_root() / "features"
whole_features = {
    name: metrics.features(whole, name, cache=cache) for name in names
}


def distance(x, name):
    """The distance of images from the half that stayed as it is, and how much of that half they cover."""
    kind = report.distance_of(name)
    numbers = metrics.evaluate_features(
        whole_features[name],
        metrics.features(x, name, cache=cache),
        name,
        [kind, "coverage"],
        intervals=False,
        floor=False,
        seed=seed,
    )
    numbers = {metrics.canonical(k): v for k, v in numbers.items()}
    return {"distance": numbers[kind], "coverage": numbers["coverage"]}


rows = pd.DataFrame(
    {
        "extractor": name,
        "damage": damage.__name__,
        "dose": dose,
        **distance(x, name),
    }
    for damage in DAMAGES
    for dose in DOSES
    for x in [damaged(damage, dose)]
    for name in names
)


# %% tags=["hide-input"]
def on_one_axis(grid):
    """Linear up to 1, that of benign scans, and logarithmic beyond it; the key below the panels."""
    grid.set_titles("{col_name}").set(ylabel="squared distance, benign = 1")
    for axis in grid.axes.flat:
        axis.set_yscale("symlog", linthresh=1)
        axis.yaxis.get_major_locator().set_params(numticks=7)
        axis.minorticks_off()
        axis.autoscale()
        axis.axhline(1, color="#777777", ls=":")
    sns.move_legend(grid, "outside lower center", ncols=3, title="")
    return grid.figure


def draw_doses(rows, number, what):
    """A panel for each damage, a line for each extractor, and how many of the damages each sees."""
    table = in_units(rows, benign_distance(rows))
    grid = sns.relplot(
        table,
        x="dose",
        y="distance",
        hue="extractor",
        style="extractor",
        col="damage",
        col_wrap=3,
        kind="line",
        markers=True,
        palette="colorblind",
        height=2.1,
        aspect=1.3,
        facet_kws={"legend_out": False},
    )
    told = ", ".join(f"{name} {count}" for name, count in rising(table).items())
    return report.picture(
        on_one_axis(grid),
        f"Figure {number}. How many of {table['damage'].nunique()} kinds of damage to {what} raise the squared "
        f"distance at every step of the dose: {told}. More is better. The dotted line is benign scans, 1.",
        alt="A panel for each kind of damage: the distance against the dose, a line for each extractor.",
    )


draw_doses(rows, "Y2", "simulated scans" if data == "phantom" else "real scans")

# %% [markdown]
# ## On a generator's snapshots
#
# Damaged images are still made from real ones. A generator makes other mistakes: it draws whatever its critic accepts.
# So we also measure the images that runs drew while they trained, from noise to the last epoch.

# %% tags=["hide-input"]
snapshots = pd.DataFrame()
if run_paths:
    from dgan_core import generate
    from dgan_core.runs import Run
    from dgan_core.training.schedule import snapshot_epochs

    found = [Run.open(path.strip()) for path in run_paths.split(",")]
    snapshots = pd.DataFrame(
        {
            "extractor": name,
            "run": report.label(run.config.model, run.config.loss, run.config.lam),
            "epoch": epoch,
            **distance(x, name),
        }
        for run in found
        for epoch in snapshot_epochs(run.config)
        for x in [generate(run, n, epoch)]
        for name in names
    )
if keep:
    content = {
        "rows": rows.to_dict("records"),
        "snapshots": snapshots.to_dict("records"),
    }
    about = {
        "image_size": int(image_size),
        "n": n,
        "seed": seed,
        "environment": environment(),
    }
    write_json(Path(keep), about | content)

# %% [markdown]
# ## On real scans
#
# Here are the same two tests on BUSI's malignant scans and on the runs kept with the book, measured once. No scan is
# shown.

# %% tags=["hide-input"]
if kept:
    kept_rows, kept_snapshots = (
        pd.DataFrame(kept[part]) for part in ("rows", "snapshots")
    )
    shown = draw_doses(kept_rows, "Y3", f"real scans ({kept['n']} a side)")
else:
    shown = "not run"
shown

# %% tags=["hide-input"]
if kept and len(kept_snapshots):
    table = in_units(kept_snapshots, benign_distance(kept_rows))
    grid = sns.relplot(
        table,
        x="epoch",
        y="distance",
        hue="run",
        style="run",
        col="extractor",
        kind="line",
        markers=True,
        palette="colorblind",
        height=2.7,
        facet_kws={"legend_out": False},
    )
    last = table[table["epoch"] == table["epoch"].max()]
    told = [
        f"{name}: {', '.join(f'{r.run} {short(r.distance, 2)}' for r in of.sort_values('distance').itertuples())}"
        for name, of in last.groupby("extractor", sort=False)
    ]
    shown = report.picture(
        on_one_axis(grid),
        f"Figure Y4. Nearest first at the end of training, by each extractor: {'; '.join(told)}. Each line is a run "
        f"from noise to its last epoch. The unit, a squared distance, is estimated from {kept['n']} scans a side here "
        "and from more in the tables, and varies by chance; so these ratios are not those of the tables.",
        alt="A panel for each extractor: the distance of each run's snapshots against the epoch.",
    )
else:
    shown = "not run"
shown

# %% [markdown]
# A contrast far beyond chance, and not a count of steps within noise, is a reason to distrust an extractor. A critic
# made of convolutions can learn to match just the features that a random network has; a generator that follows it then
# looks real to them before it does to the eye. Where two extractors name different winners, look at the images
# before you believe either.
