"""A whole book in a minute: every chapter, the report's pages on made-up runs, all other notebooks unexecuted."""

import os
import subprocess
import sys
from pathlib import Path

from synthetic import sweep

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import toc  # noqa: E402
from render_book import render  # noqa: E402

HTML = "book/_build/html"
EXECUTED = ("start", "explorer", "tables", "figure1", "figure2", "figure3_4")


def execute(name: str, folder: Path) -> Path:
    """The notebook, run on the made-up runs under folder/runs."""
    target = folder / f"{name}.ipynb"
    source = ROOT / "notebooks" / f"{name.removeprefix('own-')}.ipynb"
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(source), str(target)]
    subprocess.run(
        [*command, "-p", "runs", str(folder / "runs")],
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    return target


def build(folder: Path) -> None:
    """Write the runs, execute and render, under `folder`; the pages lie in folder/HTML."""
    sweep(folder / "runs")
    pages = {}
    for name in (Path(page).name for page in toc.pages() if page.startswith("notebooks/")):
        source = ROOT / "notebooks" / f"{name.removeprefix('own-')}.ipynb"
        shown = source if source.is_file() else source.with_stem(name.split("-")[0])  # train-wgan-gp-lam5: train
        pages[name] = execute(name, folder) if name in EXECUTED else shown
    assert render(folder / "book", pages).parent == folder / HTML
