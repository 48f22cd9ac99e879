"""Figure 3 to touch: the same points, each generated one with its image, which clouds.js shows.

Real points carry no image. Without a script the page has the points alone.
"""

from html import escape

import numpy as np

from .collect import find, label
from .page import Html
from .style import OKABE_ITO, colour
from .tables import NOT_RUN, TABLE3, value
from .thumbnails import COLUMNS, address, contact_sheet

SIZE, MARGIN = 240, 8  # of one panel, in its own units
PLANES = (("pca", "PCA"), ("umap", "UMAP"))


def clouds(runs):
    """The models of Table 3, each with its points in both planes and the images of the generated ones."""
    return Html(f'<div class="dgan-clouds">{"".join(cloud(key, find(runs, *key)) for key in TABLE3)}</div>')


def cloud(key, run):
    """One model: two panels, and the contact sheet from which a point's image is cut."""
    name = escape(label(*key))
    points = run.embeddings if run is not None else {}
    planes = [(kind, title) for kind, title in PLANES if {f"{kind}_real", f"{kind}_fake"} <= points.keys()]
    if not planes:
        return f'<section class="dgan-cloud"><h3>{name}</h3><p class="dgan-missing">{NOT_RUN}</p></section>'
    panels = []
    for kind, title in planes:
        swd = value(run, f"swd_{kind}")
        heading = f"{title}, SWD {swd:.2f}" if np.isfinite(swd) else title
        real, fake = points[f"{kind}_real"], points[f"{kind}_fake"]
        panels.append(f"<figure><figcaption>{heading}</figcaption>{panel(real, fake, colour(*key[:2]), name)}</figure>")
    return (
        f'<section class="dgan-cloud"><h3>{name}</h3><div class="dgan-planes">{"".join(panels)}</div>'
        f"{thumbnail(run, name)}</section>"
    )


def panel(real, fake, fill, name):
    """(N, 2) and (M, 2) points as `<svg>`, equal axes: grey discs real, coloured ones generated, in their order."""
    both = np.concatenate([real, fake])
    low, high = both.min(axis=0), both.max(axis=0)
    scale = (SIZE - 2 * MARGIN) / max((high - low).max(), 1e-9)
    shift = (SIZE - scale * (high + low)) / 2  # the narrower axis is centred
    real, fake = (np.round(scale * points + shift, 1) * (1, -1) + (0, SIZE) for points in (real, fake))
    grey = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in real)
    discs = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in fake)
    return (
        f'<svg viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{len(real)} real and {len(fake)} generated images of '
        f'{name} as points"><path d="{grey}" stroke="{OKABE_ITO["real"]}" class="dgan-real"/>'
        f'<g fill="{fill}" class="dgan-fake">{discs}</g></svg>'
    )


def thumbnail(run, name):
    """The contact sheet of the run's generated images; where none was kept, of the few in its grid of samples."""
    file = run.path / "samples" / "generated.webp"
    tiles = run.tiles()
    if file.is_file():
        content, count = file.read_bytes(), run.final.get("n_fake", 0)
    elif tiles is not None:
        content, count = contact_sheet(tiles[..., None]), len(tiles)
    else:
        return ""
    return (
        f'<div class="dgan-thumb" data-count="{count}" data-columns="{COLUMNS}" data-name="{name}" hidden '
        f'style="background-image: url({address(content)})"></div>'
    )
