"""Lessons as a reader meets them: every cell runs, twice in one session, every check holds, open exercises fail."""

import ast
import re
import sys
from pathlib import Path

import jupytext
import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from dgan_core import losses
from dgan_core.backend import gradient
from dgan_core.data.ring import CENTRES, modes_covered, ring, share_of_modes

from keras import ops

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from derive_notebooks import derive_exercise, stub  # noqa: E402

LESSONS = sorted((ROOT / "notebooks").glob("lesson_*.py"))
SMALL = {  # for the first of two runs, whose checks are left out
    "lesson_collapse": {"n": 24},
    "lesson_disagreement": {"n": 12},
    "lesson_distances": {"n": 500},
    "lesson_fid": {"repeats": 2, "dimensions": 8},
    "lesson_gan": {"iterations": 1},
    "lesson_gradients": {"steps": 2},
    "lesson_own_loss": {"iterations": 1},
    "lesson_penalty": {"steps": 5},
    "lesson_perceptual": {"n": 8},
    "lesson_ring": {"iterations": 2, "every": 1, "seeds": 1},
}
FEWER = {  # for the second, where checks hold with less too; `make book` runs every check at full length
    "lesson_disagreement": {"n": 30},
    "lesson_fid": {"repeats": 5},
    "lesson_gan": {"iterations": 160},
    "lesson_penalty": {"steps": 100},
    "lesson_ring": {"seeds": 2},
}
MINE = {"epoch": 3, "rows": None, "config": "mine", "loss": 0, "x": "a reader's own", "state": [], "real": 1}
MOST_LINES = 25  # of a cell, which a reader sees at once


@pytest.fixture(autouse=True)
def tables_as_shipped():
    """Lessons add a loss and a penalty to the tables; no other test shall see them."""
    tables = [(table, dict(table)) for table in (losses.OBJECTIVES, losses.PENALTIES)]
    yield
    for table, shipped in tables:
        table.clear()
        table.update(shipped)


def code(lesson):
    """[(tags, source)] of a lesson's code cells, without IPython's magics."""
    cells = [cell for cell in jupytext.read(lesson, fmt="py:percent").cells if cell.cell_type == "code"]
    return [(cell.metadata.get("tags", []), re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE)) for cell in cells]


def exercises(cells):
    """[(solution, check)] of a lesson's exercises; each check is the next code cell after its solution."""
    tagged = [({"solution", "exercise-check"} & {*tags}, source) for tags, source in cells]
    at = [i for i, (kind, _) in enumerate(tagged) if kind == {"solution"}]
    assert [i for i, (kind, _) in enumerate(tagged) if kind == {"exercise-check"}] == [i + 1 for i in at]
    return [(tagged[i][1], tagged[i + 1][1]) for i in at]


def run_all(cells, names, parameters, checks):
    """Every cell in the namespace `names`, with these parameters in place of the lesson's."""
    for tags, source in cells:
        if checks or not {"check", "exercise-check"} & {*tags}:
            exec(source, names)
        if "parameters" in tags:
            assert parameters.keys() <= names.keys()
            names.update(parameters)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_checks_hold_on_the_second_run_and_fail_without_the_solution(lesson):
    cells, names = code(lesson), dict(MINE)
    with matplotlib.rc_context():
        matplotlib.use("agg")
        run_all(cells, names, SMALL[lesson.stem], checks=False)
        run_all(cells, names, FEWER.get(lesson.stem, {}), checks=True)
        plt.close("all")
    assert any("check" in tags and "assert " in source for tags, source in cells)
    for solution, check in exercises(cells):
        exec(stub(solution), names)
        with pytest.raises((AssertionError, TypeError, AttributeError)):
            exec(check, names)
        exec(solution, names)  # the next exercise finds this one solved


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_has_three_numbered_exercises_whose_checks_say_what_is_wrong(lesson):
    headings = re.findall(r"^# ### Exercise (\d): (predict|change|derive)$", lesson.read_text("utf-8"), re.MULTILINE)
    numbers, kinds = zip(*headings, strict=True)
    assert numbers == ("1", "2", "3") and {*kinds} == {"predict", "change", "derive"}
    checks = [check for _, check in exercises(code(lesson))]
    assert len(checks) == 3
    for check in checks:
        asserts = [node for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Assert)]
        assert asserts and all(node.msg is not None for node in asserts), check


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_an_exercise_says_what_to_write(lesson):
    """Its check calls a function by name, whose solution is folded away."""
    text = " ".join(lesson.read_text("utf-8").replace("\n# ", " ").split())
    for solution, _ in exercises(code(lesson)):
        function = ast.parse(solution).body[0]
        assert f"Write `{function.name}({ast.unparse(function.args)})`: " in text


def named(source, context):
    """The names that code sets (ast.Store) or reads (ast.Load), those of its functions among the former."""
    nodes = [*ast.walk(ast.parse(source))]
    found = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, context)}
    return found | {node.name for node in nodes if isinstance(node, ast.FunctionDef) and context is ast.Store}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_code_that_is_shown_uses_nothing_from_code_that_is_folded_away(lesson):
    """But for the solutions, whose names the exercises give."""
    folded, seen = set(), set()
    for tags, source in code(lesson):
        if "hide-input" in tags:
            folded |= named(source, ast.Store)
        elif "solution" not in tags:
            seen |= named(source, ast.Store)
            assert not (named(source, ast.Load) - seen) & folded, source


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_a_cell_fits_a_screen(lesson):
    assert all(len(source.splitlines()) <= MOST_LINES for _, source in code(lesson))


def test_the_gan_of_sixty_lines_has_no_more():
    cells = [source for tags, source in code(ROOT / "notebooks" / "lesson_gan.py") if "gan" in tags]
    lines = [line for source in cells for line in source.splitlines() if line.strip()]
    assert len([line for line in lines if not line.startswith(("import ", "from "))]) <= 60


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: p.stem)
def test_the_exercises_are_the_lesson_with_its_solutions_left_out(lesson):
    written = (lesson.parent / "exercises" / f"{lesson.stem}.ipynb").read_text()
    assert written == derive_exercise(lesson), f"run 'make notebooks': {lesson.name} and its exercises differ"
    exercise = nbformat.reads(written, as_version=4)
    nbformat.validate(exercise)
    solutions = [solution for solution, _ in exercises(code(lesson))]
    open_cells = [cell.source for cell in exercise.cells if "exercise" in cell.metadata.get("tags", [])]
    assert open_cells == [stub(solution) for solution in solutions]
    assert all(cell.endswith("    ...") for cell in open_cells)
    for solution in solutions:
        answer = ast.get_source_segment(solution, ast.parse(solution).body[0].body[-1])
        assert answer not in "\n".join(cell.source for cell in exercise.cells)


def test_a_solution_is_one_function_with_a_docstring():
    assert stub('def f(x):\n    """Twice x."""\n    return 2 * x') == 'def f(x):\n    """Twice x."""\n    ...'
    for wrong in ("x = 1", "def f(x):\n    return x", 'def f(x):\n    """A."""\n\n\ndef g(x):\n    """B."""'):
        with pytest.raises(ValueError, match="one function with a docstring"):
            stub(wrong)


def test_the_gradient_of_a_function_of_an_array_and_of_a_list():
    x = np.float32([1, -2, 3])
    np.testing.assert_allclose(gradient(lambda x: ops.sum(x**3), x), 3 * x**2, rtol=1e-6)
    a, b = gradient(lambda v: ops.sum(v[0]) * ops.sum(v[1] ** 2), [x, 2 * x])
    np.testing.assert_allclose(a, np.full(3, 56), rtol=1e-6)
    np.testing.assert_allclose(b, 2 * 4 * x, rtol=1e-6)  # Σx = 2, times 2 · 2x
    second = gradient(lambda x: ops.sum(gradient(lambda y: ops.sum(y**3), x) ** 2), x)  # Σ (3x²)² → 36 x³
    np.testing.assert_allclose(second, 36 * x**3, rtol=1e-5)


def test_the_ring_has_eight_modes_and_its_counts_are_exact():
    points = ring(4000, seed=1)
    assert points.shape == (4000, 1, 1, 2) and points.dtype == np.float32
    share = share_of_modes(points)
    np.testing.assert_allclose(share, (1 - np.exp(-4.5)) / 8, atol=0.02)  # 3 σ of a round Gaussian in the plane
    assert modes_covered(points) == 8 and (ring(9, seed=1) == ring(9, seed=1)).all()
    two = np.concatenate([np.tile(CENTRES[0], (97, 1)), np.tile(CENTRES[1], (2, 1)), [[0, 0]]])
    np.testing.assert_allclose(share_of_modes(two), [0.97, 0.02, 0, 0, 0, 0, 0, 0], atol=1e-12)
    assert modes_covered(two) == 2 and modes_covered(two[:98]) == 1
