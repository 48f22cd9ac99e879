# %% [markdown]
# # Lesson 2: what the generator is told
#
# **Claim.** When the critic is certain which samples are generated, the generator's *saturating* loss has almost no
# gradient left. Its *non-saturating* and its *Wasserstein* loss keep theirs.
#
# The generator sees real data only through the critic. By the chain rule, what it is told about a sample is a product
# of two factors: the gradient of its loss with respect to the sample's score, and the gradient of the score with
# respect to the sample. Only the first factor depends on the generator's loss.
#
# The first GAN paper gives the generator two losses (Goodfellow et al. 2014, section 3). With the first it minimises
# E[log(1 − σ(*s*))], where *s* is the score of a generated sample: the generated half of the critic's loss with its
# sign turned. Its slope with respect to the score is −σ(*s*), which goes to 0 as the score falls; this is what
# *saturating* means. With the second it minimises −E[log σ(*s*)], whose slope is σ(*s*) − 1 and goes to −1. In this
# book, and in Lesson 0, BCE means the second.
#
# You need [Lesson 0](lesson_gan.ipynb). Reading takes about 10 minutes.

# %% tags=["parameters"]
steps = 150  # of the critic, against a generator that stands still
seed = 0

# %%
import numpy as np

from dgan_core import losses
from dgan_core.backend import gradient

from keras import ops

LOSSES = {
    "saturating": losses.saturating_generator,
    "non-saturating": losses.bce_generator,
    "Wasserstein": losses.wasserstein_generator,
}


def push(loss, scores):
    """−∂loss/∂score of each score: how hard the sample's score is pushed up."""
    slope = ops.convert_to_numpy(gradient(loss, scores))
    return -len(scores) * slope  # undo the division by n of the loss, a mean


scores = np.linspace(-8, 8, 161, dtype="float32")
pushes = {name: push(loss, scores) for name, loss in LOSSES.items()}

# %% [markdown]
# Now both factors together, on points in the plane. `Points` trains two networks like those of Lesson 0 by the
# library's steps. The generator is not updated. The critic learns with BCE to tell generated points from a cloud around
# the point (2, 0). After each step we ask how hard each loss would push a generated point.
#
# Every random number of the library is fixed by a seed, the name of a stream and a step:
# `rng.normal(seed, "z", 0, shape)` are the normal numbers of step 0 in the stream "z". `critic_draws` draws the z and ε
# of a critic update.
#
# `points.generate(g, [], z)` makes a point of each z by the generator's weights g. It also takes batch statistics and
# returns them beside the points; these networks have none, hence [] and [0]. `points.score(c, x)` are the critic's
# scores of points x, by its weights c.

# %%
from dgan_core import Config, rng
from dgan_core.training.points import Points
from dgan_core.training.schedule import critic_draws

SMALL = {"batch_size": 128, "latent_dim": 2, "critic_width": 64}
points = Points(Config(loss="bce", seed=int(seed), **SMALL))
state = points.initial_state()
z = rng.normal(seed, "z", 0, (128, 2))
fake = np.array(points.generate(state["g"], [], z)[0])


def push_on_points(loss, c):
    """Mean length of the loss's gradient at a generated point; c: critic's weights."""
    grad = gradient(lambda x: loss(points.score(c, x)), fake)
    return len(fake) * np.linalg.norm(grad, axis=-1).mean()


# %%
on_points, accuracy = {name: [] for name in LOSSES}, []
rate = np.float32(1e-3)  # the critic's learning rate
for i in range(int(steps)):
    cloud = np.float32([2, 0]) + 0.3 * rng.normal(seed, "cloud", i, fake.shape)
    z, eps = critic_draws(points.config, i, len(cloud))
    state, measured = points.steps.critic(state, {"images": cloud}, z, eps, rate)
    accuracy.append(float(measured["accuracy"]))
    for name, loss in LOSSES.items():
        on_points[name].append(push_on_points(loss, state["c"]))
last = {name: values[-1] for name, values in on_points.items()}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
LINES = {
    "saturating": {"color": OKABE_ITO["floor"], "linestyle": ":"},
    "non-saturating": {"color": OKABE_ITO["bce"], "linestyle": "--"},
    "Wasserstein": {"color": OKABE_ITO["wgan-gp"], "linestyle": "-"},
}


def draw(left, right):
    """The push on a score by the score, and on a point by the critic's update."""
    for name, line in LINES.items():
        left.plot(scores, pushes[name], label=name, **line)
        right.semilogy(np.arange(1, len(accuracy) + 1), on_points[name], **line)
    left.set(xlabel="score of a generated sample", ylim=(-0.05, 1.45))
    left.set_title("push on the score", loc="left", fontsize=10)
    left.legend(fontsize=8, loc="upper left", ncols=2)
    right.set_xlabel("critic updates, by BCE")
    right.set_title("push on the point", loc="left", fontsize=10)


# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(6.6, 3.2))
draw(*axes)
wrong = [i for i, share in enumerate(accuracy) if share < 1]
certain = wrong[-1] + 2 if wrong else 1
least = f"{scores[0]:.0f}".replace("-", "−")
report.picture(
    figure,
    f"Figure L2. Left: at a score of {least} the critic gives a sample one chance in "
    f"{1 + np.exp(-scores[0]):,.0f} of being real. The saturating loss then pushes with "
    f"{pushes['saturating'][0]:.4f}, the other two with {pushes['non-saturating'][0]:.2f} and "
    f"{pushes['Wasserstein'][0]:.0f}. Right: one critic while it learns, seen through the three losses. From update "
    f"{certain} on it classifies every point correctly. After {len(accuracy)} updates the saturating loss pushes a "
    f"point with {last['saturating']:.3f}, the non-saturating one with {last['non-saturating']:.1f}, the Wasserstein "
    f"loss with {last['Wasserstein']:.1f}.",
    alt="Left, the push on a generated sample's score for three losses; right, the push on the point as the critic "
    "learns.",
)

# %% tags=["check"]
sigmoid = 1 / (1 + np.exp(-scores))
assert np.allclose(pushes["saturating"], sigmoid, atol=1e-5)
assert np.allclose(pushes["non-saturating"], 1 - sigmoid, atol=1e-5)
assert np.allclose(pushes["Wasserstein"], 1, atol=1e-5)
assert accuracy[-1] == 1
assert last["saturating"] < 0.1 * max(on_points["saturating"])
for name in ("non-saturating", "Wasserstein"):
    assert last[name] > max(on_points[name]) / 2

# %% [markdown]
# BCE and the Wasserstein loss both still have a gradient when the critic is winning. They differ in what limits it.
# Where real and generated points lie apart, as here, nothing limits the slope of a critic that BCE trains: the right
# panel shows it rising. The Wasserstein loss is used with a penalty that bounds the slope, which is the subject of
# [Lesson 3](lesson_penalty.ipynb). A second difference: the non-saturating loss stops pushing samples that the critic
# takes for real, and the Wasserstein loss goes on.
#
# **Takeaway:** what moves the generator is the slope of the loss times the slope of the critic. The value of the loss
# says nothing about the critic's slope, so it does not tell you how hard a sample is pushed.
#
# <a href="../book/loss-lab.html?data=ring&amp;a=bce-saturating,none&amp;b=bce,none">
# Watch a sure critic in the loss lab</a>:
# the arrows are what each generator is told.
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_gradients.ipynb>`, which runs where
# [the project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the cell
# after it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# Double every score of the trained critic. It still finds the same points real. By which factor does the push of each
# loss on the points change? Return three numbers, each right to within 0.5, in a dictionary with the names in `LOSSES`
# as keys.
#
# Write `factors_of_doubled_scores()`: {name of the loss: factor by which its push on the points changes}.


# %% tags=["solution", "hide-cell"]
def factors_of_doubled_scores():
    """{name of the loss: factor by which its push on the points changes}"""
    # The critic's slope doubles. The Wasserstein loss's slope is 1 at any
    # score, and the non-saturating one's is near 1 at scores far below 0.
    # The saturating one's is about e^score there: with doubled scores it is
    # the square of a small number, so almost nothing is left.
    return {"saturating": 0, "non-saturating": 2, "Wasserstein": 2}


# %% tags=["exercise-check"]
doubled = {
    name: push_on_points(lambda s, loss=loss: loss(2 * s), state["c"])
    for name, loss in LOSSES.items()
}
answers = factors_of_doubled_scores()
assert answers is not None, "return the three numbers first"
for name in LOSSES:
    found, answer = doubled[name] / last[name], answers[name]
    assert abs(answer - found) < 0.5, (
        f"the {name} loss pushes {found:.2f} times as hard as before, not {answer} times"
    )

# %% [markdown]
# ### Exercise 2: change
#
# BCE's generator wants each of its samples to be called real with probability 1. Change its loss so that it wants 0.9:
# the cross-entropy with the label 0.9 in place of 1. `softplus(-s)` is −log σ(s), and `softplus(s)` is −log(1 − σ(s)).
#
# Write `smoothed_generator(fake_scores)`: E[−0.9 log σ(s) − 0.1 log(1 − σ(s))] of scores s (B,), a scalar.


# %% tags=["solution", "hide-cell"]
def smoothed_generator(fake_scores):
    """E[−0.9 log σ(s) − 0.1 log(1 − σ(s))] of scores s (B,), a scalar."""
    # Its push is 0.9 − σ(s). So a sample whose probability is above 0.9 is
    # pushed back, which neither of the two losses of BCE does.
    real, generated = ops.softplus(-fake_scores), ops.softplus(fake_scores)
    return ops.mean(0.9 * real + 0.1 * generated)


# %% tags=["exercise-check"]
assert smoothed_generator(scores) is not None, "the function returns nothing yet"
answers, right = push(smoothed_generator, scores), 0.9 - sigmoid
i = np.abs(answers - right).argmax()
assert abs(answers[i] - right[i]) < 1e-4, (
    f"at a score of {scores[i]:.1f} the push should be {right[i]:.3f}, not {answers[i]:.3f}"
)

# %% [markdown]
# ### Exercise 3: derive
#
# According to the critic, a generated sample is real with probability *p*. How many times harder does the
# non-saturating loss push its score than the saturating loss does?
#
# Write `times_harder(p)`: the non-saturating loss's push over the saturating one's.


# %% tags=["solution", "hide-cell"]
def times_harder(p):
    """The non-saturating loss's push over the saturating one's."""
    # p = σ(score). The pushes are the derivatives of log σ(score), which
    # is 1 − σ(score), and of −log(1 − σ(score)), which is σ(score).
    return (1 - p) / p


# %% tags=["exercise-check"]
for p in (0.001, 0.1, 0.5, 0.9):
    score = np.log([p / (1 - p)]).astype("float32")
    softly, hard = (
        float(push(LOSSES[k], score)[0]) for k in ("saturating", "non-saturating")
    )
    right = hard / softly
    answer = times_harder(p)
    assert answer is not None, "the function returns nothing yet"
    assert np.isclose(answer, right, rtol=1e-3), (
        f"for p = {p} it is {right:.4g} times harder, not {answer:.4g}"
    )
