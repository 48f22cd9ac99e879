"""Run directories → tidy rows → tables and figures; needs no TensorFlow, no torch and no GPU."""

from .badge import badge
from .collect import Run, collect, find, tidy
from .compare import figure_losses, figure_progress, per_lam, side_by_side
from .cost import caption_cost, cost
from .figures import (
    caption1,
    caption2,
    caption3,
    caption4,
    figure1,
    figure2,
    figure3,
    figure4,
)
from .paper import load_paper
from .tables import show, table1, table2, table3, table4
from .verdicts import caption_table, verdict

__all__ = [
    "Run", "badge", "caption1", "caption2", "caption3", "caption4", "caption_cost", "caption_table", "collect", "cost",
    "figure1", "figure2", "figure3", "figure4", "figure_losses", "figure_progress", "find",
    "load_paper", "per_lam", "show", "side_by_side", "table1", "table2", "table3", "table4", "tidy",
    "verdict",
]  # fmt: skip
