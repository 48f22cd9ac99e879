"""Known vulnerabilities of what the lock pins, as OSV (osv.dev) lists them.  Says so where OSV can't be asked.

Exit status: 0 none known, 1 some known, 2 not asked (no network, or an answer that makes no sense).

    python tools/audit_dependencies.py        # make audit
"""

import re
import sys
from pathlib import Path

import requests

PINS = Path(__file__).resolve().parent.parent / "requirements" / "requirements.txt"
OSV = "https://api.osv.dev/v1/querybatch"
PIN = re.compile(r"([A-Za-z0-9_.-]+)==([\w.]+)")


def pins(text: str) -> list[tuple[str, str]]:
    """(name, version) of each line `name==version`, markers and comments left out."""
    found = (PIN.match(line) for line in text.splitlines())
    return [(m[1].lower().replace("_", "-"), m[2]) for m in found if m]


def known_vulnerabilities(packages: list[tuple[str, str]], address: str = OSV) -> list[tuple[str, str, list[str]]]:
    """(name, version, identifiers) of the packages that have any.  ConnectionError where that can't be known."""
    queries = [{"package": {"ecosystem": "PyPI", "name": name}, "version": version} for name, version in packages]
    try:
        answer = requests.post(address, json={"queries": queries}, timeout=30)
        answer.raise_for_status()
        results = answer.json()["results"]
        identifiers = [[vulnerability["id"] for vulnerability in result.get("vulns", [])] for result in results]
    except (requests.RequestException, KeyError, TypeError, AttributeError) as error:
        raise ConnectionError(f"{address} could not be asked ({type(error).__name__})") from error
    if len(identifiers) != len(packages):
        raise ConnectionError(f"{address} answered for {len(identifiers)} of {len(packages)} packages")
    return [(*package, ids) for package, ids in zip(packages, identifiers, strict=True) if ids]


def main(address: str = OSV) -> int:
    packages = pins(PINS.read_text(encoding="utf-8"))
    try:
        found = known_vulnerabilities(packages, address)
    except ConnectionError as error:
        print(f"not audited: {error}", file=sys.stderr)
        return 2
    for name, version, ids in found:
        print(f"{name} {version}: {', '.join(f'https://osv.dev/{i}' for i in ids)}")
    print(f"{len(packages)} packages asked, {len(found)} with known vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
