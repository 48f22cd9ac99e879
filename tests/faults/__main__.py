"""python -m faults: every fault of the suite; writes results/faults.json, shown in "Costs and reliability".

--only PART …   these parts alone; the others' rows stay as they were
--quick         a few faults of each kind, in a minute or two: a check of the suite, written with --output only
"""

import argparse
import datetime
import importlib
import json
import sys
import time
from pathlib import Path

from dgan_core.io.environment import environment  # isort: skip
from dgan_core.io.files import write_json  # isort: skip

OUTPUT = Path(__file__).resolve().parents[2] / "results" / "faults.json"
PARTS = ("kills", "sweep", "disk", "damage", "processes", "numbers", "inputs", "endurance")


def main():
    parser = argparse.ArgumentParser(
        "python -m faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", type=Path, help="default: results/faults.json of the project")
    given = parser.parse_args()
    output = given.output or (None if given.quick else OUTPUT)
    lost = 0
    for name in given.only:
        started = time.perf_counter()
        rows = importlib.import_module(f"faults.{name}").run(**({"quick": True} if given.quick else {}))
        part = {
            "date": datetime.date.today().isoformat(),
            "quick": given.quick,
            "seconds": time.perf_counter() - started,
            "rows": rows,
            "environment": environment(),
        }
        for row in rows:
            print(f"{row['kind']:60}{row['tried']:8} tried{row['lost']:6} lost", flush=True)
        lost += sum(row["lost"] for row in rows)
        if output is not None:
            before = json.loads(output.read_text()) if output.is_file() else {}
            write_json(output, {**before, name: part})
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
