"""Write what the page "Walk the latent space" needs beside its generators: keep_walk.py FOLDER_OF_RUNS SCANS TARGET

Directions in latent space, and the training scans as random projections, which tell how near an image is to the nearest
of them.  No scan can be read off its projections: they are 256 sums over 4,096 pixels with random signs.
"""

import sys
from pathlib import Path

import numpy as np

from dgan_core import rng
from dgan_core.data import load_busi
from dgan_core.io.files import write_arrays
from dgan_core.runs import Run
from dgan_core.training.dgan import DGAN

N_DIRECTIONS = 6
N_PROJECTIONS = 256  # one distance then has a deviation of about 4 %: 1 / √(2 · 256)
N_DRAWN = 4096


def directions(gans, snapshots):
    """The N_DIRECTIONS unit vectors of z along which the images of all generators change most on average: (k, latent).

    By Stein's lemma E[∂x/∂z] = E[x zᵀ] for z of a standard normal distribution; of these matrices, each scaled to norm
    1 and all stacked, the first right singular vectors.
    """
    z = rng.normal(0, "z directions", 0, (N_DRAWN, gans[0].config.latent_dim))
    change = 0
    for gan, arrays in zip(gans, snapshots, strict=True):
        x = gan.sample(arrays, z).reshape(N_DRAWN, -1)
        mean = (x - x.mean(0)).T @ z / N_DRAWN
        change = change + mean.T @ mean / (mean**2).sum()
    vectors = np.linalg.eigh(change)[1][:, ::-1][:, :N_DIRECTIONS].T
    return vectors * np.sign(vectors.sum(1, keepdims=True))


def projected(images, signs):
    """Images (N, S, S, 1) uint8 → (N, N_PROJECTIONS), whose distances are about those of the pixels.

    signs: (N_PROJECTIONS, S²) of ±1; Achlioptas 2003.
    """
    return images.reshape(len(images), -1).astype(np.float32) @ signs.T / np.float32(np.sqrt(len(signs)))


def nearest(projections):
    """The distance of each to the nearest other: the least of many noisy ones, a few per cent low.  (N, P) → (N,)"""
    distance = np.linalg.norm(projections[:, None] - projections, axis=2)
    np.fill_diagonal(distance, np.inf)
    return distance.min(1)


def main(folder, scans, target):
    runs = [Run.open(path.parent) for path in sorted(Path(folder).glob("*/config.json"))]
    runs = [run for run in runs if run.snapshot_path(run.config.epochs).is_file()]
    gans, snapshots = [DGAN(run.config) for run in runs], [run.load_snapshot(run.config.epochs) for run in runs]
    size = runs[0].config.image_size
    images = load_busi(scans, runs[0].config.label, size)
    bits = np.random.default_rng(0).integers(0, 2, (N_PROJECTIONS, size**2), np.uint8)
    training = projected(images, bits * np.float32(2) - 1)
    write_arrays(
        Path(target),
        {
            "directions": directions(gans, snapshots).astype(np.float32),
            "signs": np.packbits(bits, axis=1, bitorder="little"),
            "training": training.astype(np.float32),
            "between_scans": np.float32([np.median(nearest(training)) / size]),  # grey levels, root mean square
        },
    )


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("keep_walk.py FOLDER_OF_RUNS SCANS TARGET")
    main(*sys.argv[1:])
