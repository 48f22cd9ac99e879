"""Run a command unless another one holds the same lock: only_one.py LOCK COMMAND …

The lock belongs to the process and goes with it, however it ends: unlike Snakemake's own, it needs no unlocking after a
kill.
"""

import fcntl
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    lock, *command = sys.argv[1:]
    Path(lock).parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"{Path(command[0]).name} is at work here already: wait for it, or use another copy of the project")
    os.set_inheritable(descriptor, True)  # kept by the command, which takes this process's place
    os.execvp(command[0], command)
