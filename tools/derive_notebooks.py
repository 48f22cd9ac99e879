"""Write notebooks/NAME.ipynb from notebooks/NAME.py: no outputs, stable cell ids; of a lesson its exercise too.

A lesson's exercise, notebooks/exercises/NAME.ipynb, is the same notebook with its solution left to the reader.
"""

import ast
from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def derive(source: Path) -> str:
    """The text of the notebook that `source` (py:percent) stands for."""
    return _write(jupytext.read(source, fmt="py:percent"))


def derive_exercise(source: Path) -> str:
    """The same with `...` for what the functions tagged "solution" do, and without the cell that offers this file."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.cells = [cell for cell in notebook.cells if "offer" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            cell.source = stub(cell.source)
            cell.metadata["tags"] = ["exercise"]
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../", "](../../")
    return _write(notebook)


def stub(solution: str) -> str:
    """The head and the docstring of a solution's one function, then `...`."""
    body = ast.parse(solution).body
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or ast.get_docstring(body[0]) is None:
        raise ValueError(f"a solution must be one function with a docstring, got:\n{solution}")
    return "\n".join([*solution.splitlines()[: body[0].body[0].end_lineno], "    ..."])


def _write(notebook: nbformat.NotebookNode) -> str:
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i:02d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook) + "\n"


if __name__ == "__main__":
    (NOTEBOOKS / "exercises").mkdir(exist_ok=True)
    for source in sorted(NOTEBOOKS.glob("*.py")):
        source.with_suffix(".ipynb").write_text(derive(source), encoding="utf-8")
        if source.stem.startswith("lesson_"):
            exercise = NOTEBOOKS / "exercises" / f"{source.stem}.ipynb"
            exercise.write_text(derive_exercise(source), encoding="utf-8")
