"""Two runs side by side: losses, samples, metrics, and which loss is lower at each λ."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .claims import measured, order
from .collect import LOSSES, find, label, lams
from .panels import empty, images, sign
from .style import run_style, use_style
from .tables import COLUMNS, our_cell, value

CURVES = {  # logged column → title, scale of the axis
    "critic_loss": ("critic's loss", "linear"),
    "generator_loss": ("generator's loss", "linear"),
    "wasserstein": ("critic's score, real − generated", "linear"),
    "perceptual": ("perceptual term, before its weight", "linear"),
    "accuracy": ("critic's accuracy, share of a minibatch", "linear"),
    "penalty": ("gradient penalty, before its weight", "log"),
    "critic_gradient": ("norm of the critic's gradient", "log"),
    "generator_gradient": ("norm of the generator's gradient", "log"),
}
LOWER_IS_BETTER = {"kid", "fid", "lpips_real_fake", "ms_ssim_fake_fake"}


def logged(run, column):
    """The rows of a run's log that hold this column; none where it is 0 throughout, as BCE's penalty is."""
    if run is None or column not in run.log or not run.log[column].any():
        return pd.DataFrame()
    return run.log.dropna(subset=[column])  # critic-only rows lack the generator's terms


def figure_losses(runs):
    """A panel for each quantity that any run logged, against step. The losses of two objectives share no scale."""
    use_style()
    columns = [column for column in CURVES if any(len(logged(run, column)) for run in runs)] or list(CURVES)[:4]
    rows = -(-len(columns) // 2)
    figure = Figure(figsize=(9, 2.8 * rows))
    axes = figure.subplots(rows, 2, squeeze=False).flat
    for column, ax in zip(columns, axes, strict=False):
        title, scale = CURVES[column]
        ax.set_title(title, loc="left")
        drawn = [(run, logged(run, column)) for run in runs if len(logged(run, column))]
        if not drawn:
            empty(ax, "not logged" if any(runs) else "not run")
            continue
        for run, log in drawn:
            ax.plot(log["step"], log[column], lw=1.2, **(run_style(run) | {"marker": ""}))
        ax.set_yscale(scale)
        ax.set_xlabel("step")
        ax.legend(fontsize=8)
    for ax in list(axes):  # an odd number leaves one over
        ax.set_axis_off()
    sign(figure, [run for run in runs if run is not None])
    return figure


def finding_losses(runs):
    """What the ends of the logs show: by how much each critic still tells real images from generated ones."""
    parts = []
    for run in runs:
        if len(log := logged(run, "wasserstein")):
            last = log["wasserstein"].iloc[-max(len(log) // 10, 1) :].mean()
            parts.append(f"{last:.3g} ({run.label})")
    if not parts:
        return "Nothing was logged."
    told = "Over the last tenth of the steps the critic scores real images above generated ones by "
    return told + " and ".join(parts) + ", each in its own units."


def figure_progress(runs, n=4, rows=4):
    """Sample images of each run (a column) at up to `rows` epochs, the same z in every row."""
    use_style()
    runs = [run for run in runs if run is not None]
    shared = sorted({epoch for run in runs for epoch in run.epochs_with_samples()})
    picks = np.unique(np.linspace(0, len(shared) - 1, rows).round().astype(int)) if shared else []
    epochs = [shared[i] for i in picks]
    figure = Figure(figsize=(9, 1.35 * max(len(epochs), 1) + 0.8))
    axes = figure.subplots(max(len(epochs), 1), max(len(runs), 1), squeeze=False)
    for column, run in enumerate(runs):
        for row, epoch in enumerate(epochs):
            images(axes[row, column], run.tiles(f"epoch-{epoch:04d}"), n)
            axes[row, column].set_title(f"{run.label}, epoch {epoch}", loc="left", fontsize=9)
    if not runs or not epochs:
        for ax in axes.flat:
            empty(ax)
    sign(figure, runs)
    return figure


def figure_sweep(runs, n=4):
    """The first n images of every DGAN setting, first seed: a row per λ, a column per loss, the same z everywhere."""
    use_style()
    figure = Figure(figsize=(9, 1.35 * len(lams(runs)) + 0.6))
    axes = figure.subplots(len(lams(runs)), len(LOSSES), squeeze=False)
    shown = []
    for row, lam in zip(axes, lams(runs), strict=True):
        for ax, loss in zip(row, LOSSES, strict=True):
            run = find(runs, "dgan", loss, lam)
            shown += [run] if run else []
            images(ax, run.tiles() if run else None, n)
            ax.set_title(label("dgan", loss, lam), loc="left", fontsize=9)
    sign(figure, shown)
    return figure


def side_by_side(left, right):
    """Metric × (left, right, which is lower, which is better) for two runs."""
    names = [run.label if run is not None else "not run" for run in (left, right)]
    if names[0] == names[1]:
        names = [f"{names[0]} (left)", f"{names[1]} (right)"]
    rows = []
    for metric in COLUMNS:
        a, b = value(left, metric), value(right, metric)
        known = np.isfinite(a) and np.isfinite(b)
        lower = ("equal" if a == b else names[int(b < a)]) if known else "not run"
        higher = "equal" if lower == "equal" else names[int(b > a)]
        better = lower if metric in LOWER_IS_BETTER or not known else higher
        rows.append([our_cell(left, metric), our_cell(right, metric), lower, better])
    headings = [heading for heading, _ in COLUMNS.values()]
    return pd.DataFrame(rows, index=headings, columns=[*names, "lower", "better"])


def per_lam(runs):
    """At each λ, the loss with the lower KID and FID: the paper's main claim, one row each."""
    rows = []
    for lam in lams(runs):
        row = {}
        for metric in ("kid", "fid"):
            name, keys = metric.upper(), [("dgan", loss, lam) for loss in LOSSES]
            row |= {f"{name} {label(*key[:2])}": our_cell(find(runs, *key), metric) for key in keys}
            a, b = (measured(runs, key, metric) for key in keys)
            lower = label(*keys[int(b.number < a.number)][:2])
            words = {None: "not run", "within": f"{lower}, within the intervals"}
            row[f"lower {name}"] = words.get(order(a, b, metric), lower)
        rows.append(row)
    return pd.DataFrame(rows, index=[f"λ = {lam:g}" for lam in lams(runs)])
