# %% [markdown]
# # Lesson 2: what the generator is told
#
# **Claim.** Against a critic that tells generated samples from real ones with certainty, the generator's *saturating*
# loss has no gradient left, while its *non-saturating* and its *Wasserstein* loss keep a full one.
#
# The generator sees real data only through the critic: it moves each sample along the gradient of its loss with respect
# to the sample's score, times the gradient of the score with respect to the sample. The first factor depends on the
# loss alone. The first GAN paper gives two losses for the generator: to *maximise* what the critic minimises, which
# saturates, or to minimise −log σ(score), which doesn't (Goodfellow et al. 2014, section 3). This project's BCE is the
# second.

# %% tags=["parameters"]
steps = 150  # of the critic, against a generator that stands still
seed = 0

# %% tags=["remove-stderr"]
import numpy as np
from keras import ops

from dgan_core import backend
from dgan_core.losses import bce_critic, bce_generator, wasserstein_generator

LOSSES = {
    "saturating": lambda fake_scores: -bce_critic(0.0, fake_scores),
    "non-saturating": bce_generator,
    "Wasserstein": wasserstein_generator,
}


def slope(loss, scores):
    """−∂loss/∂score of every score: how hard it is pushed up."""
    tensor = ops.convert_to_tensor(scores)
    _, (gradient,) = backend.value_and_grad(lambda s: (loss(s[0]), ()), [tensor])
    return -len(scores) * ops.convert_to_numpy(gradient)  # losses are means


scores = np.linspace(-8, 8, 161, dtype="float32")
slopes = {name: slope(loss, scores) for name, loss in LOSSES.items()}

# %% [markdown]
# Now both factors together, on points in the plane. `Points` is the recipe that trains this book's GANs, with networks
# of a few thousand weights. Its generator stands still while the critic learns by BCE to tell its points from a
# cloud around (2, 0).

# %% tags=["remove-stderr"]
from dgan_core import Config, rng
from dgan_core.training.points import Points

SMALL = {"batch_size": 128, "latent_dim": 2, "critic_width": 64}
recipe = Points(Config(loss="bce", seed=int(seed), **SMALL))
state = recipe.initial_state()
fake = recipe.sample(recipe.snapshot(state), rng.normal(seed, "z", 0, (128, 2)))


def push(loss):
    """Mean length of the gradient that a generated point is given."""
    _, (gradient,) = backend.value_and_grad(
        lambda x: (loss(recipe.score(state["c"], x[0])), ()),
        [ops.convert_to_tensor(fake)],
    )
    return len(fake) * np.linalg.norm(gradient, axis=-1).mean()


pushes, accuracy = {name: [] for name in LOSSES}, []
for step in range(int(steps)):
    cloud = 0.3 * rng.normal(seed, "cloud", step, fake.shape)
    real = cloud + np.float32([2, 0])
    state, measured = recipe.critic_step(state, real, step, np.float32(1e-3))
    accuracy.append(float(measured["accuracy"]))
    for name, loss in LOSSES.items():
        pushes[name].append(push(loss))

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, shade, use_style

use_style()
LINES = {
    "saturating": {"color": shade(OKABE_ITO["bce"], 0.4), "linestyle": ":"},
    "non-saturating": {"color": OKABE_ITO["bce"], "linestyle": "--"},
    "Wasserstein": {"color": OKABE_ITO["wgan-gp"], "linestyle": "-"},
}
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3.2))
for name, line in LINES.items():
    left.plot(scores, slopes[name], label=name, **line)
    right.semilogy(np.arange(1, len(accuracy) + 1), pushes[name], **line)
left.set_xlabel("score of a generated sample")
left.set_title("push on the score", loc="left", fontsize=10)
left.set_ylim(-0.05, 1.45)
left.legend(fontsize=8, loc="upper left", ncols=2)
right.set_xlabel("critic updates, by BCE")
right.set_title("push on the point", loc="left", fontsize=10)
sure = (
    len(accuracy)
    - next(
        (i for i, a in enumerate(reversed(accuracy)) if a < 1), len(accuracy) - 1
    )
    + 1
)
last = {name: values[-1] for name, values in pushes.items()}
report.picture(
    figure,
    f"Figure L2. Left: a score of {scores[0]:.0f} gives a sample one chance in {1 + np.exp(-scores[0]):,.0f} of "
    f"being real; the saturating loss then pushes with {slopes['saturating'][0]:.4f}, the other two with "
    f"{slopes['non-saturating'][0]:.2f} and {slopes['Wasserstein'][0]:.0f}. Right: one critic as it learns, seen "
    f"through the three losses. From update {sure} on it errs on no point of its minibatch; after {len(accuracy)} "
    f"the saturating loss pushes a point with {last['saturating']:.3f}, the non-saturating one with "
    f"{last['non-saturating']:.1f}, the Wasserstein one with {last['Wasserstein']:.1f}.",
    alt="Left, the push on a generated sample's score for three losses; right, the push on the point as the critic "
    "learns.",
)

# %% tags=["check"]
sigmoid = 1 / (1 + np.exp(-scores))
assert np.allclose(slopes["saturating"], sigmoid, atol=1e-5)
assert np.allclose(slopes["non-saturating"], 1 - sigmoid, atol=1e-5)
assert np.allclose(slopes["Wasserstein"], 1, atol=1e-5)
assert accuracy[-1] == 1
assert pushes["saturating"][-1] < 0.1 * max(pushes["saturating"])
for name in ("non-saturating", "Wasserstein"):
    assert pushes[name][-1] > max(pushes[name]) / 2

# %% [markdown]
# Both of the losses that this book compares thus have a gradient where the critic wins. They differ in what bounds it.
# Nothing bounds the slope of a critic trained by BCE, and the right panel shows it rising; the Wasserstein loss is used
# with a critic whose slope is held near 1, which is the matter of [Lesson 4](lesson_penalty.ipynb). And the
# non-saturating loss lets go of samples that the critic takes for real, where the Wasserstein loss keeps pushing.
#
# ## Exercise
#
# A critic gives a generated sample the probability *p* of being real. How many times harder does the non-saturating
# loss push its score than the saturating one?

# %% [markdown] tags=["offer"]
# Try it first, in {download}`this lesson without its solution <exercises/lesson_gradients.ipynb>`. The solution is
# folded away below; the cell after it checks it.


# %% tags=["solution", "hide-cell"]
def times_harder(p):
    """The non-saturating loss's push over the saturating one's."""
    # p = σ(score). The pushes are the derivatives of log σ(score), which
    # is 1 − σ(score), and of −log(1 − σ(score)), which is σ(score).
    return (1 - p) / p


# %% tags=["exercise-check"]
for p in (0.001, 0.1, 0.5, 0.9):
    score = np.log([p / (1 - p)]).astype("float32")
    ratio = slope(bce_generator, score) / slope(LOSSES["saturating"], score)
    assert np.isclose(times_harder(p), ratio, rtol=1e-3)
