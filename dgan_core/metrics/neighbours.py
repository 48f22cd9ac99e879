"""Distances of features, and each point's nearest ones among any choice of the others."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.spatial.distance import cdist


def distances(a, b):
    """Euclidean distances, (N, D), (M, D) → (N, M).  No matrix product, which leaves equal points apart by rounding."""
    if a.size * len(b) < 1e6:  # done before a thread would have started
        return cdist(a, b)
    with ThreadPoolExecutor(cores := os.cpu_count() or 1) as pool:
        return np.concatenate(list(pool.map(lambda rows: cdist(rows, b), np.array_split(a, cores))))


class Neighbours:
    """The k smallest distances of every point, for any choice of at least k of the columns.  distance (P, Q)"""

    def __init__(self, distance, k):
        self.k, self.order = k, distance.argsort(1, kind="stable")
        self.distance = np.take_along_axis(distance, self.order, 1)

    def __call__(self, chosen):
        """chosen (Q,) bool → (P, k)"""
        from .balls import nearest

        return nearest(self.order, self.distance, chosen, self.k)
