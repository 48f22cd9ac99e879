"""What several pages draw into one panel of a figure: generated images in a row, and all runs by their weight λ."""

import numpy as np
import seaborn as sns

from .style import palette


def strip(axis, title, tiles, n=8, missing="not run"):
    """The first n images (size, size) side by side in one panel, with a gap between them; or the words `missing`."""
    axis.set_axis_off()
    axis.set_title(title, fontsize=10)
    if tiles is None:
        axis.text(0, 0.5, missing, style="italic", color="#777777")
        return
    gap = np.full((tiles.shape[1], 2), np.nan)  # drawn transparent
    pieces = [piece for tile in tiles[:n] for piece in (tile.astype(float), gap)]
    axis.imshow(np.hstack(pieces[:-1]), cmap="gray", vmin=0, vmax=255)


def dots(axis, rows, ylabel=""):
    """A dot for each run by λ, a colour for each loss, and the floor; rows: of one metric by one extractor."""
    if rows.empty:
        axis.text(0.5, 0.5, "not run", ha="center", transform=axis.transAxes)
        return
    colours = palette(rows["family"])
    sns.stripplot(
        rows, x="lam", y="value", hue="family", palette=colours, dodge=True, jitter=False, size=6, alpha=0.85, ax=axis
    )
    axis.axhline(rows["floor"].mean(), color="#777777", ls=":", label="floor")
    least = max(rows["floor"].mean(), 1e-3)  # below it the axis is linear, to 0 and beyond
    axis.set_yscale("symlog", linthresh=least)
    axis.set_yticks([0, *10.0 ** np.arange(np.ceil(np.log10(least)), np.log10(rows["value"].max()) + 1)])
    axis.set_ylim(bottom=min(0, 1.5 * rows["value"].min(), 1.5 * rows["floor"].mean()))
    axis.set(xlabel="λ", ylabel=ylabel)
    axis.legend(fontsize=8)
