"""A few seconds of moving picture in a page, without a script: foldable, and still where less motion is asked for."""

import io
from html import escape

import numpy as np
from PIL import Image

from .page import Html
from .picture import address


def drawn(figure):
    """What a matplotlib figure shows now: (height, width, 3) uint8."""
    figure.canvas.draw()
    return np.array(figure.canvas.buffer_rgba())[..., :3]


def animation(frames, alt, seconds=6.0):
    """Frames (height, width, 3) uint8 as an endless WebP, for the end of a cell; the last stays three times as long.

    alt: what a reader who doesn't see it should know.  Folding it away stops it; with prefers-reduced-motion only the
    last frame is shown.
    """
    if len(frames) < 2:
        raise ValueError(f"an animation needs at least 2 frames, got {len(frames)}")
    each = round(1000 * seconds / (len(frames) + 2))
    moving = _webp(frames, duration=[each] * (len(frames) - 1) + [3 * each])
    height, width = frames[0].shape[:2]
    return Html(
        '<details class="dgan-animation" open><summary>Animation (fold to stop)</summary><picture>'
        f'<source media="(prefers-reduced-motion: reduce)" srcset="{_webp(frames[-1:])}">'
        f'<img src="{moving}" alt="{escape(alt, quote=True)}" width="{width}" height="{height}">'
        "</picture></details>"
    )


def _webp(frames, **timing):
    """A data address, so that the page needs no other file."""
    first, *others = (Image.fromarray(frame) for frame in frames)
    file = io.BytesIO()
    more = {"save_all": True, "append_images": others, "loop": 0, **timing} if others else {}
    first.save(file, "WEBP", quality=60, method=4, **more)
    return address(file.getvalue())
