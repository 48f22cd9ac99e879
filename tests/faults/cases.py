"""What one fault is made of."""

from collections.abc import Callable
from typing import Any, NamedTuple

TAKE, REFUSE, EITHER = "take", "refuse", "either"


class Case(NamedTuple):
    told: str  # what is tried, for the list of lost cases
    do: Callable[[], Any]
    right: Callable[[Any], bool]  # of what `do` returns
    must: str = EITHER
    names: tuple[str, ...] = ("",)  # of the fields or the file; a refusal holds one of them


def pick(rng, values):
    """One of `values`, whatever they are."""
    return values[rng.integers(len(values))]
