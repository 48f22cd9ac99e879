"""The paper's printed numbers (DOI 10.37943/24MMIK3887), with how certain each reading is."""

from functools import cache
from pathlib import Path

import pandas as pd

from dgan_core.metrics.table import canonical

from .results import label

CERTAINTIES = ("printed", "ambiguous", "approximate", "illegible")


@cache
def load_paper():
    """One row per number: table, label, model, loss, lam, metric, value, std, certainty, text.

    `label` is that of our runs of the same setting, `text` what a table prints.  `ambiguous`: the row of the damaged
    Table 2 is uncertain, marked "?"; `approximate`: read off a figure, marked "≈"; `illegible`: the number can't be
    read in the copy that this project was built from.
    """
    frame = pd.read_csv(Path(__file__).with_name("paper.csv"), dtype={"table": str})
    unknown = set(frame["certainty"]) - set(CERTAINTIES)
    if unknown:
        raise ValueError(f"paper.csv: certainty must be one of {CERTAINTIES}, got {sorted(unknown)}")
    models = frame["model"].str.lower().where(frame["model"].str.startswith("Style"), "dgan")
    labels = [label(m, r.loss, r.lam) for m, r in zip(models, frame.itertuples(), strict=True)]
    return frame.assign(
        model=models,
        label=labels,
        metric=frame["metric"].map(canonical),
        text=[_text(row) for row in frame.itertuples()],
    )


def _text(row):
    if row.certainty == "illegible":
        return "illegible"
    text = f"{row.value:.2f}" + ("" if pd.isna(row.std) else f" ± {row.std:.2f}")
    return {"ambiguous": f"{text} ?", "approximate": f"≈ {text}"}.get(row.certainty, text)


def printed(name, metric):
    """What the paper prints for a setting, by its label, as text; "not printed" where it prints nothing."""
    paper = load_paper()
    rows = paper[(paper["label"] == name) & (paper["metric"] == metric)]
    return rows["text"].iloc[0] if len(rows) else "not printed"
