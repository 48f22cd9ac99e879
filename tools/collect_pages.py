"""Copy executed notebooks to where the book is rendered: collect_pages.py FOLDER NAME=NOTEBOOK …

The cell that papermill injects is left out: it would show where the reader's data lie; the badge of each page says what
the page was made from.
"""

import sys
from pathlib import Path

import nbformat


def collect(source: Path, target: Path) -> None:
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        tags = cell.metadata.setdefault("tags", [])
        if "injected-parameters" in tags:
            tags.append("remove-cell")
    nbformat.write(notebook, target)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for argument in sys.argv[2:]:
        name, _, source = argument.partition("=")
        collect(Path(source), folder / f"{name}.ipynb")
