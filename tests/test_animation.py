"""Moving pictures: every frame in order, one that stands still for those who ask, and words for who sees neither."""

import base64
import io
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot
from PIL import Image

from dgan_report.animation import animation, drawn


def frames(*greys):
    return [np.full((24, 32, 3), grey, np.uint8) for grey in greys]


def opened(address):
    return Image.open(io.BytesIO(base64.b64decode(re.fullmatch("data:image/webp;base64,(.*)", address)[1])))


def greys(picture):
    found = []
    for k in range(picture.n_frames):
        picture.seek(k)
        found.append(np.asarray(picture.convert("L")).mean())
    return found


def test_frames_play_in_order_and_the_last_stands_for_readers_who_ask_for_less_motion():
    page = BeautifulSoup(animation(frames(0, 100, 200), 'a "grey" card', seconds=1)._repr_html_(), "html.parser")
    moving, still = opened(page.img["src"]), opened(page.source["srcset"])
    assert greys(moving) == pytest.approx([0, 100, 200], abs=4)
    assert greys(still) == pytest.approx([200], abs=4)
    assert page.source["media"] == "(prefers-reduced-motion: reduce)"
    assert page.img["alt"] == 'a "grey" card' and (page.img["width"], page.img["height"]) == ("32", "24")
    assert page.details.summary.get_text(strip=True)  # folding stops it, by keyboard too


def test_one_frame_is_no_animation():
    with pytest.raises(ValueError, match="at least 2 frames, got 1"):
        animation(frames(0), "nothing moves")


def test_drawn_is_what_the_figure_shows():
    figure = pyplot.figure(figsize=(1, 0.5), dpi=40, facecolor="#336699")
    assert np.unique(drawn(figure).reshape(-1, 3), axis=0).tolist() == [[0x33, 0x66, 0x99]]
    assert drawn(figure).shape == (20, 40, 3)
    pyplot.close(figure)
