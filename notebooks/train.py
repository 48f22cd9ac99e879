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

from dgan_core import Config

config = Config.from_notebook(globals())
pd.Series(config.model_dump() | {"data": Path(config.data).name}, name="value").to_frame()

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
# %config InlineBackend.figure_formats = ["svg"]
import matplotlib.pyplot as plt

log = pd.DataFrame(run.log())
measured = log.columns.drop(["step", "epoch", "seconds", "images"], errors="ignore")
figure, axes = plt.subplots(
    -(-len(measured) // 4), 4, figsize=(12, 2.6 * -(-len(measured) // 4)), layout="constrained", squeeze=False
)
for (_, column), axis in zip(log[measured].items(), axes.flat, strict=False):
    axis.plot(log.epoch, column, "." if column.isna().any() else "-", color="#0072B2", linewidth=1, markersize=3)
    axis.set(title=column.name.replace("_", " "), xlabel="epoch")
for axis in axes.flat[len(measured) :]:
    axis.set_axis_off()
plt.show()

# %% [markdown]
# ## Samples
#
# Left, images of the training data; right, images generated after the last epoch, from the same z in every run of a
# model.

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
print(
    f"{len(log)} generator updates, {len(log) * config.n_critic * config.batch_size:,} images shown to the critic, "
    f"in {log.seconds.iloc[-1]:.0f} s; the run lies in {path}"
)
