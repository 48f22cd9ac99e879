"""Run directories → tidy rows → tables and figures; needs no TensorFlow, no torch and no GPU."""

from .badge import badge
from .captions import caption_table, images_shown
from .claims import caption_claims, claims, claims_figures, claims_table, main_claim
from .clouds import clouds
from .collect import Run, collect, find, label, tidy
from .compare import figure_losses, figure_progress, figure_sweep, finding_losses, per_lam, side_by_side
from .cost import caption_cost, cost
from .explorer import explorer
from .figures import caption1, caption2, caption3, caption4, figure1, figure2, figure3, figure4
from .paper import load_paper
from .picture import picture
from .rounding import finding_rounding, table_rounding
from .seeds import finding_seeds, per_seed, trainings
from .status import run_states, sources
from .tables import show, table1, table2, table3, table4
from .thumbnails import contact_sheet
from .weights import figure_weights, finding, table_weights

__all__ = [
    "Run", "badge", "caption1", "caption2", "caption3", "caption4", "caption_claims", "caption_cost",
    "caption_table", "claims", "claims_figures", "claims_table", "clouds", "collect", "contact_sheet", "cost",
    "explorer", "figure1", "figure2", "figure3", "figure4", "figure_losses", "figure_progress", "figure_sweep",
    "figure_weights", "find", "finding", "finding_losses", "finding_rounding", "finding_seeds", "images_shown",
    "label", "load_paper", "main_claim", "per_lam", "per_seed", "picture", "run_states", "show", "side_by_side",
    "sources", "table1", "table2", "table3", "table4", "table_rounding", "table_weights", "tidy", "trainings",
]  # fmt: skip
