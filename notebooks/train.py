# %% [markdown]
# # Train
#
# One run: a generator and a critic, one adversarial loss, one weight λ. On two CPU cores the quick profile takes
# about a minute. The result is a run directory, from which every table and figure of the report is made.

# %% tags=["parameters"]
profile = "quick"  # "quick": 64×64, a minute on two cores; "paper": the printed protocol, needs a GPU
loss = "wgan-gp"  # "wgan-gp" or "bce"
lam = 5.0  # λ: weight of the gradient penalty (WGAN-GP only) and of the perceptual term
lam_gp = None  # a number weighs the penalty alone; None: lam
lam_perceptual = None  # a number weighs the perceptual term alone; None: lam
data = "phantom"  # "phantom": simulated scans; "busi": download; or the path of a BUSI folder
label = "malignant"  # "malignant" or "benign"
image_size = None  # 32, 64, 128, 256 or 512; here and below, None means the profile's value
epochs = None  # passes over the data, by the critic
batch_size = None
n_critic = None  # critic updates per generator update
learning_rate = None  # Adam's, before its decay
backbone = None  # "imagenet", "random" or the path of VGG19 weights
seed = 0  # of the initial weights, the minibatches' order, z and ε
run_id = None  # name of the run's folder; None: made of the parameters

# %% [markdown]
# The parameters become one frozen `Config`; an unknown name or an impossible value is refused here.

# %%
from pathlib import Path

import pandas as pd

from dgan_core import Config

config = Config.from_notebook(globals())
pd.Series(config.model_dump() | {"data": Path(config.data).name}, name="value").to_frame()

# %% tags=["remove-stderr"]
from dgan_core import fit

run = fit(config)

# %% [markdown]
# ## Losses
#
# What each means is told in the chapter on losses. Under WGAN-GP the score gap D(real) − D(fake) estimates the
# Wasserstein distance and should shrink; under BCE it is a difference of logits.

# %%
# %config InlineBackend.figure_formats = ["svg"]
import matplotlib.pyplot as plt

log = pd.DataFrame(run.log())
figure, axes = plt.subplots(1, 4, figsize=(12, 2.6), layout="constrained")
log.plot(
    x="epoch",
    y=["critic_loss", "adversarial", "perceptual", "wasserstein"],
    title=["critic", "generator, adversarial", "perceptual distance", "score gap D(real) − D(fake)"],
    subplots=True,
    ax=axes,
    legend=False,
    color="#0072B2",
    linewidth=1,
)
plt.show()

# %% [markdown]
# ## Samples
#
# Left, images of the training data; right, images generated after the last epoch from the same z in every run.

# %%
# %config InlineBackend.figure_formats = ["png"]
from PIL import Image

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5.2), layout="constrained")
left.imshow(Image.open(run.path / "samples" / "real.png"), cmap="gray", vmin=0, vmax=255)
left.set(title="real", xticks=[], yticks=[])
right.imshow(Image.open(run.path / "samples" / f"epoch-{config.epochs:04d}.png"), cmap="gray", vmin=0, vmax=255)
right.set(title="generated", xticks=[], yticks=[])
plt.show()

# %%
path = run.path.relative_to(Path.cwd()) if run.path.is_relative_to(Path.cwd()) else run.path
print(f"{len(log)} generator updates in {log.seconds.iloc[-1]:.0f} s; the run lies in {path}")
