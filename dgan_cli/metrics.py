"""`dgan metrics REAL FAKE`: every metric on images of one's own, from the shell."""

import argparse
import json
import os
import sys
from pathlib import Path

from dgan_core.io.files import write_json
from dgan_core.metrics.features import DEFAULT, EXTRACTORS
from dgan_core.metrics.features.inception import CONVENTIONS
from dgan_core.metrics.table import METRICS

from .measure import check_output, measure
from .text_table import render

PROGRAM = "dgan metrics"


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help lists the arguments)\n")


def _size(text):
    width, _, height = text.lower().replace("×", "x").partition("x")
    try:
        return (int(width), int(height)) if height else (int(width), int(width))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be S or W×H in pixels, such as 256 or 320x240, got {text!r}") from None


def _names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def parser():
    new = Parser(
        PROGRAM,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compare generated images with real ones by every metric of this project.\n"
        "REAL and FAKE are folders or .zip archives of PNG, JPEG, BMP, TIFF, WebP or 8-bit DICOM files, .npy files of\n"
        "shape (N, H, W), (N, H, W, 1) or (N, H, W, 3) in uint8, or .npz files of features or statistics: at least\n"
        "12 real and 6 generated images, all of one size.",
        epilog=f"""examples:
  {PROGRAM} scans/ generated.zip --exclude '*_mask*' --size 256
  {PROGRAM} real/ fake/ --extractor inception --metrics fid,kid
  {PROGRAM} real.npy fake.npy --others radiomics --lpips-weights random --output result.json

exit status: 0 measured, 1 an unexpected error, 2 an argument or a file that can't be used, 130 interrupted""",
    )
    add = new.add_argument
    add("real", metavar="REAL", help="real images")
    add("fake", metavar="FAKE", help="generated images, as many as real ones if possible")
    add("--metrics", type=_names, metavar="NAMES", help=f"only these, by commas: fid, kid, {', '.join(METRICS)}")
    add("--no-intervals", dest="intervals", action="store_false", help="leave out the 95 %% intervals")
    add("--no-floor", dest="floor", action="store_false", help="leave out real against real")
    add("--no-umap", dest="umap", action="store_false", help="leave out the plane of UMAP")
    add("--extractor", metavar="NAME", help=f"features: {', '.join(EXTRACTORS)} (default: {DEFAULT}; FID and KID need "
        "inception)")  # fmt: skip
    add("--others", type=_names, default=[], metavar="NAMES", help="further extractors, by commas")
    add("--weights", metavar="FILE", help="the extractor's weights: .safetensors or .npz if your own; default: the "
        "published ones")  # fmt: skip
    add("--convention", default=CONVENTIONS[0], metavar="NAME", help=f"of Inception's input: {', '.join(CONVENTIONS)}")
    add("--lpips-weights", default="official", metavar="WEIGHTS", help="official (default; DGAN_ASSETS, else a "
        "download), random, or a file in torchvision's layout")  # fmt: skip
    add("--size", type=_size, metavar="S", help="resize every image to S×S, or to W×H given as 320x240 (Lanczos)")
    add("--fit", default="stretch", choices=("stretch", "pad", "crop"), help="what --size does to the aspect")
    add("--grey", action="store_true", help="turn colour into grey (luma)")
    add("--exclude", action="append", default=[], metavar="GLOB", help="leave out files or folders by name, such as "
        "'*_mask*' or masks; may be repeated")  # fmt: skip
    add("--seed", type=int, default=0, help="of subsets, halves, permutations, projections, UMAP and random weights "
        "(default: 0)")  # fmt: skip
    add("--batch-size", type=int, default=8, metavar="N", help="images at once (default: 8; a GPU takes 64)")
    add("--device", metavar="NAME", help="cpu, cuda, …; default: a GPU where there is one")
    add("--cache", metavar="FOLDER", help="keep features there, for the next time the same images come")
    add("--save-features", type=Path, metavar="FOLDER", help="write real.npz and fake.npz there, to be given as REAL "
        "or FAKE")  # fmt: skip
    add("--copies", type=Path, metavar="FILE.png", help="draw the generated images nearest to real ones, beside them")
    add("--output", type=Path, metavar="FILE.json", help="write the numbers and how they came about")
    add("--force", action="store_true", help="replace files that exist: of --output, --copies and --save-features")
    add("--json", action="store_true", help="print what --output writes, instead of the table")
    return new


def main(argv):
    """The shell command; returns its exit status.  argv: the words after `dgan metrics`."""
    args = parser().parse_args(argv)
    try:
        result = measure(args)
        try:
            if args.output is not None:
                check_output("--output", args.output, args.force)  # again: its place may have been taken meanwhile
                write_json(args.output, result)
        finally:  # what was measured is shown even where it can't be written
            print(json.dumps(result, indent=1, allow_nan=False) if args.json else render(result), flush=True)
        return 0
    except KeyboardInterrupt:
        return complain("interrupted; no result was written", 130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ConnectionError as error:
        fid = f"FID and KID need it; without it report Fréchet and kernel distance, by --extractor {DEFAULT}"
        lpips = "--lpips-weights random needs no download, but is not the LPIPS of the literature"
        return complain(f"{error}. {lpips if 'alexnet' in str(error) else fid}", 2)
    except (ValueError, OSError, ImportError) as error:
        return complain(error, 2)
    except Exception as error:
        hint = "call dgan_core.metrics.evaluate from Python to see where"
        return complain(f"unexpected {type(error).__name__}: {error}; {hint}", 1)


def complain(message, status):
    print(f"{PROGRAM}: {' '.join(str(message).split())}", file=sys.stderr)
    return status
