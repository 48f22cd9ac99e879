"""Lessons as a reader meets them: every cell runs, every check holds, and an exercise left undone fails its own."""

import re
import sys
from pathlib import Path

import jupytext
import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from derive_notebooks import derive_exercise, stub  # noqa: E402

LESSONS = sorted((ROOT / "notebooks").glob("lesson_*.py"))


def code(lesson):
    """[(tags, source)] of a lesson's code cells, without IPython's magics."""
    cells = [cell for cell in jupytext.read(lesson, fmt="py:percent").cells if cell.cell_type == "code"]
    return [(cell.metadata.get("tags", []), re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE)) for cell in cells]


def only(cells, tag):
    (found,) = (source for tags, source in cells if tag in tags)
    return found


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_checks_hold_with_the_solution_and_fail_without(lesson):
    cells, names = code(lesson), {}
    with matplotlib.rc_context():
        matplotlib.use("agg")
        for _, source in cells:
            exec(source, names)
        plt.close("all")
    for tag in ("check", "exercise-check"):
        assert "assert " in only(cells, tag)
    exec(stub(only(cells, "solution")), names)
    with pytest.raises((AssertionError, TypeError)):
        exec(only(cells, "exercise-check"), names)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_the_exercise_is_the_lesson_with_its_solution_left_out(lesson):
    written = (lesson.parent / "exercises" / f"{lesson.stem}.ipynb").read_text()
    assert written == derive_exercise(lesson), f"run 'make notebooks': {lesson.name} and its exercise differ"
    exercise = nbformat.reads(written, as_version=4)
    nbformat.validate(exercise)
    solution = only(code(lesson), "solution")
    (open_cell,) = (cell.source for cell in exercise.cells if "exercise" in cell.metadata.get("tags", []))
    assert open_cell.endswith("    ...") and open_cell == stub(solution)
    assert solution.splitlines()[-1] not in "\n".join(cell.source for cell in exercise.cells)


def test_a_solution_is_one_function_with_a_docstring():
    assert stub('def f(x):\n    """Twice x."""\n    return 2 * x') == 'def f(x):\n    """Twice x."""\n    ...'
    for wrong in ("x = 1", "def f(x):\n    return x", 'def f(x):\n    """A."""\n\n\ndef g(x):\n    """B."""'):
        with pytest.raises(ValueError, match="one function with a docstring"):
            stub(wrong)
