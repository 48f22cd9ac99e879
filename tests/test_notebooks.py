"""Notebooks as a reader runs them: by papermill, from another folder."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def papermill(notebook, out, folder, **parameters):
    """Run NOTEBOOK from `folder` with DGAN_RUNS in it; (exit status, text of everything printed)."""
    words = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(NOTEBOOKS / notebook), str(out), *words]
    environment = {**os.environ, "DGAN_RUNS": str(folder / "runs")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def text(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def test_train_then_evaluate_from_another_folder(tmp_path):
    small = {"loss": "bce", "lam": "3", "image_size": 32, "epochs": 1, "run_id": "small"}
    status, printed = papermill("train.ipynb", tmp_path / "out.ipynb", tmp_path, **small)
    run = tmp_path / "runs" / "quick" / "small"
    assert status == 0, printed
    assert "the run lies in runs/quick/small" in text(tmp_path / "out.ipynb")
    status, printed = papermill("evaluate.ipynb", tmp_path / "eval.ipynb", tmp_path, run_path=run)
    assert status == 0, printed
    assert (run / "metrics.json").is_file() and (run / "embeddings.npz").is_file()
    status, printed = papermill("tables.ipynb", tmp_path / "tables.ipynb", tmp_path, runs=tmp_path / "runs")
    assert status == 0, printed


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
