"""WGAN-GP's two weights apart: what KID and FID do where one moves alone and the other stays at λ."""

from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .claims import order, pooled
from .collect import LAMS
from .panels import empty, sign
from .style import OKABE_ITO, colour, shade, use_style
from .tables import interval_cell, our_cell, value

WEIGHTS = {"lam_gp": "gradient penalty", "lam_perceptual": "perceptual term"}
LINES = {"lam_gp": {"marker": "o", "linestyle": "-"}, "lam_perceptual": {"marker": "s", "linestyle": "--"}}
METRICS = {"kid": "KID", "fid": "FID"}


def alone(runs, weight):
    """{value of this weight: its runs, one a seed}, ascending, of the WGAN-GP runs whose other weight is at λ."""
    (other,) = WEIGHTS.keys() - {weight}
    found = {}
    for run in runs:
        config = run.config
        if config.get("loss") == "wgan-gp" and config.get(other) is None:
            at = config["lam"] if config.get(weight) is None else config[weight]
            found.setdefault(float(at), []).append(run)
    return dict(sorted(found.items()))


def moved(runs, weight, metric):
    """(settings measured, pairs of them whose intervals are apart, all pairs) where this weight moves alone."""
    points = [pooled(f"{at:g}", seeds, metric) for at, seeds in alone(runs, weight).items()]
    points = [point for point in points if np.isfinite(point.number)]
    pairs = list(combinations(points, 2))
    return points, sum(order(*pair, metric) != "within" for pair in pairs), len(pairs)


def finding(runs):
    """Which weight moves KID and FID, one sentence for each; "not run" where there are no two settings."""
    sentences = []
    for metric, name in METRICS.items():
        found = {words: moved(runs, weight, metric) for weight, words in WEIGHTS.items()}
        if not all(of for _, _, of in found.values()):
            sentences.append(f"{name}: not run.")
            continue
        movers = [words for words, (_, apart, _) in found.items() if apart]
        verdict = {0: f"Neither weight moves {name} beyond its intervals", 2: f"Both weights move {name}"}.get(
            len(movers), f"Only the weight of the {movers[0] if movers else ''} moves {name} beyond its intervals"
        )
        spans = [
            f"{words} {_span(point.number for point in points)}, intervals apart in {apart} of {of} pairs"
            for words, (points, apart, of) in found.items()
        ]
        both_at_lam = [value(run, metric) for seeds in alone(runs, "lam_gp").values() for run in seeds if _at_lam(run)]
        spans += [f"the seed {_span(both_at_lam)}"] if len(both_at_lam) > 1 else []
        sentences.append(f"{verdict} ({'; '.join(spans)}).")
    return " ".join(sentences)


def _at_lam(run):
    return all(run.config.get(weight) is None for weight in WEIGHTS)


def _span(numbers):
    numbers = sorted(numbers)
    return f"{numbers[0]:.3g} to {numbers[-1]:.3g}".replace("-", "−")


def figure_weights(runs):
    """KID and FID against the one weight that moves, with 95 % intervals over images; the floor is dotted."""
    use_style()
    figure = Figure(figsize=(9, 3.8))
    for ax, (metric, name) in zip(figure.subplots(1, 2), METRICS.items(), strict=True):
        drawn = False
        for k, (weight, words) in enumerate(WEIGHTS.items()):
            points = moved(runs, weight, metric)[0]
            if not points:
                continue
            drawn = True
            x = np.array([float(point.name) for point in points]) * (1.03 if k else 0.97)  # or one would hide the other
            y, low, high = np.array([point[1:] for point in points]).T
            blue = shade(colour("dgan", "wgan-gp"), -0.5 * k)
            ax.errorbar(x, y, [y - low, high - y], color=blue, capsize=3, lw=1.3, ms=5, label=words, **LINES[weight])
        if not drawn:
            empty(ax)
            continue
        floors = [run.floor[metric] for run in runs if run.floor.get(metric) is not None]
        if floors:
            ax.axhline(np.mean(floors), color=OKABE_ITO["floor"], ls=":", label="real–real floor")
        ax.set_xscale("log")
        ax.set_xticks(LAMS, [f"{lam:g}" for lam in LAMS])
        ax.minorticks_off()
        ax.set_xlabel("the weight that moves; the other stays at λ")
        ax.set_ylabel(f"{name} (lower is better)")
        ax.legend(fontsize=8)
    sign(figure, runs)
    return figure


def table_weights(runs):
    """A row per weight and value: KID and FID of the first seed with their intervals; "not run" where there is none."""
    rows = {}
    for weight, words in WEIGHTS.items():
        found = alone(runs, weight)
        for at in sorted({*LAMS, *found}):
            run = next(iter(found.get(at, [])), None)
            rows[words, f"{at:g}"] = {
                heading: cell(run, metric)
                for metric, name in METRICS.items()
                for heading, cell in ((name, our_cell), (f"{name}, 95 %", interval_cell))
            }
    return pd.DataFrame.from_dict(rows, orient="index")
