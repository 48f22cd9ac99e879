"""The project's own promises: imports point one way, notebooks equal their sources, files are small and few."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import toc  # noqa: E402
from derive_notebooks import derive  # noqa: E402

from dgan_core.config import Config  # noqa: E402
from dgan_core.profiles import MODELS, PROFILES  # noqa: E402
from dgan_core.runs import Run  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
ALLOWED = {  # what each part of dgan_core, and each package around it, may import of dgan_core beside itself
    "rng": set(),
    "profiles": set(),
    "config": {"profiles"},
    "io": set(),
    "backend": {"io"},
    "evaluations": {"io"},
    "data": {"config", "io", "rng"},
    "losses": {"backend"},
    "models": {"backend", "config", "io", "rng"},
    "runs": {"config", "evaluations", "io"},
    "training": {"backend", "config", "data", "io", "losses", "models", "profiles", "rng", "runs"},
    "metrics": {"io"},
    "downstream": {"backend", "data"},
    "dgan_stylegan": {"backend", "config", "losses", "models", "rng", "training"},
    "dgan_report": {"config", "evaluations", "io", "metrics", "profiles", "runs"},
    "dgan_cli": {"config", "io", "metrics", "training"},
}


def imports(path):
    """Full names of what a file of a package imports of them, relative imports resolved."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def test_imports_point_one_way():
    around = ("dgan_cli", "dgan_report", "dgan_stylegan")  # what lies around the core; none knows of another
    for path in [path for package in ("dgan_core", *around) for path in (ROOT / package).rglob("*.py")]:
        package, part, *_ = path.relative_to(ROOT).with_suffix("").parts
        part = package if package in around else part
        for name in imports(path) if part != "__init__" else ():
            used, _, rest = name.partition(".")
            assert used not in around or used == part, f"{path} imports {name}"
            if used == "dgan_core" and rest and rest.split(".")[0] not in (part, "__version__"):
                assert rest.split(".")[0] in ALLOWED[part], f"{path} imports {name}"


def test_the_order_of_the_parts_has_no_circle():
    """Otherwise the table above would allow one."""
    order = list(TopologicalSorter(ALLOWED).static_order())
    assert order.index("config") < order.index("runs") < order.index("training") < order.index("dgan_stylegan")


def in_the_locales_encoding(path):
    """The lines of a file that read or write text without saying in which encoding."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        said = any(word.arg == "encoding" for word in node.keywords)
        if name == "open" and ast.unparse(node.func) in ("open", "path.open"):
            words = [part.value for arg in node.args[1:] for part in ast.walk(arg) if isinstance(part, ast.Constant)]
            said = said or any("b" in str(word) for word in words)
            yield from [] if said else [f"{path}:{node.lineno}"]
        elif name in ("read_text", "write_text") and len(node.args) < 1 + (name == "write_text"):
            yield from [] if said else [f"{path}:{node.lineno}"]


def test_text_files_are_utf_8_whatever_the_locale():
    folders = (
        "dgan_cli",
        "dgan_core",
        "dgan_report",
        "dgan_stylegan",
        "tools",
        "notebooks",
        "book/_ext",
        "workflow",
        "benchmarks",
    )
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert [line for path in files for line in in_the_locales_encoding(path)] == []


def test_no_file_of_the_core_is_long_and_the_top_level_is_small():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    folders = {name.split("/")[0] for name in tracked if "/" in name and not name.startswith(".")}
    assert len(folders) <= 12, sorted(folders)
    assert len({name for name in tracked if "/" not in name}) <= 11
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "dgan_core").rglob("*.py")}
    assert {str(path): n for path, n in lines.items() if n > 300} == {}


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_equals_its_source_and_has_no_outputs(source):
    written = source.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert written == derive(source), f"run 'make notebooks': {source.name} and its .ipynb differ"
    notebook = nbformat.reads(written, as_version=4)
    nbformat.validate(notebook)
    assert any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_every_chapter_of_the_contents_exists():
    for name in toc.pages():
        folder, stem = name.split("/")
        notebook = f"{stem.removeprefix('own-').removesuffix('-wgan-gp-lam5')}.ipynb"
        assert (ROOT / folder / (f"{stem}.md" if folder == "book" else notebook)).is_file(), name


def rows_of(text):
    """Tables' rows by the parameter in their first cell, with the cells after it but for the last, the reason."""
    return dict(re.findall(r"\* - `(\w+)`\n((?:  - .*\n){2,3})  - .*\n", text))


def test_the_deviations_chapter_names_what_the_quick_profile_changes():
    chapter, _ = (
        (ROOT / "book" / "deviations.md").read_text(encoding="utf-8").split("### The StyleGANs in the quick profile")
    )
    rows = rows_of(chapter)
    assert rows.keys() - {"data", "precision"} == PROFILES["quick"].keys()
    kept = [Run.open(path.parent).config for path in (ROOT / "results" / "busi-64").glob("quick/dgan-*/config.json")]
    for name in rows.keys() - {"data"}:
        printed, quick, *results = (getattr(config, name) for config in (Config(profile="paper"), Config(), *kept))
        assert len(set(results)) == 1
        for cell, value in zip(rows[name].splitlines(), (printed, quick, results[0]), strict=True):
            numbers = [float(n) for n in re.findall(r"[\d.]+\d|\d", cell)]
            texts = re.findall(r"`([\w-]+)`", cell)
            expected = list(value) if isinstance(value, tuple) else [value]
            if value != "vgg19_imagenet_normalised.npz":  # which the cell describes
                assert expected == (texts if isinstance(value, str) else numbers[: len(expected)]), f"{name}: {cell}"


def test_the_deviations_chapter_names_all_in_which_the_kept_runs_depart_from_the_printed_protocol():
    rows = rows_of((ROOT / "book" / "deviations.md").read_text(encoding="utf-8"))
    printed, compared = Config(profile="paper"), {"loss", "penalty", "lam", "data", "profile", "run_id"}
    for path in (ROOT / "results" / "busi-64").glob("quick/dgan-*/config.json"):
        run = Run.open(path.parent)
        differ = {name for name in Config.model_fields if getattr(run.config, name) != getattr(printed, name)}
        assert differ - compared - {"checkpoint_every"} <= rows.keys()
        assert f"- {run.status()['steps']:,}\n" in (ROOT / "book" / "deviations.md").read_text(encoding="utf-8")


def test_the_deviations_chapter_names_what_the_quick_profile_changes_for_the_stylegans():
    _, chapter = (
        (ROOT / "book" / "deviations.md").read_text(encoding="utf-8").split("### The StyleGANs in the quick profile")
    )
    rows = rows_of(chapter)
    models = ("stylegan2", "stylegan3")
    assert all(rows.keys() == MODELS[model]["quick"].keys() for model in models)
    for name, row in rows.items():
        for cell, profile in zip(row.splitlines(), ("paper", "quick"), strict=False):
            two, three = (getattr(Config(profile=profile, model=model), name) for model in models)
            numbers = [float(n) for n in re.findall(r"\d+", cell.replace("StyleGAN3", ""))]
            assert numbers == ([two] if two == three else [two, three]), f"{name}: {cell}"
