"""Every metric of two sets of images at once: as many of each if possible, all pairs, with intervals and a floor.

What the numbers are called, and their parts (NAME_low, NAME_high, NAME_std, NAME_floor), says `table`. The floor
compares two halves of the real images. A half has half as many images: that raises the Fréchet distance and SWD, but
no kernel distance and no mean over pairs.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .cache import array_hash
from .checks import as_feature_pair, as_image_pair, as_positive_integer, as_seed
from .features import DEFAULT, check, features, label, radiomics, weights_file
from .fid import frechet_distance
from .intervals import (
    Interval,
    frechet_distance_infinity,
    frechet_distance_interval,
    kernel_distance_interval,
    pair_mean_interval,
    pair_summary,
    sliced_wasserstein_interval,
)
from .kid import kernel_distance, kernel_distance_subsets
from .lpips import lpips_network, lpips_pairs
from .memorisation import Memorisation, memorisation
from .ms_ssim import ms_ssim_levels, ms_ssim_pairs
from .precision_recall import density_coverage, density_coverage_interval, precision_recall, precision_recall_interval
from .swd import pca, sliced_wasserstein, umap_repeats
from .table import METRICS, canonical, chosen, honest, split
from .torch_setup import as_device

N_SUBSETS, N_UMAP_SEEDS = 100, 10
LPIPS_NET = "alex"
OF_OTHERS = ("frechet_distance", "frd", "kernel_distance", "kernel_distance_subsets", "precision", "recall", "density",
             "coverage", "swd_pca")  # fmt: skip
MANY_ZEROS = 0.1  # share of MS-SSIM's pairs


class Result(NamedTuple):
    """numbers: {name: value}, by the names of `table`; a number that these images don't allow is absent.

    others: {extractor: its numbers}.  features: {extractor: (real's, fake's)}.  embeddings: {"pca_real": (N, 2), …}.
    settings: what was compared by what.  copies: which real image each generated one is nearest to, or None.
    notes: sentences that a reader should know.
    """

    numbers: dict[str, float]
    settings: dict[str, Any]
    others: dict[str, dict[str, float]]
    embeddings: dict[str, np.ndarray]
    copies: Memorisation | None
    notes: list[str]
    features: dict[str, tuple[np.ndarray, np.ndarray]] = {}


def subset_size(n, m):
    """Images in each of the kernel distance's subsets: 100, but at most half of the smaller set, lest all be alike."""
    return min(100, min(n, m) // 2)


def halves(n, seed=0):
    """Two disjoint random halves of n images, as indices; of an odd n one image is left out."""
    order = np.random.default_rng(seed).permutation(n)
    return order[: n // 2], order[n // 2 : n // 2 * 2]


def evaluate_features(real, fake, extractor=DEFAULT, metrics=None, intervals=True, floor=True, seed=0):
    """The numbers that need features alone: what `evaluate` gives for its `others`, cheap enough for every snapshot.

    real (N, D), fake (M, D) as `features` gives them, N ≥ 12 and M ≥ 6.  extractor: their label, which names the
    numbers (fid and kid by "inception" alone); "radiomics" are scaled by the real set here.
    metrics: names of `table.METRICS`; None: Fréchet and kernel distance, precision, recall, density, coverage and SWD
    in the plane of PCA.  Returns {name: value}.
    """
    x, y = as_feature_pair(real, fake, ("real", "fake"))
    _check_counts(len(x), len(y))
    seed, wanted = as_seed(seed), OF_OTHERS if metrics is None else chosen(metrics)
    numbers, _ = _with_floor(x, y, extractor, wanted, intervals, floor, seed)
    return {honest(k, extractor): v for k, v in numbers.items() if split(k)[0] in wanted}


def evaluate(
    real,
    fake,
    extractor=DEFAULT,
    others=(),
    metrics=None,
    extractor_weights=None,
    lpips_weights="official",
    convention="torch-fidelity",
    intervals=True,
    floor=True,
    umap=True,
    seed=0,
    batch_size=8,
    device=None,
    cache=None,
    progress=None,
):
    """Compare generated images with real ones by every metric, or by those asked for.  Returns a Result.

    real, fake (N, H, W, 1 or 3) uint8 of one size, at least 12 real and 6 generated.
    extractor: a name of `features.EXTRACTORS` or a function (N, H, W, C) uint8 → (N, D).  others: further extractors,
    which give the numbers that need features alone.  extractor_weights, convention, batch_size, cache, device: of
    `features`.
    metrics: names of `table.METRICS` or their beginnings, such as "precision" or "lpips"; None: all (frd by radiomics
    alone). A note says which of those named could not be measured.
    lpips_weights: "official", "random" or a file, see `lpips.lpips_network`.
    intervals, floor, umap: False leaves out the 95 % intervals, the floor, the plane of UMAP.
    seed: of subsets, halves, projections, permutations and UMAP.  progress: called as progress(stage, done, total).

    Every argument is checked before any work.  With fewer than 8 generated images precision, recall, density and
    coverage have no interval; with fewer than 20 on a side there is no extrapolation to N → ∞.
    """
    real, fake = as_image_pair(real, fake, ("real", "fake"))
    n, m = len(real), len(fake)
    _check_counts(n, m)
    asked = () if metrics is None else chosen(metrics)
    wanted = [k for k in (METRICS if metrics is None else asked) if umap or k != "swd_umap"]
    seed, batch_size = as_seed(seed, least_above=N_UMAP_SEEDS), as_positive_integer(batch_size, "batch_size")
    others = [others] if isinstance(others, str) or callable(others) else [*others]
    name, *more = labels = [label(extractor, extractor_weights, convention), *map(label, others)]
    if len({*labels}) < len(labels):
        raise ValueError(f"extractor and others must have a label each, got {', '.join(labels)}")
    check(real, extractor, extractor_weights, convention)
    for other in others:
        check(real, other)
    need = {kind for kind in ("lpips", "ms_ssim") if any(k.startswith(kind) for k in wanted)}
    levels = ms_ssim_levels(min(real.shape[1:3])) if "ms_ssim" in need else None
    device = as_device(device)
    if "lpips" in need:
        if min(real.shape[1:3]) < 32:
            raise ValueError(f"images must be at least 32 pixels wide and high for LPIPS, got {real.shape[1:3]}")
        lpips_network(LPIPS_NET, lpips_weights, seed)  # weights that can't be had are told before any work
    of_features = any(METRICS[k].of_features for k in wanted)
    for one, weights in [(extractor, extractor_weights)] * of_features + [(other, None) for other in others]:
        weights_file(one, weights)
    say = progress or (lambda stage, done, total: None)

    def extracted(name, weights=None, way="torch-fidelity"):
        stage = f"features, {label(name, weights, way)}"
        count = lambda at: lambda done, total: say(stage, at + done, n + m)  # noqa: E731
        return tuple(
            features(images, name, weights, way, batch_size, seed, cache, device, count(at))
            for images, at in ((real, 0), (fake, n))
        )

    numbers, embeddings, copies, kept, zeros = {}, {}, None, {}, {}
    if of_features:
        x, y = kept[name] = extracted(extractor, extractor_weights, convention)
        say("distances of features", 0, 1)
        numbers, embeddings = _with_floor(x, y, name, wanted, intervals, floor, seed, say)
        if {"memorisation_share", "memorisation_p"} & set(wanted):
            copies = memorisation(*_scaled(x, y, name), seed=seed)
            numbers |= {"memorisation_share": copies.share, "memorisation_p": copies.p_value}
            numbers |= {"memorisation_share_floor": copies.real_share} if floor else {}
    of_lpips = partial(lpips_pairs, net=LPIPS_NET, weights=lpips_weights, seed=seed, device=device)
    for kind in sorted(need):
        pairs = of_lpips if kind == "lpips" else ms_ssim_pairs
        found, zeros[kind] = _of_pairs(kind, pairs, real, fake, wanted, intervals, floor, seed, say)
        numbers |= found
    kept |= {at: extracted(other) for at, other in zip(more, others, strict=True)}
    measured = {at: evaluate_features(*kept[at], at, None, intervals, floor, seed) for at in more}
    settings = {
        "n_real": n, "n_fake": m, "width": real.shape[2], "height": real.shape[1],
        "extractor": name, "others": list(measured),
        "lpips": None if "lpips" not in need else f"{LPIPS_NET}-random" if lpips_weights == "random"
        else label(LPIPS_NET, None if lpips_weights == "official" else lpips_weights),
        "ms_ssim_levels": levels, "subset_size": subset_size(n, m), "n_subsets": N_SUBSETS, "seed": seed,
    }  # fmt: skip
    notes = _notes(real, fake, copies, zeros.get("ms_ssim", 0))
    numbers = {honest(k, name): v for k, v in numbers.items() if split(k)[0] in wanted}
    known = {canonical(k) for of in (numbers, *measured.values()) for k in of}
    if absent := [k for k in asked if k not in known]:
        notes.append(f"not measured: {', '.join(absent)}, which these images, extractors and options don't allow")
    return Result(numbers, settings, measured, embeddings, copies, notes, kept)


def _check_counts(n, m):
    if n < 12 or m < 6:  # half of the real ones must still have five neighbours
        raise ValueError(f"an evaluation needs at least 12 real and 6 generated images, got {n} and {m}")


def _entries(name, value):
    """{name: …} of a number, and of an Interval with its ends."""
    if not isinstance(value, Interval):
        return {name: value}
    return {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}


def _scaled(x, y, name):
    return radiomics.standardised(x, y)[:2] if name == "radiomics" else (x, y)


def _with_floor(x, y, name, wanted, intervals, floor, seed, say=lambda *_: None):
    """(numbers by canonical name, embeddings) of features, with the floor where asked for."""
    numbers, embeddings = _of_features(x, y, name, wanted, intervals, seed, say)
    if floor:
        a, b = halves(len(x), seed)
        once = {*wanted} - {"frechet_distance_infinity"}
        found, _ = _of_features(x[a], x[b], name, once, False, seed, lambda *_: None, repeats=1)
        numbers |= {f"{k}_floor": v for k, v in found.items()}
    return numbers, embeddings


def _of_features(x, y, name, wanted, intervals, seed, say, repeats=N_UMAP_SEEDS):
    x, y = _scaled(x, y, name)
    n, m = len(x), len(y)
    numbers, embeddings, planes = {}, {}, {}
    if {"frechet_distance", "frd"} & set(wanted):
        found = frechet_distance_interval(x, y) if intervals else frechet_distance(x, y)
        numbers |= _entries("frechet_distance", found)
        if name == "radiomics":
            logs = {k.replace("frechet_distance", "frd"): v for k, v in numbers.items()}
            numbers |= {k: math.log(v) for k, v in logs.items() if v > 0}
    if "frechet_distance_infinity" in wanted and min(n, m) >= 20:  # fewer give no line to extrapolate
        say("extrapolation to N → ∞", 0, 1)
        numbers |= _entries("frechet_distance_infinity", frechet_distance_infinity(x, y, seed, intervals=intervals))
    if "kernel_distance" in wanted:
        found = kernel_distance_interval(x, y) if intervals else kernel_distance(x, y)
        numbers |= _entries("kernel_distance", found)
    if "kernel_distance_subsets" in wanted:
        found = kernel_distance_subsets(x, y, subset_size(n, m), N_SUBSETS, seed)
        numbers |= dict(zip(("kernel_distance_subsets", "kernel_distance_subsets_std"), found, strict=True))
    say("neighbours", 0, 1)
    for names, plain, with_interval in (
        (("precision", "recall"), precision_recall, precision_recall_interval),
        (("density", "coverage"), density_coverage, density_coverage_interval),
    ):
        if set(names) & set(wanted):
            halved = intervals and m >= 8  # each half needs more than recall's three neighbours
            found = with_interval(x, y, seed=seed) if halved else plain(x, y)
            for k, value in zip(names, found, strict=True):
                numbers |= _entries(k, value)
    if "swd_pca" in wanted:
        say("plane of PCA", 0, 1)
        planes["pca"] = [pca(x, y)]
    if "swd_umap" in wanted:
        say("plane of UMAP", 0, repeats)
        count = lambda done, total: say("plane of UMAP", done, total)  # noqa: E731
        planes["umap"] = umap_repeats(x, y, range(seed, seed + repeats), min(15, n + m - 1), progress=count)
    for kind, (first, *others) in planes.items():
        swd = sliced_wasserstein_interval if intervals else sliced_wasserstein
        numbers |= _entries(f"swd_{kind}", swd(*first, seed=seed))
        embeddings |= {f"{kind}_{side}": p.astype(np.float32) for side, p in zip(("real", "fake"), first, strict=True)}
        if others:
            spread = [numbers[f"swd_{kind}"], *(sliced_wasserstein(*other, seed=seed) for other in others)]
            numbers[f"swd_{kind}_std"] = float(np.std(spread, ddof=1))
    return numbers, embeddings


def _of_pairs(kind, pairs, real, fake, wanted, intervals, floor, seed, say):
    """(numbers, the share of pairs that are exactly 0) of LPIPS or MS-SSIM over all pairs of images."""
    a, b = halves(len(real), seed)
    names = {"real_fake": (real, fake, real[a], real[b]), "fake_fake": (fake, None, real[b], None)}
    numbers, zeros = {}, 0.0
    for side, (p, q, first, second) in names.items():
        key = f"{kind}_{side}"
        if key not in wanted:
            continue
        stage = f"{'LPIPS' if kind == 'lpips' else 'MS-SSIM'}, {side.replace('_', '–')}"
        say(stage, 0, 1)
        matrix = pairs(p, q, progress=lambda done, total, stage=stage: say(stage, done, total))
        within = q is None
        mean, std = pair_summary(matrix, within)
        numbers |= _entries(key, pair_mean_interval(matrix, within) if intervals else mean) | {f"{key}_std": std}
        counted = matrix[np.triu_indices(len(matrix), 1)] if within else matrix
        zeros = max(zeros, float((counted == 0).mean()))
        if floor:
            mean, std = pair_summary(pairs(first, second), within)
            numbers |= {f"{key}_floor": mean, f"{key}_std_floor": std}
    return numbers, zeros


def _notes(real, fake, copies, zeros):
    notes, known, drawn = [], {array_hash(image) for image in real}, [array_hash(image) for image in fake]
    if exact := sum(image in known for image in drawn):
        notes.append(f"{exact} of the {len(fake)} generated images equal a real one, pixel for pixel: leave them out")
    for name, images, different in (("real", real, known), ("generated", fake, set(drawn))):
        repeats = len(images) - len(different)
        if repeats:
            notes.append(
                f"{repeats} of the {len(images)} {name} images repeat another one exactly: precision, recall, density "
                "and coverage are wrong for such a set, so leave the repeats out"
            )
    if len(real) != len(fake):
        counts = f"{len(real)} real and {len(fake)} generated images"
        notes.append(f"{counts}: the Fréchet distance depends on N, so take as many of each")
    if zeros > MANY_ZEROS:
        notes.append(
            f"{zeros:.0%} of MS-SSIM's pairs are exactly 0, where a negative contrast term is cut off: their mean says "
            "little about how alike the images are, so leave MS-SSIM out of what you report"
        )
    if copies is not None and not copies.clear:
        notes.append(copies.verdict)
    return notes
