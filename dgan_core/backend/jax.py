"""JAX: function transformations, and XLA."""

from collections.abc import Callable
from typing import Any

import jax


def value_and_grad(function: Callable, variables: list) -> tuple[tuple[Any, Any], list]:
    """((value, extras), gradients) of function(variables) → (scalar value, extras); may be nested."""
    return jax.value_and_grad(function, has_aux=True)(variables)


def compile(function: Callable) -> Callable:
    """The function compiled by XLA, once for each structure and shape of its arguments."""
    return jax.jit(function)


def scan(function: Callable, state: Any, inputs: Any) -> tuple[Any, Any]:
    """(state, outputs stacked) of function(state, inputs[k]) → (state, outputs), for k = 0, 1, …

    One loop on a GPU, compiled once.  Written out on a CPU, where XLA runs a loop's convolutions on one thread.
    """
    return jax.lax.scan(function, state, inputs, unroll=jax.default_backend() == "cpu")


def peak_memory() -> int | None:
    """Most bytes held on the first GPU so far; None on a CPU, whose memory is the process's."""
    return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
