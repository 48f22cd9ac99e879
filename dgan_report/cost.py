"""What the runs took: time and memory of training and evaluation, from the run directories."""

import pandas as pd

from .benchmark import duration

NOT_RUN, NOT_LOGGED = "not run", "not logged"


def cost(runs):
    """One row per finished run: what was trained, and its wall clock on a CPU or a GPU, whichever it ran on.

    A run was on a GPU where its status holds the memory that it took there.
    """
    rows = {}
    for run in runs:
        config, status = run.config, run.status
        if status.get("state") != "finished":
            continue
        seconds, steps = status.get("seconds"), status.get("steps")
        evaluation = (run.metrics or {}).get("seconds")
        on_gpu = status.get("peak_device_memory") is not None
        took = duration(seconds) if seconds is not None else NOT_LOGGED
        rows[f"{run.label}, seed {config.get('seed')}"] = {
            "images": "{0}×{0}".format(config.get("image_size", "?")),
            "batch": str(config.get("batch_size", "?")),
            "generator updates": str(steps),
            "each": duration(seconds / steps) if seconds is not None and steps else NOT_LOGGED,
            "training, CPU": NOT_RUN if on_gpu else took,
            "training, GPU": took if on_gpu else NOT_RUN,
            "memory, CPU": _gigabytes(status.get("peak_memory")),
            "memory, GPU": _gigabytes(status["peak_device_memory"]) if on_gpu else NOT_RUN,
            "evaluation": duration(evaluation) if evaluation is not None else NOT_RUN,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _gigabytes(size):
    return NOT_LOGGED if size is None else f"{size / 1e9:.2g} GB"


def caption_cost(runs):
    """The processors that the runs were trained on."""
    hardware = [run.environment.get("hardware", {}) for run in runs if run.status.get("state") == "finished"]
    machines = dict.fromkeys(f"{h.get('cpu', 'unknown')}, {h.get('cores', '?')} cores" for h in hardware)
    machine = "; ".join(machines) or "nothing yet"
    return f"Table 5. Wall clock on {machine}. An update is one of the generator, with the critic's before it."
