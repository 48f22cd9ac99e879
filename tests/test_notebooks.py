"""Notebooks as a reader runs them: twice in one kernel with a parameter changed, and by papermill from elsewhere."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupyter_client.manager import KernelManager
from PIL import Image

from dgan_core.data import phantoms
from dgan_core.runs import Run

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
PAGES = sorted(p.stem for p in NOTEBOOKS.glob("*.py") if not p.stem.startswith("lesson_"))  # lessons: test_lessons
FIRST = ["train", "evaluate", "real"]  # their results are what the other pages show
SMALL = {  # {notebook: parameters of both runs}; "BUSI" and "RUNS" stand for folders of this test
    "data": {"data": "BUSI", "image_size": 32},
    "downstream": {"data": "BUSI", "image_size": 32, "gans": "none", "seeds": 1},
    "evaluate": {"run_path": "RUNS/quick/small", "others": "random-vgg16"},
    "real": {"data": "BUSI", "image_size": 32},
    "stylegan": {"image_size": 32, "n": 2},
    "train": {"data": "BUSI", "image_size": 32, "epochs": 2, "n_critic": 2, "loss": "bce", "run_id": "small"},
    "uncertainty": {"n": 80, "image_size": 32, "data": "BUSI", "n_compared": 3, "size_compared": 32},
    "yardstick": {"data": "BUSI", "n": 12, "image_size": 32, "extractors": "random-vgg16"},
}
OF_RUNS = {"runs": "RUNS", "profile": "quick", "data": "BUSI", "loss": "bce", "left_loss": "bce"}  # where it has them
CHANGED = {  # in the second run; elsewhere the seed, where there is one
    "evaluate": {"extractor": "random-vgg16", "others": ""},
    "memorisation": {"extractor": "random-vgg16"},
    "train": {"lam": 3, "run_id": "other", "loss": "hinge", "penalty": "gp"},
}
# Two of its three packages count as not installed: test_metrics_agreement runs them, and each takes half a minute here.
BEFORE = {"uncertainty": "import sys; sys.modules |= dict.fromkeys(('pytorch_fid', 'cleanfid'))"}
MINE = "epoch = HEADINGS = rows = path = column = 'mine'; names = log = [1]; config = axis = 2"  # a reader's own


def cells(notebook):
    """[(tags, source)] of a notebook's code cells."""
    read = jupytext.read(NOTEBOOKS / f"{notebook}.py", fmt="py:percent").cells
    return [(cell.metadata.get("tags", []), cell.source) for cell in read if cell.cell_type == "code"]


def edited(source, parameters):
    """A parameters cell as a reader leaves it who changes some of its values."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        name = node.targets[0].id
        if name in parameters:
            lines[node.lineno - 1 : node.end_lineno] = [f"{name} = {parameters[name]!r}"] + [""] * (
                node.end_lineno - node.lineno
            )
    return "\n".join(lines)


def names(source):
    return {node.targets[0].id for node in ast.parse(source).body}


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A folder laid out as BUSI, with 24 images of two classes."""
    root = tmp_path_factory.mktemp("scans") / "Dataset_BUSI_with_GT"
    for label in ("malignant", "benign"):
        (root / label).mkdir(parents=True)
        for i, image in enumerate(phantoms(24, 64, label, seed=0), start=1):
            Image.fromarray(image[..., 0]).save(root / label / f"{label} ({i}).png")
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def kernel(folder):
    """execute(source): in one kernel for all notebooks, as JupyterLab does, in another folder than theirs."""
    manager = KernelManager(kernel_name="python3", transport_encryption="auto")
    manager.start_kernel(cwd=folder, env={**os.environ, "DGAN_RUNS": str(folder / "runs")})
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)

    def execute(source):
        shown = []
        reply = client.execute_interactive(source, timeout=300, output_hook=shown.append)["content"]
        assert reply["status"] == "ok", f"{reply.get('ename')}: {reply.get('evalue')}\nin the cell\n{source}"
        return "".join(message["content"].get("text", "") for message in shown)

    yield execute
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run_all(kernel, notebook, parameters):
    """Every cell, with these values in its parameters cell; what it printed."""
    return "".join(
        kernel(edited(source, parameters) if "parameters" in tags else source) for tags, source in cells(notebook)
    )


@pytest.mark.parametrize("notebook", sorted(PAGES, key=lambda page: (FIRST + PAGES).index(page)))
def test_run_all_works_twice_in_one_kernel(kernel, folder, scans, notebook):
    (own,) = (names(source) for tags, source in cells(notebook) if "parameters" in tags)
    small = {**{k: v for k, v in OF_RUNS.items() if "runs" in own and k in own}, **SMALL.get(notebook, {})}
    places = {"BUSI": str(scans), "RUNS": str(folder / "runs")}
    small = {k: places.get(v, v) for k, v in small.items()}
    small = {k: v.replace("RUNS", places["RUNS"]) if isinstance(v, str) else v for k, v in small.items()}
    change = CHANGED.get(notebook, {"seed": 1} if "seed" in own else {})
    assert small.keys() | change.keys() <= own
    kernel(MINE)
    kernel(BEFORE.get(notebook, ""))
    first = run_all(kernel, notebook, small)
    second = run_all(kernel, notebook, {**small, **change})
    if notebook == "train":
        assert "runs/quick/small" in first and "runs/quick/other" in second
    if notebook == "evaluate":
        found = Run.open(folder / "runs" / "quick" / "small").evaluation()
        assert found.settings["extractor"] == "random-vgg16" and found.others == {}
        assert [row["epoch"] for row in found.history] == [0, 1, 2]


def test_a_folder_of_ones_own_is_audited(kernel, tmp_path):
    for k, image in enumerate(phantoms(6, 40, seed=0)):
        path = tmp_path / "mine" / ("cyst", "tumour")[k % 2] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
        Image.new("L", (40, 40), 255).save(path.with_name(f"{k}_mask.png"))
    printed = run_all(kernel, "data", {"data": str(tmp_path / "mine"), "image_size": 32})
    assert "6 masks are left out." in printed


def papermill(notebook, out, folder, **parameters):
    """Run NOTEBOOK from `folder` with DGAN_RUNS in it; (exit status, text of everything printed)."""
    words = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(NOTEBOOKS / notebook), str(out), *words]
    environment = {**os.environ, "DGAN_RUNS": str(folder / "runs")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def text(path):
    read = nbformat.read(path, as_version=4).cells
    return "\n".join(output.get("text", "") for cell in read for output in cell.get("outputs", []))


def test_train_from_another_folder_with_values_as_texts(tmp_path):
    small = {"loss": "bce", "lam": "3", "image_size": 32, "epochs": 1, "run_id": 7}
    status, printed = papermill("train.ipynb", tmp_path / "out.ipynb", tmp_path, **small)
    assert status == 0, printed
    assert "the run lies in runs/quick/7" in text(tmp_path / "out.ipynb")
    shown = "\n".join(
        output["data"].get("text/markdown", "")
        for cell in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    for head in ("def bce_critic(", "def bce_generator(", "def critic_step(", "def generator_step("):
        assert shown.count(head) == 1  # the page shows what it runs


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"lamda": 3}, "'lamda' is not a parameter; did you mean 'lam'?"),
        ({"lam": "three"}, "lam must be a number ≥ 0, got 'three'"),
    ],
)
def test_a_wrong_parameter_fails_at_once_and_leaves_no_run(tmp_path, parameters, sentence):
    status, printed = papermill("train.ipynb", tmp_path / "out.ipynb", tmp_path, **parameters)
    assert status != 0 and sentence in printed
    assert not (tmp_path / "runs").exists()
