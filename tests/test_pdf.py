"""The printed book: every page in order, an outline, and links that lead inside it."""

import shutil
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import pdf  # noqa: E402


@pytest.fixture
def book(tmp_path):
    """A book of three printed pages that link to each other, to a page that isn't printed and to the world."""
    browser = next(filter(None, map(shutil.which, pdf.BROWSERS)), None)
    if browser is None:
        pytest.skip("Chromium is not installed and could not be: apt-get install chromium")
    links = "<a href='b.html#x'>b</a> <a href='other.html'>lost</a> <a href='https://example.org/'>out</a>"
    pages = {}
    for name in "abc":
        html = tmp_path / f"{name}.html"
        html.write_text(f"<title>{name}</title><h1>Page {name}<a href='#x'>#</a></h1>{links if name == 'a' else ''}")
        pages[name] = ("Named" if name == "c" else "", html, pdf.printed(browser, html, tmp_path / f"{name}.pdf"))
    pdf.join([("", [pages["a"]]), ("Part", [pages["b"], pages["c"]])], "The book").write(tmp_path / "book.pdf")
    return PdfReader(tmp_path / "book.pdf")


def test_every_page_is_in_the_outline_under_its_part(book):
    assert len(book.pages) == 3 and book.metadata.title == "The book"
    first, part, below = book.outline
    assert [first.title, part.title, [entry.title for entry in below]] == ["Page a", "Part", ["Page b", "Named"]]
    assert [book.get_destination_page_number(entry) for entry in (first, part, *below)] == [0, 1, 1, 2]


def test_links_lead_inside_the_book_or_out_of_it_and_to_no_file(book):
    actions = [note.get_object()["/A"] for note in book.pages[0]["/Annots"] if "/A" in note.get_object()]
    inside = [action["/D"][0].get_object() for action in actions if action["/S"] == "/GoTo"]
    assert book.pages[1] in inside
    assert [action["/URI"] for action in actions if "/URI" in action] == ["https://example.org/"]


def test_a_page_that_was_not_built_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: "chromium")
    with pytest.raises(SystemExit, match="has no notebooks/start.html: run make book first"):
        pdf.main(tmp_path, tmp_path / "x.pdf")
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="needs a browser"):
        pdf.main(tmp_path, tmp_path / "x.pdf")
