# %% [markdown]
# # Lesson 5: what the perceptual term asks for
#
# **Claim.** The perceptual term is lower for washed-out images than for perfect ones. The larger its weight λ, the more
# washed out are the images for which the adversarial loss and the term together are lowest.
#
# On images the generator also minimises λ times a *perceptual term*, with either loss. (The paper is not clear about λ
# under WGAN-GP: see [deviation 1](../book/deviations.md#1-λ-means-two-things).) The term is the mean squared difference
# between features of real and of generated images (Johnson et al. 2016). *Features* are the activations of a frozen
# network, the [backbone](../book/glossary.md). In style transfer, where the term comes from, each image is compared
# with its own target. Here a minibatch of real images is compared with generated images that have nothing to do with
# them. The best guess at unrelated images is their average.
#
# The "real" images are simulated scans. The "generated" ones are new scans by the same simulator, blended with their
# average: at a blend of 1 they are perfect, at 0 each of them is the average. The *sliced Wasserstein distance*
# measures how far each set is from the real one *as a distribution*: all features are projected onto a random line,
# the two sets of numbers are compared as in [Lesson 1](lesson_distances.ipynb), and the result is averaged over many
# lines. It stands for what a perfect critic would tell the generator.
#
# You need [Lesson 0](lesson_gan.ipynb) and [Lesson 1](lesson_distances.ipynb). Reading takes about 10 minutes.

# %% tags=["parameters"]
n = 64  # images in each set
seed = 0

# %%
import numpy as np

from dgan_core import Config, models
from dgan_core.data import phantoms
from dgan_core.losses import perceptual
from dgan_core.metrics import sliced_wasserstein
from dgan_core.profiles import LAMBDAS

backbone = models.backbone(Config())  # small: two blocks with random weights


def scans(s):
    """Simulated scans of one seed in [-1, 1], (n, 64, 64, 1) float32."""
    return phantoms(int(n), 64, seed=s).astype("float32") / 127.5 - 1


real, perfect = scans(int(seed)), scans(int(seed) + 1)
average = perfect.mean(axis=0)


def blended(blend):
    """The perfect images at a blend of 1, their average at 0."""
    return average + np.float32(blend) * (perfect - average)


# %%
def features(images):
    """Images (n, 64, 64, 1) in [-1, 1] → the backbone's features (n, 16, 16, 16)."""
    return np.array(backbone(images))


real_features = features(real)
blends = np.linspace(0, 1, 21)
term, distance = [], []
for blend in blends:
    fake_features = features(blended(blend))
    term.append(float(perceptual(real_features, fake_features)))
    flat = [f.reshape(len(f), -1) for f in (real_features, fake_features)]
    distance.append(sliced_wasserstein(*flat, n_projections=200))
term, distance = np.array(term), np.array(distance)
best = {lam: blends[np.argmin(distance + lam * term)] for lam in (0, *LAMBDAS)}
low, high = min(LAMBDAS), max(LAMBDAS)

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()


def draw_images(axes):
    """A real image, then blends from perfect to average."""
    shown = {"a real image": real[0]}
    shown |= {f"blend {b:g}": blended(b)[0] for b in (1, 0.7, 0.3, 0)}
    for axis, (title, image) in zip(axes, shown.items(), strict=True):
        axis.imshow(image[..., 0], cmap="gray", vmin=-1, vmax=1)
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()


# %% tags=["hide-input"]
figure, axes = plt.subplot_mosaic(
    "rabcd;llmmm", figsize=(6.6, 4.6), height_ratios=[1, 2]
)
draw_images([axes[name] for name in "rabcd"])
left, right = axes["l"], axes["m"]
left.plot(blends, term, color=OKABE_ITO["real"], label="perceptual term")
left.plot(blends, distance, "--", color=OKABE_ITO["floor"], label="distance")
left.set(xlabel="blend (0: average, 1: perfect)", ylim=(0, None))
left.legend(fontsize=8)
right.plot(list(best), list(best.values()), "o:", color=OKABE_ITO["wgan-gp"])
right.set(xlabel="weight λ of the perceptual term", ylim=(-0.05, 1.05))
right.set_title("best blend for both together", loc="left", fontsize=10)
report.picture(
    figure,
    f"Figure L5. The perceptual term is {term[-1]:.2f} for perfect images and lowest, {term.min():.2f}, at a blend of "
    f"{blends[term.argmin()]:.2f}; the distance of the distributions is lowest at {blends[distance.argmin()]:.2f} "
    f"(left). The blend at which distance + λ · term is lowest: {best[0]:.2f} without the term, {best[low]:.2f} at "
    f"λ = {low:g}, {best[high]:.2f} at λ = {high:g} (right).",
    alt="Scans from perfect to average; the term and the distance against the blend; the best blend against λ.",
)

# %% tags=["check"]
assert term[-1] > 1.3 * term.min() and blends[term.argmin()] < 0.4
assert best[0] >= 0.9 > best[low] > 0.5 > best[high]
assert all(np.diff(list(best.values())) <= 0)

# %% [markdown]
# The term is not lowest at a blend of exactly 0, since the network isn't linear: the features of the average image are
# not the average of the features. How far a given λ pulls the best blend down depends on the scale of the features and
# on the critic, which is never perfect. That the term pulls towards an average depends on neither. Why use it at all?
# Early in training, when the critic has learnt little, the term at least gives the generator the average of real
# images to aim at. See the [losses chapter](../book/losses.md).
#
# **Takeaway:** a term that compares unpaired images prefers their average.
#
# [Walk the latent space](../book/latent-walk.md) of two generators that were trained with this term, and look for
# washed-out images.
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_perceptual.ipynb>`, which runs
# where [the project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the
# cell after it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# At which blend is distance + λ · term lowest if λ is 1000? Give a number, to within 0.1.
#
# Write `best_blend_at_1000()`: the blend at which distance + 1000 · term is lowest.


# %% tags=["solution", "hide-cell"]
def best_blend_at_1000():
    """The blend at which distance + 1000 · term is lowest."""
    # The distance hardly counts any more, so it is the blend at which the
    # term alone is lowest; Figure L5 has it. It is not quite 0, because the
    # features of the average image are not the average of the features.
    return 0.25


# %% tags=["exercise-check"]
found = blends[np.argmin(distance + 1000 * term)]
answer = best_blend_at_1000()
assert answer is not None, "return a number first"
assert abs(answer - found) <= 0.1, (
    f"it is lowest at {found:.2f}, not at {answer:.2f}"
)

# %% [markdown]
# ### Exercise 2: change
#
# Change the term so that it compares two *sets* instead of pairs of images: average the features over each minibatch
# first, then take the mean squared difference of the two averages. This is *feature matching* (Salimans et al. 2016).
# The check looks for the blend at which it is lowest, which should be near 1.
#
# Write `feature_matching(real_features, fake_features)`: mean squared difference of two minibatches' mean features,
# from (n, h, w, c).


# %% tags=["solution", "hide-cell"]
def feature_matching(real_features, fake_features):
    """Mean squared difference of two minibatches' mean features, from (n, h, w, c)."""
    # Nothing is gained by making images alike: only their average counts.
    # But it is blind to variety, so it can't replace the critic.
    return ((real_features.mean(axis=0) - fake_features.mean(axis=0)) ** 2).mean()


# %% tags=["exercise-check"]
two = np.float32([1, 3]).reshape(2, 1, 1, 1)
answer = feature_matching(two, np.float32([0, 2]).reshape(2, 1, 1, 1))
assert answer is not None, "the function returns nothing yet"
assert np.isclose(answer, 1), f"for 1, 3 and 0, 2 it should be 1, not {answer:.3f}"
matched = [feature_matching(real_features, features(blended(b))) for b in blends]
found = blends[np.argmin(matched)]
print(
    f"lowest at a blend of {found:.2f}; the perceptual term: {blends[term.argmin()]:.2f}"
)
assert found > 0.8, (
    f"it is lowest at a blend of {found:.2f}, not near 1: does it compare pairs?"
)

# %% [markdown]
# ### Exercise 3: derive
#
# Blend the *features* instead of the images. A generated feature is the mean of the real ones plus *a* times a
# deviation. The deviation has the variance of the real features and is independent of them. How large is the term on
# average, in units of that variance? Compare a perfect generator, *a* = 1, with the average, *a* = 0.
#
# Write `term_over_variance(a)`: expected perceptual term, over the variance of real features.


# %% tags=["solution", "hide-cell"]
def term_over_variance(a):
    """Expected perceptual term, over the variance of real features."""
    # Real − generated has the mean 0, and the variances of two independent
    # deviations add up. The perfect generator, a = 1, pays twice what the
    # average, a = 0, pays.
    return 1 + a**2


# %% tags=["exercise-check"]
centre, variance = real_features.mean(axis=0), real_features.var(axis=0).mean()
deviation = features(perfect) - features(perfect).mean(axis=0)
for a in (0, 0.5, 1):
    fake_features = centre + np.float32(a) * deviation
    right = float(perceptual(real_features, fake_features)) / variance
    answer = term_over_variance(a)
    assert answer is not None, "the function returns nothing yet"
    print(f"a = {a:g}: {answer:.2f}, measured {right:.2f}")
    assert np.isclose(answer, right, rtol=0.1), (
        f"for a = {a:g} the term measured is {right:.2f}, not {answer:.2f}"
    )
