# %% [markdown]
# # Train
#
# This page trains one run: a generator and a critic. For the DGAN, the paper's network, you choose an adversarial loss,
# a penalty and a weight λ; a StyleGAN has its authors' settings. On two CPU cores the quick profile takes about a
# minute. The result is a run directory, from which the tables and figures of this book are made.

# %% tags=["parameters"]
profile = "quick"  # "quick": 64×64, a minute; "paper": as printed, for a GPU
model = "dgan"  # "dgan", "stylegan2" or "stylegan3"
loss = "wgan-gp"  # or "bce", "hinge", …: a name in losses.OBJECTIVES; DGAN only
penalty = None  # "gp", "r1", "r1-r2", "clip" or "none"; None: the loss's usual one,
# which is "gp" for "wgan-gp" and "none" for all others
lam = 5.0  # λ: weight of the penalty and of the perceptual term
lam_penalty = None  # a number weighs the penalty alone; None: lam
lam_perceptual = None  # a number weighs the perceptual term alone; None: lam
variant = "t"  # of StyleGAN3: equivariant to translation, or "r": rotation too
data = "phantom"  # "phantom": simulated; "busi": download; or a folder's path
label = "malignant"  # "malignant" or "benign"
image_size = None  # 32, 64, 128, 256 or 512; here and below None: the profile's
epochs = None  # passes over the data, by the critic
batch_size = None
n_critic = None  # critic updates per generator update
learning_rate = None  # Adam's, of the generator, before its decay
precision = None  # "float32" or "bfloat16", of the DGAN's activations
backbone = None  # "imagenet", "random" or the path of VGG19 weights
seed = 0  # of the initial weights, the minibatches' order, z and ε
run_id = None  # name of the run's folder; None: made of the parameters
stop_after = None  # such as "25min": stop then, resume when run again
retrain = False  # True: train a run again that other code made

# %% [markdown]
# The parameters become one frozen `Config`. An unknown name or an impossible value is refused here.

# %%
from pathlib import Path

import pandas as pd

import dgan_report as report
from dgan_core import Config

config = Config.from_notebook(globals(), besides=("stop_after", "retrain"))
shown = config.model_dump() | {"data": Path(config.data).name}
report.show(
    pd.Series(shown, name="value").to_frame(),
    "Table T1. Every parameter of the run, including those that the profile sets.",
)

# %% [markdown]
# ## What is minimised, and the step
#
# The code that this run uses, as it stands in the package: the two functions of its loss, its penalty, and one update
# of the critic and of the generator. The [losses chapter](../book/losses.md) gives the equations, the [training
# chapter](../book/training.md#one-step) the order of the updates, and [Lesson 0](lesson_gan.ipynb) writes it all out
# for points in the plane.

# %%
import inspect

from IPython.display import Markdown

from dgan_core import losses
from dgan_core.training import step
from dgan_stylegan import steps as stylegan_steps


def code(*functions):
    """The source of functions, as a page shows it."""
    source = "\n\n".join(map(inspect.getsource, functions))
    return Markdown(f"```python\n{source}```")


if config.model == "dgan":
    objective = losses.OBJECTIVES[config.loss]
    bound = losses.PENALTIES[config.penalty]
    chosen = [objective.critic, objective.generator, bound.term]
    chosen += [] if bound.project is list else [bound.project]
else:
    chosen = [losses.bce_critic, losses.bce_generator, losses.r1]
code(*chosen)

# %%
if config.model == "dgan":
    algorithm = (step.critic_step, step.generator_step)
else:
    algorithm = (stylegan_steps.make_steps,)
code(*algorithm)

# %% [markdown]
# ## Training

# %% tags=["remove-stderr"]
from dgan_core import fit

run = fit(config, stop_after, retrain)

# %% [markdown]
# ## Losses
#
# The figure shows everything that the updates measured. The [losses chapter](../book/losses.md) explains the names, and
# for the StyleGANs the [training chapter](../book/training.md#training-the-stylegans). `score_gap` is D(real) −
# D(fake): under WGAN-GP it estimates the Wasserstein distance times a factor, the critic's slope, which depends on λ
# and changes with the distance; it should shrink during training. Under BCE it is a difference of logits. Where a panel
# shows points, the quantity was measured only every few updates.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

from dgan_report.style import OKABE_ITO, use_style

use_style()
log = pd.DataFrame(run.log())
measured = log.drop(
    columns=["step", "seconds", "images"], errors="ignore"
).set_index("epoch")
family = config.loss if config.model == "dgan" else config.model
look = {"color": OKABE_ITO.get(family, OKABE_ITO["real"]), "lw": 1, "ms": 3}
rows = -(-measured.shape[1] // 3)
figure, axes = plt.subplots(rows, 3, figsize=(9, 2.3 * rows), squeeze=False)
for axis in axes.flat[measured.shape[1] :]:
    axis.set_axis_off()
for (name, column), axis in zip(measured.items(), axes.flat, strict=False):
    axis.plot(column, "." if column.isna().any() else "-", **look)
    axis.set(title=name.replace("_", " "), xlabel="epoch")
first, last = map(report.short, log.critic_loss.iloc[[0, -1]])
report.picture(
    figure,
    f"Figure T1. The critic's loss goes from {first} to {last} in {config.epochs} epochs.",
    alt="A panel for each measured quantity: its value against the epoch.",
)

# %% [markdown]
# ## Samples
#
# On the left are training images, on the right images that the last snapshot of the generator draws. All runs of a
# model with the same seed draw from the same random vectors z.

# %% tags=["hide-input"]
from PIL import Image

epoch = run.epochs_with_samples()[-1]
pictures = {"real": "real", "generated": f"epoch-{epoch:04d}"}
figure, axes = plt.subplots(1, 2, figsize=(9, 4.8))
for axis, (title, name) in zip(axes, pictures.items(), strict=True):
    tiles = Image.open(run.path / "samples" / f"{name}.png")
    axis.imshow(tiles, cmap="gray", vmin=0, vmax=255)
    axis.set(title=title, xticks=[], yticks=[])
report.picture(
    figure,
    f"Figure T2. Images of the training data, and images generated after {epoch} epochs; none was selected.",
    alt="Two square grids of ultrasound images: real ones on the left, generated ones on the right.",
)

# %%
here = Path.cwd()
path = run.path.relative_to(here) if run.path.is_relative_to(here) else run.path
images = len(log) * config.n_critic * config.batch_size
print(
    f"{len(log)} generator updates, {images:,} images shown to the critic, in {log.seconds.iloc[-1]:.0f} s; the run "
    f"lies in {path}{'' if run.finished else ', not finished yet'}"
)
