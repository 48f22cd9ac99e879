"""Fail unless the built book holds every page, table and figure, with content and nothing fetched from elsewhere."""

import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from toc import pages

TABLES = 4


def gaps(page: str) -> list[str]:
    """Tables that are missing or show no run, and rows of which a part was run. A whole setting may be missing."""
    names = [f"figure#table-{number}" for number in range(1, TABLES + 1)]
    tables = BeautifulSoup(page, "html.parser").select(", ".join(names))
    found = [] if len(tables) == TABLES else [f"notebooks/tables shows {len(tables)} tables, expected {TABLES}"]
    for number, table in enumerate(tables, start=1):
        name, whole = "", 0
        for row in table.select("tbody tr"):
            headings = [cell.get_text(strip=True) for cell in row.select("th")]
            name = headings[0] if len(headings) > 1 else name  # a model's name spans its rows
            cells = [cell.get_text(strip=True) for cell in row.select("td")]
            if "not run" in cells and {*cells} != {"not run"}:
                found.append(f"Table {number}, {name} {headings[-1]}, has cells that were not run")
            whole += headings[-1] == "here" and "not run" not in cells
        if not whole:
            found.append(f"Table {number} shows no run")
    return found


def problems(html: Path) -> list[str]:
    found = []
    text = {}
    for name in pages():
        path = html / f"{name}.html"
        text[name] = path.read_text(encoding="utf-8") if path.is_file() else ""
        if len(re.sub(r"<[^>]+>", "", text[name])) < 500:
            found.append(f"{path} is missing or has no content")
        outside = re.findall(r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)"', text[name])
        outside += re.findall(r'<link[^>]+rel="(?:stylesheet|preload)"[^>]+href="(https?:[^"]+)"', text[name])
        found += [f"{path} fetches {address}" for address in outside]
        if re.search(r'class="[^"]*\boutput traceback', text[name]):
            found.append(f"{path} shows a traceback")
        if re.search(r'class="[^"]*\boutput stderr', text[name]):
            found.append(f"{path} shows a warning, or what else was written to the error stream")
    found += gaps(text.get("notebooks/tables", ""))
    for name, figures in (
        ("figure1", 1),
        ("figure2", 1),
        ("figure3_4", 2),
        ("own-memorisation", 2),
        ("uncertainty", 2),
        ("costs", 1),
        ("start", 1),
        ("stylegan", 6),
    ):
        if text.get(f"notebooks/{name}", "").count('<figure class="dgan-figure" id="figure-') < figures:
            found.append(f"notebooks/{name} shows fewer than {figures} figures")
    return found


if __name__ == "__main__":
    complaints = problems(Path(sys.argv[1]))
    print("\n".join(complaints) or f"book: {sys.argv[1]} is complete")
    sys.exit(bool(complaints))
