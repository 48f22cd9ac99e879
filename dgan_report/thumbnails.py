"""Generated images small enough for a page: WebP as data addresses, and a contact sheet of all a run was judged by."""

import base64
import io

import numpy as np
from PIL import Image

BUDGET = 1_800_000  # bytes of images on one page, before base64 makes them a third longer
SIDES = (128, 96, 64, 48, 32)  # pixels of one image, the largest first
SIDE, COLUMNS = 48, 15  # of a contact sheet
QUALITY = 80  # of WebP; speckle survives, as the page says, only so far


def webp(pixels):
    """(H, W) uint8 → the bytes of a WebP file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "WEBP", quality=QUALITY, method=6)
    return content.getvalue()


def address(content):
    """The bytes of a WebP file as a `data:` address for an image."""
    return "data:image/webp;base64," + base64.b64encode(content).decode()


def mosaic(tiles, columns, side=None):
    """(N, S, S) uint8 → (rows·side, columns·side) uint8, row by row; larger tiles are reduced to `side` pixels."""
    if side is not None and side < tiles.shape[1]:
        tiles = np.stack([np.asarray(Image.fromarray(t).resize((side, side), Image.Resampling.LANCZOS)) for t in tiles])
    size = tiles.shape[1]
    rows = -(-len(tiles) // columns)
    blank = np.zeros((rows * columns - len(tiles), size, size), np.uint8)
    return np.concatenate([tiles, blank]).reshape(rows, columns, size, size).swapaxes(1, 2).reshape(rows * size, -1)


def fitting(grids, columns=4, budget=BUDGET):
    """WebP bytes of each grid (N, S, S), all at the largest of `SIDES` at which together they keep the budget."""
    for side in SIDES:
        files = [webp(mosaic(tiles, columns, side)) for tiles in grids]
        if sum(map(len, files)) <= budget:
            break
    return files


def contact_sheet(images):
    """Bytes of one WebP with every image of (N, S, S, 1) uint8, `COLUMNS` in a row, each `SIDE` pixels or less."""
    return webp(mosaic(images[..., 0], COLUMNS, SIDE))
