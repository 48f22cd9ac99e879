"""The paper's claims A–G, each judged by what the runs measured: holds, does not hold, can't be told, or not run.

A claim is an order: one setting lies below another by some metric. An order is *clear* where the 95 % intervals of the
two have no number in common. A claim holds if every order that it states is clear, does not hold if one is clearly the
other way round, and can't be told otherwise, be it for overlap or for a setting that was not run.
"""

from html import escape
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from .collect import LAMS, LOSSES, label, lams, matching
from .page import Html
from .seeds import over_seeds
from .tables import COLUMNS, TABLE3, value

VERDICTS = HOLDS, FAILS, OPEN, NOT_RUN = "holds", "does not hold", "can't be told", "not run"
CLAIMS = {
    "A": "WGAN-GP has the lower KID and FID at every λ.",
    "B": "WGAN-GP's best λ is 5.",
    "C": "BCE's best λ is 3.",
    "D": "WGAN-GP's images are more varied at every λ.",
    "E": "WGAN-GP trains more steadily.",
    "F": "StyleGAN3 has the lowest KID and FID, but banding artefacts.",
    "G": "By UMAP-SWD: WGAN-GP, then StyleGAN3, BCE, StyleGAN2.",
}
WGAN_GP, BCE, STYLEGAN2, STYLEGAN3 = TABLE3  # the two DGANs at the λ that the paper calls best
EVERY_LAM = [(("dgan", "wgan-gp", lam), ("dgan", "bce", lam)) for lam in LAMS]
HEADINGS = {name: heading for name, (heading, _) in COLUMNS.items()} | {"swd_umap": "UMAP-SWD ↓"}


def _below_the_rest(best, rest):
    return [(best, key) for key in rest if key != best]


ORDERS = {  # letter → pairs of settings of which the first is claimed to be the better, by each of these metrics
    "A": (("kid", "fid"), EVERY_LAM),
    "B": (("kid", "fid"), _below_the_rest(WGAN_GP, [pair[0] for pair in EVERY_LAM])),
    "C": (("kid", "fid"), _below_the_rest(BCE, [pair[1] for pair in EVERY_LAM])),
    "D": (("lpips_fake_fake", "ms_ssim_fake_fake"), EVERY_LAM),
    "F": (("kid", "fid"), _below_the_rest(STYLEGAN3, TABLE3)),
    "G": (("swd_umap",), list(combinations((WGAN_GP, STYLEGAN3, BCE, STYLEGAN2), 2))),
}
HIGH_IS_BETTER = {"lpips_fake_fake"}
KINDS = ("clear", "reversed", "within", None)  # of an order; None: not measured


class Measured(NamedTuple):
    """One metric of one setting: its mean over seeds, and the ends of its seeds' 95 % intervals taken together."""

    name: str
    number: float
    low: float
    high: float

    def __str__(self):
        return f"{self.name} at {self.number:.3g} [{self.low:.3g}, {self.high:.3g}]".replace("-0", "−0")


class Judged(NamedTuple):
    """A verdict; how many of the claim's orders are clear, "4 of 5"; and why, with the figures."""

    verdict: str
    orders: str
    why: str


def pooled(name, seeds, metric):
    """What the runs of one setting, one a seed, measured together; NaN where none was evaluated."""
    seeds = [run for run in seeds if np.isfinite(value(run, metric))]
    if not seeds:
        return Measured(name, np.nan, np.nan, np.nan)
    number, low, high = ([value(run, part) for run in seeds] for part in (metric, f"{metric}_low", f"{metric}_high"))
    return Measured(name, float(np.mean(number)), min(low), max(high))


def measured(runs, key, metric):
    """What the setting `key` (model, loss, λ) measured, over all its seeds."""
    return pooled(label(*key), matching(runs, *key), metric)


def order(better, worse, metric):
    """How the first of two `Measured` lies to the second: "clear" for better, "reversed", or "within" the intervals.

    None where one of them was not measured.
    """
    if not np.isfinite([better.number, worse.number]).all():
        return None
    below, above = (worse, better) if metric in HIGH_IS_BETTER else (better, worse)
    if below.high < above.low:
        return "clear"
    return "reversed" if above.high < below.low else "within"


def judge(pairs, metric):
    """`Judged` of the claim that of each pair of `Measured` the first is the better by this metric."""
    found = {kind: [pair for pair in pairs if order(*pair, metric) == kind] for kind in KINDS}
    missing = list(dict.fromkeys(one.name for pair in found[None] for one in pair if not np.isfinite(one.number)))
    absent = [f"no number for {', '.join(missing)}"] if missing else []
    if len(found[None]) == len(pairs):
        return Judged(NOT_RUN, "", absent[0] + ".")
    orders, parts = f"{len(found['clear'])} of {len(pairs)}", []
    if found["clear"]:
        gap = {pair: max(pair[0].low - pair[1].high, pair[1].low - pair[0].high) for pair in found["clear"]}
        parts.append(f"clear, least so {_against([min(gap, key=gap.get)])}")
    if found["reversed"]:
        orders += f", {len(found['reversed'])} the other way round"
        parts.append(f"the other way round {_against(found['reversed'])}")
    parts += [f"within the intervals {_against(found['within'])}"] if found["within"] else []
    verdict = FAILS if found["reversed"] else HOLDS if len(found["clear"]) == len(pairs) else OPEN
    return Judged(verdict, orders, "; ".join(parts + absent) + ".")


def _against(pairs):
    """ "A 1 [0, 2] against B 3 [2, 4], C 5 [4, 6]": what each first was compared with."""
    others = {}
    for one, other in pairs:
        others.setdefault(one, []).append(str(other))
    return " and ".join(f"{one} against {', '.join(rest)}" for one, rest in others.items())


def setbacks(run):
    """(setbacks, snapshots): how often FID lay above an earlier snapshot's by more than chance could explain.

    Chance is taken to be as large, relative to FID, as the last snapshot's 95 % interval reaches upwards.
    """
    fid = run.history.sort_values("epoch")["fid"].to_numpy()
    allowed = value(run, "fid_high") / value(run, "fid")
    return int((fid[1:] > allowed * np.minimum.accumulate(fid)[:-1]).sum()), len(fid)


def judge_steadiness(runs):
    """`Judged` of claim E, by the setbacks of FID under each loss at the same λ."""
    counts = []  # (λ, loss, (setbacks, snapshots))
    for pair in EVERY_LAM:
        histories = [[run for run in matching(runs, *key) if "fid" in run.history] for key in pair]
        if all(histories):
            counts.append([np.sum([setbacks(run) for run in seeds], axis=0) for seeds in histories])
    if not counts:
        return Judged(NOT_RUN, "", "no λ has been followed under both losses.")
    counts = np.array(counts)
    shares = counts[..., 0] / counts[..., 1]
    fewer, more = (shares[:, 0] < shares[:, 1]).sum(), (shares[:, 0] > shares[:, 1]).sum()
    ours, theirs = counts.sum(axis=0)
    why = (
        f"{ours[0]} of {ours[1]} snapshots under WGAN-GP, {theirs[0]} of {theirs[1]} under BCE; a smaller share under "
        f"WGAN-GP at {fewer} of {len(counts)} λ, a larger one at {more}."
    )
    orders = f"{fewer} of {len(counts)}" + (f", {more} the other way round" if more else "")
    return Judged(FAILS if more and not fewer else HOLDS if fewer == len(EVERY_LAM) else OPEN, orders, why)


def judge_bands(runs):
    """`Judged` of the second half of claim F, which no metric of ours measures."""
    if any(run.tiles() is not None for run in matching(runs, *STYLEGAN3)):
        return Judged(OPEN, "", "no metric here measures bands; its images are there to look at.")
    return Judged(NOT_RUN, "", "no images of StyleGAN3.")


def claims(runs):
    """One row per claim and measure: letter, claim, measure, verdict, orders, why."""
    rows = []
    for letter, claim in CLAIMS.items():
        metrics, keys = ORDERS.get(letter, ((), ()))
        for metric in metrics:
            pairs = [tuple(measured(runs, key, metric) for key in pair) for pair in keys]
            rows.append((letter, claim, HEADINGS[metric], *judge(pairs, metric)))
        if letter == "E":
            rows.append((letter, claim, "setbacks of FID", *judge_steadiness(runs)))
        if letter == "F":
            rows.append((letter, claim, "bands", *judge_bands(runs)))
    return pd.DataFrame(rows, columns=["letter", "claim", "measure", *Judged._fields])


def claims_table(judged):
    """What `claims` judged, for a page: a row per claim and measure, without the figures."""
    table = judged[["measure", "verdict", "orders"]].rename(
        columns={"measure": "by", "orders": "orders that are clear"}
    )
    first = ~judged["letter"].duplicated()
    return table.set_axis((judged["letter"] + ". " + judged["claim"]).where(first, ""))


def caption_claims(judged):
    """Which of the seven claims hold, do not, can't be told, were not run: by every measure of a claim together."""
    found = judged.groupby("letter")["verdict"].agg(set)
    of = {kind: [letter for letter, verdicts in found.items() if _together(verdicts) == kind] for kind in VERDICTS}
    parts = [f"{', '.join(letters)}: {kind}" for kind, letters in of.items() if letters]
    return f"Table A1. The paper's claims, by all of a claim's measures together. {'; '.join(parts)}."


def _together(verdicts):
    """One verdict of several: it fails by one measure, and holds by all."""
    return FAILS if FAILS in verdicts else next(iter(verdicts)) if len(verdicts) == 1 else OPEN


def claims_figures(judged):
    """Why each verdict of `claims` is what it is: every order with its numbers, folded until it is asked for."""
    parts = []
    for (letter, claim), rows in judged.groupby(["letter", "claim"], sort=False):
        lines = (
            f"<li>{r.measure}: {escape(r.verdict)}. {escape(r.why[0].upper() + r.why[1:])}</li>"
            for r in rows.itertuples()
        )
        parts.append(f"<p><strong>{letter}. {escape(claim)}</strong></p><ul>{''.join(lines)}</ul>")
    summary = "<summary>The figures behind each verdict</summary>"
    return Html(f'<details class="dgan-folded">{summary}{"".join(parts)}</details>')


def main_claim(runs):
    """Claim A in one sentence, at whatever λ both losses were run."""
    parts = []
    for metric in ("kid", "fid"):
        pairs = [[measured(runs, ("dgan", loss, lam), metric) for loss in LOSSES] for lam in lams(runs)]
        kinds = [order(*pair, metric) for pair in pairs]
        lower = sum(a.number < b.number for a, b in pairs)  # NaN is lower than nothing
        both, apart = (sum(kind in kinds_of for kind in kinds) for kinds_of in (KINDS[:3], KINDS[:2]))
        if both:
            name = f"{metric.upper()}{over_seeds(runs)}"
            parts.append(f"WGAN-GP has the lower {name} at {lower} of {both} λ (intervals apart at {apart})")
    if not parts:
        return "No λ has been measured with both losses yet."
    return "; ".join(parts) + ". The paper reports 5 of 5 for both, of one run each."
