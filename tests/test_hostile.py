"""Names and parameters that are code: they stay text from the shell to the notebook."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
CODE = """it's a "{scan}" $(touch sprung) `touch sprung`; touch sprung & x"""


def test_a_path_stays_one_word_of_every_command(tmp_path):
    folder = tmp_path / CODE / "malignant"
    for label in ("malignant", "benign"):
        (folder.parent / label).mkdir(parents=True)
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder.parent / label / f"{label} (1).png")
    command = ["--dry-run", "--printshellcmds", "--nolock", "--config", f"data={folder.parent}"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *command],
        cwd=ROOT,
        env={**os.environ, "DGAN_RUNS": str(tmp_path / "my runs")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.partition("tools/execute.py --")[2] for line in done.stdout.splitlines()]
    commands = [shlex.split(line) for line in lines if line]
    assert len(commands) > 30
    commands = [words for words in commands if "results/busi-64" not in words]  # pages of runs that are kept
    after = [(word, follower) for words in commands for word, follower in zip(words, words[1:], strict=False)]
    given = [follower for word, follower in after if word == "data"]
    given += [json.loads(follower)["data"] for word, follower in after if word == "-y"]
    assert len(given) > 10 and set(given) == {str(folder.parent)}
    assert not list(ROOT.glob("sprung")) and not list(tmp_path.rglob("sprung"))


def test_a_notebook_parameter_that_is_code_is_text(tmp_path):
    """Code that runs as it stands, and code that would first end the text around it."""
    notebook = ROOT / "notebooks" / "train.ipynb"
    given = ["-p", "loss", "__import__('os').system('touch sprung')", "-p", "backbone", "'; open('sprung', 'w')#"]
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", notebook, tmp_path / "out.ipynb", *given],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0 and "loss must be the name of a loss, got" in done.stdout + done.stderr
    assert not (tmp_path / "sprung").exists()
