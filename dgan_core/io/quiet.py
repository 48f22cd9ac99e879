"""Loading TensorFlow without the notes that it then writes to standard error, which no setting of its own turns off."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NOTES = (
    r"^WARNING: All log messages before absl::InitializeLog\(\) is called",
    r"^I0000 .*(oneDNN custom operations are on|This TensorFlow binary is optimized)",
    r"^To enable the following instructions: .* rebuild TensorFlow",
)


@contextmanager
def without_notes() -> Iterator[None]:
    """Inside, lines of NOTES are dropped from the process's standard error; all others are shown, even if it aborts."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # from then on errors alone, unless the user chose a level
    if sys.stderr is None or shutil.which("grep") is None:
        yield
        return
    sys.stderr.flush()
    shown = os.dup(2)
    with subprocess.Popen(["grep", "-vE", "|".join(NOTES)], stdin=subprocess.PIPE, stdout=shown) as grep:
        os.dup2(grep.stdin.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(shown, 2)
    os.close(shown)
