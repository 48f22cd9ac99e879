"""The book's own Sphinx extensions: docstrings as reStructuredText, and buttons only where there is an address."""

import ast
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from docutils.core import publish_doctree
from sphinx.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tools")]

import docstrings  # noqa: E402
import online  # noqa: E402
import render_book  # noqa: E402
import toc  # noqa: E402


def rendered(text):
    """The docutils tree of a docstring; a complaint of docutils fails."""
    lines = text.splitlines()
    docstrings.convert(None, "function", "f", None, None, lines)
    return publish_doctree("\n".join(lines), settings_overrides={"report_level": 2, "halt_level": 2})


def test_a_docstring_means_what_it_says():
    tree = rendered(
        "E[|x|*], a_ and lam_gp of `Config(**p)`; `a|b`.\n\ncritic: (B, 1).\nreal, fake: (B, H),\nin [-1, 1]."
    )
    first, listed = tree.children
    assert first.astext() == "E[|x|*], a_ and lam_gp of Config(**p); a|b."
    assert [literal.astext() for literal in first.findall(lambda n: n.tagname == "literal")] == ["Config(**p)", "a|b"]
    assert [item.astext() for item in listed.children] == ["critic: (B, 1).", "real, fake: (B, H),\nin [-1, 1]."]


def test_indented_lines_are_kept_as_they_stand():
    tree = rendered("A run:\n\nruns/\n  config.json   every parameter\n  samples/epoch-*.png\n\nThen more.")
    assert [child.tagname for child in tree.children] == ["paragraph", "literal_block", "paragraph"]
    assert tree.children[1].astext() == "runs/\n  config.json   every parameter\n  samples/epoch-*.png"


def test_arguments_after_prose_in_one_paragraph_become_a_list():
    assert [child.tagname for child in rendered("Reads it.\nx: a number.\ny: another.").children] == [
        "paragraph",
        "bullet_list",
    ]


def test_two_columns_of_names_and_texts_become_a_list():
    (listed,) = rendered("size      of a side\n          in pixels\nexclude   a *glob").children
    assert [item.astext() for item in listed.children] == ["size: of a side\nin pixels", "exclude: a *glob"]


def test_every_public_docstring_can_be_rendered():
    texts = [
        ast.get_docstring(node)
        for path in (ROOT / "dgan_core").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
    ]
    texts = [text for text in texts if text]
    assert len(texts) > 200
    for text in texts:
        rendered(text)


def configured(monkeypatch, repository):
    config = SimpleNamespace(html_theme_options={"search_bar_text": "kept"})
    if repository is None:
        monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    else:
        monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    online.configure(None, config)
    return config.html_theme_options


def test_buttons_are_there_only_with_an_address(monkeypatch):
    assert configured(monkeypatch, None) == configured(monkeypatch, "") == {"search_bar_text": "kept"}
    options = configured(monkeypatch, "owner/name")
    assert options["repository_url"] == "https://github.com/owner/name" and options["search_bar_text"] == "kept"
    assert options["use_edit_page_button"] and options["launch_buttons"]["binderhub_url"]
    with pytest.raises(ConfigError, match="must be owner/name, got 'https://x'"):
        configured(monkeypatch, "https://x")


@pytest.mark.parametrize(
    ("made", "meant"),
    [
        ("https://github.com/o/n/edit/main/notebooks/tables.ipynb", "https://github.com/o/n/edit/main/notebooks/tables.py"),
        ("https://github.com/o/n/blob/main/notebooks/train-bce-lam3.ipynb?plain=1",
         "https://github.com/o/n/blob/main/notebooks/train.py?plain=1"),
        ("https://github.com/o/n/edit/main/book/losses.md", "https://github.com/o/n/edit/main/book/losses.md"),
        ("https://mybinder.org/v2/gh/o/n/main?urlpath=lab/tree/notebooks/train-wgan-gp-lam5.ipynb",
         "https://mybinder.org/v2/gh/o/n/main?urlpath=lab/tree/notebooks/train.ipynb"),
        ("https://colab.research.google.com/github/o/n/blob/main/notebooks/train.ipynb",
         "https://colab.research.google.com/github/o/n/blob/main/notebooks/train.ipynb"),
    ],
)  # fmt: skip
def test_buttons_lead_to_files_that_the_repository_has(made, meant):
    context = {"header_buttons": [{"label": "download"}, {"buttons": [{"url": made}]}, {"url": made}]}
    online.correct(None, "", "", context, None)
    assert context["header_buttons"][1]["buttons"][0]["url"] == context["header_buttons"][2]["url"] == meant
    path = meant.partition("main/")[2] or meant.partition("lab/tree/")[2]
    assert (ROOT / path.partition("?")[0]).is_file()


@pytest.mark.parametrize("page", [page for page in toc.pages() if page.startswith("notebooks/")])
def test_every_page_is_edited_in_a_file_that_the_repository_has(page):
    url = online.source(f"https://github.com/o/n/edit/main/{page}.ipynb")
    assert url.endswith(".py") and (ROOT / url.removeprefix("https://github.com/o/n/edit/main/")).is_file()


def test_every_workflow_step_is_a_command_that_exists():
    workflows = [yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    steps = [step for workflow in workflows for job in workflow["jobs"].values() for step in job["steps"]]
    assert len(workflows) >= 2
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for step in steps:
        for word in re.findall(r"make (\w+)", step.get("run", "")):
            assert word in targets, step
        for file in re.findall(r"\btools/\w+\.py", step.get("run", "")):
            assert (ROOT / file).is_file(), step
        if keyed := step.get("with", {}).get("cache-dependency-path"):
            assert (ROOT / keyed).is_file(), step
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", step.get("uses", "a/b@v1.0.0")), step


def test_a_page_that_was_not_executed_says_so_and_no_other_does(tmp_path):
    path = ROOT / "notebooks" / "memorisation.ipynb"
    render_book.collect(path, tmp_path / "page.ipynb")
    cells = nbformat.read(tmp_path / "page.ipynb", as_version=4).cells
    assert cells[0].source.startswith("# ") and cells[1].source == render_book.NOT_EXECUTED
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.cell_type == "code").execution_count = 1
    nbformat.write(notebook, tmp_path / "executed.ipynb")
    render_book.collect(tmp_path / "executed.ipynb", tmp_path / "page.ipynb")
    assert render_book.NOT_EXECUTED not in (tmp_path / "page.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("parameters", "tag"),
    [
        ('runs = "results/busi-64"\nlam = 3', "hide-input"),
        ('data = "/home/me/scans"', "remove-cell"),
        ("data = '~/scans'", "remove-cell"),
    ],
)
def test_what_papermill_injected_is_shown_unless_it_says_where_data_lie(tmp_path, parameters, tag):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(parameters, execution_count=1)])
    notebook.cells[0].metadata["tags"] = ["injected-parameters"]
    nbformat.write(notebook, tmp_path / "executed.ipynb")
    render_book.collect(tmp_path / "executed.ipynb", tmp_path / "page.ipynb")
    (cell,) = nbformat.read(tmp_path / "page.ipynb", as_version=4).cells
    assert cell.metadata["tags"] == ["injected-parameters", tag]
