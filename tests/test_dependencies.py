"""Set-up: the audit, the lock, the ranges, what conda hands to pip, and which Python is taken."""

import http.server
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import audit_dependencies as audit  # noqa: E402
import lock  # noqa: E402


@pytest.fixture
def osv():
    """(address, what it answers): a stand-in for OSV that answers each package by a function of its query."""
    answers = {"status": 200, "of": lambda query: {}, "asked": []}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            answers["asked"] += queries
            content = json.dumps({"results": [answers["of"](query) for query in queries]}).encode()
            self.send_response(answers["status"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{httpd.server_port}/v1/querybatch", answers
        httpd.shutdown()


def test_every_pin_is_asked_for_and_none_known_ends_with_0(osv, capsys):
    address, answers = osv
    assert audit.main(address) == 0
    asked = {(query["package"]["name"], query["version"]) for query in answers["asked"]}
    assert asked == set(audit.pins(audit.PINS.read_text(encoding="utf-8"))) and len(asked) > 200
    assert "packages asked, 0 with known vulnerabilities" in capsys.readouterr().out


def test_known_ones_are_named_and_end_with_1(osv, capsys):
    address, answers = osv
    answers["of"] = lambda query: {"vulns": [{"id": "GHSA-1"}]} if query["package"]["name"] == "pillow" else {}
    assert audit.main(address) == 1
    assert ": https://osv.dev/GHSA-1" in capsys.readouterr().out


@pytest.mark.parametrize("spoil", [{"status": 500}, {"of": lambda query: []}, {"of": lambda query: {"vulns": [{}]}}])
def test_no_sound_answer_is_no_clean_bill(osv, capsys, spoil):
    address, answers = osv
    answers |= spoil
    assert audit.main(address) == 2
    assert capsys.readouterr().err.startswith(f"not audited: {address} could not be asked")


def test_no_network_is_no_clean_bill(capsys):
    assert audit.main("http://127.0.0.1:9/") == 2
    assert "not audited: http://127.0.0.1:9/ could not be asked (ConnectionError)" in capsys.readouterr().err


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="not the environment that make sets up")
@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler to compile radiomics")
def test_radiomics_are_there_where_they_can_be_compiled():
    assert importlib.util.find_spec("radiomics")  # tests that measure them are left out without it, and would hide that


def test_the_lock_holds_the_pins_each_with_hashes_and_a_licence():
    text = audit.PINS.read_text(encoding="utf-8")
    files = (path.read_text(encoding="utf-8") for path in (lock.HASHES, lock.COMPILED))
    locked = [entry for file in files for entry in re.split(r"\n(?=\w)", file)[1:]]
    held = {pin: entry.count("--hash=sha256:") for entry in locked for pin in audit.pins(entry)}
    pinned = set(audit.pins(text))
    torch = {pin for pin in pinned if pin[0] == "torch"}
    assert held.keys() == pinned - torch and len(torch) == 1, "run 'make lock'"
    assert min(held.values()) >= 1
    everywhere = set(audit.pins("\n".join(line for line in text.splitlines() if ";" not in line)))
    rows = re.findall(
        r"^\| ([\w.-]+) \| (\d[\w.]*) \| (\S.*) \|$", lock.LICENCES.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert everywhere <= {(name, version) for name, version, _ in rows} <= pinned


def test_the_lock_is_within_the_ranges_that_the_package_asks_for():
    """So that what `make` installs is what anyone may have; and no range is a single version but where it must be."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    locked = {}
    for line in audit.PINS.read_text(encoding="utf-8").splitlines()[1:]:
        pin = Requirement(line)
        locked.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    for line in project["dependencies"] + [line for extra in lock.EXTRAS for line in extras[extra]]:
        asked = Requirement(line)
        versions = locked[canonicalize_name(asked.name)]
        assert all(asked.specifier.contains(version) for version in versions), f"{line}, locked: {versions}"
    for line in project["dependencies"] + extras["cpu"] + extras["book"]:
        assert "==" not in line.partition(";")[0], f"{line} pins a user's package"


def test_what_conda_writes_for_pip_is_accepted(tmp_path):
    """conda writes the list to a file beside environment.yml and calls pip there: conda/env/installers/pip.py."""
    given = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (lines,) = (entry["pip"] for entry in given if isinstance(entry, dict))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "requirements").mkdir()
    some = audit.PINS.read_text(encoding="utf-8").splitlines()[:20]  # all are of one form, and pip takes its time
    (tmp_path / "requirements" / audit.PINS.name).write_text("\n".join(some), encoding="utf-8")
    for name in ("dgan_cli", "dgan_core", "dgan_report", "dgan_stylegan"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()

    def pip(*lines):
        (tmp_path / "condaenv.requirements.txt").write_text("\n".join(lines), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "-r", "condaenv.requirements.txt"]
        offline = ["--dry-run", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
        return subprocess.run([*command, *offline], cwd=tmp_path, capture_output=True, text=True)

    assert pip(*lines).returncode == 0, pip(*lines).stderr
    assert "no such option: --no-deps" in pip("--no-deps --editable .").stderr


@pytest.mark.parametrize("given", [("3.13", "3.12", "3.11"), ("3.11", "3.10"), ("3.12",)])
def test_set_up_takes_the_newest_python_that_works(tmp_path, given):
    """Each stand-in answers as that Python would; python3.13 alone, like a version manager's stub, may fail."""
    for version in given:
        _stand_in(tmp_path / f"python{version}", version)
    done = _find_python(tmp_path)
    assert (done.stdout, done.returncode) == (f"python{given[0]}\n", 0)
    (tmp_path / "python3.13").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.13").chmod(0o755)
    usable = [version for version in given if version not in ("3.13", "3.10")]
    assert _find_python(tmp_path).stdout == f"python{usable[0]}\n"


def test_set_up_says_what_is_missing_where_no_python_serves(tmp_path):
    _stand_in(tmp_path / "python3", "3.10")
    for given, told in (
        ((), "The project needs Python 3.11, 3.12 or 3.13"),
        (("python3",), "python3 can't be used. The"),
    ):
        done = _find_python(tmp_path, *given)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith(told)
        assert "make PYTHON=/path/to/python" in done.stderr


def _stand_in(path, version):
    """A program that runs the check it is given as if it were that version."""
    told = f"import sys; sys.version_info = ({version.replace('.', ', ')}, 0)"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{told}; exec(sys.argv[1])" "$2"\n', encoding="utf-8")
    path.chmod(0o755)


def _find_python(folder, *given):
    environment = {"PATH": str(folder)}
    command = ["/bin/sh", str(ROOT / "tools" / "find_python.sh"), *given]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_a_licence_is_what_the_package_declares():
    named = dict(re.findall(r"^\| ([\w.-]+) \| [\w.]+ \| (.*) \|$", lock.LICENCES.read_text(encoding="utf-8"), re.M))
    assert named["keras"].startswith("Apache") and named["pydantic"] == "MIT" and named["pillow"] == "MIT-CMU"
