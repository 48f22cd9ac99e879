# %% [markdown]
# # Lesson 3: a ring of eight Gaussians
#
# **Claim.** From the same data, networks and random draws, with five critic updates to one of the generator, WGAN-GP
# comes to fill all eight modes; BCE leaves some of them out or nearly empty.
#
# A *mode* is a place where real data cluster. A GAN that leaves modes out makes good samples of too few kinds, and no
# single sample shows it. On eight small Gaussians in a ring the modes can be counted. Everything but the loss is equal
# here, down to each random number: `draws` makes every draw a function of a seed and a step. This is the training that
# the book's images come from, with two small networks in place of the large ones.

# %% tags=["parameters"]
iterations = 240  # of five critic updates and one generator update
every = 10  # iterations from one picture to the next
seed = 0

# %%
import numpy as np

from dgan_core import rng

MODES, RADIUS, STD = 8, 2.0, 0.1
turns = 2 * np.pi * np.arange(MODES) / MODES
centres = RADIUS * np.stack([np.cos(turns), np.sin(turns)], axis=1)


def ring(n):
    """n real points, as images of one pixel and two channels."""
    which = rng.generator(seed, "which mode").integers(MODES, size=n)
    points = centres[which] + STD * rng.normal(seed, "ring", 0, (n, 2))
    return points.astype("float32")[:, None, None, :]


def share_of_modes(points):
    """Share of all points within three deviations of each centre."""
    away = np.linalg.norm(points[:, None] - centres, axis=-1)
    return (away < 3 * STD).mean(axis=0)


def n_covered(points):
    """Modes with at least 2 % of the points; 12.5 % would be fair."""
    return int((share_of_modes(points) >= 0.02).sum())


# %% tags=["remove-stderr"]
from dgan_core import Config
from dgan_core.training.points import Points

SMALL = {"batch_size": 128, "latent_dim": 2, "beta_2": 0.9}
SMALL |= {"generator_width": 64, "critic_width": 64}
SMALL |= {"learning_rate": 2e-3, "lr_decay": 1, "n_critic": 5}
real = ring(4096)
z = rng.normal(seed, "z sample", 0, (1000, 2))


def train(loss):
    """1,000 generated points at the start and after every few iterations."""
    config = Config(loss=loss, lam=1, lam_perceptual=0, seed=int(seed), **SMALL)
    recipe = Points(config)
    state, pictures, data = recipe.initial_state(), [], recipe.prepare(real)
    for i in range(int(iterations) + 1):
        if i % int(every) == 0:
            points = recipe.generator.stateless_call(state["g"], [], z)[0]
            pictures.append(np.array(points)[:, 0, 0])
        state, _ = recipe.iteration(state, data, i)
    return np.array(pictures)


pictures = {loss: train(loss) for loss in ("bce", "wgan-gp")}
covered = {loss: [n_covered(p) for p in seen] for loss, seen in pictures.items()}
emptiest = {
    loss: [share_of_modes(p).min() for p in seen] for loss, seen in pictures.items()
}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.animation import animation, drawn
from dgan_report.style import OKABE_ITO, use_style

use_style()
NAMES = {"bce": "BCE", "wgan-gp": "WGAN-GP"}
steps = int(every) * np.arange(len(covered["bce"]))


def panel(axis, loss, k):
    """Picture k of a loss, over the real modes."""
    axis.plot(*centres.T, "o", ms=14, mfc="none", color=OKABE_ITO["real"])
    points = axis.plot(
        *pictures[loss][k][:400].T, ".", ms=2.5, color=OKABE_ITO[loss]
    )[0]
    axis.set(
        xlim=(-2.9, 2.9), ylim=(-2.9, 2.9), xticks=[], yticks=[], aspect="equal"
    )
    axis.grid(False)
    return points, axis.set_title("", fontsize=10)


figure, axes = plt.subplots(1, 2, figsize=(6, 3.3))
shown = {
    loss: panel(axis, loss, 0) for axis, loss in zip(axes, pictures, strict=True)
}
frames = []
for k, step in enumerate(steps):
    for loss, (points, title) in shown.items():
        points.set_data(*pictures[loss][k][:400].T)
        title.set_text(f"{NAMES[loss]}, {covered[loss][k]} of {MODES} modes")
    figure.supxlabel(f"iteration {step}", fontsize=9)
    frames.append(drawn(figure))
plt.close(figure)
ends = ", ".join(
    f"{NAMES[loss]} ends with {covered[loss][-1]} of {MODES} modes"
    for loss in pictures
)
animation(
    frames,
    f"Generated points of both losses, side by side, as training goes on: {ends}.",
    seconds=8,
)

# %% tags=["hide-input"]
figure, axes = plt.subplot_mosaic("abcd;efgh;nnmm", figsize=(6.6, 5.6))
chosen = np.linspace(0, len(steps) - 1, 4).round().astype(int)
for loss, row in (("bce", "abcd"), ("wgan-gp", "efgh")):
    for name, k in zip(row, chosen, strict=True):
        panel(axes[name], loss, k)[1].set_text(f"iteration {steps[k]}")
    axes[row[0]].set_ylabel(NAMES[loss])
for loss, line in (("bce", "--"), ("wgan-gp", "-")):
    axes["n"].step(
        steps,
        covered[loss],
        line,
        where="mid",
        color=OKABE_ITO[loss],
        label=NAMES[loss],
    )
    axes["m"].plot(
        steps, 100 * np.array(emptiest[loss]), line, color=OKABE_ITO[loss]
    )
axes["n"].set(xlabel="iteration", ylim=(-0.3, 8.3), yticks=[0, 2, 4, 6, 8])
axes["n"].set_title("modes covered", loc="left", fontsize=10)
axes["n"].legend(fontsize=8, loc="lower right")
axes["m"].set(xlabel="iteration", ylim=(0, None))
axes["m"].set_title("points in the emptiest mode, %", loc="left", fontsize=10)
least = {loss: np.mean(shares[-5:]) for loss, shares in emptiest.items()}
near = {loss: share_of_modes(p[-1]).sum() for loss, p in pictures.items()}
report.picture(
    figure,
    f"Figure L3. WGAN-GP ends with {covered['wgan-gp'][-1]} of the {MODES} modes covered, BCE with "
    f"{covered['bce'][-1]}; in the last five pictures the emptiest mode holds {least['wgan-gp']:.1%} of WGAN-GP's "
    f"points and {least['bce']:.1%} of BCE's, where {1 / MODES:.1%} would be fair. Above, 400 of 1,000 points "
    f"over the real modes (circles). Of the last ones, {near['bce']:.0%} of BCE's and {near['wgan-gp']:.0%} of "
    "WGAN-GP's lie within three deviations of a centre: to cover the modes and to hit them are two virtues.",
    alt="Four stages of each loss's points over eight circles; the modes covered and the emptiest mode by iteration.",
)

# %% tags=["check"]
assert np.median(covered["wgan-gp"][-5:]) == MODES
assert least["wgan-gp"] > 1.3 * least["bce"]

# %% [markdown]
# The claim is about this setting. With one critic update in place of five (`range(i, i + 1)`, and 1,200 `iterations`),
# BCE does much better, and WGAN-GP chases one mode after another for hundreds of iterations before it spreads out. A
# loss has no virtue apart from how it is trained; see [the training chapter](../book/training.md).
#
# ## Exercise
#
# A covered mode may hold a half or a fiftieth of the points. Write a count that takes it into account: the number
# of equally full modes with the same *entropy* as these shares of points, its exponential. Shares of 0 add nothing.

# %% [markdown] tags=["offer"]
# Try it first, in {download}`this lesson without its solution <exercises/lesson_ring.ipynb>`. The solution is folded
# away below; the cell after it checks it.


# %% tags=["solution", "hide-cell"]
def effective_modes(shares):
    """exp of the entropy of shares ≥ 0, which needn't add up to 1."""
    p = np.array(shares) / np.sum(shares)
    p = p[p > 0]
    return float(np.exp(-(p * np.log(p)).sum()))


# %% tags=["exercise-check"]
assert np.isclose(effective_modes([1, 1, 1, 1]), 4)
assert np.isclose(effective_modes([0.2, 0, 0]), 1)
assert np.isclose(effective_modes([0.5, 0.25, 0.25]), 2**1.5)
for loss, seen in pictures.items():
    print(loss, round(effective_modes(share_of_modes(seen[-1])), 1))
