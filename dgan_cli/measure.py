"""What `dgan metrics` does with its arguments: read both sets, measure, and describe how the numbers came about."""

import io
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from dgan_core import metrics
from dgan_core.io.environment import versions
from dgan_core.io.files import write_atomically
from dgan_core.io.folders import ImageSet, no_match, read_set
from dgan_core.io.weights import sha256
from dgan_core.metrics.cache import array_hash
from dgan_core.metrics.checks import as_positive_integer, as_seed
from dgan_core.metrics.evaluation import N_UMAP_SEEDS
from dgan_core.metrics.features import DEFAULT, EXTRACTORS, label, radiomics
from dgan_core.metrics.features.inception import CONVENTIONS
from dgan_core.metrics.fid import frechet_distance_of_statistics
from dgan_core.metrics.table import BY_INCEPTION, METRICS, canonical, chosen, honest

from .feature_files import Stored, read_features, stored, write_features
from .progress import Progress

SETTINGS = ("weights", "lpips_weights", "convention", "size", "fit", "grey", "exclude", "seed", "batch_size")
VERSIONS = ("dgan-core", "numpy", "scipy", "scikit-learn", "torch", "torchvision", "torch-fidelity", "lpips",
            "umap-learn", "pillow", "pyradiomics-bhklab")  # fmt: skip
SHOWN = 12  # pairs of the contact sheet


def measure(args):
    """The parsed arguments → what --output writes: where the images came from, settings, versions, numbers."""
    check(args)
    notes, real, fake = [], read("REAL", args.real, args), read("FAKE", args.fake, args)
    for glob in args.exclude:
        if all(glob in getattr(side, "unmatched", [glob]) for side in (real, fake)):
            example = next((side.names[0] for side in (real, fake) if isinstance(side, ImageSet)), "")
            raise ValueError(no_match([glob], "REAL and FAKE", example))
    if isinstance(real, Stored) or isinstance(fake, Stored):
        result, real_images, fake_images = from_files(real, fake, args), None, None
    else:
        notes += real.notes + fake.notes
        real_images, fake_images = alike(real.images, fake.images, notes)
        result = from_images(real_images, fake_images, real.names, fake.names, args)
    result["notes"] = notes = notes + result["notes"]
    for note in notes:
        warn(note)
    sides = {"real": describe(args.real, real, real_images), "fake": describe(args.fake, fake, fake_images)}
    settings = {name: getattr(args, name) for name in SETTINGS} | result.pop("settings")
    return {**sides, "settings": settings, "versions": versions(VERSIONS), **result}


def check(args):
    """Refuse what can be refused before any image is read."""
    as_seed(args.seed, "--seed", N_UMAP_SEEDS)
    as_positive_integer(args.batch_size, "--batch-size")
    files = [source for source in (args.real, args.fake) if source.lower().endswith(".npz")]
    for name in (args.extractor, *args.others):
        if name is not None and name not in EXTRACTORS:
            raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {name!r}")
    if args.metrics is not None:
        wanted = [name for name in chosen(args.metrics) if args.umap or name != "swd_umap"]
        by_inception = [name for name in args.metrics if name in BY_INCEPTION.values()]
        if by_inception and args.extractor != "inception" and not files:
            raise ValueError(
                f"{', '.join(by_inception)} need Inception's features: add --extractor inception, or ask for "
                f"{', '.join(name for name, short in BY_INCEPTION.items() if short in by_inception)}, which any "
                "extractor gives"
            )
        if args.copies and not {"memorisation_share", "memorisation_p"} & set(wanted):
            raise ValueError("--copies needs the memorisation test: add memorisation to --metrics")
        if args.save_features and not any(METRICS[name].of_features for name in wanted):
            raise ValueError("--save-features needs a metric of features: add one, such as recall, to --metrics")
    for option in ("--copies", "--save-features", "--others"):
        if files and getattr(args, option[2:].replace("-", "_")):
            raise ValueError(f"{option} needs images on both sides, and {files[0]} holds features")
    for option, path in (("--output", args.output), ("--copies", args.copies)):
        if path is not None:
            check_output(option, path, args.force)
    for option, weights in (("--weights", args.weights), ("--lpips-weights", args.lpips_weights)):
        if weights not in (None, "official", "random") and not Path(weights).is_file():
            raise FileNotFoundError(f"{option} must name a file, got {weights!r}, which doesn't exist")
    if args.save_features is not None:
        args.save_features.mkdir(parents=True, exist_ok=True)
        for side in ("real", "fake"):
            check_output("--save-features", args.save_features / f"{side}.npz", args.force)


def check_output(option, path, force):
    """Before any work: a result of hours shouldn't find its place taken."""
    if path.is_dir():
        raise IsADirectoryError(f"{option} must name a file, got the folder {path}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{option} {path}: its folder {path.parent} doesn't exist; make it first")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{option} {path}: its folder {path.parent} can't be written to")
    if path.exists() and not force:
        raise FileExistsError(f"{option} {path} exists: name another file, or replace it with --force")


def read(side, source, args):
    """An ImageSet, or Stored features."""
    if source.lower().endswith(".npz"):
        if not Path(source).is_file():
            raise FileNotFoundError(f"{source} doesn't exist: give a file of features, or images")
        return read_features(source)
    progress = Progress()
    try:
        count = lambda done, total: progress(f"reading {side}", done, total)  # noqa: E731
        return read_set(source, args.size, args.grey, args.exclude, count, args.fit)
    finally:
        progress.end()


def alike(real, fake, notes):
    """Both sets at one size and in equally many channels."""
    if real.shape[1:3] != fake.shape[1:3]:
        sides = [f"{images.shape[2]}×{images.shape[1]}" for images in (real, fake)]
        raise ValueError(f"REAL's images are {sides[0]} pixels and FAKE's {sides[1]}: resize both of them by --size S")
    if real.shape[-1] != fake.shape[-1]:
        notes.append(
            "one set is grey and the other in colour; the grey one is repeated to three channels (--grey: both grey)"
        )
        real, fake = (np.repeat(images, 3 // images.shape[-1], axis=3) for images in (real, fake))
    return real, fake


def from_images(real, fake, real_names, fake_names, args):
    progress = Progress()
    try:
        found = metrics.evaluate(
            real, fake, args.extractor or DEFAULT, args.others, args.metrics, args.weights, args.lpips_weights,
            args.convention, args.intervals, args.floor, args.umap, args.seed, args.batch_size, args.device,
            args.cache, progress,
        )  # fmt: skip
    finally:
        progress.end()
    result = {"settings": found.settings, "numbers": found.numbers, "others": found.others, "notes": found.notes}
    if args.save_features is not None:
        name = found.settings["extractor"]
        for side, values in zip(("real", "fake"), found.features[name], strict=True):
            write_features(args.save_features / f"{side}.npz", values, name)
    if "radiomics" in found.features:
        result["differences"] = largest_differences(*found.features["radiomics"])
    if args.copies is not None:
        result["copies"] = draw_copies(args.copies, real, fake, found.copies, real_names, fake_names)
    return result


def largest_differences(real, fake, n=5):
    """The features whose means differ most, in deviations of the real set: [(name, difference)], largest first.

    real (N, 398), fake (M, 398) as `features` gives them.
    """
    x, y, kept = radiomics.standardised(np.asarray(real), np.asarray(fake))
    difference = y.mean(0) - x.mean(0)
    order = np.abs(difference).argsort(kind="stable")[::-1][:n]
    kept_names = np.array(radiomics.names())[kept]
    return [(str(kept_names[k]), float(difference[k])) for k in order]


def from_files(real, fake, args):
    """Numbers of features where at least one side is a file of them; the other's images get the same extractor."""
    names = [side.extractor for side in (real, fake) if isinstance(side, Stored) and side.extractor]
    if len(set(names)) > 1:
        raise ValueError(f"REAL and FAKE must be features of one extractor, got {names[0]} and {names[1]}")
    of_file = names[0].split(":")[0].split(" (")[0] if names else None
    extractor = args.extractor or of_file
    images = not all(isinstance(side, Stored) for side in (real, fake))
    if images and extractor not in EXTRACTORS:
        raise ValueError(
            f"--extractor must name what the file's features are, one of {', '.join(EXTRACTORS)}, so that the "
            f"other side gets the same, got {extractor!r}"
        )
    name = names[0] if names else extractor
    if images or args.weights or args.convention != CONVENTIONS[0]:
        name = label(extractor, args.weights, args.convention) if extractor else None
    if names and (name != names[0] or extractor != of_file):
        raise ValueError(
            f"the file's features are {names[0]}, so --extractor, --weights and --convention must say the same, "
            f"got {label(extractor, args.weights, args.convention)}"
        )
    real, fake = (
        side if isinstance(side, Stored) else of_images(side.images, extractor, name, args) for side in (real, fake)
    )
    name = name or "features of files"
    settings = {"extractor": name, "lpips": None, "ms_ssim_levels": None}
    if real.features is None or fake.features is None:
        if name == "radiomics":
            alone = args.real if real.features is None else args.fake
            raise ValueError(
                f"{alone} must hold features, got mu and sigma alone: radiomics are scaled by the real set, so save "
                "their features by --save-features"
            )
        value = frechet_distance_of_statistics(real.mu, real.sigma, fake.mu, fake.sigma)
        numbers = {honest("frechet_distance", name): value}
        notes = ["statistics alone give the Fréchet distance and nothing else"]
    else:
        numbers = metrics.evaluate_features(
            real.features, fake.features, name, args.metrics, args.intervals, args.floor, args.seed
        )
        lacking = [k for k in chosen(args.metrics or ()) if k not in map(canonical, numbers)]
        notes = [f"not measured from files of features: {', '.join(lacking)}"] if lacking else []
    return {"settings": settings, "numbers": numbers, "others": {}, "notes": notes}


def of_images(images, extractor, name, args):
    found = metrics.features(
        images, extractor, args.weights, args.convention, args.batch_size, args.seed, args.cache, args.device
    )
    return stored(found, name)


def describe(source, side, images):
    if isinstance(side, Stored):
        n = None if side.features is None else len(side.features)
        return {"source": source, "n": n, "sha256": sha256(Path(source))}
    images = side.images if images is None else images
    n, height, width, channels = images.shape
    shape = {"n": n, "height": height, "width": width, "channels": channels}
    return {"source": source, **shape, "excluded": side.n_excluded, "sha256": array_hash(images)}


def draw_copies(path, real, fake, copies, real_names, fake_names):
    """A sheet of the generated images nearest to real ones, each over its real image; returns their names."""
    order = copies.distance.argsort(kind="stable")[:SHOWN]
    pairs = [np.concatenate([fake[i], real[copies.nearest[i]]]) for i in order]
    sheet = np.concatenate(pairs, axis=1)
    Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet).save(buffer := io.BytesIO(), "PNG")
    write_atomically(path, buffer.getvalue())
    return [
        {"fake": fake_names[i], "real": real_names[copies.nearest[i]], "distance": float(copies.distance[i])}
        for i in order
    ]


def warn(message):
    print(f"warning: {message}", file=sys.stderr)
