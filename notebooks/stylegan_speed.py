# %% [markdown]
# # What the StyleGANs cost
#
# Taken at its word, going from one sampling rate to another inserts zeros, filters them all, and drops most of what was
# filtered. Here no inserted zero and no dropped sample is ever computed, and one kernel serves the whole batch: scaling
# what enters and leaves a convolution is the same as scaling its kernel for each image. Nothing is approximated.

# %% tags=["parameters", "hide-input"]
results = "results"  # folder of benchmark-stylegan.json, in the project or absolute

# %% tags=["hide-input"]
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.benchmark import duration, measured_on, read_results

measured = read_results(results, "benchmark-stylegan.json")
NOT_RUN = "not run: `python benchmarks/stylegan.py` writes results/benchmark-stylegan.json"

# %% [markdown]
# ## Beside plain PyTorch
#
# The same networks twice, with the same weights, inputs and threads, in one process: here as TensorFlow graphs, beside
# them written out in PyTorch. Every row is a value and its gradients with respect to every weight; R1 and the path
# length, which are functions of a gradient themselves, differentiate twice. Values and gradients were asserted equal to
# rounding before anything was timed. What is asked for is to be no slower than 1.3 times.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    rows = pd.DataFrame(measured["rows"])
    table = pd.DataFrame({
        "what": rows["what"],
        "image": rows["size"].map("{0}×{0}".format),
        "ours": rows["ours_seconds"].map(duration),
        "plain PyTorch": rows["theirs_seconds"].map(duration),
        "times as fast": rows["ratio"].map("{:.2f}".format),
        "asked for": rows["bar"].map("≥ {:g}".format),
        "met": rows["met"].map({True: "yes", False: "no"}),
        "how": rows["how"],
    })  # fmt: skip
    caption = f"Table G1. {rows['met'].sum()} of {len(rows)} rows are as fast as asked for."
    display(report.show(table.set_index("what"), caption))
    display(
        Markdown(
            measured_on(
                measured, ("keras", "tensorflow", "tensorflow-cpu", "torch")
            )
        )
    )
