# %% [markdown]
# # Lesson 3: what the gradient penalty does to the critic
#
# **Claim.** Without a penalty the slope of a Wasserstein critic grows for as long as it is trained, and so does that
# of a BCE critic where real and generated points lie apart. With the gradient penalty it settles above 1, at 1 +
# d/(2λ), where *d* is the distance between real and generated points. A smaller λ leaves it higher.
#
# The Wasserstein distance is the largest gap between real and generated scores that a function of slope at most 1 can
# have. A steeper critic makes the gap larger without limit. WGAN-GP therefore adds λ times the squared difference of
# the slope from 1, measured at points between real and generated samples (Gulrajani et al. 2017).
#
# Here the real points are a cloud like the generated ones, moved by a distance *d*. So the true Wasserstein distance is
# *d*. The generator stands still, so the critic has all the time it wants. `losses.slopes(critic, x)` returns the
# gradient of the critic's score at each point; a slope is the length of one. The library's penalty uses it, too. The
# *score gap* is the mean score of real points minus that of generated ones.
#
# You need [Lesson 2](lesson_gradients.ipynb). Reading takes about 10 minutes.

# %% tags=["parameters"]
distance = 2.0  # d
steps = 160  # critic updates; the slope is measured at every fourth
seed = 0

# %%
import numpy as np

from dgan_core import Config, rng
from dgan_core.losses import PENALTIES, Penalty, slopes
from dgan_core.profiles import LAMBDAS  # the paper's five values of λ
from dgan_core.training.points import Points
from dgan_core.training.schedule import critic_draws

from keras import ops

SMALL = {"batch_size": 64, "latent_dim": 2, "beta_2": 0.9, "seed": int(seed)}
SMALL |= {"generator_width": 32, "critic_width": 32}
away = np.float32([float(distance), 0])


def cloud(points, state, step):
    """64 points of the generator, different ones at each step."""
    z = rng.normal(seed, "cloud", step, (64, 2))
    return np.array(points.generate(state["g"], [], z)[0])  # (64, 1, 1, 2)


def slope_at(points, state, places):
    """Mean length of the gradient of the critic's score."""
    grad = slopes(lambda x: points.score(state["c"], x), places)
    return np.linalg.norm(grad, axis=-1).mean()


# %%
def train_critic(**setting):
    """(slopes half-way between the clouds, score gaps) at every fourth update."""
    points = Points(Config(**setting, **SMALL))
    state, found = points.initial_state(), []
    rate = np.float32(5e-3)  # the learning rate
    between = cloud(points, state, 0) + away / 2
    for i in range(int(steps)):
        real = {"images": cloud(points, state, i) + away}
        z, eps = critic_draws(points.config, i, 64)
        state, measured = points.steps.critic(state, real, z, eps, rate)
        if i % 4 == 0:
            slope = slope_at(points, state, between)
            found.append((slope, float(measured["score_gap"])))
    return np.array(found).T


# %%
trained = {lam: train_critic(loss="wgan-gp", lam=lam) for lam in LAMBDAS}
free = {
    "Wasserstein": train_critic(loss="wasserstein"),
    "BCE": train_critic(loss="bce"),
}
d = float(distance)
# Where they settle, the mean of the last 8 values: (slope, gap).
settled = {lam: found[:, -8:].mean(axis=1) for lam, found in trained.items()}
low, high = min(LAMBDAS), max(LAMBDAS)

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
updates = 1 + 4 * np.arange(len(free["BCE"][0]))


def draw_training(axis):
    """The slope against the critic's updates, without a penalty and with."""
    blue, red = OKABE_ITO["wgan-gp"], OKABE_ITO["bce"]
    axis.plot(
        updates, free["Wasserstein"][0], ":", color=blue, label="Wasserstein alone"
    )
    axis.plot(updates, free["BCE"][0], "--", color=red, label="BCE alone")
    for lam, (slope, _) in trained.items():
        label = "with the penalty" if lam == min(LAMBDAS) else None
        axis.plot(updates, slope, color=blue, lw=1, label=label)
        if lam in (min(LAMBDAS), max(LAMBDAS)):
            end = {"xytext": (3, 0), "textcoords": "offset points", "fontsize": 7}
            axis.annotate(f"{lam:g}", (updates[-1], slope[-1]), **end)
    axis.legend(fontsize=8, loc="upper right")
    axis.set(xlabel="critic updates", ylim=(0, 8))
    axis.set_title("slope between the clouds", loc="left", fontsize=10)


# %% tags=["hide-input"]
def draw_settled(axis):
    """The settled slope against λ, beside the curve of the claim."""
    lam = np.geomspace(0.4, 12, 100)
    axis.semilogx(
        lam, 1 + d / (2 * lam), color=OKABE_ITO["floor"], label="1 + d/(2λ)"
    )
    measured = [slope for slope, _ in settled.values()]
    axis.plot(
        list(settled), measured, "o", color=OKABE_ITO["wgan-gp"], label="measured"
    )
    axis.set_xticks(list(settled), [f"{lam:g}" for lam in settled])
    axis.minorticks_off()
    axis.set(xlabel="λ", ylim=(0, None))
    axis.set_title("settled slope", loc="left", fontsize=10)
    axis.legend(fontsize=8)


# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3.3))
draw_training(left)
draw_settled(right)
report.picture(
    figure,
    f"Figure L3. A critic between two clouds at distance {d:g}. Left: with the Wasserstein loss and no penalty its "
    f"slope reaches {free['Wasserstein'][0][-1]:,.0f} after {updates[-1]} updates (beyond the axis), with BCE "
    f"{free['BCE'][0][-1]:.1f}, and both still rise. With the penalty it settles; the top line is the smallest λ. "
    f"Right: it settles at {settled[low][0]:.2f} for λ = {low:g} and at {settled[high][0]:.2f} for λ = {high:g}. Read "
    f"as the Wasserstein distance, which is {d:g}, the score gap is too large: {settled[low][1]:.1f} and "
    f"{settled[high][1]:.1f}.",
    alt="Left, the critic's slope against its updates: rising without a penalty, level with one. Right, the settled "
    "slope against λ, on a falling curve.",
)

# %% tags=["check"]
for name, (slope, _) in free.items():
    assert slope[-1] > 1.2 * slope[len(slope) // 2], f"{name} has settled"
for lam, (slope, _) in settled.items():
    assert np.isclose(slope, 1 + d / (2 * lam), rtol=0.1), (lam, slope)
assert free["Wasserstein"][0][-1] > free["BCE"][0][-1] > 1.2 * settled[high][0]

# %% [markdown]
# Why 1 + d/(2λ)? Take the critic as a ramp of slope *s* between two points at distance *d*. Its loss is −*s d* + λ (*s*
# − 1)². The derivative with respect to *s* is −*d* + 2λ (*s* − 1), which is 0 at *s* = 1 + d/(2λ).
#
# This is exact for two points, and close for two separate clouds of the same shape. The score gap *s d* is then *d* +
# *d*²/(2λ): larger than the distance by the factor 1 + d/(2λ), which depends on λ and on *d*. So gaps of runs with
# different λ can't be compared, and at one λ half the gap is not half the distance. The generator's push is the slope
# (see [Lesson 2](lesson_gradients.ipynb)): λ also decides how hard it is pushed while it is far away.
#
# **Takeaway:** the penalty bounds the slope. Without it the Wasserstein loss has no lowest value, and the critic has
# no reason to stop.
#
# <a href="../book/loss-lab.html?data=ring&amp;a=wasserstein,gp,0.1&amp;b=wasserstein,gp,10">
# Set λ yourself in the loss lab</a>.
# There the generator moves, so the distance changes and the slope with it; the smaller λ still has the steeper critic.
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_penalty.ipynb>`, which runs where
# [the project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the cell
# after it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# The next critic is trained with λ = 0.25, a weaker penalty than any above. At which slope does it settle? Give a
# number, to within 15 %.
#
# Write `slope_at_a_quarter()`: the settled slope between the clouds, for λ = 0.25.


# %% tags=["solution", "hide-cell"]
def slope_at_a_quarter():
    """The settled slope between the clouds, for λ = 0.25."""
    # At half the weight the penalty pulls back half as hard. So the excess
    # d/(2λ) doubles each time that λ is halved.
    return 1 + d / (2 * 0.25)


# %% tags=["exercise-check"]
found = train_critic(loss="wgan-gp", lam=0.25)[0, -8:].mean()
answer = slope_at_a_quarter()
assert answer is not None, "return a number first"
assert abs(answer / found - 1) < 0.15, (
    f"it settles at {found:.2f}, not at {answer:.2f}"
)

# %% [markdown]
# ### Exercise 2: change
#
# The penalty punishes slopes below 1 as well as those above. Write the *one-sided* penalty: the mean of max(0, slope −
# 1)², at the same points between real and generated ones. `slopes(critic, x)` is the gradient of the score at points
# *x* of shape (B, 1, 1, 2); the slope is its length. `eps` has the shape (B, 1, 1, 1). The check adds your penalty to
# the library's table `PENALTIES` and trains a critic with it.
#
# Write `one_sided(critic, real, fake, eps)`: E[max(0, ‖∇D(x̂)‖ − 1)²] at x̂ = eps·real + (1 − eps)·fake, a scalar.


# %% tags=["solution", "hide-cell"]
def one_sided(critic, real, fake, eps):
    """E[max(0, ‖∇D(x̂)‖ − 1)²] at x̂ = eps·real + (1 − eps)·fake, a scalar."""
    # The Wasserstein loss always pulls the slope above 1. There both
    # penalties are the same, so both settle at the same slope.
    grad = slopes(critic, eps * real + (1 - eps) * fake)
    slope = ops.sqrt(ops.sum(grad**2, axis=(1, 2, 3)) + 1e-12)
    return ops.mean(ops.relu(slope - 1) ** 2)


# %% tags=["exercise-check"]
zero, one = np.zeros((4, 1, 1, 2), "float32"), np.ones((4, 1, 1, 1), "float32")
for s, right in ((0.5, 0), (3, 4)):
    answer = one_sided(lambda x, s=s: s * x[:, 0, 0, :1], zero, zero, one)
    assert answer is not None, "the function returns nothing yet"
    assert abs(float(answer) - right) < 1e-3, (
        f"for a critic of slope {s} it should be {right}, not {float(answer):.3f}"
    )
PENALTIES["one-sided"] = Penalty(one_sided)
found = train_critic(loss="wasserstein", penalty="one-sided", lam=low)[
    0, -8:
].mean()
print(
    f"one-sided, λ = {low:g}: settles at {found:.2f}; two-sided: {settled[low][0]:.2f}"
)
assert abs(found / settled[low][0] - 1) < 0.1, (
    f"it settles at {found:.2f}, far from the {settled[low][0]:.2f} of the two-sided one"
)

# %% [markdown]
# ### Exercise 3: derive
#
# The score gap *g* of a settled critic is too large: it is *d* + *d*²/(2λ). A training log shows the gap, not the
# distance. Derive the distance from *g* and λ.
#
# Write `distance_from_gap(gap, lam)`: distance between two points whose settled score gap is `gap`.


# %% tags=["solution", "hide-cell"]
def distance_from_gap(gap, lam):
    """Distance between two points whose settled score gap is `gap`."""
    # The positive root of d² + 2 lam d − 2 lam gap = 0.
    return -lam + np.sqrt(lam**2 + 2 * lam * gap)


# %% tags=["exercise-check"]
for lam, (_, gap) in settled.items():
    answer = distance_from_gap(gap, lam)
    assert answer is not None, "the function returns nothing yet"
    print(f"λ = {lam:g}: a gap of {gap:.2f} gives the distance {answer:.2f}")
    assert np.isclose(answer, d, rtol=0.1), (
        f"at λ = {lam:g} a gap of {gap:.2f} means a distance of about {d:g}, not {answer:.2f}"
    )
