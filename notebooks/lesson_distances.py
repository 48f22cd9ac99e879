# %% [markdown]
# # Lesson 1: how far apart are two distributions?
#
# **Claim.** When two distributions hardly overlap, their Jensen–Shannon divergence no longer says how far apart they
# are, and its gradient has vanished. The Wasserstein distance still says it, with the same gradient at every distance.
#
# A GAN's critic compares real samples with generated ones. A generator that makes the critic's loss as large as it can
# follows a distance between the two distributions, and the adversarial loss decides which one:
#
# - With the best possible critic, the BCE loss is 2 log 2 − 2·JS, where JS is the *Jensen–Shannon divergence*
#   (Goodfellow et al. 2014, section 4.1). JS is 0 for equal distributions and log 2 for two that don't overlap.
# - With the best possible critic of slope at most 1, the Wasserstein loss is −W, where W is the *Wasserstein-1
#   distance*: the average distance that probability mass must be moved to turn one distribution into the other.
#
# Here the real distribution is a Gaussian with standard deviation 1, and the generated one is the same Gaussian, moved
# by a *shift*. For these two the best critics are known formulas, so nothing has to be trained. Evenly spaced quantiles
# stand for each distribution, so the result has no sampling noise.
#
# You need [Lesson 0](lesson_gan.ipynb). Reading takes about 10 minutes.

# %% tags=["parameters"]
n = 50_000  # quantiles that stand for each distribution
largest = 8.0  # shift, in standard deviations

# %%
import numpy as np
from scipy.stats import norm

from dgan_core.backend import gradient
from dgan_core.losses import bce_critic, wasserstein_critic

real = norm.ppf((np.arange(int(n)) + 0.5) / int(n)).astype("float32")


def jensen_shannon(shift):
    """From BCE at its best critic: log p(x) − log q(x), as in Lesson 0, Exercise 3."""

    def logit(x):  # p is the real density N(0, 1), q the generated N(shift, 1)
        return shift * (shift / 2 - x)

    loss = bce_critic(logit(real), logit(real + shift))
    return np.log(2) - loss / 2


def wasserstein(shift):
    """From the loss at its best critic of slope 1, D(x) = −x."""
    return -wasserstein_critic(-real, -(real + shift))


# %% [markdown]
# `gradient(f, x)` is the derivative of `f` at `x`, by the same automatic differentiation as in training. A generator
# that can only shift its samples would follow this slope.

# %%
shifts = np.linspace(0, float(largest), 41, dtype="float32")
js = np.array([float(jensen_shannon(s)) for s in shifts])
js_gradient = np.array([float(gradient(jensen_shannon, s)) for s in shifts])
w = np.array([float(wasserstein(s)) for s in shifts])
w_gradient = np.array([float(gradient(wasserstein, s)) for s in shifts])

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3))
for axis, (a, b) in ((left, (js, w)), (right, (js_gradient, w_gradient))):
    axis.plot(shifts, b, color=OKABE_ITO["wgan-gp"], label="Wasserstein")
    axis.plot(shifts, a, "--", color=OKABE_ITO["bce"], label="Jensen–Shannon")
    axis.set_xlabel("shift, standard deviations")
left.legend(fontsize=8)
left.set_title("distance", loc="left", fontsize=10)
right.set_title("gradient with respect to the shift", loc="left", fontsize=10)
peak = js_gradient.argmax()
report.picture(
    figure,
    f"Figure L1. Left: the Wasserstein distance grows with the shift; the Jensen–Shannon divergence stops at "
    f"log 2 = {np.log(2):.2f}. Right: the Wasserstein gradient is 1 at every shift above 0. That of "
    f"Jensen–Shannon is largest at a shift of {shifts[peak]:.1f}; at a shift of {shifts[-1]:.0f} only "
    f"{100 * js_gradient[-1] / js_gradient[peak]:.2f} % of that peak remains. It is also 0 without a shift, where both "
    "distributions are the same.",
    alt="Two panels against the shift: the two distances on the left, their gradients on the right.",
)

# %% [markdown]
# The check: the Wasserstein distance *is* the shift. `sliced_wasserstein`, a metric that only sorts samples, gives the
# same number. The Jensen–Shannon divergence stops at log 2.

# %% tags=["check"]
from dgan_core.metrics import sliced_wasserstein

column = real[:, None]
by_sorting = [
    sliced_wasserstein(column, column + s, n_projections=1) for s in shifts
]
assert np.allclose(w, shifts, atol=1e-3)
assert np.allclose(by_sorting, shifts, atol=1e-3)
assert np.allclose(w_gradient, 1, atol=1e-4)
assert 0.99 * np.log(2) < js[-1] and js.max() < np.log(2) + 1e-4
assert js_gradient[-1] < 0.01 * js_gradient.max()

# %% [markdown]
# This is the argument for the Wasserstein loss (Arjovsky et al. 2017). It holds for the *best* critic; in practice the
# critic is a network trained for a few steps. And it is about a generator that works against the critic's own loss.
# With BCE that is the *saturating* generator. Lesson 0's BCE generator has another loss, whose gradient does not vanish
# here: see [Lesson 2](lesson_gradients.ipynb). The [losses chapter](../book/losses.md) has the formulas of all three.
#
# **Takeaway:** there are several distances between two distributions, and not all of them have a usable gradient.
#
# <a href="../book/loss-lab.html?data=spiral&amp;a=bce-saturating,none&amp;b=wasserstein,gp">
# In the loss lab</a> the arrows show the gradient at each generated point. Panel A uses the saturating loss, which
# belongs to the Jensen–Shannon divergence, panel B the Wasserstein loss.
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_distances.ipynb>`, which runs where
# [the project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the cell
# after it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# Do not move the generated Gaussian but double its standard deviation: each point *x* becomes 2*x*. How large is the
# Wasserstein distance from the real one? Give a number, to within 0.1.
#
# Write `distance_of_doubled()`: Wasserstein distance of two Gaussians with standard deviations 1 and 2.


# %% tags=["solution", "hide-cell"]
def distance_of_doubled():
    """Wasserstein distance of two Gaussians with standard deviations 1 and 2."""
    # A point at x moves by |x|, and the mean of |x| is √(2/π) = 0.80. No
    # point needs to cross another one, so no shorter way exists.
    return np.sqrt(2 / np.pi)


# %% tags=["exercise-check"]
found = sliced_wasserstein(column, 2 * column, n_projections=1)
answer = distance_of_doubled()
assert answer is not None, "return a number first"
assert abs(answer - found) < 0.1, f"the distance is {found:.2f}, not {answer:.2f}"

# %% [markdown]
# ### Exercise 2: change
#
# `wasserstein` above knows the best critic, which is rarely known. On a line no critic is needed: the cheapest way to
# move *n* points onto *n* others keeps their order. Write the distance for two arrays of *n* numbers each.
#
# Write `wasserstein_of_samples(a, b)`: mean distance that the points a (n,) must be moved to become b (n,).


# %% tags=["solution", "hide-cell"]
def wasserstein_of_samples(a, b):
    """Mean distance that the points a (n,) must be moved to become b (n,)."""
    # In order, the smallest goes to the smallest, and so on. In the plane
    # there is no such order, which is why a critic is trained.
    return np.abs(np.sort(a) - np.sort(b)).mean()


# %% tags=["exercise-check"]
for s, right in zip(shifts[10::10], w[10::10], strict=True):
    answer = wasserstein_of_samples(real, real[::-1] + s)
    assert answer is not None, "the function returns nothing yet"
    assert abs(answer - right) < 1e-3, (
        f"for a shift of {s:g} it should be {right:.3f}, not {answer:.3f}"
    )
answer = wasserstein_of_samples(np.array([3.0, 0.0]), np.array([1.0, 5.0]))
assert abs(answer - 1.5) < 1e-6, f"from 3, 0 to 1, 5 it is 1.5, not {answer:.3f}"

# %% [markdown]
# ### Exercise 3: derive
#
# Let the real distribution be *uniform* on [0, 1], and the generated one the same distribution moved by a shift ≥ 0.
# What is the Jensen–Shannon divergence of the two?
#
# Write `uniform_jensen_shannon(shift)`: Jensen–Shannon divergence of U(0, 1) and U(shift, 1 + shift).


# %% tags=["solution", "hide-cell"]
def uniform_jensen_shannon(shift):
    """Jensen–Shannon divergence of U(0, 1) and U(shift, 1 + shift)."""
    # Where both have mass, the best critic can't tell them apart: its
    # logit is 0 and its loss 2 log 2. Elsewhere it is sure and its loss
    # is 0. They share a part 1 − shift of their mass, and none of it from
    # a shift of 1 on, where the gradient is 0.
    return np.log(2) * min(shift, 1.0)


# %% tags=["exercise-check"]
x = (np.arange(1000) + 0.5) / 1000
for shift in (0.0, 0.3, 0.8, 1.0, 2.5):
    sure = 50.0  # a logit that is as good as infinite
    real_scores = np.where(x < shift, sure, 0.0)
    fake_scores = np.where(x + shift > 1, -sure, 0.0)
    right = np.log(2) - float(bce_critic(real_scores, fake_scores)) / 2
    answer = uniform_jensen_shannon(shift)
    assert answer is not None, "the function returns nothing yet"
    assert abs(answer - right) < 1e-3, (
        f"for a shift of {shift} it should be {right:.3f}, not {answer:.3f}"
    )
