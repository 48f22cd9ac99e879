"""Tables 1–4: what the runs measured, with the paper's printed numbers beside it."""

from html import escape

import numpy as np
import pandas as pd

from .badge import badge
from .collect import find, label, lams
from .paper import paper_cell

NOT_RUN = "not run"
COLUMNS = {  # metric → heading, digits; ↓ better low, ↑ better high
    "kid": ("KID ↓", 3),
    "fid": ("FID ↓", 2),
    "lpips_real_fake": ("LPIPS real–fake ↓", 3),
    "lpips_fake_fake": ("LPIPS fake–fake ↑", 3),
    "ms_ssim_real_fake": ("MS-SSIM real–fake ↑", 2),
    "ms_ssim_fake_fake": ("MS-SSIM fake–fake ↓", 2),
}
BEYOND = {"precision": "precision ↑", "recall": "recall ↑", "density": "density ↑", "coverage": "coverage ↑"}
FLOOR, CONTRAST = "real halves", "malignant–benign"
TABLE3 = (
    ("dgan", "wgan-gp", 5.0), ("dgan", "bce", 3.0), ("stylegan2", None, None),
    ("stylegan3", None, None),
)  # fmt: skip


def our_cell(run, metric, digits=None):
    """The measured number as text, ± its spread where there is one; "not run" where there is none.

    KID prints the mean ± standard deviation over subsets, as the paper does. Where one subset
    holds every image all subsets are equal and their spread says nothing: then KID goes without.
    """
    final = run.final if run is not None else {}
    digits = COLUMNS[metric][1] if digits is None else digits
    if metric == "kid":
        full, mean, std = final.get("kid"), final.get("kid_mean"), final.get("kid_std")
        size = final.get("kid_subset_size") or 0
        whole = size >= min(final.get("n_real") or np.inf, final.get("n_fake") or np.inf)
        number, std = (full, None) if whole or mean is None else (mean, std)
    else:
        number, std = final.get(metric), final.get(f"{metric}_std")
    return _text(number, std, digits)


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


def _table(runs, rows):
    """rows: (model, loss, lam, name) → DataFrame of strings, columns (metric, ours | 95 % | paper).

    Two rows of real images against real ones close it: a floor (two halves of the real images) and a yardstick
    (malignant against benign). The paper prints neither.
    """
    cells = {}
    measured = next((run for run in runs if run.final.get("kid_floor") is not None), None)
    contrast = find(runs, "real")
    for metric, (heading, _) in COLUMNS.items():
        ours, interval, paper = (cells.setdefault((heading, kind), {}) for kind in ("ours", "95 %", "paper"))
        for model, loss, lam, name in rows:
            run = find(runs, model, loss, lam)
            ours[name] = our_cell(run, metric)
            interval[name] = interval_cell(run, metric)
            paper[name] = paper_cell(model, loss, lam, metric)
        ours[FLOOR], interval[FLOOR], paper[FLOOR] = floor_cell(measured, metric), "", ""
        ours[CONTRAST], interval[CONTRAST], paper[CONTRAST] = (
            our_cell(contrast, metric),
            interval_cell(contrast, metric),
            "",
        )
    frame = pd.DataFrame(cells, index=[*(name for *_, name in rows), FLOOR, CONTRAST])
    frame.columns = pd.MultiIndex.from_tuples(cells)
    return frame


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
    rows = {}
    for key in (*TABLE3, ("real", None, None)):
        run = find(runs, *key)
        p = value(run, "memorisation_p")
        mean, std = value(run, "swd_umap_seeds_mean"), value(run, "swd_umap_seeds_std")
        rows[label(*key)] = {
            **{heading: our_cell(run, metric, 2) for metric, heading in BEYOND.items()},
            "FID∞": f"{our_cell(run, 'fid_infinity', 1)} {interval_cell(run, 'fid_infinity', 1)}"
            if np.isfinite(value(run, "fid_infinity"))
            else NOT_RUN,
            "UMAP-SWD, ten seeds": _text(mean, std, 2),
            "memorisation, p": f"{p:.3f}" if np.isfinite(p) else NOT_RUN,
        }
    final = next((run.final for run in runs if run.final.get("precision_floor") is not None), {})
    rows[FLOOR] = dict.fromkeys(rows[label("real")], "") | {
        heading: _text(final.get(f"{metric}_floor"), None, 2) for metric, heading in BEYOND.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def value(run, metric):
    """One final number of a run, NaN where there is none."""
    number = run.final.get(metric) if run is not None else None
    return float(number) if number is not None else np.nan


def to_html(frame, caption="", note=""):
    """A table as HTML, its caption above and the badge below; ours stands over its interval and the paper's."""
    if isinstance(frame.columns, pd.MultiIndex):
        frame = frame.stack(level=1, future_stack=True)  # eighteen columns are wider than a page
        frame = frame[(frame != "").any(axis=1)]
    html = frame.to_html(border=0, index_names=False, classes="dgan-table", escape=True, justify="center")
    html = html.replace(f"<td>{NOT_RUN}</td>", f'<td class="dgan-missing">{NOT_RUN}</td>')
    return (
        f'<figure class="dgan-figure"><figcaption>{escape(caption)}</figcaption>'
        f'<div class="dgan-scroll" tabindex="0">{html}</div><p class="dgan-badge">{escape(note)}</p></figure>'
    )


class Html:
    """An object that a notebook shows as HTML, so that the report needs no IPython."""

    def __init__(self, text):
        self.text = text

    def _repr_html_(self):
        return self.text


def show(frame, caption="", runs=None):
    """A table with its caption and the badge of the runs behind it, if it has any, for the end of a cell."""
    return Html(to_html(frame, caption, "" if runs is None else badge(runs)))
