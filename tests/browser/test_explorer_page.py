"""The explorer and Figure 3's points, by keyboard and pointer, on made-up runs."""

import pytest


@pytest.fixture
def explorer(tab, address):
    tab.goto(f"{address}/notebooks/explorer.html")
    tab.locator(".dgan-live").wait_for()
    yield tab
    assert tab.complaints == []


def shown(tab):
    """The visible runs' names and captions, in reading order."""
    return tab.locator(".dgan-run:visible").evaluate_all(
        """all => all.sort((a, b) => getComputedStyle(a).order - getComputedStyle(b).order)
              .map(run => [run.querySelector("h2").textContent,
                           run.querySelector("figure:not([hidden]) figcaption")?.textContent.split(" · ")[0]])"""
    )


def test_it_opens_with_the_papers_best_beside_the_other_loss(explorer):
    assert shown(explorer) == [["WGAN-GP λ=5", "epoch 4"], ["BCE λ=5", "epoch 4"]]


def test_everything_can_be_chosen_by_keyboard(explorer):
    explorer.get_by_role("radio", name="WGAN-GP").focus()
    explorer.keyboard.press("ArrowRight")
    assert [name for name, _ in shown(explorer)] == ["BCE λ=5", "WGAN-GP λ=5"]
    explorer.keyboard.press("Tab")
    explorer.keyboard.press("ArrowRight")
    assert [name for name, _ in shown(explorer)] == ["BCE λ=7", "WGAN-GP λ=7"]
    pictures = explorer.locator(".dgan-run:visible figure:visible img")
    before = pictures.first.get_attribute("src")
    slider = explorer.get_by_role("slider")
    slider.focus()
    explorer.keyboard.press("Home")
    assert shown(explorer) == [["BCE λ=7", "epoch 2"], ["WGAN-GP λ=7", "epoch 2"]]
    assert pictures.count() == 2 and pictures.first.get_attribute("alt").endswith("epoch 2") and before
    marks = explorer.locator(".dgan-run:visible .dgan-mark").evaluate_all("all => all.map(e => e.getAttribute('d'))")
    explorer.keyboard.press("End")
    moved = explorer.locator(".dgan-run:visible .dgan-mark").evaluate_all("all => all.map(e => e.getAttribute('d'))")
    assert all(a != b for a, b in zip(marks, moved, strict=True))
    beside = explorer.get_by_role("combobox", name="Beside it")
    beside.select_option("nothing")
    assert [name for name, _ in shown(explorer)] == ["BCE λ=7"]
    assert "BCE λ=7: epoch 4" in explorer.get_by_role("status").text_content()


def test_what_was_not_run_says_so_beside_the_papers_numbers(explorer):
    explorer.get_by_role("radio", name="StyleGAN3").check(force=True)
    assert shown(explorer) == [["StyleGAN3", None]]
    assert "not run" in explorer.locator(".dgan-run:visible").inner_text()
    assert explorer.get_by_role("radio", name="10").is_disabled()


def test_a_view_has_an_address(explorer, address):
    explorer.get_by_role("radio", name="BCE").check(force=True)
    explorer.get_by_role("radio", name="0.5").check(force=True)
    explorer.get_by_role("slider").fill("0")
    before = shown(explorer)
    explorer.goto(explorer.url)
    assert shown(explorer) == before == [["BCE λ=0.5", "epoch 2"], ["WGAN-GP λ=0.5", "epoch 2"]]
    explorer.goto(f"{address}/notebooks/explorer.html?model=NO&lam=4&epoch=x&beside=no&seed=9")
    assert [name for name, _ in shown(explorer)] == ["WGAN-GP λ=5", "BCE λ=5"]


def test_on_a_phone_both_images_stand_beside_each_other_ahead_of_the_numbers(explorer):
    explorer.set_viewport_size({"width": 390, "height": 844})
    places = "all => all.map(e => e.getBoundingClientRect()).filter(b => b.width)"
    left, right = explorer.locator(".dgan-run figure:not([hidden]) img").evaluate_all(places)
    assert left["top"] == right["top"] and left["right"] < right["left"] and right["right"] <= 390
    tables = explorer.locator(".dgan-run .dgan-table").evaluate_all(places)
    assert len(tables) == 2 and all(table["top"] > left["bottom"] for table in tables)
    assert abs(tables[0]["left"] - tables[1]["left"]) < 1  # over the whole width, one below the other


def test_without_scripts_everything_is_there(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/notebooks/explorer.html")
    assert page.locator(".dgan-run:visible table").count() == 12
    assert page.locator(".dgan-epochs img:visible").count() == 20
    context.close()


def test_a_generated_point_shows_its_image_in_both_planes(tab, address):
    tab.goto(f"{address}/notebooks/figure3_4.html")
    cloud = tab.locator(".dgan-cloud").first
    slider, thumb = cloud.get_by_role("slider"), cloud.locator(".dgan-thumb")
    slider.focus()
    where = [thumb.evaluate("e => e.style.backgroundPosition")]
    tab.keyboard.press("ArrowRight")
    assert thumb.get_attribute("aria-label").endswith("generated image 2")
    assert cloud.locator(".dgan-chosen").count() == 2  # one in each plane
    where.append(thumb.evaluate("e => e.style.backgroundPosition"))
    assert where[0] != where[1]
    disc = cloud.locator("svg").last.locator("circle:not(.dgan-chosen)").first
    disc.scroll_into_view_if_needed()
    box = disc.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert disc.page.locator(".dgan-cloud").first.locator(".dgan-chosen").count() == 2
    assert not thumb.get_attribute("aria-label").endswith("generated image 2") and tab.complaints == []
