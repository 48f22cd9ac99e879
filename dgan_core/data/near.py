"""Images of a set that look alike: other frames, crops or exports of one scan."""

import numpy as np


def near_duplicates(images, threshold=0.95, side=32):
    """Groups of images that look alike, as lists of indices: other frames, crops or exports of one scan.

    images (N, S, S, 1) uint8, S a multiple of `side`.  Two are alike where their thumbnails of side × side block means
    correlate above `threshold`; a group is connected by such pairs, so its ends may correlate less.
    """
    from scipy.sparse.csgraph import connected_components  # here, since training needs none

    n, size = images.shape[:2]
    if size % side:
        raise ValueError(f"images must have a side that is a multiple of {side}, got {size}")
    block = size // side
    thumbnails = images.reshape(n, side, block, side, block).mean((2, 4)).reshape(n, -1)
    thumbnails -= thumbnails.mean(1, keepdims=True)
    thumbnails /= np.maximum(np.linalg.norm(thumbnails, axis=1, keepdims=True), 1e-12)  # a constant image is like none
    _, group = connected_components(thumbnails @ thumbnails.T > threshold, directed=False)
    members = [np.flatnonzero(group == k).tolist() for k in range(group.max() + 1)]
    return [m for m in members if len(m) > 1]
