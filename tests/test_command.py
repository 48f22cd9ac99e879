"""The shell command `dgan`: the same parameters and sentences as Config, and the metrics' own command."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dgan_cli import __main__ as command
from dgan_core.config import Config
from dgan_core.runs import Run

ROOT = Path(__file__).resolve().parent.parent


def test_words_become_numbers_texts_and_tuples():
    given = "--lam 3 --loss=bce --lr-decay 0.5 --backbone-widths 8,16 --run_id 7a --data /a=b --penalty None"
    assert command.parameters(given.split()) == {
        "lam": 3, "loss": "bce", "lr_decay": 0.5, "backbone_widths": (8, 16), "run_id": "7a", "data": "/a=b",
        "penalty": None,
    }  # fmt: skip


def test_a_text_stays_one_even_if_it_looks_like_a_number():
    given = "--run_id 1_000 --label 0x10 --data 1e3 --extractor None --n-critic 3 --image-size 64"
    assert command.parameters(given.split()) == {
        "run_id": "1_000", "label": "0x10", "data": "1e3", "extractor": "None", "n_critic": 3, "image_size": 64,
    }  # fmt: skip


@pytest.mark.parametrize("words", [["bce"], ["--lam"], ["--lam", "3", "--loss"], ["-lam", "3"]])
def test_a_name_or_a_value_that_is_missing_is_told(words, capsys):
    assert command.main(["train", *words]) == 2
    assert capsys.readouterr().err.startswith("dgan train: parameters must be given as --NAME VALUE, got ")


@pytest.mark.parametrize("given", [{"lamda": 3}, {"lam": "three"}, {"learning_rate": 0}, {"image_size": 50}])
def test_a_wrong_parameter_is_refused_in_the_sentence_of_config(runs, given, capsys):
    with pytest.raises(ValueError) as refused:
        Config(**given)
    ((name, value),) = given.items()
    assert command.main(["train", f"--{name}", str(value)]) == 2
    assert capsys.readouterr().err == f"dgan train: {refused.value}\n" and not runs.exists()


def test_help_lists_every_parameter(capsys):
    assert command.main(["train", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"--{name} " in said for name in [*Config.model_fields, "stop_after", "retrain"])
    for line in ("epochs", "backbone", "image_size"):
        (told,) = [row for row in said.splitlines() if row.startswith(f"  --{line} ")]
        quick, paper = getattr(Config(), line), getattr(Config(profile="paper"), line)
        assert told.endswith(f"(default: {quick!r}, with --profile paper {paper!r})") and quick != paper
    assert "(default: 'quick')" in said and "(default: 100)" in said  # of latent_dim, the same in both
    assert command.main(["trane"]) == 2


def test_train_trains_and_tells_where(runs, capsys, monkeypatch):
    made = {}

    def fit(config, **others):
        made.update(config=config, others=others)
        return Run(config)

    monkeypatch.setitem(sys.modules, "dgan_core.training.loop", SimpleNamespace(fit=fit))
    assert command.main("train --loss bce --lam 3 --stop-after 25min --image-size 64".split()) == 0
    assert made == {"config": Config(loss="bce", lam=3), "others": {"stop_after": "25min"}}
    path = runs / "quick" / "dgan-bce-lam3-seed0"
    assert capsys.readouterr().out == f"the run is in {path}, not finished yet; its images are in samples/\n"


def test_metrics_is_the_metrics_command(tmp_path, capsys):
    assert command.main(["metrics", str(tmp_path / "none"), str(tmp_path)]) == 2
    assert "none doesn't exist" in capsys.readouterr().err


def test_a_refusal_comes_before_a_deep_learning_framework_is_loaded():
    code = (
        "import sys; from dgan_cli.__main__ import main; print(main(['train', '--lam', 'x']), 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "2 False\n", done.stderr


def test_a_terminal_of_another_encoding_shows_every_sentence(tmp_path):
    """cp1252, as on Windows, has neither ≥ nor ↓."""
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "DGAN_RUNS": str(tmp_path)}
    for words, status in (["train", "--help"], 0), (["train", "--lam", "-1"], 2):
        done = subprocess.run([sys.executable, "-m", "dgan_cli", *words], env=environment, capture_output=True)
        assert done.returncode == status, done.stderr
        assert rb"a number \u2265 0" in done.stdout + done.stderr


def test_notebooks_are_derived_under_any_locale(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "derive_notebooks.py", tmp_path / "tools")
    shutil.copy(ROOT / "notebooks" / "train.py", tmp_path / "notebooks")
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    command = [sys.executable, tmp_path / "tools" / "derive_notebooks.py"]
    done = subprocess.run(command, env={**os.environ, **locale}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "λ" in (tmp_path / "notebooks" / "train.ipynb").read_text(encoding="utf-8")


def test_retrain_is_true_or_false(runs, capsys):
    assert command.main(["train", "--retrain", "false"]) == 2
    assert capsys.readouterr().err == "dgan train: retrain must be True or False, got 'false'\n"


def test_training_that_fails_has_another_exit_status_than_a_wrong_parameter(runs, tmp_path, capsys):
    given = ["train", "--data", str(tmp_path / "none")]
    assert command.main(given) == 1 and "which does not exist" in capsys.readouterr().err
    assert command.main([*given, "--lam", "x"]) == 2 and "lam must be a number" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ImportError("the backend 'tensorflow' is not installed"), FloatingPointError("NaN")])
def test_what_training_tells_is_one_line(runs, capsys, monkeypatch, error):
    def fit(config):
        raise error

    monkeypatch.setitem(sys.modules, "dgan_core.training.loop", SimpleNamespace(fit=fit))
    assert command.main(["train"]) == 1 and capsys.readouterr().err == f"dgan train: {error}\n"
