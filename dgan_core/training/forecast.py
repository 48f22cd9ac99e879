"""What a run will cost, told once its first updates have been timed; and the memory that it has needed so far."""

import math
import re
import sys
import time
from contextlib import suppress
from typing import Any

from dgan_core import backend

UPDATES, SECONDS = 16, 10.0  # timed before the forecast, whichever comes first: 16 are a StyleGAN's lazy round
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def seconds_of(limit: str | float | None) -> float:
    """Seconds from a number of them or a text such as "90s", "25min" or "1.5h"; None: no limit, infinity."""
    if limit is None:
        return math.inf
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*(s|min|h)?\s*", str(limit))
    if isinstance(limit, bool) or found is None or float(found[1]) == 0:
        raise ValueError(f"stop_after must be a time above 0 such as '90s', '25min' or '1.5h', got {limit!r}")
    return float(found[1]) * UNITS[found[2] or "s"]


def in_words(seconds: float) -> str:
    """In two units at most: "45 s", "3 min 20 s", "2 h 5 min"."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def memory() -> dict[str, int]:
    """Peak bytes of this process, and of its GPU where the backend tells."""
    found = {}
    with suppress(ModuleNotFoundError):  # Windows
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        found["peak_memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    device = backend.peak_memory()
    return found if device is None else {**found, "peak_device_memory": device}


class Forecast:
    """Count the updates of a run of which `left` are to be done; `told` holds what was told, for the status."""

    def __init__(self, left: int) -> None:
        self.left, self.done = left, 0
        self.begun = self.compiled = time.perf_counter()
        self.told: dict[str, Any] = {}

    def count(self) -> str | None:
        """One more update is done; the sentence to print where this is the moment for it."""
        now = time.perf_counter()
        self.done += 1
        if self.done == 1:  # it compiled
            self.compiled = now
        timed, seconds = self.done - 1, now - self.compiled
        if self.told or not timed or (timed < UPDATES and seconds < SECONDS and self.done < self.left):
            return None
        each, left = seconds / timed, self.left - self.done
        self.told = {"forecast_seconds": now - self.begun + each * left}
        kinds = {"peak_memory": "memory", "peak_device_memory": "GPU memory"}
        used = " and ".join(f"{size / 1e9:.2f} GB of {kinds[name]}" for name, size in memory().items())
        return left and f"about {in_words(each * left)} for the {left:,} updates left, {each:.3g} s each; {used} so far"
