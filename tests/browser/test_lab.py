"""A reader opens the training notebook in JupyterLab and runs all of it."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "train.ipynb"
SMALL = {"loss": '"bce"', "image_size": "32", "epochs": "2", "batch_size": "64", "run_id": '"lab"'}


def small_copy(target):
    """The notebook with the parameters of a run of seconds, as a reader would type them into its first cell."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    for name, value in SMALL.items():
        cell.source, changed = re.subn(rf"^{name} = .*$", f"{name} = {value}", cell.source, flags=re.MULTILINE)
        assert changed == 1, name
    nbformat.write(notebook, target)


@pytest.fixture
def lab(tmp_path):
    """JupyterLab's address, with train.ipynb in its folder."""
    small_copy(tmp_path / "train.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token="]
    local = {
        "JUPYTER_CONFIG_DIR": tmp_path / "config",
        "JUPYTER_DATA_DIR": tmp_path / "share",
        "DGAN_RUNS": tmp_path / "runs",
    }
    environment = {**os.environ, **{name: str(folder) for name, folder in local.items()}}
    command = [sys.executable, "-m", "jupyterlab", *options]
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/lab"
    try:
        wait(lambda: answers(address), 60, lambda: (tmp_path / "lab.log").read_text())
        yield address
    finally:
        server.terminate()
        server.wait(30)


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def wait(condition, seconds, told):
    """Until the condition holds; AssertionError with what is told where it doesn't in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(1)
    raise AssertionError(told())


def test_train_runs_from_the_first_cell_to_the_last_in_jupyterlab(lab, tab, tmp_path):
    tab.goto(f"{lab}/tree/train.ipynb?reset")
    tab.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    tab.get_by_text("| Idle").wait_for(timeout=60_000)  # what is asked of a kernel that starts is lost
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    outputs = []

    def over():
        tab.keyboard.press("Control+s")
        try:
            cells = nbformat.read(tmp_path / "train.ipynb", as_version=4).cells
        except nbformat.reader.NotJSONError:
            return False  # it is being written
        outputs[:] = [output for cell in cells for output in cell.get("outputs", [])]
        done = [cell.execution_count for cell in cells if cell.cell_type == "code"][-1] is not None
        return done or any(output.output_type == "error" for output in outputs)

    wait(over, 240, lambda: f"not over in time: {outputs}")
    assert [output.traceback for output in outputs if output.output_type == "error"] == []
    assert any("the run lies in" in output.get("text", "") for output in outputs)
    assert (tmp_path / "runs" / "quick" / "lab" / "status.json").is_file()
    tab.locator(".jp-Notebook figure svg[role=img]").first.wait_for()
