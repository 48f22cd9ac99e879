"""Walk the latent space: what the page draws is what Python draws, and everything can be reached."""

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from dgan_core import rng
from dgan_core.io.files import read_arrays
from dgan_core.runs import Run
from dgan_core.training.dgan import DGAN

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from keep_walk import projected  # noqa: E402
from render_book import KEPT, WALKED  # noqa: E402


@pytest.fixture
def walk(tab, address):
    tab.goto(f"{address}/book/latent-walk.html")
    tab.get_by_role("button", name="Load the two generators").click()
    tab.get_by_role("status").get_by_text("Point 0.").wait_for(timeout=60_000)
    return tab


def in_python(run, z):
    """The kept generator's image of z: (S, S) uint8."""
    run = Run.open(next(KEPT.glob(f"quick/{run}-*")))
    images = (DGAN(run.config).sample(run.load_snapshot(run.config.epochs), z[None]) + 1) * 127.5
    return np.clip(np.round(images), 0, 255).astype(np.uint8)


def test_both_generators_draw_what_they_draw_in_python(walk):
    kept, _ = read_arrays(KEPT / "walk.safetensors")
    signs = np.unpackbits(kept["signs"], axis=1, bitorder="little").astype(np.float32) * 2 - 1
    for k in range(4):
        z = rng.normal(3, "z", k, (100,)) * np.float32(1 + k / 3)  # some of them far out
        found = walk.evaluate(
            "z => latentWalk.images(z).then(views => views.map(v => [[...v.pixels], v.near]))", z.tolist()
        )
        for (pixels, near), run in zip(found, WALKED.values(), strict=True):
            image = in_python(run, z)
            assert np.abs(np.reshape(pixels, image.shape) - image.astype(int)).max() <= 1
            assert np.ptp(image) > 50
            distance = np.linalg.norm(kept["training"] - projected(image, signs), axis=1).min() / 64
            assert near == pytest.approx(distance, abs=0.1)
    first, second = (pixels for pixels, _ in found)
    assert first != second  # another generator
    assert walk.complaints == []


def images(page):
    return page.evaluate("[...document.querySelectorAll('.walk-image')].map(c => c.toDataURL())")


def test_sliders_points_and_the_way_change_both_images(walk):
    seen = [images(walk)]

    def changed(tell):
        walk.get_by_role("status").get_by_text(tell).wait_for()
        seen.append(images(walk))
        assert all(new != old for new, old in zip(seen[-1], seen[-2], strict=True))

    walk.get_by_role("button", name="Keep as A").click()
    walk.get_by_label("Direction 1").press("End")
    walk.wait_for_timeout(500)
    seen.append(images(walk))
    assert seen[1][0] != seen[0][0] and seen[1][1] != seen[0][1]
    walk.get_by_role("button", name="Another point").click()
    changed("Point 1.")
    walk.get_by_role("button", name="Keep as B").click()
    walk.get_by_label("From A to B").press("Home")
    changed("0 % of the way")
    assert seen[-1] == seen[0]  # A again
    walk.get_by_role("button", name="Walk from A to B").press("Enter")
    walk.wait_for_timeout(800)
    walk.get_by_role("button", name="Stop").press("Enter")
    assert walk.complaints == []


def test_a_point_has_an_address(walk, address):
    walk.get_by_role("button", name="Another point").click()
    walk.get_by_role("status").get_by_text("Point 1.").wait_for()
    walk.get_by_label("Direction 2").press("End")
    walk.wait_for_timeout(500)
    seen, url = images(walk), walk.url
    assert url.endswith("?point=1&along=0,4,0,0,0,0")
    for other in (
        url,
        f"{address}/book/latent-walk.html?point=1&along=0,99,x",
    ):  # an odd address is read as far as it goes
        walk.goto(other)
        walk.get_by_role("button", name="Load the two generators").click()
        walk.get_by_role("status").get_by_text("Point 1.").wait_for(timeout=60_000)
        assert images(walk) == seen
    assert walk.complaints == []


def test_the_way_is_a_great_circle(tab, address):
    tab.goto(f"{address}/book/latent-walk.html")
    a, b = np.array([2.0, 0, 0]), np.array([0, 1.0, 0])
    way = [tab.evaluate("([a, b, t]) => latentWalk.between(a, b, t)", [a.tolist(), b.tolist(), t]) for t in (0, 0.5, 1)]
    np.testing.assert_allclose(way, [a, (a + b) / np.sqrt(2), b], atol=1e-12)
    assert tab.evaluate("latentWalk.between([1, 2], [1, 2], 0.3)") == pytest.approx([1, 2])


def test_weights_that_are_not_there_are_told(tab, address):
    tab.route("**/generators/*", lambda route: route.fulfill(status=404))
    tab.goto(f"{address}/book/latent-walk.html")
    tab.get_by_role("button", name="Load the two generators").click()
    tab.get_by_role("status").get_by_text("could not be loaded").wait_for()
    assert tab.get_by_role("button", name="Load the two generators").is_enabled()


def test_weights_that_the_server_unpacks_are_read_too(tab, address):
    def unpacked(route):
        route.fulfill(body=gzip.decompress(route.fetch().body()))

    tab.route("**/generators/*.gz", unpacked)
    tab.goto(f"{address}/book/latent-walk.html")
    tab.get_by_role("button", name="Load the two generators").click()
    tab.get_by_role("status").get_by_text("Point 0.").wait_for(timeout=60_000)
    assert tab.complaints == []


def test_nothing_is_wider_than_a_phone(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/book/latent-walk.html")
    page.get_by_role("button", name="Load the two generators").click()
    page.get_by_role("status").get_by_text("Point 0.").wait_for(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
