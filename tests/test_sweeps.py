"""The settings in workflow/sweeps/ are those of the runs that results/ keeps; what is kept of a run reads as it."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from dgan_core import Config
from dgan_core.evaluations import Evaluation, read_evaluation, save_evaluation
from dgan_core.profiles import LAMBDAS
from dgan_core.runs import Run

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tools")]

import graph  # noqa: E402

SWEEPS = {path.stem: path for path in sorted((ROOT / "workflow" / "sweeps").glob("*.yaml"))}
KEPT = {  # sweep → its runs in results/, as far as they have been run
    "busi-64": "busi-64/*/dgan-*",
    "busi-64-stylegans": "busi-64/*/stylegan*",
    "busi-128-precision": "busi-128-precision/*/dgan-*",
    "printed": "printed/*/dgan-*",
    "busi-128-stylegans": "busi-128/*/stylegan*",
}
# Paths, of which only the name is kept; what was measured by and how often was saved, which changes no run; the name.
APART = {"data", "backbone", "extractor", "lpips_weights", "checkpoint_every", "run_id"}


def configs(name, **given):
    """The configurations that a file of settings lists."""
    listed = yaml.safe_load(SWEEPS[name].read_text(encoding="utf-8"))
    return [Config(**{**listed.get("common", {}), **run, **given}) for run in listed["runs"]]


def settings(config):
    """A configuration as it is written to disk, less what is told apart."""
    return {key: value for key, value in json.loads(config.model_dump_json()).items() if key not in APART}


@pytest.mark.parametrize("name", SWEEPS)
def test_every_sweep_lists_possible_runs_of_different_names(name):
    backbone = {} if "stylegan" in name else {"backbone": "imagenet", "backbone_widths": (64, 128)}
    names = [config.run_id for config in configs(name, **backbone)]
    assert len(names) == len(set(names)) > 1


def test_the_printed_protocol_is_listed_whole():
    runs = configs("printed", profile="paper")
    assert {(run.loss, run.lam) for run in runs} == {(loss, lam) for loss in ("bce", "wgan-gp") for lam in LAMBDAS}
    assert {(run.image_size, run.epochs, run.batch_size, run.precision) for run in runs} == {(512, 500, 2, "bfloat16")}


@pytest.mark.parametrize("name", KEPT)
def test_kept_runs_had_the_settings_that_the_sweep_lists(name):
    kept = [Run.open(path.parent).config for path in (ROOT / "results").glob(f"{KEPT[name]}/config.json")]
    backbone = {} if "stylegan" in name else {"backbone": "imagenet"}
    (profile,) = {config.profile for config in kept}
    for seed in {config.seed for config in kept}:
        listed = [settings(config) for config in configs(name, seed=seed, profile=profile, **backbone)]
        assert [settings(config) for config in kept if config.seed == seed and settings(config) not in listed] == []
    assert kept


@pytest.mark.parametrize("name", KEPT)
def test_kept_runs_were_measured_by_what_the_sweep_lists(name):
    kept = [read_evaluation(path.parent).others for path in (ROOT / "results").glob(f"{KEPT[name]}/metrics.json")]
    assert kept and all({*others} == {*graph.sweep(SWEEPS[name])["others"]} for others in kept)


@pytest.mark.parametrize("others", ["radiomics, random-vgg16", ""])
def test_a_sweep_measures_its_runs_by_others_and_real_scans_beside_them_likewise(tmp_path, others):
    for label in ("malignant", "benign"):
        (tmp_path / "BUSI" / label).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / "BUSI" / label / f"{label} (1).png")
    listed = {"common": {"image_size": 128, "epochs": 2}, "others": [*filter(None, others.split(", "))], "runs": [{}]}
    (tmp_path / "own.yaml").write_text(json.dumps(listed), encoding="utf-8")
    given = ["--config", f"sweep={tmp_path / 'own.yaml'}", f"data={tmp_path / 'BUSI'}"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--nolock", "--printshellcmds", "--dry-run", "sweep", *given],
        cwd=ROOT,
        env={**os.environ, "DGAN_RUNS": str(tmp_path / "runs")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    commands = [shlex.split(line.partition("WARNING ")[2]) for line in done.stdout.splitlines()]
    (evaluate,) = (words for words in commands if words[:1] == ["notebooks/evaluate.ipynb"])
    assert evaluate[5:] == (["-p", "others", others] if others else [])
    (real,) = (words[1:] for words in commands if words[:1] == ["notebooks/real.ipynb"])
    assert real[:2] == [os.path.relpath(tmp_path / "runs/own/quick/real.ipynb", ROOT), "-y"]
    given = {"profile": "quick", "data": str(tmp_path / "BUSI"), "others": others, "image_size": 128}
    assert json.loads(real[2]) == given


@pytest.mark.parametrize(("seed", "size"), [(0, 64), (1, 64), (0, 512)])
def test_a_kept_run_reads_as_the_run_and_holds_no_path(tmp_path, monkeypatch, capsys, seed, size):
    monkeypatch.syspath_prepend(ROOT / "tools")
    import keep_runs

    places = {"data": str(tmp_path / "BUSI"), "backbone": str(tmp_path / "vgg19.npz")}
    settings = {"backbone_widths": (64, 128), "epochs": 1, "snapshots": 1, "seed": seed, "image_size": size}
    run = Run(Config(**places, **settings), tmp_path / "runs")
    run.begin()
    run.record_environment()
    for step in range(1, 1001):
        run.append_log({"step": step, "critic_loss": float(np.float32(1 / step)), "seconds": 2.0})
    for epoch in (0, 1):
        run.save_snapshot(epoch, {"g/000": np.zeros(3, "float32")})
    run.finish(steps=1)
    keep_runs.main(run.path.parent, tmp_path / "kept" / "quick")
    assert not (tmp_path / "kept").exists() and "not evaluated" in capsys.readouterr().out
    points = {"pca_real": np.eye(2, dtype="float32")}
    save_evaluation(run.path, Evaluation({"kid": 1.0}), points, np.zeros((16, 8, 8, 1), "uint8"))
    for name in ("real", "epoch-0001"):
        run.save_grid(name, np.zeros((16, 8, 8, 1), "uint8"))
    save_evaluation(run.path.parent / "real-malignant-benign-seed0", Evaluation({"kid": 3.0}), points)
    keep_runs.main(run.path.parent, tmp_path / "kept" / "quick")
    assert read_evaluation(tmp_path / "kept" / "quick" / "real-malignant-benign-seed0").final == {"kid": 3.0}
    kept = Run.open(tmp_path / "kept" / "quick" / run.path.name)
    assert (kept.config.backbone, kept.config.data) == ("vgg19.npz", "busi")
    steps = [row["step"] for row in kept.log()]
    assert steps == [1, *range(3, 1000, 3), 1000] and kept.status()["steps"] == 1
    assert kept.log()[1]["critic_loss"] == 0.333333343  # the float32 nearest to a third, in nine digits
    assert all(np.float32(row["critic_loss"]) == np.float32(1 / row["step"]) for row in kept.log())
    assert read_evaluation(kept.path).final == {"kid": 1.0}
    files = {str(path.relative_to(kept.path)) for path in kept.path.rglob("*") if path.is_file()}
    written = {"config.json", "environment.json", "status.json", "log.jsonl"}
    assert files == written | {*keep_runs.COPIED, *(() if seed or size > 64 else keep_runs.OF_SEED_0)}
    assert not any(str(tmp_path).encode() in path.read_bytes() for path in kept.path.rglob("*") if path.is_file())
    known = kept.environment()["commit"]
    keep_runs.main(run.path.parent, tmp_path / "kept" / "quick", [run.path.name], "1234567")
    assert kept.environment()["commit"] == ("1234567" if known == "unknown" else known)
    assert [path.name for path in (kept.path / "snapshots").glob("*")] == ["epoch-0001.safetensors.gz"]
    assert kept.load_snapshot(1)["g/000"].dtype == np.float16 and kept.epochs_with_samples() == [1]
    run.save_snapshot(1, {"g/000": np.ones(3, "float32")})  # kept again, with other numbers
    keep_runs.main(run.path.parent, tmp_path / "kept" / "quick", [run.path.name], "1234567")
    assert [path.name for path in (kept.path / "snapshots").glob("*")] == ["epoch-0001.safetensors.gz"]
    assert kept.load_snapshot(1)["g/000"].tolist() == [1, 1, 1]
    with pytest.raises(SystemExit, match="featured must name runs .* got other"):
        keep_runs.main(run.path.parent, tmp_path / "kept" / "quick", ["other"])
    with pytest.raises(SystemExit, match="holds no run directories"):
        keep_runs.main(tmp_path / "kept" / "nothing", tmp_path)


def test_kept_generators_and_all_results_are_small():
    generators = list((ROOT / "results").rglob("snapshots/*"))
    assert len(generators) >= 2
    assert all(path.suffix == ".gz" and path.stat().st_size <= 4e6 for path in generators)
    assert sum(path.stat().st_size for path in (ROOT / "results").rglob("*") if path.is_file()) <= 20e6
