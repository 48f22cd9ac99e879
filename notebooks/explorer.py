# %% [markdown]
# # Explorer: runs side by side
#
# Choose a model, a weight λ and an epoch: images made from the same z in every run of a model, what each metric says of
# the last epoch, and how training went. The page's address keeps the choice.

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
# Kernel and Fréchet distance are measured on several epochs, all else on the last. The interval is over images of this
# one model, not over trainings. *Real halves* is what two halves of the real images score; in a chart it is the dotted
# line, and the dashed one is the epoch shown. The paper's numbers stand beside runs on real scans only. The losses of
# two objectives share no unit: compare their course, not their height. Images are compressed for this page; the run
# directories hold them as they were made.
