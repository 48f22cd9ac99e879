"""One colour per model and loss on every page; λ by shade and marker."""

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
OTHERS = ("#882255", "#44AA99", "#999933", "#AA4499", "#6650A4", "#B8860B", "#117733", "#CC6677")  # as Tol's "muted"
FAMILIES = {
    "WGAN-GP": OKABE_ITO["wgan-gp"],
    "BCE": OKABE_ITO["bce"],
    "StyleGAN2": OKABE_ITO["stylegan2"],
    "StyleGAN3": OKABE_ITO["stylegan3"],
    "malignant–benign": OKABE_ITO["real"],
}
MARKERS = {0.5: "o", 3.0: "s", 5.0: "D", 7.0: "^", 10.0: "v"}
SHADES = {0.5: 0.55, 3.0: 0.35, 5.0: 0.0, 7.0: -0.25, 10.0: -0.5}  # > 0 towards white, < 0 black
DASHES = {"BCE": (4, 1.5)}  # readable in grey print too; all others are drawn solid or dotted
INK = "#222222"  # text and axes; the dark theme turns it, see `dark`
INK_DARK, PAPER_DARK = "#d5dbe2", "#121212"  # text, and the book's page
DIM = {"#0072B2": "#3a94d2", "#882255": "#c9659a", "#117733": "#4ba36a", "#6650A4": "#9a86d8"}  # too dim on a dark page

RC = {
    "figure.dpi": 110,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
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
    """Set matplotlib's defaults for every figure of the report; seaborn follows them."""
    mpl.rcParams.update(RC)


def palette(families):
    """{family: colour}: the paper's models have their own; others, as a reader's own loss, take one of `OTHERS`."""
    others = sorted({*families} - {*FAMILIES})
    return FAMILIES | {family: OTHERS[k % len(OTHERS)] for k, family in enumerate(others)}


def looks(frame):
    """Keywords for a seaborn plot of `frame`, a part of `Results.measured` or `.history`, with a line or dot a label.

    The colour tells the family, its shade and the marker the weight λ.
    """
    runs = frame.drop_duplicates("label").set_index("label")
    colours = palette(frame["family"].unique())
    return {
        "hue": "label",
        "style": "label",
        "hue_order": list(runs.index),
        "style_order": list(runs.index),
        "palette": {name: shade(colours[run.family], SHADES.get(run.lam, 0.0)) for name, run in runs.iterrows()},
        "markers": {name: MARKERS.get(run.lam, "o") for name, run in runs.iterrows()},
        "dashes": {name: DASHES.get(run.family, "") for name, run in runs.iterrows()},
    }


def shade(base, amount):
    """The colour mixed with white (amount > 0) or black (amount < 0), |amount| ≤ 1."""
    return mix(base, "white" if amount > 0 else "black", abs(amount))


def mix(one, other, share):
    """The colour `share` of the way from one to the other, "#rrggbb"."""
    start, end = (np.array(mpl.colors.to_rgb(colour)) for colour in (one, other))
    return mpl.colors.to_hex(start + share * (end - start))


def _shades_dark():
    """{light: dark} for the palette and its shades.

    Tints that fade into the page still fade into it; shades that stand out still stand out.
    """
    amounts = [step / 20 for step in range(-19, 20)]  # those that `shade` is called with
    return {
        shade(base, amount): mix(DIM.get(base, base), PAPER_DARK if amount > 0 else INK_DARK, abs(amount))
        for base in (*OKABE_ITO.values(), *OTHERS)
        for amount in amounts
    }


SHADES_DARK = _shades_dark()


def dark(colour):
    """ "#rrggbb" → the dark theme's: greys run from ink to page, the palette and its shades turn, others are kept."""
    red, green, blue = mpl.colors.to_rgb(colour)
    if max(red, green, blue) - min(red, green, blue) < 0.02:
        ink = mpl.colors.to_rgb(INK)[0]
        return mix(INK_DARK, PAPER_DARK, max(0.0, (red - ink) / (1 - ink)))
    return SHADES_DARK.get(colour.lower(), colour)
