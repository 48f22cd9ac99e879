"""What the scripts in benchmarks/ wrote, for the pages that show it."""

import json

from .collect import locate


def read_results(results, name):
    """The object in the file `name` of the folder `results` (found as `locate` finds it), or None: not run."""
    file = locate(results) / name
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def duration(seconds):
    """Three digits in the unit that suits: ms, s or min."""
    for unit, size in (("min", 60), ("s", 1)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e3:.3g} ms"
