# %% [markdown]
# # Lesson 6: try your own loss
#
# **Claim.** A new adversarial loss is two short functions and a name. Registered in one cell, it trains by the same
# steps as the others: on points here, on images if you set `epochs`, and then it has its row in the tables.
#
# The library comes with more losses than the paper's two; the [losses chapter](../book/losses.md) gives the equation
# and the source of each. Here we write one more, and compare it with two of them on the ring of
# [Lesson 4](lesson_ring.ipynb).
#
# You need [Lesson 0](lesson_gan.ipynb) and [Lesson 4](lesson_ring.ipynb). Reading takes about 10 minutes.

# %% tags=["parameters"]
iterations = 200  # on points, of five critic updates and one generator update
epochs = 0  # on simulated scans: 70 take a minute; 0 leaves them out
seed = 0

# %%
from dgan_core import losses

from keras import ops

print("losses:", ", ".join(losses.OBJECTIVES))
print("penalties:", ", ".join(losses.PENALTIES))

# %% [markdown]
# ## Two functions and a name
#
# The critic's *hinge* loss (Lim & Ye 2017) is E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))]. It ignores a real sample
# once its score is above 1, and a generated one below −1. Here is a smooth relative of it, with `softplus` in place of
# max(0, ·), so that no gradient becomes exactly 0.
#
# `threshold` is the score above which the critic calls a sample real. Only the logged accuracy needs it, and it may be
# left out. If the generator's function needs the real scores too, write it as `generator(fake, real)` and pass
# `relative=True`.


# %%
# E[log(1 + e^(1 − D(x)))] + E[log(1 + e^(1 + D(G(z))))]
def smooth_hinge_critic(real, fake):
    return ops.mean(ops.softplus(1.0 - real)) + ops.mean(ops.softplus(1.0 + fake))


def smooth_hinge_generator(fake):  # −E[D(G(z))]
    return -ops.mean(fake)


losses.OBJECTIVES["smooth-hinge"] = losses.Objective(
    critic=smooth_hinge_critic, generator=smooth_hinge_generator, threshold=0.0
)

# %% [markdown]
# From here on `Config(loss="smooth-hinge")` works like any other. Without the line that registers it, `Config` refuses
# the name and lists the losses that it knows.
#
# ## On points
#
# Each loss named in `COMPARED` gets a row in the table. For a loss of your own, register it as above and add its name
# there.

# %%
import pandas as pd

import dgan_report as report
from dgan_core import Config, rng
from dgan_core.data.ring import MODES, modes_covered, ring, share_of_modes
from dgan_core.training.points import Points

SMALL = {
    "batch_size": 128,
    "latent_dim": 2,
    "generator_width": 64,
    "critic_width": 64,
}
SMALL |= {"learning_rate": 2e-3, "lr_decay": 1, "beta_2": 0.9, "n_critic": 5}


def train(loss, penalty):
    """1,000 points (1000, 2) of a generator after its training on the ring."""
    weights = {"lam": 1, "lam_perceptual": 0, "seed": int(seed)}
    points = Points(Config(loss=loss, penalty=penalty, **weights, **SMALL))
    state, data = points.initial_state(), points.prepare(ring(4096, int(seed)))
    for i in range(int(iterations)):
        state, _ = points.iteration(state, data, i)
    z = rng.normal(int(seed), "z sample", 0, (1000, 2))
    return ops.convert_to_numpy(points.generate(state["g"], [], z)[0])[:, 0, 0]


# %%
COMPARED = ("hinge", "least-squares", "smooth-hinge")
made = {
    (loss, penalty): train(loss, penalty)
    for loss in COMPARED
    for penalty in ("none", "gp")
}
table = pd.DataFrame({
    "modes": {key: modes_covered(points) for key, points in made.items()},
    "points in a mode, %": {k: 100 * share_of_modes(p).sum() for k, p in made.items()},
}).rename_axis(["loss", "penalty"])  # fmt: skip
own = table.loc["smooth-hinge"]
report.show(
    table.round(0).astype(int).reset_index().set_index("loss"),
    f"Table L6. The smooth hinge covers {own.modes['none']} of {MODES} modes without a penalty and {own.modes['gp']} "
    f"with it, after {iterations} iterations. One seed each: Lesson 4 shows how much a seed changes.",
)

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

from dgan_report.style import OKABE_ITO, use_style

use_style()
size = (2.2 * len(COMPARED), 4.6)
figure, axes = plt.subplots(
    2, len(COMPARED), figsize=size, sharex=True, sharey=True, squeeze=False
)
for column, loss in enumerate(COMPARED):
    for row, penalty in enumerate(("none", "gp")):
        axis = axes[row, column]
        axis.plot(*made[loss, penalty].T, ".", ms=2, color=OKABE_ITO["stylegan2"])
        axis.set(aspect="equal", xlim=(-3, 3), ylim=(-3, 3))
        axis.set_title(f"{loss}, {penalty}", loc="left", fontsize=9)
report.picture(
    figure,
    "Figure L6. A thousand points of each generator; above without a penalty, below with the gradient penalty. With it "
    + ", ".join(f"{k} covers {table.modes[k, 'gp']}" for k in COMPARED)
    + f" of the {MODES} modes.",
    alt=f"{axes.size} scatter plots, {len(COMPARED)} losses without and with the gradient penalty.",
)

# %% tags=["check"]
assert (own["modes"] >= MODES - 1).all(), own
real, fake = ops.convert_to_tensor([[20.0]]), ops.convert_to_tensor([[-20.0]])
assert float(smooth_hinge_critic(real, fake)) < 1e-6
at_0 = float(smooth_hinge_critic(0 * real, 0 * fake))  # 2 log(1 + e)
assert abs(at_0 - 2 * 1.3132617) < 1e-5

# %% [markdown]
# ## On images
#
# `fit` takes the same `Config` and trains on simulated scans if you set `epochs` above 0. It writes the run into the
# folder `runs`. [Measure it](../book/howto.md#one-run-by-papermill) with the notebook `evaluate`; then the tables,
# figures and the explorer show it under its name.
#
# A finished run remembers the functions that trained it. If you change the loss and call `fit` again, it refuses,
# because the old run was trained by another function; `fit(config, retrain=True)` sets the old run aside and trains
# again. A notebook that only reads the run does not need the loss to be defined.

# %%
from dgan_core import fit

config = Config(loss="smooth-hinge", penalty="gp", lam=1, epochs=int(epochs) or 70)
if int(epochs):
    run = fit(config)
    losses_logged = pd.DataFrame(run.log())[
        ["epoch", "critic_loss", "generator_loss"]
    ]
    print(losses_logged.iloc[[0, -1]].round(3).to_string(index=False))
else:
    print(f"not run: set epochs to train {config.run_id}")

# %% [markdown]
# **Takeaway:** try a loss on points before you train it on images, with and without a penalty, and with more than one
# seed.
#
# <a href="../book/loss-lab.html?data=grid&amp;a=hinge,r1&amp;b=relativistic,r1-r2">
# Compare any two losses in the loss lab</a>:
# here hinge and relativistic on twenty-five modes.
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_own_loss.ipynb>`, which runs where
# [the project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the cell
# after it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# Add 5 to every score of a critic, of real and of generated samples alike. For which of the losses in
# `losses.OBJECTIVES` does the critic's loss stay the same, its penalty aside? The [losses chapter](../book/losses.md)
# has their equations, and `smooth-hinge` is the one defined above; `wgan-gp` is `wasserstein` with the gradient penalty
# already chosen. Return a set of their names.
#
# Write `blind_to_a_shift()`: names of the losses whose critic's loss doesn't change when all scores do by 5.


# %% tags=["solution", "hide-cell"]
def blind_to_a_shift():
    """Names of the losses whose critic's loss doesn't change when all scores do by 5."""
    # They contain only differences of real and generated scores. Each of the
    # others has a fixed score, 0 or ½, that it takes for undecided.
    return {"wasserstein", "wgan-gp", "relativistic"}


# %% tags=["exercise-check"]
import numpy as np

real, fake = (np.float32([[1.3], [-0.4]]), np.float32([[0.2], [-1.5]]))
answer = blind_to_a_shift()
assert answer is not None, "return a set of names first"
for name, objective in losses.OBJECTIVES.items():
    before = float(objective.critic(real, fake))
    after = float(objective.critic(real + 5, fake + 5))
    assert (name in answer) == (abs(after - before) < 1e-5), (
        f"{name} goes from {before:.3f} to {after:.3f}, and is "
        f"{'' if name in answer else 'not '}in your answer"
    )

# %% [markdown]
# ### Exercise 2: change
#
# The labels of least squares need not be 0 and 1. Write the loss as a `losses.Objective` with the label *a* for
# generated samples, *b* for real ones, and *c* for the score that the generator wants (Mao et al. 2017, eq. 2). With
# *a* = 0, *b* = 1 and *c* = 1 it should be the library's `least-squares`.
#
# Write `labelled_least_squares(a, b, c)`: least squares with labels: a generated, b real, c wanted by the generator; an
# Objective.


# %% tags=["solution", "hide-cell"]
def labelled_least_squares(a, b, c):
    """Least squares with labels: a generated, b real, c wanted by the generator; an Objective."""
    # The threshold lies half-way between the two labels.
    return losses.Objective(
        critic=lambda real, fake: (
            (ops.mean((real - b) ** 2) + ops.mean((fake - a) ** 2)) / 2
        ),
        generator=lambda fake: ops.mean((fake - c) ** 2) / 2,
        threshold=(a + b) / 2,
    )


# %% tags=["exercise-check"]
shipped, mine = losses.OBJECTIVES["least-squares"], labelled_least_squares(0, 1, 1)
assert mine is not None, "the function returns nothing yet"
real, fake = (np.float32([[0.3], [-2.0]]), np.float32([[1.5], [0.1]]))
found = {  # what is compared: (right, answer)
    "critic's loss": (shipped.critic(real, fake), mine.critic(real, fake)),
    "generator's loss": (shipped.generator(fake), mine.generator(fake)),
}
other = labelled_least_squares(-1, 1, 0)
found["critic's loss with labels −1, 1, 0"] = (1, other.critic(0 * real, 0 * fake))
found["generator's loss with labels −1, 1, 0"] = (
    0.5,
    other.generator(0 * fake + 1),
)
for name, (right, answer) in found.items():
    assert abs(float(answer) - float(right)) < 1e-6, (
        f"the {name} should be {float(right):.4f}, not {float(answer):.4f}"
    )

# %% [markdown]
# ### Exercise 3: derive
#
# A minibatch has as many real samples as generated ones. At one place lie *n* of the real and *m* of the generated
# ones, and all of these get the same score. Which score makes the critic's least-squares loss lowest, with the label 1
# for real and 0 for generated samples?
#
# Write `best_score(n, m)`: the score that makes least squares lowest where n real and m generated samples lie.


# %% tags=["solution", "hide-cell"]
def best_score(n, m):
    """The score that makes least squares lowest where n real and m generated samples lie."""
    # The derivative of n (s − 1)²/2 + m s²/2 is n (s − 1) + m s. So the
    # score is the probability of being real; BCE's score is its logit.
    return n / (n + m)


# %% tags=["exercise-check"]
grid = np.linspace(-1, 2, 61, dtype="float32")
elsewhere = np.zeros(10, "float32")  # scores of the samples at other places
for n, m in ((5, 5), (8, 2), (1, 9)):
    values = []
    for s in grid:
        real, fake = (np.append(elsewhere[k:], np.full(k, s)) for k in (n, m))
        values.append(float(shipped.critic(real, fake)))
    found, answer = grid[np.argmin(values)], best_score(n, m)
    assert answer is not None, "the function returns nothing yet"
    assert abs(answer - found) < 0.03, (
        f"for n = {n}, m = {m} the loss is lowest at {found:.2f}, not at {answer:.2f}"
    )
