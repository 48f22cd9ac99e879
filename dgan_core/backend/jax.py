"""JAX: function transformations, and XLA."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jax import lax

LAYOUT = ("NHWC", "HWIO", "NHWC")


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


# Of a transposed convolution, JAX takes the gradient by the kernel in a form that cuDNN knows only as a convolution
# with kernels as large as images: two thirds of WGAN-GP's time at 512×512.  Here each is the other's gradient.


def _halve(images: Any, kernel: Any) -> Any:
    return lax.conv_general_dilated(images, kernel, (2, 2), "SAME", dimension_numbers=LAYOUT)


def _of_kernel(images: Any, halved: Any, kernel: Any) -> Any:
    """The gradient by `kernel` of the sum of halved · _halve(images, kernel)."""
    return jax.linear_transpose(partial(_halve, images), kernel)(halved)[0]


halve = jax.custom_vjp(_halve)


@jax.custom_vjp
def double(images: Any, kernel: Any) -> Any:
    return lax.conv_transpose(images, kernel, (2, 2), "SAME", dimension_numbers=LAYOUT, transpose_kernel=True)


halve.defvjp(
    lambda images, kernel: (halve(images, kernel), (images, kernel)),
    lambda given, by: (double(by, given[1]), _of_kernel(given[0], by, given[1])),
)
double.defvjp(
    lambda images, kernel: (double(images, kernel), (images, kernel)),
    lambda given, by: (halve(by, given[1]), _of_kernel(by, given[0], given[1])),
)
