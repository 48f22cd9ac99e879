# ruff: noqa: F401  (what is imported here is what the package offers)
"""Measures of fidelity and diversity: arrays in, floats out.

Importing this loads no network library: torch, numba and umap are imported where a function first needs them. Some
modules share their name with a function (`memorisation`, `precision_recall`, `features`): here it is the function.
"""

from dgan_core.io.folders import read_images

from .evaluation import Result, evaluate, evaluate_features
from .features import EXTRACTORS, features
from .fid import frechet_distance
from .intervals import (
    frechet_distance_infinity,
    frechet_distance_interval,
    kernel_distance_interval,
    pair_mean_interval,
    pair_summary,
    sliced_wasserstein_interval,
)
from .kid import kernel_distance, kernel_distance_subsets
from .lpips import lpips_pairs
from .memorisation import memorisation
from .ms_ssim import ms_ssim_levels, ms_ssim_pairs
from .precision_recall import density_coverage, density_coverage_interval, precision_recall, precision_recall_interval
from .swd import pca, sliced_wasserstein, umap
from .table import METRICS, canonical, heading
