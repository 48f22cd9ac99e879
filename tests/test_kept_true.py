"""What README and chapters name exists: commands, parameters, files, names of the package, figures, the citation."""

import html
import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import yaml

import dgan_report as report
from dgan_cli.__main__ import OF_FIT
from dgan_cli.metrics import parser
from dgan_core.config import Config

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("dgan_cli", "dgan_core", "dgan_report", "dgan_stylegan", "notebooks", "benchmarks", "tools",
                   "workflow", "book")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".yaml")
) + MAKEFILE + (ROOT / "workflow" / "Snakefile").read_text(encoding="utf-8")  # fmt: skip
NUMBER = r"(?:[A-Z]?\d+)"


def prose(page):
    """The text between fenced blocks, without citations."""
    return re.sub(r"```.*?```|\{cite\w*\}`[^`]*`|\{\{.*?\}\}", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def commands(page):
    """Lines that a reader would type, continued lines joined, comments left out."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(
        r"^(?:    )?((?:[A-Z_]+=\S+ )*(?:make|pip|papermill|\.venv/bin/\S+) [^\n]*)$", text, re.MULTILINE
    )
    quoted = [word for word in ticked(page) if re.match(r"(make|pip|papermill) ", word)]
    return [shlex.split(line, comments=True) for line in [*lines, *quoted]]


def ticked(page):
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(page))


def parameters(notebook):
    """The names that a notebook's parameters cell assigns."""
    cell = (
        (ROOT / notebook).with_suffix(".py").read_text(encoding="utf-8").split('tags=["parameters"')[1].split("# %%")[0]
    )
    return set(re.findall(r"^(\w+) = ", cell, re.MULTILINE))


def faults(words):
    """What is wrong with a command; no sentence where nothing is."""
    while re.match(r"[A-Z_]+=", words[0]):
        name, words = words[0].split("=")[0], words[1:]
        if name not in SOURCES and name != "KERAS_BACKEND":
            yield f"nothing reads {name}"
    program, *rest = words
    program = program.removeprefix(".venv/bin/")
    if program == "make":
        for word in rest:
            name = word.split("=")[0]
            known = rf"\$\({name}\)" if "=" in word else rf"^{name}:"
            if not re.search(known, MAKEFILE, re.MULTILINE):
                yield f"make knows no {word}"
    elif program == "papermill":
        if not (ROOT / rest[0]).is_file():
            yield f"no notebook {rest[0]}"
        else:
            given = {rest[i + 1] for i, word in enumerate(rest) if word == "-p"}
            yield from (f"{rest[0]} has no parameter {name}" for name in given - parameters(rest[0]))
    elif program == "python":
        if not (ROOT / rest[0]).is_file():
            yield f"no script {rest[0]}"
    elif program == "pip":
        extras = re.findall(r"\.\[([\w,-]+)\]", " ".join(rest))
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        yield from (f"no extra {e}" for group in extras for e in group.split(",") if f"\n{e} = [" not in project)
    elif program == "dgan" and rest[0] == "train":
        known = [*Config.model_fields, *OF_FIT]
        options = [word[2:].partition("=")[0].replace("-", "_") for word in rest if word.startswith("--")]
        yield from (f"dgan train has no parameter {name}" for name in options if name not in known)
    elif program == "dgan":
        options = {word.partition("=")[0] for word in rest if word.startswith("--")}
        known = {option for action in parser()._actions for option in action.option_strings}
        yield from (f"dgan {rest[0]} has no option {option}" for option in options - known)
        yield from [] if rest[0] == "metrics" else [f"dgan has no command {rest[0]}"]
    elif program not in ("snakemake", "tensorboard", "jupyter", "pytest"):
        yield f"{program} is no program of the set-up"


def unknown(word):
    """Whether a word in backticks is code or a file that isn't there."""
    if re.fullmatch(r"dgan_core(\.\w+)+(\(.*\))?", word):
        module, _, name = word.split("(")[0].rpartition(".")
        try:
            return not hasattr(importlib.import_module(module), name) and not importlib.util.find_spec(
                f"{module}.{name}"
            )
        except ImportError:
            return True
    if re.fullmatch(
        r"(dgan_(cli|core|report|stylegan)|notebooks|tests|tools|benchmarks|results|book|workflow|requirements)/[\w./-]*",
        word,
    ):
        return not (ROOT / word).exists()
    if re.fullmatch(r"--[\w-]+", word):
        return f'"{word}"' not in SOURCES and word != "--help"
    if re.fullmatch(r"[A-Za-z]\w*_\w+|[A-Z]+=.*", word):
        return not re.search(rf"\b{word.split('=')[0]}\b", SOURCES)
    return False


def defined():
    """("Figure", "1"), … of every caption in the package and the notebooks."""
    return set(re.findall(rf"[\"'](Figure|Table) ({NUMBER})\. ", SOURCES)) | {("Table", "1"), ("Table", "2")}


def mentioned(page):
    """The same of every "Figure 1" and "Tables 1–3" on a page."""
    for kind, first, last in re.findall(rf"\b(Figure|Table)s? ({NUMBER})(?:(?: to |–| and )(\d+))?", prose(page)):
        yield kind, first
        if last:
            yield from ((kind, str(n)) for n in range(int(first), int(last) + 1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_only_what_exists(page):
    found = [fault for words in commands(page) for fault in faults(words)]
    found += [f"`{word}` is not there" for word in ticked(page) if unknown(word)]
    found += [f"no caption is of {kind} {number}" for kind, number in set(mentioned(page)) - defined()]
    assert found == []


def test_a_number_is_given_to_one_figure_or_table():
    given = {}
    for path in [*(ROOT / "notebooks").glob("*.py"), *(ROOT / "dgan_report").glob("*.py")]:
        for name in re.findall(rf"[\"']((?:Figure|Table) {NUMBER})\. ", path.read_text(encoding="utf-8")):
            given.setdefault(name, []).append(path.name)
    assert {name: where for name, where in given.items() if len(where) > 1} == {}


@pytest.mark.parametrize(
    "words",
    ["make bok", "make book DATE=x", ".venv/bin/papermill notebooks/train.ipynb out.ipynb -p lamda 3",
     ".venv/bin/papermill notebooks/trane.ipynb out.ipynb", "pip install -e '.[cudda]'", "python tools/no.py",
     ".venv/bin/dgan metrics a b --extractr x", ".venv/bin/dgan metric a b", ".venv/bin/dgan train --lamda 3"],
)  # fmt: skip
def test_a_wrong_command_is_noticed(words):
    assert len(list(faults(shlex.split(words)))) == 1


@pytest.mark.parametrize("word", ["dgan_core.fitt", "dgan_core/no.py", "lam_gpp", "--forse", "LAMDAS=3"])
def test_a_wrong_name_is_noticed(word):
    assert unknown(word)


def test_the_finding_of_the_readme_is_that_of_the_kept_runs():
    """Word for word, less the marks of Markdown, as the first page computes it."""
    found = report.collect("results/busi-64", data="busi")
    box = html.unescape(re.sub("<[^>]+>", " ", report.answer(found, report.claims(found)).text))
    quoted = re.search(r"^> (.*?)\n\n", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[1]
    sentences = re.split(r"(?<=\.) ", " ".join(quoted.replace("\n>", " ").split()))
    assert len(sentences) >= 3 and [sentence for sentence in sentences if sentence not in box] == []


def test_the_page_for_lecturers_prints_the_citation_and_the_notice_of_the_licence():
    page = " ".join((ROOT / "book/lecturers.md").read_text(encoding="utf-8").split())
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    [paper] = cited["references"]
    assert f"{cited['authors'][0]['name']}, *{cited['title']}*, version {cited['version']}." in page
    names = " and ".join(f"{author['given-names']} {author['family-names']}" for author in paper["authors"])
    assert f"{names}, *{paper['title']}*, [doi:{paper['doi']}](https://doi.org/{paper['doi']})" in page
    title, _, notice = (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()[:3]
    assert f"*{title}, {notice}*" in page
