"""Tables 1–3: what the runs measured, with the paper's printed numbers beside it."""

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


def in_order(pairs):
    """(number, name) pairs → "A < B = C", lowest first; what was not measured is left out."""
    pairs = sorted(pair for pair in pairs if np.isfinite(pair[0]))
    text = pairs[0][1] if pairs else ""
    for (before, _), (number, name) in zip(pairs, pairs[1:], strict=False):
        text += f" {'=' if number == before else '<'} {name}"
    return text


def best_lam(runs, loss, metric="kid"):
    """(λ, value) where this loss measures lowest, or None where nothing was measured."""
    values = [(lam, value(find(runs, "dgan", loss, lam), metric)) for lam in lams(runs)]
    values = [(lam, number) for lam, number in values if np.isfinite(number)]
    return min(values, key=lambda pair: pair[1], default=None)


def value(run, metric):
    """One final number of a run, NaN where there is none."""
    number = run.final.get(metric) if run is not None else None
    return float(number) if number is not None else np.nan


def wins(runs, metric="kid"):
    """(λ where WGAN-GP is lower than BCE, λ where both are measured)."""
    both = [
        (lam, value(find(runs, "dgan", "wgan-gp", lam), metric),
         value(find(runs, "dgan", "bce", lam), metric))
        for lam in lams(runs)
    ]  # fmt: skip
    both = [row for row in both if np.isfinite(row[1]) and np.isfinite(row[2])]
    return len([row for row in both if row[1] < row[2]]), len(both)


def apart(runs, metric):
    """λ at which the two losses' 95 % intervals have no number in common."""
    found = []
    for lam in lams(runs):
        a, b = (find(runs, "dgan", loss, lam) for loss in ("wgan-gp", "bce"))
        low, high = (max(value(a, f"{metric}_low"), value(b, f"{metric}_low")),
                     min(value(a, f"{metric}_high"), value(b, f"{metric}_high")))  # fmt: skip
        found += [lam] if low > high else []
    return found


def verdict(runs):
    """One sentence on the paper's main claim, computed from these runs."""
    parts = []
    for metric, name in (("kid", "KID"), ("fid", "FID")):
        won, of = wins(runs, metric)
        if of:
            clear = len(apart(runs, metric))
            parts.append(f"WGAN-GP has the lower {name} at {won} of {of} λ (intervals apart at {clear})")
    if not parts:
        return "No λ has been measured with both losses yet."
    return "; ".join(parts) + " (one run each; the paper reports 5 of 5 for both)."


def images_shown(runs):
    """What the models of Table 3 were trained by: real images that each critic saw, repeats included; or ""."""
    parts = []
    for key in TABLE3:
        run = find(runs, *key)
        if run is not None and run.status.get("steps"):
            images = run.status["steps"] * run.config["n_critic"] * run.config["batch_size"]
            parts.append(f"{run.label} {images:,}")
    return f"Images shown: {', '.join(parts)}. " if parts else ""


def caption_table(runs, number):
    """The caption of Table `number`, with what these runs found."""
    if number == 3:
        names = {label(*key): value(find(runs, *key), "kid") for key in TABLE3}
        ranked = sorted((n for n in names.items() if np.isfinite(n[1])), key=lambda n: n[1])
        order = in_order((kid, name) for name, kid in ranked)
        missing = [name for name, kid in names.items() if not np.isfinite(kid)]
        text = "Table 3. The two DGANs the paper calls best, beside two StyleGANs. "
        text += f"By KID: {order}. " if len(ranked) > 1 else ""
        text += images_shown(runs)
        return text + (f"Not run: {', '.join(missing)}." if missing else "")
    if number == 4:
        risky = [label(*key) for key in TABLE3 if value(find(runs, *key), "memorisation_p") < 0.05]
        text = "Table 4. Beyond the paper: how much of the real images is covered, and whether they are copied. "
        return text + (
            f"Suspected of memorising (p < 0.05): {', '.join(risky)}."
            if risky
            else "No model is suspected of memorising."
        )
    loss, claimed = {1: ("wgan-gp", 5), 2: ("bce", 3)}[number]
    text = f"Table {number}. DGAN trained with {label('dgan', loss)}, by weight λ. "
    best = best_lam(runs, loss)
    if best is None:
        return text + "No run of this loss has been evaluated."
    return text + f"Lowest KID here: λ = {best[0]:g}; the paper's best is λ = {claimed}."


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
