"""The only backend-aware code: six functions, on KERAS_BACKEND's backend.

value_and_grad(function, variables) → ((value, extras), gradients)
    of function(variables) → (scalar value, extras), with respect to each array of the list `variables`; a variable that
    the value does not depend on has gradient 0.  May be nested: a gradient can be part of a function that is
    differentiated again.
compile(function) → function
    of nested dicts, lists and tuples of arrays, NumPy's or the backend's; returns the backend's.
scan(function, state, inputs) → (state, outputs)
    of function(state, inputs[k]) → (state, outputs) for k = 0, 1, … along the first axis of nested arrays; outputs are
    stacked.  For use inside a compiled function.
peak_memory() → bytes
    that the backend has held on a GPU at most; None on a CPU.
halve(images, kernel), double(images, kernel) → images
    a convolution (B, H, W, c) → (B, H/2, W/2, d) by a kernel (h, w, c, d), in steps of 2, and its transpose, from d
    channels to c: Keras's own, where a backend has no better ones.

Another backend is one more module with the first four functions.
"""

import importlib
from functools import partial

from dgan_core.io.quiet import without_notes

BACKENDS = ("tensorflow", "jax", "torch")

try:
    with without_notes():
        import keras
except ModuleNotFoundError as error:
    if error.name not in BACKENDS:
        raise
    raise ImportError(
        f"the backend '{error.name}' is not installed; "
        f"install it, or set KERAS_BACKEND to one that is, of {', '.join(BACKENDS)}"
    ) from None

name = keras.backend.backend()
if name not in BACKENDS:
    raise ImportError(f"KERAS_BACKEND must be one of {', '.join(BACKENDS)}, got '{name}'")

_backend = importlib.import_module(f"{__name__}.{name}")
value_and_grad, compile, scan = _backend.value_and_grad, _backend.compile, _backend.scan
peak_memory = _backend.peak_memory
halve = getattr(_backend, "halve", partial(keras.ops.conv, strides=2, padding="same"))
double = getattr(_backend, "double", partial(keras.ops.conv_transpose, strides=2, padding="same"))


def gradient(function, x):
    """∂function(x)/∂x in the shape of x, an array or a list of arrays; function returns a scalar.  May be nested."""
    several = isinstance(x, list)
    arrays = [keras.ops.convert_to_tensor(a) for a in (x if several else [x])]
    _, gradients = value_and_grad(lambda v: (function(v if several else v[0]), ()), arrays)
    return gradients if several else gradients[0]
