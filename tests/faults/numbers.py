"""NaN and infinity in a batch, a loss term, a gradient or any part of the state: the run stops in that very step."""

import math
import tempfile
from pathlib import Path

from faults import forks
from faults.same import differences

KINDS = {"WGAN-GP": {"loss": "wgan-gp"}, "BCE": {"loss": "bce"}}
STEP = 3  # of the generator; the checkpoint before it is the second
BAD = (math.nan, math.inf, -math.inf)


def run(quick=False):
    """Rows of the suite's table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, parameters in list(KINDS.items())[: 1 if quick else None]:
            whole = Path(folder) / name
            assert forks.do(forks.train, parameters, whole) == 0
            reference = forks.the_run(parameters, whole)
            measured = reference.log()[0].keys() - {"step", "epoch", "seconds"}
            parts = sorted(reference.load_checkpoint()[0])
            for what, places in (
                ("the batch", ["batch"]),
                ("a measured number", sorted(measured)[:: 4 if quick else 1]),
                ("a gradient", [f"gradient {i}" for i in (0, 1)]),
                ("a part of the state", parts[:: 40 if quick else 6]),
            ):
                points = [(place, bad) for place in places for bad in (BAD[:1] if quick else BAD)]
                good = [stopped(reference, parameters, Path(folder), what, *point) for point in points]
                rows.append(forks.row(f"NaN, ∞ in {what}, {name}", len(good), sum(good), "stops in its step, named"))
    return rows


def stopped(whole, parameters, folder, what, place, bad):
    """Whether a run with `bad` put into `place` stopped in that step and, gone on with, ends as `whole`."""
    root = folder / f"{place.replace('/', '-')} {bad}"
    forks.do(poisoned, parameters, root, what, place, bad)
    run = forks.the_run(parameters, root)
    status, log = run.status(), run.log()
    named = place in status.get("name", "").split(", ") or what in ("the batch", "a gradient")
    right = named and (status.get("state"), status.get("step")) == ("diverged", STEP)
    kept = len(log) == STEP - 1 and run.load_checkpoint()[1] == STEP - 1
    again = forks.do(forks.train, parameters, root) == 0 and differences(whole, forks.the_run(parameters, root)) == []
    if not (right and kept and again):
        print(root.name, status, len(log), again)
    return right and kept and again


def poisoned(parameters, root, what, place, bad):
    """Train with `bad` in `place`, at step STEP; for a process of its own."""
    from dgan_core import backend
    from dgan_core.training import dgan, loop
    from dgan_core.training.state import flatten, unflatten

    class Poisoned(dgan.DGAN):
        def iteration(self, state, data, iteration):
            if iteration != STEP - 1:
                return super().iteration(state, data, iteration)
            if what == "the batch":
                data = {**data, "images": data["images"] * 0 + bad}
            self.spoil = {"gradient 0": len(state["c"]), "gradient 1": len(state["g"])}.get(place)
            state, rows = super().iteration(state, data, iteration)
            self.spoil = None
            if what == "a part of the state":
                state = unflatten(state, spoilt(flatten(state)))
            return state, [spoilt(row) for row in rows]

    def spoilt(arrays):
        return {name: value * 0 + bad if name == place else value for name, value in arrays.items()}

    def value_and_grad(function, variables):
        result, gradients = original(function, variables)
        if trainer.spoil == len(variables):
            gradients = [gradients[0] * 0 + bad, *gradients[1:]]
        return result, gradients

    trainer = Poisoned(forks.config(**parameters))
    trainer.spoil = None  # of how many variables the gradient is spoilt: it tells the networks apart
    original, backend.value_and_grad = backend.value_and_grad, value_and_grad
    loop.trainer = lambda config: trainer
    forks.train(parameters, root)
