"""Figures 1–4 of the paper from run directories, and captions that say what these runs show."""

import numpy as np
from matplotlib.figure import Figure

from .captions import images_shown, in_order
from .claims import main_claim
from .collect import LOSSES, find, label, lams
from .panels import NOT_RUN, empty, images, sign
from .paper import paper_rows
from .style import OKABE_ITO, colour, run_style, use_style
from .tables import TABLE3, value

EMBEDDINGS = (("pca", "PCA"), ("umap", "UMAP"))


def _sweep(runs):
    """The DGAN runs, the paper's ten among them, in the order of the legend; None where one is missing."""
    return [find(runs, "dgan", loss, lam) for loss in LOSSES for lam in lams(runs)]


def figure1(runs):
    """Figure 1: (a) KID and (b) FID against epoch, with the last one's interval, and the floor."""
    use_style()
    figure = Figure(figsize=(9, 4.6))
    axes = figure.subplots(1, 2)
    swept = [run for run in _sweep(runs) if run is not None]
    for ax, metric, title in zip(axes, ("kid", "fid"), ("(a) KID", "(b) FID"), strict=True):
        ax.set_title(title, loc="left")
        drawn = [run for run in swept if metric in run.history]
        for k, run in enumerate(drawn):
            history = run.history.sort_values("epoch")
            ax.plot(history["epoch"], history[metric], ms=4, lw=1.3, **run_style(run))
            low, high = value(run, f"{metric}_low"), value(run, f"{metric}_high")
            if np.isfinite([low, high]).all():  # of the last snapshot
                beside = history["epoch"].iloc[-1] * (1.02 + 0.015 * k)  # or ten intervals would hide one another
                ax.vlines(beside, low, high, color=run_style(run)["color"], lw=1)
        if not drawn:
            empty(ax)
            continue
        floors = [run.floor[metric] for run in drawn if run.floor.get(metric) is not None]
        if floors:
            ax.axhline(np.mean(floors), color=OKABE_ITO["floor"], ls=":", label="real–real floor")
        if metric == "kid":  # spans decades and may be negative: logarithmic, but linear about 0
            ax.set_yscale("symlog", linthresh=0.01)
            ax.set_ylim(bottom=min(-0.01, 1.2 * min(run.history[metric].min() for run in drawn)))
        else:
            ax.set_yscale("log")
        ax.set_xlabel("epoch")
        ax.set_ylabel(f"{metric.upper()} (lower is better)")
    handles, names = axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, names, loc="outside right center", fontsize=8)
    sign(figure, swept)
    return figure


def caption1(runs):
    """What Figure 1 shows: the verdict at the end, and how many runs improved from the start."""
    text = "Figure 1. (a) KID and (b) FID of each evaluated snapshot against epoch. "
    moved = []
    for run in _sweep(runs):
        if run is not None and {"epoch", "kid"} <= set(run.history) and len(run.history) > 1:
            kid = run.history.sort_values("epoch")["kid"].to_numpy()
            moved.append(kid[-1] < kid[0])
    if moved:
        text += f"KID falls from the first to the last snapshot in {sum(moved)} of {len(moved)} runs. "
    return text + main_claim(runs)


def _real_tiles(runs):
    """The real images that the first of these runs kept, or None."""
    return next((tiles for run in runs if (tiles := run.tiles("real")) is not None), None)


def figure2(runs, n=8):
    """Figure 2: one row of images each: real, the two DGANs, the two StyleGANs; n images a row."""
    use_style()
    chosen = [find(runs, *key) for key in TABLE3]
    present = [run for run in chosen if run is not None]
    rows = [("real", _real_tiles(present))]
    rows += [(label(*key), run.tiles() if run else None)
             for key, run in zip(TABLE3, chosen, strict=True)]  # fmt: skip
    figure = Figure(figsize=(9, 6.4))
    for ax, (name, tiles) in zip(figure.subplots(len(rows), 1), rows, strict=True):
        images(ax, tiles, n, "not kept with the runs" if name == "real" and present else NOT_RUN)
        ax.set_title(name, loc="left", fontsize=10)
    sign(figure, present)
    return figure


def _names(keys):
    return ", ".join(label(*key) for key in keys)


def caption2(runs):
    """What the rows of Figure 2 hold, and which are not run; images are the first of a seeded draw, none was chosen."""
    chosen = {key: find(runs, *key) for key in TABLE3}
    missing = [key for key, run in chosen.items() if run is None or run.tiles() is None]
    real = _real_tiles(run for run in chosen.values() if run is not None)
    text = f"Figure 2. {'The' if real is None else 'Real images and the'} first images of each model's fixed draw; "
    text += "none was selected. "
    return text + images_shown(runs) + (f"Not run: {_names(missing)}." if missing else "")


def _scatter(ax, real, fake, color):
    """Real against generated in two dimensions, equal axes: SWD is a distance in this plane."""
    ax.scatter(*real.T, s=12, c=OKABE_ITO["real"], alpha=0.55, lw=0, label="real")
    ax.scatter(*fake.T, s=12, c=color, alpha=0.65, lw=0, marker="^", label="generated")
    ax.set_aspect("equal", adjustable="datalim")
    ax.tick_params(labelsize=7)


def figure3(runs):
    """Figure 3: PCA and UMAP of real and generated features, four models, SWD on each panel."""
    use_style()
    figure = Figure(figsize=(10, 5.8))
    axes = figure.subplots(2, 4)
    chosen = [find(runs, *key) for key in TABLE3]
    for column, (key, run) in enumerate(zip(TABLE3, chosen, strict=True)):
        points = run.embeddings if run is not None else {}
        for ax, (kind, title) in zip(axes[:, column], EMBEDDINGS, strict=True):
            ax.set_title(f"{label(*key)}\n{title}", fontsize=9)
            if f"{kind}_real" not in points or f"{kind}_fake" not in points:
                empty(ax)
                continue
            _scatter(ax, points[f"{kind}_real"], points[f"{kind}_fake"], colour(*key[:2]))
            swd = value(run, f"swd_{kind}")
            text = f"SWD {swd:.2f}" if np.isfinite(swd) else "SWD not run"
            ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", fontsize=9,
                    bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1})  # fmt: skip
            if not figure.legends:
                handles = ax.get_legend_handles_labels()
                figure.legend(*handles, loc="outside upper right", ncols=2, fontsize=8)
    sign(figure, [run for run in chosen if run is not None])
    return figure


def ranking(runs, kind):
    """Models by rising SWD, "WGAN-GP λ=5 < StyleGAN3"; empty where none was measured."""
    return in_order((value(find(runs, *key), f"swd_{kind}"), label(*key)) for key in TABLE3)


def _rankings(runs):
    found = [f"{title}: {ranking(runs, k)}" for k, title in EMBEDDINGS if ranking(runs, k)]
    if not found:
        return "No model has been measured yet."
    return "By SWD, " + "; ".join(found) + "."


def caption3(runs):
    text = "Figure 3. Features of real and generated images in two dimensions, fitted jointly. "
    return text + _rankings(runs)


def figure4(runs):
    """Figure 4: SWD of the four models in PCA and UMAP, its interval, and the paper's legible values as diamonds."""
    use_style()
    figure = Figure(figsize=(9, 4.2))
    axes = figure.subplots(1, 2)
    for ax, (kind, title) in zip(axes, EMBEDDINGS, strict=True):
        for x, key in enumerate(TABLE3):
            swd = value(find(runs, *key), f"swd_{kind}")
            if np.isfinite(swd):
                run = find(runs, *key)
                low, high = (value(run, f"swd_{kind}_{end}") for end in ("low", "high"))
                error = [[swd - low], [high - swd]] if np.isfinite([low, high]).all() else None
                ax.bar(x, swd, yerr=error, color=colour(*key[:2]), width=0.65, capsize=4, ecolor="#222222")
                top = high if error else swd
                ax.annotate(f"{swd:.2f}", (x, top), (0, 3), textcoords="offset points",
                            ha="center", fontsize=9)  # fmt: skip
            else:
                ax.text(x, 0.02, "not run", ha="center", va="bottom", rotation=90, color="#777777",
                        style="italic", transform=ax.get_xaxis_transform())  # fmt: skip
            for printed in paper_rows(*key, metric=f"swd_{kind}")["value"].dropna():
                ax.plot(x, printed, "D", mfc="none", mec="black", ms=6)
        ax.set_xticks(range(len(TABLE3)), [label(*key) for key in TABLE3], fontsize=8)
        ax.set_xlim(-0.6, len(TABLE3) - 0.4)
        ax.set_ylim(bottom=0)
        ax.margins(y=0.12)
        ax.grid(False, axis="x")
        ax.set_title(f"{title}-SWD", loc="left")
        ax.set_ylabel("SWD (lower is better)")
    sign(figure, [run for run in (find(runs, *key) for key in TABLE3) if run is not None])
    return figure


def caption4(runs):
    text = (
        "Figure 4. Sliced Wasserstein distance of each model, with its 95 % interval in this plane; "
        "open diamonds: the paper's values. "
    )
    return text + _rankings(runs)
