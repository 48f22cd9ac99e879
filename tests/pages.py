"""A result page's notebook, run in this process: its names, and what it shows."""

import ast
import re
from html import escape, unescape
from pathlib import Path
from types import SimpleNamespace

import IPython.display
import jupytext
from matplotlib import pyplot

import dgan_report
from dgan_report.page import Html

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def undrawn(figure, caption, alt, note=""):
    """In place of report.picture: the caption without the figure, since drawing takes nearly all of a page's time."""
    pyplot.close(figure)
    return Html(f"<figure><figcaption>{escape(caption, quote=False)}</figcaption></figure>")


def run_page(name, monkeypatch, draw=False, **parameters):
    """Run notebooks/NAME.py as papermill would with these parameters → (its names, [HTML or text of each output])."""
    names, shown = {}, []
    if not draw:
        monkeypatch.setattr(dgan_report, "picture", undrawn)
    monkeypatch.setattr(IPython.display, "display", shown.append)
    for cell in jupytext.read(NOTEBOOKS / f"{name}.py", fmt="py:percent").cells:
        if cell.cell_type != "code":
            continue
        body = ast.parse(cell.source)
        last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
        exec(compile(body, name, "exec"), names)
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), name, "eval"), names))
        if "parameters" in cell.metadata.get("tags", []):
            unknown = parameters.keys() - names.keys()
            assert not unknown, f"{name} has no parameter {unknown}"
            names |= parameters
    shown = [
        getattr(output, "_repr_html_", lambda output=output: output.data)() for output in shown if output is not None
    ]
    return names, shown


def definitions(name):
    """What notebooks/NAME.py imports, defines and names in capitals, with nothing of it run."""
    code = ast.parse((NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8"))
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef
    kept = [node for node in code.body if isinstance(node, kinds) or _is_constant(node)]
    exec(compile(ast.Module(kept, []), name, "exec"), names := {})
    return SimpleNamespace(**names)


def _is_constant(node):
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()


def captions(shown):
    """The captions of tables and figures, as text."""
    found = re.findall(r"<figcaption>(.*?)</figcaption>|<caption>(.*?)</caption>", "".join(shown))
    return [unescape(re.sub("<[^>]+>", "", a or b)) for a, b in found]
