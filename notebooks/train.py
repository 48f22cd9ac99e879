# %% [markdown]
# # Train
#
# One run: a generator and a critic; for the DGAN one adversarial loss and one weight λ, for a StyleGAN its authors'
# recipe. On two CPU cores the quick profile takes about a minute. The result is a run directory, from which every
# table and figure of the report is made.

# %% tags=["parameters"]
profile = "quick"  # "quick": 64×64, a minute on two cores; "paper": the printed protocol, needs a GPU
model = "dgan"  # "dgan", "stylegan2" or "stylegan3"
loss = "wgan-gp"  # "wgan-gp" or "bce"; this and λ are the DGAN's alone
lam = 5.0  # λ: weight of the gradient penalty (WGAN-GP only) and of the perceptual term
lam_gp = None  # a number weighs the penalty alone; None: lam
lam_perceptual = None  # a number weighs the perceptual term alone; None: lam
variant = "t"  # StyleGAN3 only: "t" (equivariant to translation) or "r" (to rotation too)
data = "phantom"  # "phantom": simulated scans; "busi": download; or the path of a BUSI folder
label = "malignant"  # "malignant" or "benign"
image_size = None  # 32, 64, 128, 256 or 512; here and below, None means the profile's value
epochs = None  # passes over the data, by the critic
batch_size = None
n_critic = None  # critic updates per generator update
learning_rate = None  # Adam's, of the generator, before its decay
backbone = None  # "imagenet", "random" or the path of VGG19 weights
seed = 0  # of the initial weights, the minibatches' order, z and ε
run_id = None  # name of the run's folder; None: made of the parameters

# %% [markdown]
# The parameters become one frozen `Config`; an unknown name or an impossible value is refused here.

# %%
from pathlib import Path

import pandas as pd

from dgan_core import Config, report

config = Config.from_notebook(globals())
parameters = pd.Series(config.model_dump() | {"data": Path(config.data).name}, name="value").to_frame()
report.show(parameters, "Table T1. Every parameter of the run, those left to the profile too.")

# %% tags=["remove-stderr"]
from dgan_core import fit

run = fit(config)

# %% [markdown]
# ## Losses
#
# Everything the steps measured. What each means is told in the chapter on losses, and for the StyleGANs in the one on
# training. Under WGAN-GP the score gap D(real) − D(fake) (`wasserstein`) estimates the Wasserstein distance and should
# shrink; under the others it is a difference of logits. Points: measured every few updates only.

# %%
import matplotlib.pyplot as plt

from dgan_core.report.style import colour, use_style

use_style()
log = pd.DataFrame(run.log())
measured = log.columns.drop(["step", "epoch", "seconds", "images"], errors="ignore")
figure, axes = plt.subplots(-(-len(measured) // 3), 3, figsize=(9, 2.3 * -(-len(measured) // 3)), squeeze=False)
for (_, column), axis in zip(log[measured].items(), axes.flat, strict=False):
    axis.plot(
        log.epoch, column, "." if column.isna().any() else "-", color=colour(config.model, config.loss), lw=1, ms=3
    )
    axis.set(title=column.name.replace("_", " "), xlabel="epoch")
for axis in axes.flat[len(measured) :]:
    axis.set_axis_off()
report.picture(
    figure,
    f"Figure T1. The critic's loss goes from {log.critic_loss.iloc[0]:.3g} to {log.critic_loss.iloc[-1]:.3g} in "
    f"{config.epochs} epochs. Everything that the steps measured.",
    alt="A panel for each measured quantity: its value against the epoch.",
)

# %% [markdown]
# ## Samples
#
# Left, images of the training data; right, images generated after the last epoch, from the same z in every run of a
# model.

# %%
from PIL import Image

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.8))
left.imshow(Image.open(run.path / "samples" / "real.png"), cmap="gray", vmin=0, vmax=255)
left.set(title="real", xticks=[], yticks=[])
right.imshow(Image.open(run.path / "samples" / f"epoch-{config.epochs:04d}.png"), cmap="gray", vmin=0, vmax=255)
right.set(title="generated", xticks=[], yticks=[])
report.picture(
    figure,
    f"Figure T2. Images of the training data, and images generated after {config.epochs} epochs; none was selected.",
    alt="Two square grids of ultrasound images: real ones on the left, generated ones on the right.",
)

# %%
path = run.path.relative_to(Path.cwd()) if run.path.is_relative_to(Path.cwd()) else run.path
print(
    f"{len(log)} generator updates, {len(log) * config.n_critic * config.batch_size:,} images shown to the critic, "
    f"in {log.seconds.iloc[-1]:.0f} s; the run lies in {path}"
)
