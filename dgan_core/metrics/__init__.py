"""Measures of fidelity and diversity: arrays in, floats out.

The names below are imported on first use, so `import dgan_core.metrics` loads neither torch nor umap.
"""

from importlib import import_module

_HOME = {
    "frechet_distance": "distances",
    "kernel_distance": "distances",
    "kernel_distance_subsets": "distances",
    "features": "extractors",
    "lpips_pairs": "lpips",
    "ms_ssim_pairs": "ms_ssim",
    "ms_ssim_levels": "ms_ssim",
    "pca": "swd",
    "umap": "swd",
    "sliced_wasserstein": "swd",
    "kernel_distance_interval": "intervals",
    "frechet_distance_interval": "intervals",
    "pair_mean_interval": "intervals",
    "sliced_wasserstein_interval": "intervals",
    "frechet_distance_infinity": "intervals",
    "precision_recall": "precision_recall",
    "density_coverage": "precision_recall",
    "precision_recall_interval": "precision_recall",
    "density_coverage_interval": "precision_recall",
    "memorisation": "memorisation",
    "pair_summary": "evaluation",
    "evaluate": "evaluation",
    "fidelity": "evaluation",

}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
