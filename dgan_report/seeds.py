"""What another seed changes: every seed's numbers, and how far those of one setting lie apart."""

from collections import Counter

import numpy as np
import pandas as pd

from .collect import LOSSES, label, lams, matching
from .tables import value


def over_seeds(runs):
    """What to add to a number's name where it is a mean over the seeds of a setting."""
    return " (mean over seeds)" if len({run.config.get("seed") for run in runs}) > 1 else ""


def trainings(runs):
    """How often each setting was trained, one training a seed: the fewest of a model's or loss's settings."""
    counts = {}
    for run in runs:
        of = counts.setdefault(label(run.config["model"], run.config.get("loss")), Counter())
        of[run.label] += 1
    told = ", ".join(f"{name} {min(of.values())}" for name, of in counts.items())
    return f"Trainings of each setting, a seed each: {told}."


def per_seed(runs):
    """At each λ, every seed's KID and FID under both losses, "0.022, 1.49" in the order of the seeds."""
    rows = []
    for lam in lams(runs):
        keys = [("dgan", loss, lam) for loss in LOSSES]
        found = {(metric, key): of_seeds(matching(runs, *key), metric) for metric in ("kid", "fid") for key in keys}
        rows.append({
            f"{metric.upper()} {label(*key[:2])}": listed(f"{n:.3g}" for n in numbers)
            for (metric, key), numbers in found.items()
        })  # fmt: skip
    return pd.DataFrame(rows, index=[f"λ = {lam:g}" for lam in lams(runs)])


def finding_seeds(runs):
    """How far the seeds of one setting lie apart at most, under either loss; "" where no setting has two."""
    parts = []
    for metric in ("kid", "fid"):
        apart = {}
        for loss in LOSSES:
            found = [of_seeds(matching(runs, "dgan", loss, lam), metric) for lam in lams(runs)]
            if spans := [np.ptp(numbers) for numbers in found if len(numbers) > 1]:
                apart[label("dgan", loss)] = max(spans)
        if apart:
            parts.append(f"{metric.upper()} by " + " and ".join(f"{a:.3g} under {name}" for name, a in apart.items()))
    return f"Seeds of one setting differ at most in {', in '.join(parts)}." if parts else ""


def of_seeds(seeds, metric):
    """What the runs of one setting, one a seed, measured, in the order of the seeds; without those not measured."""
    seeds = sorted(seeds, key=lambda run: run.config.get("seed") or 0)
    return [value(run, metric) for run in seeds if np.isfinite(value(run, metric))]


def listed(texts):
    """Numbers' texts in one cell of a table; "not run" where there is none."""
    return ", ".join(texts).replace("-", "−") or "not run"
