"""The verdict on each claim, from numbers made up so that the right one is known."""

import math

import numpy as np
import pandas as pd
import pytest
from pages import definitions
from scipy.stats import t

import dgan_report as report
from dgan_core.profiles import LAMBDAS
from dgan_report.claims import difference, judge, lower_at, mean_interval, relative, setbacks
from dgan_report.results import HISTORY, MEASURED, TRAINED, Results

TABLES = definitions("tables")
METRICS = ("kernel_distance", "frechet_distance", "recall", "coverage", "lpips_fake_fake", "ms_ssim_fake_fake",
           "swd_umap")  # fmt: skip


def row(label, value, reach=1.0, seed=0, metric="frechet_distance", extractor="vgg"):
    return {"run": f"{label}-{seed}", "label": label, "seed": seed, "extractor": extractor, "main": extractor == "vgg",
            "metric": metric, "value": value, "low": value - reach, "high": value + reach}  # fmt: skip


def rows(**numbers):
    """label=(value, reach) or label=[a value a seed]."""
    found = []
    for label, given in numbers.items():
        found += (
            [row(label, v, 0.1, k) for k, v in enumerate(given)] if isinstance(given, list) else [row(label, *given)]
        )
    return pd.DataFrame(found)


def results(measured, history=()):
    return Results(
        {},
        pd.DataFrame(columns=TRAINED),
        pd.DataFrame(measured, columns=MEASURED),
        pd.DataFrame(history, columns=HISTORY),
    )


def of_setting(label, seed=0, extractor="vgg", **numbers):
    """Rows of one run: 100 ± 1 by every metric, but for `numbers`."""
    values = dict.fromkeys(METRICS, 100.0) | numbers
    return [row(label, value, 1.0, seed, metric, extractor) for metric, value in values.items()]


def sweep(wgan_gp, bce, **given):
    """Ten runs: {metric: value} of each loss, either a number or one a λ."""
    found = []
    for loss, numbers in (("wgan-gp", wgan_gp), ("bce", bce)):
        for k, lam in enumerate(LAMBDAS):
            at = {metric: v if isinstance(v, float) else v[k] for metric, v in numbers.items()}
            found += of_setting(report.label("dgan", loss, lam), **given, **at)
    return found


def verdicts(measured, history=()):
    judged = report.claims(results(measured, history))
    return {(r.letter, r.measure): r.verdict for r in judged.itertuples()}


# Intervals over images, where one training of a setting is in several orders.


@pytest.mark.parametrize(
    ("b", "better", "orders", "said"),
    [
        ((3.0, 0.9), "low", "1 of 1", "the intervals lie apart: a 1 [0, 2] against b 3 [2.1, 3.9]"),
        ((3.0, 0.9), "high", "0 of 1", "the other way round: a 1 [0, 2] against b 3 [2.1, 3.9]"),
        ((2.5, 0.5), "low", "1 of 1", "the intervals overlap: a 1 [0, 2] against b 2.5 [2, 3]"),  # in the number 2
        ((0.5, 0.5), "low", "0 of 1", "the intervals overlap: a 1 [0, 2] against b 0.5 [0, 1]"),
        ((9.0, math.nan), "low", "1 of 1", "the intervals overlap"),  # without an interval nothing is clear
    ],
)
def test_one_training_of_a_setting_decides_nothing_however_clear_its_images_are(b, better, orders, said):
    judged = judge(rows(a=(1.0, 1.0), b=b), [("a", "b")], better)
    assert judged[:2] == ("can't be told", orders) and judged.n is None
    assert judged.why.startswith(said) and judged.why.endswith("each setting needs two seeds or more.")


def test_orders_with_a_setting_in_common_are_no_trainings_of_their_own():
    found = rows(one=(1.0, 0.4), two=(2.0, 0.4), three=(3.0, 0.4), close=(1.5, 0.3))
    assert judge(found, [("one", "two"), ("two", "three")]).n is None
    assert judge(found, [("one", "two"), ("three", "two")])[:2] == ("can't be told", "1 of 2")
    apart = judge(found, [("one", "two"), ("close", "three")])
    assert apart.n == 2 and apart.effect == pytest.approx((1 / 3 + 1 / 3) / 2) and apart.verdict == "holds"
    absent = judge(found, [("one", "two"), ("one", "none")])
    assert absent[:2] == ("can't be told", "1 of the 1 run") and absent.why.endswith("; no number for none.")
    assert judge(found, [("one", "none")])[:3] == ("not run", "", "no number for none.")


# Paired differences, where seeds are shared.


def test_the_interval_is_students():
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    reach = t.ppf(0.975, 2) / math.sqrt(3)  # the standard deviation is 1
    assert (mean, low, high) == pytest.approx((2.0, 2.0 - reach, 2.0 + reach))
    assert t.ppf(0.975, 2) == pytest.approx(4.302653, abs=1e-6)  # of the printed tables
    assert mean_interval([1.0]) == (1.0, -math.inf, math.inf)


def test_a_relative_difference_has_no_unit():
    a, b = pd.Series([1.0, 2.0, 5.0], index=range(3)), pd.Series([3.0, 2.0], index=range(2))
    assert relative(a, b).tolist() == relative(1e6 * a, 1e6 * b).tolist() == [0.5, 0.0]  # seed 2 has no partner
    judged = judge(rows(a=(0.1, 1.0), b=(1.0, 1.0), c=(0.5, 1.0), d=(0.9, 1.0)), [("a", "b"), ("c", "d")])
    assert judged.high == 1  # no more is possible


def test_what_can_be_0_is_subtracted_so_that_noise_about_0_decides_nothing():
    a, b = pd.Series([-2.0, -0.01, 0.3]), pd.Series([-1.0, 0.02, 0.1])
    assert difference(a, b).tolist() == pytest.approx([0.0, 0.02, -0.2])  # below 0 is no better than 0
    for metric, shown in (("kernel_distance", "Kernel distance ↓"), ("recall", "Recall ↑"), ("coverage", "Coverage ↑")):
        small, large = ([0.0, 0.1, 0.2, 0.1, 0.0], [0.01, 0.1, 0.2, 0.1, 0.0])
        runs = [{metric: v} for v in ((small, large) if metric == "kernel_distance" else (large, small))]
        judged = report.claims(results(sweep(*runs)))
        judged = judged[(judged["measure"] == shown) & judged["letter"].isin(["A", "D"])].iloc[0]
        assert judged["effect"] == pytest.approx(0.002) and judged["verdict"] == "can't be told"


def test_of_radiomics_the_frechet_distance_alone_decides():
    numbers = {"kernel_distance": 50.0, "frechet_distance": 50.0}
    judged = report.claims(results(sweep(numbers, {}, extractor="radiomics"))).query("letter == 'A'")
    assert judged.set_index("measure")["extractor"].to_dict() == {"Fréchet distance ↓": "radiomics"}
    assert judged["verdict"].tolist() == ["holds"] and report.together(judged)["A"] == "holds"
    told = report.main_claim(results(sweep(numbers, {}, extractor="radiomics")))
    assert told.startswith("Over the values of λ, WGAN-GP has the lower Fréchet distance at 5 of 5 by radiomics.")


def test_shares_are_subtracted_so_that_one_setback_against_none_is_a_small_difference():
    found = rows(a=[0.0, 0.1], b=[0.1, 0.2])
    assert difference(*(found[found["label"] == k].set_index("seed")["value"] for k in "ab")).tolist() == [0.1, 0.1]
    judged = judge(found, [("a", "b")], "low", difference)
    assert judged.effect == pytest.approx(0.1) and judge(found, [("a", "b")]).effect == pytest.approx((1 + 1 / 3) / 2)


def test_the_more_orders_there_are_the_wider_is_the_interval_by_which_one_of_them_refutes():
    others = {name: [1.0, 1.0, 1.0] for name in "cegi"} | {name: [1.5, 1.4, 1.6] for name in "dfhj"}
    found = rows(a=[2.0, 2.0, 2.0], b=[1.7, 1.75, 1.8], **others)  # t = 8.1: beyond 4.3 of one order, not 9.9 of five
    pairs = [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j")]
    assert judge(found, pairs[:1]).verdict == "does not hold"
    assert judge(found, pairs).verdict == "can't be told"


def test_a_second_training_of_a_seed_is_no_second_seed():
    """The same settings under another run_id, or on other data: their mean stands for the seed."""
    twice = of_setting("WGAN-GP λ=5", kernel_distance=30.0) + sweep({"kernel_distance": 50.0}, {})
    judged = report.claims(results(twice)).query("letter == 'A'").iloc[0]
    assert judged["n"] == 5 and judged["effect"] == pytest.approx((4 * 50 + 60) / 5) and judged["orders"] == "5 of 5"
    more = of_setting("WGAN-GP λ=3", seed=1, kernel_distance=50.0) + of_setting("BCE λ=3", seed=1)
    assert report.claims(results(twice + more)).query("letter == 'A'").iloc[0]["n"] == 5  # one λ has a second seed


def test_the_orders_of_a_seed_are_one_difference():
    """The λ of a seed share its weights, batches and z."""
    found = rows(a=[1.0, 1.0], b=[3.0, 3.1], c=[1.0, 1.0], d=[2.0, 2.1])
    judged = judge(found, [("a", "b"), ("c", "d")])
    means = [((3 - 1) / 4 + 1 / 3) / 2, (2.1 / 4.1 + 1.1 / 3.1) / 2]
    assert (judged.effect, judged.low, judged.high) == pytest.approx(mean_interval(means))
    assert judged[:2] == ("holds", "2 of 2") and judged.n == 2
    assert judged.why == (f"mean difference {judged.effect:.3g} [{judged.low:.3g}, {judged.high:.3g}], n = 2.")
    ragged = rows(a=[1.0, 1.0], b=[3.0, 3.1], c=[1.0], d=[2.0])  # one seed has both, so each order counts once
    assert judge(ragged, [("a", "b"), ("c", "d")]).effect == pytest.approx((np.mean([1 / 2, 2.1 / 4.1]) + 1 / 3) / 2)


def test_estimates_below_0_are_no_better_than_0():
    means = {"WGAN-GP λ=3": -2.0, "BCE λ=3": -1.0, "WGAN-GP λ=5": -1.0, "BCE λ=5": 1.0, "WGAN-GP λ=7": 2, "BCE λ=7": 1}
    assert lower_at(pd.Series(means, dtype=float)) == (1, 1, 3)


def test_seeds_are_compared_pairwise():
    # Seeds differ by far more than settings do, but every pair agrees: only the pairing shows it.
    found = rows(a=[1.0, 10.0, 100.0], b=[1.5, 15.0, 150.0])
    judged = judge(found, [("a", "b")])
    assert judged.verdict == "holds" and judged.n == 3 and judged.effect == pytest.approx(0.2)
    assert (judged.low, judged.high) == pytest.approx((0.2, 0.2))
    assert judge(found, [("b", "a")]).verdict == "does not hold"
    assert judge(found, [("a", "b")], "high").verdict == "does not hold"


def test_orders_that_share_a_training_count_once_a_seed():
    found = rows(a=[1.0, 1.0, 2.5], b=[3.0, 3.1, 3.0], c=[2.0, 2.4, 2.6])
    judged = judge(found, [("a", "b"), ("a", "c")])
    b, c = np.array([2 / 4, 2.1 / 4.1, 0.5 / 5.5]), np.array([1 / 3, 1.4 / 3.4, 0.1 / 5.1])
    assert (judged.effect, judged.low, judged.high) == pytest.approx(mean_interval((b + c) / 2)) and judged.n == 3
    assert judged[:2] == ("can't be told", "2 of 2")  # six differences would have decided
    assert mean_interval([*b, *c])[1] > 0 > judged.low
    assert judge(pd.concat([found, rows(d=(9.0, 1.0))]), [("a", "b"), ("a", "d")]).n is None  # one seed in common


def test_one_order_the_other_way_round_leaves_a_claim_open_and_a_clear_one_ends_it():
    steady = {"a": [1.0] * 4, "b": [3.0, 3.1, 3.0, 3.1], "c": [1.0] * 4, "d": [3.1, 3.0, 3.1, 3.0], "e": [1.0] * 4}
    pairs = [("a", "b"), ("c", "d"), ("e", "f")]
    unsure = judge(rows(**steady, f=[0.5, 1.5, 0.9, 0.9]), pairs)
    assert unsure[:2] == ("can't be told", "2 of 3")
    assert unsure.low > 0 and "not so: e against f by" in unsure.why
    clear = judge(rows(**steady, f=[0.9, 0.91, 0.9, 0.91]), pairs)
    assert clear.low > 0 and clear.verdict == "does not hold"


def test_what_is_open_has_its_interval_and_names_what_is_missing():
    judged = judge(rows(a=[1.0, 1.0, 1.0], b=[1.3, 0.9, 1.4]), [("a", "b")])
    assert judged.verdict == "can't be told" and judged.why.endswith("], n = 3.")
    absent = judge(rows(a=[1.0, 1.0], b=[3.0, 3.1]), [("a", "b"), ("a", "none")])
    assert absent.verdict == "can't be told" and absent.why.endswith("no number for none.")


def test_without_two_common_seeds_in_every_order_intervals_over_images_are_told():
    found = pd.concat([rows(a=[1.0, 1.2], b=[3.0, 3.1]), rows(c=(9.0, 0.5))])
    judged = judge(found, [("a", "b"), ("a", "c")])
    assert judged.n is None and judged.verdict == "can't be told"
    assert (
        judged.why.startswith("the intervals lie apart") and "a 1.1 [0.9, 1.3]" in judged.why
    )  # its seeds' intervals together
    # The lowest end of one seed and the highest of another: they reach into b's.
    wide = pd.concat([rows(a=[1.0, 2.95], b=[3.0, 3.1]), rows(c=(9.0, 0.5))])
    assert "the intervals overlap: a 1.98" in judge(wide, [("a", "b"), ("a", "c")]).why


def test_at_one_seed_each_λ_is_a_training_of_its_own():
    found = rows(a=(1.0, 9.0), b=(3.0, 9.0), c=(1.0, 9.0), d=(3.2, 9.0), e=(1.0, 9.0), f=(2.9, 9.0))
    pairs = [("a", "b"), ("c", "d"), ("e", "f")]
    judged = judge(found, pairs)
    assert judged[:2] == ("holds", "3 of 3") and judged.n == 3  # however wide the intervals over images are
    assert (judged.effect, judged.low, judged.high) == pytest.approx(mean_interval([2 / 4, 2.2 / 4.2, 1.9 / 3.9]))
    assert judge(found, pairs, "high")[:2] == ("does not hold", "0 of 3")
    assert judge(found, [*pairs[:2], ("f", "e")])[:2] == ("can't be told", "2 of 3")
    assert judge(found, [*pairs, ("g", "h")]).verdict == "can't be told"  # one of them was not run


# The paper's claims.


def test_the_papers_claims_are_judged_each_by_its_own_order():
    falling = {"kernel_distance": [90.0, 80.0, 50.0, 80.0, 90.0], "frechet_distance": 50.0, "recall": 150.0,
               "lpips_fake_fake": 150.0, "swd_umap": 10.0}  # fmt: skip
    runs = sweep(falling, {"kernel_distance": [190.0, 150.0, 180.0, 180.0, 190.0], "swd_umap": 30.0})
    found = verdicts(runs)
    assert {found["A", "Kernel distance ↓"], found["A", "Fréchet distance ↓"]} == {"holds"}
    assert found["B", "Kernel distance ↓"] == found["C", "Kernel distance ↓"] == "can't be told"
    twice = verdicts(runs + sweep(falling, {"kernel_distance": [190.0, 150.0, 180.0, 180.0, 190.0]}, seed=1))
    assert twice["B", "Kernel distance ↓"] == twice["C", "Kernel distance ↓"] == "holds"
    assert twice["B", "Fréchet distance ↓"] == twice["C", "Fréchet distance ↓"] == "can't be told"  # all λ alike
    assert found["D", "LPIPS, fake–fake ↑"] == found["D", "Recall ↑"] == "holds"
    assert found["D", "MS-SSIM, fake–fake ↓"] == found["D", "Coverage ↑"] == "can't be told"
    assert found["F", "Kernel distance ↓"] == found["F", "Bands"] == "not run"
    assert found["G", "SWD, UMAP ↓"] == "can't be told"  # one of its six orders is there
    assert report.claims(results(runs)).query("letter == 'G'")["orders"].item() == "1 of the 1 run"

    def with_styles(second, third, seeds):
        more = []
        for seed in range(seeds):
            more += sweep(
                falling, {"kernel_distance": [190.0, 150.0, 180.0, 180.0, 190.0], "swd_umap": 30.0}, seed=seed
            )
            more += of_setting("StyleGAN2", seed, **second) + of_setting("StyleGAN3", seed, **third)
        return verdicts(more)

    as_claimed = {"swd_umap": 40.0, "kernel_distance": 300.0}, {"swd_umap": 20.0, "kernel_distance": 10.0}
    found = with_styles(*as_claimed, seeds=2)
    assert found["G", "SWD, UMAP ↓"] == found["F", "Kernel distance ↓"] == "holds"
    found = with_styles(*as_claimed, seeds=1)
    assert found["G", "SWD, UMAP ↓"] == found["F", "Kernel distance ↓"] == "can't be told"
    found = with_styles({"swd_umap": 40.0}, {"swd_umap": 35.0, "kernel_distance": 70.0}, seeds=2)
    assert found["G", "SWD, UMAP ↓"] == found["F", "Kernel distance ↓"] == "does not hold"


def test_without_runs_no_claim_is_judged():
    assert set(verdicts([]).values()) == {"not run"}
    assert report.main_claim(results([])) == "No λ has been measured with both losses yet."


def test_extractors_are_judged_apart_and_disagreement_is_told_first():
    worse = sweep({"kernel_distance": 50.0}, {}) + sweep({"kernel_distance": 150.0}, {}, extractor="other")
    judged = report.claims(results(worse))
    table = TABLES.verdict_table(judged)
    assert list(table.columns) == ["vgg", "other", "without extractor"]
    of_a = table.loc["A. WGAN-GP has the lower KID and FID at every λ."]
    assert list(of_a.loc["Kernel distance ↓"]) == ["holds (5 of 5)", "does not hold (0 of 5)", ""]
    assert table.xs("Bands", level="By").values.tolist() == [["", "", "not run"]]
    assert table.xs("LPIPS, fake–fake ↑", level="By").values.tolist() == [["", "", "can't be told (0 of 5)"]]
    told = "The extractors give different verdicts on A (kernel distance). "
    assert report.disagreements(judged) == told
    assert TABLES.verdict_caption(judged).startswith(f"Table A1. {told}")
    assert report.disagreements(report.claims(results(sweep({}, {})))) == ""


# Steadiness.


def curve(label, distances, seed=0):
    return [
        {"run": f"{label}-{seed}", "label": label, "seed": seed, "extractor": "vgg", "main": True, "epoch": epoch,
         "metric": "frechet_distance", "value": distance}
        for epoch, distance in enumerate(distances)
    ]  # fmt: skip


def test_a_setback_is_more_than_the_interval_explains():
    last = [row("a", 100.0), row("b", 100.0)]  # ± 1: a rise of up to 1 % is chance
    found = setbacks(
        results(last, curve("a", (1000.0, 100.0, 100.9)) + curve("b", (1000.0, 100.0, 101.1, 90.0, 100.0)))
    )
    assert found.set_index("label")["value"].to_dict() == {"a": 0.0, "b": 0.5}  # 101.1 after 100, and 100 after 90


@pytest.mark.parametrize(
    ("wgan_gp", "bce", "verdict"),
    [
        ((300.0, 200.0, 100.0), (300.0, 100.0, 200.0), "holds"),
        ((300.0, 100.0, 200.0), (300.0, 200.0, 100.0), "does not hold"),
        ((300.0, 200.0, 100.0), (300.0, 200.0, 100.0), "can't be told"),
        ((300.0,), (), "not run"),
    ],
)
@pytest.mark.parametrize("seeds", [1, 3])
def test_steadiness_is_judged_by_setbacks(wgan_gp, bce, verdict, seeds):
    history, measured = [], []
    for seed in range(seeds):
        measured += sweep({}, {}, seed=seed)
        for lam in LAMBDAS:
            history += curve(report.label("dgan", "wgan-gp", lam), wgan_gp, seed)
            history += curve(report.label("dgan", "bce", lam), bce, seed)
    assert verdicts(measured, history)["E", "Setbacks of the Fréchet distance ↓"] == verdict


def test_a_loss_is_steadier_only_if_it_is_at_every_λ():
    steady, unsteady = (300.0, 200.0, 100.0), (300.0, 100.0, 200.0)
    history = [p for lam in LAMBDAS for p in curve(report.label("dgan", "wgan-gp", lam), steady)]
    history += [p for lam in LAMBDAS[:4] for p in curve(report.label("dgan", "bce", lam), unsteady)]
    key = "E", "Setbacks of the Fréchet distance ↓"
    assert verdicts(sweep({}, {}), history)[key] == "can't be told"
    history += curve("BCE λ=10", steady)  # neither has a setback
    assert verdicts(sweep({}, {}), history)[key] == "can't be told"


# The page.


def test_the_page_tells_each_claim_once_and_every_measure():
    judged = report.claims(results(sweep({"frechet_distance": 50.0, "kernel_distance": 50.0}, {})))
    table, figures = TABLES.verdict_table(judged), "".join(TABLES.reasons(judged))
    assert [name[0] for name in table.index.get_level_values(0).unique()] == list("ABCDEFG")
    assert len(table) == figures.count("<li>") == 15 and figures.count("<p>") == 7
    assert table["vgg"].iloc[:2].tolist() == ["holds (5 of 5)"] * 2
    assert "holds. Mean difference 0.333 [0.333, 0.333], n = 5." in figures


def test_the_caption_takes_all_measures_of_a_claim_together():
    measured = []
    for seed in range(2):  # by one distance the last, by the other among the others
        measured += sweep({"frechet_distance": 50.0, "kernel_distance": 50.0}, {}, seed=seed)
        measured += of_setting("StyleGAN3", seed, kernel_distance=300.0)
    text = TABLES.verdict_caption(report.claims(results(measured)))
    assert text.startswith("Table A1. By all")
    assert "A: holds; F: does not hold; B, C, D, G: can't be told; E: not run. " in text


@pytest.mark.parametrize(
    ("verdicts", "one"),
    [
        (("holds", "holds"), "holds"),
        (("holds", "can't be told"), "can't be told"),
        (("does not hold", "can't be told", "not run"), "does not hold"),
        (("does not hold", "holds"), "can't be told"),  # they contradict each other
        (("not run", "not run"), "not run"),
    ],
)
def test_a_claim_fails_by_one_measure_unless_another_says_that_it_holds(verdicts, one):
    assert report.together(pd.DataFrame({"letter": "D", "verdict": verdicts})).to_dict() == {"D": one}


def test_the_main_claim_is_told_by_means_over_seeds():
    measured = sweep({"kernel_distance": 50.0, "frechet_distance": 150.0}, {})
    told = report.main_claim(results(measured))
    assert told == (
        "Over the values of λ, WGAN-GP has the lower kernel distance at 5 of 5 by features of vgg and the lower "
        "Fréchet distance at 0 of 5 by features of vgg. In the paper's tables, at the λ where both losses' numbers can "
        "be read, it has the lower KID at 4 of 4 and the lower FID at 3 of 4."
    )
    other = of_setting("WGAN-GP λ=5", seed=1, kernel_distance=200.0)
    assert "kernel distance at 4 of 5 by features of vgg and" in report.main_claim(results(measured + other))
    both = measured + sweep({}, {}, extractor="other")
    expected = "5 of 5 by features of vgg, 0 of 5 by features of other with a tie at 5"
    assert f"kernel distance at {expected}" in report.main_claim(results(both))
    kernel = results(both).measured.query("metric == 'kernel_distance'")
    assert report.lower_by(kernel) == expected
