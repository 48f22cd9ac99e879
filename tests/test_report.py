"""The report, from synthetic run directories: filled where there are numbers, honest where not."""

import hashlib
import json
import os
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from synthetic import sweep, write_run

import dgan_report as report
from dgan_core.io.files import DamagedFile, read_record, write_record
from dgan_report.benchmark import duration, measured_on, read_results

pytestmark = pytest.mark.filterwarnings("error")


def test_papers_numbers_are_carried_with_their_certainty():
    paper = report.load_paper()
    assert len(paper[paper["table"] == "1"]) == 30
    assert len(paper[paper["table"] == "2"]) == 30
    assert len(paper[paper["table"] == "3"]) == 12
    counts = paper["certainty"].value_counts()
    assert (counts["illegible"], counts["ambiguous"], counts["approximate"]) == (6, 12, 4)
    assert paper.loc[paper["certainty"] == "illegible", "value"].isna().all()


def test_tables_hold_ours_beside_the_papers(tmp_path):
    runs = sweep(tmp_path)
    one, two = report.table1(runs), report.table2(runs)
    assert one.loc["λ = 5", ("KID ↓", "ours")] == "0.150 ± 0.010"
    assert one.loc["λ = 5", ("KID ↓", "paper")] == "0.14 ± 0.01"
    assert one.loc["λ = 5", ("FID ↓", "paper")] == "179.42"
    assert two.loc["λ = 5", ("FID ↓", "paper")] == "illegible"
    assert two.loc["λ = 7", ("FID ↓", "paper")] == "255.94 ?"
    assert one.loc["λ = 5", ("KID ↓", "95 %")] == "[0.135, 0.165]"
    assert one.loc["real halves", ("KID ↓", "ours")] == "0.038 ± 0.003"  # a quarter of the first run's
    assert one.loc["malignant–benign", ("KID ↓", "ours")] == "0.400 ± 0.010"
    assert not (one == "not run").any().any() and not (two == "not run").any().any()


def test_a_λ_beyond_the_papers_has_its_row(tmp_path):
    write_run(tmp_path, "bce", 1.0)
    two = report.table2(report.collect(tmp_path))
    assert list(two.index[:3]) == ["λ = 0.5", "λ = 1", "λ = 3"]
    assert two.loc["λ = 1", ("FID ↓", "paper")] == "not printed" and "not run" not in two.loc["λ = 1"].to_list()


def test_a_run_with_its_two_weights_apart_stands_for_no_λ(tmp_path):
    write_run(tmp_path, "bce", 3.0, lam_perceptual=0.0)
    assert report.find(report.collect(tmp_path), "dgan", "bce", 3.0) is None


def test_table_4_goes_beyond_the_paper(tmp_path):
    four = report.table4(sweep(tmp_path))
    assert four.loc["WGAN-GP λ=5", "FID∞ ↓"].to_list() == ["185.0", "[166.5, 203.5]", ""]
    assert four.loc["BCE λ=3", "recall ↑"].to_list() == ["0.25", "[0.23, 0.28]", ""]
    assert four.loc["BCE λ=3", ("UMAP-SWD, its ten seeds", "ours")] == "1.40 ± 0.10"
    assert (four.loc["StyleGAN2"].xs("ours", level=1) == "not run").all()
    assert four.loc["real halves"].xs("ours", level=1)[["precision ↑", "FID∞ ↓"]].to_list() == ["0.90", ""]
    html = report.show(four)._repr_html_()
    assert "NaN" not in html and "over seeds" not in html
    assert "No model is suspected" in report.caption_table(report.collect(tmp_path), 4)
    write_run(tmp_path / "copy", "bce", 3.0)
    path = tmp_path / "copy" / "quick" / "dgan-bce-lam3-seed0" / "metrics.json"
    path.write_text(path.read_text().replace('"memorisation_p": 0.5', '"memorisation_p": 0.01'))
    assert "Suspected of memorising (p < 0.05): BCE λ=3." in report.caption_table(report.collect(tmp_path / "copy"), 4)


def test_several_seeds_have_a_mean_and_a_spread(tmp_path):
    for seed, fid in enumerate((100.0, 104.0, 120.0)):
        write_run(tmp_path, "bce", 3.0, fid=fid, seed=seed)
    write_run(tmp_path, "bce", 3.0, seed=3, evaluated=False)
    write_run(tmp_path, "bce", 5.0)
    runs = report.collect(tmp_path)
    two = report.table2(runs)["FID ↓"]
    assert two.loc["λ = 3", ["ours", "over seeds"]].to_list() == ["100.00", "108.00 ± 10.58 (3)"]
    assert two.loc["λ = 5", "over seeds"] == two.loc["λ = 7", "over seeds"] == ""
    html = report.show(report.table2(runs))._repr_html_()
    assert html.count("<th>over seeds</th>") == 1  # a line only where there are several
    kinds = [html.index(f"<th>{kind}</th>") for kind in ("95\N{NO-BREAK SPACE}%", "over seeds")]
    assert kinds == sorted(kinds)


def test_what_was_not_run_says_so(tmp_path):
    nothing = report.collect(tmp_path / "absent")
    assert nothing == []
    ours = report.table1(nothing).xs("ours", axis=1, level=1)
    assert (ours == "not run").all().all()
    write_run(tmp_path, "bce", 3.0, evaluated=False)
    runs = report.collect(tmp_path)
    three = report.table3(runs).xs("ours", axis=1, level=1)
    assert (three == "not run").all().all()
    assert "StyleGAN2" in three.index
    assert "not run" in report.badge([])


def test_a_subset_of_everything_has_no_spread(tmp_path):
    path = write_run(tmp_path, "bce", 3.0, kid=0.3)
    metrics = json.loads((path / "metrics.json").read_text())
    metrics["final"]["kid_subset_size"] = 16  # = n_real: every subset is the whole set
    (path / "metrics.json").write_text(json.dumps(metrics))
    assert report.table2(report.collect(tmp_path)).loc["λ = 3", ("KID ↓", "ours")] == "0.300"


def test_runs_are_read_as_they_lie(tmp_path):
    write_run(tmp_path, "bce", 3.0)
    write_run(tmp_path, "bce", 5.0, data="/somewhere/Dataset_BUSI_with_GT")
    (tmp_path / "quick" / "not-a-run").mkdir()
    runs = report.collect(tmp_path)
    assert len(runs) == 2 and len(report.collect(tmp_path, data="phantom")) == 1
    run = report.find(runs, "dgan", "bce", 3)
    assert len(run.log) == 4  # the half-written fifth row is left out
    assert run.tiles().shape == (16, 8, 8) and run.tiles("absent") is None
    whole = np.asarray(Image.open(run.path / "samples/final.png"))
    np.testing.assert_array_equal(run.tiles()[1], whole[:8, 8:16])
    assert run.epochs_with_samples() == [2]
    rows = report.tidy(runs).query("metric == 'fid'")
    assert list(rows["value"]) == [100.0, 100.0]


def test_figures_have_their_panels(tmp_path):
    for runs in (sweep(tmp_path), []):
        made = [report.figure1(runs), report.figure2(runs), report.figure3(runs), report.figure4(runs)]
        assert [len(figure.axes) for figure in made] == [2, 5, 8, 2]
        for figure in made:
            figure.canvas.draw()  # a layout or glyph problem would warn, and a warning is an error
    lines = report.figure1(report.collect(tmp_path)).axes[0].lines
    assert len(lines) == 11  # ten runs and the floor
    intervals = report.figure1(report.collect(tmp_path)).axes[0].collections
    assert sorted({tuple(bar.get_segments()[0][:, 1].round(3)) for bar in intervals}) == [(0.135, 0.165), (0.18, 0.22)]


def test_captions_follow_the_data(tmp_path):
    better, worse = sweep(tmp_path / "a", 0.05), sweep(tmp_path / "b", -0.05)
    assert "lower KID at 5 of 5 λ (intervals apart at 5)" in report.caption1(better)
    assert "lower FID at 5 of 5 λ (intervals apart at 0)" in report.caption1(better)
    assert "lower KID at 0 of 5" in report.caption1(worse)
    assert "Not run: StyleGAN2, StyleGAN3" in report.caption2(better)
    assert "WGAN-GP λ=5 < BCE λ=3" in report.caption_table(better, 3)
    assert "BCE λ=3 < WGAN-GP λ=5" in report.caption_table(worse, 3)
    assert "No λ" in report.caption1([])


def test_compare_judges_the_λ_that_two_runs_share(tmp_path):
    runs = sweep(tmp_path)
    left, right = report.find(runs, "dgan", "wgan-gp", 5), report.find(runs, "dgan", "bce", 3)
    frame = report.side_by_side(left, right)
    assert frame.loc["KID ↓", "lower"] == left.label
    assert report.figure_losses([left, right]).axes
    assert list(report.per_lam(runs)["lower KID"]) == ["WGAN-GP"] * 5


def test_every_logged_quantity_has_a_panel_and_no_other_has(tmp_path):
    for loss, extra in (
        ("wgan-gp", {"penalty": 0.5, "critic_gradient": 2.0}),
        ("bce", {"penalty": 0.0, "accuracy": 0.5}),
    ):
        path = write_run(tmp_path, loss, 3.0)
        row = {"step": 1, "critic_loss": 1.0, "generator_loss": 2.0, **extra}
        (path / "log.jsonl").write_text(json.dumps(row) + "\n")
    bce, wgan_gp = report.collect(tmp_path)
    titles = [ax.get_title(loc="left") for ax in report.figure_losses([wgan_gp, bce]).axes if ax.axison]
    expected = ("critic's loss", "generator's loss", "critic's accuracy", "gradient penalty", "norm of the critic's")
    assert len(titles) == 5 and all(t.startswith(e) for t, e in zip(titles, expected, strict=True))
    lines = {ax.get_title(loc="left")[:16]: len(ax.lines) for ax in report.figure_losses([wgan_gp, bce]).axes}
    assert lines["critic's loss"] == 2 and lines["gradient penalty"] == 1  # BCE has none
    assert len(report.figure_losses([None, None]).axes) == 4


def test_cost_is_what_the_directories_say(tmp_path):
    path = write_run(tmp_path, "bce", 3.0, batch_size=4)
    assert report.cost(report.collect(tmp_path)).empty  # not finished
    status = {"state": "finished", "seconds": 120.0, "steps": 80}
    (path / "status.json").write_text(json.dumps(status))
    runs = report.collect(tmp_path)
    row = ["8×8", "4", "80", "1.5 s", "2 min", "not run", "not logged", "not run", "1 s"]
    assert report.cost(runs).loc["BCE λ=3, seed 0"].to_list() == row
    assert "unknown, ? cores" in report.caption_cost(runs)
    status |= {"peak_memory": 2.5e9, "peak_device_memory": 1.25e9}
    (path / "status.json").write_text(json.dumps(status))
    row = ["8×8", "4", "80", "1.5 s", "not run", "2 min", "2.5 GB", "1.2 GB", "1 s"]
    assert report.cost(report.collect(tmp_path)).iloc[0].to_list() == row


def test_captions_tell_the_images_shown(tmp_path):
    path = write_run(tmp_path, "bce", 3.0, n_critic=5, batch_size=8)
    (path / "status.json").write_text(json.dumps({"state": "finished", "seconds": 1.0, "steps": 300}))
    assert "Images shown: BCE λ=3: 12,000. " in report.caption2(report.collect(tmp_path))


def test_trainings_of_a_setting_are_counted():
    settings = [("bce", 3.0), ("bce", 3.0), ("bce", 5.0), ("bce", 5.0), ("bce", 5.0), ("wgan-gp", 5.0)]
    runs = [report.Run(Path("x"), {"model": "dgan", "loss": loss, "lam": lam}) for loss, lam in settings]
    runs.append(report.Run(Path("x"), {"model": "stylegan2"}))
    assert report.trainings(runs) == "Trainings of each setting, a seed each: BCE 2, WGAN-GP 1, StyleGAN2 1."


def test_results_are_read_or_not_run(tmp_path):
    assert read_results(tmp_path, "x.json") is None
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert read_results(tmp_path, "x.json") == {"a": 1}
    assert [duration(s) for s in (90, 1, 0.0123)] == ["1.5 min", "1 s", "12.3 ms"]


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


def test_badge_says_what_produced_a_table(tmp_path):
    write_run(tmp_path, "bce", 3.0)
    line = report.badge(report.collect(tmp_path))
    for part in ("phantom", "8×8", "epochs: 4", "random", "seeds: 0", "abcdef0123",
                 "quick profile, not a reproduction"):  # fmt: skip
        assert part in line
    assert "\n" not in line
    write_run(tmp_path / "real", "bce", 5.0, data="/home/me/Dataset_BUSI_with_GT", profile="paper")
    line = report.badge(report.collect(tmp_path / "real"))
    assert "not a reproduction" not in line and "/home" not in line


def test_tables_show_as_html_with_caption_and_badge(tmp_path):
    runs = sweep(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        html = report.show(report.table3(runs), report.caption_table(runs, 3), runs)._repr_html_()
    assert (
        "<figcaption><strong>Table 3.</strong> " in html
        and 'id="table-3"' in html
        and "not a reproduction" in html
        and "dgan-missing" in html
    )


def test_words_are_set_to_the_left_and_numbers_to_the_right():
    frame = pd.DataFrame({"who": ["us", "them"], "FID": ["1.5", "illegible"], "run": ["not run", "2"]})
    html = report.show(frame)._repr_html_()
    assert '<th class="dgan-words">who</th>' in html and '<td class="dgan-words">them</td>' in html
    assert "<th>FID</th>" in html and "<td>illegible</td>" in html and '<td class="dgan-missing">not run</td>' in html


def test_status_names_every_run_and_what_became_of_it(tmp_path):
    done = write_run(tmp_path, "wgan-gp", 5.0)
    (done / "status.json").write_text(json.dumps({"state": "finished", "seconds": 59.0, "steps": 1200}))
    broken = write_run(tmp_path, "bce", 3.0, evaluated=False)
    (broken / "status.json").write_text(json.dumps({"state": "failed", "reason": "no space left"}))
    runs = report.collect(tmp_path)
    states = report.run_states(runs)
    row = states.loc["dgan-wgan-gp-lam5-seed0"]
    assert list(row[:4]) == ["finished", "59 s", "1 s", "abcdef0123"]
    assert list(states.loc["dgan-bce-lam3-seed0"])[:3] == ["failed: no space left", "", "not run"]
    used = report.sources(runs)
    assert used.loc["Table 3", "runs"] == "1 of 4"
    assert used.loc["Table 3", "not run"] == "BCE λ=3, StyleGAN2, StyleGAN3"
    assert used.loc["Figure 1", "runs"] == "1 of 10" and used.loc["Table 2", "runs"] == "0 of 5"
    assert used.loc["Table 1", "cost"] == "1 min" and used.loc["Table 2", "cost"] == ""
    assert used.loc["Table 1", "data"] == "simulated phantoms, not patients"
    os.utime(done / "metrics.json", (4102444800, 4102444800))
    assert report.sources(runs).loc["Table 1", "measured"] == "2100-01-01"


def test_a_run_that_ended_without_numbers_says_how(tmp_path):
    failed = write_run(tmp_path, "bce", 3.0, evaluated=False)
    reason = "critic_loss is nan at step 3: the run has diverged; lower learning_rate"
    write_record(failed / "status.json", {"state": "diverged", "step": 3, "reason": reason})
    write_run(tmp_path, "wgan-gp", 5.0)
    runs = report.collect(tmp_path)
    table = report.table3(runs)["KID ↓", "ours"]
    assert (table["BCE λ=3"], table["StyleGAN2"]) == ("diverged", "not run") and table["WGAN-GP λ=5"] == "0.100 ± 0.010"
    assert report.run_states(runs).loc["dgan-bce-lam3-seed0"].iloc[0] == f"diverged: {reason}"


@pytest.mark.parametrize("name", ["config", "status", "metrics", "environment"])
def test_a_damaged_file_of_a_run_is_named(tmp_path, name):
    run = write_run(tmp_path)
    content = {} if name == "status" else read_record(run / f"{name}.json")
    write_record(run / f"{name}.json", {**content, "state": "running"})
    report.collect(tmp_path)
    text = (run / f"{name}.json").read_text()
    (run / f"{name}.json").write_text(text.replace("running", "runninh"))
    with pytest.raises(DamagedFile, match=f"{name}.json is damaged"):
        report.collect(tmp_path)


def test_a_log_that_is_not_the_one_the_run_ended_with_is_named(tmp_path):
    run = write_run(tmp_path)
    log = (run / "log.jsonl").read_bytes()
    mark = {"log_bytes": len(log) - 4, "log_sha256": hashlib.sha256(log[:-4]).hexdigest()}
    write_record(run / "status.json", {"state": "finished", **mark})
    assert len(report.collect(tmp_path)[0].log) == 4
    (run / "log.jsonl").write_bytes(log.replace(b"0.5", b"0.4", 1))
    with pytest.raises(DamagedFile, match="log.jsonl is damaged"):
        report.collect(tmp_path)


def test_seeds_of_a_setting_are_told_apart():
    def run(loss, seed, fid, lam=5.0):
        config = {"model": "dgan", "loss": loss, "lam": lam, "seed": seed}
        return report.Run(Path("x"), config, {"final": {"fid": fid, "kid": fid / 100}})

    runs = [
        run("bce", 1, 30.0),
        run("bce", 0, 90.0),
        run("wgan-gp", 0, 7.0),
        run("wgan-gp", 1, 9.5),
        run("bce", 0, 1.0, 3.0),
    ]
    table = report.per_seed(runs)
    assert table.loc["λ = 5", "FID BCE"] == "90, 30" and table.loc["λ = 3", "FID WGAN-GP"] == "not run"
    assert report.finding_seeds(runs) == (
        "Seeds of one setting differ at most in KID by 0.025 under WGAN-GP and 0.6 under BCE, in FID by 2.5 under "
        "WGAN-GP and 60 under BCE."
    )
    assert report.finding_seeds(runs[1:3]) == ""
