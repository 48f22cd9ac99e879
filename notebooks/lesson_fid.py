# %% [markdown]
# # Lesson 7: FID depends on how many images there are
#
# **Claim.** A perfect generator's FID is not 0. It falls in proportion to one over the number of images, so a worse
# generator with more images can have the lower FID. KID has no such bias.
#
# Both metrics compare the *features* of real and of generated images: each image goes through a trained network,
# Inception, and becomes a vector. The *Fréchet inception distance* (FID) fits a Gaussian to the vectors of each set and
# measures how far apart the two Gaussians are. Two finite samples of one population never have quite the same mean and
# covariance. FID is a squared distance, so these errors never cancel: each makes it larger.
#
# The *kernel inception distance* (KID) fits nothing. It adds up the mean similarity of two images within each set and
# subtracts twice the mean similarity across. Its errors have either sign and cancel on average. The [metrics
# chapter](../book/metrics.md) gives both equations.
#
# Here the "features" are random numbers from known populations, so the truth is known. The perfect generator draws from
# the real population, the worse one from a population whose mean is off. (For features of another network this book
# says *Fréchet distance* and *kernel distance*; the formulas are the same. Only in this lesson do we say FID and KID
# although no network is used.)
#
# You need no other lesson. Reading takes about 10 minutes.

# %% tags=["parameters"]
dimensions = 64  # of a feature; Inception's has 2,048
repeats = 8  # pairs of samples of each size
off = 1.5  # squared distance of the worse generator's mean: its true FID
seed = 0

# %%
import numpy as np

from dgan_core import rng
from dgan_core.metrics import frechet_distance, kernel_distance

SIZES = (100, 200, 400, 800, 1600, 3200)
d = int(dimensions)
GENERATORS = {
    "perfect": 0.0,
    "worse": np.sqrt(float(off) / d),
}  # added to each feature


def sample(name, n, repeat):
    """n features, (n, d), of a population of unit variance."""
    return rng.normal(seed, f"{name} {n}", repeat, (n, d))


def measure(metric, shift):
    """The metric at each size, for each pair of samples: (sizes, repeats)."""
    found = np.empty((len(SIZES), int(repeats)))
    for i, n in enumerate(SIZES):
        for r in range(int(repeats)):
            found[i, r] = metric(sample("real", n, r), sample("fake", n, r) + shift)
    return found


# %%
fid = {name: measure(frechet_distance, s) for name, s in GENERATORS.items()}
kid = {name: measure(kernel_distance, s) for name, s in GENERATORS.items()}
small, large = fid["perfect"].mean(1), fid["worse"].mean(1)

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
COLOURS = {"perfect": OKABE_ITO["real"], "worse": OKABE_ITO["malignant"]}


def draw(left, right):
    """FID and KID against the number of images; dotted, their true values."""
    for name, line in (("perfect", "-o"), ("worse", "--s")):
        look = {"color": COLOURS[name], "ms": 4}
        left.loglog(
            SIZES, fid[name].mean(1), line, label=f"{name} generator", **look
        )
        mean, deviation = kid[name].mean(1), kid[name].std(1)
        right.errorbar(SIZES, mean, deviation, fmt=line, capsize=2, **look)
    left.axhline(float(off), color=COLOURS["worse"], linestyle=":")
    right.axhline(0, color=COLOURS["perfect"], linestyle=":")
    for axis, title in ((left, "FID"), (right, "KID")):
        axis.set_title(title, loc="left", fontsize=10)
        axis.set_xlabel("images on each side")


# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3.2))
draw(left, right)
right.set_xscale("log")
left.set_yticks([1, 3, 10, 30], [1, 3, 10, 30])
left.legend(fontsize=8)
for axis in (left, right):
    axis.set_xticks(SIZES, SIZES)
    axis.minorticks_off()
beaten = [n for n, value in zip(SIZES, small, strict=True) if value > large[-1]]
crossed = f"with up to {beaten[-1]:,}" if beaten else "with no number of"
report.picture(
    figure,
    f"Figure L7. Left: from {SIZES[0]} to {SIZES[-1]:,} images the perfect generator's FID falls from {small[0]:.1f} "
    f"to {small[-1]:.2f}; its true value is 0. The worse one's falls from {large[0]:.1f} to {large[-1]:.2f}; its "
    f"true value is {off:g} (dotted). At any one size the order is right, but {crossed} images the perfect "
    f"generator's FID is higher than the worse one's with {SIZES[-1]:,}. Right: KID, mean and standard deviation of "
    f"{repeats} samples, scatters around the same value at every size, around 0 for the perfect generator.",
    alt="FID on the left and KID on the right, each against the number of images, for a perfect and a worse generator.",
)

# %% tags=["check"]
exponent = np.polyfit(np.log(SIZES), np.log(small), 1)[0]
assert -1.15 < exponent < -0.95, exponent
assert (large > small).all() and small[1] > large[-1]
error = kid["perfect"].std(axis=1, ddof=1) / np.sqrt(int(repeats))
assert (np.abs(kid["perfect"].mean(axis=1)) < 4 * error).all()

# %% [markdown]
# So an FID can be compared only with one at the same number of images, and no FID of a few hundred images can be
# compared with published ones at 50,000. This book prints the number of images beside every such distance. It also
# gives a *floor*, the distance of real images from other real ones, and FID∞, an estimate for infinitely many images
# (Exercise 2), which is still too high where there are more features than images. The floor has half the number of
# images on each side, so its FID is biased about twice as much and a good generator can lie below it: read it as a
# scale, not as a limit. See [how sure a number is](uncertainty.ipynb).
#
# **Takeaway:** an FID without its number of images means nothing.
#
# The book's own runs compare 210 images with 210. [Walk the latent space](../book/latent-walk.md) of two of them to see
# such images.
#
# ## Exercises

# %% [markdown] tags=["offer"]
# Try them first, in {download}`this lesson without its solutions <exercises/lesson_fid.ipynb>`, which runs where [the
# project is set up](../book/howto.md#in-jupyterlab). Each solution is folded away below its exercise; the cell after
# it checks the answer.

# %% [markdown]
# ### Exercise 1: predict
#
# The largest samples above have 3,200 images. What is the perfect generator's FID with twice as many on each side? Give
# a number, to within 15 %.
#
# Write `fid_of_twice_as_many()`: FID of the perfect generator with 6,400 images on each side.


# %% tags=["solution", "hide-cell"]
def fid_of_twice_as_many():
    """FID of the perfect generator with 6,400 images on each side."""
    # The bias falls as 1/N, so twice the images halve it.
    return small[-1] / 2


# %% tags=["exercise-check"]
found = frechet_distance(sample("real", 6400, 0), sample("fake", 6400, 0))
answer = fid_of_twice_as_many()
assert answer is not None, "return a number first"
assert abs(answer / found - 1) < 0.15, f"the FID is {found:.3f}, not {answer:.3f}"

# %% [markdown]
# ### Exercise 2: change
#
# Estimate the FID that infinitely many images would give (FID∞, Chong & Forsyth 2020). Let *N* be the number of images.
# For *N* well above the number of features, FID plotted against 1/*N* lies close to a line. Fit the line, and return
# its value at 1/*N* = 0.
#
# Write `fid_infinity(sizes, values)`: FID for infinitely many images, from the FIDs `values` at the N in `sizes`.


# %% tags=["solution", "hide-cell"]
def fid_infinity(sizes, values):
    """FID for infinitely many images, from the FIDs `values` at the N in `sizes`."""
    # A line a/N + b has two coefficients; b is what remains at 1/N = 0.
    _, b = np.polyfit(1 / np.array(sizes), values, 1)
    return b


# %% tags=["exercise-check"]
answer = fid_infinity([100, 200, 400], [5.0, 4.0, 3.5])
assert answer is not None, "the function returns nothing yet"
assert np.isclose(answer, 3), f"for 3 + 200/N it should be 3, not {answer:.3f}"
for name, right in {"perfect": 0, "worse": float(off)}.items():
    answer = fid_infinity(SIZES[2:], fid[name].mean(1)[2:])
    print(f"the {name} generator's FID∞: {answer:.2f}; its true FID: {right:g}")
    assert abs(answer - right) < 0.2, (
        f"the {name} generator's FID∞ should be near {right:g}, not {answer:.2f}"
    )

# %% [markdown]
# ### Exercise 3: derive
#
# Take a perfect generator whose *d* features are independent normal numbers of unit variance. Once *N* is well above
# *d*, the means add about 2*d*/*N* to its FID and the covariances add about *d* (*d* + 1) / (2*N*). How many images
# does it take for FID to fall to a given value? Try your formula with *d* = 2,048 and an FID of 1.
#
# Write `images_needed(d, value)`: N at which the FID of a perfect generator is `value` on average.


# %% tags=["solution", "hide-cell"]
def images_needed(d, value):
    """N at which the FID of a perfect generator is `value` on average."""
    # If Inception's 2,048 features were independent, an FID of 1 would
    # need 2.1 million images on each side.
    return d * (d + 5) / (2 * value)


# %% tags=["exercise-check"]
for n, value in list(zip(SIZES, small, strict=True))[2:]:
    answer = images_needed(d, value)
    assert answer is not None, "the function returns nothing yet"
    print(f"FID {value:.2f}: {answer:,.0f} images; it was measured with {n:,}")
    assert np.isclose(answer, n, rtol=0.1), (
        f"an FID of {value:.2f} was measured with {n:,} images, not with {answer:,.0f}"
    )
