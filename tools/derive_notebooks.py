"""Make each pair notebooks/NAME.py and NAME.ipynb say the same: the one that was edited wins; then write the exercises.

A notebook holds a hash of the text that both of a pair had when they last agreed.  So an edit is known as such whatever
the times of files; where both were edited, they are named and left alone.

python tools/derive_notebooks.py                  make notebooks: the .ipynb without outputs too, as they are committed
python tools/derive_notebooks.py --keep-outputs   before make book and make run: what agrees is not touched

A lesson's exercises, notebooks/exercises/NAME.ipynb, are the same notebook with its solutions left to the reader.  A
notebook of exercises that a reader has worked in is left alone.
"""

import ast
import hashlib
import json
import sys
from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
AGREED = "text_when_paired"  # in a notebook's metadata
PERCENT = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "tags,-all"}  # as jupytext.toml has it


def text_hash(notebook: nbformat.NotebookNode) -> str:
    """A hash of what a reader writes in a notebook: its cells' kinds, texts, tags and attachments, not its outputs."""
    cells = [(c.cell_type, c.source.strip(), c.metadata.get("tags"), c.get("attachments")) for c in notebook.cells]
    return hashlib.sha256(json.dumps([[part or None for part in cell] for cell in cells]).encode()).hexdigest()[:16]


def settle(source: Path) -> None:
    """Bring the older of the pair of `source` (py:percent) up to date; ValueError where both were edited."""
    path = source.with_suffix(".ipynb")
    if not path.is_file():
        path.write_text(derive(source), encoding="utf-8")
        return
    shown = nbformat.read(path, as_version=4)
    here, there, agreed = (
        text_hash(jupytext.read(source, fmt="py:percent")),
        text_hash(shown),
        shown.metadata.get(AGREED),
    )
    if here != there == agreed:
        path.write_text(derive(source), encoding="utf-8")
        return
    if here != there:
        if here != agreed:
            raise ValueError(
                f"{source} and {path.name} were both edited: remove {path.name} to go on with {source.name}, "
                f"or run jupytext --to py:percent {path} to go on with {path.name}"
            )
        text = percent(shown)
        if text_hash(jupytext.reads(text, fmt="py:percent")) != there:
            raise ValueError(f"{path} can't be written as {source.name}: attachments, such as pasted images, must go")
        source.write_text(text, encoding="utf-8")
    if agreed != there:
        shown.metadata[AGREED] = there
        path.write_text(nbformat.writes(shown) + "\n", encoding="utf-8")


def percent(notebook: nbformat.NotebookNode) -> str:
    """The text of the py:percent source that stands for a notebook."""
    bare = nbformat.from_dict({**notebook, "metadata": {"jupytext": PERCENT}})
    return jupytext.writes(bare, fmt="py:percent")


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
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, AGREED: text_hash(notebook)}
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i:02d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook) + "\n"


def worked_in(exercise: Path) -> bool:
    """Whether a reader changed an exercise."""
    if not exercise.is_file():
        return False
    notebook = nbformat.read(exercise, as_version=4)
    return text_hash(notebook) != notebook.metadata.get(AGREED)


def main(keep_outputs: bool = False) -> int:
    """Settle every pair and write what is derived; how many pairs were edited on both sides."""
    (NOTEBOOKS / "exercises").mkdir(exist_ok=True)
    refused = 0
    for source in sorted(NOTEBOOKS.glob("*.py")):
        try:
            settle(source)
        except ValueError as error:
            print(error, file=sys.stderr)
            refused += 1
            continue
        derived = {} if keep_outputs else {source.with_suffix(".ipynb"): derive(source)}
        if source.stem.startswith("lesson_"):
            exercise = NOTEBOOKS / "exercises" / f"{source.stem}.ipynb"
            derived[exercise] = derive_exercise(source)
            if worked_in(exercise):
                print(f"{exercise} holds your work and is left as it is; removed, it would be written anew")
                del derived[exercise]
        for path, text in derived.items():
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
    return refused


if __name__ == "__main__":
    sys.exit(min(main(keep_outputs="--keep-outputs" in sys.argv[1:]), 1))
