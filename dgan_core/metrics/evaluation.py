"""The protocol of the tables: real and generated images in, one flat dictionary out.

As many generated images as real ones, all of them; every pair; no number without its N, extractor and subset size.
A metric NAME comes with NAME_low and NAME_high, its 95 % interval over images (`intervals`), with NAME_std where the
literature prints a spread over pairs or subsets, and with NAME_floor, what two halves of the real images score.
"""

from pathlib import Path

import numpy as np

from .checks import as_feature_pair, as_image_pair
from .distances import frechet_distance, kernel_distance, kernel_distance_subsets
from .ms_ssim import ms_ssim_levels, ms_ssim_pairs
from .swd import pca, sliced_wasserstein, umap

N_SUBSETS = 100
N_UMAP_SEEDS = 10
LPIPS_NET = "alex"
FACTS = ("n_real", "n_fake", "extractor", "lpips", "ms_ssim_levels", "kid_subset_size", "kid_n_subsets")


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


def halves(n, seed=0):
    """Two disjoint random halves of n images, as indices; of an odd n one image is left out."""
    order = np.random.default_rng(seed).permutation(n)
    return order[: n // 2], order[n // 2 : n // 2 * 2]


def _label(kind, weights, published):
    """An own file of weights is named in the table, so that it can't pass for the published ones."""
    return kind if weights is None or weights == published else f"{kind}:{Path(weights).name}"


def _with_interval(name, interval):
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _of_features(real, fake, seed):
    """KID and FID with their intervals, precision and recall, density and coverage."""
    from .intervals import frechet_distance_interval, kernel_distance_interval
    from .precision_recall import density_coverage, precision_recall

    precision, recall = precision_recall(real, fake)
    density, coverage = density_coverage(real, fake)
    return {
        **fidelity(real, fake, seed),
        **_with_interval("kid", kernel_distance_interval(real, fake)),
        **_with_interval("fid", frechet_distance_interval(real, fake)),
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
    }


def _of_neighbours(real, fake, seed):
    """The intervals of precision and recall, density and coverage, for which half of each set must do."""
    from .precision_recall import density_coverage_interval, precision_recall_interval

    found = precision_recall_interval(real, fake, seed=seed)._asdict()
    found |= density_coverage_interval(real, fake, seed=seed)._asdict()
    return {key: number for name, it in found.items() for key, number in _with_interval(name, it).items()}


def _of_pairs(real, fake, lpips_weights, seed):
    """LPIPS and MS-SSIM over all pairs, real–fake and fake–fake."""
    from .intervals import pair_mean_interval
    from .lpips import lpips_pairs

    numbers = {}
    for name, pairs in {
        "lpips": lambda a, b=None: lpips_pairs(a, b, net=LPIPS_NET, weights=lpips_weights, seed=seed),
        "ms_ssim": ms_ssim_pairs,
    }.items():
        for kind, matrix, within in (("real_fake", pairs(real, fake), False), ("fake_fake", pairs(fake), True)):
            numbers |= _with_interval(f"{name}_{kind}", pair_mean_interval(matrix, within))
            numbers[f"{name}_{kind}_std"] = pair_summary(matrix, within)[1]
    return numbers


def _in_planes(real, fake, seed):
    """(SWD in the planes of PCA and UMAP, {pca_real, pca_fake, umap_real, umap_fake})"""
    from .intervals import sliced_wasserstein_interval

    neighbours = min(15, len(real) + len(fake) - 1)
    planes = {"pca": pca(real, fake), "umap": umap(real, fake, seed=seed, n_neighbors=neighbours)}
    numbers, embeddings = {}, {}
    for name, (p, q) in planes.items():
        numbers |= _with_interval(f"swd_{name}", sliced_wasserstein_interval(p, q, seed=seed))
        embeddings |= {f"{name}_real": p.astype(np.float32), f"{name}_fake": q.astype(np.float32)}
    return numbers, embeddings


def _compare(real, fake, real_features, fake_features, lpips_weights, seed, say):
    """Every metric of two sets of images and their features: (numbers, embeddings)."""
    say("distances of features")
    numbers = _of_features(real_features, fake_features, seed)
    say("pairs of images")
    numbers |= _of_pairs(real, fake, lpips_weights, seed)
    say("planes")
    in_planes, embeddings = _in_planes(real_features, fake_features, seed)
    return numbers | in_planes, embeddings


def evaluate(
    real,
    fake,
    extractor="random-vgg16",
    extractor_weights=None,
    lpips_weights="random",
    seed=0,
    cache=None,
    progress=lambda stage: None,
    convention="torch-fidelity",
):
    """Every number of the report for one set of images against another, and the coordinates of Figure 3.

    real, fake (N, H, W, 1 or 3) uint8, at least 12 real and 6 generated.  cache: a folder for features, or None.
    progress: called with each stage's name as it starts.  convention: of Inception's input, see `features`.
    Returns (numbers, embeddings): a flat dictionary, see above, and four (N, 2) float32 arrays.  The floor has half as
    many images a side: that raises FID and SWD, but no KID and no mean over pairs.
    With fewer than 8 generated images precision, recall, density and coverage have no interval, with fewer than 20 on a
    side there is no FID∞.
    """
    from .extractors import check, features
    from .intervals import frechet_distance_infinity
    from .lpips import lpips_network
    from .memorisation import memorisation

    real, fake = as_image_pair(real, fake, ("real", "fake"))
    n, m = len(real), len(fake)
    if n < 12 or m < 6:  # half of the real ones must still have five neighbours
        raise ValueError(f"an evaluation needs at least 12 real and 6 generated images, got {n} and {m}")
    check(real, extractor, extractor_weights, convention)
    lpips_network(LPIPS_NET, lpips_weights, seed)  # weights that can't be had are told before any work
    progress("features")
    x, y = (
        features(images, extractor, extractor_weights, convention, seed=seed, cache=cache) for images in (real, fake)
    )
    numbers = {
        "n_real": n,
        "n_fake": m,
        "extractor": _label(extractor, extractor_weights, None)
        + (f" ({convention})" if convention != "torch-fidelity" else ""),
        "lpips": f"{LPIPS_NET}-random" if lpips_weights == "random" else _label(LPIPS_NET, lpips_weights, "official"),
        "ms_ssim_levels": ms_ssim_levels(min(real.shape[1:3])),
        "kid_subset_size": kid_subset_size(n, m),
        "kid_n_subsets": N_SUBSETS,
    }
    compared, embeddings = _compare(real, fake, x, y, lpips_weights, seed, progress)
    numbers |= compared
    progress("halves, extrapolation and memorisation")
    if m >= 8:  # each half needs more than recall's three neighbours
        numbers |= _of_neighbours(x, y, seed)
    if min(n, m) >= 20:  # fewer give no line to extrapolate
        numbers |= _with_interval("fid_infinity", frechet_distance_infinity(x, y, seed=seed))
    copied = memorisation(x, y)
    numbers |= {"memorisation_share": copied.share, "memorisation_p": copied.p_value}
    progress("spread of UMAP")
    neighbours = min(15, n + m - 1)
    planes = (umap(x, y, seed=seed + k, n_neighbors=neighbours) for k in range(N_UMAP_SEEDS))
    spread = [sliced_wasserstein(p, q, seed=seed) for p, q in planes]
    numbers |= {"swd_umap_seeds_mean": float(np.mean(spread)), "swd_umap_seeds_std": float(np.std(spread, ddof=1))}
    progress("floor: real against real")
    a, b = halves(n, seed)
    floor, _ = _compare(real[a], real[b], x[a], x[b], lpips_weights, seed, lambda stage: None)
    return numbers | {f"{k}_floor": v for k, v in floor.items() if not k.endswith(("_low", "_high"))}, embeddings
