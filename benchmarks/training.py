"""What a training step costs on this machine's processor: python benchmarks/training.py

The DGAN's WGAN-GP critic step at 512×512, batch 2, in the paper's widths; VGG19's weights are random, which changes no
cost. Three ways on TensorFlow in one process, in turn, so that a busy minute hits all of them: ours, the same networks
in a hand-written tf.function with Keras's Adam, and the eager GradientTape loop of tutorials. Before anything is timed
the others have to give the loss of ours. Then ours on JAX and on torch, a process each. Between the steps a large
matrix product and a copy measure what the machine gives at that moment; the operations of a step are counted
by formula. Compiling is in no time. Prints a table and writes results/benchmark-training.json. Ten to twenty
minutes on two cores; --quick checks the script at 32×32 in one.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from metrics import machine, save  # the benchmark beside this one; it sets the number of threads, so it comes first
from operations import of_critic

THREADS = os.environ["OMP_NUM_THREADS"]
os.environ |= {"TF_NUM_INTRAOP_THREADS": THREADS, "TF_NUM_INTEROP_THREADS": "1"}
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads would spin where others want the cores
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

from dgan_core import Config, rng  # noqa: E402

OUTPUT = Path(__file__).resolve().parent.parent / "results" / "benchmark-training.json"
BARS = {"hand-written tf.function": 1 / 1.05, "eager GradientTape": 1.4}  # their seconds over ours, at least
OF_MATRIX_RATE = 0.7
PAPER = {"profile": "paper", "backbone": "random"}
QUICK = {"profile": "quick", "image_size": 32}
RATE = np.float32(1e-5)


def real_images(config):
    """A minibatch (B, S, S, 1) in (-1, 1)."""
    return np.tanh(rng.normal(0, "real", 0, (config.batch_size, config.image_size, config.image_size, 1)))


def ours(config):
    """(a call without arguments: the critic step, its loss brought to the host; the loss of the first step)."""
    from dgan_core.training.dgan import DGAN
    from dgan_core.training.schedule import critic_draws

    dgan, real = DGAN(config), {"images": real_images(config)}
    draws = critic_draws(config, 0, config.batch_size)
    state, measured = dgan.steps.critic(dgan.initial_state(), real, *draws, RATE)  # compiles; the backend's arrays now
    return lambda: float(dgan.steps.critic(state, real, *draws, RATE)[1]["critic_loss"]), float(measured["critic_loss"])


def by_hand(config, graph):
    """The same step as tutorials write it: Keras's Adam, two GradientTapes; a graph, or run as it comes."""
    import tensorflow as tf

    from dgan_core import models
    from dgan_core.training.schedule import weight_penalty

    import keras

    generator, critic, backbone = models.generator(config), models.critic(config), models.backbone(config)
    adam = keras.optimizers.Adam(float(RATE), beta_1=config.beta_1, beta_2=config.beta_2)
    adam.build(critic.trainable_variables)

    def scores(images):
        return critic([images, backbone(images)], training=True)

    def step(real, z, eps):
        fake = generator(z, training=True)
        with tf.GradientTape() as tape:
            x_hat = eps * real + (1.0 - eps) * fake
            with tf.GradientTape() as inner:
                inner.watch(x_hat)
                score = scores(x_hat)
            slope = inner.gradient(score, x_hat)
            norm = tf.sqrt(tf.reduce_sum(tf.square(slope), axis=(1, 2, 3)) + 1e-12)
            penalty = tf.reduce_mean(tf.square(norm - 1.0))
            real_score, fake_score = scores(real), scores(fake)
            loss = tf.reduce_mean(fake_score) - tf.reduce_mean(real_score) + weight_penalty(config) * penalty
        adam.apply_gradients(
            zip(tape.gradient(loss, critic.trainable_variables), critic.trainable_variables, strict=True)
        )
        return loss

    step = tf.function(step) if graph else step
    real = real_images(config)
    z = rng.normal(config.seed, "z critic", 0, (len(real), config.latent_dim))
    eps = rng.uniform(config.seed, "eps", 0, (len(real), 1, 1, 1))
    arrays = [tf.constant(a) for a in (real, z, eps)]
    return lambda: float(step(*arrays))


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def matrix_rate(n):
    """Floating-point operations per second of an n×n float32 product: the better of NumPy's and the backend's."""
    from keras import ops

    a = np.ones((n, n), "float32")
    b = ops.convert_to_tensor(a)
    return 2 * n**3 / min(seconds(lambda: a @ a), seconds(lambda: ops.convert_to_numpy(ops.matmul(b, b))))


def memory_rate(n):
    """Bytes per second read and written by a copy of n float32."""
    source, target = np.ones(n, "float32"), np.empty(n, "float32")
    target[:] = source  # pages are there before the clock runs
    return 2 * source.nbytes / seconds(lambda: np.copyto(target, source))


def timed(functions, repetitions, product, long=150):
    """({name: [seconds, …]}, matrix rates, memory rates): each repetition runs all of them, and the machine's rates.

    After `long` seconds no other repetition is begun.
    """
    started = time.perf_counter()
    times, rates, copies = {name: [] for name in functions}, [], []
    for _ in range(repetitions):
        for name, function in functions.items():
            times[name].append(seconds(function))
            rates.append(matrix_rate(product))
            copies.append(memory_rate(2**25))
        if time.perf_counter() - started > long:
            break
    return times, rates, copies


def measure_here(quick):
    """What one process on the backend of KERAS_BACKEND measures, as plain numbers."""
    from dgan_core import backend

    config = Config(**(QUICK if quick else PAPER))
    our_step, loss = ours(config)
    functions = {"ours": our_step}
    if backend.name == "tensorflow":
        functions |= {"hand-written tf.function": by_hand(config, True), "eager GradientTape": by_hand(config, False)}
    for name in functions.keys() - {"ours"}:
        np.testing.assert_allclose(functions[name](), loss, rtol=1e-3)  # and compiles
    times, rates, copies = timed(functions, 10 if quick else 3, 1024 if quick else 4096)
    return {"loss": loss, "seconds": times, "matrix_rates": rates, "memory_rates": copies}


def measure(backend, quick):
    """measure_here in a process of its own."""
    command = [sys.executable, __file__, "--here", *(["--quick"] if quick else [])]
    output = subprocess.run(
        command, env={**os.environ, "KERAS_BACKEND": backend}, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return json.loads(output.splitlines()[-1])


def rows_of(backend, measured, work, peak):
    """Rows of the table of one backend: best times, and their ratio to ours where both ran in one process."""
    best = {name: min(times) for name, times in measured["seconds"].items()}
    for name, value in best.items():
        ratio, bar = value / best["ours"], BARS.get(name)
        yield {
            "backend": backend,
            "step": name,
            "seconds": value,
            "all_seconds": measured["seconds"][name],
            "rate": work / value,
            "of_matrix_rate": work / value / peak,
            "ratio": ratio,
            "bar": bar,
            "met": None if bar is None else ratio >= bar,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="32×32, to check the script; writes only with --output")
    parser.add_argument("--here", action="store_true", help="one backend's measurement, printed as JSON")
    parser.add_argument("--output", type=Path, help="default: results/benchmark-training.json of the project")
    given = parser.parse_args()
    if given.here:
        print(json.dumps(measure_here(given.quick)))
        return
    started, load = time.perf_counter(), os.getloadavg()[0]
    config = Config(**(QUICK if given.quick else PAPER))
    parts = of_critic(config)
    work = sum(parts.values())
    print(f"{THREADS} threads, load {load:.1f}; {work / 1e12:.3g} TFLOP a critic step")
    rows, rates, copies = [], [], []
    for backend in ("tensorflow", "jax", "torch"):
        measured = measure(backend, given.quick)
        rates, copies = rates + measured["matrix_rates"], copies + measured["memory_rates"]
        for row in rows_of(backend, measured, work, max(rates)):
            print(
                f"{backend:12}{row['step']:26}{row['seconds']:9.3g} s{row['rate'] / 1e9:8.0f} GFLOP/s"
                f"{row['of_matrix_rate']:7.0%} of a matrix product{row['ratio']:7.2f}× ours",
                flush=True,
            )
            rows.append(row)
    whole = rows[0]["of_matrix_rate"]
    content = {
        "date": datetime.date.today().isoformat(),
        "quick": given.quick,
        "seconds": time.perf_counter() - started,
        "load_before": load,
        "size": config.image_size,
        "batch": config.batch_size,
        "operations": parts,
        "matrix_rate": max(rates),
        "memory_rate": max(copies),
        "of_matrix_rate": {"value": whole, "bar": OF_MATRIX_RATE, "met": whole >= OF_MATRIX_RATE},
        "rows": rows,
        "machine": machine(),
    }
    save(content, given, OUTPUT)


if __name__ == "__main__":
    main()
