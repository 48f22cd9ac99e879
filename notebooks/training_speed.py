# %% [markdown]
# # What training costs
#
# A training step is a pure function of state, batch and random numbers, written once for three backends. Here is what
# that costs beside a step written by hand for one of them, and how much of what the processor can do a step uses.

# %% tags=["parameters", "hide-input"]
results = (
    "results"  # folder of what the benchmarks wrote, in the project or absolute
)

# %% tags=["hide-input"]
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.benchmark import duration, measured_on, read_results
from dgan_report.claims import mean_interval, relative

measured = read_results(results, "benchmark-training.json")
NOT_RUN = "not run: `python benchmarks/training.py` writes results/benchmark-training.json"

# %% [markdown]
# ## One critic step
#
# WGAN-GP's critic step, whose penalty differentiates a gradient. The three steps on TensorFlow ran in turn in one
# process and gave the same loss; JAX and torch, a process each. Times exclude compilation and are the best of several
# runs. The matrix product is float32, by the faster of NumPy and the backends, measured between the steps.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    rows = pd.DataFrame(measured["rows"])
    table = pd.DataFrame({
        "backend": rows["backend"],
        "step": rows["step"],
        "time": rows["seconds"].map(duration),
        "times ours": [f"{r.ratio:.2f}" if r.backend == "tensorflow" else "" for r in rows.itertuples()],
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
    display(report.show(table.set_index("backend"), caption))
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
# random numbers in both precisions, a pair for each seed. A cell holds the seeds' numbers in their order.

# %% tags=["hide-input"]
SHOWN = [
    "kernel_distance",
    "frechet_distance",
    "lpips_real_fake",
    "ms_ssim_real_fake",
    "swd_pca",
]
both = report.collect(f"{results}/busi-128-precision")
rows = both.by().query("metric in @SHOWN").sort_values("seed", kind="stable")
rows = rows.assign(setting=rows["label"].str.removesuffix(", bfloat16"))
listed = rows.groupby(["setting", "metric", "precision"], sort=False)["value"].agg(
    lambda values: ", ".join(
        f"{v:.0f}" if abs(v) >= 100 else f"{v:.2g}" for v in values
    )
)
took = both.trained.assign(
    setting=both.trained["label"].str.removesuffix(", bfloat16")
)
seconds = took.groupby(["setting", "precision"])["seconds"].mean().unstack()
# Each seed's difference, relative to the two numbers; a 95 % interval of Student's t over the seeds.
wide = rows.pivot_table(
    index=["setting", "metric", "seed"], columns="precision", values="value"
)
told = []
if {"float32", "bfloat16"} <= set(wide):
    for setting, part in wide.dropna().groupby("setting"):
        apart = []
        for metric, pairs in part.groupby("metric"):
            difference = relative(pairs["float32"], pairs["bfloat16"])
            _, low, high = mean_interval(difference)
            apart += [report.headed(metric)[:-2]] * (low > 0 or high < 0)
        ratio = seconds.loc[setting, "float32"] / seconds.loc[setting, "bfloat16"]
        told.append(
            f"{setting}: {', '.join(apart) or 'none'} of {len(SHOWN)} metrics differs beyond its paired interval "
            f"over seeds; float32 took {ratio:.2g} times as long."
        )
table = listed.unstack(sort=False).reindex(columns=["float32", "bfloat16"])
table = table.rename(
    index=lambda name: report.headed(name) if name in SHOWN else name
)
table.index.names = ["setting", "metric"]
report.show(
    table,
    f"Table K3. {' '.join(told) or 'not run.'}",
    report.badge(both),
)

# %% tags=["hide-input"]
once = report.collect(f"{results}/busi-128").by()
again = rows.query(
    "label == 'BCE λ=3' and seed == 0 and metric == 'kernel_distance'"
)
once = once.query(
    "label == 'BCE λ=3' and seed == 0 and metric == 'kernel_distance'"
)
if len(once) and len(again):
    display(
        Markdown(
            "Rounding alone does as much to BCE within float32. The same run on the page of tables had the same "
            "settings, seed and random numbers, and a program that added the same numbers up in another order: its "
            f"kernel distance was {once['value'].iloc[0]:.2g}, here it is {again['value'].iloc[0]:.2g}."
        )
    )

# %% [markdown]
# ## On a GPU
#
# The printed protocol is 10,500 times five updates of the critic and one of the generator. The six are one compiled
# call; the images and the backbone's features of them lie on the device, and the host waits once a call, for the log.

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
        f"Table K4. {on_gpu['device']}, {on_gpu['backend']}: the printed protocol in bfloat16 takes "
        f"{duration(rows['protocol_seconds'][0])}; {duration(bar['seconds'])} are asked for. "
        f"{on_gpu['operations'] / 1e12:.3g} TFLOP a call, at {on_gpu['matrix_rates']['bfloat16'] / 1e12:.3g} TFLOP/s "
        f"of a bfloat16 matrix product {duration(on_gpu['floor'])} at the least."
    )
    display(report.show(table.set_index("precision"), caption))
