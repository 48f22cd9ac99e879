"""Copy what the book shows of finished runs: keep_runs.py runs/SWEEP/quick results/SWEEP/quick [--featured NAME …]

Records, metrics, embeddings, a thinned log and the first generated images of every run; of seed 0 also all the images
that were measured, if they are small; of featured runs also the images of every snapshot and the last generator, in
half precision and compressed; and what real images score against real ones.  No real image is kept; the paths of data
and backbone become their names.
"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np

from dgan_core.io.files import read_arrays, read_record, write_arrays, write_atomically, write_record
from dgan_core.runs import Run

COPIED = ("metrics.json", "embeddings.safetensors", "samples/final.png")
OF_SEED_0 = ("samples/generated.webp",)
SMALL = 128  # pixels a side: 210 larger images would be megabytes
ROWS = 300  # of a log, about: as many as a curve shows


def keep(run: Run, target: Path, featured: bool = False, commit: str | None = None) -> None:
    """Copy one finished and evaluated run into target/NAME.  commit: of its code, where its record knows none."""
    kept, config = target / run.path.name, run.config
    whole = config.seed == 0 and config.image_size <= SMALL
    epochs = [f"samples/epoch-{epoch:04d}.png" for epoch in run.epochs_with_samples()] if featured else []
    for name in (*COPIED, *epochs, *(OF_SEED_0 if whole else ())):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run.path / name, kept / name)
    data = config.data if config.data == "phantom" else "busi"
    given = read_record(run.path / "config.json")
    write_record(kept / "config.json", {**given, "data": data, "backbone": Path(config.backbone).name})
    environment = run.environment()
    known = environment.get("commit", "unknown")
    write_record(
        kept / "environment.json", {**environment, "commit": commit if known == "unknown" and commit else known}
    )
    log = thinned(run.log())
    write_atomically(kept / "log.jsonl", log)
    mark = {"log_bytes": len(log), "log_sha256": hashlib.sha256(log).hexdigest()}
    write_record(kept / "status.json", {**run.status(), **mark})
    if featured:
        arrays = run.load_snapshot(run.config.epochs)
        half = {name: a.astype("float16") if a.dtype == np.float32 else a for name, a in arrays.items()}
        (kept / "snapshots").mkdir(exist_ok=True)
        copied = Run.open(kept)
        if not _holds(copied, half):  # a file of the same numbers may have other bytes
            copied.save_snapshot(run.config.epochs, half)
        plain = copied.snapshot_path(run.config.epochs)
        if plain.suffix != ".gz":  # a packed one is written anew in its own form
            write_arrays(plain.with_name(f"{plain.name}.gz"), *read_arrays(plain))
            plain.unlink()


def _holds(run: Run, arrays: dict[str, np.ndarray]) -> bool:
    """Whether the run's last snapshot is these arrays already."""
    if not run.snapshot_path(run.config.epochs).is_file():
        return False
    kept = run.load_snapshot(run.config.epochs)
    return kept.keys() == arrays.keys() and all(np.array_equal(kept[name], arrays[name]) for name in kept)


def thinned(rows: list[dict[str, float]]) -> bytes:
    """Every k-th row of a log and its last one, so that about ROWS are left, in the nine digits that hold a float32."""
    every = max(len(rows) // ROWS, 1)
    left = [row for i, row in enumerate(rows, start=1) if i % every == 0 or i in (1, len(rows))]
    short = ({k: float(f"{v:.9g}") if isinstance(v, float) else v for k, v in row.items()} for row in left)
    return "".join(json.dumps(row) + "\n" for row in short).encode()


def main(source: str | Path, target: str | Path, featured: tuple[str, ...] = (), commit: str | None = None) -> None:
    runs = [Run.open(path.parent) for path in sorted(Path(source).glob("*/config.json"))]
    if not runs:
        sys.exit(f"{source} holds no run directories")
    whole = [run for run in runs if run.finished and (run.path / "metrics.json").is_file()]
    names = {run.path.name for run in whole}
    if missing := {*featured} - names:
        sys.exit(
            f"featured must name runs of {source} that are finished and evaluated, got {', '.join(sorted(missing))}"
        )
    for real in Path(source).glob("real-*"):
        shutil.copytree(
            real, Path(target) / real.name, ignore=shutil.ignore_patterns("*.png", "*.webp"), dirs_exist_ok=True
        )
    for run in runs:
        if run.path.name in names:
            keep(run, Path(target), run.path.name in featured, commit)
        else:
            print(f"left out, since it is not finished or not evaluated: {run.path.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, help="its last part must be the profile, as source's")
    parser.add_argument("--featured", nargs="*", default=(), metavar="NAME", help="runs of which more is kept")
    parser.add_argument("--commit", help="of the code that trained, for runs whose own record doesn't know it")
    main(**vars(parser.parse_args()))
