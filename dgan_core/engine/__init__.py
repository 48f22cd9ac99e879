"""The only backend-aware code: two primitives, `value_and_grad` and `compile`, per Keras backend.

Another backend is one more module with the same two functions.
"""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"KERAS_BACKEND must be 'tensorflow', got '{keras.backend.backend()}'; unset it or set it to 'tensorflow'"
    )

from dgan_core.engine.tensorflow import compile, value_and_grad  # noqa: E402

__all__ = ["compile", "value_and_grad"]
