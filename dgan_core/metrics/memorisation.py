"""Does a generator replay its training images? A test with a known rate of false alarms.

In feature space, d₁ and d₂ are an image's distances to the nearest and second nearest training image; for a training
image, among the others. An image counts as a copy if it is two things at once:

    near    closer to a training image than they are to one another:    d₁ < ⅔ median d₁ of real images
    single  much closer to one training image than to the next:         d₁ < ⅔ d₂

Near alone is also true of images that are too average: near to all training images, copies of none. Real sets hold
near-duplicates, so some of their images count as copies too, and what matters is the excess of the generated share.
Under the null hypothesis generated images are further draws of the training images' distribution, and any N of all
N + M might as well have been the training set: p is the rank of the excess among relabelled sets, after the test of
Meehan et al. 2020, without its held-out sample. It is exact at any N, since relabelled sets share all of this: one
training set behind all distances, and N neighbours for a generated image against N − 1 for a training image.

To pass is no praise: images unlike anything real pass. A generator that has collapsed to one image fails
where that image counts as a copy. In very few dimensions nothing is single, and average images may fail.
"""

import functools
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from .checks import as_feature_pair, as_positive_integer

CLOSE = 2 / 3  # of the usual distance, and of the second nearest: rare among independent phantoms
ALPHA = 0.05


class Memorisation(NamedTuple):
    share: float  # of generated images that count as copies
    real_share: float  # of real images that count as copies of another
    p_value: float
    memorised: bool  # p ≤ 5 %
    nearest: np.ndarray  # (M,) index of each generated image's nearest training image
    distance: np.ndarray  # (M,) d₁ of generated images
    ratio: np.ndarray  # (M,) d₁ / d₂ of generated images, 0 for an exact copy
    real_distance: np.ndarray  # (N,) d₁ of training images, or (H,) of held-out ones
    real_ratio: np.ndarray

    @property
    def verdict(self):
        """One sentence."""
        counts = (
            f"{self.share:.1%} of the generated images count as copies, against {self.real_share:.1%} of the real ones"
        )
        judgement = "memorised" if self.memorised else "no sign of memorisation, which alone is no praise"
        return f"{judgement}: {counts} (p = {self.p_value:.3f})"


def memorisation(train, fake, held_out=None, n_permutations=999, seed=0):
    """Test whether `fake` replays `train`, by nearest neighbours in feature space.

    train (N, D) with N ≥ 3; fake (M, D). held_out (H, D): real images that the generator never saw; where given,
    generated images are compared with these, and not each training image with the others. p-values come from seeded
    permutations and are at least 1 / (n_permutations + 1). Memory for (N + M)² distances.
    """
    train, fake = as_feature_pair(train, fake, ("train", "fake"))
    n_permutations = as_positive_integer(n_permutations, "n_permutations")
    if len(train) < 3:
        raise ValueError(f"train must hold at least 3 images, so that each has two others, got {len(train)}")
    if held_out is None:
        points = np.concatenate([train, fake])
        is_real = np.arange(len(points)) < len(train)
        neighbours = _sorted(cdist(points, points), without_self=True)
        two_nearest = functools.partial(_two_nearest, *neighbours)  # a label says who is in the training set
    else:
        train, held_out = as_feature_pair(train, held_out, ("train", "held_out"))
        points = np.concatenate([held_out, fake])
        is_real = np.arange(len(points)) < len(held_out)
        fixed = _two_nearest(*_sorted(cdist(points, train)), np.ones(len(train), bool))
        two_nearest = lambda _: fixed  # noqa: E731  (a label says only who is compared with whom)

    def shares(label):
        _, first, ratio = two_nearest(label)
        copies = (first < CLOSE * np.median(first[label])) & (ratio < CLOSE)
        return copies[~label].mean(), copies[label].mean()

    share, real_share = shares(is_real)
    rng = np.random.default_rng(seed)
    relabelled = np.array([shares(rng.permutation(is_real)) for _ in range(n_permutations)])
    reached = relabelled[:, 0] - relabelled[:, 1] >= share - real_share - 1e-12  # equal but for rounding
    p_value = (1 + reached.sum()) / (1 + n_permutations)
    nearest, distance, ratio = two_nearest(is_real)
    return Memorisation(
        share=float(share),
        real_share=float(real_share),
        p_value=float(p_value),
        memorised=bool(p_value <= ALPHA),
        nearest=nearest[~is_real],
        distance=distance[~is_real],
        ratio=ratio[~is_real],
        real_distance=distance[is_real],
        real_ratio=ratio[is_real],
    )


def _sorted(distance, without_self=False):
    """Neighbours of each point, nearest first: distances and indices.  (P, Q) → two (P, Q), one fewer without self"""
    if without_self:
        np.fill_diagonal(distance, -1.0)  # first, also among duplicates
    order = distance.argsort(1)[:, int(without_self) :]
    return np.take_along_axis(distance, order, 1), order


def _two_nearest(distance, order, is_train):
    """Index of the nearest training image, d₁, and d₁/d₂.  three (P,)"""
    hit, row = is_train[order], np.arange(len(order))
    first = hit.argmax(1)
    hit[row, first] = False
    d1, d2 = distance[row, first], distance[row, hit.argmax(1)]
    return order[row, first], d1, np.divide(d1, d2, out=np.zeros_like(d1), where=d2 > 0)
