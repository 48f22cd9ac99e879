"""What the printed protocol costs on a GPU: KERAS_BACKEND=jax python benchmarks/gpu.py

WGAN-GP at 512×512, batch 2, in the paper's widths: five updates of the critic and one of the generator in one compiled
call, their measurements brought to the host, as `fit` does it; in bfloat16 and in float32.  VGG19's weights and the
images are random, which changes no cost.  The time is held against its floor: operations by formula over the rate of a
large bfloat16 matrix product here.  On JAX a profile of one iteration tells which kernels took it, and so how long the
device stood still.  Prints a table and writes results/benchmark-gpu.json.  A few minutes on a GPU; --quick checks the
script at 32×32, on a CPU too.
"""

import argparse
import datetime
import os
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from operations import of_iteration

from dgan_core import Config, backend, rng
from dgan_core.io.environment import environment
from dgan_core.io.files import write_json
from dgan_core.training.dgan import DGAN
from dgan_core.training.forecast import memory

from keras import ops

OUTPUT = Path(__file__).resolve().parent.parent / "results" / "benchmark-gpu.json"
PAPER = {"profile": "paper"}
QUICK = {"profile": "quick", "image_size": 32}
PRECISIONS = ("bfloat16", "float32")
IMAGES, EPOCHS = 210, 500
BAR = 600.0  # seconds for the printed protocol
KINDS = {  # of kernels, by what their names hold; the first that fits
    "convolutions and products": ("conv", "gemm", "xmma", "cutlass", "cudnn", "wgrad", "dgrad", "fprop", "dot", "sm90"),
    "layout and copies": ("transpose", "copy", "memcpy", "nchw", "nhwc", "memset"),
}


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def matrix_rate(n, precision):
    """Operations per second of n×n products of random numbers, ten in a row."""
    a = ops.cast(rng.normal(0, "matrix", 0, (n, n)), precision)

    def ten(a):
        b = a
        for _ in range(10):
            b = ops.matmul(a, b) * 1e-2  # stays finite
        return ops.sum(ops.cast(b, "float32"))

    product = backend.compile(ten)
    return 10 * 2 * n**3 / min(seconds(lambda: float(product(a))) for _ in range(4))


def copy_rate(n):
    """Bytes per second, read and written, of negating n float32."""
    negate = backend.compile(lambda a: -a)
    a = ops.convert_to_tensor(np.ones(n, "float32"))

    def twenty():
        b = a
        for _ in range(20):
            b = negate(b)
        float(b[0])

    return 20 * 8 * n / min(seconds(twenty) for _ in range(4))


def measure(config, n_images, repetitions):
    """What an iteration takes, compiling and a profile of it apart."""
    dgan = DGAN(config)
    shape = (n_images, config.image_size, config.image_size, 1)
    began = time.perf_counter()
    real = dgan.prepare(np.tanh(rng.normal(0, "real", 0, shape)))
    state, iteration = dgan.initial_state(), 0

    def once():
        nonlocal state, iteration
        state, rows = dgan.iteration(state, real, iteration)
        iteration += 1
        return [{name: float(value) for name, value in row.items()} for row in rows]

    rows = once()
    ready = time.perf_counter() - began
    once()
    times = [seconds(once) for _ in range(repetitions)]
    spent = kernels(once) if backend.name == "jax" else Counter()
    return {
        "precision": config.precision,
        "losses": [rows[0]["critic_loss"], rows[-1]["generator_loss"]],
        "ready": ready,
        "all_seconds": times,
        "seconds": statistics.median(times),
        "features": "features" in real,
        "kinds": by_kind(spent),
        "kernels": dict(spent.most_common(40)),
        **memory(),
    }


def kernels(function):
    """{name: seconds} of the device's kernels during one call of function; without a GPU, of the host's work."""
    import jax

    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            function()
        profile = jax.profiler.ProfileData.from_file(str(next(Path(folder).rglob("*.xplane.pb"))))
    on_device = [plane for plane in profile.planes if plane.name.startswith("/device:GPU")]
    planes = on_device or [plane for plane in profile.planes if plane.name.startswith("/host:CPU")]
    spent = Counter()
    for plane in planes:
        for line in plane.lines:
            if (line.name.startswith("Stream") or not on_device) and not line.name.startswith("python"):
                for event in line.events:
                    spent[event.name] += event.duration_ns / 1e9
    return spent


def kind_of(kernel):
    name = kernel.lower()
    return next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), "pointwise and sums")


def by_kind(spent):
    """{kind: seconds} of kernels."""
    found = Counter()
    for kernel, value in spent.items():
        found[kind_of(kernel)] += value
    return dict(found.most_common())


def milliseconds(value):
    return f"{value * 1e3:9.4g} ms"


def device():
    """The accelerator's name, or None."""
    if backend.name == "jax":
        import jax

        found = jax.devices()[0]
        return None if found.platform == "cpu" else found.device_kind
    if backend.name == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name") if gpus else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="32×32, to check the script; writes only with --output")
    parser.add_argument("--output", type=Path, help="default: results/benchmark-gpu.json of the project")
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS, default=PRECISIONS, help="default: both")
    parser.add_argument("--backbone", default="random", help="a weights file, default: random; changes no cost")
    given = parser.parse_args()
    if device() is None and not given.quick:
        parser.error(f"{backend.name} sees no GPU; with --quick the script is checked without one")
    began = time.perf_counter()
    side, table = (512, QUICK) if given.quick else (8192, PAPER)
    table = {**table, "backbone": given.backbone}
    rates = {precision: matrix_rate(side, precision) for precision in PRECISIONS}
    copied = copy_rate(2**20 if given.quick else 2**28)
    config = Config(**table)
    work = of_iteration(config)
    iterations = EPOCHS * (IMAGES // config.batch_size) // config.n_critic
    floor = work / rates["bfloat16"]
    print(
        f"{device()}, {backend.name}: products {rates['bfloat16'] / 1e12:.3g} TFLOP/s in bfloat16, "
        f"{rates['float32'] / 1e12:.3g} in float32, copies {copied / 1e12:.3g} TB/s; "
        f"{work / 1e12:.3g} TFLOP an iteration, {floor * 1e3:.3g} ms at the least",
        flush=True,
    )
    rows = []
    for precision in given.precision:
        row = measure(Config(**table, precision=precision), IMAGES, 5 if given.quick else 30)
        row["protocol_seconds"] = row["seconds"] * iterations
        row["of_matrix_rate"] = work / row["seconds"] / rates["bfloat16"]
        rows.append(row)
        update = row["seconds"] / config.n_critic
        print(
            f"{precision:9}{milliseconds(row['seconds'])} an iteration,{milliseconds(update)} an update of the critic, "
            f"{row['of_matrix_rate']:.0%} of a bfloat16 product; the printed protocol "
            f"{row['protocol_seconds'] / 60:.3g} min; ready after {row['ready']:.3g} s",
            flush=True,
        )
        for kind, value in row["kinds"].items():
            print(f"         {milliseconds(value)} {kind}")
        for name, value in list(row["kernels"].items())[:12]:
            print(f"           {milliseconds(value)} {name[:90]}")
    content = {
        "date": datetime.date.today().isoformat(),
        "quick": given.quick,
        "seconds": time.perf_counter() - began,
        "device": device(),
        "backend": backend.name,
        "size": config.image_size,
        "batch": config.batch_size,
        "n_critic": config.n_critic,
        "iterations": iterations,
        "operations": work,
        "matrix_rates": rates,
        "copy_rate": copied,
        "floor": floor,
        "bar": {"seconds": BAR, "met": min(row["protocol_seconds"] for row in rows) <= BAR},
        "rows": rows,
        "machine": {**environment(), "threads": os.cpu_count()},
    }
    output = given.output or (None if given.quick else OUTPUT)
    if output is not None:
        write_json(output, content)
        print(f"written to {output}")


if __name__ == "__main__":
    main()
