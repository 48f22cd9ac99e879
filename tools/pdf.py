"""The whole book as one PDF, printed by the browser: pdf.py HTML_FOLDER OUTPUT.pdf

Every page of _toc.yml is printed by headless Chromium, then all are joined: an outline by parts and pages, and links
between pages lead inside the PDF.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import toc
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120  # seconds for one page


def printed(browser: str, page: Path, target: Path) -> Path:
    """Print one HTML file; its scripts and equations get ten seconds of the browser's own clock to finish."""
    with tempfile.TemporaryDirectory() as profile:  # of its own, so that several print side by side
        options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", "--virtual-time-budget=10000"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []  # which root can't have
        command = [browser, *options, f"--user-data-dir={profile}", f"--print-to-pdf={target}", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode or not target.is_file():
        raise RuntimeError(f"{browser} could not print {page}: {done.stderr.strip()[-300:]}")
    return target


def heading(page: Path) -> str:
    """The text of a page's first heading, without the link sign behind it."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").h1.find(string=True).strip()


def join(parts: list[tuple[str, list[tuple[str, Path, Path]]]], name: str) -> PdfWriter:
    """parts: (caption or "", [(title or "", HTML file, its PDF), …]) → one document; name: its title."""
    book, first = PdfWriter(), {}
    for _, pages in parts:
        for _, html, pdf in pages:
            first[html.resolve()] = len(book.pages)
            book.append(PdfReader(pdf), import_outline=False)
    for caption, pages in parts:
        start = first[pages[0][1].resolve()]
        above = book.add_outline_item(title=caption, page_number=start) if caption else None
        for title, html, _ in pages:
            book.add_outline_item(title=title or heading(html), page_number=first[html.resolve()], parent=above)
    for page in book.pages:
        page[NameObject("/Annots")] = ArrayObject(
            note for note in page.get("/Annots", []) if led(note.get_object(), book, first)
        )
    book.add_metadata({"/Title": name})
    return book


def led(note: DictionaryObject, book: PdfWriter, first: dict[Path, int]) -> bool:
    """Lead a link to another of the book's files to its place in the PDF; False: to a file it lacks."""
    address = urlsplit(str(note.get("/A", {}).get("/URI", "")))
    if address.scheme != "file":
        return True
    target = first.get(Path(unquote(address.path)).resolve())
    if target is None:
        return False
    place = ArrayObject([book.pages[target].indirect_reference, NameObject("/Fit")])
    note[NameObject("/A")] = DictionaryObject({NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): place})
    return True


def main(folder: Path, output: Path) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(
            f"printing the book needs a browser, one of {', '.join(BROWSERS)}; on Debian: apt-get install chromium"
        )
    html = {page: folder / f"{page}.html" for page in toc.pages()}
    if missing := [page for page in html if not html[page].is_file()]:
        sys.exit(f"{folder} has no {missing[0]}.html: run make book first")
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:

        def print_page(page: str) -> Path:
            return printed(browser, html[page].resolve(), Path(scratch, page.replace("/", "-") + ".pdf"))

        pdfs = dict(zip(html, pool.map(print_page, html), strict=True))
        book = []
        for caption, pages in toc.parts():
            book.append((caption, [(title, html[page], pdfs[page]) for page, title in pages]))
        name = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
        join(book, name).write(partial := output.with_name(output.name + ".part"))
        os.replace(partial, output)
    print(f"{output}: {len(PdfReader(output).pages)} pages")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
