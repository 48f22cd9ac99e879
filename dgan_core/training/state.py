"""Nested state to named arrays and back: what a checkpoint and a snapshot hold."""

from typing import Any

import numpy as np

from dgan_core import backend

from keras import ops, tree


def flatten(state: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """Nested dicts and lists of arrays → {'c_adam/m/003': array, …}."""
    if not isinstance(state, dict | list | tuple):
        return {prefix: ops.convert_to_numpy(state)}
    items = state.items() if isinstance(state, dict) else ((f"{i:03d}", leaf) for i, leaf in enumerate(state))
    return {k: v for name, leaf in items for k, v in flatten(leaf, f"{prefix}/{name}".lstrip("/")).items()}


def unflatten(like: Any, arrays: dict[str, np.ndarray], prefix: str = "") -> Any:
    """The inverse of flatten, in the structure of `like`."""
    if isinstance(like, dict):
        return {k: unflatten(v, arrays, f"{prefix}/{k}".lstrip("/")) for k, v in like.items()}
    if isinstance(like, list):
        return [unflatten(v, arrays, f"{prefix}/{i:03d}") for i, v in enumerate(like)]
    return arrays[prefix]


def branch(arrays: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    """The list that flatten spread over 'name/000', 'name/001', …; empty if there is none."""
    return [arrays[key] for key in sorted(arrays) if key.startswith(name + "/")]


@backend.compile
def is_finite(state: Any) -> Any:
    """Whether every number of nested dicts and lists of arrays is finite, as one reduction of the backend's."""
    return ops.all(ops.stack([ops.all(ops.isfinite(leaf)) for leaf in tree.flatten(state)]))
