"""The book's contents, as _toc.yml lists them."""

from pathlib import Path

import yaml

TOC = Path(__file__).resolve().parent.parent / "_toc.yml"


def parts() -> list[tuple[str, list[tuple[str, str]]]]:
    """[(caption, [(page, its title there or ""), …]), …]; the first page makes a part of its own, with no caption."""
    toc = yaml.safe_load(TOC.read_text(encoding="utf-8"))
    listed = [(part["caption"], [(c["file"], c.get("title", "")) for c in part["chapters"]]) for part in toc["parts"]]
    return [("", [(toc["root"], "")]), *listed]


def pages() -> list[str]:
    """All pages in their order, the first page first."""
    return [page for _, chapters in parts() for page, _ in chapters]
