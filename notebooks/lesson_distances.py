# %% [markdown]
# # Lesson 1: how far apart are two distributions?
#
# **Claim.** Once two distributions hardly overlap, their Jensen–Shannon divergence no longer says how far apart they
# are, and its gradient is gone; the Wasserstein distance still says so, with the same gradient at every distance.
#
# A GAN's critic compares real samples with generated ones, and the generator moves its samples to where the critic's
# loss gets worse. What it follows is a distance between two distributions, and the adversarial loss chooses which: at
# its best critic, BCE is 2 log 2 less twice the *Jensen–Shannon divergence* (Goodfellow et al. 2014, section 4.1), and
# the Wasserstein loss is minus the *Wasserstein-1 distance*, the mean way that probability has to be carried.
#
# Here the real distribution is a Gaussian of deviation 1, and the generated one is the same, moved by a *shift*. Both
# best critics are known, so that no training is needed: the losses themselves give the distances.

# %% tags=["parameters"]
n = 50_000  # quantiles that stand for each distribution
largest = 8.0  # shift, in standard deviations

# %% tags=["remove-stderr"]
import numpy as np
from keras import ops
from scipy.stats import norm

from dgan_core import backend
from dgan_core.losses import bce_critic, wasserstein_critic

real = norm.ppf((np.arange(int(n)) + 0.5) / int(n)).astype("float32")


def jensen_shannon(shift):
    """From BCE at its best critic, the logit log p(x) − log q(x)."""

    def logit(x):
        return shift * (shift / 2 - x)

    loss = bce_critic(logit(real), logit(real + shift))
    return np.log(2) - loss / 2


def wasserstein(shift):
    """From the loss at its best critic of slope 1, D(x) = −x."""
    return -wasserstein_critic(-real, -(real + shift))


# %% [markdown]
# `backend.value_and_grad` gives the value and, by the same automatic differentiation as in training, the gradient with
# respect to the shift: what a generator that can only shift its samples would be told.


# %%
def along(distance, shifts):
    """The distance and its gradient at each shift."""
    found = []
    for shift in ops.convert_to_tensor(shifts):
        measured = backend.value_and_grad(lambda v: (distance(v[0]), ()), [shift])
        (value, _), (gradient,) = measured
        found.append([float(value), float(gradient)])
    return np.array(found).T


shifts = np.linspace(0, float(largest), 41, dtype="float32")
js, js_gradient = along(jensen_shannon, shifts)
w, w_gradient = along(wasserstein, shifts)

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3))
for axis, (a, b) in ((left, (js, w)), (right, (js_gradient, w_gradient))):
    axis.plot(shifts, b, color=OKABE_ITO["wgan-gp"])
    axis.plot(shifts, a, "--", color=OKABE_ITO["bce"])
    axis.set_xlabel("shift, standard deviations")
left.axhline(np.log(2), color=OKABE_ITO["floor"], linestyle=":")
left.text(0, np.log(2) + 0.2, "log 2", color=OKABE_ITO["floor"], ha="left")
left.text(4.6, 5.4, "Wasserstein", color=OKABE_ITO["wgan-gp"], ha="right")
left.text(8, 1.0, "Jensen–Shannon", color=OKABE_ITO["bce"], ha="right")
left.set_title("distance", loc="left", fontsize=10)
right.set_title("gradient by the shift", loc="left", fontsize=10)
peak = js_gradient.argmax()
half = shifts[peak:][js_gradient[peak:] < js_gradient[peak] / 2][0]
report.picture(
    figure,
    f"Figure L1. Left: the Wasserstein distance (solid) grows with the shift, the Jensen–Shannon divergence "
    f"(dashed, in nats) stops at log 2. Right: the gradient of the former is 1 everywhere. That of the latter is "
    f"largest at a shift of {shifts[peak]:.1f} and has halved by {half:.1f}; at {shifts[-1]:.0f}, "
    f"{js_gradient[-1] / js_gradient[peak]:.2%} of it are left. It is 0 at no shift as well: there both "
    "distributions are the same.",
    alt="Two panels against the shift: the two distances on the left, their gradients on the right.",
)

# %% [markdown]
# The check: the Wasserstein distance *is* the shift, also by the metric that sorts samples and knows of no critic
# (`sliced_wasserstein`; a line has one direction to slice along), and the divergence saturates.

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
# This is the argument for the Wasserstein loss (Arjovsky et al. 2017). It is about the *best* critic; networks are
# trained for a few steps only, and BCE's generator doesn't follow the divergence itself: that is
# [Lesson 2](lesson_gradients.ipynb). The formulas of both losses are in [the chapter on losses](../book/losses.md).
#
# ## Exercise
#
# A Gaussian's tails always overlap a little. Replace it by a *uniform* distribution on [0, 1] and its copy moved by a
# shift ≥ 0. What is their Jensen–Shannon divergence? Where does its gradient become exactly 0?

# %% [markdown] tags=["offer"]
# Try it first, in {download}`this lesson without its solution <exercises/lesson_distances.ipynb>`. The solution is
# folded away below; the cell after it checks it.


# %% tags=["solution", "hide-cell"]
def uniform_jensen_shannon(shift):
    """Divergence, in nats, of U(0, 1) and U(shift, 1 + shift)."""
    # Where both lie, the best critic can't tell them apart: logit 0,
    # loss 2 log 2. Elsewhere it is sure, and its loss 0. Both lie on a
    # share 1 − shift of either, and from a shift of 1 on nowhere.
    return np.log(2) * min(shift, 1.0)


# %% tags=["exercise-check"]
x = (np.arange(1000) + 0.5) / 1000
for shift in (0.0, 0.3, 0.8, 1.0, 2.5):
    sure = 50.0  # a logit that is as good as infinite
    real_scores = np.where(x < shift, sure, 0.0)
    fake_scores = np.where(x + shift > 1, -sure, 0.0)
    loss = float(bce_critic(real_scores, fake_scores))
    assert abs(uniform_jensen_shannon(shift) - (np.log(2) - loss / 2)) < 1e-3
