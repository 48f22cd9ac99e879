"""Settings trained in float32 and in bfloat16: whether rounding alone changes what is measured, and what it saves."""

import numpy as np
import pandas as pd

from .benchmark import duration
from .claims import order, pooled
from .collect import label
from .seeds import listed, of_seeds

METRICS = {"kid": "KID", "fid": "FID", "lpips_real_fake": "LPIPS", "ms_ssim_real_fake": "MS-SSIM", "swd_pca": "PCA-SWD"}
PRECISIONS = ("float32", "bfloat16")


def by_precision(runs):
    """{(model, loss, λ): {precision: its runs, one a seed}}, of the settings that were trained in both."""
    found = {}
    for run in runs:
        config = run.config
        key = config.get("model", "dgan"), config.get("loss"), config.get("lam")
        found.setdefault(key, {}).setdefault(run.precision, []).append(run)
    return {key: {p: ways[p] for p in PRECISIONS} for key, ways in found.items() if ways.keys() >= set(PRECISIONS)}


def table_rounding(runs):
    """A row per setting and measure, a column per precision: each seed's number, in the order of the seeds."""
    rows = {}
    for key, ways in by_precision(runs).items():
        rows[label(*key), "a training"] = {precision: _training(seeds) for precision, seeds in ways.items()}
        for metric, name in METRICS.items():
            rows[label(*key), name] = {precision: _numbers(seeds, metric) for precision, seeds in ways.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _training(seeds):
    """The mean time of a training."""
    seconds = [run.status["seconds"] for run in seeds if run.status.get("seconds") is not None]
    return duration(np.mean(seconds)) if seconds else "not logged"


def _numbers(seeds, metric):
    """ "0.066, 1.5, 142": what each seed measured, to two digits at least."""
    return listed(f"{n:.0f}" if abs(n) >= 100 else f"{n:.2g}" for n in of_seeds(seeds, metric))


def finding_rounding(runs):
    """For each setting, by which metrics the intervals of both precisions are apart, and the ratio of their times."""
    sentences = []
    for key, ways in by_precision(runs).items():
        kinds = {
            name: order(*(pooled(precision, seeds, metric) for precision, seeds in ways.items()), metric)
            for metric, name in METRICS.items()
        }
        measured = [name for name, kind in kinds.items() if kind is not None]
        apart = [name for name in measured if kinds[name] != "within"]
        exact, rounded = (np.mean([run.status.get("seconds", np.nan) for run in ways[p]]) for p in PRECISIONS)
        sentences.append(
            f"{label(*key)}: intervals apart by {', '.join(apart) if apart else 'none'} of {len(measured)} metrics, "
            f"float32 took {exact / rounded:.2g} times as long."
        )
    return " ".join(sentences) or "not run."
