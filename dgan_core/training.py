"""The training step as a pure function of state, batch and draws; `fit` turns a Config into a run directory."""

import time
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from tqdm import tqdm  # plain text: shown by terminals, notebooks and logs alike

from dgan_core import data, draws, engine, models
from dgan_core.adam import adam, adam_init
from dgan_core.config import Config
from dgan_core.losses import OBJECTIVES, perceptual
from dgan_core.runs import Run


class Networks(NamedTuple):
    """The three Keras models; only their graphs are used in a step, their weights come from the state."""

    generator: keras.Model
    critic: keras.Model
    trunk: keras.Model

    @classmethod
    def build(cls, config: Config) -> "Networks":
        return cls(models.generator(config), models.critic(config), models.trunk(config))

    def initial_state(self) -> dict[str, Any]:
        """Parameters, batch statistics and optimiser moments, as NumPy arrays."""
        g = [ops.convert_to_numpy(v) for v in self.generator.trainable_variables]
        c = [ops.convert_to_numpy(v) for v in self.critic.trainable_variables]
        statistics = [ops.convert_to_numpy(v) for v in self.generator.non_trainable_variables]
        return {"g": g, "g_statistics": statistics, "g_adam": adam_init(g), "c": c, "c_adam": adam_init(c)}


def make_steps(config: Config, networks: Networks):
    """(critic_step, generator_step): pure, compiled; (state, real, draws, rate) → (state, measurements)."""
    generator, critic, trunk = networks
    objective = OBJECTIVES[config.loss]
    frozen = [v.value for v in critic.non_trainable_variables]
    betas = config.beta_1, config.beta_2

    def score(parameters, images):
        return critic.stateless_call(parameters, frozen, images)[0]

    def critic_step(state, real, z, eps, rate):
        fake, _ = generator.stateless_call(state["g"], state["g_statistics"], z, training=True)

        def loss(c):
            real_scores, fake_scores = score(c, real), score(c, fake)
            penalty = objective.penalty(lambda x: score(c, x), real, fake, eps)
            value = objective.critic(real_scores, fake_scores) + config.weight_penalty * penalty
            gap = ops.mean(real_scores) - ops.mean(fake_scores)
            return value, {"critic_loss": value, "penalty": penalty, "wasserstein": gap}

        (_, measured), gradients = engine.value_and_grad(loss, state["c"])
        c, c_adam = adam(state["c"], gradients, state["c_adam"], rate, *betas)
        return {**state, "c": c, "c_adam": c_adam}, measured

    def generator_step(state, real, z, rate):
        def loss(g):
            fake, statistics = generator.stateless_call(g, state["g_statistics"], z, training=True)
            adversarial = objective.generator(score(state["c"], fake))
            distance = perceptual(trunk(real), trunk(fake))
            value = adversarial + config.weight_perceptual * distance
            return value, (statistics, {"generator_loss": value, "adversarial": adversarial, "perceptual": distance})

        (_, (statistics, measured)), gradients = engine.value_and_grad(loss, state["g"])
        g, g_adam = adam(state["g"], gradients, state["g_adam"], rate, *betas)
        return {**state, "g": g, "g_statistics": statistics, "g_adam": g_adam}, measured

    return engine.compile(critic_step), engine.compile(generator_step)


def fit(config: Config) -> Run:
    """Train, or continue, the run of `config`; a finished run is returned as it is.

    Ctrl-C leaves a checkpoint to continue from.  A loss that is not finite raises FloatingPointError
    naming the step and leaves the last checkpoint alone.
    """
    images = data.load(config)
    if len(images) < config.batch_size:
        raise ValueError(f"batch_size must be at most the number of images, {len(images)}, got {config.batch_size}")
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

    networks = Networks.build(config)
    critic_step, generator_step = make_steps(config, networks)
    state, done = _restore(run, networks.initial_state())
    run.record_environment(n_images=n)
    run.set_status("running")
    run.save_grid("real", images[np.linspace(0, n - 1, 16).round().astype(int)])  # neighbours may be frames of one scan
    due = {epoch: min(round(epoch * per_epoch / config.n_critic), total) for epoch in config.snapshot_epochs()}
    every = max(config.checkpoint_every * per_epoch // config.n_critic, 1)
    started = time.perf_counter()
    before = run.log()[-1]["seconds"] if run.log() else 0.0

    progress = tqdm(range(done, total), initial=done, total=total, desc=config.run_id, unit="it", mininterval=5)
    _keep_snapshots(run, networks.generator, state, due, done, at_start=done == 0)
    try:
        for iteration in progress:
            candidate = state
            for k in range(config.n_critic):
                update = iteration * config.n_critic + k
                rate = np.float32(config.rate(update // per_epoch))
                minibatch = real[draws.minibatch(config.seed, update, n, batch)]
                z = draws.normal(config.seed, "z critic", update, (batch, config.latent_dim))
                eps = draws.uniform(config.seed, "eps", update, (batch, 1, 1, 1))
                candidate, critic_measured = critic_step(candidate, minibatch, z, eps, rate)
            z = draws.normal(config.seed, "z generator", iteration, (batch, config.latent_dim))
            candidate, measured = generator_step(candidate, minibatch, z, rate)
            row = {k: float(v) for k, v in {**critic_measured, **measured}.items()}
            _refuse_non_finite(row, iteration + 1)
            state, done = candidate, iteration + 1
            seconds = before + time.perf_counter() - started
            run.append_log({"step": done, "epoch": done * config.n_critic / per_epoch, **row, "seconds": seconds})
            progress.set_postfix(
                critic=f"{row['critic_loss']:.3g}", generator=f"{row['generator_loss']:.3g}", refresh=False
            )
            _keep_snapshots(run, networks.generator, state, due, done)
            if done % every == 0:
                run.save_checkpoint(_flatten(state), done)
    except KeyboardInterrupt:
        run.save_checkpoint(_flatten(state), done)
        raise
    run.save_checkpoint(_flatten(state), done)
    run.set_status("finished", seconds=before + time.perf_counter() - started, steps=done)


def _refuse_non_finite(row: dict[str, float], step: int) -> None:
    bad = [name for name, value in row.items() if not np.isfinite(value)]
    if bad:
        raise FloatingPointError(
            f"{bad[0]} is {row[bad[0]]} at step {step}: the run has diverged; lower learning_rate or lam"
        )


def _keep_snapshots(run: Run, generator: keras.Model, state, due: dict[int, int], done: int, at_start=False) -> None:
    """Snapshot and sample grid for each epoch that ends at iteration `done`."""
    for epoch, iteration in due.items():
        if iteration == done and (done > 0 or at_start):
            arrays = {
                f"{part}/{i:03d}": ops.convert_to_numpy(a)
                for part in ("g", "g_statistics")
                for i, a in enumerate(state[part])
            }
            run.save_snapshot(epoch, arrays)
            run.save_grid(f"epoch-{epoch:04d}", _sample(run.config, generator, arrays, 16))


def _sample(config: Config, generator: keras.Model, arrays: dict[str, np.ndarray], n: int) -> np.ndarray:
    """n images (n, S, S, 1) uint8 from fixed z, by running statistics; quantised once, before any metric."""
    parts = [[arrays[k] for k in sorted(arrays) if k.startswith(part + "/")] for part in ("g", "g_statistics")]
    z = draws.normal(config.seed, "z sample", 0, (n, config.latent_dim))
    batches = [
        ops.convert_to_numpy(generator.stateless_call(*parts, z[i : i + 16], training=False)[0])
        for i in range(0, n, 16)
    ]
    return np.clip(np.round((np.concatenate(batches) + 1.0) * 127.5), 0, 255).astype("uint8")


def generate(run: Run, n: int, epoch: int | None = None) -> np.ndarray:
    """n images (n, S, S, 1) uint8 of a run's generator after `epoch` (default: the last)."""
    epoch = run.config.epochs if epoch is None else epoch
    return _sample(run.config, models.generator(run.config), run.load_snapshot(epoch), n)


def _flatten(tree: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """Nested dicts and lists of arrays → {'c_adam/m/003': array, …}."""
    if not isinstance(tree, dict | list | tuple):
        return {prefix: ops.convert_to_numpy(tree)}
    items = tree.items() if isinstance(tree, dict) else ((f"{i:03d}", leaf) for i, leaf in enumerate(tree))
    return {k: v for name, leaf in items for k, v in _flatten(leaf, f"{prefix}/{name}".lstrip("/")).items()}


def _unflatten(like: Any, arrays: dict[str, np.ndarray], prefix: str = "") -> Any:
    """The inverse of _flatten, in the structure of `like`."""
    if isinstance(like, dict):
        return {k: _unflatten(v, arrays, f"{prefix}/{k}".lstrip("/")) for k, v in like.items()}
    if isinstance(like, list):
        return [_unflatten(v, arrays, f"{prefix}/{i:03d}") for i, v in enumerate(like)]
    return arrays[prefix]


def _restore(run: Run, initial: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """(state, iterations done): the checkpoint's, or the start."""
    checkpoint = run.load_checkpoint()
    arrays, done = checkpoint if checkpoint else (None, 0)
    run.truncate_log(done)
    return (_unflatten(initial, arrays) if arrays else initial), done
