"""Whether two run directories hold the same training, to the bit."""

import numpy as np

from dgan_core.training.schedule import snapshot_epochs


def differences(a, b):
    """What differs between two finished `Run`s: state, log less its seconds, snapshots, samples; [] if nothing."""
    found = [f"{run.path.name} is {run.status().get('state')}" for run in (a, b) if not run.finished]
    found += [f"{name} of the state" for name in _differing(_state(a), _state(b))]
    rows = [[{name: v for name, v in row.items() if name != "seconds"} for row in run.log()] for run in (a, b)]
    found += [f"row {i + 1} of the log" for i, pair in enumerate(zip(*rows, strict=False)) if pair[0] != pair[1]]
    found += [f"{len(rows[0])} and {len(rows[1])} rows of the log"] if len(rows[0]) != len(rows[1]) else []
    for epoch in snapshot_epochs(a.config):
        pair = a.load_snapshot(epoch), b.load_snapshot(epoch)
        found += [f"{name} of the snapshot of epoch {epoch}" for name in _differing(*pair)]
    grids = [{path.name: path.read_bytes() for path in (run.path / "samples").glob("*.png")} for run in (a, b)]
    names = sorted({*grids[0], *grids[1]})
    return found + [f"samples/{name}" for name in names if grids[0].get(name) != grids[1].get(name)]


def _state(run):
    found = run.load_checkpoint()
    return {} if found is None else {**found[0], "step": np.array(found[1])}


def _differing(one, other):
    names = sorted({*one, *other})
    return [n for n in names if n not in one or n not in other or not np.array_equal(one[n], other[n], equal_nan=True)]
