"""The protocol of the tables: real and generated images in, one flat dictionary out.

As many generated images as real ones, all of them; every pair; no number without its N, extractor and subset size.
"""

from pathlib import Path

import numpy as np

from .checks import as_feature_pair, as_features, as_image_pair
from .distances import frechet_distance, kernel_distance, kernel_distance_subsets
from .embedding import pca, sliced_wasserstein, umap
from .structure import ms_ssim_levels, ms_ssim_pairs

N_SUBSETS = 100
LPIPS_NET = "alex"


def pair_summary(pairs, within=False):
    """Mean and standard deviation over pairs of images; within one set, each pair i < j once and no image with itself.

    The deviation describes the pairs. It isn't a standard error: pairs share images.
    """
    pairs = np.asarray(pairs, dtype=np.float64)
    if pairs.ndim != 2 or (within and (pairs.shape[0] != pairs.shape[1] or len(pairs) < 2)) or pairs.size == 0:
        raise ValueError(f"pairs must be an (N, M) matrix, (N, N) with N ≥ 2 within one set, got shape {pairs.shape}")
    if not np.isfinite(pairs).all():
        raise ValueError("pairs must be finite, got NaN or infinity")
    values = pairs[np.triu_indices(len(pairs), 1)] if within else pairs
    return float(values.mean()), float(values.std())


def kid_subset_size(n, m):
    """100 as in the tables, but at most half of the smaller set, so that subsets differ."""
    return min(100, min(n, m) // 2)


def fidelity(real_features, fake_features, seed=0):
    """KID over all images, KID over subsets, FID: cheap enough for every snapshot of a run (Figure 1)."""
    real, fake = as_feature_pair(real_features, fake_features, ("real_features", "fake_features"))
    if min(len(real), len(fake)) < 4:
        raise ValueError(f"KID over subsets needs at least 4 images on each side, got {len(real)} and {len(fake)}")
    mean, std = kernel_distance_subsets(real, fake, kid_subset_size(len(real), len(fake)), N_SUBSETS, seed)
    return {
        "kid": kernel_distance(real, fake),
        "kid_mean": mean,
        "kid_std": std,
        "fid": frechet_distance(real, fake),
    }


def floor(real_features, seed=0):
    """`fidelity` between two random halves of the real set: what a perfect generator would score at this N.

    FID falls with N: set it beside models measured on halves of the same size.
    """
    real = as_features(real_features, "real_features")
    order = np.random.default_rng(seed).permutation(len(real))
    half = len(real) // 2
    return fidelity(real[order[:half]], real[order[half : 2 * half]], seed)


def _label(kind, weights, published):
    """An own file of weights is named in the table, so that it can't pass for the published ones."""
    return kind if weights is None or weights == published else f"{kind}:{Path(weights).name}"


def evaluate(
    real,
    fake,
    extractor="random-vgg16",
    extractor_weights=None,
    lpips_weights="random",
    seed=0,
    real_features=None,
):
    """Every number of Tables 1 to 3 and Figure 4 for one generator, and the coordinates of Figure 3.

    real, fake (N, H, W, 1 or 3) uint8.  real_features: `features(real, …)` of the same extractor, where at hand.
    Returns (numbers, embeddings): a flat dictionary, and four (N, 2) float32 arrays.
    """
    from .extractors import features
    from .similarity import lpips_pairs

    real, fake = as_image_pair(real, fake, ("real", "fake"))
    if real_features is None:
        real_features = features(real, extractor, extractor_weights, seed=seed)
    elif len(real_features) != len(real):
        raise ValueError(f"real_features must have one row for each of {len(real)} images, got {len(real_features)}")
    fake_features = features(fake, extractor, extractor_weights, seed=seed)
    numbers = {
        "n_real": len(real),
        "n_fake": len(fake),
        "extractor": _label(extractor, extractor_weights, None),
        "lpips": f"{LPIPS_NET}-random" if lpips_weights == "random" else _label(LPIPS_NET, lpips_weights, "official"),
        "ms_ssim_levels": ms_ssim_levels(min(real.shape[1:3])),
        **fidelity(real_features, fake_features, seed),
        "kid_subset_size": kid_subset_size(len(real), len(fake)),
        "kid_n_subsets": N_SUBSETS,
    }
    both = {
        "lpips": lambda a, b=None: lpips_pairs(a, b, net=LPIPS_NET, weights=lpips_weights, seed=seed),
        "ms_ssim": ms_ssim_pairs,
    }
    for name, pairs in both.items():
        mean, std = pair_summary(pairs(real, fake))
        numbers |= {f"{name}_real_fake": mean, f"{name}_real_fake_std": std}
        mean, std = pair_summary(pairs(fake), within=True)
        numbers |= {f"{name}_fake_fake": mean, f"{name}_fake_fake_std": std}

    embeddings = {}
    neighbours = min(15, len(real) + len(fake) - 1)
    for name, (p, q) in {
        "pca": pca(real_features, fake_features),
        "umap": umap(real_features, fake_features, seed=seed, n_neighbors=neighbours),
    }.items():
        numbers[f"swd_{name}"] = sliced_wasserstein(p, q, seed=seed)
        embeddings |= {f"{name}_real": p.astype(np.float32), f"{name}_fake": q.astype(np.float32)}
    return numbers, embeddings
