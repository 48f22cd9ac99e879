"""The first page's sentences, from runs made up so that the right answer is known."""

import re

import pandas as pd
from pages import definitions
from synthetic import OF_REAL, sweep, write_run

import dgan_report as report
from dgan_core.evaluations import Evaluation, save_evaluation
from dgan_core.profiles import LAMBDAS
from dgan_report.answer import closeness


def text(html):
    return re.sub("<[^>]+>", "", html.text).replace("&#x27;", "'")


def told(folder):
    found = report.collect(folder)
    return text(report.answer(found, report.claims(found)))


def test_the_winner_is_named_and_how_close_it_comes(tmp_path):
    sweep(tmp_path)  # WGAN-GP 0.15, BCE 0.2, malignant–benign 0.4
    said = told(tmp_path)
    assert "Yes, in these runs" in said
    assert "By random features (VGG16) WGAN-GP is closer, at 5 of 5 values of λ." in said
    assert "Its kernel distance from the malignant scans is 0.38 times that of benign scans." in said
    assert "Whether the loss or the penalty makes the difference was not run here." in said
    assert "Each setting was trained once, so all this is about one seed; another could change it." in said


def test_the_other_way_round_bce_wins(tmp_path):
    sweep(tmp_path, advantage=-0.05)
    assert "By random features (VGG16) BCE is closer, at 5 of 5 values of λ." in told(tmp_path)
    assert "Not in these runs" in told(tmp_path)


def test_extractors_agree_or_disagree(tmp_path):
    sweep(tmp_path)
    for lam in (3.0, 5.0, 7.0):
        for loss, kernel in (("bce", 0.1), ("wgan-gp", 0.2)):
            others = {"efficientnet-lite0": (kernel, 100.0), "inception": (1 - kernel, 100.0)}
            others["radiomics"] = 1.0, 100.0 if lam == 5 else 1000 * kernel  # of its Fréchet distance alone
            write_run(tmp_path, loss, lam, kernel=kernel, others=others)
    said = told(tmp_path)
    unclear = "neither loss is clearly closer: WGAN-GP at"
    assert f"By random features (VGG16) {unclear} 2 of 5 values of λ, BCE at 3." in said
    assert f"By radiomics {unclear} 0 of 3 values of λ, BCE at 2, a tie at 1." in said
    assert "By trained features (Inception) WGAN-GP is closer, at 3 of 3 values of λ." in said
    assert "By trained features (EfficientNet-Lite0) BCE is closer, at 3 of 3 values of λ." in said
    assert said.index("The yardsticks disagree.") < said.index("is closer, at")
    # Of the yardsticks that count, each says how near the best comes; random features do where they are the runs' own.
    assert said.count("The closest model by ") == 4
    found = report.collect(tmp_path)
    assert report.of_distance(found.measured).groupby("extractor")["metric"].unique().map(list).to_dict() == {
        name: ["frechet_distance" if name == "radiomics" else "kernel_distance"]
        for name in ("random-vgg16", "efficientnet-lite0", "inception", "radiomics")
    }


def test_extractors_that_say_the_same_do_not_disagree(tmp_path):
    for lam in LAMBDAS:
        for loss, kernel in (("bce", 0.2), ("wgan-gp", 0.1)):
            write_run(tmp_path, loss, lam, kernel=kernel, others={"efficientnet-lite0": (kernel, 100.0)})
    said = told(tmp_path)
    assert said.count("WGAN-GP is closer, at 5 of 5 values of λ.") == 2 and "disagree" not in said


def test_loss_and_penalty_are_told_apart(tmp_path):
    sweep(tmp_path)
    write_run(tmp_path, "bce", 5.0, kernel=0.16, penalty="gp")
    write_run(tmp_path, "wasserstein", 5.0, evaluated=False)
    said = told(tmp_path)
    assert "With BCE the penalty takes the kernel distance by random features (VGG16) from 0.2 to 0.16." in said
    assert "where adding it gives WGAN-GP, it goes from unknown to 0.15." in said
    assert "makes one loss better" not in said  # Wasserstein alone was not measured
    for kernel, differ in ((0.1, True), (0.3, False)):
        write_run(tmp_path / str(kernel), "bce", 5.0, kernel=0.2)
        write_run(tmp_path / str(kernel), "bce", 5.0, kernel=0.16, penalty="gp")
        write_run(tmp_path / str(kernel), "wasserstein", 5.0, kernel=kernel)
        write_run(tmp_path / str(kernel), "wgan-gp", 5.0, kernel=0.15)
        said = told(tmp_path / str(kernel))
        assert ("it makes one loss better and the other worse; one seed can't tell whether" in said) is differ


def test_models_that_can_not_be_told_from_the_closest_are_named():
    rows = [("BCE λ=3", 1.0, 0.9, 1.1), ("BCE λ=5", 1.15, 1.05, 1.2), ("BCE λ=7", 2.0, 1.9, 2.1)]
    rows = pd.DataFrame(rows, columns=["label", "value", "low", "high"])
    text = (
        "The closest model by features of lite is BCE λ=3 (not clearly closer than BCE λ=5: their 95 % intervals over "
    )
    text += "images overlap)."
    assert closeness(rows, "lite") == text
    assert closeness(rows[::2], "lite") == "The closest model by features of lite is BCE λ=3."


def test_an_extractor_of_real_images_alone_is_left_out(tmp_path):
    sweep(tmp_path)
    others = Evaluation({"kernel_distance": 0.4}, {**OF_REAL, "extractor": "efficientnet-lite0"})
    save_evaluation(tmp_path / "quick/real-malignant-benign-seed0", others)
    assert told(tmp_path).count("The closest model by ") == 1


def test_nothing_is_said_of_nothing(tmp_path):
    assert "No finding yet: no run has been measured." in told(tmp_path)
    found = report.collect(tmp_path)
    summary = text(definitions("start").summary(report.claims(found)))
    assert "seven claims, 7 were not run (A, B, C, D, E, F, G)." in summary and summary.count("not run") == 8


def test_each_claim_has_its_verdict_and_its_page(tmp_path):
    found = sweep(tmp_path, advantage=0.2)  # kernel distance 0 against 0.2, Fréchet distance 180 against 200
    table = definitions("start").summary(report.claims(found)).text
    assert table.count('<th scope="row">') == 7
    row = re.search(r"<tr><th[^>]*>A\..*?</tr>", table)[0]
    assert ">holds</td>" in row and "random features: holds (10 of 10)" in row and 'href="tables.html#table-1"' in row
    assert "LPIPS, fake–fake and MS-SSIM, fake–fake: can&#x27;t be told (0 of 10)" in table  # all runs alike
