# %% [markdown]
# # Two weights, pulled apart
#
# Under WGAN-GP λ weighs two terms: the gradient penalty in the critic's objective and the perceptual term in the
# generator's. Table 1 moves both at once. Here each moves alone, the other at λ = 5. BCE has no penalty: for it the
# sweep of Table 2 moves the perceptual weight alone already.

# %% tags=["parameters", "hide-input"]
runs = "results"  # folder of folders of run directories, or an absolute path
profile = "busi-64-weights"  # the folder inside it

# %% tags=["hide-input"]
from IPython.display import Markdown, display

import dgan_report as report

found = report.collect(runs, profile)
display(Markdown(report.badge(found)))

# %% tags=["hide-input"]
report.picture(
    report.figure_weights(found),
    f"Figure W1. KID and FID where one weight moves alone. {report.finding(found)}",
    alt="Two panels, KID and FID against the weight that moves: a line for the gradient penalty's and one for the "
    "perceptual term's, with intervals; the floor is dotted.",
)

# %% tags=["hide-input"]
report.show(
    report.table_weights(found),
    "Table W1. KID and FID at each value of the weight that moves, of the first seed; at 5 both rows are the same run.",
    found,
)

# %% [markdown]
# An interval is over images. At λ = 5 a second seed was trained, and its interval counts too. What the seed alone
# moves, a weight must outdo before it can be why. Where a run lies at the floor, no weight can show a gain.
#
# `make sweep SWEEP=sweeps/weights.yaml` trains and measures the settings again; [how to](../book/howto.md) says more.
