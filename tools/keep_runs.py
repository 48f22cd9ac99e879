"""Copy what the book shows of finished runs: keep_runs.py runs/SWEEP/quick results/SWEEP/quick [--snapshot]

Records, log, metrics, embeddings and generated images of every run; of seed 0 also all the images that were measured.
--snapshot keeps the last generator of seed 0 as well, in half precision.  No real image is kept; the paths of data and
backbone become their names.
"""

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from dgan_core.io.files import read_record, write_record
from dgan_core.runs import Run

COPIED = ("environment.json", "status.json", "log.jsonl", "metrics.json", "embeddings.safetensors", "samples/final.png")
OF_SEED_0 = ("samples/generated.webp",)


def keep(run: Run, target: Path, snapshot: bool = False) -> None:
    """Copy one run into target/NAME; ValueError where it is unfinished, or its measurements are missing."""
    if not run.finished or not (run.path / "metrics.json").is_file():
        raise ValueError(f"{run.path} must be finished and evaluated: train and evaluate it first")
    kept, first = target / run.path.name, run.config.seed == 0
    epochs = [f"samples/epoch-{epoch:04d}.png" for epoch in run.epochs_with_samples()]
    for name in (*COPIED, *epochs, *(OF_SEED_0 if first else ())):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run.path / name, kept / name)
    config = read_record(run.path / "config.json")
    data = config["data"] if config["data"] == "phantom" else "busi"
    write_record(kept / "config.json", {**config, "data": data, "backbone": Path(config["backbone"]).name})
    if snapshot and first:
        arrays = run.load_snapshot(run.config.epochs)
        half = {name: a.astype("float16") if a.dtype == np.float32 else a for name, a in arrays.items()}
        (kept / "snapshots").mkdir(exist_ok=True)
        Run.open(kept).save_snapshot(run.config.epochs, half)


def main(source: str | Path, target: str | Path, snapshot: bool = False) -> None:
    runs = [Run.open(path.parent) for path in sorted(Path(source).glob("*/config.json"))]
    if not runs:
        sys.exit(f"{source} holds no run directories")
    for run in runs:
        keep(run, Path(target), snapshot)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, help="its last part must be the profile, as source's")
    parser.add_argument("--snapshot", action="store_true", help="keep the last generator of seed 0, in half precision")
    main(**vars(parser.parse_args()))
