"""The training loop of every model: `fit` turns a Config into a run directory, by the steps of the model's recipe."""

import time
from typing import Any

import numpy as np
from tqdm import tqdm  # plain text: shown by terminals, notebooks and logs alike

from dgan_core import data, draws
from dgan_core.config import Config
from dgan_core.recipes import RECIPES
from dgan_core.recipes.tree import flatten, unflatten
from dgan_core.runs import Run


def fit(config: Config) -> Run:
    """Train, or continue, the run of `config`; a finished run is returned as it is.

    Ctrl-C leaves a checkpoint to continue from.  A loss that is not finite raises FloatingPointError
    naming the step and leaves the last checkpoint alone.
    """
    images = data.load(config)
    if len(images) < config.batch_size:
        raise ValueError(f"batch_size must be at most the number of images, {len(images)}, got {config.batch_size}")
    if config.epochs * (len(images) // config.batch_size) < config.n_critic:
        raise ValueError(
            f"epochs must be more than {config.epochs} for one update of the generator, which comes after "
            f"{config.n_critic} minibatches of {config.batch_size} out of {len(images)} images"
        )
    run = Run(config)
    if run.finished:
        print(f"{run.path} is finished; nothing to train")
        return run
    try:
        _train(run, images)
    except KeyboardInterrupt:
        run.set_status("interrupted")
        raise
    except Exception as error:
        run.set_status("failed", reason=str(error))
        raise
    return run


def _train(run: Run, images: np.ndarray) -> None:
    config = run.config
    n, batch = len(images), config.batch_size
    per_epoch = n // batch
    total = config.epochs * per_epoch // config.n_critic  # iterations of n_critic critic updates and one generator's
    real = images.astype("float32") / 127.5 - 1.0

    recipe = RECIPES[config.model](config)
    state, done = _restore(run, recipe.initial_state())
    run.record_environment(n_images=n)
    run.set_status("running")
    run.save_grid("real", images[np.linspace(0, n - 1, 16).round().astype(int)])  # neighbours may be frames of one scan
    due = {epoch: min(round(epoch * per_epoch / config.n_critic), total) for epoch in config.snapshot_epochs()}
    every = max(config.checkpoint_every * per_epoch // config.n_critic, 1)
    started = time.perf_counter()
    before = run.log()[-1]["seconds"] if run.log() else 0.0

    progress = tqdm(range(done, total), initial=done, total=total, desc=config.run_id, unit="it", mininterval=5)
    _keep_snapshots(run, recipe, state, due, done, at_start=done == 0)
    try:
        for iteration in progress:
            candidate = state
            for k in range(config.n_critic):
                update = iteration * config.n_critic + k
                rate = config.rate(update // per_epoch)
                minibatch = real[draws.minibatch(config.seed, update, n, batch)]
                critic_rate = np.float32(config.critic_rate * rate)
                candidate, critic_measured = recipe.critic_step(candidate, minibatch, update, critic_rate)
            candidate, measured = recipe.generator_step(candidate, minibatch, iteration, np.float32(rate))
            row = {k: float(v) for k, v in {**critic_measured, **measured}.items()}
            _refuse_non_finite(row, iteration + 1)
            state, done = candidate, iteration + 1
            seconds = before + time.perf_counter() - started
            run.append_log({"step": done, "epoch": done * config.n_critic / per_epoch, **row, "seconds": seconds})
            progress.set_postfix(
                critic=f"{row['critic_loss']:.3g}", generator=f"{row['generator_loss']:.3g}", refresh=False
            )
            _keep_snapshots(run, recipe, state, due, done)
            if done % every == 0:
                run.save_checkpoint(flatten(state), done)
    except KeyboardInterrupt:
        run.save_checkpoint(flatten(state), done)
        raise
    run.save_checkpoint(flatten(state), done)
    run.set_status("finished", seconds=before + time.perf_counter() - started, steps=done)


def _refuse_non_finite(row: dict[str, float], step: int) -> None:
    bad = [name for name, value in row.items() if not np.isfinite(value)]
    if bad:
        raise FloatingPointError(f"{bad[0]} is {row[bad[0]]} at step {step}: the run has diverged; lower learning_rate")


def _keep_snapshots(run: Run, recipe: Any, state: Any, due: dict[int, int], done: int, at_start=False) -> None:
    """Snapshot and sample grid for each epoch that ends at iteration `done`."""
    for epoch, iteration in due.items():
        if iteration == done and (done > 0 or at_start):
            arrays = recipe.snapshot(state)
            run.save_snapshot(epoch, arrays)
            run.save_grid(f"epoch-{epoch:04d}", _sample(run.config, recipe, arrays, 16))


def _sample(config: Config, recipe: Any, arrays: dict[str, np.ndarray], n: int) -> np.ndarray:
    """n images (n, S, S, 1) uint8 from fixed z; quantised once, before any metric."""
    z = draws.normal(config.seed, "z sample", 0, (n, config.latent_dim))
    return np.clip(np.round((recipe.sample(arrays, z) + 1.0) * 127.5), 0, 255).astype("uint8")


def generate(run: Run, n: int, epoch: int | None = None) -> np.ndarray:
    """n images (n, S, S, 1) uint8 of a run's generator after `epoch` (default: the last)."""
    epoch = run.config.epochs if epoch is None else epoch
    return _sample(run.config, RECIPES[run.config.model](run.config), run.load_snapshot(epoch), n)


def _restore(run: Run, initial: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """(state, iterations done): the checkpoint's, or the start."""
    checkpoint = run.load_checkpoint()
    arrays, done = checkpoint if checkpoint else (None, 0)
    run.truncate_log(done)
    return (unflatten(initial, arrays) if arrays else initial), done
