"""Small pieces that the figures share: an empty panel, a grid of images, the line below."""

import numpy as np

from .badge import badge

NOT_RUN = "not run"


def empty(ax, text=NOT_RUN):
    """A panel for what has not been run: its frame and the words."""
    ax.text(0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes, color="#777777",
            fontsize=12, style="italic")  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)


def sign(figure, runs):
    """The badge below a figure, so that a copied figure still says what produced it."""
    text = badge(runs)
    words, lines = text.split(" · "), [""]
    limit = int(figure.get_figwidth() * 15)
    for word in words:
        longer = f"{lines[-1]} · {word}" if lines[-1] else word
        if len(longer) > limit and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    figure.supxlabel("\n".join(lines), fontsize=7, color="#555555")


def strip(tiles, n, gap=2):
    """The first n tiles side by side, NaN between them: (size, n·(size + gap) − gap) float32 in 0 to 255."""
    tiles = list(tiles[:n])
    size = tiles[0].shape[0]
    blank = np.full((size, gap), np.nan, np.float32)  # drawn transparent
    pieces = [tiles[0]]
    for tile in tiles[1:]:
        pieces += [blank, tile]
    return np.concatenate(pieces, axis=1)


def images(ax, tiles, n, missing=NOT_RUN):
    """Show the first n tiles in one panel; the words `missing` where there are none."""
    ax.set_axis_off()
    if tiles is None or len(tiles) == 0:
        empty(ax, missing)
        return
    ax.imshow(strip(tiles, n), cmap="gray", vmin=0, vmax=255)
