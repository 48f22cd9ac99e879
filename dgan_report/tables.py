"""Tables 1–4: what the runs measured, with the paper's printed numbers beside it."""

import re
from html import escape

import numpy as np
import pandas as pd

from .badge import badge
from .collect import find, label, lams, matching
from .page import Html, anchor, captioned
from .paper import paper_cell

NOT_RUN = "not run"
ENDED = ("diverged", "failed", "stopped", "interrupted")  # how a run without numbers came to have none
COLUMNS = {  # metric → heading, digits; ↓ better low, ↑ better high
    "kid": ("KID ↓", 3),
    "fid": ("FID ↓", 2),
    "lpips_real_fake": ("LPIPS real–fake ↓", 3),
    "lpips_fake_fake": ("LPIPS fake–fake ↑", 3),
    "ms_ssim_real_fake": ("MS-SSIM real–fake ↑", 2),
    "ms_ssim_fake_fake": ("MS-SSIM fake–fake ↓", 2),
}
BEYOND = {  # the same, of Table 4
    "precision": ("precision ↑", 2),
    "recall": ("recall ↑", 2),
    "density": ("density ↑", 2),
    "coverage": ("coverage ↑", 2),
    "fid_infinity": ("FID∞ ↓", 1),
}
FLOOR, CONTRAST = "real halves", "malignant–benign"
TABLE3 = (
    ("dgan", "wgan-gp", 5.0), ("dgan", "bce", 3.0), ("stylegan2", None, None),
    ("stylegan3", None, None),
)  # fmt: skip


def _measured(run, metric):
    """(number, spread) as the tables print them, None for what there is not.

    KID prints the mean ± standard deviation over subsets, as the paper does. Where one subset
    holds every image all subsets are equal and their spread says nothing: then KID goes without.
    """
    final = run.final if run is not None else {}
    if metric != "kid":
        return final.get(metric), final.get(f"{metric}_std")
    size = final.get("kid_subset_size") or 0
    whole = size >= min(final.get("n_real") or np.inf, final.get("n_fake") or np.inf)
    mean = final.get("kid_mean")
    return (final.get("kid"), None) if whole or mean is None else (mean, final.get("kid_std"))


def our_cell(run, metric, digits=None):
    """The measured number as text, ± its spread where there is one; else how training ended, or "not run"."""
    text = _text(*_measured(run, metric), COLUMNS[metric][1] if digits is None else digits)
    state = run.status.get("state") if run is not None and not run.final else None
    return state if text == NOT_RUN and state in ENDED else text


def seeds_cell(runs, metric, digits=None):
    """Mean ± standard deviation over the seeds of one setting, as "0.15 ± 0.02 (3)"; "" where fewer than two are there.

    runs: those of one setting, as `matching` finds them.
    """
    numbers = [_measured(run, metric)[0] for run in runs]
    numbers = [number for number in numbers if number is not None and np.isfinite(number)]
    digits = COLUMNS[metric][1] if digits is None else digits
    return f"{_text(np.mean(numbers), np.std(numbers, ddof=1), digits)} ({len(numbers)})" if len(numbers) > 1 else ""


def floor_cell(run, metric):
    """What two halves of the real images score, as `our_cell`."""
    final = run.final if run is not None else {}
    name = "kid_mean" if metric == "kid" else metric
    std = final.get("kid_std_floor") if metric == "kid" else final.get(f"{metric}_std_floor")
    return _text(final.get(f"{name}_floor"), std, COLUMNS[metric][1])


def interval_cell(run, metric, digits=None):
    """The 95 % interval over images of a run's number as "[low, high]"; "not run" where there is none."""
    low, high = value(run, f"{metric}_low"), value(run, f"{metric}_high")
    digits = COLUMNS[metric][1] if digits is None else digits
    ends = [_text(end, None, digits) for end in (low, high)]
    return NOT_RUN if NOT_RUN in ends else f"[{', '.join(ends)}]"


def _text(number, std, digits):
    if number is None or not np.isfinite(number):
        return NOT_RUN
    text = f"{round(number, digits) + 0.0:.{digits}f}"  # no −0.00
    return text if std is None or not np.isfinite(std) else f"{text} ± {std:.{digits}f}"


def _cells(runs, key, metric, digits):
    """What one setting measured: the first seed's number, its interval over images, and the spread over seeds."""
    seeds = matching(runs, *key)
    run = next(iter(seeds), None)
    return {
        "ours": our_cell(run, metric, digits),
        "95 %": interval_cell(run, metric, digits),
        "over seeds": seeds_cell(seeds, metric, digits),
    }


def _frame(rows):
    """{row: {(metric, kind): text}} → DataFrame, a column per metric and kind; "" where a row has no such cell."""
    frame = pd.DataFrame.from_dict(rows, orient="index").fillna("")
    frame.columns = pd.MultiIndex.from_tuples(frame.columns)
    return frame


def _table(runs, rows):
    """rows: (model, loss, lam, name) → DataFrame of strings, columns (metric, ours | 95 % | over seeds | paper).

    Two rows of real images against real ones close it: a floor (two halves of the real images) and a yardstick
    (malignant against benign). The paper prints neither.
    """
    measured = next((run for run in runs if run.final.get("kid_floor") is not None), None)
    table = {name: {} for *_, name in rows} | {FLOOR: {}, CONTRAST: {}}
    for metric, (heading, digits) in COLUMNS.items():
        for *key, name in rows:
            cells = {**_cells(runs, key, metric, digits), "paper": paper_cell(*key, metric)}
            table[name] |= {(heading, kind): text for kind, text in cells.items()}
        table[FLOOR][heading, "ours"] = floor_cell(measured, metric)
        contrast = _cells(runs, ("real",), metric, digits)
        table[CONTRAST] |= {(heading, kind): text for kind, text in contrast.items()}
    return _frame(table)


def table1(runs):
    """Table 1: WGAN-GP at the paper's five λ, and at any other that was run."""
    return _table(runs, [("dgan", "wgan-gp", lam, f"λ = {lam:g}") for lam in lams(runs)])


def table2(runs):
    """Table 2: BCE at the same λ."""
    return _table(runs, [("dgan", "bce", lam, f"λ = {lam:g}") for lam in lams(runs)])


def table3(runs):
    """Table 3: the paper's best WGAN-GP (λ = 5) and best BCE (λ = 3) against two StyleGANs."""
    return _table(runs, [(*key, label(*key)) for key in TABLE3])


def table4(runs):
    """Beyond the paper, for the models of Table 3: coverage of the real images, FID∞, UMAP's seeds, memorisation."""
    table = {}
    for key in (*TABLE3, ("real", None, None)):
        run, row = find(runs, *key), table.setdefault(label(*key), {})
        for metric, (heading, digits) in BEYOND.items():
            row |= {(heading, kind): text for kind, text in _cells(runs, key, metric, digits).items()}
        mean, std = value(run, "swd_umap_seeds_mean"), value(run, "swd_umap_seeds_std")
        row["UMAP-SWD, its ten seeds", "ours"] = _text(mean, std, 2)
        row["memorisation, p", "ours"] = _text(value(run, "memorisation_p"), None, 3)
    final = next((run.final for run in runs if run.final.get("precision_floor") is not None), {})
    halves = {metric: final.get(f"{metric}_floor") for metric in BEYOND if metric != "fid_infinity"}
    table[FLOOR] = {(BEYOND[metric][0], "ours"): _text(number, None, 2) for metric, number in halves.items()}
    return _frame(table)


def value(run, metric):
    """One final number of a run, NaN where there is none."""
    number = run.final.get(metric) if run is not None else None
    return float(number) if number is not None else np.nan


def to_html(frame, caption="", note=""):
    """A table as HTML, its caption above and the badge below; ours stands over its interval and the paper's."""
    if isinstance(frame.columns, pd.MultiIndex):
        frame = frame.stack(level=1, future_stack=True).fillna("")  # eighteen columns are wider than a page
        frame = frame[(frame != "").any(axis=1)]
    html = frame.to_html(border=0, index_names=False, classes="dgan-table", escape=True, justify="center")
    html = _words_left(html, frame)
    html = html.replace("95 %", "95\N{NO-BREAK SPACE}%").replace(
        f"<td>{NOT_RUN}</td>", f'<td class="dgan-missing">{NOT_RUN}</td>'
    )
    return (
        f'<figure class="dgan-figure" id="{anchor(caption)}"><figcaption>{captioned(caption)}</figcaption>'
        f'<div class="dgan-scroll" tabindex="0">{html}</div><p class="dgan-badge">{escape(note)}</p></figure>'
    )


def _words_left(html, frame):
    """Mark the cells and the heading of each column of words, which is set to the left; numbers stay to the right."""
    texts = [[str(cell) for cell in frame[name]] for name in frame.columns]
    words = [all(cell[:1].isalpha() for cell in column) or max(map(len, column), default=0) > 24 for column in texts]

    def mark(row):
        opening = "<td" if "<td" in row[0] else "<th"
        before, *cells = row[0].split(opening)
        extra = len(cells) - len(words)  # headings of the index
        marked = [' class="dgan-words"' * (i >= extra and words[i - extra]) + cell for i, cell in enumerate(cells)]
        return opening.join([before, *marked])

    return re.sub(r"<tr.*?</tr>", mark, html, flags=re.DOTALL)


def show(frame, caption="", runs=None):
    """A table with its caption and the badge of the runs behind it, if it has any, for the end of a cell."""
    return Html(to_html(frame, caption, "" if runs is None else badge(runs)))
