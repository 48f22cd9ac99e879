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
    """The k + 1 smallest distances of every point, for any choice of at least k + 1 of the columns.

    distance (P, Q), n: how many are chosen, about → (P, k+1), or without the `first` nearest. Only a row's nearest
    columns are sorted, about 40 for each that is looked for; the rare row with too few chosen of these is sorted whole.
    """

    def __init__(self, distance, n, k):
        self.distance, self.k = distance, k
        kept = min(distance.shape[1], int(40 + 5 * k * distance.shape[1] / n))
        near = np.argpartition(distance, kept - 1, axis=1)[:, :kept]
        self.order = np.take_along_axis(near, np.take_along_axis(distance, near, 1).argsort(1, kind="stable"), 1)
        self.sorted = np.take_along_axis(distance, self.order, 1)

    def __call__(self, chosen, first=0):
        count = chosen[self.order].cumsum(1, dtype=np.int32)
        found = (count[:, :, None] > np.arange(first, self.k + 1)).argmax(1)  # the first column with as many
        d = self.sorted[np.arange(len(found))[:, None], found]
        lacking = count[:, -1] <= self.k
        if lacking.any():
            d[lacking] = np.sort(self.distance[lacking][:, chosen], axis=1)[:, first : self.k + 1]
        return d
