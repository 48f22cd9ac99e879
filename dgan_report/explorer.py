"""The explorer and the points of Figure 3, as plain HTML of which explorer.js and clouds.js show a part at a time.

Without a script the page is all of it, one run after another.
"""

from html import escape

import numpy as np
import pandas as pd

from dgan_core.evaluations import SHEET_COLUMNS, encoded, read_embeddings
from dgan_core.io.images import mosaic
from dgan_core.metrics.table import METRICS, heading
from dgan_core.profiles import LAMBDAS

from .page import NOT_RUN, PHANTOMS, Html, badge, cell, data_name, headed, number
from .paper import load_paper, printed
from .picture import address
from .results import BEST, ENDED, label
from .sketch import GREY, line_chart
from .style import OKABE_ITO, palette

BUDGET = 1_800_000  # bytes of images on one page, before base64 makes them a third longer
SIDES = (128, 96, 64, 48, 32)  # pixels of one image, the largest first
POINTS = 300  # of one training curve; longer logs are thinned evenly
LINTHRESH = {"kernel_distance": 0.01, "frechet_distance": 1.0}  # both fall over decades; the former may be negative
CURVES = {  # logged column → title, whether its axis is logarithmic
    "critic_loss": ("critic's loss", False),
    "generator_loss": ("generator's loss", False),
    "score_gap": ("critic's score, real − generated", False),
    "perceptual": ("perceptual term, before its weight", False),
    "accuracy": ("critic's accuracy, share of a minibatch", False),
    "penalty": ("penalty, before its weight", True),
    "critic_gradient": ("norm of the critic's gradient", True),
    "generator_gradient": ("norm of the generator's gradient", True),
}
PLANES = {"pca": "PCA", "umap": "UMAP"}
SIZE, MARGIN = 240, 8  # of one panel of points, in its own units


def explorer(found):
    """Every setting of the paper and every other that was run, each seed, as one HTML object for the end of a cell."""
    paper = [label("dgan", loss, lam) for loss in ("wgan-gp", "bce") for lam in LAMBDAS] + [*BEST[2:]]
    run = found.trained.set_index(["label", "seed"])["run"].groupby(level=[0, 1]).first()
    ours = found.trained.sort_values("lam", kind="stable")["label"].drop_duplicates()
    by_family = dict(found.trained[["label", "family"]].itertuples(index=False))
    names = sorted(dict.fromkeys([*paper, *ours]), key=lambda name: _order(name, by_family))
    seeds = sorted(found.trained["seed"].unique()) or [0]
    chosen = [(name, seed, found.runs.get(run.get((name, seed)))) for seed in seeds for name in names]
    grids = {(name, seed): snapshots(run) for name, seed, run in chosen if run is not None}
    files = iter(fitting([tiles for shown in grids.values() for tiles in shown.values()]))
    pictures = {place: {epoch: next(files) for epoch in shown} for place, shown in grids.items()}
    sections = [_section(found, *one, pictures.get(one[:2], {})) for one in chosen]
    family, _, lam = BEST[0].partition(" λ=")  # shown until the reader chooses
    return Html(f'<div class="dgan-explorer" data-family="{family}" data-lam="{lam}">{"".join(sections)}</div>')


def _order(name, families):
    """By family, the paper's first, then by λ."""
    known = list(palette([]))
    family = families.get(name, name.partition(" λ=")[0])
    lam = name.partition(" λ=")[2].partition(",")[0]
    return known.index(family) if family in known[:2] else 2 + (family in known), family, float(lam or 0), name


def snapshots(run):
    """epoch → the images (N, S, S) uint8 kept of it; the evaluated ones stand in for a last epoch that has none."""
    kept = {epoch: run.tiles(f"epoch-{epoch:04d}") for epoch in run.epochs_with_samples()}
    if run.config.epochs not in kept and run.tiles() is not None:
        kept[run.config.epochs] = run.tiles()
    return kept


def fitting(grids, columns=4, budget=BUDGET):
    """WebP bytes of each grid (N, S, S), all at the largest of `SIDES` at which together they keep the budget."""
    for side in SIDES:
        files = [encoded(mosaic(tiles, columns, side), "WEBP", quality=80, method=6) for tiles in grids]
        if sum(map(len, files)) <= budget:
            break
    return files


def _section(found, name, seed, run, pictures):
    """One setting: images by epoch, charts, table, badge; or that it was not run, beside the paper's numbers."""
    body = [f"<h2>{escape(name)}</h2>"]
    if run is None:
        body.append(f'<p class="dgan-missing">{NOT_RUN}</p>')
    elif pictures:
        history = found.history[(found.history["run"] == run.config.run_id) & found.history["main"]]
        shown = (_picture(name, history, *item) for item in pictures.items())
        body.append(f'<div class="dgan-epochs">{"".join(shown)}</div>')
    else:
        body.append(f'<p class="dgan-missing">{escape(state(run))}: no image was kept</p>')
    body.append(_table(found, name, run))
    if run is not None:
        body.append(f'<div class="dgan-charts">{"".join(_charts(found, name, run))}</div>')
        body.append(f'<p class="dgan-badge">{escape(badge(found, name))}</p>')
    before, _, after = name.partition(" λ=")
    lam, _, more = after.partition(", ")
    family = f"{before}, {more}" if more else before
    weight = f' data-lam="{lam}"' if lam else ""
    return (
        f'<section class="dgan-run" data-family="{escape(family)}"{weight} data-seed="{seed}">{"".join(body)}</section>'
    )


def state(run):
    """What became of a run's training, with the reason where it failed: "finished", "failed: disk full"."""
    status = run.status()
    text = status.get("state", "unknown")
    return f"{text}: {status['reason']}" if status.get("reason") else text


def _picture(name, history, epoch, content):
    """The images of one epoch, captioned with what was measured on its snapshot."""
    measured = history[history["epoch"] == epoch]
    numbers = [f"{heading(r.metric)} {number(r.value, METRICS[r.metric].digits)}" for r in measured.itertuples()]
    text = " · ".join([f"epoch {epoch}", *(numbers[:2] or ["not measured"])])
    # dark-light: the theme leaves the grey levels alone in its dark mode
    return (
        f'<figure data-epoch="{epoch}"><img class="dark-light" src="{address(content)}" '
        f'alt="Images generated by {escape(name)}, epoch {epoch}"><figcaption>{escape(text)}</figcaption></figure>'
    )


def _table(found, name, run):
    """Every metric of the last epoch: ours with its interval, the real halves', and on real scans the paper's."""
    ours = found.measured[found.measured["run"] == (run.config.run_id if run else None)]
    paper = load_paper()
    absent = [metric for metric in METRICS if metric in set(paper[paper["label"] == name]["metric"])]
    rows = ours if len(ours) else pd.DataFrame({"metric": absent or [*LINTHRESH], "extractor": None})
    real = set(found.trained["data"].map(data_name)) != {PHANTOMS}
    ended = run.status().get("state") if run is not None else None
    ended = ended if ended in ENDED else NOT_RUN
    lines = []
    for row in rows.itertuples():
        digits = METRICS[row.metric].digits
        here = cell(row) if len(ours) else f'<span class="dgan-missing">{ended}</span>'
        cells = [here.replace(" [", " <small>[") + ("</small>" if "[" in here else "")]
        cells.append(number(getattr(row, "floor", None), digits))
        other = len(ours) and not row.main and METRICS[row.metric].of_features
        cells += ["" if other else escape(printed(name, row.metric))] if real else []
        title = escape(headed(row.metric, row.extractor) + (f" ({row.extractor})" if other else ""))
        lines.append(f'<tr><th scope="row">{title}</th>{"".join(f"<td>{text}</td>" for text in cells)}</tr>')
    title = f"Metrics of {escape(name)}" + ("" if run is None else f", epoch {run.config.epochs}")
    headings = ("metric", "this run<br><small>95 % interval</small>", "real halves", *["paper"] * real)
    head = "".join(f'<th scope="col">{text}</th>' for text in headings)
    return (
        f'<div class="dgan-scroll" tabindex="0" role="region" aria-label="{title}"><table class="dgan-table">'
        f"<caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _charts(found, name, run):
    """The two distances of this run among all others, then what its training logged."""
    history = found.history[found.history["main"]]
    measured = found.measured[(found.measured["run"] == run.config.run_id) & found.measured["main"]]
    colour = palette(found.trained["family"])[found.trained.set_index("run").loc[run.config.run_id, "family"]]
    for metric, linthresh in LINTHRESH.items():
        every = history[history["metric"] == metric].sort_values("epoch")
        mine = every[every["run"] == run.config.run_id]
        if mine.empty:
            continue
        others = every.drop(mine.index).groupby("run", sort=False)
        lines = [(part["epoch"], part["value"], GREY, 0.6) for _, part in others]
        lines += [(mine["epoch"], mine["value"], colour, 2)]
        floor = measured[measured["metric"] == metric]["floor"].dropna()
        title = heading(metric)
        told = f"{title} of {name} against epoch: {_ends(mine['epoch'], mine['value'])}"
        level = floor.iloc[0] if len(floor) else None
        yield line_chart(f"{title}, others grey", lines, told, run.config.epochs, linthresh, level)
    for column, log in logged(run).items():
        title, logarithmic = CURVES[column]
        log = log.iloc[:: -(-len(log) // POINTS)]
        positive = log[column][log[column] > 0]
        linthresh = positive.min() if logarithmic and len(positive) else None
        told = f"{title} of {name} against epoch: {_ends(log['epoch'], log[column])}"
        yield line_chart(title, [(log["epoch"], log[column], colour, 1)], told, run.config.epochs, linthresh)


def logged(run):
    """{column of `CURVES`: the rows of a run's log that hold it}; not where it is 0 throughout, as no penalty's is."""
    log = pd.DataFrame(run.log())
    present = [column for column in CURVES if column in log and log[column].any()]
    return {column: log.dropna(subset=[column]) for column in present}  # StyleGAN2 logs some terms now and then


def _ends(epochs, values):
    """How a curve goes, in words: "13 at epoch 0, 0.02 at epoch 30"."""
    return ", ".join(f"{values.iloc[i]:.3g} at epoch {epochs.iloc[i]:.3g}" for i in (0, -1))


def clouds(found):
    """The models of Table 3, each with its points in both planes and the images of the generated ones.

    Real points carry no image.
    """
    runs = found.of(*BEST)
    return Html(f'<div class="dgan-clouds">{"".join(_cloud(found, name, runs.get(name)) for name in BEST)}</div>')


def _cloud(found, name, run):
    points = read_embeddings(run.path) if run is not None else {}
    kinds = [kind for kind in PLANES if {f"{kind}_real", f"{kind}_fake"} <= points.keys()]
    if not kinds:
        return f'<section class="dgan-cloud"><h3>{name}</h3><p class="dgan-missing">{NOT_RUN}</p></section>'
    measured = found.measured[(found.measured["run"] == run.config.run_id) & found.measured["main"]]
    swd = measured.set_index("metric")["value"]
    fill = palette([])[name.partition(" λ=")[0]]
    panels = [
        f"<figure><figcaption>{PLANES[kind]}, SWD {number(swd.get(f'swd_{kind}'), 2)}</figcaption>"
        f"{_panel(points[f'{kind}_real'], points[f'{kind}_fake'], fill, name)}</figure>"
        for kind in kinds
    ]
    return (
        f'<section class="dgan-cloud"><h3>{name}</h3><div class="dgan-planes">{"".join(panels)}</div>'
        f"{_thumbnail(run, name)}</section>"
    )


def _panel(real, fake, fill, name):
    """(N, 2) and (M, 2) points as `<svg>`, equal axes: grey discs real, coloured ones generated, in their order."""
    both = np.concatenate([real, fake])
    low, high = both.min(axis=0), both.max(axis=0)
    scale = (SIZE - 2 * MARGIN) / max((high - low).max(), 1e-9)
    shift = (SIZE - scale * (high + low)) / 2  # the narrower axis is centred
    real, fake = (np.round(scale * points + shift, 1) * (1, -1) + (0, SIZE) for points in (real, fake))
    grey = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in real)
    discs = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in fake)
    return (
        f'<svg viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{len(real)} real and {len(fake)} generated images of '
        f'{name} as points"><path d="{grey}" stroke="{OKABE_ITO["real"]}" class="dgan-real"/>'
        f'<g fill="{fill}" class="dgan-fake">{discs}</g></svg>'
    )


def _thumbnail(run, name):
    """The contact sheet of the run's generated images; where none was kept, of the few in its grid of samples."""
    file = run.path / "samples" / "generated.webp"
    tiles = run.tiles()
    if file.is_file():
        content, count = file.read_bytes(), run.evaluation().settings.get("n_fake", 0)
    elif tiles is not None:
        content, count = encoded(mosaic(tiles, SHEET_COLUMNS, 48), "WEBP", quality=80, method=6), len(tiles)
    else:
        return ""
    return (
        f'<div class="dgan-thumb" data-count="{count}" data-columns="{SHEET_COLUMNS}" data-name="{name}" hidden '
        f'style="background-image: url({address(content)})"></div>'
    )
