"""Every page of the book as a reader's browser shows it, with the network off."""

import functools
import re
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from PIL import Image

HEAVY = 3_000_000  # bytes, the most that a page may weigh with its images
PHONE = 390  # CSS pixels
CUT_OFF = """() => [...document.querySelectorAll('main *:not(mjx-assistive-mml)')].filter(e =>
    ['hidden', 'clip'].includes(getComputedStyle(e).overflowX) && e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1
).map(e => `${e.tagName} ${e.textContent.slice(0, 40)}: ${e.scrollWidth} in ${e.clientWidth}`)"""
GRAVE = ("serious", "critical")


@functools.cache
def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def names(path):
    """What a link to this file may end in."""
    return {tag["id"] for tag in soup(path).find_all(id=True)} | {""}


def broken(path, html):
    """Links of a page that lead inside the book and to nothing."""
    found = []
    for link in soup(path).select("a[href]"):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_relative_to(html) or not target.is_file():
            found.append(f"{link['href']}: no such file")
        elif target.suffix == ".html" and unquote(parts.fragment) not in names(target):
            found.append(f"{link['href']}: no such place on the page")
    return found


def violations(page, **options):
    """What axe-core finds that is serious or critical: rule, and the first element it names."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in GRAVE]


def test_no_error_on_the_console_and_no_failed_request(page):
    assert page.complaints == []


def test_equations_are_typeset(page):
    unset = page.eval_on_selector_all(
        ".math", "all => all.filter(e => !e.querySelector('mjx-container svg')).map(e => e.textContent)"
    )
    assert unset == [] and page.locator("[data-mml-node=merror]").count() == 0


def test_images_are_there_and_have_a_text(page):
    images = page.eval_on_selector_all("main img", "all => all.map(e => [e.src, e.naturalWidth, e.alt])")
    assert [src for src, width, alt in images if not width or not alt.strip()] == []
    drawings = page.eval_on_selector_all(
        "main figure svg", "all => all.map(e => [e.getAttribute('role'), e.getAttribute('aria-label')])"
    )
    assert all(role == "img" and label and label.strip() for role, label in drawings)


def test_links_inside_the_book_lead_somewhere(page, html):
    assert broken(html / f"{page.name}.html", html) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(page, theme):
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    assert violations(page) == []


def test_a_phone_scrolls_one_way_only_and_nothing_is_cut_off(page):
    page.set_viewport_size({"width": PHONE, "height": 844})
    width, cut = page.evaluate("document.documentElement.scrollWidth"), page.evaluate(CUT_OFF)
    page.set_viewport_size({"width": 1300, "height": 900})
    assert width <= PHONE and cut == []


def test_no_table_or_figure_is_wider_than_a_page(page):
    wide = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.parentElement.id)"
    assert page.eval_on_selector_all(".dgan-scroll", wide) == []


def test_a_page_is_light(page, html):
    images = page.eval_on_selector_all(
        "main img",
        "all => [...new Set(all.map(e => new URL(e.src)).filter(u => u.protocol != 'data:').map(u => u.pathname))]",
    )
    files = [html / f"{page.name}.html", *(html / unquote(image).lstrip("/") for image in images)]
    assert sum(file.stat().st_size for file in files) < HEAVY


def test_every_figure_and_table_of_ours_has_a_number_of_its_own(page, html):
    captions = soup(html / f"{page.name}.html").select("figure.dgan-figure > figcaption, .dgan-caption")
    numbers = [caption.strong.get_text() if caption.strong else caption.get_text() for caption in captions]
    assert all(re.fullmatch(r"(Figure|Table) [A-Z]?\d+\.", number) for number in numbers), numbers
    assert len(set(numbers)) == len(numbers)


def test_search_finds_the_gradient_penalty(tab, address):
    tab.goto(f"{address}/search.html?q=gradient+penalty")
    tab.locator("#search-results li").first.wait_for()
    found = tab.locator("#search-results li a").evaluate_all("all => all.map(e => e.getAttribute('href'))")
    assert any("book/losses.html" in href for href in found) and tab.complaints == []


def test_the_dark_theme_reaches_the_figures(tab, address):
    tab.goto(f"{address}/notebooks/figure1.html")
    colour = "getComputedStyle(document.querySelector('figure svg [style*=stroke]')).stroke"
    shown = {}
    for theme in ("light", "dark"):
        tab.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        shown[theme] = tab.evaluate(colour)
    assert shown["light"] != shown["dark"]
    while tab.evaluate("document.documentElement.dataset.theme") != "light":  # the button does it too
        tab.locator("button.theme-switch-button:visible").first.click()
    assert tab.evaluate(colour) == shown["light"]


@pytest.mark.parametrize("name", ["notebooks/start", "book/losses", "notebooks/tables"])
def test_a_page_opens_from_the_disk(tab, html, name):
    tab.goto((html / f"{name}.html").as_uri())
    tab.evaluate("window.MathJax?.startup?.promise")
    assert tab.locator("article h1").count() == 1 and tab.complaints == []


def test_a_fault_would_be_noticed(tab, html, address, tmp_path):
    """The checks above on a page with one fault each."""
    bad = tmp_path / "bad.html"
    bad.write_text("<html lang=en><title>x</title><main><h1>x</h1><a href='no.html'>a</a><a href='#no'>b</a>"
                   "<img src='no.png'><button></button><script>undefined.x</script></main>")  # fmt: skip
    tab.goto(bad.as_uri())
    assert len(broken(bad, tmp_path)) == 2
    assert {v.split(":")[0] for v in violations(tab)} == {"button-name", "image-alt"}
    assert {c.split(":")[0] for c in tab.complaints} == {"console", "exception", "failed"}


def test_one_switch_shows_the_code_of_a_page_and_the_next_page_remembers_it(tab, address):
    tab.goto(f"{address}/notebooks/tables.html")
    bars, switch = tab.locator("details.above-input"), tab.locator("button.dgan-code")
    assert bars.count() > 3 and not any(bar.is_visible() for bar in bars.all())
    switch.press("Enter")
    assert all(tab.locator("details.above-input pre").nth(k).is_visible() for k in range(bars.count()))
    tab.goto(f"{address}/notebooks/figure1.html")
    assert tab.locator("details.above-input pre").first.is_visible() and switch.get_attribute("aria-pressed") == "true"
    switch.click()
    assert not bars.first.is_visible() and tab.complaints == []


def test_a_solution_is_opened_by_itself(tab, address):
    tab.goto(f"{address}/notebooks/lesson_penalty.html")
    solutions = tab.locator("div.tag_solution details > summary")
    assert solutions.all_inner_texts() == ["Show the solution"] * 3
    solutions.first.click()
    tab.get_by_text("The settled slope between the clouds", exact=False).nth(1).wait_for()
    assert tab.locator("div.tag_solution details[open]").count() == 1
    tab.get_by_role("button", name="Show the code of this page").click()
    assert tab.locator("div.tag_solution details[open]").count() == 1


def test_the_first_page_answers_before_anything_else(tab, address):
    tab.goto(f"{address}/")
    tab.wait_for_url("**/notebooks/start.html")
    box = tab.locator(".dgan-answer")
    assert "The answer" in box.inner_text() and box.bounding_box()["y"] < 900
    assert tab.locator("#table-0 tbody tr").count() == 7 and tab.locator("#figure-0 svg").count() == 1


@pytest.mark.parametrize("name", ["tables", "figure1", "figure2", "figure3_4", "explorer"])
def test_a_page_of_results_says_first_what_it_shows(tab, address, name):
    tab.goto(f"{address}/notebooks/{name}.html")
    banner = tab.locator(".dgan-banner")
    assert banner.count() == 1
    assert banner.inner_text().startswith(("REAL SCANS: ", "PHANTOMS, A DEMONSTRATION: "))


def test_a_figure_is_saved_as_vectors_and_as_pixels(tab, address, tmp_path):
    tab.goto(f"{address}/notebooks/figure1.html")
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")  # what is saved is for paper and slides
    for kind in ("svg", "png"):
        with tab.expect_download() as waiting:
            tab.locator("#figure-1 .dgan-save button", has_text=kind.upper()).click()
        assert waiting.value.suggested_filename == f"figure-1.{kind}"
        waiting.value.save_as(tmp_path / f"figure.{kind}")
    root = ElementTree.parse(tmp_path / "figure.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and float(root.get("width")) > 300
    with Image.open(tmp_path / "figure.png") as image:
        assert image.size == tuple(int(3 * float(root.get(side))) for side in ("width", "height"))
        assert image.convert("L").getpixel((2, 2)) == 255 and image.convert("L").getextrema()[0] < 60
