"""torch: autograd, run as it comes (its compiler does not differentiate a gradient)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch

from dgan_core.backend.unrolled import scan  # noqa: F401  (one of the four functions of a backend)

from keras import ops, tree


def value_and_grad(function: Callable, variables: list) -> tuple[tuple[Any, Any], list]:
    """((value, extras), gradients) of function(variables) → (scalar value, extras); may be nested.

    Where gradients are recorded, which is so inside another value_and_grad, what is returned can be differentiated.
    """
    nested = torch.is_grad_enabled()
    with torch.enable_grad():
        leaves = [v if v.requires_grad else v.detach().requires_grad_() for v in variables]
        value, extras = function(leaves)
        gradients = torch.autograd.grad(value, leaves, create_graph=nested, materialize_grads=True)
    if not nested:
        value, extras = tree.map_structure(torch.Tensor.detach, (value, extras))
    return (value, extras), list(gradients)


def compile(function: Callable) -> Callable:
    """The function on tensors; of the gradients, only what value_and_grad asks for is recorded."""

    @wraps(function)
    def on_tensors(*arguments: Any) -> Any:
        with torch.no_grad():
            return function(*tree.map_structure(ops.convert_to_tensor, arguments))

    return on_tensors


def peak_memory() -> int | None:
    """Most bytes held on the first GPU so far; None on a CPU, whose memory is the process's."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
