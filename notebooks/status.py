# %% [markdown]
# # Status: what this book was built from
#
# Every table and figure of the results, with the runs behind it; then every run, finished or not. The pages on speed
# and on coverage show files of their own, and say which.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick", "paper", or another folder inside it
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
from IPython.display import Markdown, display

import dgan_report as report

found = report.collect(runs, profile, data)
display(Markdown(report.badge(found)))

# %% [markdown]
# ## Tables and figures

# %% tags=["hide-input"]
report.show(
    report.sources(found),
    "Table P1. The runs behind each table and figure; cost is their training and evaluation.",
)

# %% [markdown]
# ## Runs

# %% tags=["hide-input"]
report.show(
    report.run_states(found), "Table P2. Every run, its state and its wall clock."
)

# %% [markdown]
# A run that was interrupted or failed keeps its checkpoint: `make book` goes on from there. Dates are those of the
# files, in UTC.
