"""python -m dgan_core.metrics REAL FAKE: every metric of the protocol on images of one's own, from the shell."""

import argparse
import json
import math
import os
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dgan_core import metrics
from dgan_core.io.files import write_json

from .table import render

PROGRAM = "python -m dgan_core.metrics"
SETTINGS = ("extractor", "weights", "lpips_weights", "size", "grey", "exclude", "seed")
VERSIONS = ("numpy", "scipy", "scikit-learn", "torch", "torchvision", "torch-fidelity", "lpips", "umap-learn", "pillow")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help lists the arguments)\n")


def parser():
    new = Parser(
        PROGRAM,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compare generated images with real ones by FID, KID, LPIPS, MS-SSIM and SWD.\n"
        "REAL and FAKE are folders or .zip archives of PNG, JPEG, BMP, TIFF or WebP files, or .npy files of shape\n"
        "(N, H, W), (N, H, W, 1) or (N, H, W, 3) in uint8: at least 12 real and 6 generated images, all of one size.",
        epilog=f"""examples:
  {PROGRAM} scans/ generated.zip --exclude '*_mask*' --size 256
  {PROGRAM} real.npy fake.npy --output result.json
  {PROGRAM} real/ fake/ --extractor random-vgg16 --lpips-weights random     no download

exit status: 0 measured, 1 an unexpected error, 2 an argument or a file that can't be used, 130 interrupted""",
    )
    new.add_argument("real", metavar="REAL", help="real images")
    new.add_argument("fake", metavar="FAKE", help="generated images, as many as real ones if possible")
    new.add_argument(
        "--extractor",
        default="inception",
        metavar="NAME",
        help="network of FID and KID: inception (default; the published one), random-vgg16 (nothing to download) "
        "or random-inception",
    )
    new.add_argument(
        "--weights",
        metavar="FILE",
        help="weights of the extractor, .safetensors or .npz if your own; default: DGAN_ASSETS, else a download",
    )
    new.add_argument(
        "--lpips-weights",
        default="official",
        metavar="WEIGHTS",
        help="official (default; DGAN_ASSETS, else a download), random, or a file in torchvision's layout, "
        ".safetensors or .npz if it is your own",
    )
    new.add_argument("--size", type=int, metavar="S", help="resize every image to S×S (Lanczos, aspect not kept)")
    new.add_argument("--grey", action="store_true", help="turn colour into grey (luma)")
    new.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out files whose path inside the set matches, such as '*_mask*'; may be repeated",
    )
    new.add_argument(
        "--seed", type=int, default=0, help="of subsets, projections, UMAP and random weights (default: 0)"
    )
    new.add_argument("--cache", metavar="FOLDER", help="keep features there, for the next time the same images come")
    new.add_argument("--output", type=Path, metavar="FILE.json", help="write the numbers and how they came about")
    new.add_argument("--force", action="store_true", help="replace an --output that exists")
    new.add_argument("--json", action="store_true", help="print what --output writes, instead of the table")
    return new


def main(argv=None):
    """The shell command; returns its exit status.  argv: the arguments, default those of the process."""
    args = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a path may hold what the terminal can't show
    try:
        result = measure(args)
        if args.output is not None:
            check_output(args.output, args.force)  # again: its place may have been taken meanwhile
            write_json(args.output, result)
        print(json.dumps(result, indent=1, allow_nan=False) if args.json else render(result), flush=True)
        return 0
    except KeyboardInterrupt:
        return complain("interrupted; nothing was written", 130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ConnectionError as error:
        return complain(f"{error} (--extractor random-vgg16 --lpips-weights random need no download)", 2)
    except (ValueError, OSError) as error:
        return complain(error, 2)
    except Exception as error:
        hint = "call dgan_core.metrics.evaluate from Python to see where"
        return complain(f"unexpected {type(error).__name__}: {error}; {hint}", 1)


def complain(message, status):
    print(f"{PROGRAM}: {' '.join(str(message).split())}", file=sys.stderr)
    return status


def measure(args):
    """The parsed arguments → what --output writes: where the images came from, settings, versions, numbers."""
    if args.seed < 0:
        raise ValueError(f"--seed must be a whole number ≥ 0, got {args.seed}")
    if args.output is not None:
        check_output(args.output, args.force)
    for name, weights in (("--weights", args.weights), ("--lpips-weights", args.lpips_weights)):
        if weights not in (None, "official", "random") and not Path(weights).is_file():
            raise FileNotFoundError(f"{name} must name a file, got {weights!r}, which doesn't exist")
    real = read("REAL", args.real, args)
    fake = read("FAKE", args.fake, args)
    if real.shape[1:3] != fake.shape[1:3]:
        sides = [f"{images.shape[2]}×{images.shape[1]}" for images in (real, fake)]
        raise ValueError(f"REAL's images are {sides[0]} pixels and FAKE's {sides[1]}: resize both of them by --size S")
    if real.shape[-1] != fake.shape[-1]:
        warn("one set is grey and the other in colour; the grey one is repeated to three channels (--grey: both grey)")
        real, fake = (np.repeat(images, 3 // images.shape[-1], axis=3) for images in (real, fake))
    if len(real) != len(fake):
        warn(f"{len(real)} real and {len(fake)} generated images: FID depends on N, so take as many of each")
    if len(real) == len(fake) and all(map(np.array_equal, real, fake)):
        warn("REAL and FAKE hold the same images")
    with tqdm(bar_format="measuring: {desc}begun after {elapsed}", disable=None) as bar:
        numbers, _ = metrics.evaluate(
            real,
            fake,
            extractor=args.extractor,
            extractor_weights=args.weights,
            lpips_weights=args.lpips_weights,
            seed=args.seed,
            cache=args.cache,
            progress=bar.set_description,
        )
    return {
        "real": describe(args.real, real),
        "fake": describe(args.fake, fake),
        "settings": {name: getattr(args, name) for name in SETTINGS},
        "versions": {name: version(name) for name in VERSIONS},
        # JSON has no infinity and no NaN
        "numbers": {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in numbers.items()},
    }


def read(label, source, args):
    with tqdm(desc=f"reading {label}", unit=" images", disable=None) as bar:  # nothing where stderr is no terminal

        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)

        return metrics.read_images(source, args.size, args.grey, args.exclude, progress)


def describe(source, images):
    n, height, width, channels = images.shape
    return {"source": source, "n": n, "height": height, "width": width, "channels": channels}


def warn(message):
    print(f"warning: {message}", file=sys.stderr)


def check_output(path, force):
    """Before any work: a result of hours shouldn't find its place taken."""
    if path.is_dir():
        raise IsADirectoryError(f"--output must name a file, got the folder {path}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"--output {path}: its folder {path.parent} doesn't exist; make it first")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"--output {path}: its folder {path.parent} can't be written to")
    if path.exists() and not force:
        raise FileExistsError(f"--output {path} exists: name another file, or replace it with --force")


if __name__ == "__main__":
    sys.exit(main())
