"""Adam as a pure function, since Keras optimisers keep their state inside; and the norm of a gradient.

Kingma & Ba 2015, algorithm 1, in the order of operations of keras.optimizers.Adam (ε outside the bias correction).
"""

from typing import Any

import numpy as np

from keras import ops


def adam_init(parameters: list) -> dict[str, Any]:
    """Zero moments, step 0."""
    zeros = [np.zeros(tuple(p.shape), "float32") for p in parameters]
    return {"m": zeros, "v": [z.copy() for z in zeros], "t": np.zeros((), "float32")}


def adam(
    parameters: list, gradients: list, state: dict[str, Any], rate: Any, beta_1: float, beta_2: float, epsilon=1e-7
) -> tuple[list, dict[str, Any]]:
    """(new parameters, new state) after one step of size `rate`; ε = 1e-7 is Keras's default."""
    t = state["t"] + 1.0
    m = [a + (g - a) * (1.0 - beta_1) for a, g in zip(state["m"], gradients, strict=True)]
    v = [a + (ops.square(g) - a) * (1.0 - beta_2) for a, g in zip(state["v"], gradients, strict=True)]
    alpha = rate * ops.sqrt(1.0 - beta_2**t) / (1.0 - beta_1**t)
    parameters = [p - alpha * a / (ops.sqrt(b) + epsilon) for p, a, b in zip(parameters, m, v, strict=True)]
    return parameters, {"m": m, "v": v, "t": t}


def gradient_norm(gradients: list) -> Any:
    """‖∇‖₂ over all the arrays together, a scalar ≥ 0."""
    return ops.sqrt(sum(ops.sum(ops.square(g)) for g in gradients))
