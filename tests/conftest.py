"""Shared fixtures: a run small enough for a test, and where real data lies when it does."""

import os
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from filelock import FileLock
from tiny import TINY

LONGEST = ("test_pages", "test_backends", "test_lessons", "test_notebooks", "test_loss_lab", "test_faults",
           "test_stylegan_trainer", "test_benchmarks", "test_compiled", "test_stylegan3", "test_lab", "test_overfit",
           "test_stylegan2", "test_metrics_agreement", "test_training", "test_dgan", "test_quiet",
           "test_metrics_command", "test_audit", "test_own_loss", "test_endurance", "test_workflow")  # fmt: skip
SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_collection_modifyitems(items):
    """The longest files first, so that at the end no worker waits minutes for another."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


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
