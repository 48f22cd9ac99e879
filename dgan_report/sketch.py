"""Small line charts as SVG text, a kilobyte or two each: a page can hold dozens, and a script can move their mark."""

from html import escape

import numpy as np
from matplotlib.scale import SymmetricalLogTransform
from matplotlib.ticker import MaxNLocator

WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 44, 312, 22, 126  # of the plot inside the picture
GREY = "#999999"


def line_chart(title, lines, label, mark=None, linthresh=None, level=None):
    """One chart as `<svg>`; x is the epoch.

    lines: (x, y, colour, width) each, numbers alike in length; NaN in y are left out.  label: what a screen reader
    says.  mark: the epoch of a vertical line, which explorer.js moves.  linthresh: a number makes y logarithmic
    beyond ± it and linear between.  level: the height of a dotted line across.  ValueError where nothing is finite.
    """
    lines = [(np.asarray(x, float), np.asarray(y, float), *rest) for x, y, *rest in lines]
    lines = [(x[np.isfinite(y)], y[np.isfinite(y)], *rest) for x, y, *rest in lines]
    xs = np.concatenate([x for x, *_ in lines])
    ys = np.concatenate([y for _, y, *_ in lines] + ([] if level is None else [np.array([level])]))
    if not len(xs):
        raise ValueError(f"the chart {title!r} has no finite value to draw")
    first, last = xs.min(), max(xs.max(), xs.min() + 1)
    scale = SymmetricalLogTransform(10, linthresh, 1).transform if linthresh else np.asarray
    low, high = (float(scale(np.array([end]))[0]) for end in (ys.min(), ys.max()))
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)

    def across(x):
        return LEFT + (np.asarray(x) - first) / (last - first) * (RIGHT - LEFT)

    def up(y):
        return BOTTOM - (scale(np.asarray(y, float)) - low) / (high - low) * (BOTTOM - TOP)

    parts = [f'<text x="0" y="12" class="dgan-sketch-title">{escape(title)}</text>']
    for tick in _ticks(ys.min(), ys.max(), linthresh):
        y = up([tick])[0]
        parts.append(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" stroke="currentColor" stroke-opacity=".15"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{y + 3:.1f}" text-anchor="end">{_number(tick)}</text>')
    for tick in MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]).tick_values(first, last):
        if first <= tick <= last:
            parts.append(f'<text x="{across(tick):.1f}" y="{BOTTOM + 13}" text-anchor="middle">{tick:g}</text>')
    parts.append(f'<text x="{RIGHT}" y="{HEIGHT - 1}" text-anchor="end">epoch</text>')
    if level is not None:
        parts.append(f'<path d="M{LEFT} {up([level])[0]:.1f}H{RIGHT}" stroke="{GREY}" stroke-dasharray="2 3"/>')
    for x, y, colour, width in lines:
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across(x), up(y), strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
    if mark is not None:
        parts.append(f'<path class="dgan-mark" d="M{across(mark):.1f} {TOP}V{BOTTOM}" stroke="currentColor"/>')
    return (
        f'<svg class="dgan-sketch" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}" '
        f'data-x="{LEFT} {RIGHT} {first:g} {last:g}" data-y="{TOP} {BOTTOM}">{"".join(parts)}</svg>'
    )


def _ticks(low, high, linthresh):
    """Up to about five round numbers within [low, high]; on a logarithmic axis 0 and powers of ten, where two fit."""
    if linthresh is not None:
        far = max(abs(low), abs(high), linthresh)
        exponents = np.arange(np.floor(np.log10(linthresh)), np.ceil(np.log10(far)) + 1)
        powers = 10.0 ** exponents[:: -(-len(exponents) // 4)]
        ticks = [tick for tick in [*-powers[::-1], 0.0, *powers] if low <= tick <= high]
        if len(ticks) > 1:
            return ticks
    return [tick for tick in MaxNLocator(4).tick_values(low, high) if low <= tick <= high]


def _number(value):
    """A tick's text: at most five characters or so."""
    return f"{value:g}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")
