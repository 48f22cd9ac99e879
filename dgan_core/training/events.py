"""The log's numbers as TensorBoard events, where the package `tensorboard` is installed; else nothing is written.

events/ in the run directory holds one file for each time that training was begun.  Its first event tells TensorBoard
at which step, so that what a killed run had shown beyond its checkpoint is hidden.
"""

import os
import time
from pathlib import Path

OWN = ("step", "epoch", "seconds")  # not measured: TensorBoard has its axes


class Events:
    """Scalars by name and step, appended to a file of their own in `folder`; `step`: what training goes on from."""

    def __init__(self, folder: Path, step: int) -> None:
        self._writer = None
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError:
            return
        self._event, self._summary = event_pb2, summary_pb2
        folder.mkdir(exist_ok=True)
        begun = len(list(folder.glob("events.out.tfevents.*")))
        self._writer = RecordWriter(open(folder / f"events.out.tfevents.{begun:010d}.{os.getpid()}", "xb"))
        self._write(0, file_version="brain.Event:2")
        self._write(step + 1, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))

    def add(self, row: dict[str, float]) -> None:
        """One row of the log."""
        if self._writer is not None:
            summary = self._summary.Summary()
            for name, value in row.items():
                if name not in OWN:
                    summary.value.add(tag=name, simple_value=value)
            self._write(row["step"], summary=summary)
            self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _write(self, step: int, **what) -> None:
        event = self._event.Event(wall_time=time.time(), step=step, **what)
        self._writer.write(event.SerializeToString())
