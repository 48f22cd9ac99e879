"""What the Snakefile asks: the numbers it was given, the book's pages, and what code a step depends on."""

import hashlib
import json
import re
from functools import cache
from pathlib import Path, PurePosixPath

import toc
import yaml

from dgan_core.data import find_busi, index_busi
from dgan_core.data.folder import existing
from dgan_core.io.fingerprint import fingerprint
from dgan_core.io.folders import files_in
from dgan_core.metrics import EXTRACTORS
from dgan_core.training import source

PROJECT = Path(__file__).resolve().parent.parent


def numbers(name: str, text: str) -> list[float]:
    """The numbers in "0.5 3 5" or "0.5,3,5"."""
    try:
        return [float(word) for word in _words(text)]
    except ValueError:
        raise ValueError(f'{name} must be numbers such as "0.5 3 5" or "0.5,3,5", got "{text}"') from None


def seeds(name: str, text: str) -> list[int]:
    """The whole numbers in "0 1 2", "0,1,2" or "0-2"."""
    found = []
    for word in _words(text):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", word)
        if match is None:
            raise ValueError(f'{name} must be whole numbers such as "0 1 2", "0,1,2" or "0-2", got "{text}"')
        first, last = int(match[1]), int(match[2] or match[1])
        found += range(first, last + 1)
    if not found:
        raise ValueError(f'{name} must be at least one whole number, got "{text}"')
    return found


def check_lambdas(lambdas: list[float], runs: str, sweep: str) -> None:
    """Refuse values of λ that nothing would be trained with: RUNS=all alone trains at each; a sweep lists its own."""
    if lambdas and (sweep or runs != "all"):
        given = " ".join(f"{lam:g}" for lam in lambdas)
        instead = f"SWEEP={sweep}: write them into that file" if sweep else f"RUNS={runs}: add RUNS=all"
        raise ValueError(f'LAMBDAS must be left out unless RUNS=all trains at each, got "{given}" with {instead}')


def sweep(path: str) -> dict:
    """A sweep's file: the runs, what is common to all, and the extractors that measure besides each run's own."""
    try:
        listed = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} must be YAML: {' '.join(str(error).split())}") from None
    keys = sorted(map(str, listed)) if isinstance(listed, dict) else []
    if "runs" not in keys or not {*keys} <= {"runs", "common", "others"}:
        raise ValueError(f"{path} must list runs, and beside them common and others alone, got {keys}")
    listed = {name: listed.get(name) or usual for name, usual in (("runs", []), ("common", {}), ("others", []))}
    if (
        not isinstance(listed["runs"], list)
        or not listed["runs"]
        or not all(isinstance(r, dict) for r in listed["runs"])
    ):
        raise ValueError(f"runs in {path} must be a list of settings, such as - {{loss: bce, lam: 3}}")
    if not isinstance(listed["common"], dict):
        raise ValueError(f"common in {path} must be settings, such as epochs: 500, got {listed['common']}")
    if not isinstance(listed["others"], list) or not all(name in [*EXTRACTORS] for name in listed["others"]):
        raise ValueError(f"others in {path} must be a list of {', '.join(EXTRACTORS)}, got {listed['others']}")
    return listed


def _words(text: str) -> list[str]:
    words = re.split(r"[\s,]+", text.strip(" ,"))
    return words if words != [""] else []


def check_images(path: str) -> None:
    """Refuse images of which the report can't be made: it trains on malignant ones and measures benign ones too."""
    if find_busi(path) is not None:
        for label in ("malignant", "benign"):
            index_busi(path, label)
        return
    with files_in(existing(path)) as files:
        classes = {part.casefold() for name in files for part in PurePosixPath(name).parts[:-1]}
    if not {"malignant", "benign"} <= classes:
        raise ValueError(
            f"DATA must be phantom, busi, or a folder or .zip with folders malignant and benign, got {path}; "
            "dgan train --data trains on any folder, and notebooks/data.ipynb audits it"
        )


def pages() -> list[str]:
    """The notebooks that the book's contents list, in their order.

    train-wgan-gp-lam5 is train.ipynb of one run, own-tables is tables.ipynb on the runs that this build trained.
    """
    return [page.removeprefix("notebooks/") for page in toc.pages() if page.startswith("notebooks/")]


def notebook(page: str) -> str:
    """The notebook that a page is made of."""
    return page.removeprefix("own-").partition("-")[0]


@cache
def parameters(notebook: str) -> set[str]:
    """The names that a notebook's parameters cell assigns."""
    text = (PROJECT / "notebooks" / f"{notebook}.py").read_text(encoding="utf-8")
    cell = re.search(r'^# %% tags=\["parameters".*?(?=^# %%)', text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^(\w+) = ", cell[0], re.MULTILINE))


@cache
def trained_by(model: str) -> str:
    """A hash of the code that determines what a training of this model gives."""
    return _short(source(model))


@cache
def made_by(notebook: str, without: tuple[str, ...] = ()) -> str:
    """A hash of a notebook's code and of all in the packages that it uses; comments and docstrings don't count."""
    return _short(fingerprint(f"notebooks.{notebook}", without=without))


@cache
def text_of(notebook: str) -> str:
    """A hash of a notebook's whole text, prose and comments too: what a page of the book shows."""
    return _short((PROJECT / "notebooks" / f"{notebook}.py").read_text(encoding="utf-8"))


def _short(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
