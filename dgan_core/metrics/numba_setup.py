"""Functions that numba compiles, and keeps on disk from one process to the next."""

from contextlib import suppress

import numba


def compiled(**options):
    """numba.njit with these options, kept on disk."""
    return lambda function: kept_on_disk(numba.njit(**options)(function))


def kept_on_disk(function):
    """A function of numba's, which is compiled anew in each process where no folder for it can be written."""
    with suppress(RuntimeError):
        function.enable_caching()
    return function
