"""The first page's sentences, from runs made up so that the right answer is known."""

import re

import pandas as pd
from pages import definitions
from synthetic import sweep, write_run

import dgan_report as report
from dgan_report.answer import closeness, closer


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
    assert "Such features can't see" in said
    assert "Its images are nearer to the malignant scans than benign scans are: 0.38 times as far." in said
    assert "Whether the loss or the penalty makes the difference was not run here." in said
    assert "Each setting was trained once, so another training could change the order." in said


def test_the_other_way_round_bce_wins(tmp_path):
    sweep(tmp_path, advantage=-0.05)
    assert "BCE's images lie closer to the real ones than WGAN-GP's at 5 of 5 values of λ." in told(tmp_path)


def test_extractors_agree_or_disagree(tmp_path):
    sweep(tmp_path)
    for loss, kernel in (("bce", 0.1), ("wgan-gp", 0.2)):
        others = {"efficientnet-lite0": (kernel, 100.0), "radiomics": (1 - kernel, 100.0)}
        write_run(tmp_path, loss, 3.0, kernel=kernel, others=others)
    said = told(tmp_path)
    assert "WGAN-GP's images lie closer to the real ones than BCE's at 4 of 5 values of λ." in said
    assert "The same loss is closer by radiomics at 1 of 1." in said
    assert "The yardsticks disagree: by trained features (EfficientNet-Lite0) WGAN-GP is closer at 0 of 1." in said
    assert "Such features" not in said


def test_loss_and_penalty_are_told_apart(tmp_path):
    sweep(tmp_path)
    write_run(tmp_path, "bce", 5.0, kernel=0.16, penalty="gp")
    write_run(tmp_path, "wasserstein", 5.0, evaluated=False)
    said = told(tmp_path)
    assert "At λ = 5 the kernel distance (low is good) is 0.2 for BCE, 0.16 for BCE with the penalty, " in said
    assert "0.15 for Wasserstein with the penalty (WGAN-GP). The penalty alone takes BCE 80% of the way to" in said


def test_a_draw_names_no_winner():
    even = pd.Series({"WGAN-GP λ=3": 1.0, "BCE λ=3": 2.0, "WGAN-GP λ=5": 2.0, "BCE λ=5": 1.0})
    assert closer({"lite": even}, "lite").startswith("By features of lite, neither loss wins: ")
    assert closeness(even, "lite") == "The closest model by features of lite is WGAN-GP λ=3."


def test_nothing_is_said_of_nothing(tmp_path):
    assert "No finding yet: no run has been measured." in told(tmp_path)
    found = report.collect(tmp_path)
    summary = text(definitions("start").summary(report.claims(found)))
    assert "seven claims, 7 were not run." in summary and summary.count("not run") == 8


def test_each_claim_has_its_verdict_and_its_page(tmp_path):
    found = sweep(tmp_path, advantage=0.2)  # kernel distance 0 against 0.2, Fréchet distance 180 against 200
    table = definitions("start").summary(report.claims(found)).text
    assert table.count('<th scope="row">') == 7
    row = re.search(r"<tr><th[^>]*>A\..*?</tr>", table)[0]
    # The kernel distances are clear at every λ; the Fréchet distances' intervals, 10 % wide, overlap.
    assert "can&#x27;t be told</td>" in row and "random features: can&#x27;t be told (5 of 10)" in row
    assert 'href="tables.html"' in row
