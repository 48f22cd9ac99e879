"""Record what `dgan metrics` prints, as book/_static/dgan-metrics.txt: simulated scans, and others that are blurred."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from dgan_core.data import phantoms

FILE = Path(__file__).resolve().parents[1] / "book" / "_static" / "dgan-metrics.txt"
N, SIZE, BLUR = 60, 64, 0.7  # images a side, pixels, pixels
ARGUMENTS = ["real.npy", "generated.npy", "--lpips-weights", "random", "--no-umap"]


def printed() -> str:
    """The command and its table."""
    real, others = phantoms(N, SIZE, seed=0), phantoms(N, SIZE, seed=1)
    blurred = gaussian_filter(others.astype("float32"), (0, BLUR, BLUR, 0)).round().astype("uint8")
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "real.npy"), real)
        np.save(Path(folder, "generated.npy"), blurred)
        command = [sys.executable, "-m", "dgan_cli", "metrics", *ARGUMENTS]
        environment = {**os.environ, "PYTHONPATH": str(FILE.parents[2]), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, encoding="utf-8"
        )
    return f"$ dgan metrics {' '.join(ARGUMENTS)}\n{done.stdout}"


if __name__ == "__main__":
    FILE.write_text(printed(), encoding="utf-8")
