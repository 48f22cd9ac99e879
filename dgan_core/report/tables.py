"""Tables 1–3: what the runs measured, with the paper's printed numbers beside it."""

from html import escape

import numpy as np
import pandas as pd

from .badge import badge
from .collect import LAMS, find, label
from .paper import paper_cell

NOT_RUN = "not run"
COLUMNS = {  # metric → heading, digits; ↓ better low, ↑ better high
    "kid": ("KID ↓", 4),
    "fid": ("FID ↓", 2),
    "lpips_real_fake": ("LPIPS real–fake ↓", 3),
    "lpips_fake_fake": ("LPIPS fake–fake ↑", 3),
    "ms_ssim_real_fake": ("MS-SSIM real–fake ↑", 3),
    "ms_ssim_fake_fake": ("MS-SSIM fake–fake ↓", 3),
}
TABLE3 = (
    ("dgan", "wgan-gp", 5.0), ("dgan", "bce", 3.0), ("stylegan2", None, None),
    ("stylegan3", None, None),
)  # fmt: skip


def our_cell(run, metric):
    """The measured number as text, ± its spread where there is one; "not run" where there is none.

    KID prints the mean ± standard deviation over subsets, as the paper does. Where one subset
    holds every image all subsets are equal and their spread says nothing: then KID goes without.
    """
    final = run.final if run is not None else {}
    digits = COLUMNS[metric][1]
    if metric == "kid":
        full, mean, std = final.get("kid"), final.get("kid_mean"), final.get("kid_std")
        size = final.get("kid_subset_size") or 0
        whole = size >= min(final.get("n_real") or np.inf, final.get("n_fake") or np.inf)
        value, std = (full, None) if whole or mean is None else (mean, std)
    else:
        value, std = final.get(metric), final.get(f"{metric}_std")
    if value is None or not np.isfinite(value):
        return NOT_RUN
    text = f"{value:.{digits}f}"
    return text if std is None or not np.isfinite(std) else f"{text} ± {std:.{digits}f}"


def _table(runs, rows):
    """rows: (model, loss, lam, name) → DataFrame of strings, columns (metric, ours | paper)."""
    cells = {}
    for model, loss, lam, name in rows:
        run = find(runs, model, loss, lam)
        for metric, (heading, _) in COLUMNS.items():
            cells.setdefault((heading, "ours"), {})[name] = our_cell(run, metric)
            cells.setdefault((heading, "paper"), {})[name] = paper_cell(model, loss, lam, metric)
    frame = pd.DataFrame(cells, index=[name for *_, name in rows])
    frame.columns = pd.MultiIndex.from_tuples(cells)
    return frame


def table1(runs):
    """Table 1: WGAN-GP at the five λ."""
    return _table(runs, [("dgan", "wgan-gp", lam, f"λ = {lam:g}") for lam in LAMS])


def table2(runs):
    """Table 2: BCE at the five λ."""
    return _table(runs, [("dgan", "bce", lam, f"λ = {lam:g}") for lam in LAMS])


def table3(runs):
    """Table 3: the paper's best WGAN-GP (λ = 5) and best BCE (λ = 3) against two StyleGANs."""
    return _table(runs, [(*key, label(*key)) for key in TABLE3])


def in_order(pairs):
    """(number, name) pairs → "A < B = C", lowest first; what was not measured is left out."""
    pairs = sorted(pair for pair in pairs if np.isfinite(pair[0]))
    text = pairs[0][1] if pairs else ""
    for (before, _), (number, name) in zip(pairs, pairs[1:], strict=False):
        text += f" {'=' if number == before else '<'} {name}"
    return text


def best_lam(runs, loss, metric="kid"):
    """(λ, value) where this loss measures lowest, or None where nothing was measured."""
    values = [(lam, value(find(runs, "dgan", loss, lam), metric)) for lam in LAMS]
    values = [(lam, number) for lam, number in values if np.isfinite(number)]
    return min(values, key=lambda pair: pair[1], default=None)


def value(run, metric):
    """One final number of a run, NaN where there is none."""
    number = run.final.get(metric) if run is not None else None
    return float(number) if number is not None else np.nan


def wins(runs, metric="kid", lams=LAMS):
    """(λ where WGAN-GP is lower than BCE, λ where both are measured)."""
    both = [
        (lam, value(find(runs, "dgan", "wgan-gp", lam), metric),
         value(find(runs, "dgan", "bce", lam), metric))
        for lam in lams
    ]  # fmt: skip
    both = [row for row in both if np.isfinite(row[1]) and np.isfinite(row[2])]
    return len([row for row in both if row[1] < row[2]]), len(both)


def verdict(runs):
    """One sentence on the paper's main claim, computed from these runs."""
    parts = []
    for metric, name in (("kid", "KID"), ("fid", "FID")):
        won, of = wins(runs, metric)
        if of:
            parts.append(f"WGAN-GP has the lower {name} at {won} of {of} λ")
    if not parts:
        return "No λ has been measured with both losses yet."
    return "; ".join(parts) + " (one run each; the paper reports 5 of 5 for both)."


def caption_table(runs, number):
    """The caption of Table `number`, with what these runs found."""
    if number == 3:
        names = {label(*key): value(find(runs, *key), "kid") for key in TABLE3}
        ranked = sorted((n for n in names.items() if np.isfinite(n[1])), key=lambda n: n[1])
        order = in_order((kid, name) for name, kid in ranked)
        missing = [name for name, kid in names.items() if not np.isfinite(kid)]
        text = "Table 3. The two DGANs the paper calls best, beside two StyleGANs. "
        text += f"By KID: {order}. " if len(ranked) > 1 else ""
        return text + (f"Not run: {', '.join(missing)}." if missing else "")
    loss, claimed = {1: ("wgan-gp", 5), 2: ("bce", 3)}[number]
    text = f"Table {number}. DGAN trained with {label('dgan', loss)}, five weights λ. "
    best = best_lam(runs, loss)
    if best is None:
        return text + "No run of this loss has been evaluated."
    return text + f"Lowest KID here: λ = {best[0]:g}; the paper's best is λ = {claimed}."


def to_html(frame, caption="", note=""):
    """A table as HTML, its caption above and the badge below; ours stands over the paper's."""
    if isinstance(frame.columns, pd.MultiIndex):
        frame = frame.stack(level=1, future_stack=True)  # twelve columns are wider than a page
    html = frame.to_html(border=0, classes="dgan-table", escape=True, justify="center")
    html = html.replace("<thead>", f"<caption>{escape(caption)}</caption>\n<thead>", 1)
    html = html.replace(f"<td>{NOT_RUN}</td>", f'<td class="dgan-missing">{NOT_RUN}</td>')
    return f'<div class="dgan-scroll">{html}</div>\n<p class="dgan-badge">{escape(note)}</p>'


class Html:
    """An object that a notebook shows as HTML, so that the report needs no IPython."""

    def __init__(self, text):
        self.text = text

    def _repr_html_(self):
        return self.text


def show(frame, caption="", runs=()):
    """A table with its caption and the badge of the runs behind it, for the end of a cell."""
    return Html(to_html(frame, caption, badge(runs)))
