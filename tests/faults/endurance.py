"""Long runs: memory and open files stay flat over 2,000 steps and 50 evaluations, and the log holds its rows alone.

Each backend has a process of its own, which trains a small DGAN and then evaluates its images again and again.

    python -m faults --only endurance
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import numpy as np

BACKENDS = ("tensorflow", "jax", "torch")
STEPS, EVALUATIONS = 2000, 50
BATCH, PER_EPOCH, N_CRITIC = 4, 8, 1
ALLOWED_MB = 50  # over the settled part: a checkpoint's buffers come and go
SETTLED = 0.25  # of the samples: compilation, first allocations


def run(quick: bool = False) -> list[dict[str, Any]]:
    """One row for each backend installed: the `summary` of what `measure` returns, and that itself."""
    steps, evaluations = (40, 2) if quick else (STEPS, EVALUATIONS)
    rows = []
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            continue
        with tempfile.TemporaryDirectory(prefix="dgan-faults-") as runs:
            environment = {**os.environ, "KERAS_BACKEND": backend, "DGAN_RUNS": runs, "TF_CPP_MIN_LOG_LEVEL": "3"}
            command = [sys.executable, "-c", f"from faults import endurance; endurance.child({steps}, {evaluations})"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the process of {backend} ended with {done.returncode}: {done.stderr[-2000:]}")
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append({**summary(row), **row})
    return rows


def summary(row: dict[str, Any]) -> dict[str, Any]:
    """{kind, tried, survived, lost, what} of what `measure` returned."""
    lost = int(grew(row))
    stages = (("training", row["training"]), ("evaluating", row["evaluating"]))
    found = "; ".join(
        f"{name} {m['memory_mb'][0]:,.0f} → {m['memory_mb'][1]:,.0f} MB (trend {m['growth_mb']:+,.0f} MB), "
        f"{m['handles'][0]} → {m['handles'][1]} files"
        for name, m in stages
    )
    return {
        "kind": f"{row['steps']:,} steps and {row['evaluations']} evaluations on {row['backend']}",
        "tried": 1,
        "survived": 1 - lost,
        "lost": lost,
        "what": f"no trend above {ALLOWED_MB} MB, no file left open, the log its rows alone: {found}",
    }


def grew(row: dict[str, Any]) -> bool:
    """Did memory grow by more than ALLOWED_MB, did any handle stay open, does the log hold more than its rows?"""
    stages = (row["training"], row["evaluating"])
    memory = any(stage["growth_mb"] > ALLOWED_MB for stage in stages)
    handles = any(stage["handles"][1] > stage["handles"][0] for stage in stages)
    return memory or handles or row["log_rows"] != row["steps"] or row["log_bytes_beyond_rows"] != 0


def child(steps: int, evaluations: int) -> None:
    print(json.dumps(measure(steps, evaluations)))


def measure(steps: int, evaluations: int) -> dict[str, Any]:
    """This process's backend: {backend, steps, evaluations, training, evaluating, log_rows, log_bytes_beyond_rows}.

    training, evaluating: {memory_mb: [settled, last], growth_mb, handles: [settled, last]}; growth_mb is the slope of
    the settled part (Theil-Sen) times its length: what a leak would have added.
    """
    from dgan_core import Config, fit, generate, metrics
    from dgan_core.data import load

    import keras

    config = Config(
        image_size=32,
        n_phantoms=BATCH * PER_EPOCH,
        batch_size=BATCH,
        n_critic=N_CRITIC,
        epochs=-(-steps // PER_EPOCH),
        generator_width=32,
        critic_width=8,
        checkpoint_every=5,
        snapshots=20,
    )
    with contextlib.redirect_stdout(sys.stderr):
        with Sampler() as training:
            run = fit(config)
        real, fake = load(config), generate(run, BATCH * PER_EPOCH)
        evaluating = []
        for k in range(evaluations):
            metrics.evaluate(real, fake, "random-vgg16", lpips_weights="random", seed=k)
            evaluating.append(now())
    log = (run.path / "log.jsonl").read_bytes()
    return {
        "backend": keras.backend.backend(),
        "steps": config.epochs * PER_EPOCH // N_CRITIC,
        "evaluations": evaluations,
        "training": flatness(training.samples),
        "evaluating": flatness(evaluating),
        "log_rows": len(run.log()),
        "log_bytes_beyond_rows": len(log) - sum(len(json.dumps(row)) + 1 for row in run.log()),
    }


def now() -> tuple[float, int]:
    """(resident memory in MB, open file handles) of this process."""
    import psutil

    process = psutil.Process()
    return process.memory_info().rss / 1e6, process.num_fds()


class Sampler:
    """Samples of `now` every `interval` seconds while the block runs."""

    def __init__(self, interval: float = 0.2) -> None:
        self.samples, self.interval, self._stop = [], interval, threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def _sample(self):
        while not self._stop.is_set():
            self.samples.append(now())
            time.sleep(self.interval)

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        self.samples.append(now())


def flatness(samples: list[tuple[float, int]]) -> dict[str, Any]:
    """What the settled part of the samples (MB, handles) began with, ended with, and grew by."""
    from scipy.stats import theilslopes

    memory, handles = np.array(samples[int(SETTLED * len(samples)) :]).T
    slope = theilslopes(memory).slope if len(memory) > 1 else 0.0
    return {
        "memory_mb": [round(float(np.median(part)), 1) for part in (memory[:5], memory[-5:])],
        "growth_mb": round(float(slope * (len(memory) - 1)), 1),
        "handles": [int(np.median(part)) for part in (handles[:5], handles[-5:])],
    }
