# %% [markdown]
# # Lesson 4: what the gradient penalty does to the critic
#
# **Claim.** Without a penalty the slope of a critic grows for as long as it is trained. With one it comes to rest,
# above the 1 that the penalty asks for, and the farther above the smaller its weight λ.
#
# The Wasserstein distance is the largest gap between real and generated scores that a function of slope at most 1 can
# reach. A critic that may be steeper can make the gap as large as it likes. WGAN-GP therefore adds λ times the squared
# excess of the slope over 1, measured between real and generated samples (Gulrajani et al. 2017).
#
# Here real points are a cloud like the generated ones, moved by a distance *d*; the generator stands still, so that the
# critic has all the time it wants. The true Wasserstein distance is *d*.

# %% tags=["parameters"]
distance = 2.0  # d
steps = 160  # critic updates; the slope is measured at every fourth
seed = 0

# %% tags=["remove-stderr"]
from itertools import pairwise

import numpy as np
from keras import ops

from dgan_core import Config, backend, rng
from dgan_core.config import LAMBDAS
from dgan_core.training.points import Points

SMALL = {"batch_size": 64, "latent_dim": 2, "beta_2": 0.9}
SMALL |= {"generator_width": 32, "critic_width": 32, "seed": int(seed)}


def cloud(recipe, state, step):
    """Points of the generator: (64, 1, 1, 2)."""
    z = rng.normal(seed, "cloud", step, (64, 2))
    return np.array(recipe.generator.stateless_call(state["g"], [], z)[0])


def slope(recipe, state, points):
    """Mean length of the critic's gradient at the points."""

    def total(x):
        return ops.sum(recipe.score(state["c"], x[0])), ()

    _, (gradient,) = backend.value_and_grad(total, [ops.convert_to_tensor(points)])
    return np.linalg.norm(gradient, axis=-1).mean()


def train_critic(loss, lam):
    """(slope half-way between the clouds, gap of mean scores), every 4 updates."""
    recipe = Points(Config(loss=loss, lam=lam, **SMALL))
    state, found = recipe.initial_state(), []
    fake = cloud(recipe, state, 0)
    away = np.float32([float(distance), 0])
    for step in range(int(steps)):
        real = cloud(recipe, state, step) + away
        state, measured = recipe.critic_step(state, real, step, np.float32(5e-3))
        if step % 4 == 0:
            between = slope(recipe, state, fake + away / 2)
            found.append((between, float(measured["wasserstein"])))
    return np.array(found).T


trained = {lam: train_critic("wgan-gp", lam) for lam in LAMBDAS}
bce_slope, _ = train_critic("bce", 0)

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import MARKERS, OKABE_ITO, SHADES, shade, use_style

use_style()
d = float(distance)
# Of the last 8: (slope, gap).
rest = {lam: found[:, -8:].mean(axis=1) for lam, found in trained.items()}
updates = 1 + 4 * np.arange(len(bce_slope))
figure, axis = plt.subplots(figsize=(6.6, 3.4))
for lam, (slopes, _) in trained.items():
    colour = shade(OKABE_ITO["wgan-gp"], SHADES[lam])
    axis.plot(
        updates,
        slopes,
        color=colour,
        marker=MARKERS[lam],
        markevery=8,
        ms=4,
        label=f"WGAN-GP, λ = {lam:g}",
    )
axis.plot(updates, bce_slope, "--", color=OKABE_ITO["bce"], label="BCE, no penalty")
axis.axhline(1, color=OKABE_ITO["floor"], linestyle=":")
axis.set(xlabel="critic updates", ylabel="slope between the clouds", ylim=(0, None))
axis.legend(fontsize=8, ncols=2)
low, high = min(LAMBDAS), max(LAMBDAS)
report.picture(
    figure,
    f"Figure L4. The slope of a critic between two clouds at distance {d:g}. By BCE it is "
    f"{bce_slope[-1]:.1f} after {updates[-1]} updates and is still rising. Under the penalty it comes to rest: "
    f"at {rest[low][0]:.2f} with λ = {low:g}, at {rest[high][0]:.2f} with λ = {high:g}. The gap of scores, "
    f"read as the Wasserstein distance, is too large by the same factor: {rest[low][1]:.1f} and "
    f"{rest[high][1]:.1f} in place of {d:g}.",
    alt="The critic's slope against its updates: rising without a penalty, level with one, lower for a larger λ.",
)

# %% tags=["check"]
settled = [rest[lam][0] for lam in LAMBDAS]
assert all(a > b > 1 for a, b in pairwise(settled))
assert settled[-1] < 1.2
assert bce_slope[-1] > 1.2 * bce_slope[len(bce_slope) // 2] > 1.2 * settled[-1]

# %% [markdown]
# So a Wasserstein critic's gap measures a distance only up to a factor that depends on λ, and gaps of runs with
# different λ can't be compared. The generator's push is that slope (see [Lesson 2](lesson_gradients.ipynb)): λ also
# scales how hard it is pushed while it is far away.
#
# ## Exercise
#
# Take the critic as a ramp of slope *s* between two points at distance *d*. Its loss is −*s d* + λ (*s* − 1)². Which
# slope is best, and how does the excess over 1 depend on λ and *d*?

# %% [markdown] tags=["offer"]
# Try it first, in {download}`this lesson without its solution <exercises/lesson_penalty.ipynb>`. The solution is folded
# away below; the cell after it checks it against the critics above.


# %% tags=["solution", "hide-cell"]
def best_slope(d, lam):
    """Where −s d + lam (s − 1)² is lowest."""
    # The derivative, −d + 2 lam (s − 1), is 0 there. The excess is in
    # proportion to the distance: a generator far away is pushed harder.
    return 1 + d / (2 * lam)


# %% tags=["exercise-check"]
for lam in LAMBDAS:
    print(f"λ = {lam:g}: {best_slope(d, lam):.2f}, measured {rest[lam][0]:.2f}")
    assert np.isclose(best_slope(d, lam), rest[lam][0], rtol=0.1)
