"""The dark theme's colour for each colour of a figure."""

import matplotlib as mpl

from .style import INK, OKABE_ITO, mix, shade

INK_DARK, PAPER_DARK = "#d5dbe2", "#121212"  # text, and the book's page
DIM = {OKABE_ITO["wgan-gp"]: "#3a94d2"}  # the one colour of the palette that is too dim on a dark page
STEPS = [step / 20 for step in range(-19, 20)]  # the amounts that `shade` is called with


def _shades():
    """Light → dark for the palette and its shades: what leans towards the page still does, what leans away too."""
    return {
        shade(base, amount): mix(DIM.get(base, base), PAPER_DARK if amount > 0 else INK_DARK, abs(amount))
        for base in OKABE_ITO.values()
        for amount in STEPS
    }


SHADES_DARK = _shades()


def dark(colour):
    """ "#rrggbb" → "#rrggbb": greys run from ink to page, the palette stays and its shades turn, others are kept."""
    red, green, blue = mpl.colors.to_rgb(colour)
    if max(red, green, blue) - min(red, green, blue) < 0.02:
        ink = mpl.colors.to_rgb(INK)[0]
        return mix(INK_DARK, PAPER_DARK, max(0.0, (red - ink) / (1 - ink)))
    return SHADES_DARK.get(colour.lower(), colour)
