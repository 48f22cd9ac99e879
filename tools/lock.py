"""The lock of the default set-up, made of the pins in requirements.txt: after a change there, run it.

requirements-hashes.txt  the same pins with the SHA-256 of each of their files: what `make` installs. Not torch: which
                         build of it is right depends on the machine, and pip would take a hashed one for right
LICENSES.md              the packages with the licences that they declare, as this environment holds them

uv, which asks the index for the hashes, is installed for the moment of use.

    python tools/lock.py        # make lock
"""

import platform
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from audit_dependencies import pins

ROOT = Path(__file__).resolve().parent.parent
PINS, HASHES, LICENCES = ROOT / "requirements.txt", ROOT / "requirements-hashes.txt", ROOT / "LICENSES.md"
BUILD = ("setuptools==84.2.1", "wheel==0.48.0")  # what builds this package; torch and astunparse want them too
BY_MACHINE = "torch=="
UV = "uv==0.13.8"
OPTIONS = ("--universal", "--no-deps", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")


def hashed(lines: list[str]) -> str:
    """The requirement lines, each with the hashes of its files on the index."""
    with tempfile.TemporaryDirectory() as folder:
        python, source = Path(folder, "bin", "python"), Path(folder, "pins.txt")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", UV], check=True)
        source.write_text("\n".join(lines) + "\n")
        command = [Path(folder, "bin", "uv"), "pip", "compile", "--python-version", platform.python_version(), *OPTIONS]
        return subprocess.run([*command, source], check=True, capture_output=True, text=True).stdout


def licence(package: Distribution) -> str:
    """The licence's name as declared: an SPDX expression, else the classifiers, else the first line of the field."""
    if declared := package.metadata.get("License-Expression"):
        return declared
    classifiers = (c.split(" :: ") for c in package.metadata.get_all("Classifier", []))
    if named := [c[-1] for c in classifiers if c[0] == "License" and c[-1] != "OSI Approved"]:
        return ", ".join(named)
    field = (package.metadata.get("License") or "").strip().splitlines()
    return field[0][:80] if field else "not declared; see its files"


def licences(packages: list[tuple[str, str]]) -> str:
    """LICENSES.md of the packages that this environment holds; a Mac's names for others are left out elsewhere."""
    rows = []
    for name, version in packages:
        try:
            rows.append(f"| {name} | {version} | {licence(distribution(name)).replace('|', '/')} |")
        except PackageNotFoundError:
            print(f"{name} is not installed here and has no row in {LICENCES.name}", file=sys.stderr)
    return (
        "# Licences\n\ndgan_core is under the MIT licence ([LICENSE](LICENSE)). The packages that the default set-up "
        "installs, none of which\nis part of it, declare these; written by `make lock`.\n\n"
        "| package | version | licence |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def main() -> None:
    lines = [line for line in PINS.read_text().splitlines() if line and not line.startswith("#")]
    lines = sorted([*lines, *BUILD], key=str.lower)
    by_hash = [line for line in lines if not line.startswith(BY_MACHINE)]
    HASHES.write_text("# requirements.txt with hashes, written by tools/lock.py.\n" + hashed(by_hash))
    LICENCES.write_text(licences(pins("\n".join(lines))))
    print(f"{len(lines)} packages")


if __name__ == "__main__":
    main()
