"""Bind chapters and executed notebooks into the book: render_book.py FOLDER NAME=NOTEBOOK …

FOLDER/src becomes what is rendered, FOLDER/_build/html the book. Nothing is executed.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("_config.yml", "_toc.yml", "book", "notebooks/exercises")
SOURCES += ("dgan_core/losses.py", "dgan_core/training/step.py")  # which chapters show
KEPT = ROOT / "results" / "busi-64"
ABSOLUTE = re.compile(r"""["'][/~]""")  # a path as papermill writes it
NOT_EXECUTED = (
    "*Not run: this book was built without running this page. `make book` runs it, and trains first what it shows.*"
)
WALKED = {"wgan-gp": "dgan-wgan-gp-lam5-seed0", "bce": "dgan-bce-lam3-seed0"}  # which the page "latent-walk" loads


def copy_generators(target: Path) -> None:
    """The kept generators that a page of the book draws with, and what is kept beside them."""
    target.mkdir(parents=True)
    shutil.copy(KEPT / "walk.safetensors", target)
    for name, run in WALKED.items():
        (snapshot,) = KEPT.glob(f"quick/{run}-*/snapshots/*.safetensors.gz")
        shutil.copy(snapshot, target / f"{name}.safetensors.gz")


def collect(source: Path, target: Path) -> None:
    """Copy a notebook; one that was not executed says so below its first cell.

    The cell that papermill injects stays among the code, unless it would show where the reader's data lie.
    """
    notebook = nbformat.read(source, as_version=4)
    if not any(cell.get("execution_count") for cell in notebook.cells):
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(NOT_EXECUTED))
    for cell in notebook.cells:
        tags = cell.metadata.setdefault("tags", [])
        if "injected-parameters" in tags:
            tags.append("remove-cell" if ABSOLUTE.search(cell.source) else "hide-input")
    nbformat.write(notebook, target)


def render(folder: Path, pages: dict[str, Path]) -> Path:
    """Render the book of these pages, {name in _toc.yml: executed notebook}; the path of its first page.

    A warning, a broken reference among them, is an error: subprocess.CalledProcessError.
    """
    source = folder / "src"
    shutil.rmtree(source, ignore_errors=True)
    (source / "notebooks").mkdir(parents=True)
    for name in SOURCES:
        original = ROOT / name
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if original.is_dir() else shutil.copy)(original, source / name)
    copy_generators(source / "book" / "_static" / "generators")
    for name, notebook in pages.items():
        collect(notebook, source / "notebooks" / f"{name}.ipynb")
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    subprocess.run([jupyter_book, "build", "-n", "-W", "--keep-going", "--path-output", folder, source], check=True)
    return folder / "_build" / "html" / "index.html"


if __name__ == "__main__":
    render(Path(sys.argv[1]), {name: Path(path) for name, _, path in (word.partition("=") for word in sys.argv[2:])})
