# %% [markdown]
# # Lesson 6: FID depends on how many images there are
#
# **Claim.** A perfect generator's FID isn't 0: it falls in proportion to one over the number of images, so that a worse
# generator with more images can have the lower FID. KID has no such bias.
#
# FID fits a Gaussian to the features of each set and measures how far apart the two Gaussians are. Two finite
# samples of one population never have quite the same mean and covariance, and FID is a squared distance, so that every
# error counts as distance and none cancels. Here "features" are drawn from known populations, so that the truth is
# known: the perfect generator draws from the real population, the other one from a population whose mean is off.

# %% tags=["parameters"]
dimensions = 64  # of a feature; Inception's has 2,048
repeats = 8  # pairs of samples of each size
off = 1.5  # squared distance of the other generator's mean: its true FID
seed = 0

# %%
import numpy as np

from dgan_core import rng
from dgan_core.metrics import frechet_distance, kernel_distance

SIZES = (100, 200, 400, 800, 1600, 3200)
d = int(dimensions)
shift = np.sqrt(float(off) / d)  # in every feature


def sample(name, n, repeat):
    """n features, (n, d), of a population of unit variance."""
    return rng.normal(seed, f"{name} {n}", repeat, (n, d))


def measure(metric, shift):
    """The metric at each size, for each pair of samples: (sizes, repeats)."""
    found = np.empty((len(SIZES), int(repeats)))
    for i, n in enumerate(SIZES):
        for r in range(int(repeats)):
            real, fake = sample("real", n, r), sample("fake", n, r)
            found[i, r] = metric(real, fake + shift)
    return found


generators = {"perfect": 0.0, "worse": shift}
fid = {name: measure(frechet_distance, s) for name, s in generators.items()}
kid = {name: measure(kernel_distance, s) for name, s in generators.items()}

# %% tags=["hide-input"]
import matplotlib.pyplot as plt

import dgan_report as report
from dgan_report.style import OKABE_ITO, use_style

use_style()
figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3.2))
for name, line, colour in (
    ("perfect", "-o", OKABE_ITO["real"]),
    ("worse", "--s", OKABE_ITO["normal"]),
):
    left.loglog(
        SIZES,
        fid[name].mean(1),
        line,
        color=colour,
        ms=4,
        label=f"{name} generator",
    )
    right.errorbar(
        SIZES,
        kid[name].mean(1),
        kid[name].std(1),
        fmt=line,
        color=colour,
        ms=4,
        capsize=2,
    )
left.axhline(float(off), color=OKABE_ITO["normal"], linestyle=":")
right.axhline(0, color=OKABE_ITO["real"], linestyle=":")
right.set_xscale("log")
for axis, title in ((left, "FID"), (right, "KID")):
    axis.set_title(title, loc="left", fontsize=10)
    axis.set_xlabel("images on each side")
    axis.set_xticks(SIZES, SIZES)
    axis.minorticks_off()
left.set_yticks([1, 3, 10, 30], [1, 3, 10, 30])
left.legend(fontsize=8)
small, large = fid["perfect"].mean(1), fid["worse"].mean(1)
beaten = max(n for n, value in zip(SIZES, small, strict=True) if value > large[-1])
report.picture(
    figure,
    f"Figure L6. Left: from {SIZES[0]} to {SIZES[-1]:,} images the perfect generator's FID falls from "
    f"{small[0]:.1f} to {small[-1]:.2f}; its true value is 0. The other's falls from {large[0]:.1f} to "
    f"{large[-1]:.2f}; its true value is {off:g} (dotted). At any one size the order is right, but with up to "
    f"{beaten:,} images the perfect generator looks worse than the other one with {SIZES[-1]:,}. Right: KID, mean "
    f"and standard deviation of {repeats} samples, scatters around the same value at every size, around 0 for the "
    "perfect generator.",
    alt="FID on the left and KID on the right, each against the number of images, for a perfect and a worse generator.",
)

# %% tags=["check"]
exponent = np.polyfit(np.log(SIZES), np.log(small), 1)[0]
assert -1.15 < exponent < -0.95, exponent
assert (large > small).all() and small[1] > large[-1]
error = kid["perfect"].std(axis=1, ddof=1) / np.sqrt(int(repeats))
assert (np.abs(kid["perfect"].mean(axis=1)) < 4 * error).all()

# %% [markdown]
# Thus a FID compares only with another at the same number of images, and no FID of a few hundred images compares with
# published ones at 50,000. This book prints the number beside every FID, sets a floor next to it (real images against
# real ones, at half the number), and gives FID∞, which extrapolates the line above to infinitely many images; see
# [the chapter on metrics](../book/metrics.md) and [how sure they are](uncertainty.ipynb).
#
# ## Exercise
#
# For a perfect generator whose *D* features are independent and of unit variance, FID is about
# *D* (*D* + 5) / (2*N*) once *N* is well above *D*: 2*D*/*N* from the means, the rest from the covariances. How many
# images does it take for it to fall to a given value?

# %% [markdown] tags=["offer"]
# Try it first, in {download}`this lesson without its solution <exercises/lesson_fid.ipynb>`. The solution is folded
# away below; the cell after it checks it against the samples above.


# %% tags=["solution", "hide-cell"]
def images_needed(d, value):
    """N at which the FID of a perfect generator is `value` on average."""
    # Inception's 2,048 features, were they independent, would need 2.1
    # million images on each side for a FID of 1.
    return d * (d + 5) / (2 * value)


# %% tags=["exercise-check"]
for n, value in list(zip(SIZES, small, strict=True))[2:]:
    print(
        f"FID {value:.2f}: {images_needed(d, value):,.0f} images; it was measured with {n:,}"
    )
    assert np.isclose(images_needed(d, value), n, rtol=0.1)
