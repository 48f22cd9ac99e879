"""What the page says of float32 and bfloat16 runs of one setting."""

from pathlib import Path

import dgan_report as report
from dgan_report.rounding import METRICS


def run(precision, kid, seconds=10.0, loss="bce", seed=0):
    final = {metric: value for m in METRICS for metric, value in ((m, 1.0), (f"{m}_low", 0.9), (f"{m}_high", 1.1))}
    final |= {"kid": kid, "kid_low": kid - 0.1, "kid_high": kid + 0.1}
    config = {"model": "dgan", "loss": loss, "lam": 3.0, "seed": seed, "precision": precision}
    return report.Run(Path("x"), config, {"final": final}, status={"seconds": seconds})


def test_precisions_of_a_setting_are_compared_over_their_seeds():
    runs = [
        run("float32", 1.0, 20.0),
        run("bfloat16", 1.3),
        run("float32", 2.0, 40.0, seed=1),
        run("float32", 5.0, loss="x"),
    ]
    table = report.table_rounding(runs)
    assert list(table.columns) == ["float32", "bfloat16"] and len(table) == 1 + len(METRICS)
    assert list(table.loc[("BCE λ=3", "KID")]) == ["1, 2", "1.3"]
    assert list(table.loc[("BCE λ=3", "a training")]) == ["30 s", "10 s"]
    assert report.finding_rounding(runs) == (
        "BCE λ=3: intervals apart by none of 5 metrics, float32 took 3 times as long."
    )
    apart = [run("float32", 1.0), run("bfloat16", 1.3)]
    assert "apart by KID of 5 metrics" in report.finding_rounding(apart)


def test_without_both_precisions_there_is_nothing_to_compare():
    runs = [run("float32", 1.0)]
    assert report.table_rounding(runs).empty and report.finding_rounding(runs) == "not run."


def test_a_setting_in_both_precisions_is_shown_in_float32():
    runs = [run("bfloat16", 1.0), run("float32", 2.0)]
    assert report.find(runs, "dgan", "bce", 3.0).final["kid"] == 2.0
    assert report.find(runs[:1], "dgan", "bce", 3.0).final["kid"] == 1.0


def test_a_run_in_bfloat16_is_called_so():
    assert run("bfloat16", 1.0).label == "BCE λ=3, bfloat16" and run("float32", 1.0).label == "BCE λ=3"
