"""The audit says what it knows and when it knows nothing; the lock's files tell of the same packages."""

import http.server
import json
import re
import sys
import threading
from pathlib import Path

import pytest

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
    assert asked == set(audit.pins((ROOT / "requirements.txt").read_text())) and len(asked) > 200
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


def test_the_lock_holds_the_pins_each_with_hashes_and_a_licence():
    locked = re.split(r"\n(?=\w)", (ROOT / "requirements-hashes.txt").read_text())[1:]
    held = {pin: entry.count("--hash=sha256:") for entry in locked for pin in audit.pins(entry)}
    pinned = set(audit.pins((ROOT / "requirements.txt").read_text()))
    torch = {pin for pin in pinned if pin[0] == "torch"}
    assert held.keys() - set(audit.pins("\n".join(lock.BUILD))) == pinned - torch, "run 'make lock'"
    assert min(held.values()) >= 1
    on_a_mac = next(pin for pin in pinned if pin[0] == "tensorflow")
    rows = re.findall(r"^\| ([\w.-]+) \| (\d[\w.]*) \| (\S.*) \|$", (ROOT / "LICENSES.md").read_text(), re.M)
    assert {(name, version) for name, version, _ in rows} == (held.keys() | torch) - {on_a_mac}


def test_a_licence_is_what_the_package_declares():
    named = dict(re.findall(r"^\| ([\w.-]+) \| [\w.]+ \| (.*) \|$", (ROOT / "LICENSES.md").read_text(), re.M))
    assert named["keras"].startswith("Apache") and named["pydantic"] == "MIT" and named["pillow"] == "MIT-CMU"
