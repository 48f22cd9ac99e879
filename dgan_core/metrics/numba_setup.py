"""Functions that numba compiles, and keeps on disk from one process to the next."""

from contextlib import suppress

import numba


def compiled(**options):
    """numba.njit with these options, kept on disk."""
    return lambda function: kept_on_disk(numba.njit(**options)(function))


def kept_on_disk(function):
    """A numba function with its disk cache on; where no folder for that can be written, each process compiles it."""
    with suppress(RuntimeError):
        function.enable_caching()
    return function
