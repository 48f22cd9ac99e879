# %% [markdown]
# # Evaluate
#
# As many images as there are real ones are generated from a run's last snapshot and compared with the real ones
# by every metric; earlier snapshots give KID and FID against the epoch. Written to `metrics.json` and
# `embeddings.npz` in the run directory.

# %% tags=["parameters"]
run_path = "runs/quick/dgan-wgan-gp-lam5-seed0"  # a finished run's directory
extractor = None  # "inception", "random-inception", "random-vgg16"; None: profile's
lpips_weights = None  # "official" or "random"; None: the profile's
seed = 0  # of KID's subsets, SWD's projections and UMAP

# %% tags=["remove-stderr"]
from dgan_core import generate
from dgan_core.data import load
from dgan_core.runs import Run

run = Run.open(run_path)
config = run.config
extractor = extractor or config.extractor
lpips_weights = lpips_weights or config.lpips_weights
if not run.finished:
    raise ValueError(f"{run.path} is not finished; train it first")

real = load(config)
fakes = {
    epoch: generate(run, len(real), epoch) for epoch in config.snapshot_epochs()
}
cache = run.path.parent.parent / "features"  # of all runs: the real images' once

# %% [markdown]
# The last snapshot by every metric, on 8-bit images: each with its 95 % interval over images, and with what two halves
# of the real images score against each other.

# %%
import time

import pandas as pd

import dgan_report as report
from dgan_core import metrics
from dgan_core.metrics.table import HEADINGS, rows

started = time.perf_counter()
final, embeddings = metrics.evaluate(
    real,
    fakes[config.epochs],
    extractor,
    lpips_weights=lpips_weights,
    seed=seed,
    cache=cache,
)
report.show(
    pd.DataFrame(rows(final), columns=HEADINGS).set_index("metric"),
    f"Table E1. The last snapshot of {run.path.name} by every metric, N = {len(real)}.",
)

# %% [markdown]
# Earlier snapshots, by the two metrics of Figure 1.

# %%
real_features = metrics.features(real, extractor, cache=cache)
history = [
    {
        "epoch": epoch,
        **metrics.fidelity(
            real_features, metrics.features(fake, extractor), seed=seed
        ),
    }
    for epoch, fake in list(fakes.items())[:-1]
]
history.append(
    {
        "epoch": config.epochs,
        **{name: final[name] for name in ("kid", "kid_mean", "kid_std", "fid")},
    }
)
report.show(
    pd.DataFrame(history).set_index("epoch").round(3),
    f"Table E2. KID {'falls' if history[-1]['kid'] < history[0]['kid'] else 'does not fall'} from the first to the "
    "last "
    "snapshot.",
)

# %%
import io

import numpy as np

from dgan_core.io.files import write_atomically, write_record

archive = io.BytesIO()
np.savez(archive, **embeddings)
write_atomically(run.path / "embeddings.npz", archive.getvalue())
run.save_grid("final", fakes[config.epochs])
write_atomically(
    run.path / "samples" / "generated.webp",
    report.contact_sheet(fakes[config.epochs]),
)
seconds = time.perf_counter() - started
write_record(
    run.path / "metrics.json",
    {"final": final, "history": history, "seconds": seconds},
)
print(f"evaluated in {seconds:.0f} s; written to metrics.json in {run_path}")
