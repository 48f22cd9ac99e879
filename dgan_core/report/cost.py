"""What the runs took: training and evaluation, from the run directories."""

import pandas as pd


def cost(runs):
    """One row per trained run: generator updates, seconds of training and of evaluation."""
    rows = {}
    for run in runs:
        if run.status.get("state") == "finished":
            seconds = (run.status.get("seconds"), (run.metrics or {}).get("seconds"))
            rows[f"{run.label}, seed {run.config.get('seed')}"] = {
                "generator updates": str(run.status.get("steps")),
                "training, s": f"{seconds[0]:.0f}" if seconds[0] is not None else "not logged",
                "evaluation, s": f"{seconds[1]:.0f}" if seconds[1] is not None else "not run",
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def caption_cost(runs):
    """The processors that the runs were trained on."""
    hardware = [run.environment.get("hardware", {}) for run in runs if run.status.get("state") == "finished"]
    machines = dict.fromkeys(f"{h.get('cpu', 'unknown')}, {h.get('cores', '?')} cores" for h in hardware)
    return f"Seconds of wall clock on {'; '.join(machines) or 'nothing yet'}."
