"""A loop over an array's first axis, unrolled.

TensorFlow keeps a compiled step as one function, however often it is called; torch runs eagerly.
"""

from collections.abc import Callable
from typing import Any

from keras import ops, tree


def scan(function: Callable, state: Any, inputs: Any) -> tuple[Any, Any]:
    """(state, outputs stacked) of function(state, inputs[k]) → (state, outputs), for k = 0, 1, …"""
    rows = []
    for k in range(tree.flatten(inputs)[0].shape[0]):
        state, outputs = function(state, tree.map_structure(lambda a, k=k: a[k], inputs))
        rows.append(outputs)
    return state, tree.map_structure(lambda *values: ops.stack(values), *rows)
