# %% [markdown]
# # What training costs
#
# A training step is a pure function of state, batch and draws, written once for three engines. Here is what that
# costs beside a step written by hand for one of them, and how much of what the processor can do a step uses.

# %% tags=["parameters", "hide-input"]
results = (
    "results"  # folder of what the benchmarks wrote, in the project or absolute
)

# %% tags=["hide-input"]
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.benchmark import duration, measured_on, read_results

measured = read_results(results, "benchmark-training.json")
NOT_RUN = "not run: `python benchmarks/training.py` writes results/benchmark-training.json"

# %% [markdown]
# ## One critic step
#
# WGAN-GP's critic step, whose penalty differentiates a gradient. The three steps on TensorFlow ran in turn in one
# process and gave the same loss; JAX and torch, a process each. Compiling is in no time, and a time is the best of a
# few. The matrix product is float32, by the faster of NumPy and the engines, measured between the steps.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    rows = pd.DataFrame(measured["rows"])
    table = pd.DataFrame({
        "engine": rows["engine"],
        "step": rows["step"],
        "time": rows["seconds"].map(duration),
        "times ours": [f"{r.ratio:.2f}" if r.engine == "tensorflow" else "" for r in rows.itertuples()],
        "asked for": [f"≥ {r.bar:.2f}" if pd.notna(r.bar) else "" for r in rows.itertuples()],
        "met": rows["met"].map({True: "yes", False: "no"}).fillna(""),
        "GFLOP/s": (rows["rate"] / 1e9).map("{:.0f}".format),
        "of a matrix product": rows["of_matrix_rate"].map("{:.0%}".format),
    })  # fmt: skip
    work, whole = sum(measured["operations"].values()), measured["of_matrix_rate"]
    load = f"load {measured['load_before']:.1f} before the start"
    caption = (
        f"Table K1. Our step on TensorFlow uses {whole['value']:.0%} of a matrix product's rate; at least "
        f"{whole['bar']:.0%} is asked for. Images of {measured['size']}×{measured['size']}, batch {measured['batch']}: "
        f"{work / 1e12:.3g} TFLOP a step. The product reached {measured['matrix_rate'] / 1e9:.0f} GFLOP/s, a copy "
        f"{measured['memory_rate'] / 1e9:.1f} GB/s."
    )
    display(report.show(table.set_index("engine"), caption))
    display(Markdown(measured_on(measured, also=load)))

# %% [markdown]
# ## Where the operations go
#
# Counted by formula from the widths, a multiply-add as two. Differentiating the penalty needs no more than the way of
# the slope: leaky ReLUs are constant factors where their input keeps its sign. TensorFlow's own LeakyReLU would send
# zeros back through every convolution all the same, so the critic writes it as a product.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    parts = pd.Series(measured["operations"])
    shares = pd.DataFrame({
        "part of the step": parts.index,
        "TFLOP": (parts / 1e12).map("{:.3g}".format).to_numpy(),
        "share": (parts / parts.sum()).map("{:.0%}".format).to_numpy(),
    })  # fmt: skip
    caption = (
        f"Table K2. Most operations of a step, {parts.max() / parts.sum():.0%}, are those of the part "
        f"“{parts.idxmax()}”."
    )
    display(report.show(shares.set_index("part of the step"), caption))

# %% [markdown]
# ## Half the bytes: bfloat16
#
# `precision="bfloat16"` computes the activations in bfloat16, with 8 bits of precision where float32 has 24, and keeps
# parameters, moments and losses in float32. It may be used if it is faster and what comes out is the same. These are
# the paper's two best settings on malignant scans of BUSI, at 128×128 for 30 epochs, from the same initial weights and
# draws in both precisions, a pair for each seed. A cell holds the seeds' numbers in their order. They were set up as
# the [kept runs on real BUSI](busi.ipynb) were.

# %% tags=["hide-input"]
both = report.collect(results, "busi-128-precision")
report.show(
    report.table_rounding(both),
    f"Table K3. {report.finding_rounding(both)}",
    both,
)

# %% tags=["hide-input"]
twice = [
    report.find(report.collect(results, folder), "dgan", "bce", 3.0)
    for folder in ("busi-128", "busi-128-precision")
]
if all(run is not None and run.final for run in twice):
    kid = [f"{run.final['kid']:.2g}" for run in twice]
    display(
        Markdown(
            "Rounding alone does as much to BCE within float32. The same run on the page of kept runs had "
            "the same settings, seed and draws, and a program that added the same numbers up in another order: "
            f"its KID was {kid[0]}, here it is {kid[1]}."
        )
    )

# %% [markdown]
# ## On a GPU
#
# The printed protocol is 10,500 times five updates of the critic and one of the generator. The six are one compiled
# call; the images and the trunk's features of them lie on the device, and the host waits once a call, for the log.

# %% tags=["hide-input"]
on_gpu = read_results(results, "benchmark-gpu.json")
if on_gpu is None:
    display(
        Markdown(
            "not run: `python benchmarks/gpu.py` writes results/benchmark-gpu.json"
        )
    )
else:
    rows = pd.DataFrame(on_gpu["rows"])
    table = pd.DataFrame({
        "precision": rows["precision"],
        "five critic updates and one of the generator": rows["seconds"].map(duration),
        "a critic update": (rows["seconds"] / on_gpu["n_critic"]).map(duration),
        "of a bfloat16 product": rows["of_matrix_rate"].map("{:.0%}".format),
        "the printed protocol": rows["protocol_seconds"].map(duration),
        "GPU memory": (rows["peak_device_memory"] / 1e9).map("{:.3g} GB".format),
    })  # fmt: skip
    bar = on_gpu["bar"]
    caption = (
        f"Table K4. {on_gpu['device']}, {on_gpu['engine']}: the printed protocol in bfloat16 takes "
        f"{duration(rows['protocol_seconds'][0])}; {duration(bar['seconds'])} are asked for. "
        f"{on_gpu['operations'] / 1e12:.3g} TFLOP a call, at {on_gpu['matrix_rates']['bfloat16'] / 1e12:.3g} TFLOP/s "
        f"of a bfloat16 matrix product {duration(on_gpu['floor'])} at the least."
    )
    display(report.show(table.set_index("precision"), caption))
