"""The paper's printed numbers (DOI 10.37943/24MMIK3887), with how certain each reading is."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

CERTAINTIES = ("printed", "ambiguous", "approximate", "illegible")


@cache
def load_paper():
    """One row per number: table, model, loss, lam, metric, value, std, certainty.

    `ambiguous`: the row of the damaged Table 2 is uncertain; `approximate`: read off a figure;
    `illegible`: the number can't be read in the copy this project was built from.
    """
    path = Path(__file__).with_name("paper.csv")
    frame = pd.read_csv(path, dtype={"table": str, "model": str, "loss": str, "certainty": str})
    unknown = set(frame["certainty"]) - set(CERTAINTIES)
    if unknown:
        raise ValueError(f"paper.csv: certainty must be one of {CERTAINTIES}, got {sorted(unknown)}")
    return frame


def paper_rows(model, loss=None, lam=None, metric=None):
    """The rows of one model: "dgan" needs loss and lam, "stylegan2" and "stylegan3" do not."""
    frame = load_paper()
    if model == "dgan":
        mask = (frame["loss"] == loss) & np.isclose(frame["lam"].astype(float), float(lam))
    else:
        mask = frame["model"].str.lower() == model
    if metric is not None:
        mask = mask & (frame["metric"] == metric)
    return frame[mask]


def paper_cell(model, loss, lam, metric, digits=2):
    """The printed number as text; "?" marks an ambiguous reading, "≈" one taken off a figure."""
    rows = paper_rows(model, loss, lam, metric)
    if rows.empty:
        return "not printed"
    row = rows.iloc[0]
    if row["certainty"] == "illegible":
        return "illegible"
    text = f"{row['value']:.{digits}f}"
    if not np.isnan(row["std"]):
        text += f" ± {row['std']:.2f}"
    if row["certainty"] == "ambiguous":
        text += " ?"
    if row["certainty"] == "approximate":
        text = "≈ " + text
    return text
