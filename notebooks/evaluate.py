# %% [markdown]
# # Evaluate
#
# This page measures a finished run. Its last snapshot (the generator as kept at some epoch) draws as many images as
# there are real ones, and every metric compares the two sets. Earlier snapshots are measured only by distances of
# features, for the curves against the epoch. The results go into the run directory, where the tables and figures read
# them.

# %% tags=["parameters"]
run_path = "runs/quick/dgan-wgan-gp-lam5-seed0"  # a finished run's directory
extractor = None  # such as "efficientnet-lite0" or "inception"; None: the run's
others = ""  # extractors that measure the last snapshot too, such as "radiomics, random-vgg16"
lpips_weights = None  # "official" or "random"; None: the run's
seed = 0  # of subsets, projections and UMAP

# %%
from dgan_core import generate, metrics
from dgan_core.data import load
from dgan_core.runs import Run
from dgan_core.training.schedule import snapshot_epochs

run = Run.open(run_path)
config = run.config
extractor = extractor or config.extractor
lpips_weights = lpips_weights or config.lpips_weights
if not run.finished:
    raise ValueError(f"{run.path} is not finished; train it first")

real = load(config)
epochs = [
    epoch
    for epoch in snapshot_epochs(config)
    if epoch == config.epochs or run.snapshot_path(epoch).is_file()
]  # a run may have kept its last snapshot alone
fakes = {epoch: generate(run, len(real), epoch) for epoch in epochs}
cache = run.path.parent.parent / "features"  # of all runs: the real images' once

# %% [markdown]
# First the last snapshot, by every metric. In brackets is the 95 % interval over images. The floor is the same metric
# between two halves of the real images.

# %%
import time

import pandas as pd

import dgan_report as report
from dgan_core.metrics.table import METRICS, canonical

started = time.perf_counter()
besides = tuple(name.strip() for name in others.split(",") if name.strip())
found = metrics.evaluate(
    real,
    fakes[config.epochs],
    extractor,
    besides,
    lpips_weights=lpips_weights,
    seed=seed,
    cache=cache,
)

# %% tags=["hide-input"]
numbers, features = found.numbers, found.settings["extractor"]
rows = pd.DataFrame(
    {
        "metric": canonical(name),
        "value": value,
        "low": numbers.get(f"{name}_low"),
        "high": numbers.get(f"{name}_high"),
        "floor": numbers.get(f"{name}_floor"),
    }
    for name, value in numbers.items()
    if canonical(name) in METRICS
)
floors = rows.assign(value=rows["floor"], low=None)
table = pd.DataFrame({
    "metric": [report.headed(name, features) for name in rows["metric"]],
    "value": [report.cell(row) for row in rows.itertuples()],
    "floor": [report.cell(row) for row in floors.itertuples()],
}).set_index("metric")  # fmt: skip

# %% tags=["hide-input"]
report.show(
    table,
    f"Table E1. The last snapshot of {run.path.name} by every metric, N = {len(real)}, features of {features}.",
    " ".join(found.notes),
)

# %% [markdown]
# Then the earlier snapshots, by distances of the run's own extractor.

# %%
OF_HISTORY = ["frechet_distance", "kernel_distance", "precision", "recall"]
of_real = metrics.features(real, extractor, cache=cache)


def measured(images):
    """The numbers of a snapshot's images, without intervals."""
    return metrics.evaluate_features(
        of_real,
        metrics.features(images, extractor, cache=cache),
        extractor,
        OF_HISTORY,
        intervals=False,
        floor=False,
        seed=seed,
    )


history = [
    {"epoch": epoch, "extractor": extractor, **measured(images)}
    for epoch, images in fakes.items()
]
of_run = pd.DataFrame(history)
distance = next(name for name in of_run if canonical(name) == "kernel_distance")
first, last = of_run[distance].iloc[[0, -1]]
falls = f"The kernel distance {'falls' if last < first else 'does not fall'} from the first to the last snapshot."
report.show(
    of_run.drop(columns="extractor").set_index("epoch").round(3),
    f"Table E2. {falls if len(of_run) > 1 else 'Of this run, the last snapshot alone is kept.'}",
)

# %%
from dgan_core.evaluations import Evaluation, save_evaluation
from dgan_core.io.fingerprint import fingerprint

seconds = time.perf_counter() - started
evaluation = Evaluation(
    final=numbers,
    settings=found.settings,
    others=found.others,
    history=history,
    seconds=seconds,
    source=fingerprint("dgan_core.metrics.evaluation"),
)
save_evaluation(run.path, evaluation, found.embeddings, fakes[config.epochs])
print(f"evaluated in {seconds:.0f} s; written to metrics.json in {run_path}")
