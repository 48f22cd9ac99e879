"""Do synthetic images help a classifier? What it scores, and arms of training compared in pairs.

An arm is a classifier's training set. Scores of two arms share their test images and training seeds, so their
difference is far better known than either of them.
"""

import numpy as np
import pandas as pd

SPECIFICITY = 0.9  # at which the sensitivity is read
BASELINES = ("real alone", "copies")  # what each arm is compared with
RESAMPLES = 2000


def measures(y, p, weights=None):
    """{measure: (B,)} of probabilities p (n,) for classes y (n,), once for each row of weights (B, n); None: all 1.

    AUC                    chance that a scan of class 1 scores above one of class 0, ties count half
    sensitivity            share of class 1 above the lowest threshold at which 90 % of class 0 lie at or below it
    Brier score            mean squared error of the probability, 0 is best
    calibration            mean probability less the share of class 1: above 0 the classifier cries wolf
    """
    weights = np.ones((1, len(y))) if weights is None else np.atleast_2d(weights)
    of_1, of_0 = weights[:, y == 1], weights[:, y == 0]
    p_1, p_0 = p[y == 1], p[y == 0]
    above = (p_1[:, None] > p_0) + 0.5 * (p_1[:, None] == p_0)
    order = np.argsort(-p_0, kind="stable")
    passed = of_0[:, order].cumsum(1) > (1 - SPECIFICITY) * of_0.sum(1, keepdims=True) + 1e-9
    threshold = p_0[order][passed.argmax(1)]
    total = weights.sum(1)
    return {
        "AUC": np.einsum("bi,ij,bj->b", of_1, above, of_0, optimize=True) / (of_1.sum(1) * of_0.sum(1)),
        "sensitivity": (of_1 * (p_1 > threshold[:, None])).sum(1) / of_1.sum(1),
        "Brier score": weights @ (p - y) ** 2 / total,
        "calibration": weights @ (p - y) / total,
    }


def compare(y, groups, scores, seed=0):
    """A tidy DataFrame, one row for each arm, measure and `against`, with 95 % intervals: arm, measure, against, value,
    low, high and error (the standard error).

    scores: {arm: (S, n)} probabilities by training seed for the test images of classes y (n,) and groups (n,); all arms
    share the seeds, and the two of BASELINES must be among them.
    against "": the measure itself; "real alone" or "copies": the arm's difference from that one.
    Intervals are percentiles over resamples of whole test groups and of training seeds, both with replacement and the
    same ones for every arm (Efron & Tibshirani 1993), so that differences are paired.
    """
    rng = np.random.default_rng(seed)
    names, group = np.unique(groups, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)[:, group]
    drawn = drawn[(drawn[:, y == 1].sum(1) > 0) & (drawn[:, y == 0].sum(1) > 0)]
    drawn = np.concatenate([np.ones((1, len(y)), int), drawn]).astype(float)  # the first is the sample itself
    n_seeds = len(next(iter(scores.values())))
    of_seed = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), len(drawn)) / n_seeds
    of_seed[0] = 1 / n_seeds
    found = {}
    for arm, p in scores.items():
        by_seed = [measures(y, of_one, drawn) for of_one in p]
        found[arm] = {name: sum(of_seed[:, s] * m[name] for s, m in enumerate(by_seed)) for name in by_seed[0]}
    rows = []
    for arm, measured in found.items():
        for name, values in measured.items():
            for against in ("", *BASELINES):
                if against not in (arm, *(BASELINES if arm == "real alone" else ())):
                    rows.append([arm, name, against, *_summary(values - (found[against][name] if against else 0))])
    return pd.DataFrame(rows, columns=["arm", "measure", "against", "value", "low", "high", "error"])


def _summary(values):
    """The sample's value, and the 95 % percentile interval and standard error of its resamples."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return values[0], low, high, values[1:].std()
