"""What a number was measured on: versions, hardware and commit. Imports no deep-learning framework."""

import os
import platform
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

TRAINING = ("numpy", "keras", "tensorflow", "tensorflow-cpu", "jax", "jaxlib", "torch", "scikit-learn", "umap-learn",
            "lpips")  # fmt: skip


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """{package: its version} of those that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in names:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def environment() -> dict[str, Any]:
    """Versions, hardware and commit of this process."""
    project = Path(__file__).resolve().parents[2]
    commit = ""
    if (project / ".git").exists():
        describe = ["git", "-C", str(project), "describe", "--always", "--dirty"]
        with suppress(OSError):  # no git here
            commit = subprocess.run(describe, capture_output=True, text=True).stdout.strip()
    return {
        "python": platform.python_version(),
        "versions": versions(TRAINING),
        "hardware": {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.system()},
        "commit": commit or "unknown",
    }


def _cpu() -> str:
    """The processor's name as the system tells it, or its architecture."""
    if not (told := cpuinfo()):
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def cpuinfo(path: str = "/proc/cpuinfo") -> str:
    """What Linux tells of the processor; an empty text on other systems."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
