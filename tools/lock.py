"""The lock of the default set-up, from what the environment of this Python holds: after `pip install NEW==1.0`, run it.

requirements.txt         name==version of every package but this one: what conda, Binder and Colab read
requirements-hashes.txt  the same pins with the SHA-256 of each of their files: what `make` installs
LICENSES.md              the same packages with the licences that they declare

uv, which asks the index for the hashes, is installed for the moment of use.

    python tools/lock.py            # make lock
    python tools/lock.py licences   # LICENSES.md alone, which needs no index
"""

import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS, HASHES, LICENCES = ROOT / "requirements.txt", ROOT / "requirements-hashes.txt", ROOT / "LICENSES.md"
UV = "uv==0.13.8"
NOT_LOCKED = {"dgan-core", "pip", "uv"}
MACHINES = {"tensorflow-cpu": " ; sys_platform != 'darwin'"}
ADDED = {"tensorflow-cpu": ("tensorflow", " ; sys_platform == 'darwin'")}  # a Mac's name for the same
HEAD = "# Everything that the default set-up installs, pinned by tools/lock.py.\n"


def installed() -> list[Distribution]:
    """Every package of this environment but ourselves and the installers, by name."""
    held = {d.name.lower().replace("_", "-"): d for d in distributions()}
    return [d for name, d in sorted(held.items()) if name not in NOT_LOCKED]


def pins(packages: list[Distribution]) -> list[str]:
    """Requirement lines; a local version such as 2.13.0+cpu is another build of the same release."""
    lines = []
    for package in packages:
        name, version = package.name.lower().replace("_", "-"), package.version.partition("+")[0]
        lines.append(f"{name}=={version}{MACHINES.get(name, '')}")
        if name in ADDED:
            other, marker = ADDED[name]
            lines.append(f"{other}=={version}{marker}")
    return lines


def hashed(lines: list[str]) -> str:
    """The same lines, each with the hashes of its files on the index and in pip's other places."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", UV], check=True)
        source = Path(folder, "pins.txt")
        source.write_text("\n".join(lines) + "\n")
        options = ["--universal", "--no-deps", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
        command = [Path(folder, "bin", "uv"), "pip", "compile", "--python", python, *options, source]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def licence(package: Distribution) -> str:
    """The licence's name as declared: an SPDX expression, else the classifiers, else the first line of the field."""
    declared = package.metadata.get("License-Expression")
    if declared:
        return declared
    classifiers = [
        c.split(" :: ")[-1] for c in package.metadata.get_all("Classifier", []) if c.startswith("License ::")
    ]
    if named := [c for c in classifiers if c != "OSI Approved"]:
        return ", ".join(named)
    field = (package.metadata.get("License") or "").strip().splitlines()
    return field[0][:80] if field else "not declared; see its files"


def licences(packages: list[Distribution]) -> str:
    rows = [f"| {p.name} | {p.version.partition('+')[0]} | {licence(p).replace('|', '/')} |" for p in packages]
    return (
        "# Licences\n\ndgan_core is under the MIT licence ([LICENSE](LICENSE)). The packages that the default set-up "
        "installs, none of\nwhich is part of it, declare these; written by `make lock`.\n\n"
        "| package | version | licence |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def main(arguments: list[str]) -> None:
    packages = installed()
    LICENCES.write_text(licences(packages))
    if arguments != ["licences"]:
        lines = pins(packages)
        PINS.write_text(HEAD + "\n".join(lines) + "\n")
        HASHES.write_text(HEAD + hashed(lines))
    print(f"{len(packages)} packages")


if __name__ == "__main__":
    main(sys.argv[1:])
