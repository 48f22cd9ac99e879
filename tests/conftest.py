"""Shared fixtures: a run small enough for a test, and where real data lies when it does."""

import os
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from filelock import FileLock
from tiny import TINY

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def tiny():
    """Parameters of a run that takes a second after compilation."""
    return dict(TINY)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """An empty runs folder, in force through DGAN_RUNS."""
    monkeypatch.setenv("DGAN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """once(name, make): a folder that make(folder) has filled, one time for all of pytest's workers."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name, make):
        folder = base / name
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                folder.mkdir()
                try:
                    make(folder)
                except BaseException:
                    shutil.rmtree(folder)
                    raise
        return folder

    return made


@pytest.fixture
def shared():
    """The folder with real scans and VGG19 weights, which only some checkouts have beside them."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder shared/ beside the project (real BUSI scans and VGG19 weights)")
    return SHARED
