"""Figures on a page: themed vector graphics that a screen reader can tell, with names of their own."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot
from PIL import Image

import dgan_report as report
from dgan_report.page import anchor, captioned
from dgan_report.style import (
    INK,
    INK_DARK,
    MARKERS,
    OKABE_ITO,
    OTHERS,
    PAPER_DARK,
    SHADES,
    dark,
    shade,
    use_style,
)


def drawn(colour="#0072b2", text="x"):
    use_style()
    figure, axis = pyplot.subplots()
    axis.plot([0, 1], color=colour, label=text)
    axis.imshow(np.eye(2))
    axis.legend()
    return figure


def svg_of(html):
    return ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6].replace("xlink:", ""))


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_ink_and_paper_change_places():
    assert dark(INK) == INK_DARK and dark("#000000") == INK_DARK and dark("#ffffff") == PAPER_DARK
    greys = [luminance(dark(f"#{level:02x}{level:02x}{level:02x}")) for level in range(40, 256)]
    assert all(a > b for a, b in zip(greys, greys[1:], strict=False))


@pytest.mark.parametrize("colour", [*OKABE_ITO.values(), *OTHERS])
def test_a_line_stands_out_from_the_dark_page_as_graphics_must(colour):
    assert contrast(dark(colour), PAPER_DARK) >= 3  # WCAG 2.2, 1.4.11
    assert contrast(dark(INK), PAPER_DARK) >= 7


@pytest.mark.parametrize("loss", ["wgan-gp", "bce"])
def test_the_shades_of_λ_keep_their_order_away_from_the_page(loss):
    shades = [shade(OKABE_ITO[loss], SHADES[lam]) for lam in sorted(MARKERS)]
    assert all(contrast(a, "#ffffff") < contrast(b, "#ffffff") for a, b in zip(shades, shades[1:], strict=False))
    night = [contrast(dark(colour), PAPER_DARK) for colour in shades]
    assert all(a < b for a, b in zip(night, night[1:], strict=False)) and night[0] > 1.8


def test_a_colour_of_no_palette_stays():
    assert dark("#12ab34") == "#12ab34"


def test_every_colour_is_a_variable_with_its_light_value():
    html = report.picture(drawn(), "Figure D1. It rises.", alt="A line.")._repr_html_()
    style = re.search(r"<style>(.*?)</style>", html)[1]
    for value in set(re.findall(r"var\(--c[0-9a-f]{6}, #[0-9a-f]{6}\)", html)):
        name, light = re.match(r"var\(--(c[0-9a-f]{6}), (#[0-9a-f]{6})\)", value).groups()
        assert name[1:] == light[1:] and f"--{name}:{dark(light)};" in style
    drawing = html.replace(style, "")
    assert "var(--c0072b2, #0072b2)" in drawing and not re.search(r"(?<!, )#[0-9a-f]{6}\b", drawing)


def test_a_figure_has_a_caption_a_text_and_a_name():
    html = report.picture(drawn(), "Figure D1. A < B & C.", alt='The "line".')._repr_html_()
    assert html.startswith('<figure class="dgan-figure" id="figure-d1">')
    assert "<figcaption><strong>Figure D1.</strong> A &lt; B &amp; C.</figcaption>" in html
    svg = svg_of(html)
    assert svg.get("role") == "img" and svg.get("aria-label") == 'The "line".'
    assert not pyplot.get_fignums()  # or a notebook shows the figure twice


def test_two_figures_of_a_page_share_no_name_and_refer_to_their_own():
    pages = [report.picture(drawn(text=t), "Figure 1. F.", alt="A line.")._repr_html_() for t in ("a", "b")]
    names = [set(re.findall(r' id="(f[^"]+)"', page.split("<svg")[1])) for page in pages]
    for page, own in zip(pages, names, strict=True):
        referred = set(re.findall(r'(?:href="|url\()#([\w.-]+)', page))
        assert referred and referred <= own
    assert not names[0] & names[1]


def test_a_note_stands_below_the_caption():
    html = report.picture(drawn(), "Figure D1. It rises.", alt="A line.", note="data: <b>")._repr_html_()
    assert html.endswith('</figcaption><p class="dgan-badge">data: &lt;b&gt;</p></figure>')


def test_a_figure_without_alternative_text_is_refused():
    with pytest.raises(ValueError, match="alt must say what is drawn"):
        report.picture(drawn(), "Figure 1. F.", alt=" ")
    pyplot.close("all")


@pytest.mark.parametrize(
    ("caption", "name", "html"),
    [
        ("Table 3. Best.", "table-3", "<strong>Table 3.</strong> Best."),
        ("Figure D12. X.", "figure-d12", "<strong>Figure D12.</strong> X."),
        ("Two runs, Table 3.", "", "Two runs, Table 3."),
    ],
)
def test_a_numbered_caption_gives_the_name(caption, name, html):
    assert anchor(caption) == name and captioned(caption) == html


def test_images_keep_their_own_pixels():
    svg = svg_of(report.picture(drawn(), "Figure 1. F.", alt="A line.")._repr_html_())
    [image] = svg.iter("image")
    assert (image.get("width"), image.get("height")) == ("2", "2")
    kind, _, content = image.get("href").partition(";base64,")
    assert kind == "data:image/webp"
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGBA"))
    np.testing.assert_array_equal(pixels, pyplot.get_cmap()(np.eye(2), bytes=True))
