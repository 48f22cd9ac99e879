"""The graph of `make book`: what it is asked for, and that it does again exactly what is stale."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from dgan_core.profiles import LAMBDAS

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tools")]

import graph  # noqa: E402

EXECUTE = '''
"""In place of papermill: note what was asked for, and leave what the notebook would."""
import json, sys
from pathlib import Path

notebook, output, *words = sys.argv[sys.argv.index("WARNING") + 1 :]
if notebook == "--log-output":
    notebook, output, *words = output, *words
output = Path(output)
stage, run = Path(notebook).stem, output.parent.name
with open("asked.txt", "a") as asked:
    print(stage, run, *words, file=asked)
name, content = {"train": ("status.json", {"state": "finished"}), "evaluate": ("metrics.json", {})}[stage]
(output.parent / name).write_text(json.dumps(content))
output.touch()
'''


@pytest.mark.parametrize("given", ["0.5 3 5", "0.5,3,5", "0.5, 3, 5", " 0.5  3 5,"])
def test_lambdas_may_be_given_with_commas_or_spaces(given):
    assert graph.numbers("LAMBDAS", given) == [0.5, 3.0, 5.0]


@pytest.mark.parametrize(("given", "expected"), [("0-2", [0, 1, 2]), ("0 1,5", [0, 1, 5]), ("3", [3])])
def test_seeds_may_be_given_as_a_range(given, expected):
    assert graph.seeds("SEEDS", given) == expected


@pytest.mark.parametrize("given", ["3;5", "three", "3-5"])
def test_what_are_no_lambdas_is_refused_with_the_right_form(given):
    with pytest.raises(ValueError, match='LAMBDAS must be numbers such as "0.5 3 5" or "0.5,3,5", got'):
        graph.numbers("LAMBDAS", given)


@pytest.mark.parametrize(
    ("runs", "sweep", "instead"),
    [
        ("two", "", "RUNS=two: add RUNS=all"),
        ("kept", "", "RUNS=kept: add"),
        ("all", "a.yaml", "SWEEP=a.yaml: write them"),
    ],
)
def test_lambdas_that_nothing_would_be_trained_with_are_refused(runs, sweep, instead):
    graph.check_lambdas([], runs, sweep)  # the default
    graph.check_lambdas([1.0, 2.0], "all", "")
    sentence = f'LAMBDAS must be left out unless RUNS=all trains at each, got "1 2" with {instead}'
    with pytest.raises(ValueError, match=sentence):
        graph.check_lambdas([1.0, 2.0], runs, sweep)


def snakemake(folder, runs, *words):
    """The finished process of Snakemake in a folder, with the runs in another."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--nolock", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "DGAN_RUNS": str(runs)},
        capture_output=True,
        text=True,
    )


def test_the_workflow_refuses_lambdas_without_all_runs(tmp_path):
    done = snakemake(ROOT, tmp_path, "--dry-run", "--config", "lambdas=1 2")
    assert done.returncode and 'got "1 2" with RUNS=two: add RUNS=all' in done.stdout + done.stderr


def test_make_gives_no_lambdas_and_all_runs_train_at_the_papers(tmp_path):
    command = ["make", "--dry-run", "--no-print-directory", "book"]
    assert 'lambdas=""' in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    done = snakemake(ROOT, tmp_path, "--dry-run", "--config", "lambdas=", "runs=all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {f"{lam:g}" for lam in LAMBDAS} == {*re.findall(r"/dgan-bce-lam([\d.]+)-seed0/train", done.stdout)}


@pytest.mark.parametrize("given", ["0.5", "a", "0-", "-1"])
def test_what_are_no_seeds_is_refused_with_the_right_form(given):
    with pytest.raises(ValueError, match='SEEDS must be whole numbers such as "0 1 2", "0,1,2" or "0-2", got'):
        graph.seeds("SEEDS", given)


@pytest.mark.parametrize("given", ["", "3-1"])
def test_no_seed_at_all_is_refused(given):
    with pytest.raises(ValueError, match=f'SEEDS must be at least one whole number, got "{given}"'):
        graph.seeds("SEEDS", given)


def test_images_are_refused_before_any_job_and_a_class_counts_at_any_depth(tmp_path):
    for label in ("malignant", "benign"):
        (tmp_path / "own" / label / "patient 1").mkdir(parents=True)
        Image.new("L", (40, 30)).save(tmp_path / "own" / label / "patient 1" / "1.png")
    graph.check_images(str(tmp_path / "own"))
    shutil.rmtree(tmp_path / "own" / "benign")
    with pytest.raises(ValueError, match="with folders malignant and benign, got"):
        graph.check_images(str(tmp_path / "own"))
    busi = tmp_path / "Dataset_BUSI_with_GT"
    (busi / "malignant").mkdir(parents=True)
    Image.new("L", (40, 30)).save(busi / "malignant" / "malignant (1).png")
    with pytest.raises(FileNotFoundError, match="images of class benign were looked for"):
        graph.check_images(str(busi))


def test_a_sweep_without_its_file_and_empty_settings_are_told_or_taken_as_none(tmp_path):
    words = ["--dry-run", "--config", "sweep=", "stop_after=", "lambdas=", "seeds="]
    done = snakemake(ROOT, tmp_path, *words)
    assert done.returncode and 'SEEDS must be at least one whole number, got ""' in done.stdout + done.stderr
    words = ["--config", "sweep=", "stop_after=", "seeds=0", "lambdas=0", "runs=all"]
    done = snakemake(ROOT, tmp_path, "--dry-run", "--printshellcmds", *words)
    assert done.returncode == 0 and "-p stop_after" not in done.stdout
    assert "dgan-bce-lam0-seed0/train.ipynb" in done.stdout and "dgan-bce-lam7-seed0/train.ipynb" not in done.stdout


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("runs: []\nother: [radiomics]", "must list runs, and beside them common and others alone, got ['other', "),
        ("common: {}", "alone, got ['common']"),
        ("- {lam: 3}", "alone, got []"),
        ("runs: [{}]\nothers: [radiomic]", "must be a list of efficientnet-lite0, inception, radiomics"),
        ("runs: [{}]\nothers: radiomics", "random-vgg16, got radiomics"),
        ("runs: [{}]\nothers: [{a: b}]", "random-vgg16, got [{'a': 'b'}]"),
        ("runs:", "must be a list of settings, such as - {loss: bce, lam: 3}"),
        ("runs: [bce]", "must be a list of settings"),
        ("runs: [{}]\ncommon: 3", "must be settings, such as epochs: 500, got 3"),
        ("runs: [", "must be YAML: "),
    ],
)
def test_a_sweeps_file_that_says_something_else_is_refused_before_any_job(tmp_path, content, sentence):
    (tmp_path / "a.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(sentence)):
        graph.sweep(tmp_path / "a.yaml")


def test_every_page_has_a_notebook_with_parameters():
    for page in graph.pages():
        assert graph.parameters(graph.notebook(page)), page


@pytest.fixture
def tree(tmp_path):
    """A copy of what the graph reads, whose notebooks are not executed."""
    for name in ("workflow", "dgan_core", "dgan_stylegan", "dgan_report", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "exercises"))
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "toc.py", tmp_path / "tools")
    (tmp_path / "tools" / "execute.py").write_text(EXECUTE, encoding="utf-8")
    sweep = {"common": {"epochs": 2}, "runs": [{"loss": "wgan-gp"}, {"model": "stylegan2"}]}
    (tmp_path / "two.yaml").write_text(json.dumps(sweep), encoding="utf-8")
    return tmp_path


def asked(tree):
    """What one `make sweep` executes: "train dgan", …, in no order."""
    words = ["--quiet", "all", "--rerun-triggers", "mtime", "params", "input", "--cores", "2", "sweep"]
    done = snakemake(tree, tree / "runs", *words, "--config", "sweep=two.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    log = tree / "asked.txt"
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    log.unlink(missing_ok=True)
    return sorted(f"{line.split()[0]} {line.split()[1].split('-')[0]}" for line in lines)


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_exactly_what_is_stale_is_done_again(tree):
    everything = ["evaluate dgan", "evaluate stylegan2", "train dgan", "train stylegan2"]
    assert asked(tree) == everything

    for path in (tree / "dgan_core" / "metrics").glob("*.py"):  # comments and the times of files don't count
        path.write_text(path.read_text(encoding="utf-8") + "\n# A comment.\n", encoding="utf-8")
    change(tree / "dgan_core" / "losses.py", '"""What the two networks', '"""Here: what the two networks')
    for path in (tree / "notebooks").iterdir():
        path.touch()
    assert asked(tree) == []

    change(tree / "dgan_core" / "losses.py", "ops.mean(fake_scores) - ops.mean(real_scores)", "ops.mean(fake_scores)")
    assert asked(tree) == ["evaluate dgan", "train dgan"]

    change(tree / "dgan_core" / "metrics" / "kid.py", "return ", "return 2 * ")
    assert asked(tree) == ["evaluate dgan", "evaluate stylegan2"]


def test_images_that_the_report_cant_be_made_of_are_refused(tmp_path):
    for name in ("Malignant/a.png", "benign/masks/a_mask.png", "benign/a.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).touch()
    graph.check_images(tmp_path / "set")
    graph.check_images(shutil.make_archive(tmp_path / "zipped", "zip", tmp_path / "set"))
    with pytest.raises(ValueError, match="folders malignant and benign, got .*; dgan train --data trains on any"):
        graph.check_images(tmp_path / "set" / "benign")
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        graph.check_images(tmp_path / "none")
