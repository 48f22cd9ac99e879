"""The only backend-aware code: `value_and_grad`, `compile`, `scan` and `peak_memory`, on KERAS_BACKEND's engine.

value_and_grad(function, variables) → ((value, extras), gradients)
    of function(variables) → (scalar value, extras), with respect to each array of the list `variables`; a variable that
    the value does not depend on has gradient 0.  May be nested: a gradient can be part of a function that is
    differentiated again.
compile(function) → function
    of nested dicts, lists and tuples of arrays, NumPy's or the engine's; returns the engine's.
scan(function, state, inputs) → (state, outputs)
    of function(state, inputs[k]) → (state, outputs) for k = 0, 1, … along the first axis of nested arrays; outputs are
    stacked.  For use inside a compiled function.
peak_memory() → bytes
    that the engine has held on a GPU at most; None on a CPU.

Another engine is one more module with the same four functions.
"""

import importlib

ENGINES = ("tensorflow", "jax", "torch")

try:
    import keras
except ModuleNotFoundError as error:
    if error.name not in ENGINES:
        raise
    raise ImportError(
        f"the training engine '{error.name}' is not installed; "
        f"install it, or set KERAS_BACKEND to one that is, of {', '.join(ENGINES)}"
    ) from None

name = keras.backend.backend()
if name not in ENGINES:
    raise ImportError(f"KERAS_BACKEND must be one of {', '.join(ENGINES)}, got '{name}'")

_engine = importlib.import_module(f"{__name__}.{name}")
value_and_grad, compile, scan, peak_memory = _engine.value_and_grad, _engine.compile, _engine.scan, _engine.peak_memory

__all__ = ["ENGINES", "compile", "name", "peak_memory", "scan", "value_and_grad"]
