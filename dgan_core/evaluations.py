"""What was measured, on disk: numbers, the points of Figure 3 and the generated images as thumbnails.

A folder holds metrics.json, embeddings.safetensors, samples/final.png and samples/generated.webp.  A run's evaluation
lies in its run directory; real images against real ones have a folder of their own.
"""

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from dgan_core.io.files import read_arrays, read_record, write_arrays, write_atomically, write_record
from dgan_core.io.images import mosaic

SHEET_COLUMNS, SHEET_SIDE = 15, 48  # of the contact sheet: images in a row, pixels of one at most


class Evaluation(NamedTuple):
    """final: every metric of the last snapshot, by name; a NAME comes with NAME_low, NAME_high, NAME_std, NAME_floor.

    settings: what was compared by what: extractor, LPIPS weights, numbers of images, seed.
    others: {extractor: its numbers of the last snapshot}.  history: a row per snapshot, with its epoch.
    source: {module: hash} of the code that measured.
    """

    final: dict[str, Any]
    settings: dict[str, Any] = {}
    others: dict[str, dict[str, Any]] = {}
    history: list[dict[str, Any]] = []
    seconds: float | None = None
    source: dict[str, str] = {}


def save_evaluation(
    folder: Path,
    evaluation: Evaluation,
    embeddings: dict[str, np.ndarray] | None = None,
    images: np.ndarray | None = None,
) -> None:
    """Write an evaluation into `folder`, metrics.json last: where it is there, the rest is too.

    embeddings: {"pca_real": (N, 2), …}.  images: (N, S, S, 1) uint8, those that were measured.
    """
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    write_arrays(folder / "embeddings.safetensors", embeddings or {})
    if images is not None:
        save_grid(folder, "final", images)
        sheet = mosaic(images[..., 0], SHEET_COLUMNS, SHEET_SIDE)
        write_atomically(folder / "samples" / "generated.webp", encoded(sheet, "WEBP", quality=80, method=6))
    write_record(folder / "metrics.json", evaluation._asdict())


def read_evaluation(folder: Path) -> Evaluation | None:
    """The evaluation in `folder`, or None where there is none.  DamagedFile where it is not what was written."""
    try:
        record = read_record(folder / "metrics.json")
    except FileNotFoundError:
        return None
    return Evaluation(**record)


def read_embeddings(folder: Path) -> dict[str, np.ndarray]:
    """pca_real, pca_fake, umap_real, umap_fake, each (N, 2) float32; empty where there are none."""
    try:
        return read_arrays(folder / "embeddings.safetensors")[0]
    except FileNotFoundError:
        return {}


def save_grid(folder: Path, name: str, images: np.ndarray) -> None:
    """images (N, S, S, 1) uint8 → folder/samples/<name>.png, the first 16 as 4×4 tiles."""
    content = encoded(mosaic(images[:16, ..., 0], 4, rows=4), "PNG")
    write_atomically(folder / "samples" / f"{name}.png", content)


def encoded(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    """(H, W) uint8 → the bytes of a picture file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind, **options)
    return content.getvalue()


def read_grid(folder: Path, name: str, size: int) -> np.ndarray | None:
    """The tiles of folder/samples/<name>.png, (16, size, size) uint8, or None where it is missing."""
    if not (file := folder / "samples" / f"{name}.png").is_file():
        return None
    with Image.open(file) as image:
        grid = np.asarray(image.convert("L"))
    rows, columns = grid.shape[0] // size, grid.shape[1] // size
    return grid.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(-1, size, size)
