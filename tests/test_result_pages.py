"""The pages of results, run on made-up run directories: filled where there are numbers, honest where not."""

import json

import pytest
from bs4 import BeautifulSoup
from pages import captions, definitions, run_page
from synthetic import sweep, write_run

import dgan_report as report
from dgan_core.io.files import read_record, write_record
from dgan_core.runs import Run

PAGES = ("tables", "figure1", "figure2", "figure3_4", "explorer")


def table(shown, number):
    """{row headings: {column heading: text}} of the table with this number; a heading over several rows is repeated."""
    soup = BeautifulSoup("".join(shown), "html.parser").find(id=f"table-{number.lower()}")
    assert all(cell.get("scope") in ("row", "col") for cell in soup.select("th"))
    columns = [cell.get_text() for cell in soup.select("thead th:not(.dgan-heads)")]
    rows, above = {}, ""
    depth = len(soup.select("thead .dgan-heads"))
    for row in soup.select("tbody tr"):
        cells = [cell.get_text() for cell in row.select("th, td")]
        above = cells[0] or above
        rows[(above, *cells[1:depth]) if depth > 1 else above] = dict(zip(columns, cells[depth:], strict=True))
    return rows


def test_tables_hold_ours_above_the_papers(tmp_path, monkeypatch):
    sweep(tmp_path)
    _, shown = run_page("tables", monkeypatch, runs=str(tmp_path))
    one, two, three = (table(shown, n) for n in "123")
    kernel, frechet = "Kernel distance ↓", "Fréchet distance ↓"
    assert one["WGAN-GP λ=5", "here"][kernel] == "0.1500 [0.1350, 0.1650]"
    assert one["WGAN-GP λ=5", "paper"][kernel] == "0.14 ± 0.01"
    assert one["WGAN-GP λ=5", "paper"][frechet] == "179.42"
    assert two["BCE λ=5", "paper"][frechet] == "illegible"
    assert two["BCE λ=7", "paper"][frechet] == "255.94 ?"
    assert one["real halves", ""][kernel] == "0.0375"  # a quarter of the first run's
    assert one["malignant–benign", ""][kernel] == "0.4000 [0.3600, 0.4400]"
    assert not any("not run" in row.values() for row in (*one.values(), *two.values()))
    assert set(three["StyleGAN2", "here"].values()) == {"not run"}
    four = table(shown, "4")
    assert four["BCE λ=3", "here"]["Recall ↑"] == "0.250 [0.225, 0.275]"
    assert four["WGAN-GP λ=5", "here"]["Fréchet distance, N → ∞ ↓"] == "185.00 [166.50, 203.50]"
    assert ("BCE λ=3", "paper") not in four  # which prints none of these
    told = captions(shown)
    lowest = (
        "Lowest kernel distance here: WGAN-GP λ=0.5 (overlapping: WGAN-GP λ=3, WGAN-GP λ=5, WGAN-GP λ=7, "  # all equal
    )
    assert any(c.startswith("Table 1.") and lowest in c for c in told)
    assert any(c.startswith("Table 3.") and "WGAN-GP λ=5 < BCE λ=3. Images seen" in c for c in told)
    assert any(c.startswith("Table 4.") and "(p ≤ 0.05): no model." in c for c in told)
    lower = "Figure A1. Over the values of λ, WGAN-GP has the lower kernel distance at 5 of 5 by random "
    assert any(c.startswith(f"{lower}features (VGG16) and") for c in told)


def test_a_copier_is_named(tmp_path, monkeypatch):
    path = write_run(tmp_path) / "metrics.json"
    content = read_record(path)
    content["final"]["memorisation_p"] = 0.05
    write_record(path, content)
    _, shown = run_page("tables", monkeypatch, runs=str(tmp_path))
    assert any("Suspected of memorising (p ≤ 0.05): BCE λ=3. A large p" in caption for caption in captions(shown))
    content["final"] |= {"memorisation_p": 0.4, "memorisation_share": 0.3, "memorisation_share_floor": 0.2}
    write_record(path, content)
    _, shown = run_page("tables", monkeypatch, runs=str(tmp_path))
    said = "(p ≤ 0.05): no model. No answer, since too many scans look like copies of others: BCE λ=3. A large p"
    assert any(said in caption for caption in captions(shown))


def test_a_λ_beyond_the_papers_has_its_row(tmp_path, monkeypatch):
    write_run(tmp_path, "bce", 1.0)
    rows = table(run_page("tables", monkeypatch, runs=str(tmp_path))[1], "2")
    lines = [name for name, line in rows if line == "here"]
    assert lines[:3] == ["BCE λ=0.5", "BCE λ=1", "BCE λ=3"] and "not run" not in rows["BCE λ=1", "here"].values()
    assert ("BCE λ=1", "paper") not in rows


def test_several_seeds_have_a_mean_and_a_spread(tmp_path, monkeypatch):
    for seed, frechet in enumerate((100.0, 104.0, 120.0)):
        write_run(tmp_path, "bce", 3.0, frechet=frechet, seed=seed)
    write_run(tmp_path, "bce", 3.0, seed=3, evaluated=False)
    for seed in (0, 1):
        write_run(tmp_path, "bce", 5.0, seed=seed)
    _, shown = run_page("tables", monkeypatch, runs=str(tmp_path))
    two = {key: row["Fréchet distance ↓"] for key, row in table(shown, "2").items()}
    assert two["BCE λ=3", "here"] == "100.00 [90.00, 110.00]"
    assert two["BCE λ=3", "mean ± sd (seeds)"] == "108 ± 11 (3)"
    assert ("BCE λ=5", "mean ± sd (seeds)") not in two  # two seeds say little
    every = table(shown, "A2")
    assert every["BCE λ=3"]["Fréchet distance ↓"] == "100, 104, 120" and every["BCE λ=3"]["seeds"] == "4"
    assert any("differ at most in kernel distance by 0 and in Fréchet distance by 20" in c for c in captions(shown))


def test_own_losses_stand_beside_the_papers_everywhere(tmp_path, monkeypatch):
    sweep(tmp_path)
    write_run(tmp_path, "mine", 5.0, kernel=0.01, penalty="none")
    write_run(tmp_path, "bce", 5.0, kernel=0.02, penalty="gp")
    own = ("mine λ=5", "BCE + GP λ=5")
    pages = {name: run_page(name, monkeypatch, runs=str(tmp_path)) for name in PAGES}
    for name in ("tables", "explorer"):
        text = BeautifulSoup("".join(pages[name][1]), "html.parser").get_text()
        assert all(label in text for label in own), name
    assert set(own) <= table(pages["tables"][1], "A2").keys()
    strips = {axis.get_title(loc="left") for axis in pages["figure2"][0]["figure"].axes}
    curves, bars = set(pages["figure1"][0]["labels"]), set(pages["figure3_4"][0]["bars"]["label"])
    assert set(own) <= strips and set(own) <= curves and set(own) <= bars
    palette = report.looks(report.collect(tmp_path).history)["palette"]
    assert len({palette[label] for label in (*own, "BCE λ=5", "WGAN-GP λ=5")}) == 4
    for label in own:  # the paper's tables of WGAN-GP and of BCE are not about them
        assert not any(label in key for n in "12" for key in table(pages["tables"][1], n))


def test_a_run_with_its_weights_apart_or_of_another_length_stands_for_no_λ(tmp_path, monkeypatch):
    write_run(tmp_path, "bce", 3.0, lam_perceptual=0.0)
    write_run(tmp_path, "bce", 5.0)
    write_run(tmp_path, "bce", 5.0, epochs=2, seed=1)
    _, shown = run_page("tables", monkeypatch, runs=str(tmp_path))
    two = table(shown, "2")
    assert set(two["BCE λ=3", "here"].values()) == {"not run"} and ("BCE λ=5", "mean ± sd (seeds)") not in two
    assert {"BCE λ=3, perceptual 0", "BCE λ=5, epochs 2"} <= table(shown, "A2").keys()


def test_two_extractors_have_their_columns_their_panels_and_their_verdicts(tmp_path, monkeypatch):
    for lam in (0.5, 3.0, 5.0, 7.0, 10.0):
        write_run(tmp_path, "wgan-gp", lam, kernel=0.1, others={"efficientnet-lite0": (0.9, 90.0)})
        write_run(tmp_path, "bce", lam, kernel=0.3, others={"efficientnet-lite0": (0.3, 30.0)})
    names, shown = run_page("tables", monkeypatch, runs=str(tmp_path))
    verdicts = table(shown, "A1")
    claim = "A. WGAN-GP has the lower KID and FID at every λ."
    assert verdicts[claim, "Kernel distance ↓"] == {
        "random-vgg16": "holds (5 of 5)",
        "efficientnet-lite0": "does not hold (0 of 5)",
        "without extractor": "",
    }
    told = next(c for c in captions(shown) if c.startswith("Table A1."))
    assert told.startswith("Table A1. The extractors give different verdicts on A (kernel distance, ")
    assert len(names["figure"].axes) == 4
    _, shown = run_page("tables", monkeypatch, runs=str(tmp_path), extractor="efficientnet-lite0")
    assert table(shown, "1")["WGAN-GP λ=5", "here"]["Kernel distance ↓"] == "0.9000 [0.8100, 0.9900]"
    assert table(shown, "1")["WGAN-GP λ=5", "here"]["LPIPS, real–fake ↓"] == "0.500 [0.450, 0.550]"
    names, _ = run_page("figure1", monkeypatch, runs=str(tmp_path))
    assert "efficientnet-lite0" in names["extractors"]


@pytest.mark.parametrize("name", ["tables", "figure2", "figure3_4"])
def test_figures_are_drawn_without_a_complaint(tmp_path, monkeypatch, name):
    sweep(tmp_path)
    _, shown = run_page(name, monkeypatch, draw=True, runs=str(tmp_path))  # a layout problem would be a warning
    assert "<svg role" in "".join(shown)


@pytest.mark.parametrize("name", PAGES)
def test_without_runs_every_page_says_so(tmp_path, monkeypatch, name):
    _, shown = run_page(name, monkeypatch, runs=str(tmp_path / "absent"))
    assert "NOT RUN: no run directory was found" in shown[0]
    assert "nan" not in BeautifulSoup("".join(shown), "html.parser").get_text().lower()


def test_a_run_that_ended_without_numbers_says_how(tmp_path, monkeypatch):
    failed = write_run(tmp_path, "bce", 3.0, evaluated=False)
    reason = "critic_loss is nan at step 3: the run has diverged; lower learning_rate"
    write_record(failed / "status.json", {"state": "diverged", "step": 3, "reason": reason})
    write_run(tmp_path, "wgan-gp", 5.0)
    three = table(run_page("tables", monkeypatch, runs=str(tmp_path))[1], "3")
    first = {name: row["Kernel distance ↓"] for (name, line), row in three.items() if line == "here"}
    assert (first["BCE λ=3"], first["StyleGAN2"]) == ("diverged", "not run") and first["WGAN-GP λ=5"][:6] == "0.1000"
    states = table(run_page("tables", monkeypatch, runs=str(tmp_path))[1], "P1")
    assert states[failed.name]["state"] == f"diverged: {reason}"


def test_figure_1_draws_a_line_a_run_and_the_floor(tmp_path, monkeypatch):
    sweep(tmp_path)
    write_run(tmp_path, "bce", 3.0, seed=1)
    _, shown = run_page("figure1", monkeypatch, draw=True, runs=str(tmp_path))
    assert any("The kernel distance falls from the first to the last snapshot in 11 of 11 curves." in c
               for c in captions(shown))  # fmt: skip
    svg = BeautifulSoup(shown[1], "html.parser").svg
    assert svg["role"] == "img" and "two halves of the real images" in svg["aria-label"]


def test_figure_1_names_the_curve_that_does_not_fall(tmp_path, monkeypatch):
    write_run(tmp_path, "bce", 3.0)
    path = write_run(tmp_path, "wgan-gp", 5.0) / "metrics.json"
    content = read_record(path)
    for snapshot in content["history"]:
        snapshot["kernel_distance"] = snapshot["epoch"]
    write_record(path, content)
    _, shown = run_page("figure1", monkeypatch, runs=str(tmp_path))
    assert any("in 1 of 2 curves, not in WGAN-GP λ=5. " in caption for caption in captions(shown))


def test_figure_2_names_the_nearest_and_has_a_row_of_real_images_only_where_there_are_any(tmp_path, monkeypatch):
    write_run(tmp_path, "bce", 3.0, kernel=0.2)
    path = write_run(tmp_path, "wgan-gp", 5.0, kernel=0.1)
    for rows in (5, 4):
        names, shown = run_page("figure2", monkeypatch, runs=str(tmp_path))
        two, every = (next(c for c in captions(shown) if c.startswith(name)) for name in ("Figure 2.", "Figure B1."))
        assert (
            "by kernel distance (random-vgg16): WGAN-GP λ=5 0.1, BCE λ=3 0.2." in two and len(names["strips"]) == rows
        )
        assert "WGAN-GP λ=5's images lie nearest to the real ones (0.1) and BCE λ=3's farthest (0.2)." in every
        for run in path.parent.glob("*"):
            (run / "samples" / "real.png").unlink(missing_ok=True)


def test_several_seeds_are_compared_with_the_order_of_the_answer(tmp_path):
    spread = definitions("uncertainty").spread
    for seed, frechet in enumerate((20.0, 60.0)):
        write_run(tmp_path / "several", "bce", 3.0, frechet=frechet, seed=seed, precision="bfloat16")
        write_run(tmp_path / "several", "wgan-gp", 5.0, frechet=10.0, seed=seed, precision="bfloat16")
    several = report.collect(tmp_path / "several")
    for bce, order in ((5.0, "opposite"), (9.0, "same")):
        write_run(tmp_path / order, "bce", 3.0, frechet=bce)
        write_run(tmp_path / order, "wgan-gp", 5.0, frechet=7.0)
        text = spread(several, report.collect(tmp_path / order))
        assert "range for BCE λ=3 from 20 to 60 (3-fold) and for WGAN-GP λ=5 from 10 to 10 (1-fold)." in text
        assert "WGAN-GP λ=5 is closer than BCE λ=3 in 2 of 2 pairs of trainings" in text
        assert f"the {order} order by the same features: {bce:g} for BCE λ=3, 7 for WGAN-GP λ=5." in text
        assert "these have 2 seeds." in text and "it can't tell what their settings do" in text
    absent = report.collect(tmp_path / "absent")
    assert spread(absent, several).startswith("not run")


def test_the_answer_on_a_classifier_counts_added_scans_those_alone_and_further_real_ones():
    page = definitions("downstream")
    ends = {"can't be told": (-0.01, 0.03), "harms": (-0.3, -0.1), "helps": (0.01, 0.05)}

    def answer(**arms):
        rows = [
            {"arm": arm, "measure": "AUC", "against": "copies", "value": sum(ends[v]) / 2, "low": ends[v][0],
             "high": ends[v][1], "error": 0.01}
            for arm, verdicts in arms.items() for v in verdicts
        ]  # fmt: skip
        return page.answer({"rows": rows, "generators": ["GAN"], "n_test": 100})

    open_, harms, helps = ends
    told = answer(**{"GAN": [open_, open_, harms], "GAN only": [harms, harms], "twice the real scans": [open_]})
    assert told == (
        "No benefit was seen. "
        "Synthetic scans added to the real ones beat copies in 0 of 3 comparisons (2 can't be told, 1 harms). "
        "Synthetic scans in place of the real ones beat copies in 0 of 2 comparisons (2 harm). "
        "Twice the real scans beat copies in 0 of 1 comparisons (1 can't be told). "
        "So a gain as small as that of further real scans here (+0.010 in AUC) can't be seen by this test."
    )
    assert page.effect(-0.019, 0.019) == "less than 0.02" and page.effect(-0.021, 0.019) == "can't be told"
    told = answer(**{"GAN": [helps], "twice the real scans": [helps]})
    assert "No benefit" not in told
    assert "in place of the real ones: not run." in told and told.endswith("in 1 of 1 comparisons (1 helps).")


def test_an_extractor_passes_as_a_yardstick_if_it_rises_with_the_dose_and_ranks_every_run():
    page = definitions("yardstick")
    doses = {"good": (0, 1, 2), "blind": (0, 2, 1), "fooled": (0, 1, 2)}
    epochs = {"good": (9, 2, 1), "blind": (9, 2, 1), "fooled": (9, 1, 2)}
    kept = {
        "n": 100,
        "rows": [{"extractor": k, "damage": "replace", "dose": i / 2, "distance": d + 0.5, "coverage": 0.97}
                 for k, v in doses.items() for i, d in enumerate(v)],
        "snapshots": [{"extractor": k, "run": "a", "epoch": i, "distance": d, "coverage": 0.5}
                      for k, v in epochs.items() for i, d in enumerate(v)],
    }  # fmt: skip
    said = (
        "These extractors pass both tests on real scans: good. The distance rises with every dose, and falls in "
        "training, by good for 1 of 1 kinds of damage and in 1 of 1 runs; by blind for 0 of 1 kinds of damage and in "
        "1 of 1 runs; by fooled for 1 of 1 kinds of damage and in 0 of 1 runs. Both tests look at point estimates, "
        "and steps as small as what two undamaged halves of the real images score are noise: good 0.2, "
        "blind 0.33, fooled 0.2 of the unit."
    )
    assert page.answer(kept) == said
    assert page.answer({**kept, "snapshots": []}) == "The second test was not run."
    first = [row for row in kept["snapshots"] if row["epoch"] == 1]
    first[0]["coverage"], first[2]["coverage"] = 0.45, 0.55  # of 100 images: chance
    assert page.answer(kept) == said
    first[0]["coverage"], first[2]["coverage"] = 0.2, 0.99  # "good" and "fooled"
    assert page.answer(kept) == said + (
        " The largest contrast is beyond chance: at epoch 1 of a fooled sees a distance of 0.4 units and a coverage of "
        "0.99 (99.2 % interval 0.92 to 1.00), while good sees a distance of 0.8 units and a coverage of 0.20 (99.2 % "
        "interval 0.12 to 0.32). Of two halves of the real scans the former sees a coverage of 0.97, the latter of "
        "0.97."
    )


def test_training_curves_show_what_was_logged_and_nothing_else(tmp_path, monkeypatch):
    for loss, lam, extra in (
        ("wgan-gp", 5.0, {"penalty": 0.5, "critic_gradient": 2.0, "score_gap": 3.0}),
        ("bce", 3.0, {"penalty": 0.0, "accuracy": 0.5, "score_gap": 4.0}),
    ):
        path = write_run(tmp_path, loss, lam)
        row = {"step": 1, "critic_loss": 1.0, "generator_loss": 2.0, **extra}
        (path / "log.jsonl").write_text(json.dumps(row) + "\n")
    names, shown = run_page("figure1", monkeypatch, runs=str(tmp_path))
    expected = ["critic_loss", "generator_loss", "score_gap", "accuracy", "penalty", "critic_gradient"]
    assert names["columns"] == expected
    lines = {
        axis.get_title(loc="left"): sum(len(line.get_xdata()) > 0 for line in axis.lines) for axis in names["axes"].flat
    }  # seaborn adds empty ones for its legend
    assert lines["critic's loss"] == 2 and lines["penalty, before its weight"] == 1  # BCE has none
    assert any("by 3 (WGAN-GP λ=5) and 4 (BCE λ=3), each in its own units." in c for c in captions(shown))


def test_captions_tell_the_images_shown(tmp_path, monkeypatch):
    path = write_run(tmp_path, "bce", 3.0, n_critic=5, batch_size=8)
    write_record(path / "status.json", {"state": "finished", "seconds": 1.0, "steps": 300})
    for page in ("tables", "figure2"):
        told = captions(run_page(page, monkeypatch, runs=str(tmp_path))[1])
        assert any("Images seen by the critic: BCE λ=3 12,000." in caption for caption in told)
    assert any("Not run: WGAN-GP λ=5, StyleGAN2, StyleGAN3." in caption for caption in told)


def test_figure_4_ranks_what_was_measured(tmp_path, monkeypatch):
    sweep(tmp_path)
    names, shown = run_page("figure3_4", monkeypatch, runs=str(tmp_path))
    assert [axis.get_title(loc="left") for axis in names["axes"]] == [
        "SWD in the plane of PCA",
        "SWD in the plane of UMAP",
    ]
    assert len(names["axes"][0].patches) == 10  # every setting has its bar
    assert any("By SWD in the plane of PCA: " in caption and "StyleGAN2" not in caption for caption in captions(shown))


def test_cost_and_state_are_what_the_directories_say(tmp_path, monkeypatch):
    path = write_run(tmp_path, "bce", 3.0, batch_size=4)
    status = {"state": "finished", "seconds": 120.0, "steps": 80}
    write_record(path / "status.json", status)
    broken = write_run(tmp_path, "wgan-gp", 5.0, evaluated=False)
    write_record(broken / "status.json", {"state": "failed", "reason": "no space left"})
    _, shown = run_page("tables", monkeypatch, runs=str(tmp_path))
    states, cost = table(shown, "P1"), table(shown, "P2")
    assert [*states[path.name].values()][1:6] == ["finished", "2\u00a0min", "1\u00a0s", "random-vgg16", "abcdef0123"]
    assert [*states[broken.name].values()][1:4] == ["failed: no space left", "not run", "not run"]
    row = ["0", "32×32", "4", "80", "1.5\u00a0s", "2\u00a0min, CPU", "not logged", "", "1\u00a0s"]
    assert list(cost) == ["BCE λ=3"] and [*cost["BCE λ=3"].values()] == row
    assert any("2 runs, 1 of them finished." in c and "BCE λ=0.5" in c for c in captions(shown))
    write_record(path / "status.json", status | {"peak_memory": 2.5e9, "peak_device_memory": 1.25e9})
    cost = table(run_page("tables", monkeypatch, runs=str(tmp_path))[1], "P2")
    assert [*cost["BCE λ=3"].values()][5:8] == ["2\u00a0min, GPU", "2.5 GB", "1.2 GB"]


def test_precisions_of_a_setting_are_compared_over_their_seeds(tmp_path, monkeypatch):
    folder = tmp_path / "busi-128-precision"
    for seed, (exact, rounded) in enumerate(((100.0, 130.0), (200.0, 262.0), (150.0, 192.0))):
        for frechet, precision, seconds in ((exact, "float32", 30.0), (rounded, "bfloat16", 10.0)):
            path = write_run(folder, "bce", 3.0, frechet=frechet, seed=seed, precision=precision)
            write_record(path / "status.json", {"state": "finished", "seconds": seconds, "steps": 80})
    _, shown = run_page("costs", monkeypatch, results=str(tmp_path))
    rows = table(shown, "K3")
    assert rows["BCE λ=3", "Fréchet distance ↓"] == {"float32": "100, 200, 150", "bfloat16": "130, 262, 192"}
    assert any("BCE λ=3: 1 of 5 metrics differs between the precisions (Fréchet distance); float32 took 3"
               in caption for caption in captions(shown))  # fmt: skip


def test_a_run_in_bfloat16_is_called_so(tmp_path):
    write_run(tmp_path, "bce", 3.0, precision="bfloat16")
    write_run(tmp_path, "bce", 3.0)
    assert set(report.collect(tmp_path).trained["label"]) == {"BCE λ=3", "BCE λ=3, bfloat16"}
    assert isinstance(report.collect(tmp_path).of("BCE λ=3")["BCE λ=3"], Run)
