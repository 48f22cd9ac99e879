"""What the book was built from: every run with its state and cost, and the runs behind each table and figure."""

from datetime import UTC, datetime

import pandas as pd

from .badge import data_name
from .benchmark import duration
from .collect import LOSSES, find, label, lams
from .tables import NOT_RUN, TABLE3


def state(run):
    """What became of a run's training, with the reason where it failed: "finished", "failed: disk full"."""
    text = run.status.get("state", "unknown")
    return f"{text}: {run.status['reason']}" if run.status.get("reason") else text


def run_states(runs):
    """One row per run directory: state, wall clock of training and of evaluation, commit, date."""
    rows = {}
    for run in runs:
        trained, evaluated = run.status.get("seconds"), (run.metrics or {}).get("seconds")
        rows[run.name] = {
            "state": state(run) if run.status else "measured, not trained" if run.final else "unknown",
            "training": "" if trained is None else duration(trained),
            "evaluation": duration(evaluated) if evaluated is not None else "" if run.final else NOT_RUN,
            "commit": str(run.environment.get("commit", "unknown"))[:10],
            "written": written(run),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def sources(runs):
    """One row per table and figure: how many of its runs there are, their data, features, commits, cost and age."""
    swept = {loss: [("dgan", loss, lam) for lam in lams(runs)] for loss in LOSSES}
    wanted = {
        "Table 1": swept["wgan-gp"],
        "Table 2": swept["bce"],
        "Table 3": TABLE3,
        "Table 4": TABLE3,
        "Figure 1": [key for keys in swept.values() for key in keys],
        "Figure 2": TABLE3,
        "Figures 3 and 4": TABLE3,
    }
    rows = {}
    for name, keys in wanted.items():
        found = [(key, find(runs, *key)) for key in keys]
        used = [run for _, run in found if run is not None and run.final]
        missing = [label(*key) for key, run in found if run is None or not run.final]
        seconds = sum((run.status.get("seconds") or 0) + ((run.metrics or {}).get("seconds") or 0) for run in used)
        dates = sorted(written(run) for run in used)
        rows[name] = {
            "runs": f"{len(used)} of {len(found)}",
            "not run": ", ".join(missing),
            "data": distinct(data_name(run.config.get("data")) for run in used),
            "features": distinct(run.final.get("extractor") for run in used),
            "commit": distinct(str(run.environment.get("commit", "unknown"))[:10] for run in used),
            "cost": duration(seconds) if used else "",
            "measured": " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def distinct(values):
    """The distinct values, in order of appearance, as one text."""
    return ", ".join(dict.fromkeys(str(value) for value in values))


def written(run):
    """The day (UTC) of a run's newest file of results, or of its configuration."""
    files = [run.path / name for name in ("metrics.json", "status.json", "config.json")]
    newest = max(file.stat().st_mtime for file in files if file.is_file())
    return datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%d")
