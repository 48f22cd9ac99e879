"""A notebook and its source: the one that was edited wins, both edited is refused, and nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import derive_notebooks  # noqa: E402

SOURCES = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two pairs, one of them a lesson, whose files all have one time, as after a checkout."""
    for name in ("train", "lesson_gan"):
        (tmp_path / f"{name}.py").write_text((ROOT / "notebooks" / f"{name}.py").read_text("utf-8"), "utf-8")
    monkeypatch.setattr(derive_notebooks, "NOTEBOOKS", tmp_path)
    assert derive_notebooks.main() == 0
    set_times(tmp_path)
    return tmp_path


def set_times(folder):
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))


def edit_notebook(path, old, new, output=None):
    """What an editor that knows nothing of the pair saves."""
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if old in cell.source)
    cell.source = cell.source.replace(old, new)
    if output:
        cell.outputs = [nbformat.v4.new_output("stream", text=output)]
    nbformat.write(notebook, path)


def edit_source(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_source_survives_the_way_through_its_notebook(source):
    """So that an edit of one cell of the .ipynb changes its lines of the .py alone."""
    assert derive_notebooks.percent(jupytext.read(source, fmt="py:percent")) == source.read_text("utf-8")


@pytest.mark.parametrize("keep_outputs", [True, False])
def test_an_edit_of_the_notebook_alone_is_kept(folder, keep_outputs):
    before = (folder / "train.py").read_text("utf-8")
    edit_notebook(folder / "train.ipynb", "lam = 5.0", "lam = 7.0", output="7f3a")
    set_times(folder)
    assert derive_notebooks.main(keep_outputs) == 0
    assert (folder / "train.py").read_text("utf-8") == before.replace("lam = 5.0", "lam = 7.0")
    notebook = (folder / "train.ipynb").read_text("utf-8")
    assert "lam = 7.0" in notebook and ("7f3a" in notebook) == keep_outputs
    edit_source(folder / "train.py", "lam = 7.0", "lam = 9.0")  # they agreed again: the next edit is known as one
    assert derive_notebooks.main(keep_outputs) == 0
    assert "lam = 9.0" in (folder / "train.ipynb").read_text("utf-8")


def test_an_edit_of_the_source_alone_is_used(folder):
    edit_source(folder / "train.py", "lam = 5.0", "lam = 7.0")
    set_times(folder)
    assert derive_notebooks.main(keep_outputs=True) == 0
    assert "lam = 7.0" in (folder / "train.ipynb").read_text("utf-8")


def test_where_both_were_edited_they_are_named_and_left_alone(folder, capsys):
    edit_source(folder / "train.py", "lam = 5.0", "lam = 7.0")
    edit_notebook(folder / "train.ipynb", "lam = 5.0", "lam = 9.0")
    edit_notebook(folder / "lesson_gan.ipynb", "import", "import  ")
    held = {path: path.read_bytes() for path in folder.glob("train.*")}
    assert derive_notebooks.main() == 1
    said = capsys.readouterr().err
    assert "train.py and train.ipynb were both edited" in said and "lesson_gan" not in said
    assert {path: path.read_bytes() for path in folder.glob("train.*")} == held
    assert "import  " in (folder / "lesson_gan.py").read_text("utf-8")  # others are settled meanwhile


@pytest.mark.parametrize("wanted", ["7.0", "9.0"])
def test_the_sentence_of_a_refusal_says_how_to_go_on_with_either(folder, wanted):
    edit_source(folder / "train.py", "lam = 5.0", "lam = 7.0")
    edit_notebook(folder / "train.ipynb", "lam = 5.0", "lam = 9.0")
    if wanted == "7.0":
        (folder / "train.ipynb").unlink()
    else:
        jupytext_command = Path(sys.executable).with_name("jupytext")
        command = [jupytext_command, "--quiet", "--to", "py:percent", folder / "train.ipynb"]
        subprocess.run(command, check=True)
    assert derive_notebooks.main() == 0
    for path in folder.glob("train.*"):
        assert f"lam = {wanted}" in path.read_text("utf-8")


def test_the_same_edit_on_both_sides_is_agreement(folder):
    """What JupyterLab does, which saves both."""
    edit_source(folder / "train.py", "lam = 5.0", "lam = 7.0")
    edit_notebook(folder / "train.ipynb", "lam = 5.0", "lam = 7.0")
    assert derive_notebooks.main(keep_outputs=True) == 0
    edit_notebook(folder / "train.ipynb", "lam = 7.0", "lam = 9.0")
    assert derive_notebooks.main(keep_outputs=True) == 0
    assert "lam = 9.0" in (folder / "train.py").read_text("utf-8")


def test_what_agrees_is_not_written(folder):
    edit_notebook(folder / "train.ipynb", "lam = 5.0", "lam = 5.0", output="7f3a")  # run, not edited
    held = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    set_times(folder)
    assert derive_notebooks.main(keep_outputs=True) == 0
    assert {path: path.read_bytes() for path in held} == held
    assert {path.stat().st_mtime for path in held} == {1e9}


def test_a_picture_pasted_into_a_notebook_is_refused_rather_than_lost(folder, capsys):
    notebook = nbformat.read(folder / "train.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    cell["attachments"] = {"image.png": {"image/png": "iVBORw0KGgo="}}
    nbformat.write(notebook, folder / "train.ipynb")
    assert derive_notebooks.main() == 1
    assert "attachments, such as pasted images, must go" in capsys.readouterr().err
    assert "attachments" in (folder / "train.ipynb").read_text("utf-8")


def test_an_exercise_that_was_worked_in_is_left_alone(folder, capsys):
    exercise = folder / "exercises" / "lesson_gan.ipynb"
    edit_notebook(exercise, "...", "return 42  # mine")
    edit_source(folder / "lesson_gan.py", "import", "import  ")
    assert derive_notebooks.main() == 0
    assert "42  # mine" in exercise.read_text("utf-8")
    assert "holds your work" in capsys.readouterr().out
    exercise.unlink()
    assert derive_notebooks.main() == 0 and "import  " in exercise.read_text("utf-8")


def test_make_brings_pairs_up_to_date_before_anything_runs():
    command = ["make", "-n", "PYTHON=python3", "--assume-old=.venv/ready"]
    for target in ("book", "sweep", "run"):
        said = subprocess.run([*command, target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        settled, ran = said.index("derive_notebooks.py --keep-outputs"), said.find("snakemake")
        assert settled < (said.index("tools/execute.py") if target == "run" else ran)
