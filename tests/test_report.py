"""Run directories → tidy tables, and what the pages share."""

import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import OF_REAL, sweep, write_run

import dgan_report as report
from dgan_core.evaluations import Evaluation, save_evaluation
from dgan_core.io.files import DamagedFile, read_record, write_record
from dgan_core.metrics.table import METRICS
from dgan_core.runs import runs_root
from dgan_report.benchmark import duration, measured_on, read_results
from dgan_report.results import locate
from dgan_report.style import FAMILIES

ROOT = Path(__file__).resolve().parent.parent
READS = ("dgan_core.runs", "dgan_core.evaluations", "dgan_core.config", "dgan_core.profiles", "dgan_core.io",
         "dgan_core.metrics.table")  # fmt: skip


def test_the_report_reads_and_needs_no_framework():
    for file in (ROOT / "dgan_report").glob("*.py"):
        imports = [node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
        ours = [module for module in imports if module.startswith("dgan_core")]
        assert all(module.startswith(READS) for module in ours), file
    loaded = "import dgan_report, sys; print(*{'tensorflow', 'torch', 'keras', 'jax'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_papers_numbers_are_carried_with_their_certainty():
    paper = report.load_paper()
    assert len(paper[paper["table"] == "1"]) == 30
    assert len(paper[paper["table"] == "2"]) == 30
    assert len(paper[paper["table"] == "3"]) == 12
    counts = paper["certainty"].value_counts()
    assert (counts["illegible"], counts["ambiguous"], counts["approximate"]) == (6, 12, 4)
    assert paper.loc[paper["certainty"] == "illegible", "value"].isna().all()
    assert set(paper["metric"]) <= set(METRICS)
    assert report.printed("WGAN-GP λ=5", "kernel_distance") == "0.14 ± 0.01"
    assert report.printed("BCE λ=7", "frechet_distance") == "255.94 ?"
    assert report.printed("BCE λ=5", "frechet_distance") == "illegible"
    assert report.printed("StyleGAN3", "swd_umap").startswith("≈ ")
    assert report.printed("BCE λ=1", "frechet_distance") == "not printed"


def test_a_row_for_each_run_extractor_and_metric(tmp_path):
    write_run(tmp_path, "bce", 3.0, kernel=0.1, others={"efficientnet-lite0": (0.4, 40.0)})
    measured = report.collect(tmp_path).measured
    assert not measured.duplicated(["run", "extractor", "metric"]).any()
    kernel = measured[measured["metric"] == "kernel_distance"].set_index("extractor")
    assert kernel["value"].to_dict() == {"random-vgg16": 0.1, "efficientnet-lite0": 0.4}
    assert kernel["main"].to_dict() == {"random-vgg16": True, "efficientnet-lite0": False}
    one = kernel.loc["random-vgg16"]
    assert (one.low, one.high, one.floor) == pytest.approx((0.09, 0.11, 0.025))
    assert (one.label, one.family, one.loss, one.penalty, one.lam, one.seed) == (
        "BCE λ=3",
        "BCE",
        "bce",
        "none",
        3.0,
        0,
    )
    found = report.collect(tmp_path)
    assert set(found.by("efficientnet-lite0").query("metric == 'kernel_distance'")["value"]) == {0.4}
    assert set(found.by().query("metric == 'kernel_distance'")["value"]) == {0.1}


def test_numbers_by_inception_have_the_one_name(tmp_path):
    path = write_run(tmp_path, evaluated=False)
    final = {"fid": 12.0, "fid_low": 10.0, "fid_high": 14.0, "fid_floor": 3.0, "kid": 0.1}
    save_evaluation(path, Evaluation(final, {"extractor": "inception"}, history=[{"epoch": 4, "fid": 12.0}]))
    found = report.collect(tmp_path)
    row = found.measured.set_index("metric").loc["frechet_distance"]
    assert (row.value, row.low, row.high, row.floor) == (12.0, 10.0, 14.0, 3.0)
    assert found.history[["epoch", "metric", "value"]].to_numpy().tolist() == [[4, "frechet_distance", 12.0]]
    assert report.headed("frechet_distance", "inception") == "FID ↓"


def test_runs_are_read_as_they_lie(tmp_path):
    write_run(tmp_path, "bce", 3.0)
    write_run(tmp_path, "bce", 5.0, data="/somewhere/Dataset_BUSI_with_GT")
    (tmp_path / "quick" / "not-a-run").mkdir()
    found = report.collect(tmp_path)
    assert len(found.runs) == 2 and len(report.collect(tmp_path, data="phantom").runs) == 1
    assert list(report.collect(tmp_path, data="busi").runs) == list(
        report.collect(tmp_path, data="/elsewhere/Dataset_BUSI_with_GT").runs
    )
    run = found.of("BCE λ=3")["BCE λ=3"]
    assert len(run.log()) == 4  # the half-written fifth row is left out
    assert run.tiles().shape == (16, 32, 32) and run.tiles("absent") is None
    assert run.epochs_with_samples() == [2]
    assert list(found.measured.query("metric == 'frechet_distance'")["value"]) == [100.0, 100.0]


def test_real_images_against_real_ones_are_read_beside_the_runs(tmp_path):
    sweep(tmp_path)
    save_evaluation(
        tmp_path / "quick/real-malignant-benign-seed0-busi", Evaluation({"kid": 0.7}, {"data": "busi", "width": 64})
    )
    save_evaluation(tmp_path / "quick/real-malignant-benign-seed0-mine", Evaluation({"kid": 0.9}, {"data": "Mine"}))
    save_evaluation(
        tmp_path / "quick/real-malignant-benign-seed0-64px", Evaluation({"kid": 0.8}, {**OF_REAL, "width": 64})
    )  # of a size that no run has
    for data, expected in (("phantom", [0.4]), ("busi", [0.7]), ("/a/busi", [0.7]), ("/a/Mine", [0.9])):
        rows = report.collect(tmp_path, data=data).measured.query("model == 'real' and metric == 'kernel_distance'")
        assert rows["value"].tolist() == expected and set(rows["label"]) == {"malignant–benign"}


def test_labels_tell_what_differs(tmp_path):
    assert report.label("dgan", "wgan-gp", 5.0, "gp") == "WGAN-GP λ=5"
    assert report.label("dgan", "bce", 3, "gp") == "BCE + GP λ=3"
    assert report.label("dgan", "least-squares", 0.5, "r1-r2") == "Least squares + R1 + R2 λ=0.5"
    assert report.label("dgan", "mine", 1, "my-penalty") == "mine + my-penalty λ=1"
    assert report.label("stylegan3") == "StyleGAN3"
    for more in ({}, {"seed": 1}, {"lam_penalty": 0.0}, {"precision": "bfloat16"}, {"epochs": 9}):
        write_run(tmp_path, "wgan-gp", 5.0, **more)
    trained = report.collect(tmp_path).trained
    assert sorted(trained["label"]) == [
        "WGAN-GP λ=5",
        "WGAN-GP λ=5",
        "WGAN-GP λ=5, bfloat16",
        "WGAN-GP λ=5, epochs 9",
        "WGAN-GP λ=5, penalty 0",
    ]
    assert trained["plain"].sum() == 2 and set(trained["family"]) == {"WGAN-GP"}


def test_families_have_their_own_colours():
    colours = report.palette(["BCE", "mine", "BCE + GP", "Hinge"])
    assert colours["BCE"] == FAMILIES["BCE"] and len(set(colours.values())) == len(FAMILIES) + 3
    assert report.palette(["mine"])["mine"] not in FAMILIES.values()
    frame = pd.DataFrame(
        {"label": ["BCE λ=3", "mine λ=2", "mine λ=2"], "family": ["BCE", "mine", "mine"], "lam": [3, 2, 2]}
    )
    looks = report.looks(frame)
    assert looks["hue_order"] == ["BCE λ=3", "mine λ=2"] and set(looks["markers"]) == set(looks["palette"])
    assert looks["palette"]["mine λ=2"] == report.palette(["mine", "BCE"])["mine"].lower()


def test_a_cell_is_a_number_and_its_interval():
    def cell(metric, value, low=np.nan, high=np.nan):
        return report.cell(pd.Series({"metric": metric, "value": value, "low": low, "high": high}))

    assert cell("frechet_distance", 12.345, 11.0, 14.0) == "12.35 [11.00, 14.00]"  # or 12.34, as it is rounded to even
    assert cell("kernel_distance", -0.00001, -0.001, 0.002) == "0.0000 [−0.0010, 0.0020]"  # no −0
    assert cell("recall", 0.5) == "0.500" and cell("recall", np.nan) == ""


def test_a_table_is_html_with_scopes_a_caption_and_a_note():
    index = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "x")], names=["who", ""])
    frame = pd.DataFrame({"Recall ↑": ["0.5 [0.4, 0.6]", "<b>", "not run"]}, index=index)
    html = report.show(frame, "Table 3. Best.", "from there")._repr_html_()
    assert '<figure class="dgan-figure" id="table-3">' in html and "<strong>Table 3.</strong> Best." in html
    assert "<td>0.5 <small>[0.4, 0.6]</small></td>" in html and "&lt;b&gt;" in html
    assert '<td class="dgan-missing">not run</td>' in html and '<p class="dgan-badge">from there</p>' in html
    assert html.count('<th scope="row">a</th>') == 1  # not repeated
    assert html.count('scope="col"') == 3 and "<caption>" in html
    bare = report.show(frame)._repr_html_()
    assert "<caption>" not in bare and "dgan-badge" not in bare and " id=" not in bare


def test_words_are_set_to_the_left_and_numbers_to_the_right():
    frame = pd.DataFrame({"who": ["us", "them"], "FID": ["1.5", "illegible"], "run": ["not run", "2"]})
    html = report.show(frame)._repr_html_()
    assert 'class="dgan-words">who</th>' in html and '<td class="dgan-words">them</td>' in html
    assert '<th scope="col">FID</th>' in html and "<td>illegible</td>" in html


def test_badge_and_banner_say_what_produced_a_page(tmp_path):
    write_run(tmp_path, "bce", 3.0)
    found = report.collect(tmp_path)
    line = report.badge(found)
    for part in ("phantom", "32×32", "epochs: 4", "random-vgg16", "seed: 0", "abcdef0123", "N: 16",
                 "precision: float32", "smaller than the printed protocol"):  # fmt: skip
        assert part in line
    assert "quick" not in line and "updates" not in line  # which the run doesn't say
    assert "\n" not in line and report.badge(found, "nothing") == "Not run: no run directory was found."
    assert "PHANTOMS, A DEMONSTRATION" in report.banner(found)._repr_html_()
    write_run(tmp_path / "real", "bce", 5.0, data="/home/me/Dataset_BUSI_with_GT", profile="paper")
    found = report.collect(tmp_path / "real", "paper")
    line = report.badge(found)
    assert "smaller" not in line and "/home" not in line
    assert "REAL SCANS: BUSI" in report.banner(found)._repr_html_()
    write_run(tmp_path / "mixed", model="stylegan2")
    write_run(tmp_path / "mixed", epochs=7)
    assert "epochs: 7 (DGAN), 4 (StyleGAN2)" in report.badge(report.collect(tmp_path / "mixed"))
    found = report.collect("results/busi-64", data="busi")
    kept = report.badge(found, *(name for name in found.trained["label"] if "StyleGAN" not in name))
    assert "64×64 · epochs: 500 · generator updates: 5,200 · precision: bfloat16" in kept and "quick" not in kept


def test_results_are_read_or_not_run(tmp_path):
    assert read_results(tmp_path, "x.json") is None
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert read_results(tmp_path, "x.json") == {"a": 1}
    assert [duration(s) for s in (90, 1, 0.0123)] == ["1.5\u00a0min", "1\u00a0s", "12.3\u00a0ms"]


def test_folders_are_of_the_caller_or_of_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert locate("results") == ROOT / "results"
    (tmp_path / "results").mkdir()
    assert locate("results") == Path("results")
    monkeypatch.setenv("DGAN_RUNS", "~/x")
    assert locate("runs") == runs_root() == Path.home() / "x"


def test_a_benchmark_says_what_it_was_measured_on():
    machine = {"hardware": {"cpu": "A", "cores": 2, "system": "Linux"}, "threads": 1, "python": "3.11",
               "versions": {"numpy": "2.4", "torch": "2.13"}, "commit": "abc"}  # fmt: skip
    measured = {"date": "2026-01-01", "quick": False, "machine": machine}
    whole = "Measured on 2026-01-01: A, 2 cores, 1 thread, Linux; Python 3.11, numpy 2.4, torch 2.13; commit abc."
    assert measured_on(measured) == whole
    machine["threads"] = 2
    assert measured_on(measured | {"quick": True}, ["torch"], "load 1") == (
        "Measured on 2026-01-01: A, 2 cores, 2 threads, Linux, load 1; Python 3.11, torch 2.13; commit abc. "
        "**A check of the script on small inputs, not a measurement.**"
    )


@pytest.mark.parametrize("name", ["config", "status", "metrics", "environment"])
def test_a_damaged_file_of_a_run_is_named(tmp_path, name):
    run = write_run(tmp_path)
    content = {} if name == "status" else read_record(run / f"{name}.json")
    given = {"run_id": content["run_id"]} if name == "config" else {"state": "running"}
    write_record(run / f"{name}.json", {**content, **given} if name != "metrics" else content)
    report.collect(tmp_path)
    text = (run / f"{name}.json").read_text()
    position = text.index('": ') + 3
    changed = text[:position] + ("1" if text[position] != "1" else "2") + text[position + 1 :]
    (run / f"{name}.json").write_text(changed)
    with pytest.raises(DamagedFile, match=f"{name}.json is damaged"):
        report.collect(tmp_path)


def test_a_log_that_is_not_the_one_the_run_ended_with_is_named(tmp_path):
    run = write_run(tmp_path)
    log = (run / "log.jsonl").read_bytes()
    mark = {"log_bytes": len(log) - 4, "log_sha256": hashlib.sha256(log[:-4]).hexdigest()}
    write_record(run / "status.json", {"state": "finished", **mark})
    (found,) = report.collect(tmp_path).runs.values()
    assert len(found.log()) == 4
    (run / "log.jsonl").write_bytes(log.replace(b"0.5", b"0.4", 1))
    with pytest.raises(DamagedFile, match="log.jsonl is damaged"):
        found.log()


def test_the_kept_runs_read_as_runs():
    """results/ holds run directories of today's format; each logged and measured what its page shows."""
    folders = {"busi-64/quick": 7, "busi-128/quick": 2, "busi-128-precision/quick": 12, "printed/paper": 1}
    for folder, runs in folders.items():
        found = report.collect(f"results/{Path(folder).parent}", Path(folder).name, "busi")
        assert len(found.runs) >= runs and set(found.trained["state"]) == {"finished"}
        assert set(found.measured.query("model != 'real'")["run"]) == set(found.runs)
        assert all(json.dumps(run.config.data) == '"busi"' and run.log() for run in found.runs.values())
