"""What the runs took: training and evaluation, from the run directories."""

import pandas as pd


def cost(runs):
    """One row per trained run: generator updates, seconds of training and of evaluation, processor."""
    rows = {}
    for run in runs:
        if run.status.get("state") != "finished":
            continue
        hardware = run.environment.get("hardware", {})
        rows[run.label if run.config.get("seed") == 0 else f"{run.label}, seed {run.config['seed']}"] = {
            "generator updates": run.status.get("steps"),
            "training, s": run.status.get("seconds"),
            "evaluation, s": (run.metrics or {}).get("seconds"),
            "on": f"{hardware.get('cpu', 'unknown')}, {hardware.get('cores', '?')} cores",
        }
    return pd.DataFrame.from_dict(rows, orient="index")
