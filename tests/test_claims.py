"""The verdict on each claim, from runs made up so that the right one is known."""

import math
from pathlib import Path

import pytest

from dgan_report import Run, caption_claims, claims, claims_figures, claims_table, main_claim
from dgan_report.claims import Measured, judge, order, setbacks

LAMS = (0.5, 3.0, 5.0, 7.0, 10.0)
METRICS = ("kid", "fid", "lpips_fake_fake", "ms_ssim_fake_fake", "swd_umap")


def run(model="dgan", loss=None, lam=None, seed=0, fids=(), **numbers):
    """A run that measured `numbers`, each ± 1 over images; `fids`: the history."""
    final = dict.fromkeys(METRICS, 100.0) | numbers
    final |= {f"{name}_low": final[name] - 1 for name in METRICS} | {
        f"{name}_high": final[name] + 1 for name in METRICS
    }
    history = [{"epoch": e, "fid": fid} for e, fid in enumerate(fids)]
    config = {"model": model, "loss": loss, "lam": lam, "seed": seed}
    return Run(Path(f"{model}-{loss}-{lam}-{seed}"), config, {"final": final, "history": history})


def sweep(wgan_gp, bce):
    """Ten runs: {metric: value} of each loss, either a number or one a λ."""
    at = lambda numbers, k: {m: v if isinstance(v, float) else v[k] for m, v in numbers.items()}  # noqa: E731
    return [
        run("dgan", loss, lam, **at(numbers, k))
        for loss, numbers in (("wgan-gp", wgan_gp), ("bce", bce))
        for k, lam in enumerate(LAMS)
    ]


def verdicts(runs):
    return {(row.letter, row.measure): row.verdict for row in claims(runs).itertuples()}


def test_an_order_is_clear_only_where_intervals_are_apart():
    low, near, high = Measured("a", 1.0, 0.0, 2.0), Measured("b", 2.5, 2.0, 3.0), Measured("c", 3.0, 2.1, 4.0)
    assert order(low, high, "kid") == "clear" and order(high, low, "kid") == "reversed"
    assert order(low, near, "kid") == "within" == order(near, low, "kid")  # they share the number 2
    assert order(low, high, "lpips_fake_fake") == "reversed"  # high is better there
    assert order(low, Measured("d", *[math.nan] * 3), "kid") is None
    unbounded = Measured("e", 9.0, math.nan, math.nan)
    assert order(low, unbounded, "kid") == "within"  # without an interval nothing is clear


def test_a_claim_holds_only_if_every_order_is_clear():
    one, two, three, none = (Measured(f"m{n}", n, n - 0.4, n + 0.4) for n in (1.0, 2.0, 3.0, math.nan))
    close = Measured("close", 1.5, 1.3, 1.9)
    assert judge([(one, two), (two, three)], "fid") == (
        "holds", "2 of 2", "clear, least so m1.0 at 1 [0.6, 1.4] against m2.0 at 2 [1.6, 2.4].")  # fmt: skip
    assert judge([(one, two), (one, close)], "fid")[0] == "can't be told"
    assert judge([(one, two), (three, two)], "fid")[:2] == ("does not hold", "1 of 2, 1 the other way round")
    assert judge([(one, two), (one, none)], "fid") == (
        "can't be told",
        "1 of 2",
        "clear, least so m1.0 at 1 [0.6, 1.4] against m2.0 at 2 [1.6, 2.4]; no number for mnan.",
    )
    assert judge([(three, two), (one, none)], "fid")[0] == "does not hold"  # what is missing can't save it
    assert judge([(one, none)], "fid") == ("not run", "", "no number for mnan.")


def test_the_papers_claims_are_judged_each_by_its_own_order():
    falling = {"kid": [90.0, 80.0, 50.0, 80.0, 90.0], "fid": 50.0, "lpips_fake_fake": 150.0, "swd_umap": 10.0}
    runs = sweep(falling, {"kid": [190.0, 150.0, 180.0, 180.0, 190.0], "swd_umap": 30.0})
    found = verdicts(runs)
    assert found["A", "KID ↓"] == found["A", "FID ↓"] == found["B", "KID ↓"] == found["C", "KID ↓"] == "holds"
    assert found["B", "FID ↓"] == found["C", "FID ↓"] == "can't be told"  # all λ alike
    assert found["D", "LPIPS fake–fake ↑"] == "holds" and found["D", "MS-SSIM fake–fake ↓"] == "can't be told"
    assert found["F", "KID ↓"] == found["F", "bands"] == "not run"
    assert found["G", "UMAP-SWD ↓"] == "can't be told"  # one of its six orders is there
    more = [*runs, run("stylegan2", swd_umap=40.0, kid=300.0), run("stylegan3", swd_umap=20.0, kid=10.0)]
    assert verdicts(more)["G", "UMAP-SWD ↓"] == verdicts(more)["F", "KID ↓"] == "holds"
    exchanged = [*runs, run("stylegan2", swd_umap=40.0), run("stylegan3", swd_umap=35.0, kid=70.0)]
    assert verdicts(exchanged)["G", "UMAP-SWD ↓"] == verdicts(exchanged)["F", "KID ↓"] == "does not hold"


def test_without_runs_no_claim_is_judged():
    assert set(verdicts([]).values()) == {"not run"}
    assert main_claim([]) == "No λ has been measured with both losses yet."


def test_seeds_of_one_setting_share_an_interval():
    apart = [run("dgan", "wgan-gp", lam, fid=90.0) for lam in LAMS] + [run("dgan", "bce", lam) for lam in LAMS]
    assert verdicts(apart)["A", "FID ↓"] == "holds"
    another = [*apart, run("dgan", "wgan-gp", 3.0, seed=1, fid=98.5)]  # reaches into BCE's [99, 101]
    assert verdicts(another)["A", "FID ↓"] == "can't be told"
    why = next(row.why for row in claims(another).itertuples() if (row.letter, row.measure) == ("A", "FID ↓"))
    assert "WGAN-GP λ=3 at 94.2 [89, 99.5]" in why


def test_a_setback_is_more_than_the_interval_explains():
    within = run(fids=(1000.0, 100.0, 100.9), fid=100.0)  # FID 100 ± 1: a rise of up to 1 % is chance
    assert setbacks(within) == (0, 3)
    beyond = run(fids=(1000.0, 100.0, 101.1, 90.0, 100.0), fid=100.0)
    assert setbacks(beyond) == (2, 5)  # 101.1 after 100, and 100 after 90


@pytest.mark.parametrize(
    ("wgan_gp", "bce", "verdict"),
    [
        ((300.0, 200.0, 100.0), (300.0, 100.0, 200.0), "holds"),
        ((300.0, 100.0, 200.0), (300.0, 200.0, 100.0), "does not hold"),
        ((300.0, 200.0, 100.0), (300.0, 200.0, 100.0), "can't be told"),
        ((300.0,), (), "not run"),
    ],
)
def test_steadiness_is_judged_by_setbacks(wgan_gp, bce, verdict):
    runs = [run("dgan", "wgan-gp", lam, fids=wgan_gp) for lam in LAMS]
    runs += [run("dgan", "bce", lam, fids=bce) for lam in LAMS]
    assert verdicts(runs)["E", "setbacks of FID"] == verdict


def test_a_loss_is_steadier_only_if_it_is_at_every_λ():
    runs = [run("dgan", "wgan-gp", lam, fids=(300.0, 200.0, 100.0)) for lam in LAMS]
    runs += [run("dgan", "bce", lam, fids=(300.0, 100.0, 200.0)) for lam in LAMS[:4]]
    assert verdicts(runs)["E", "setbacks of FID"] == "can't be told"
    runs.append(run("dgan", "bce", LAMS[4], fids=(300.0, 200.0, 100.0)))  # neither has a setback
    assert verdicts(runs)["E", "setbacks of FID"] == "can't be told"


def test_the_page_tells_each_claim_once_and_every_measure():
    runs = sweep({"fid": 50.0, "kid": 50.0}, {})
    judged = claims(runs)
    table, figures = claims_table(judged), claims_figures(judged)._repr_html_()
    assert [name[0] for name in table.index if name] == list("ABCDEFG")
    assert len(table) == figures.count("<li>") == 13 and figures.count("<p>") == 7
    assert table["orders that are clear"].tolist()[:2] == ["5 of 5", "5 of 5"]
    assert "holds. Clear, least so WGAN-GP λ=0.5 at 50 [49, 51] against BCE λ=0.5 at 100 [99, 101]." in figures


def test_the_caption_takes_all_measures_of_a_claim_together():
    higher = run("stylegan3", kid=300.0)  # by KID the last, by FID among the others
    text = caption_claims(claims([*sweep({"fid": 50.0, "kid": 50.0}, {}), higher]))
    assert text.startswith("Table A1. ") and text.endswith(
        "A: holds; F: does not hold; B, C, D, G: can't be told; E: not run."
    )
