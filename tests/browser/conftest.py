"""Chromium before a built book: DGAN_BOOK's, or a small one that is built here."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from small_book import EXECUTED, HTML, build, toc

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"  # no name resolves: the network is off


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def html(once):
    """The folder of the book's pages."""
    return Path(os.environ.get("DGAN_BOOK") or once("book", build) / HTML).resolve()


@pytest.fixture(scope="session")
def address(html):
    """Where the book is served on this machine, without a slash at its end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=html))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium with the network off."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed and could not be: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[ALONE])
        yield browser
        browser.close()


def listen(page):
    """Gather errors on the console, exceptions and requests that fail, in page.complaints.

    A request that was still under way when the page was left is aborted by the browser, and is no failure.
    """

    def failed(request):
        if request.failure != "net::ERR_ABORTED":
            page.complaints.append(f"failed: {request.url}")

    page.complaints = []
    page.on("console", lambda m: m.type in ("error", "warning") and page.complaints.append(f"console: {m.text}"))
    page.on("pageerror", lambda error: page.complaints.append(f"exception: {error}"))
    page.on("requestfailed", failed)
    page.on("response", lambda r: r.status >= 400 and page.complaints.append(f"{r.status}: {r.url}"))
    return page


# Of the small book its executed pages and a few chapters; every page is looked at in the book that `make book` builds.
CHAPTERS = ("book/losses", "book/loss-lab", "book/own-images", "book/glossary")
WHOLE = [name for name in toc.pages() if "DGAN_BOOK" in os.environ or Path(name).name in EXECUTED or name in CHAPTERS]


@pytest.fixture(scope="session", params=WHOLE)
def page(request, chromium, address):
    """One page of the book, open at 1300 × 900 and done with its scripts and equations."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    page = listen(context.new_page())
    page.goto(f"{address}/{request.param}.html", wait_until="load")
    page.add_style_tag(content="* { transition: none !important }")  # a colour on its way is no colour of the page
    page.evaluate("window.MathJax?.startup?.promise")
    page.name = request.param
    yield page
    context.close()


@pytest.fixture
def tab(chromium):
    """An empty page in a window of its own."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900})
    yield listen(context.new_page())
    context.close()
