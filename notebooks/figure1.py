# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Figure 1: KID and FID against epoch
#
# All ten DGAN runs, one line each: colour tells the loss, shade and marker the weight λ. The dotted line is the
# same distance measured between two halves of the *real* images, which a perfect generator would not be
# expected to beat.

# %% tags=["parameters"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick", "paper", or another folder inside it
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %%
# %matplotlib inline
# %config InlineBackend.figure_formats = ["svg"]
from IPython.display import Markdown, display

from dgan_core import report

found = report.collect(runs, profile, data)
display(Markdown(report.badge(found)))

# %%
display(Markdown(report.caption1(found)))
report.figure1(found)

# %% [markdown]
# The real–real floor uses fewer images a side than the runs do, so it is a little high for FID, whose bias
# grows as the number of images falls; KID has no such bias. A line that still falls at its right end has not
# converged: its final number is a number about training time as much as about the loss.

# %% [markdown]
# ## The last snapshot of each run

# %%
rows = report.tidy(found).query("metric in ['kid', 'fid']").sort_values(["loss", "lam"])
rows.pivot_table(index="label", columns="metric", values="value", sort=False).round(3)
