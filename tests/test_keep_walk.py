"""What is kept for the page that walks through latent space: directions, and distances to the training scans."""

import sys
from pathlib import Path

import numpy as np

from dgan_core.data import phantoms

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from keep_walk import N_PROJECTIONS, directions, nearest, projected


class Linear:
    """A generator whose images move with three numbers of z alone, by 3, 2 and 1."""

    def __init__(self, columns):
        self.columns = columns

    class config:
        latent_dim = 8

    def sample(self, arrays, z):
        return (z[:, self.columns] * [3.0, 2.0, 1.0])[:, None, :, None]


def test_the_directions_are_those_along_which_images_change_most():
    found = directions([Linear([5, 1, 6])], [None])
    np.testing.assert_allclose(found @ found.T, np.eye(len(found)), atol=1e-5)
    assert np.abs(found[:3]).argmax(1).tolist() == [5, 1, 6] and np.abs(found[:3]).max(1).min() > 0.99
    assert (found.sum(1) >= 0).all()


def test_two_generators_count_alike_whatever_their_contrast():
    class Faint(Linear):
        def sample(self, arrays, z):
            return super().sample(arrays, z) / 1000

    found = directions([Linear([0, 1, 2]), Faint([2, 3, 4])], [None, None])
    assert {*np.abs(found[:2]).argmax(1)} == {0, 2}


def test_projections_keep_distances():
    images = phantoms(20, 64, "malignant", seed=0)
    signs = np.random.default_rng(0).choice(np.float32([-1, 1]), (N_PROJECTIONS, 64**2))
    flat = images.reshape(20, -1).astype(float)
    true = np.linalg.norm(flat[:, None] - flat, axis=2)
    np.fill_diagonal(true, np.inf)
    ratio = nearest(projected(images, signs)) / true.min(1)
    assert 0.85 < ratio.min() and ratio.max() < 1.15 and 0.95 < ratio.mean() < 1.05
