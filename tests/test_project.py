"""The project's own promises: pins agree, imports point one way, notebooks equal their sources."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from derive_notebooks import derive  # noqa: E402

from dgan_core.config import MODELS, PROFILES, Config  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
ALLOWED = {  # what each part may import of the package
    "config": set(),
    "files": set(),
    "environment": set(),
    "draws": set(),
    "pictures": set(),
    "archives": set(),
    "downloads": set(),
    "weights": {"archives", "downloads"},
    "data": {"data", "pictures", "archives", "downloads"},
    "engine": {"engine"},
    "losses": {"engine"},
    "adam": set(),
    "models": {"models", "config", "draws", "weights"},
    "runs": {"config", "environment", "files"},
    "augment": {"draws"},
    "recipes": {"recipes", "draws", "engine", "models", "adam", "augment", "config", "losses"},
    "events": set(),
    "forecast": {"engine"},
    "training": {"data", "draws", "recipes", "config", "engine", "events", "forecast", "runs"},
    "metrics": {"metrics", "config", "pictures", "archives", "weights", "files"},
    "report": {"report", "runs", "config", "files"},
}


def pins(lines):
    found = {}
    for line in lines:
        match = re.match(r"([A-Za-z0-9_.-]+)(?:\[[\w,-]+\])?==([\w.]+)", line.strip())
        if match:
            found[match[1].lower().replace("_", "-")] = match[2]
    return found


def test_pins_agree_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    direct = pins([*project["dependencies"], *extras["cpu"], *extras["book"], *extras["test"]])
    locked = pins((ROOT / "requirements.txt").read_text().splitlines())
    assert {name: locked.get(name) for name in direct} == direct
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in environment if isinstance(entry, dict))
    assert pip == ["--requirement requirements.txt", "--no-deps --editable ."]


def test_imports_point_one_way():
    for path in (ROOT / "dgan_core").rglob("*.py"):
        part = path.relative_to(ROOT / "dgan_core").parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name.startswith("dgan_core."):
                    assert name.split(".")[1] in ALLOWED[part], f"{path} imports {name}"


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_equals_its_source_and_has_no_outputs(source):
    written = source.with_suffix(".ipynb").read_text()
    assert written == derive(source), f"run 'make notebooks': {source.name} and its .ipynb differ"
    notebook = nbformat.reads(written, as_version=4)
    nbformat.validate(notebook)
    assert any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_every_chapter_of_the_contents_exists():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    made = {f"{stage}-{run}" for stage in ("train", "evaluate") for run in ("wgan-gp-lam5", "bce-lam3")}
    for name in files:
        folder, stem = name.split("/")
        assert (ROOT / f"{name}.md").is_file() or (ROOT / f"{name}.ipynb").is_file() or stem in made, name


def rows_of(text):
    """Tables' rows by the parameter in their first cell, with the three cells after it."""
    return dict(re.findall(r"\* - `(\w+)`\n((?:  - .*\n){3})", text))


def test_the_deviations_chapter_names_what_the_quick_profile_changes():
    chapter, _ = (ROOT / "book" / "deviations.md").read_text().split("### The StyleGANs in the quick profile")
    rows = rows_of(chapter)
    assert rows.keys() - {"data"} == PROFILES["quick"].keys()
    for name, quick in PROFILES["quick"].items():
        printed = getattr(Config(profile="paper"), name)
        for cell, value in zip(rows[name].splitlines(), (printed, quick), strict=False):
            numbers = [float(n) for n in re.findall(r"[\d.]+\d|\d", cell)]
            texts = re.findall(r"`([\w-]+)`", cell)
            expected = list(value) if isinstance(value, tuple) else [value]
            assert expected == (texts if isinstance(value, str) else numbers[: len(expected)]), f"{name}: {cell}"


def test_the_deviations_chapter_names_what_the_quick_profile_changes_for_the_stylegans():
    _, chapter = (ROOT / "book" / "deviations.md").read_text().split("### The StyleGANs in the quick profile")
    rows = rows_of(chapter)
    models = ("stylegan2", "stylegan3")
    assert all(rows.keys() == MODELS[model]["quick"].keys() for model in models)
    for name, row in rows.items():
        for cell, profile in zip(row.splitlines(), ("paper", "quick"), strict=False):
            two, three = (getattr(Config(profile=profile, model=model), name) for model in models)
            numbers = [float(n) for n in re.findall(r"\d+", cell.replace("StyleGAN3", ""))]
            assert numbers == ([two] if two == three else [two, three]), f"{name}: {cell}"
