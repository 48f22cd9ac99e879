# %% [markdown]
# # Explorer: runs side by side
#
# Choose a model, a weight λ and an epoch. The page shows images made from the same random vectors z in every run of a
# model with the same seed, what each metric says of the last epoch, and how training went. The page's address keeps
# your choice, so you can send it to someone.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
import dgan_report as report

found = report.collect(runs, profile, data)
report.banner(found)

# %% tags=["hide-input", "full-width"]
report.explorer(found)

# %% [markdown]
# ## How to read it
#
# Kernel and Fréchet distance are measured at several epochs, all other metrics at the last. Low is good for both. An
# interval is over images of this one model, not over trainings. *Real halves* is the distance between two halves of the
# real images; in a chart it is the dotted line, and the dashed line is the epoch shown. The paper's numbers stand only
# beside runs on real scans. Two losses have different units: compare how their curves change, not their heights. Images
# are compressed for this page; the run directories hold them as they were made.
