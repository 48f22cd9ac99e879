"""What the scripts in benchmarks/ wrote, for the pages that show it."""

import json

from .results import locate


def read_results(results, name):
    """The object in the file `name` of the folder `results` (found as `locate` finds it), or None: not run."""
    file = locate(results) / name
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def duration(seconds):
    """Three digits in the unit that suits, ms, s or min, which stays on the number's line."""
    for unit, size in (("min", 60), ("s", 1)):
        if seconds >= size:
            return f"{seconds / size:.3g}\u00a0{unit}"
    return f"{seconds * 1e3:.3g}\u00a0ms"


def measured_on(measured, packages=None, also=""):
    """What a benchmark's numbers belong to: date, machine, versions (of all packages, or those named) and commit.

    also: words on the machine of one benchmark alone, placed after it.  A --quick run is called what it is.
    """
    machine = measured["machine"]
    hardware, threads, versions = machine["hardware"], machine["threads"], machine["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in versions if packages is None or name in packages)
    return (
        f"Measured on {measured['date']}: {hardware['cpu']}, {hardware['cores']} cores, "
        f"{threads} thread{'s' if threads != 1 else ''}, {hardware['system']}{also and f', {also}'}; "
        f"Python {machine['python']}, {named}; commit {machine['commit'][:16]}."
        + (" **A check of the script on small inputs, not a measurement.**" if measured["quick"] else "")
    )
