"""One colour per model and loss on every page; λ by shade and marker (Okabe–Ito palette)."""

import matplotlib as mpl
import numpy as np

OKABE_ITO = {
    "wgan-gp": "#0072B2",  # blue
    "bce": "#D55E00",  # vermilion
    "stylegan2": "#009E73",  # bluish green
    "stylegan3": "#CC79A7",  # reddish purple
    "malignant": "#E69F00",  # orange; the classes of the data pages
    "benign": "#56B4E9",  # sky blue
    "normal": "#999999",
    "real": "#444444",
    "floor": "#777777",
}  # tells apart under the common kinds of colour blindness; Okabe & Ito 2008
MARKERS = {0.5: "o", 3.0: "s", 5.0: "D", 7.0: "^", 10.0: "v"}
SHADES = {0.5: 0.55, 3.0: 0.35, 5.0: 0.0, 7.0: -0.25, 10.0: -0.5}  # > 0 towards white, < 0 black

INK = "#222222"  # text and axes; the dark theme turns it, see theme.py

RC = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "image.interpolation": "none",  # a picture's own pixels, whatever the size it is shown at
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "dgan",  # the same figure gives the same SVG
}


def use_style():
    """Set matplotlib's defaults for every figure of the report."""
    mpl.rcParams.update(RC)


def colour(model, loss=None):
    """The one colour of a model, or of a DGAN's loss."""
    return OKABE_ITO[model if model.startswith("stylegan") else loss]


def shade(base, amount):
    """The colour mixed with white (amount > 0) or black (amount < 0), |amount| ≤ 1."""
    return mix(base, "white" if amount > 0 else "black", abs(amount))


def mix(one, other, share):
    """The colour `share` of the way from one to the other, "#rrggbb"."""
    start, end = (np.array(mpl.colors.to_rgb(colour)) for colour in (one, other))
    return mpl.colors.to_hex(start + share * (end - start))


def run_style(run):
    """Line keywords of one run: colour by loss, shade and marker by λ."""
    model, loss = run.config.get("model", "dgan"), run.config.get("loss")
    lam = float(run.config.get("lam", 5.0))
    if model != "dgan":
        return {"color": colour(model), "marker": "o", "label": run.label}
    return {
        "color": shade(colour(model, loss), SHADES.get(lam, 0.0)),
        "marker": MARKERS.get(lam, "x"),
        "linestyle": "-" if loss == "wgan-gp" else "--",  # readable in grey print too
        "label": run.label,
    }
