"""The same steps on TensorFlow, JAX and torch: a process each, in which the other two can't be imported.

Run as a script, this file is that process: python tests/test_backends.py FOLDER, under KERAS_BACKEND.
"""

import contextlib
import importlib.abc
import importlib.machinery
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax", "torch")
NETWORKS = {"image_size": 32, "n_phantoms": 8, "latent_dim": 8}
SHORT = {"snapshots": 2, "checkpoint_every": 1}  # four or more generator updates, two checkpoints at the least
RATE = {"learning_rate": 2e-4, "lr_decay": 1}  # see the test of parameters
ITERATIONS = 3
DGAN = {
    **NETWORKS,
    **SHORT,
    **RATE,
    "epochs": 4,
    "n_critic": 2,
    "batch_size": 2,
    "generator_width": 16,
    "critic_width": 4,
    "backbone_widths": (4, 4),
}
STYLEGAN = {
    **NETWORKS,
    **SHORT,
    **RATE,
    "epochs": 2,
    "batch_size": 4,
    "w_dim": 6,
    "mapping_layers": 2,
    "channel_base": 64,
    "channel_max": 8,
}
TRAINERS = {
    "wgan-gp": DGAN,
    "bce": {**DGAN, "loss": "bce"},
    "stylegan2": {**STYLEGAN, "model": "stylegan2"},
    "stylegan3": {**STYLEGAN, "model": "stylegan3", "channel_base": 32, "channel_max": 4},
}
STOPPED = {  # the ways to stop each is tried in; both StyleGANs have one trainer
    "wgan-gp": ("interrupted", "sliced"),
    "bce": ("sliced",),
    "stylegan2": ("interrupted",),
    "stylegan3": ("sliced",),
}
MOVED = ("g/", "c/")


class Missing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes packages as good as not installed: they are found, and can't be loaded."""

    def __init__(self, packages):
        self.packages = packages

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name in self.packages else None

    def create_module(self, spec):
        raise ModuleNotFoundError(f"No module named '{spec.name}'", name=spec.name)

    def exec_module(self, module):
        """Never reached."""


def take_steps(folder):
    """A few iterations of every trainer, and runs: whole, interrupted, sliced."""
    from dgan_core import Config, fit, rng
    from dgan_core.training import loop
    from dgan_core.training.state import flatten

    make = loop.trainer
    for name, parameters in TRAINERS.items():
        config = Config(**parameters)
        trainer = make(config)
        start = state = trainer.initial_state()
        data = trainer.prepare(np.tanh(rng.normal(0, "real", 0, (config.n_phantoms, 32, 32, 1))))
        rows = []
        for iteration in range(ITERATIONS):
            state, measured = trainer.iteration(state, data, iteration)
            rows += [{k: float(v) for k, v in row.items()} for row in measured]
        (folder / f"{name}.json").write_text(json.dumps(rows))
        np.savez(folder / f"{name}-start.npz", **flatten(start))
        np.savez(folder / f"{name}.npz", **flatten(state))

        loop.trainer = lambda _, trainer=trainer: trainer  # compiled once
        fit(Config(**parameters, run_id=f"{name}-whole"))
        for way in STOPPED[name]:
            {"interrupted": interrupted, "sliced": sliced}[way](Config(**parameters, run_id=f"{name}-{way}"))


def interrupted(config):
    """A run with Ctrl-C after its third update of the generator, gone on with."""
    from dgan_core import fit
    from dgan_core.runs import Run

    with mock.patch.object(Run, "append_log", interrupt(Run.append_log)), contextlib.suppress(KeyboardInterrupt):
        fit(config)
    fit(config)


def sliced(config):
    """A run of three slices, the first two of one update each."""
    from dgan_core import fit

    for _ in range(2):
        fit(config, stop_after=0.001)
    fit(config)


def interrupt(append):
    """Run.append_log, with Ctrl-C after its third row."""

    def appended(run, row):
        append(run, row)
        if row["step"] == 3:
            raise KeyboardInterrupt

    return appended


def process(backend, missing, code, **environment):
    """A Python process under KERAS_BACKEND=backend without the packages `missing`, which then runs `code`."""
    start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_backends as t; "
    start += f"sys.meta_path.insert(0, t.Missing({missing!r})); "
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", start + code],
        env={**os.environ, "KERAS_BACKEND": backend, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_all(root):
    """A process for each backend, side by side; what each leaves behind lies in root/ENGINE."""
    running = {}
    for backend in BACKENDS:
        (root / backend).mkdir()
        running[backend] = process(
            backend,
            [other for other in BACKENDS if other != backend],
            f"from pathlib import Path; t.take_steps(Path({str(root / backend)!r}))",
            DGAN_RUNS=str(root / backend / "runs"),
            JAX_DISABLE_MOST_OPTIMIZATIONS="1",  # they cost minutes, and change no result but by rounding
        )
    for backend, started in running.items():
        (root / backend / "output.txt").write_text(started.communicate()[0])


@pytest.fixture(scope="session")
def folders(once):
    """{backend: what its process left behind}."""
    root = once("backends", run_all)
    for backend in BACKENDS:
        assert (root / backend / "runs/quick/stylegan3-sliced/status.json").is_file(), (
            f"{backend} alone: " + (root / backend / "output.txt").read_text()[-3000:]
        )
    return {backend: root / backend for backend in BACKENDS}


@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_backend_starts_from_the_same_state(folders, trainer):
    """To the bit, but for what a forward pass has measured: StyleGAN3's magnitudes, to rounding."""
    first, *others = (arrays(folder / f"{trainer}-start.npz") for folder in folders.values())
    for other in others:
        assert first.keys() == other.keys()
        for name, value in first.items():
            rounding = 1e-5 if name.startswith("g_buffers") else 0.0
            np.testing.assert_allclose(other[name], value, rtol=rounding, atol=0.0, err_msg=name)


def arrays(path):
    with np.load(path) as stored:
        return dict(stored)


@pytest.mark.parametrize("backend", BACKENDS[1:])
@pytest.mark.parametrize("trainer", TRAINERS)
def test_steps_measure_the_same(folders, trainer, backend):
    """Losses, their parts and both gradients' norms, of each update."""
    rows, others = (json.loads((folders[e] / f"{trainer}.json").read_text()) for e in ("tensorflow", backend))
    n_critic = TRAINERS[trainer].get("n_critic", 1)
    assert len(rows) == ITERATIONS * (n_critic + 1)
    assert {"critic_loss", "critic_gradient"} <= rows[0].keys()
    assert {"generator_loss", "generator_gradient"} <= rows[n_critic].keys()
    for step, (row, other) in enumerate(zip(rows, others, strict=True)):
        assert row == pytest.approx(other, rel=1e-3, abs=1e-6), f"step {step}"


@pytest.mark.parametrize("backend", BACKENDS[1:])
@pytest.mark.parametrize("trainer", TRAINERS)
def test_steps_end_at_the_same_parameters(folders, trainer, backend):
    """Within 1e-3, and in the direction of the same step: what differs is at most a twentieth of what moved.

    Not so the direction of a bias ahead of a batch normalisation: its gradient is 0 but for rounding, of which Adam
    makes whole steps; two steps of RATE apart either way stay within 1e-3.
    """
    start, ours = (np.load(folders["tensorflow"] / f"{trainer}{part}.npz") for part in ("-start", ""))
    theirs = np.load(folders[backend] / f"{trainer}.npz")
    assert set(ours.files) == set(theirs.files)
    for part in MOVED:
        names = [name for name in ours.files if name.startswith(part)]
        moved, gap = (np.sqrt(sum(np.sum(np.square(ours[n] - a[n])) for n in names)) for a in (start, theirs))
        assert moved > 0 and gap <= 0.05 * moved
    for name in ours.files:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("trainer", "way"), [(name, way) for name, ways in STOPPED.items() for way in ways])
def test_a_run_that_was_stopped_ends_as_one_that_was_not_to_the_bit(folders, backend, trainer, way):
    from faults.same import differences

    from dgan_core.runs import Run

    whole, stopped = (Run.open(folders[backend] / "runs/quick" / f"{trainer}-{name}") for name in ("whole", way))
    assert len(whole.log()) >= 4 and (whole.load_checkpoint()[1], whole.finished) == (len(whole.log()), True)
    assert differences(whole, stopped) == []


@pytest.mark.parametrize(
    ("backend", "missing", "sentence"),
    [
        (
            "jax",
            ("jax",),
            "the backend 'jax' is not installed; install it, or set KERAS_BACKEND",
        ),
        ("numpy", (), "KERAS_BACKEND must be one of tensorflow, jax, torch, got 'numpy'"),
    ],
)
def test_an_backend_that_is_not_there_is_refused_in_a_sentence(backend, missing, sentence):
    output = process(backend, missing, "import dgan_core; dgan_core.fit").communicate()[0]
    assert f"ImportError: {sentence}" in output
