# %% [markdown]
# # Figure 1: KID and FID against epoch
#
# All ten DGAN runs, one line each: colour tells the loss, shade and marker the weight λ. The dotted line is the
# same distance measured between two halves of the *real* images, which a perfect generator would not be
# expected to beat.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick", "paper", or another folder inside it
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
from IPython.display import Markdown, display

import dgan_report as report

found = report.collect(runs, profile, data)
display(Markdown(report.badge(found)))

# %% tags=["hide-input"]
report.picture(
    report.figure1(found),
    report.caption1(found),
    alt="Two panels, KID and FID against epoch on logarithmic axes: a line for each of the ten DGAN runs with the "
    "interval "
    "of its last snapshot, and a dotted line for two halves of the real images.",
)

# %% [markdown]
# The real–real floor uses fewer images a side than the runs do, so it is a little high for FID, whose bias
# grows as the number of images falls; KID has no such bias. A line that still falls at its right end has not
# converged: its final number is a number about training time as much as about the loss.

# %% [markdown]
# ## The last snapshot of each run

# %% tags=["hide-input"]
rows = report.tidy(found).query("metric in ['kid', 'fid']")
last = rows.pivot_table(index="label", columns="metric", values="value", sort=False)
trained = rows[rows["model"] != "real"].dropna(subset="value")
best = [
    f"lowest {metric.upper()}: {part.loc[part['value'].idxmin(), 'label']}"
    for metric, part in trained.groupby("metric", sort=False)
]
report.show(
    (last.round(3) + 0.0).rename(columns=str.upper),  # no −0
    f"Table F1. {'; '.join(['KID and FID of the last snapshot of each run', *best])}.",
    found,
)
