"""The training loop of every model: `fit` turns a Config into a run directory, by the model's trainer."""

import hashlib
import time
from contextlib import suppress
from pkgutil import resolve_name
from typing import Any

import numpy as np
from tqdm import tqdm  # plain text: shown by terminals, notebooks and logs alike

from dgan_core import backend, data, losses, rng
from dgan_core.config import Config
from dgan_core.io.fingerprint import of_function
from dgan_core.io.weights import own_hash
from dgan_core.models.precision import is_emulated
from dgan_core.profiles import LOSSES, PENALTIES
from dgan_core.runs import Run, StaleRun
from dgan_core.training import TRAINERS, source
from dgan_core.training.events import Events
from dgan_core.training.forecast import Forecast, memory, seconds_of
from dgan_core.training.schedule import snapshot_epochs
from dgan_core.training.state import flatten, is_finite, unflatten


class Diverged(FloatingPointError):
    """Raised when a logged value or a parameter becomes NaN or infinite; holds their names and the step."""

    def __init__(self, bad: dict[str, float], step: int) -> None:
        self.name, self.step = ", ".join(bad), step
        values = ", ".join(f"{name} is {value}" for name, value in bad.items())
        super().__init__(f"{values} at step {step}: the run has diverged; lower learning_rate")


def trainer(config: Config) -> Any:
    """The trainer of the model that a Config names; see `dgan_core.training`."""
    return resolve_name(TRAINERS[config.model])(config)


def fit(config: Config, stop_after: str | float | None = None, retrain: bool = False) -> Run:
    """Train, or continue, the run of `config`; a finished run is returned as it is.

    stop_after: a time from now, such as "25min", "90s" or a number of seconds, before which training ends with a
    checkpoint, for later continuation; None: no limit.  Run.finished tells whether anything is left to do.
    retrain: where the run was made by other code or images, set it aside and train it again.  Otherwise StaleRun is
    raised, which names what changed.

    Ctrl-C leaves a checkpoint to continue from.  A measured number or a part of the state that is not finite raises
    Diverged, naming it and the step, and leaves the last checkpoint alone.  RuntimeError where another process trains
    in the same directory; DamagedFile where it holds checkpoints of which none is whole.
    """
    deadline = time.perf_counter() + seconds_of(stop_after)
    images = data.load(config)
    if len(images) < config.batch_size:
        raise ValueError(f"batch_size must be at most the number of images, {len(images)}, got {config.batch_size}")
    if config.epochs * (len(images) // config.batch_size) < config.n_critic:
        raise ValueError(
            f"epochs must be more than {config.epochs} for one update of the generator, which comes after "
            f"{config.n_critic} minibatches of {config.batch_size} out of {len(images)} images"
        )
    seen = hashlib.sha256(np.ascontiguousarray(images)).hexdigest()[:16]
    code = {**source(config.model), **_own(config), "images": seen}
    run = Run(config)
    if retrain and run.changed(code):
        run = run.set_aside()
    with run.lock():
        if changed := run.changed(code):
            raise StaleRun(
                f"{run.path} was trained by other code or images: {', '.join(changed)} changed since; retrain=True "
                "(dgan train --retrain True) sets it aside and trains again, another run_id leaves it alone"
            )
        if run.finished:
            print(f"{run.path} is finished; nothing to train")
            return run
        try:
            train(run, trainer(config), images, code, deadline)
        except KeyboardInterrupt:
            run.set_status("interrupted")
            raise
        except Diverged as error:
            run.set_status("diverged", reason=str(error), step=error.step, name=error.name)
            raise
        except Exception as error:
            with suppress(OSError):  # a full disk is told by the error that is under way
                run.set_status("failed", reason=str(error) or type(error).__name__)
            raise
    return run


def _own(config: Config) -> dict[str, str]:
    """Hashes of a reader's own backbone and of the functions of a loss or penalty that a reader added to its table."""
    if config.model != "dgan":
        return {}
    found = {}
    with suppress(FileNotFoundError):  # a finished run needs it no more, and a training will say that it is missing
        if held := own_hash(config.backbone):
            found["backbone"] = held[:16]
    if config.loss not in LOSSES:
        found[f"loss {config.loss}"] = "-".join(map(of_function, losses.OBJECTIVES[config.loss][:2]))
    if config.penalty not in PENALTIES:
        found[f"penalty {config.penalty}"] = "-".join(map(of_function, losses.PENALTIES[config.penalty]))
    return found


def train(run: Run, gan: Any, images: np.ndarray, code: dict[str, str], deadline: float) -> None:
    """The loop: iterations from the last checkpoint to the end, with log, snapshots, samples and checkpoints."""
    config = run.config
    n, per_epoch = len(images), len(images) // config.batch_size
    total = config.epochs * per_epoch // config.n_critic  # iterations of n_critic critic updates and one generator's
    real = images.astype("float32") / 127.5 - 1.0

    if config.precision == "bfloat16" and backend.peak_memory() is None and is_emulated():
        print("This processor emulates bfloat16, which is slow; precision='float32' was ten times faster in a trial")
    checkpoint = run.begin()
    run.record_environment(backend=backend.name, source=code)
    run.set_status("running")
    prepared, state, done = gan.prepare(real), gan.initial_state(), 0
    if checkpoint:
        state, done = unflatten(state, checkpoint[0]), checkpoint[1]
    run.save_grid("real", images[np.linspace(0, n - 1, 16).round().astype(int)])  # neighbours may be frames of one scan
    due = {epoch: min(round(epoch * per_epoch / config.n_critic), total) for epoch in snapshot_epochs(config)}
    every = max(config.checkpoint_every * per_epoch // config.n_critic, 1)
    seconds = before = run.log()[-1]["seconds"] if done else 0.0
    forecast = Forecast(total - done)
    started = ended = time.perf_counter()

    progress = tqdm(range(done, total), initial=done, total=total, desc=config.run_id, unit="it", mininterval=5)
    _keep_snapshots(run, gan, state, due, done)
    reached, events = (state, done), Events(run.path / "events", done)
    try:
        for iteration in progress:
            state, measured = gan.iteration(state, prepared, iteration)
            measured = [{k: float(v) for k, v in row.items()} for row in measured]
            done = iteration + 1
            _refuse_non_finite(measured, state, done)
            began, ended = ended, time.perf_counter()
            seconds = before + ended - started
            row = {"step": done, "epoch": done * config.n_critic / per_epoch, **measured[-2], **measured[-1]}
            row["seconds"] = seconds
            run.append_log(row)
            events.add(row)
            reached = state, done
            shown = {"critic": f"{row['critic_loss']:.3g}", "generator": f"{row['generator_loss']:.3g}"}
            progress.set_postfix(shown, refresh=False)
            if told := forecast.count():
                print(told)
            _keep_snapshots(run, gan, state, due, done)
            stop = done < total and ended + (ended - began) > deadline
            if done % every == 0 or stop or done == total:
                run.save_checkpoint(flatten(state), done)
            if stop:
                run.set_status("stopped", reason="its time was up", seconds=seconds, steps=done)
                print(f"{run.path} stopped at step {done:,} of {total:,}, since its time is up; train again to go on")
                return
    except KeyboardInterrupt:
        state, done = reached
        run.save_checkpoint(flatten(state), done)
        raise
    finally:
        events.close()
    run.finish(seconds=seconds, steps=done, **forecast.told, **memory())


def _refuse_non_finite(rows: list[dict[str, float]], state: Any, step: int) -> None:
    """Raise Diverged where measured numbers, in the order of their updates, are not finite, or a part of the state."""
    for row in rows:
        bad = {name: value for name, value in row.items() if not np.isfinite(value)}
        if bad:
            raise Diverged(bad, step)
    if not bool(is_finite(state)):
        arrays = flatten(state)
        raise Diverged({k: a[~np.isfinite(a)].flat[0] for k, a in arrays.items() if not np.isfinite(a).all()}, step)


def _keep_snapshots(run: Run, gan: Any, state: Any, due: dict[int, int], done: int) -> None:
    """Snapshot and sample grid for each epoch that ends at iteration `done`."""
    for epoch, iteration in due.items():
        if iteration == done:
            arrays = gan.snapshot(state)
            run.save_snapshot(epoch, arrays)
            run.save_grid(f"epoch-{epoch:04d}", _sample(run.config, gan, arrays, 16))


def _sample(config: Config, gan: Any, arrays: dict[str, np.ndarray], n: int) -> np.ndarray:
    """n images (n, S, S, 1) uint8 from fixed z; quantised once, before any metric."""
    z = rng.normal(config.seed, "z sample", 0, (n, config.latent_dim))
    return np.clip(np.round((gan.sample(arrays, z) + 1.0) * 127.5), 0, 255).astype("uint8")


def generate(run: Run, n: int, epoch: int | None = None) -> np.ndarray:
    """n images (n, S, S, 1) uint8 of a run's generator after `epoch` (default: the last)."""
    epoch = run.config.epochs if epoch is None else epoch
    return _sample(run.config, trainer(run.config), run.load_snapshot(epoch), n)
