"""Copy what the book shows of finished runs: python tools/keep_runs.py runs/SWEEP/quick results/SWEEP/quick

Records, log and metrics of every run; of seed 0 also the embeddings' coordinates and the generated images, of which
figures are made.  No real image and no weights; the paths of data and backbone become their names.
"""

import shutil
import sys
from pathlib import Path

from dgan_core.io.files import read_record, write_record
from dgan_core.runs import Run

COPIED = ("environment.json", "status.json", "log.jsonl", "metrics.json")
OF_SEED_0 = ("embeddings.safetensors", "samples/final.png")


def keep(run: Run, target: Path) -> None:
    """Copy one run into target/NAME; ValueError where it is unfinished, or its measurements are missing."""
    if not run.finished or not (run.path / "metrics.json").is_file():
        raise ValueError(f"{run.path} must be finished and evaluated: train and evaluate it first")
    kept = target / run.path.name
    for name in COPIED + (OF_SEED_0 if run.config.seed == 0 else ()):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run.path / name, kept / name)
    config = read_record(run.path / "config.json")
    data = config["data"] if config["data"] == "phantom" else "busi"
    write_record(kept / "config.json", {**config, "data": data, "backbone": Path(config["backbone"]).name})


def main(source: str, target: str) -> None:
    runs = [Run.open(path.parent) for path in sorted(Path(source).glob("*/config.json"))]
    if not runs:
        sys.exit(f"{source} holds no run directories")
    for run in runs:
        keep(run, Path(target))


if __name__ == "__main__":
    main(*sys.argv[1:])
