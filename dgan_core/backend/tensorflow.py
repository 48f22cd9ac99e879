"""TensorFlow: GradientTape and graph functions (on a CPU, plain graphs beat XLA)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from dgan_core.backend.unrolled import scan  # noqa: F401  (one of the four functions of a backend)


def value_and_grad(function: Callable, variables: list) -> tuple[tuple[Any, Any], list]:
    """((value, extras), gradients) of function(variables) → (scalar value, extras); may be nested."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        value, extras = function(variables)
    gradients = tape.gradient(value, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return (value, extras), gradients


def compile(function: Callable) -> Callable:
    """The function as one graph; its nested tuples of arrays keep their structure.

    Within another one it stays a call, which waits for all of its arguments: written out, what needs only some of them
    would be computed early, for many steps at once, and held in memory.
    """
    # As a partial, or TensorFlow counts the tracings of all functions of one code together, and warns of them.
    whole = partial(function)
    return tf.function(whole, autograph=False, experimental_attributes={"_noinline": True})


def peak_memory() -> int | None:
    """Most bytes held on the first GPU so far; None on a CPU, whose memory is the process's."""
    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] if gpus else None
