# %% [markdown]
# # Lesson 0: a GAN in sixty lines
#
# **Claim.** A GAN is two small networks, two short loss functions and a loop: sixty lines, imports aside. The steps
# written here are the same as this project's: they give the same weights.
#
# A *generative adversarial network* (GAN) learns to make samples like those it is shown. The *generator* G turns random
# numbers z into samples. The *critic* D (often called the discriminator) gives each sample a score, high for real ones
# and low for generated ones. The two are trained in turn: the critic to tell real from generated, the generator to be
# scored as real.
#
# This lesson writes all of it out for points in the plane, where a training takes seconds. The
# [glossary](../book/glossary.md) explains the terms of this book.
#
# You need to know what a neural network and its gradient are, and to read NumPy. Reading takes about 15 minutes.

# %% tags=["parameters"]
iterations = 240  # of five critic updates and one generator update
seed = 0

# %% [markdown]
# ## The networks
#
# A network is a list of weights, [W, b, W, b, …], and the function `network`, which applies them to a batch x of shape
# (B, inputs). `new_weights` draws the weights for given *widths*: 2, 64, 64, 64, 1 is a network with two inputs, three
# hidden layers of 64 units and one output. Keras supplies the operations (`ops`), so that the same code runs on
# TensorFlow, JAX or torch.

# %% tags=["gan"]
from itertools import pairwise

import numpy as np

from dgan_core.backend import compile, gradient

from keras import ops


def network(weights, x):
    for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = ops.relu(ops.matmul(x, w) + b)  # x ← max(0, x W + b), each hidden layer
    return ops.matmul(x, weights[-2]) + weights[-1]  # the last layer is linear


def new_weights(random, *widths):
    new = []
    for n, m in pairwise(widths):  # (inputs, outputs); Glorot & Bengio 2010
        new += [np.sqrt(6 / (n + m)) * random.uniform(-1, 1, (n, m)), np.zeros(m)]
    return [w.astype("float32") for w in new]


# %% [markdown]
# ## The losses
#
# A loss takes scores and returns one number, which its network makes small. This book compares two pairs of losses, one
# for the critic and one for the generator in each. With *binary cross-entropy* (BCE) the score is a logit: according to
# the critic, x is real with probability σ(D(x)), where σ(s) = 1/(1 + e⁻ˢ). The *Wasserstein* loss uses the score as it
# is.
#
# The functions get the scores `real` of real samples x and the scores `fake` of generated samples G(z). The comments
# give the equations; E is the mean over the minibatch.
#
# `softplus(s)` is log(1 + eˢ), which equals −log σ(−s); written this way no logarithm of 0 can occur.


# %% tags=["gan"]
def bce_critic(real, fake):  # −E[log σ(D(x))] − E[log(1 − σ(D(G(z))))]
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def bce_generator(fake):  # −E[log σ(D(G(z)))]
    return ops.mean(ops.softplus(-fake))


def wasserstein_critic(real, fake):  # E[D(G(z))] − E[D(x)]
    return ops.mean(fake) - ops.mean(real)


def wasserstein_generator(fake):  # −E[D(G(z))]
    return -ops.mean(fake)


# %% [markdown]
# Nothing stops a critic from making the Wasserstein loss as low as it likes: it doubles its scores, and −1 becomes −2.
# The *gradient penalty* stops it. It asks the *slope* of the score, the length of its gradient, to be near 1. It does
# so at points x̂ on the lines between real and generated samples; ε, a random number between 0 and 1, says where on the
# line. λ is the penalty's weight.
#
# `gradient(f, x)` is the derivative of the number `f(x)` with respect to `x`, in the shape of `x`. A score depends on
# its own point alone, so the gradient of the sum of all scores holds the gradient of each score at its point. Here
# `real` and `fake` are points, and `c` is the list of the critic's weights. The 1e-12 is there because a root has no
# derivative at 0.


# %% tags=["gan"]
def penalty(c, real, fake, eps):  # E[(‖∇D(x̂)‖ − 1)²] at x̂ = ε x + (1 − ε) G(z)
    grad = gradient(lambda x: ops.sum(network(c, x)), eps * real + (1 - eps) * fake)
    return ops.mean((ops.sqrt(ops.sum(grad**2, axis=1) + 1e-12) - 1) ** 2)


# %% [markdown]
# BCE without a penalty (λ = 0) and Wasserstein with one (WGAN-GP) are the two losses that [the paper](start.ipynb)
# compares. On points, in Lessons 0 to 4 and 6, λ is the weight of the penalty alone. In [Lesson
# 5](lesson_perceptual.ipynb) it is the weight of the perceptual term alone. In a training on images λ weighs both, so
# there BCE has a λ too.
#
# ## The steps
#
# Here a GAN is a dictionary. Its entries `g` and `c` are the weights of generator and critic, `g_adam` and `c_adam` the
# states of their optimisers. A step returns a new dictionary.
#
# Adam (Kingma & Ba 2015) turns gradients into new weights. It divides the running mean `m` of each gradient by the root
# of the running mean `v` of its square. The factor on `rate` makes up for both means starting at 0.


# %% tags=["gan"]
def adam(weights, gradients, state, rate=2e-3, b1=0.5, b2=0.9):
    t, stepped, moments = state["t"] + 1, [], []
    rate = rate * ops.sqrt(1 - b2**t) / (1 - b1**t)
    for w, g, (m, v) in zip(weights, gradients, state["moments"], strict=True):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        stepped.append(w - rate * m / (ops.sqrt(v) + 1e-7))
        moments.append((m, v))
    return stepped, {"t": t, "moments": moments}


def critic_step(gan, real, z, eps, critic_loss, lam):
    fake = network(gan["g"], z)

    def loss(c):  # L_D = L(D(x), D(G(z))) + λ · penalty
        value = critic_loss(network(c, real), network(c, fake))
        return value + lam * penalty(c, real, fake, eps) if lam else value

    c, state = adam(gan["c"], gradient(loss, gan["c"]), gan["c_adam"])
    return {**gan, "c": c, "c_adam": state}


# %% tags=["gan"]
def generator_step(gan, z, generator_loss):
    def loss(g):  # L_G = L(D(G(z)))
        return generator_loss(network(gan["c"], network(g, z)))

    g, state = adam(gan["g"], gradient(loss, gan["g"]), gan["g_adam"])
    return {**gan, "g": g, "g_adam": state}


# %% [markdown]
# ## The loop
#
# The real data are eight small Gaussians in a ring. Each of these clusters is called a *mode* of the data. The critic
# is updated five times for each update of the generator, so that its scores mean something before the generator follows
# them. `compile` makes a step faster, as `torch.compile` does.


# %% tags=["gan"]
def ring(random, n):
    angle = 2 * np.pi * random.integers(8, size=n) / 8
    centre = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (centre + 0.1 * random.standard_normal((n, 2))).astype("float32")


def new_adam(weights):
    return {"t": np.float32(0), "moments": [(0 * w, 0 * w) for w in weights]}


# %% tags=["gan"]
def train(critic_loss, generator_loss, lam):
    random = np.random.default_rng(seed)
    g, c = (new_weights(random, 2, 64, 64, 64, outputs) for outputs in (2, 1))
    gan = {"g": g, "c": c, "g_adam": new_adam(g), "c_adam": new_adam(c)}
    critic = compile(lambda *given: critic_step(*given, critic_loss, lam))
    generator = compile(lambda *given: generator_step(*given, generator_loss))
    for _ in range(int(iterations)):
        for _ in range(5):
            real, z = ring(random, 128), random.standard_normal((128, 2), "float32")
            gan = critic(gan, real, z, random.random((128, 1), "float32"))
        gan = generator(gan, random.standard_normal((128, 2), "float32"))
    return gan


# %%
trained = {
    "BCE": train(bce_critic, bce_generator, lam=0),
    "WGAN-GP": train(wasserstein_critic, wasserstein_generator, lam=1),
}
random = np.random.default_rng(1)
real, z = ring(random, 1000), random.standard_normal((1000, 2), dtype="float32")
points = {
    name: ops.convert_to_numpy(network(gan["g"], z))
    for name, gan in trained.items()
}


def modes_covered(points):
    """How many of the eight centres have at least 2 % of the points within 0.3, three standard deviations."""
    angles = 2 * np.pi * np.arange(8) / 8
    centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    near = np.linalg.norm(points[:, None] - centres, axis=2) < 0.3
    return int((near.mean(axis=0) >= 0.02).sum())


covered = {name: modes_covered(p) for name, p in points.items()}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
figure, axes = plt.subplots(1, 3, figsize=(6.6, 2.6), sharex=True, sharey=True)
colours = (OKABE_ITO["real"], OKABE_ITO["bce"], OKABE_ITO["wgan-gp"])
for axis, colour, (name, shown) in zip(
    axes, colours, {"real": real, **points}.items(), strict=True
):
    axis.plot(*shown.T, ".", ms=2, color=colour)
    axis.set_title(name, loc="left", fontsize=10)
    axis.set(aspect="equal", xlim=(-3, 3), ylim=(-3, 3))
report.picture(
    figure,
    f"Figure L0. A thousand real points, and a thousand made by each generator after {iterations} of its "
    f"updates. Of the eight modes BCE covers {covered['BCE']}, WGAN-GP {covered['WGAN-GP']}.",
    alt="Three scatter plots: eight round clusters in a ring, and what the two generators make of them.",
)

# %% [markdown]
# ## The same steps in the library
#
# [`dgan_core.training.step`](../book/training.md#one-step) holds the project's steps, for images as for points.
# `Config` holds every setting of a training, and `Points` trains networks for points with it. Its `initial_state()` is
# a dictionary like `gan` above, with the first weights. Its `steps.critic` and `steps.generator` are the two steps;
# each returns the new state and what it measured. The library takes a point for an image of one pixel with two
# channels, of shape (1, 1, 2). The [reference](../book/howto.md#points-and-random-numbers) says more.
#
# Here its steps and those above start from the same weights and get the same data and random numbers. After three
# updates of the critic and one of the generator the weights are the same, up to rounding.

# %%
from dgan_core import Config
from dgan_core.training.points import Points

SMALL = {"batch_size": 128, "latent_dim": 2, "beta_2": 0.9}
SMALL |= {"generator_width": 64, "critic_width": 64}
SMALL |= {"lam_perceptual": 0}  # no perceptual term, which Lesson 5 explains


def flat(gan):
    """All weights of both networks, in one row."""
    return np.concatenate([np.ravel(w) for w in (*gan["c"], *gan["g"])])


# %%
def both(loss, critic_loss, generator_loss, lam):
    """Weights at the start, after the library's steps, and after those above."""
    library = Points(Config(loss=loss, lam=lam, **SMALL))
    random, rate = np.random.default_rng(0), np.float32(2e-3)
    start = theirs = library.initial_state()
    mine = {**start, "g_adam": new_adam(start["g"]), "c_adam": new_adam(start["c"])}
    for _ in range(3):
        real, z = ring(random, 128), random.standard_normal((128, 2), "float32")
        eps = random.random((128, 1), "float32")
        data = {"images": real[:, None, None]}  # (128, 1, 1, 2)
        theirs, _ = library.steps.critic(theirs, data, z, eps[:, None, None], rate)
        mine = critic_step(mine, real, z, eps, critic_loss, lam)
    theirs, _ = library.steps.generator(theirs, data, z, rate)
    mine = generator_step(mine, z, generator_loss)
    return [flat(gan) for gan in (start, theirs, mine)]


# %% tags=["check"]
for setting in (
    ("bce", bce_critic, bce_generator, 0),
    ("wgan-gp", wasserstein_critic, wasserstein_generator, 1),
):
    start, theirs, mine = both(*setting)
    moved, apart = np.linalg.norm(theirs - start), np.linalg.norm(theirs - mine)
    print(f"{setting[0]}: moved by {moved:.3f}, apart by {apart:.1e}")
    assert moved > 0.1 and apart < 1e-3 * moved
assert covered["WGAN-GP"] == modes_covered(real) == 8

# %% [markdown]
# The algorithm of the library is the one above. With WGAN-GP the weights end further apart than with BCE, and rounding
# is the cause there, too. Take a unit of the last hidden layer that is active at every point. Its bias shifts all real
# and all generated scores by the same amount, so the exact gradient is 0. Rounding leaves a tiny number instead. Adam
# divides each gradient by its own size, so it turns even this tiny number into a full step.
#
# The library adds:
#
# - networks for images;
# - a frozen network, the *backbone* (in the paper VGG19, already trained): the critic sees its features, and the
#   *perceptual term* compares them ([Lesson 5](lesson_perceptual.ipynb));
# - random numbers that depend only on a seed and a step, so that every loss gets the same ones;
# - a random order of the training images, checkpoints and a log.
#
# **Takeaway:** to get another kind of GAN, you change what the two networks minimise: the loss and its penalty.
# Networks, steps and loop stay. The next lessons ask what such a change does.
#
# <a href="../book/loss-lab.html?data=ring&amp;a=bce,none&amp;b=least-squares,none">
# Train the same two networks in the loss lab</a>:
# BCE beside least squares, in your browser.
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_gan.ipynb>`, which runs where [the
# project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the cell after
# it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# Update the critic 200 times by BCE, and never the generator. A new critic scores every point near 0, so its loss
# starts near 2 log 2 = 1.39. Give the value at which it ends, to within 0.1.
#
# Write `loss_of_critic_alone()`: BCE loss of a critic after 200 updates, while the generator stands still.


# %% tags=["solution", "hide-cell"]
def loss_of_critic_alone():
    """BCE loss of a critic after 200 updates, while the generator stands still."""
    # The generator does not answer. So the critic learns to tell every
    # generated point from the real ones, and BCE falls to its lowest value, 0.
    return 0.0


# %% tags=["exercise-check"]
random = np.random.default_rng(2)
g, c = (new_weights(random, 2, 64, 64, 64, outputs) for outputs in (2, 1))
gan = {"g": g, "c": c, "g_adam": new_adam(g), "c_adam": new_adam(c)}
update = compile(lambda *given: critic_step(*given, bce_critic, 0))
for _ in range(200):
    real, z = ring(random, 128), random.standard_normal((128, 2), "float32")
    gan = update(gan, real, z, random.random((128, 1), "float32"))
found = float(bce_critic(*(network(gan["c"], x) for x in (real, network(g, z)))))
answer = loss_of_critic_alone()
assert answer is not None, "return a number first"
assert abs(answer - found) < 0.1, f"the loss ends at {found:.2f}, not at {answer}"

# %% [markdown]
# ### Exercise 2: change
#
# Replace BCE by *least squares* (Mao et al. 2017). The critic's score should be 1 for real samples and 0 for generated
# ones. Write its loss: the mean squared error over the real samples plus that over the generated ones, halved. The
# check then trains a GAN with it, whose generator wants a score of 1. It covers few of the eight modes. That is no
# mistake of yours: [Lesson 6](lesson_own_loss.ipynb) finds the same weakness of least squares.
#
# Write `least_squares_critic(real, fake)`: ½ E[(D(x) − 1)²] + ½ E[D(G(z))²], from scores (B, 1).


# %% tags=["solution", "hide-cell"]
def least_squares_critic(real, fake):
    """½ E[(D(x) − 1)²] + ½ E[D(G(z))²], from scores (B, 1)."""
    # A score above 1 costs as much as one below: unlike BCE, this loss
    # does not ask for ever larger scores.
    return (ops.mean((real - 1) ** 2) + ops.mean(fake**2)) / 2


# %% tags=["exercise-check"]
half = np.full((4, 1), 0.5, "float32")
for real, fake, right in ((half, half, 0.25), (2 * half, 0 * half, 0)):
    loss = least_squares_critic(real, fake)
    assert loss is not None, "the function returns nothing yet"
    assert np.isclose(float(loss), right), (
        f"for scores of {real[0, 0]} and {fake[0, 0]} it should be {right}, not {float(loss):.4f}"
    )
gan = train(least_squares_critic, lambda s: ops.mean((s - 1) ** 2) / 2, lam=0)
made = network(
    gan["g"], np.random.default_rng(1).standard_normal((1000, 2), "float32")
)
print(f"modes covered: {modes_covered(ops.convert_to_numpy(made))} of 8")

# %% [markdown]
# ### Exercise 3: derive
#
# A small region holds the share *p* of all real points and the share *q* of all generated ones. BCE's critic gives them
# all the same score *s*. Their part of its loss is *p* · softplus(−*s*) + *q* · softplus(*s*). Which *s* makes it
# lowest?
#
# Write `best_score(p, q)`: the score that makes BCE lowest where the shares of points are p and q.


# %% tags=["solution", "hide-cell"]
def best_score(p, q):
    """The score that makes BCE lowest where the shares of points are p and q."""
    # The derivative is −p (1 − σ(s)) + q σ(s). It is 0 at σ(s) = p/(p + q),
    # the share of real points there; s = log(p/q) is its logit.
    return np.log(p / q)


# %% tags=["exercise-check"]
grid = np.linspace(-6, 6, 12001)
for p, q in ((0.1, 0.1), (0.3, 0.1), (0.02, 0.5)):
    found = grid[np.argmin(p * np.logaddexp(0, -grid) + q * np.logaddexp(0, grid))]
    answer = best_score(p, q)
    assert answer is not None, "the function returns nothing yet"
    assert abs(answer - found) < 2e-3, (
        f"for p = {p} and q = {q} the loss is lowest at {found:.3f}, not at {answer:.3f}"
    )
