# %% [markdown]
# # Copies of the training images?
#
# A generator that replays its training set gets a very good Fréchet and kernel distance. This page tests one run for
# such copies. It is a run of your own copy, which this build trained; for the kept runs on real scans,
# [Table 4](tables.ipynb#table-4-beyond-the-paper) has the answer. For two folders of your own, the option `--copies
# sheet.png` of [`dgan metrics`](../book/own-images.md) draws the nearest pairs.
#
# Do generated images lie closer to single training images than new real images would ([how it
# works](../book/metrics.md))? Two controls say whether the test can be trusted: a replayed training set must fail, and
# real images that were never trained on must pass.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # "phantom", "busi" or a folder: what the run was trained on
model = "dgan"  # "dgan", "stylegan2" or "stylegan3"
loss = "wgan-gp"  # "bce" or another loss that was run; a StyleGAN ignores it
lam = 5.0  # one of the λ that were run
extractor = None  # such as "efficientnet-lite0" or "inception"; None: the run's

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
found = report.collect(runs, profile, data)
name = report.label(model, loss, float(lam))
run = found.of(name).get(name)
finished = run is not None and run.finished
NOT_RUN = Markdown("not run: no finished run of this model, loss and λ was found")
display(report.banner(found) if finished else NOT_RUN)

# %% [markdown]
# ## The test
#
# For phantoms we hold out images drawn with another seed. All real scans are used for training, so in the second
# control one half of them stands for the training images and the other half for new ones.

# %% tags=["hide-input"]
from dgan_core import generate, metrics
from dgan_core.data import load
from dgan_core.metrics.memorisation import CLOSE, memorisation


def controls(real, real_features, config, extract):
    """(training features, held-out features): other phantoms, or two halves of the scans."""
    if config.data == "phantom":
        return real_features, extract(
            load(config.model_copy(update={"seed_data": config.seed_data + 1}))
        )
    order = np.random.default_rng(0).permutation(len(real))
    return real_features[order[::2]], real_features[order[1::2]]


if not finished:
    display(NOT_RUN)
else:
    config = run.config
    cache = run.path.parent.parent / "features"

    def extract(images):
        return metrics.features(images, extractor or config.extractor, cache=cache)

    real = load(config)
    fake = generate(run, len(real))
    real_features = extract(real)
    train, held_out = controls(real, real_features, config, extract)
    # As a copier would draw them.
    replayed = np.random.default_rng(0).integers(0, len(real), len(real))
    tested = {
        f"generated, {name}": memorisation(real_features, extract(fake)),
        "replayed training images": memorisation(
            real_features, real_features[replayed]
        ),
        "held-out real images": memorisation(train, held_out),
    }
    table = {
        name: {
            "images": len(result.distance),
            "count as copies, %": f"{100 * result.share:.1f}",
            "real ones that do, %": f"{100 * result.real_share:.1f}",
            "p": f"{result.p_value:.3f}",
            "verdict": "memorised" if result.memorised else "no sign of it",
        }
        for name, result in tested.items()
    }
    generated, copier, new = tested.values()
    trusted = (
        "as they must"
        if copier.memorised and not new.memorised
        else "not both as they must: distrust the first row"
    )
    caption = (
        f"Table M1. Generated images: {generated.verdict}. The two controls come out {trusted}: the replayed set "
        f"{'fails' if copier.memorised else 'passes'}, new real images {'fail' if new.memorised else 'pass'}. An image "
        f"counts as a copy if two things hold: its nearest training image is closer than {CLOSE:.2f} times the usual "
        "distance from a real image to its nearest unlike ones, and one to four training images are much closer than "
        f"the next (less than {CLOSE:.2f} times its distance)."
    )
    display(report.show(pd.DataFrame(table).T, caption, report.badge(found, name)))

# %% [markdown]
# ## Distances

# %% tags=["hide-input"]
if not finished:
    display(NOT_RUN)
else:
    usual = np.median(generated.real_distance)
    curves = {
        "training images, to the others": (
            generated.real_distance,
            OKABE_ITO["real"],
            "-",
        ),
        "held-out real images": (new.distance, OKABE_ITO["stylegan2"], "-."),
        "generated": (generated.distance, OKABE_ITO["wgan-gp"], "--"),
    }
    figure, axis = plt.subplots(figsize=(6.5, 3.4))
    for name, (distance, colour, line) in curves.items():
        x = np.sort(distance) / usual
        axis.step(
            x,
            100 * np.arange(1, len(x) + 1) / len(x),
            line,
            where="post",
            color=colour,
            label=name,
        )
    axis.axvline(CLOSE, color=OKABE_ITO["floor"], linestyle=":")
    axis.set_xlabel("distance to the nearest training image, of the usual distance")
    axis.set_ylabel("images at most so far away, %")
    axis.set_xlim(0, None)
    axis.legend(fontsize=8)
    far = np.median(generated.distance) / usual
    caption = (
        f"Figure M1. The median generated image lies at {far:.2f}: "
        + (
            "farther from the training images than these are from one another. "
            if far > 1
            else "nearer to the training images than these are to one another. "
        )
        + "Distance to the nearest training image; 1 is the median between real images, and left of the dotted line an "
        "image may count as a copy."
    )
    alt = "Three rising step curves, the share of images within a distance of the nearest training image."
    display(report.picture(figure, caption, alt))

# %% [markdown]
# ## The closest pairs

# %% tags=["hide-input"]
if not finished:
    display(NOT_RUN)
else:
    closest = generated.distance.argsort()[:8]
    figure, axes = plt.subplots(2, len(closest), figsize=(9, 2.9))
    for column, j in zip(axes.T, closest, strict=True):
        for axis, image in zip(
            column, (fake[j], real[generated.nearest[j]]), strict=True
        ):
            axis.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
        column[0].set_title(f"{generated.distance[j] / usual:.2f}", fontsize=9)
    axes[0, 0].set_ylabel("generated")
    axes[1, 0].set_ylabel("nearest real")
    caption = (
        f"Figure M2. The closest pair lies {generated.distance.min() / usual:.2f} apart, where 1 is usual between real "
        f"images and 0 an exact copy. The {len(closest)} generated images with the smallest distance, written above "
        "each, over the training images nearest to them."
    )
    alt = "Two rows of ultrasound images: generated ones, and below each the training image nearest to it."
    display(report.picture(figure, caption, alt))
