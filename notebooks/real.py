# %% [markdown]
# # Real against real
#
# Before any generator is judged: what do the metrics say of real images alone? Two halves of one class give the
# *floor*, the number that stands for "no difference". Malignant against benign gives a *yardstick*: two kinds of real
# scan that a radiologist tells apart. A generator that scores worse than the yardstick is farther from malignant scans
# than benign ones are.

# %% tags=["parameters"]
profile = "quick"  # whose image size, extractor and LPIPS weights are used
data = "phantom"  # "phantom", "busi" or a BUSI folder
image_size = None  # 32, 64, 128, 256 or 512; here and below None: the profile's
extractor = None  # "inception", "random-inception" or "random-vgg16"
lpips_weights = None  # "official" or "random"
seed = 0  # of the benign images, the halves, KID's subsets, projections and UMAP

# %%
import pandas as pd

from dgan_core import Config, metrics
from dgan_core.data import load
from dgan_core.io.environment import environment
from dgan_core.io.files import write_record
from dgan_core.rng import generator
from dgan_core.runs import runs_root

config = Config.from_notebook(globals())
malignant = load(config)
benign = load(config.model_copy(update={"label": "benign", "n_phantoms": 437}))
# Equal N, or FID would differ.
chosen = generator(config.seed, "benign").permutation(len(benign))[: len(malignant)]

numbers, _ = metrics.evaluate(
    malignant,
    benign[chosen],
    config.extractor,
    lpips_weights=config.lpips_weights,
    seed=config.seed,
    cache=runs_root() / "features",
)

# %% [markdown]
# The halves have half as many images a side, which alone raises FID and SWD; KID and the means over pairs don't depend
# on N.

# %%
import dgan_report as report
from dgan_core.metrics.table import HEADINGS, rows

table = pd.DataFrame(rows(numbers), columns=HEADINGS).set_index("metric")
report.show(
    table,
    f"Table R1. Malignant against benign, N = {len(malignant)} each; floor: two halves of malignant.",
)

# %%
folder = (
    runs_root()
    / config.profile
    / f"real-malignant-benign-seed{config.seed}{'' if config.data == 'phantom' else '-busi'}"
)
folder.mkdir(parents=True, exist_ok=True)
described = {
    "profile",
    "data",
    "image_size",
    "resize",
    "extractor",
    "lpips_weights",
    "seed",
    "seed_data",
}
write_record(
    folder / "config.json",
    {"model": "real", **config.model_dump(include=described)},
)
write_record(folder / "environment.json", environment())
write_record(folder / "metrics.json", {"final": numbers})
print(f"the tables read it from {folder.name}")
