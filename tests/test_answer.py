"""The first page's sentences, from runs made up so that the right answer is known."""

import re

import pandas as pd
from pages import definitions
from synthetic import sweep, write_run

import dgan_report as report
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
    assert (
        "By random features (VGG16), WGAN-GP's images lie closer to the real ones than BCE's at 5 of 5 values of λ."
        in said
    )
    assert "Its kernel distance from the malignant scans is 0.38 times that of benign scans." in said
    assert "Whether the loss or the penalty makes the difference was not run here." in said
    assert "Each setting was trained once, so all this is about one seed; another could change it." in said


def test_the_other_way_round_bce_wins(tmp_path):
    sweep(tmp_path, advantage=-0.05)
    assert "BCE's images lie closer to the real ones than WGAN-GP's at 5 of 5 values of λ." in told(tmp_path)


def test_extractors_agree_or_disagree(tmp_path):
    sweep(tmp_path)
    for lam in (3.0, 5.0, 7.0):
        for loss, kernel in (("bce", 0.1), ("wgan-gp", 0.2)):
            others = {"efficientnet-lite0": (kernel, 100.0), "inception": (1 - kernel, 100.0)}
            others["radiomics"] = 1.0, 100.0 if lam == 5 else 1000 * kernel  # of its Fréchet distance alone
            write_run(tmp_path, loss, lam, kernel=kernel, others=others)
    said = told(tmp_path)
    closer = "WGAN-GP's images lie closer to the real ones than BCE's"
    both = "By random features (VGG16) and by radiomics"
    unclear = "neither loss is clearly closer: WGAN-GP's images lie closer at 2 of 5 and 0 of 3 values of λ."
    assert f"{both}, {unclear}" in said
    assert f"By trained features (Inception), {closer} at 3 of 3 values of λ." in said
    assert "By trained features (EfficientNet-Lite0), BCE's images lie closer to the real ones" in said
    assert said.index("The yardsticks disagree.") < said.index(closer)
    found = report.collect(tmp_path)
    assert report.of_distance(found.measured).groupby("extractor")["metric"].unique().map(list).to_dict() == {
        name: ["frechet_distance" if name == "radiomics" else "kernel_distance"]
        for name in ("random-vgg16", "efficientnet-lite0", "inception", "radiomics")
    }


def test_extractors_that_say_the_same_share_a_sentence(tmp_path):
    for lam in LAMBDAS:
        for loss, kernel in (("bce", 0.2), ("wgan-gp", 0.1)):
            write_run(tmp_path, loss, lam, kernel=kernel, others={"efficientnet-lite0": (kernel, 100.0)})
    said = told(tmp_path)
    together = "By random features (VGG16) and by trained features (EfficientNet-Lite0), WGAN-GP's images lie closer"
    assert f"{together} to the real ones than BCE's at 5 of 5 and 5 of 5 values of λ." in said
    assert "disagree" not in said


def test_loss_and_penalty_are_told_apart(tmp_path):
    sweep(tmp_path)
    write_run(tmp_path, "bce", 5.0, kernel=0.16, penalty="gp")
    write_run(tmp_path, "wasserstein", 5.0, evaluated=False)
    said = told(tmp_path)
    assert "At λ = 5 the kernel distance by random features (VGG16) (low is good) is 0.2 for BCE, 0.16 for BCE " in said
    assert "0.15 for Wasserstein with the penalty (WGAN-GP). By these features the penalty alone takes BCE 80% " in said


def test_models_that_can_not_be_told_from_the_closest_are_named():
    rows = [("BCE λ=3", 1.0, 0.9, 1.1), ("BCE λ=5", 1.15, 1.05, 1.2), ("BCE λ=7", 2.0, 1.9, 2.1)]
    rows = pd.DataFrame(rows, columns=["label", "value", "low", "high"])
    overlap = "its 95 % interval over images overlaps with that of BCE λ=5"
    text = f"The closest model by features of lite is BCE λ=3 ({overlap})."
    assert closeness(rows, "lite") == text
    assert closeness(rows[::2], "lite") == "The closest model by features of lite is BCE λ=3."


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
    assert ">holds</td>" in row and "random features: holds (10 of 10)" in row and 'href="tables.html"' in row
    assert "LPIPS, fake–fake and MS-SSIM, fake–fake: can&#x27;t be told (0 of 10)" in table  # all runs alike
