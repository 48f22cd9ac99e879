"""What the benchmarks count, against the networks; and that the one for a GPU runs, and says where it can't."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dgan_core import Config, models

import keras

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def operations(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import operations

    return operations


def counted(model):
    """2 · (numbers in the kernel) · (pixels that it is applied to), over the convolutions of a model."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):  # a Conv2D in Keras, so it comes first
            total += 2 * np.prod(layer.kernel.shape) * np.prod(layer.input.shape[1:3])
        elif isinstance(layer, keras.layers.Conv2D):
            total += 2 * np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3])
    return total


@pytest.mark.parametrize("given", [{}, {"image_size": 128, "generator_width": 512, "backbone_widths": (64, 128)}])
def test_operations_are_those_of_the_networks(operations, given):
    config = Config(**given)
    networks = models.backbone(config), models.critic(config), models.generator(config)
    assert operations.convolutions(config) == tuple(counted(network) for network in networks)


def test_operations_of_the_printed_protocol(operations):
    """2.7 TFLOP an update of the critic; known features of the real images save the backbone once."""
    config = Config(profile="paper", backbone="random")
    backbone, path, generator = operations.convolutions(config)
    whole, known = (sum(operations.of_critic(config, known).values()) for known in (False, True))
    assert whole == pytest.approx(2.73e12, rel=0.005) and whole - known == 2 * backbone
    assert operations.of_generator(config) == 2 * (2 * backbone + 2 * path + 3 * generator)
    assert operations.of_iteration(config) == 5 * (known + 2 * generator) + operations.of_generator(config)


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, BENCHMARKS / script, *arguments],
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
    )


def test_the_gpu_benchmark_runs_small_without_a_gpu_and_refuses_to_measure_there(tmp_path):
    done = run("gpu.py", "--quick", "--output", tmp_path / "gpu.json")
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "gpu.json").read_text())
    assert (content["quick"], content["device"], content["iterations"]) == (True, None, 2600)
    for row, precision in zip(content["rows"], ("bfloat16", "float32"), strict=True):
        assert row["precision"] == precision and row["features"] and len(row["all_seconds"]) == 5
        assert row["protocol_seconds"] == pytest.approx(row["seconds"] * 2600)
    close, exact = (row["losses"] for row in content["rows"])
    assert close == pytest.approx(exact, rel=0.05) and close != exact
    refused = run("gpu.py")
    assert refused.returncode == 2 and "sees no GPU; with --quick the script is checked without one" in refused.stderr


def test_the_step_is_timed_beside_two_that_give_the_same_loss():
    """The script itself compares the losses before it times anything."""
    done = run("training.py", "--here", "--quick")
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout.splitlines()[-1])
    assert set(measured["seconds"]) == {"ours", "hand-written tf.function", "eager GradientTape"}
    assert np.isfinite(measured["loss"]) and min(measured["matrix_rates"]) > 0
