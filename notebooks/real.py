# %% [markdown]
# # Real against real
#
# This page says what the metrics give for real images alone, so that a generator's numbers can be read. Two halves of
# one class give the *floor*, the number that stands for "no difference". Malignant against benign scans give the
# distance between two kinds of real image that a radiologist tells apart. A generator with a larger distance is farther
# from malignant scans than benign ones are.

# %% tags=["parameters", "hide-input"]
profile = "quick"  # whose image size, extractor and LPIPS weights are used
data = "phantom"  # "phantom", "busi" or a BUSI folder
image_size = None  # 32, 64, 128, 256 or 512; here and below None: the profile's
resize = None  # "stretch", "pad" or "crop"
extractor = None  # such as "efficientnet-lite0" or "inception"
others = ""  # extractors measured besides, such as "radiomics, random-vgg16"
lpips_weights = None  # "official" or "random"
seed = 0  # of the benign images, the halves, subsets, projections and UMAP

# %% tags=["hide-input"]
import hashlib

from dgan_core import Config, metrics
from dgan_core.config import data_set
from dgan_core.data import load
from dgan_core.evaluations import Evaluation, read_evaluation, save_evaluation
from dgan_core.rng import generator
from dgan_core.runs import runs_root

config = Config.from_notebook(globals(), besides=("others",))
# The folder is named as a run's is: by seed, data and what else differs.
which = config.run_id.partition("-seed")[2]
folder = runs_root() / config.profile / f"real-malignant-benign-seed{which}"
given = repr((config.data, config.extractor, config.lpips_weights))
given = hashlib.sha256(given.encode()).hexdigest()[:16]
before = read_evaluation(folder)
if before and before.settings.get("given", given) != given:
    raise ValueError(
        f"{folder} holds numbers of other images, of another extractor or of "
        "other LPIPS weights: remove it, or set DGAN_RUNS to another folder"
    )
asked = tuple(name.strip() for name in others.split(",") if name.strip())
if before and (lost := {*before.others} - {*asked}):
    raise ValueError(
        f"others must include {', '.join(sorted(lost))}, of which {folder} holds "
        f"numbers, or these would be lost, got {others!r}"
    )

malignant = load(config)
benign = load(config.model_copy(update={"label": "benign", "n_phantoms": 437}))
# As many of each, since the Fréchet distance depends on N.
chosen = generator(config.seed, "benign").permutation(len(benign))[: len(malignant)]

found = metrics.evaluate(
    malignant,
    benign[chosen],
    config.extractor,
    asked,
    lpips_weights=config.lpips_weights,
    seed=config.seed,
    cache=runs_root() / "features",
)

# %% [markdown]
# Each half has half as many images. This alone raises the Fréchet distance and SWD. The kernel distance and the means
# over pairs of images (LPIPS, MS-SSIM) don't depend on the number of images N, but for chance.

# %% tags=["hide-input"]
import pandas as pd

import dgan_report as report
from dgan_core.metrics.table import METRICS, canonical

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
    "malignant–benign": [report.cell(row) for row in rows.itertuples()],
    "floor": [report.cell(row) for row in floors.itertuples()],
}).set_index("metric")  # fmt: skip

# %% tags=["hide-input"]
report.show(
    table,
    f"Table R1. Malignant against benign images, N = {len(malignant)} each, with 95 % intervals over images, and the "
    f"floor: two halves of the malignant ones. Features of {features}.",
    " ".join(found.notes),
)

# %% tags=["hide-input"]
from dgan_core.io.fingerprint import fingerprint

evaluation = Evaluation(
    final=numbers,
    settings=found.settings | {"data": data_set(config.data), "given": given},
    others=found.others,
    source=fingerprint("dgan_core.metrics.evaluation"),
)
save_evaluation(folder, evaluation, found.embeddings)
print(f"The tables read these numbers from {folder.name}.")
