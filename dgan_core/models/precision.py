"""What networks compute in: float32, or bfloat16 between parameters, statistics and outputs that stay float32.

Micikevicius et al. 2018, section 3, with bfloat16, whose range is float32's: no scaling of the loss is needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from dgan_core.io.environment import cpuinfo

import keras

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Layers that are built meanwhile compute in `precision`, but for those with a dtype of their own."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def is_emulated(path: str = "/proc/cpuinfo") -> bool:
    """Whether this processor says what it can do, and has no instructions for bfloat16 (x86's or ARM's)."""
    told = cpuinfo(path)
    return told != "" and "bf16" not in told
