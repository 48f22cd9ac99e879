"""A figure on a page: vector graphics with a caption and alternative text, legible in a light and in a dark theme."""

import base64
import hashlib
import io
import re
from html import escape

from matplotlib import pyplot
from PIL import Image

from .page import Html, anchor, captioned
from .style import dark

EMBEDDED = re.compile(r"data:image/png;base64,([\w+/=\s]+)")
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
VIEW = re.compile(r'viewBox="([^"]+)"')
LEGIBLE = 420  # points: a narrower screen scrolls the figure, or its text would be too small
IN_THE_DARK = '[data-theme="dark"], [data-jp-theme-light="false"]'  # of the book, of JupyterLab


def address(content):
    """The bytes of a WebP file as a `data:` address for an image."""
    return "data:image/webp;base64," + base64.b64encode(content).decode()


def _lighter(png):
    """An embedded image, pixel for pixel the same, in about half the bytes of matplotlib's RGBA PNG."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(png[1]))).save(stream, format="webp", lossless=True, exact=True)
    return address(stream.getvalue())


def to_svg(figure, alt):
    """A matplotlib figure as an SVG element whose colours are CSS variables; alt: text for readers who can't see it.

    Each colour keeps its light value where no style sheet is in force.  Ids are kept where something refers to them,
    and made the figure's own, as several figures share a page.
    """
    figure.set_layout_engine("constrained")  # here: as a default it would make seaborn's grids warn
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = EMBEDDED.sub(_lighter, svg)
    prefix = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    referred = set(re.findall(r'(?:href="|url\()#([\w.-]+)', svg))
    svg = re.sub(r' id="([\w.-]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in referred else "", svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", svg)
    used = sorted(set(COLOUR.findall(svg)))
    svg = COLOUR.sub(lambda m: f"var(--c{m[0][1:]}, {m[0]})", svg)
    night = "".join(f"--c{colour[1:]}:{dark(colour)};" for colour in used)
    width = float(re.search(r'width="([\d.]+)pt"', svg)[1])
    size = f"fill:currentColor;width:{width:g}pt;min-width:{min(width, LEGIBLE):g}pt"
    opening = f'<svg role="img" aria-label="{escape(alt)}" style="{size}" viewBox="{re.search(VIEW, svg)[1]}">'
    theme = f"<style>@media screen{{{IN_THE_DARK}{{{night}}}}}</style>"
    return opening + theme + svg[svg.index(">") + 1 :]


def picture(figure, caption, alt, note=""):
    """A figure with its caption below, for the end of a cell or for `display`.

    caption: the finding, with its number, "Figure N. KID falls …"; alt: what is drawn, in words.  note: what produced
    it, see `badge`.
    """
    if not alt.strip():
        raise ValueError(
            f"alt must say what is drawn, for readers who can't see it; got {alt!r} with the caption {caption!r}"
        )
    svg = to_svg(figure, alt)
    foot = f'<p class="dgan-badge">{escape(note)}</p>' if note else ""
    pyplot.close(figure)  # or a notebook would show it a second time
    return Html(
        f'<figure class="dgan-figure" id="{anchor(caption)}"><div class="dgan-scroll" tabindex="0">{svg}</div>'
        f"<figcaption>{captioned(caption)}</figcaption>{foot}</figure>"
    )
