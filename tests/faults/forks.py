"""Trainings and evaluations in forked processes: the parent has imported everything and computed nothing.

A fork starts in milliseconds, so that hundreds can be killed.  The backend is torch, which survives a fork.
"""

import os

os.environ |= {"KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}  # before the imports below

import contextlib
import functools
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

from dgan_core import Config
from dgan_core.runs import Run
from dgan_core.training import loop
from dgan_core.training.dgan import DGAN

with contextlib.suppress(ImportError):  # what a training imports while it runs
    from tensorboard.compat.proto import event_pb2, summary_pb2  # noqa: F401
    from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: F401

SMALL = {
    "image_size": 32,
    "n_phantoms": 4,
    "batch_size": 2,
    "epochs": 3,
    "n_critic": 1,
    "generator_width": 16,
    "critic_width": 4,
    "backbone_widths": (4, 4),
    "latent_dim": 8,
    "snapshots": 2,
    "checkpoint_every": 1,
}  # six generator updates, a checkpoint after every second and at the end, snapshots after epochs 0, 2 and 3


def config(**parameters):
    """A run of a second."""
    return Config(**{**SMALL, **parameters})


@functools.cache
def trainer(loss):
    """The networks of the small runs of a loss, built once: a trainer is pure."""
    return DGAN(config(loss=loss))


def train(parameters, root):
    """fit of a small run under `root`."""
    os.environ["DGAN_RUNS"] = str(root)
    return loop.fit(config(**parameters))


loop.trainer = lambda config: trainer(config.loss)


def the_run(parameters, root):
    """The `Run` of a small run under `root`."""
    return Run(config(**parameters), Path(root))


def fork(function, *arguments, output=None):
    """The process id of a child that calls function(*arguments); what it prints goes to the file `output`, if any.

    Its exit status is 0, or 1 where function raised; then the traceback ends its output.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        descriptor = os.open(output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        function(*arguments)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def wait(child):
    """0, an exit status, or −9 for a kill."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def do(function, *arguments, output=None):
    """Exit status of function(*arguments) in a child."""
    return wait(fork(function, *arguments, output=output))


def kill_after(seconds, function, *arguments):
    """Whether function(*arguments) was killed by SIGKILL after `seconds`, before it was done."""
    child = fork(function, *arguments)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return wait(child) == -signal.SIGKILL


def moments(n, span, seed):
    """n random times in [0, span] seconds."""
    generator = random.Random(seed)
    return [generator.uniform(0.0, span) for _ in range(n)]


def row(kind, tried, survived, what=""):
    """One line of the suite's table; `what` says what was expected."""
    return {"kind": kind, "tried": tried, "survived": survived, "lost": tried - survived, "what": what}
