"""Write notebooks/NAME.ipynb from notebooks/NAME.py: no outputs, stable cell ids."""

from pathlib import Path

import jupytext
import nbformat


def derive(source: Path) -> str:
    """The text of the notebook that `source` (py:percent) stands for."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i:02d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook) + "\n"


if __name__ == "__main__":
    for source in sorted((Path(__file__).parent.parent / "notebooks").glob("*.py")):
        source.with_suffix(".ipynb").write_text(derive(source))
