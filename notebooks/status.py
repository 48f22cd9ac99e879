# %% [markdown]
# # Status: what this book was built from
#
# This page lists every run that this copy of the book trained, finished or not: its state, its time and memory, and
# when it was written. [Costs and reliability](costs.ipynb) and [How sure is a number?](uncertainty.ipynb) show
# measurements kept with the project, and say when those were made.

# %% tags=["parameters", "hide-input"]
runs = "runs"  # folder of run directories; relative to the project or absolute
profile = "quick"  # "quick" or "paper"
data = "phantom"  # keep only runs trained on this: "phantom", "busi" or a folder

# %% tags=["hide-input"]
import pandas as pd

import dgan_report as report
from dgan_core.profiles import LAMBDAS
from dgan_report.benchmark import duration

found = report.collect(runs, profile, data)
report.banner(found)

# %% [markdown]
# ## Runs

# %% tags=["hide-input"]


def took(seconds):
    """ "59 s", or "not run"."""
    return "not run" if pd.isna(seconds) else duration(seconds)


trained = found.trained
state = trained["state"] + trained["reason"].map(
    lambda r: f": {r}" if isinstance(r, str) else ""
)
states = pd.DataFrame({
    "setting": trained["label"],
    "state": state,
    "training": trained["seconds"].map(took),
    "evaluation": trained["evaluation_seconds"].map(took),
    "features": trained["extractor"].fillna("not run"),
    "commit": trained["commit"],
    "written": trained["written"],
})  # fmt: skip
paper = [
    report.label("dgan", loss, lam)
    for loss in ("wgan-gp", "bce")
    for lam in LAMBDAS
]
wanted = dict.fromkeys([*paper, *report.BEST])
missing = [name for name in wanted if name not in set(trained["label"])]
report.show(
    states.set_index(trained["run"].rename("run")),
    f"Table P1. {len(trained)} runs, {(trained['state'] == 'finished').sum()} of them finished. "
    f"Settings of the paper that were not run: {', '.join(missing) or 'none'}.",
)

# %% [markdown]
# A run that was interrupted or failed keeps its checkpoint: training it again resumes from there. Dates are those of
# the files, in UTC.

# %% [markdown]
# ## What they took
#
# An update is one update of the generator, with the critic's updates before it. `make book` trains two runs side by
# side on one thread each; alone, the same run has all cores and is faster.

# %% tags=["hide-input"]


def gigabytes(size):
    """ "2.5 GB", or "not logged"."""
    return "not logged" if pd.isna(size) else f"{size / 1e9:.2g} GB"


done = trained[trained["state"] == "finished"].dropna(subset="seconds")
on_gpu = done["peak_device_memory"].notna()
cost = pd.DataFrame({
    "seed": done["seed"],
    "images": done["image_size"].map("{0}×{0}".format),
    "batch": done["batch_size"],
    "updates": done["steps"].map("{:.0f}".format),
    "each": (done["seconds"] / done["steps"]).map(duration),
    "training": done["seconds"].map(duration) + on_gpu.map({True: ", GPU", False: ", CPU"}),
    "memory": done["peak_memory"].map(gigabytes),
    "GPU memory": done["peak_device_memory"].map(gigabytes).where(on_gpu, ""),
    "evaluation": done["evaluation_seconds"].map(took),
})  # fmt: skip
machines = dict.fromkeys(
    f"{r.cpu}, {r.cores:g} cores" for r in done.dropna(subset="cores").itertuples()
)
report.show(
    cost.set_index(done["label"].rename("setting")),
    f"Table P2. Time and memory of each finished run, on {'; '.join(machines) or 'a machine that was not recorded'}.",
    report.badge(found),
)
