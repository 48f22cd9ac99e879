"""What halves and permutations ask hundreds of times of the same distances, compiled: neighbours, and balls that hold.

numba compiles both on first use (seconds) and keeps the result on disk.
"""

import numpy as np

from .numba_setup import compiled

_compile = compiled(nogil=True)


@_compile
def nearest(order, distance, chosen, k):
    """The k smallest distances of every point to chosen columns, infinity where fewer are chosen.  → (P, k)

    order (P, Q), the columns by distance; distance (P, Q), sorted; chosen (Q,) bool.
    """
    found = np.full((len(order), k), np.inf)
    for i in range(len(order)):
        count = column = 0
        while count < k and column < order.shape[1]:
            if chosen[order[i, column]]:
                found[i, count] = distance[i, column]
                count += 1
            column += 1
    return found


@_compile
def inside(distance, radii, balls, points):
    """(pairs of an open ball and a point in it, points in any ball, balls with any point), of these rows and columns.

    distance (N, M), radii (N,);  balls, points: indices.
    """
    held = np.zeros(len(points), np.uint8)
    pairs = filled = 0
    for i in balls:
        row, radius, within = distance[i], radii[i], 0
        for j in range(len(points)):  # without a branch, which would be guessed wrongly half of the time
            hit = np.uint8(row[points[j]] < radius)
            held[j] |= hit
            within += hit
        pairs += within
        filled += within > 0
    return pairs, held.sum(), filled
