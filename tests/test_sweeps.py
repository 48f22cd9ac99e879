"""The settings in sweeps/ are those of the runs that are kept in results/, and WGAN-GP's two weights move alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

import dgan_report as report
from dgan_core import Config, fit
from dgan_core.config import LAMBDAS, LOSSES
from dgan_core.models.vgg import CONVOLUTIONS
from dgan_core.runs import write_record
from dgan_report.collect import read_run
from dgan_report.weights import alone

ROOT = Path(__file__).resolve().parent.parent
SWEEPS = {  # file → its runs in results/
    "busi-128": "busi-128/dgan-*",
    "busi-128-precision": "busi-128-precision/dgan-*",
    "busi-128-stylegans": "busi-128/stylegan*",
    "weights": "busi-64-weights/dgan-*",
}
NOT_RUN = {"printed"}
MACHINES = {"data", "backbone"}  # paths, of which only the name is kept


def configs(name, seed):
    listed = yaml.safe_load((ROOT / "sweeps" / f"{name}.yaml").read_text())
    given = [{**listed["common"], **run, "data": "busi", "seed": seed} for run in listed["runs"]]
    trunk = {"backbone": "imagenet"} if "backbone_widths" in listed["common"] else {}
    return {config.run_id: config for config in (Config(**trunk, **settings) for settings in given)}


def test_every_sweep_has_its_results():
    assert {path.stem for path in (ROOT / "sweeps").glob("*.yaml")} == set(SWEEPS) | NOT_RUN


def test_the_printed_protocol_is_listed_whole():
    listed = yaml.safe_load((ROOT / "sweeps/printed.yaml").read_text())
    runs = [Config(profile="paper", **listed["common"], **run) for run in listed["runs"]]
    assert {(run.loss, run.lam) for run in runs} == {(loss, lam) for loss in LOSSES for lam in LAMBDAS}
    assert {(run.image_size, run.epochs, run.batch_size, run.precision) for run in runs} == {(512, 500, 2, "bfloat16")}


@pytest.mark.parametrize("name", SWEEPS)
def test_kept_runs_had_the_settings_that_the_sweep_lists(name):
    kept = list((ROOT / "results").glob(f"{SWEEPS[name]}/config.json"))
    assert kept
    for path in kept:
        theirs = json.loads(path.read_text())
        ours = json.loads(configs(name, theirs["seed"])[path.parent.name].model_dump_json())
        theirs = {"precision": "float32", **theirs}  # a parameter that the older ones lack
        assert {key: theirs[key] for key in ours.keys() - MACHINES} == {
            key: ours[key] for key in ours.keys() - MACHINES
        }


def run(fid, lam=5.0, **weights):
    final = {"kid": 1.0, "kid_low": 0.9, "kid_high": 1.1, "fid": fid, "fid_low": fid - 1, "fid_high": fid + 1}
    config = {"model": "dgan", "loss": "wgan-gp", "lam": lam, "seed": 0, **weights}
    return report.Run(Path("x"), config, {"final": final})


def test_the_weight_that_moves_its_metric_is_named():
    runs = [run(10.0), run(10.5, lam_gp=3.0), run(11.0, lam_gp=10.0), run(20.0, lam_perceptual=0.5)]
    assert list(alone(runs, "lam_gp")) == [3.0, 5.0, 10.0] and list(alone(runs, "lam_perceptual")) == [0.5, 5.0]
    assert report.finding(runs) == (
        "Neither weight moves KID beyond its intervals (gradient penalty 1 to 1, intervals apart in 0 of 3 pairs; "
        "perceptual term 1 to 1, intervals apart in 0 of 1 pairs). "
        "Only the weight of the perceptual term moves FID beyond its intervals (gradient penalty 10 to 11, intervals "
        "apart in 0 of 3 pairs; perceptual term 10 to 20, intervals apart in 1 of 1 pairs)."
    )
    both = [*runs, run(13.0, lam_gp=7.0)]
    assert "Both weights move FID (gradient penalty 10 to 13, intervals apart in 2 of 6 pairs;" in report.finding(both)
    assert report.finding([*runs, run(9.0)]).endswith("apart in 1 of 1 pairs; the seed 9 to 10).")  # two runs at λ
    assert report.finding(runs[:1]) == "KID: not run. FID: not run."


def test_a_weight_moved_alone_has_its_row_or_is_not_run():
    table = report.table_weights([run(10.0), run(20.0, lam_perceptual=0.5)])
    assert table.loc[("perceptual term", "0.5"), "FID"] == "20.00"
    assert table.loc[("gradient penalty", "5"), "FID, 95 %"] == "[9.00, 11.00]" == table.loc[
        ("perceptual term", "5"), "FID, 95 %"]  # fmt: skip
    assert (table.loc[("gradient penalty", "10")] == "not run").all() and len(table) == 10


def test_the_figure_draws_each_weight_with_its_intervals():
    for runs, panels in (([run(10.0), run(20.0, lam_perceptual=0.5)], 2), ([], 0)):
        figure = report.figure_weights(runs)
        assert sum(len(ax.containers) == 2 for ax in figure.axes) == panels
        figure.canvas.draw()


def test_a_kept_run_reads_as_the_run_and_holds_no_path(runs, tiny, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    import keep_runs

    backbone = tmp_path / "trunk.npz"
    shapes = [(3, 3, 3, 64), (3, 3, 64, 64), (3, 3, 64, 128), (3, 3, 128, 128)]
    values = {f"{n}/kernel": np.zeros(s, "float32") for n, s in zip(CONVOLUTIONS, shapes, strict=True)}
    np.savez(
        backbone,
        **values,
        **{f"{n}/bias": np.zeros(s[-1], "float32") for n, s in zip(CONVOLUTIONS, shapes, strict=True)},
    )
    config = Config(**{**tiny, "epochs": 1, "backbone": str(backbone), "backbone_widths": (64, 128), "seed": 1})
    run = fit(config)
    with pytest.raises(ValueError, match="must be finished and evaluated"):
        keep_runs.main(run.path.parent, tmp_path / "kept")
    write_record(run.path / "metrics.json", {"final": {"kid": 1.0}})
    keep_runs.main(run.path.parent, tmp_path / "kept")
    kept = read_run(tmp_path / "kept" / run.path.name)
    assert kept.config["backbone"] == "trunk.npz" and kept.final == {"kid": 1.0} and len(kept.log) == len(run.log())
    assert {path.name for path in kept.path.iterdir()} == {"config.json", *keep_runs.COPIED}
    assert not any(str(tmp_path) in path.read_text() for path in kept.path.iterdir())
    with pytest.raises(SystemExit, match="holds no run directories"):
        keep_runs.main(tmp_path / "kept" / "nothing", tmp_path)
