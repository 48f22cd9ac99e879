"""results/faults.json: one key for each family of faults, with what was counted and on what."""

import json
from pathlib import Path
from typing import Any

from dgan_core.runs import environment, write_json

RESULTS = Path(__file__).resolve().parent.parent / "results" / "faults.json"


def record(family: str, rows: list[dict[str, Any]], path: Path = RESULTS) -> None:
    """Put `rows` under `family`, with versions, hardware and commit; the other families stay as they are."""
    held = json.loads(path.read_text()) if path.is_file() else {}
    write_json(path, {**held, family: {"rows": rows, "environment": environment()}})
