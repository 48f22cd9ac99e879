"""Fail unless the built book holds every page, table and figure, with content and nothing fetched from elsewhere."""

import re
import sys
from pathlib import Path

import yaml


def pages(toc: dict) -> list[str]:
    parts = toc.get("parts", [toc])
    return [toc["root"], *(c["file"] for part in parts for c in part["chapters"])]


def problems(html: Path) -> list[str]:
    found = []
    text = {}
    for name in pages(yaml.safe_load(Path("_toc.yml").read_text())):
        path = html / f"{name}.html"
        text[name] = path.read_text() if path.is_file() else ""
        if len(re.sub(r"<[^>]+>", "", text[name])) < 500:
            found.append(f"{path} is missing or has no content")
        outside = re.findall(r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)"', text[name])
        outside += re.findall(r'<link[^>]+rel="(?:stylesheet|preload)"[^>]+href="(https?:[^"]+)"', text[name])
        found += [f"{path} fetches {address}" for address in outside]
        if re.search(r'class="[^"]*\boutput traceback', text[name]):
            found.append(f"{path} shows a traceback")
    tables = text.get("notebooks/tables", "")
    rows = tables.count("<tr")
    if rows < 14:
        found.append(f"Tables 1 to 3 have {rows} rows together, expected at least 14")
    for name, figures in (("figure1", 1), ("figure2", 1), ("figure3_4", 2)):
        if text.get(f"notebooks/{name}", "").count("_images/") < figures:
            found.append(f"notebooks/{name} shows fewer than {figures} figures")
    return found


if __name__ == "__main__":
    complaints = problems(Path(sys.argv[1]))
    print("\n".join(complaints) or f"book: {sys.argv[1]} is complete")
    sys.exit(bool(complaints))
