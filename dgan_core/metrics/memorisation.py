"""Does a generator replay its training images? A permutation test in feature space.

d₁ ≤ d₂ ≤ … are an image's distances to the training images; for a training image, to the others. An image counts as a
copy if it is two things at once:

    single  much closer to one training image, or to a few, than to the next:       d_k < ⅔ d_{k+1} for a k ≤ 4
    near    closer than training images are to others that they aren't single to:   d₁ < ⅔ of the median of these

Near alone is also true of images that are too average: near to all training images, copies of none. Real images may
count as copies of one another too, and what matters is the excess of the generated share. Under the null hypothesis
generated images are further draws of the training images' distribution, and any N of all N + M might as well have been
the training set: p is the rank of the excess among relabelled sets, after the test of Meehan et al. 2020, without its
held-out sample. At any N false alarms are no more frequent than ALPHA where images are independent and no training
image was merged (`twins` is 0): relabelled sets share one training set behind all distances, and N neighbours for a
generated image against N − 1 for a training image.

Twins are training images that repeat one another, exactly or nearly (oversampled sets, frames of one scan). They make
real images count as copies, which hides generated ones. So exact repeats count as one image, and so do near ones where
half of the real images or more count as copies. Only training images are merged, and before relabelling: p is then not
calibrated, and a generator that draws the same scans again copies by definition. (With held-out images p stays exact.)
Where a fifth still count as copies, `verdict` gives no answer instead of clearing the generator.

Passing is weak evidence: images unlike anything real also pass. A generator that has collapsed to one image fails where
that image counts as a copy. In very few dimensions no image has one clearly nearest neighbour.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from .checks import as_feature_pair, as_positive_integer, as_seed
from .neighbours import Neighbours, distances

CLOSE = 2 / 3  # of the usual distance, and of the next neighbour: rare among independent phantoms
ALPHA = 0.05
# Shares of real images that count as copies:
TWINS = 0.5  # from which on they are twins: chance gives less in 3 dimensions
MANY = 0.2  # and from which on a p above ALPHA clears nobody
FEW = 4  # training images that an image may be a copy of


class Memorisation(NamedTuple):
    share: float  # of generated images that count as copies
    real_share: float  # of real images that count as copies of another
    p_value: float
    memorised: bool  # p ≤ 5 %
    twins: int  # training images that repeat another one, exactly or nearly
    nearest: np.ndarray  # (M,) index of each generated image's nearest training image
    distance: np.ndarray  # (M,) d₁ of generated images
    real_distance: np.ndarray  # (N',) d₁ of training images, one for each group of twins, or (H,) of held-out ones

    @property
    def clear(self):
        """Whether the test has an answer."""
        return self.memorised or self.real_share < MANY

    @property
    def verdict(self):
        """One sentence."""
        counts = (
            f"{self.share:.1%} of the generated images count as copies, against {self.real_share:.1%} of the real ones"
        )
        judgement = "no sign of memorisation, which alone is weak evidence"
        if self.memorised:
            judgement = "memorised"
        elif not self.clear:
            judgement = "no answer, since too many real images are copies of one another"
        twins = f", {self.twins} of which repeat another one" if self.twins else ""
        return f"{judgement}: {counts}{twins} (p = {self.p_value:.3f})"


def memorisation(train, fake, held_out=None, n_permutations=999, seed=0):
    """Test whether `fake` replays `train`, by nearest neighbours in feature space.

    train (N, D) with N ≥ 3, of which at least 3 are no twins; fake (M, D). held_out (H, D): real images that the
    generator never saw; where given, generated images are compared with these, and not each training image with the
    others. p-values come from seeded permutations and are at least 1 / (n_permutations + 1). Memory for (N + M)²
    distances.
    """
    train, fake = as_feature_pair(train, fake, ("train", "fake"))
    n_permutations, seed = as_positive_integer(n_permutations, "n_permutations"), as_seed(seed)
    if len(train) < 3:
        raise ValueError(f"train must hold at least 3 images, so that each has two others, got {len(train)}")
    own = distances(train, train)
    group = _twins(own)
    n = group.max() + 1
    if n < 3:
        raise ValueError(f"train must hold at least 3 different images, got {n} of {len(train)}: add others")
    across = distances(fake, train)
    nearest, across = across.argmin(1), _merged(across, group)
    if held_out is None:
        own = _merged(_merged(own, group).T, group)
        to_train = np.block([[own, across.T], [across, distances(fake, fake)]])
        np.fill_diagonal(to_train, np.inf)
        is_real = np.arange(len(to_train)) < n
        neighbours = Neighbours(to_train, min(FEW, n - 2) + 1)  # a label says who is in the training set
    else:
        train, held_out = as_feature_pair(train, held_out, ("train", "held_out"))
        to_train = np.concatenate([_merged(distances(held_out, train), group), across])
        is_real = np.arange(len(to_train)) < len(held_out)
        fixed = Neighbours(to_train, min(FEW, n - 2) + 1)(np.ones(n, bool))
        neighbours = lambda _: fixed  # noqa: E731  (a label says only who is compared with whom)

    def shares(label):
        copies = _copies(neighbours(label), label)
        return copies[~label].mean(), copies[label].mean()

    share, real_share = shares(is_real)
    rng = np.random.default_rng(seed)
    relabelled = np.array([shares(rng.permutation(is_real)) for _ in range(n_permutations)])
    reached = relabelled[:, 0] - relabelled[:, 1] >= share - real_share - 1e-12  # equal but for rounding
    p_value = (1 + reached.sum()) / (1 + n_permutations)
    distance = neighbours(is_real)[:, 0]
    return Memorisation(
        share=float(share),
        real_share=float(real_share),
        p_value=float(p_value),
        memorised=bool(p_value <= ALPHA),
        twins=len(train) - int(n),
        nearest=nearest,
        distance=distance[~is_real],
        real_distance=distance[is_real],
    )


def _copies(d, label):
    """Which images count as copies.  d (P, K+1), each one's nearest distances; label (P,), which are real → (P,)"""
    gap = d[:, :-1] < CLOSE * d[:, 1:]
    last = np.where(gap.any(1), gap.shape[1] - gap[:, ::-1].argmax(1), 0)  # neighbours before the last gap, or none
    usual = np.median(d[np.arange(len(d)), last][label])
    return gap.any(1) & (d[:, 0] < CLOSE * usual)


def _twins(distance):
    """The group of each training image: its twins', or its own.  distance (N, N) → (N,) whole numbers, none left out"""
    _, group = connected_components(distance == 0, directed=False)
    n = group.max() + 1
    apart = _merged(_merged(distance, group).T, group)
    np.fill_diagonal(apart, np.inf)
    if n < 4:
        return group
    k = min(FEW, n - 2)
    order = apart.argsort(1, kind="stable")[:, : k + 1]
    d = np.take_along_axis(apart, order, 1)
    copies = _copies(d, np.ones(n, bool))
    if copies.mean() < TWINS:
        return group
    gap = d[:, :-1] < CLOSE * d[:, 1:]
    before = gap[:, ::-1].cumsum(1)[:, ::-1] > 0  # the neighbours before the last gap
    linked = np.zeros((n, n), bool)
    np.put_along_axis(linked, order[:, :-1], before & copies[:, None], 1)
    _, again = connected_components(linked & linked.T, directed=False)
    return again[group]


def _merged(distance, group):
    """The smallest distance to each group of columns.  (P, N) → (P, G)"""
    order = np.argsort(group, kind="stable")
    return np.minimum.reduceat(distance[:, order], np.unique(group[order], return_index=True)[1], axis=1)
