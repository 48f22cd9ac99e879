"""A fault at the n-th thing that this process does to a file: opening, writing, syncing, renaming or removing it."""

import builtins
import os
import signal
from pathlib import Path

from dgan_core import runs
from dgan_core.io import files


def kill(half=None):
    """SIGKILL, with half of what was to be written on the disk."""
    if half is not None:
        half()
    os.kill(os.getpid(), signal.SIGKILL)


def fail(half=None, number=28):
    """The operation fails as on a full disk, with half of what was to be written on it."""
    if half is not None:
        half()
    raise OSError(number, os.strerror(number))


class Writes:
    """Counts the operations on files in `folder`; calls `fault` instead of the one with number `at` (from 1)."""

    def __init__(self, folder, at=None, fault=kill):
        self.folder, self.at, self.fault, self.done = Path(folder).resolve(), at, fault, 0

    def __enter__(self):
        for name in ("fsync", "replace", "unlink", "mkdir"):
            setattr(os, name, self._counted(getattr(os, name), name))
        files.open = runs.open = self._open
        return self

    def __exit__(self, *error):
        """Nothing is put back: this is for a process of its own."""

    def _counted(self, function, name):
        def counted(first, *rest, **options):
            if name == "fsync" or self._inside(first):
                self.count()
            return function(first, *rest, **options)

        return counted

    def _inside(self, path):
        return not isinstance(path, int) and Path(path).resolve().is_relative_to(self.folder)

    def _open(self, path, mode="r", *rest, **options):
        file = builtins.open(path, mode, *rest, **options)
        if "r" in mode or not self._inside(path):
            return file
        self.count()
        return _Written(file, self)

    def count(self, half=None):
        self.done += 1
        if self.done == self.at:
            self.fault(half)


class _Written:
    """A file open for writing, of which each write is counted, and can end half-way."""

    def __init__(self, file, writes):
        self._file, self._writes = file, writes

    def __enter__(self):
        self._file.__enter__()
        return self

    def __exit__(self, *error):
        return self._file.__exit__(*error)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, content):
        def half():
            self._file.write(content[: len(content) // 2])
            self._file.flush()

        self._writes.count(half)
        return self._file.write(content)


def faulty(at, fault, folder, function, *arguments):
    """function(*arguments) with a fault at operation `at` on files of `folder`; for a process of its own."""
    with Writes(folder, at, fault):
        function(*arguments)


def counted(folder, report, function, *arguments):
    """function(*arguments); the number of operations on files of `folder` goes to the file `report`."""
    writes = Writes(folder)
    with writes:
        function(*arguments)
    Path(report).write_text(str(writes.done))
