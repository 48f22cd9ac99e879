# ruff: noqa: F401  (what is imported here is what the notebooks call as report.…)
"""Run directories → tidy tables → what several pages share; needs no TensorFlow, no torch and no GPU."""

from .answer import answer, counted, distance_of, of_distance
from .claims import VERDICTS, claims, disagreements, in_paper, lower_by, main_claim, together
from .explorer import clouds, explorer
from .page import badge, banner, cell, headed, headline, inline, named, short, show
from .panels import dots, strip
from .paper import load_paper, printed
from .picture import picture
from .results import BEST, Results, collect, label
from .style import looks, palette, use_style
