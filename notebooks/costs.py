# %% [markdown]
# # Costs and reliability
#
# This page says two things about the project's code: what it costs, and what becomes of a run that crashes. The first
# three sections say how long the metrics, the StyleGANs and training take, compared with the package or hand-written
# code that people would use instead, and why. All times were measured by scripts in `benchmarks/`; each table says on
# which machine. The time *asked for* is the project's own goal. The last section counts faults that were made on
# purpose.

# %% tags=["parameters", "hide-input"]
results = "results"  # what the benchmarks and make faults wrote, in the project or absolute

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import dgan_report as report
from dgan_report.benchmark import duration, measured_on, read_results
from dgan_report.claims import mean_interval, relative
from dgan_report.style import OKABE_ITO

report.use_style()

# %% [markdown]
# ## What the metrics cost
#
# At a few hundred images the usual tools compute more than they need: the root of a 2048×2048 matrix is one small
# singular value decomposition, LPIPS of all pairs is a matrix product, and in MS-SSIM only the cross term depends on
# the pair. Nothing is approximated: [How sure is a
# number?](uncertainty.ipynb#the-package-and-its-convention) compares our Fréchet distance with each package's.

# %% tags=["hide-input"]
measured = read_results(results, "benchmark-metrics.json")
NOT_RUN = (
    "not run: `python benchmarks/metrics.py` writes results/benchmark-metrics.json"
)

# %% [markdown]
# ### Beside the published packages
#
# Both sides were timed in one process, with the same threads, arrays and random weights; loading is not included. A
# package that compares one pair at a time was timed on a sample of pairs and extrapolated to all.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    rows = pd.DataFrame(measured["ratios"])
    table = pd.DataFrame({
        "what": rows["what"],
        "ours": rows["ours_seconds"].map(duration),
        "package": rows["package"],
        "theirs": rows["theirs_seconds"].map(duration),
        "times as fast": rows["ratio"].map(lambda x: f"{x:.3g}" if x < 100 else f"{x:,.0f}"),
        "asked for": rows["bar"].map("≥ {:g}".format),
        "met": rows["met"].map({True: "yes", False: "no"}),
        "how": rows["how"],
    })  # fmt: skip
    machine = measured["machine"]
    kernels = sorted(
        {
            pool["architecture"]
            for pool in machine["threadpools"]
            if pool["architecture"]
        }
    )
    packages = [name for name in machine["versions"] if "tensor" not in name]
    also = f"NumPy's BLAS kernel {', '.join(kernels) or 'unknown'}"
    size = f"Images of {measured['size']}×{measured['size']}."
    met = f"Table V1. {rows['met'].sum()} of {len(rows)} rows are as fast as asked for. {size}"
    display(report.show(table.set_index("what"), met))
    jobs = pd.DataFrame(measured.get("budgets", []))
    for job in jobs.itertuples():
        took, allowed = duration(job.seconds), duration(job.allowed)
        verdict = "Met" if job.seconds <= job.allowed else "Not met"
        wanted = f"{took}, at most {allowed} was asked for"
        display(Markdown(f"- {verdict}: {job.what} takes {wanted}."))
    display(Markdown(measured_on(measured, packages, also)))

# %% [markdown]
# ### Cost against the number of images
#
# The time for features grows in proportion to the number of images N, that for pairs with N², and that for the
# decomposition in the Fréchet distance with N³, until N reaches the number of features.

# %% tags=["hide-input"]
COLOURS = [
    OKABE_ITO[name]
    for name in ("wgan-gp", "bce", "stylegan2", "stylegan3", "malignant", "benign")
]
OF_IMAGES = (
    "features, EfficientNet-Lite0",
    "features, random VGG16",
    "LPIPS, all pairs",
    "MS-SSIM, all pairs",
)


def apart(values, least=2.2):
    """Positions for labels beside these values, in the same order, each at least `least` times the one below."""
    places = np.array(values, dtype=float)
    order = places.argsort()
    for below, above in zip(order, order[1:], strict=False):
        places[above] = max(places[above], places[below] * least)
    return places


def panel(ax, rows, title):
    """One line a metric, named at its right end in its colour."""
    lines = [
        (name, part.sort_values("n"))
        for name, part in rows.groupby("metric", sort=False)
    ]
    places = apart([part["seconds"].iloc[-1] for _, part in lines])
    for (name, part), place, colour in zip(lines, places, COLOURS, strict=False):
        ax.plot(part["n"], part["seconds"], color=colour, marker="o", ms=4)
        ax.annotate(
            name, (part["n"].iloc[-1], place), xytext=(8, 0), textcoords="offset points", va="center", color=colour,
            annotation_clip=False,
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="images a side, N")
    ax.set_title(title, loc="left")
    ax.set_xticks(
        sorted(set(rows["n"])),
        [str(n) for n in sorted(set(rows["n"]))],
        rotation=45,
    )
    ax.minorticks_off()


if measured is None:
    display(Markdown(NOT_RUN))
else:
    cost = pd.DataFrame(measured["cost"]["rows"])
    of_images = cost["metric"].isin(OF_IMAGES)
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharey=True)
    panel(
        axes[0],
        cost[of_images],
        f"from images of {measured['cost']['size']}×{measured['cost']['size']}",
    )
    panel(
        axes[1], cost[~of_images], f"from {measured['cost']['features']} features"
    )
    axes[0].set_ylabel("seconds")
    most = cost.loc[cost["seconds"].idxmax()]
    caption = (
        f"Figure V1. {most['metric']} takes longest: {duration(most['seconds'])} at N = {most['n']}. Seconds against "
        "the number of images a side, both axes logarithmic."
    )
    alt = "Two panels with a rising line for each metric: from images on the left, from features on the right."
    display(report.picture(figure, caption, alt))

# %% [markdown]
# ### Memory
#
# Activations and window means are kept for as many images as fit in a limit that you set (`memory_limit`). The other
# images go through the network again for each block. The result is the same for every limit.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    memory = pd.DataFrame(measured["memory"])
    shown = pd.DataFrame({
        "function": memory["metric"],
        "images": [f"{r.n} of {r.size}×{r.size}" for r in memory.itertuples()],
        "pairs": memory["n"] * (memory["n"] - 1) // 2,
        "limit (GiB)": memory["memory_limit"] / 2**30,
        "peak of the whole process (GiB)": (memory["peak_bytes"] / 2**30).round(2),
        "time": memory["seconds"].map(duration),
    })  # fmt: skip
    caption = (
        f"Table V2. No process took more than {shown['peak of the whole process (GiB)'].max():g} GiB; what it took "
        "follows the limit, not the number of images."
    )
    display(report.show(shown.set_index("function"), caption))
# %% [markdown]
# ## What the StyleGANs cost
#
# Done literally, a change of sampling rate inserts zeros, filters them all, and drops most of the result. Here no
# inserted zero and no dropped sample is ever computed, and one kernel serves the whole batch: scaling a convolution's
# input and output is the same as scaling its kernel for each image. Nothing is approximated.

# %% tags=["hide-input"]
measured = read_results(results, "benchmark-stylegan.json")
NOT_RUN = "not run: `python benchmarks/stylegan.py` writes results/benchmark-stylegan.json"

# %% [markdown]
# ### Beside plain PyTorch
#
# The same networks run twice in one process, with the same weights, inputs and threads: ours as TensorFlow graphs, and
# written out in PyTorch. Every row is a value and its gradients with respect to every weight. R1 and the path length
# are functions of a gradient, so they differentiate twice. Values and gradients were checked to be equal up to rounding
# before anything was timed. The project asks for at most 1.3 times PyTorch's time, which is at least 0.77 times as
# fast.

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
# %% [markdown]
# ## What training costs
#
# A training step is a pure function of state, batch and random numbers, written once for three backends. This section
# compares it with a step written by hand for one of them, and says how much of the processor's speed it uses.

# %% tags=["hide-input"]
measured = read_results(results, "benchmark-training.json")
NOT_RUN = "not run: `python benchmarks/training.py` writes results/benchmark-training.json"

# %% [markdown]
# ### One critic step
#
# This is WGAN-GP's critic step, whose penalty differentiates a gradient. The three steps on TensorFlow ran in turn in
# one process and gave the same loss; JAX and torch ran in a process each. Times exclude compilation and are the best of
# several runs. The step is compared with a float32 matrix product, by the faster of NumPy and the backends, measured
# between the steps.

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
        "of a matrix product": (100 * rows["of_matrix_rate"]).map("{:.0f} %".format),
    })  # fmt: skip
    work, whole = sum(measured["operations"].values()), measured["of_matrix_rate"]
    load = f"load {measured['load_before']:.1f} before the start"
    caption = (
        f"Table K1. Our step on TensorFlow uses {100 * whole['value']:.0f} % of a matrix product's rate; at "
        f"least {100 * whole['bar']:.0f} % is asked for. Images of {measured['size']}×{measured['size']}, batch "
        f"{measured['batch']}: {work / 1e12:.3g} TFLOP a step. The product reached "
        f"{measured['matrix_rate'] / 1e9:.0f} GFLOP/s, a copy {measured['memory_rate'] / 1e9:.1f} GB/s."
    )
    display(report.show(table.set_index("backend"), caption))
    display(Markdown(measured_on(measured, also=load)))

# %% [markdown]
# ### Where the operations go
#
# Operations are counted by formula from the widths; a multiply-add counts as two. The penalty is differentiated only
# along the path of the slope, since leaky ReLUs are constant factors where their input keeps its sign. TensorFlow's own
# LeakyReLU would still send zeros back through every convolution, so the critic writes it as a product.

# %% tags=["hide-input"]
if measured is None:
    display(Markdown(NOT_RUN))
else:
    parts = pd.Series(measured["operations"])
    shares = pd.DataFrame({
        "part of the step": parts.index,
        "TFLOP": (parts / 1e12).map("{:.3g}".format).to_numpy(),
        "share": (100 * parts / parts.sum()).map("{:.0f} %".format).to_numpy(),
    })  # fmt: skip
    caption = (
        f"Table K2. Most operations of a step, {100 * parts.max() / parts.sum():.0f} %, are those of the part "
        f"“{parts.idxmax()}”."
    )
    display(report.show(shares.set_index("part of the step"), caption))

# %% [markdown]
# ### Half the memory: bfloat16
#
# `precision="bfloat16"` computes the activations in bfloat16, with 8 bits of precision where float32 has 24, and keeps
# parameters, moments and losses in float32. It is worth using if it is faster and the results do not change. It is
# faster only on processors that [have instructions for it](../book/training.md#precision), as the one used for these
# runs did. The table has the paper's two best settings on malignant scans of BUSI, at 128×128 for 30 epochs, from the
# same initial weights and random numbers in both precisions, a pair for each seed. A cell holds the seeds' numbers in
# their order.

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
    ).replace("-", "−")
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
        which = f" ({', '.join(apart)})" if apart else ""
        told.append(
            f"{setting}: {len(apart) or 'none'} of {len(SHOWN)} metrics {'differs' if len(apart) < 2 else 'differ'} "
            f"between the precisions{which}; float32 took {ratio:.2g} times as long."
        )
RULE = (
    "A metric differs if the 95 % interval of its paired difference excludes 0; with so few seeds only a large "
    "difference can be seen."
)
table = listed.unstack(sort=False).reindex(columns=["float32", "bfloat16"])
table = table.rename(
    index=lambda name: report.headed(name) if name in SHOWN else name
)
table.index.names = ["setting", "metric"]
report.show(
    table,
    f"Table K3. {' '.join([*told, RULE] if told else ['not run.'])}",
    report.badge(both),
)

# %% [markdown]
# ### On a GPU
#
# The printed protocol is 10,500 times five updates of the critic and one of the generator. These six are one compiled
# call. The images and the backbone's features of them lie on the device, and the host waits only once a call, for the
# log.

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
    of_kinds = pd.DataFrame([*rows["kinds"]])  # of an iteration's seconds
    whole = report.collect(f"{results}/printed", "paper", "busi").trained
    table = pd.DataFrame({
        "precision": rows["precision"],
        "five critic updates and one of the generator": rows["seconds"].map(duration),
        "a critic update": (rows["seconds"] / on_gpu["n_critic"]).map(duration),
        "of a bfloat16 product": (100 * rows["of_matrix_rate"]).map("{:.0f} %".format),
        "the printed protocol": rows["protocol_seconds"].map(duration),
        **{kind: of_kinds[kind].map(duration) for kind in of_kinds},
        "between kernels": (rows["seconds"] - of_kinds.sum(axis=1)).map(duration),
        "GPU memory": (rows["peak_device_memory"] / 1e9).map("{:.3g} GB".format),
    })  # fmt: skip
    bar = on_gpu["bar"]
    caption = (
        f"Table K4. {on_gpu['device']}, {on_gpu['backend']}: the printed protocol in bfloat16 takes "
        f"{duration(rows['protocol_seconds'][0])}; the goal is at most {duration(bar['seconds'])}. "
        f"A call takes {on_gpu['operations'] / 1e12:.3g} TFLOP. At the "
        f"{on_gpu['matrix_rates']['bfloat16'] / 1e12:.3g} TFLOP/s that a bfloat16 matrix product reaches, it can't "
        f"take less than {duration(on_gpu['floor'])}."
    )
    for run in whole.itertuples():
        caption += (
            f" A whole run of {run.label} in {run.precision}, with its snapshots, "
            f"took {duration(run.seconds)}."
        )
    display(
        report.show(
            table.set_index("precision").T,
            caption,
            measured_on(on_gpu, also=on_gpu["device"]),
        )
    )

# %% [markdown]
# ## What happens when a run crashes
#
# `make faults` kills runs, damages files, fills the disk and makes losses NaN (not a number), on purpose and hundreds
# of times. It compares each result with a run that was left alone: parameters, log, snapshots and samples, bit for bit.
# It also gives the program thousands of random or hostile parameters, pictures and archives. Each must be read
# correctly or refused.

# %% tags=["hide-input"]
HEADINGS = {
    "kills": "Killed",
    "sweep": "A sweep of several jobs",
    "disk": "The disk",
    "damage": "Damaged files",
    "processes": "Other processes, and memory",
    "numbers": "NaN and infinity",
    "inputs": "Bad input and hostile files",
    "endurance": "Long runs",
}
measured = {
    part: found
    for part, found in (read_results(results, "faults.json") or {}).items()
    if part in HEADINGS
}
rows = [
    {"part": part, **row}
    for part, found in measured.items()
    for row in found["rows"]
]
faults = pd.DataFrame(
    rows, columns=["part", "kind", "tried", "survived", "lost", "what"]
)
if measured:
    inputs = faults[faults.part == "inputs"].tried.sum()
    total = (
        f"**{faults.tried.sum() - inputs:,} faults and {inputs:,} inputs were tried; "
        f"{faults.lost.sum():,} of them lost or let in anything.**"
    )
else:
    total = "not run: `make faults` writes results/faults.json"
display(Markdown(total))

# %% [markdown]
# *Survived* means that the last column's statement held. A fault that came too late, because the run was already done,
# counts as not tried. A line says so where a fault could not be tried on this machine.

# %% tags=["hide-input"]
for number, part in enumerate(
    (part for part in HEADINGS if part in measured), start=1
):
    own = faults[faults.part == part]
    counts = own[["tried", "survived", "lost"]].map("{:,}".format)
    table = counts.assign(**{"survived means": own["what"]}).set_axis(own["kind"])
    table.index.name = None
    display(
        report.show(
            table,
            f"Table Q{number}. {HEADINGS[part]}: {own.tried.sum():,} tried, {own.lost.sum():,} lost.",
        )
    )

# %% [markdown]
# ### How it holds
#
# **One way to write.** A file is written under another name, flushed to the disk and renamed; so it has either the old
# or the new content. A checkpoint is read back before it counts, and the one before it stays until then.
#
# **Every file can be checked.** Records and arrays carry a SHA-256 of their content. A checkpoint also carries those of
# the configuration and of the log up to its step: a run goes on only from state, log and configuration that belong
# together, or says which file is damaged.
#
# **Every random number is a function of (seed, stream, step)**, so a run resumes from its state and step; see
# [Networks and training](../book/training.md#random-numbers).
#
# **One process trains in a directory at a time.** The system releases the lock of a process that died; you never have
# to unlock anything by hand.
#
# **No NaN or infinity is saved.** All measured numbers and the whole state are checked in each step.

# %% tags=["hide-input"]
for part, found in measured.items():
    machine = found["environment"]
    where = f"{machine['hardware']['cpu']}, {machine['hardware']['cores']} cores, commit {machine['commit'][:16]}"
    display(
        Markdown(
            f"*{HEADINGS[part]}*: {found['date']}, {duration(found['seconds'])}, {where}."
        )
    )
