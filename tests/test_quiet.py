"""TensorFlow's notes at its start are on no page; all else on standard error is shown."""

import os
import subprocess
import sys

import pytest

ALONE = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
LINES = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\\n"
    b"I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on. You may see slightly different numbers\\n"
    b"W0000 00:00:1.2 3 port.cc:153] another note\\n"
)


def run(code):
    return subprocess.run([sys.executable, "-c", code], env=ALONE, capture_output=True, text=True)


@pytest.mark.parametrize("module", ["dgan_core.losses", "dgan_stylegan.stylegan2"])
def test_loading_tensorflow_says_nothing(module):
    done = run(f"import {module}, tensorflow, warnings; warnings.warn('told', UserWarning)")
    assert "UserWarning: told" in done.stderr and done.returncode == 0
    assert [line for line in done.stderr.splitlines() if "told" not in line and not line.startswith("  ")] == []


@pytest.mark.parametrize("end", ["", "os.abort()", "raise KeyError"])
def test_other_lines_are_shown_even_where_the_process_aborts(end):
    code = "import os\nfrom dgan_core.io.quiet import without_notes\nwith without_notes():\n"
    done = run(code + f"    os.write(2, b'''{LINES.decode()}''')\n    {end}\nos.write(2, b'after')")
    assert done.stderr.splitlines()[0] == "W0000 00:00:1.2 3 port.cc:153] another note"
    assert (done.returncode == 0, "after" in done.stderr) == (not end, not end)


def test_without_a_standard_error_nothing_is_changed(monkeypatch):
    from dgan_core.io.quiet import without_notes

    monkeypatch.setattr(sys, "stderr", None)
    with without_notes():
        assert sys.stderr is None
