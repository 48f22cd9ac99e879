"""The paper's claims A–G, each judged by what the runs measured: holds, does not hold, can't be told, or not run.

A claim is a set of orders: one setting is better than another by some metric. It is judged by pairs of trainings. At
one λ and seed both losses start from the same weights and see the same batches, so nothing drawn at random differs
between two such runs. Their difference still holds chance, since training magnifies whatever differs: only other seeds
can show how much. It is taken relative to the two numbers, (b − a) / (a + b), in [−1, 1], where they lie well above 0;
metrics that can be 0 are subtracted as they are, estimates below 0 as 0. The orders' mean at a seed that all of them
have counts as one difference, since runs of a seed share its weights, batches and z. A claim holds if the mean over
seeds has a 95 % interval (Student's t) above 0, and every order was run and has a mean above 0. It does not hold if
that interval lies below 0, or that of one order, at a level that allows for how many orders there are (Bonferroni).

With fewer than two such seeds there is a verdict, about these seeds, only where no setting is in two orders, as for
both losses at each λ: the interval is then over orders. Otherwise a claim can't be told: intervals over images say how
these generators differ, not whether other trainings would.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t

from dgan_core.metrics.table import METRICS
from dgan_core.profiles import LAMBDAS

from .page import headed, inline, named, short
from .paper import load_paper
from .results import BEST, label

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
DISTANCES = ("kernel_distance", "frechet_distance")
VARIETY = ("recall", "coverage", "lpips_fake_fake", "ms_ssim_fake_fake")
CAN_BE_0 = ("kernel_distance", "recall", "coverage", "setbacks")
WGAN_GP, BCE, STYLEGAN2, STYLEGAN3 = BEST
EVERY_LAM = [tuple(label("dgan", loss, lam) for loss in ("wgan-gp", "bce")) for lam in LAMBDAS]


def _best(best, settings):
    return [(best, other) for other in settings if other != best]


ORDERS = {  # letter → metrics, and pairs of settings of which the first is claimed to be the better
    "A": (DISTANCES, EVERY_LAM),
    "B": (DISTANCES, _best(WGAN_GP, [pair[0] for pair in EVERY_LAM])),
    "C": (DISTANCES, _best(BCE, [pair[1] for pair in EVERY_LAM])),
    "D": (VARIETY, EVERY_LAM),
    "E": (("setbacks",), EVERY_LAM),
    "F": (DISTANCES, _best(STYLEGAN3, BEST)),
    "G": (("swd_umap",), list(combinations((WGAN_GP, STYLEGAN3, BCE, STYLEGAN2), 2))),
}
KINDS = "the intervals lie apart", "the other way round", "the intervals overlap"


class Judged(NamedTuple):
    """A verdict; in how many of the orders that were run the means lie as claimed, "4 of 5"; why, with the figures.

    effect, low, high: the mean of n differences, positive for the claim, and its 95 % interval; None without any.
    """

    verdict: str
    orders: str
    why: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


def mean_interval(differences, level=0.95):
    """(mean, low, high): the interval of Student's t of n ≥ 2 differences; infinite with one."""
    d = np.asarray(differences, float)
    reach = t.ppf((1 + level) / 2, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)) if len(d) > 1 else np.inf
    return float(d.mean()), float(d.mean() - reach), float(d.mean() + reach)


def relative(a, b):
    """(b − a) / (a + b) at each seed that both series hold, of numbers above 0."""
    return ((b - a) / (a + b)).dropna()


def difference(a, b):
    """b − a at each seed that both series hold, estimates below 0 taken as 0."""
    return b.clip(lower=0).sub(a.clip(lower=0)).dropna()


def judge(rows, pairs, better="low", apart_by=relative, most=1):
    """`Judged` of the claim that of each pair of labels the first is the better.

    rows: label, seed, value, low, high of one metric by one extractor, as in `Results.measured`.
    better: "low" or "high", whichever is good.  apart_by: `relative` or `difference`.  most: what it can't exceed.
    """
    sign = 1 if better == "low" else -1
    rows = rows.dropna(subset="value").groupby(["label", "seed"])[["value", "low", "high"]].mean().reset_index("seed")
    seeds = {name: part.set_index("seed") for name, part in rows.groupby("label")}
    missing = sorted({name for pair in pairs for name in pair if name not in seeds})
    measured = [pair for pair in pairs if {*pair} <= seeds.keys()]
    absent = f"no number for {', '.join(missing)}" if missing else ""
    if not measured:
        return Judged(NOT_RUN, "", f"{absent}.")
    found = {pair: sign * apart_by(*(seeds[name]["value"] for name in pair)) for pair in measured}
    together = pd.concat(found, axis="columns", join="inner").mean(axis="columns")
    if len(together) < 2 and len({*sum(measured, ())}) == 2 * len(measured):  # too few seeds, but trainings apart
        together = pd.Series({pair: differences.mean() for pair, differences in found.items()}).dropna()
    paired = len(together) > 1 and min(map(len, found.values())) > 0
    return _paired(found, together, pairs, absent, most) if paired else _by_images(seeds, pairs, measured, absent, sign)


def _paired(found, together, pairs, absent, most):
    effect, low, high = np.clip(mean_interval(together), -most, most).tolist()
    means = {pair: differences.mean() for pair, differences in found.items()}
    against = any(mean_interval(differences, 1 - 0.05 / len(found))[2] < 0 for differences in found.values())
    contrary = [pair for pair, mean in means.items() if mean <= 0]
    why = f"mean difference {_shown(effect, low, high)}, n = {len(together)}"
    not_so = (f"{' against '.join(p)} by {short(means[p])} (n = {len(found[p])})" for p in contrary)
    why += f"; not so: {', '.join(not_so)}" if contrary else ""
    verdict = OPEN
    if high < 0 or against:
        verdict = FAILS
    elif low > 0 and not contrary and len(found) == len(pairs):
        verdict = HOLDS
    orders = _count(len(means) - len(contrary), found, pairs)
    return Judged(verdict, orders, _sentence(why, absent), effect, low, high, len(together))


def _count(right, measured, pairs):
    """ "4 of 5", and "2 of the 3 run" where some of the pairs were not run."""
    return f"{right} of {len(measured)}" if len(measured) == len(pairs) else f"{right} of the {len(measured)} run"


def _by_images(seeds, pairs, measured, absent, sign):
    ends = {name: pooled(part) for name, part in seeds.items()}
    kinds = {pair: _order(*(ends[name] for name in pair), sign) for pair in measured}

    def told(pair):
        return " against ".join(f"{name} {_shown(*ends[name])}" for name in pair)

    groups = {kind: ", ".join(told(pair) for pair in measured if kinds[pair] == kind) for kind in KINDS}
    parts = [f"{kind}: {listed}" for kind, listed in groups.items() if listed]
    parts.append("each setting needs two seeds or more")
    right = sum(sign * (ends[other][0] - ends[one][0]) > 0 for one, other in measured)
    return Judged(OPEN, _count(right, measured, pairs), _sentence("; ".join(parts), absent))


def pooled(part):
    """(mean over seeds, lowest end, highest end) of a setting's intervals; without one, infinite."""
    return part["value"].mean(), part["low"].fillna(-np.inf).min(), part["high"].fillna(np.inf).max()


def _order(first, second, sign):
    below, above = (first, second) if sign > 0 else (second, first)
    return KINDS[0 if below[2] < above[1] else 1 if above[2] < below[1] else 2]


def _shown(number, low, high):
    return f"{short(number)} [{short(low)}, {short(high)}]"


def _sentence(*parts):
    return "; ".join(part for part in parts if part) + "."


def setbacks(found):
    """A row per run and extractor: the share of snapshots whose Fréchet distance lies above an earlier one's.

    By more, as a share of it, than the last snapshot's 95 % interval reaches upwards: a rule of thumb and no test.
    """
    rows = []
    last = found.measured.query("metric == 'frechet_distance'").set_index(["run", "extractor"])
    for key, part in found.history.query("metric == 'frechet_distance'").groupby(["run", "extractor"], sort=False):
        if key not in last.index or len(part) < 2:
            continue
        distance = part.sort_values("epoch")["value"].to_numpy()
        allowed = last.loc[key, "high"] / last.loc[key, "value"]
        back = (distance[1:] > allowed * np.minimum.accumulate(distance)[:-1]).sum()
        rows.append({**part.iloc[0], "metric": "setbacks", "value": back / (len(distance) - 1)})
    return pd.DataFrame(rows, columns=found.measured.columns)


def decisive(measured):
    """The rows of `Results.measured` without radiomics' kernel distance, which a few extreme statistics make."""
    return measured[(measured["extractor"] != "radiomics") | (measured["metric"] != "kernel_distance")]


def claims(found):
    """One row per claim, measure and extractor: letter, claim, measure, extractor, and what `Judged` holds.

    The extractor is "" for metrics that use none, and for what no run has measured.
    """
    measured = pd.concat(
        [part for part in (decisive(found.measured), setbacks(found)) if len(part)] or [found.measured]
    )
    rows = []
    for letter, (metrics, pairs) in ORDERS.items():
        for metric in metrics:
            own = measured[measured["metric"] == metric]
            if own.empty and metric in found.measured["metric"].values:
                continue  # measured, but by nothing that may decide
            of_features = metric == "setbacks" or METRICS[metric].of_features
            extractors = own["extractor"].drop_duplicates() if of_features else ["" for _ in own[:1].index]
            for extractor in [*extractors] or [""]:
                by = own[own["extractor"] == extractor] if extractor else own.drop_duplicates(["label", "seed"])
                name = "Setbacks of the Fréchet distance ↓" if metric == "setbacks" else headed(metric)
                better = "low" if metric == "setbacks" else METRICS[metric].better
                how = difference if metric in CAN_BE_0 else relative
                most = np.inf if metric == "kernel_distance" else 1  # the others are shares
                rows.append((letter, CLAIMS[letter], name, extractor, *judge(by, pairs, better, how, most)))
        if letter == "F":
            there = any(run.tiles() is not None for run in found.of(STYLEGAN3).values())
            words = "no metric here measures bands; its images are there to look at." if there else "no image of it."
            rows.append((letter, CLAIMS[letter], "Bands", "", *Judged(OPEN if there else NOT_RUN, "", words)))
    return pd.DataFrame(rows, columns=["letter", "claim", "measure", "extractor", *Judged._fields])


def disagreements(judged):
    """The claims on which extractors give different verdicts, with the measures, in a sentence; "" where they agree."""
    differ = {}
    for (letter, measure), rows in judged.groupby(["letter", "measure"], sort=False):
        if rows["verdict"].nunique() > 1:
            differ.setdefault(letter, []).append(inline(measure))
    told = ", ".join(f"{letter} ({', '.join(measures)})" for letter, measures in differ.items())
    return f"The extractors give different verdicts on {told}. " if told else ""


def together(judged):
    """letter → one verdict of several measures and extractors.

    It holds by all of them; it does not hold by at least one, where none says that it holds.
    """

    def one(verdicts):
        said = set(verdicts)
        return verdicts.iloc[0] if len(said) == 1 else FAILS if FAILS in said and HOLDS not in said else OPEN

    return judged.groupby("letter")["verdict"].agg(one)


def lower_at(means):
    """(λ at which WGAN-GP's mean is the lower, λ at which BCE's is, λ that both have); below 0 is no better than 0."""
    both = [means[[*pair]].clip(lower=0).tolist() for pair in EVERY_LAM if {*pair} <= set(means.index)]
    return sum(one < other for one, other in both), sum(other < one for one, other in both), len(both)


def lower_by(rows):
    """ "0 of 5 by features of mine, 2 of 5 by radiomics": at how many λ WGAN-GP has the lower mean of `rows`."""
    told = []
    for name, part in rows.groupby("extractor", sort=False):
        wgan_gp, bce, of = lower_at(part.groupby("label")["value"].mean())
        tie = f" with a tie at {of - wgan_gp - bce}" if wgan_gp + bce < of else ""
        told += [f"{wgan_gp} of {of} by {named(name)}{tie}"] if of else []
    return ", ".join(told)


def in_paper():
    """The same of the paper's own tables, in a sentence."""
    paper = load_paper().dropna(subset="value")
    printed = [(m, lower_at(paper[paper["metric"] == m].set_index("label")["value"])) for m in DISTANCES]
    told = " and ".join(f"the lower {inline(headed(m, 'inception'))} at {n} of {of}" for m, (n, _, of) in printed)
    return f"In the paper's tables, at the λ where both losses' numbers can be read, it has {told}."


def main_claim(found):
    """Claim A in two sentences: at how many λ it is so here, by means over seeds, and in the paper's own tables."""
    measured = decisive(found.measured)
    told = [(m, lower_by(measured[measured["metric"] == m])) for m in DISTANCES]
    parts = [f"the lower {inline(headed(m))} at {listed}" for m, listed in told if listed]
    if not parts:
        return "No λ has been measured with both losses yet."
    return f"Over the values of λ, WGAN-GP has {' and '.join(parts)}. {in_paper()}"
