"""Train, generate and measure with whatever versions are installed, in one process: where two of them clash, it ends.

python -P tools/try_ranges.py        -P: the installed package, not this checkout's
"""

import math
import os
import sys
import tempfile
from importlib.metadata import version

SMALL = {"image_size": 32, "n_phantoms": 24, "batch_size": 4, "epochs": 2, "n_critic": 2, "snapshots": 1}
SMALL |= {"generator_width": 16, "critic_width": 4, "backbone_widths": (4, 4), "latent_dim": 8}
SHOWN = ("numpy", "scipy", "pandas", "torch", "keras", "tensorflow-cpu", "numba", "umap-learn", "pydantic", "pillow")


def main() -> None:
    print(f"Python {sys.version.split()[0]}:", ", ".join(f"{name} {version(name)}" for name in SHOWN))
    from dgan_core import Config, data, fit, generate
    from dgan_core.metrics import evaluate

    for loss in ("bce", "wgan-gp"):
        run = fit(Config(**SMALL, loss=loss))
        found = evaluate(data.load(run.config), generate(run, 24), lpips_weights="random")
        print(loss, {name: round(value, 4) for name, value in found.numbers.items()})
        assert found.numbers and all(map(math.isfinite, found.numbers.values()))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DGAN_RUNS"] = folder
        main()
