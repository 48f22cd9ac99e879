"""The run directory: the seam between training, metrics and report. Imports no deep-learning framework.

runs/<profile>/<run_id>/, or runs/<profile>/replaced/<run_id>-<number>/ once it was set aside
  config.json              every parameter, written first
  environment.json         versions, hardware, commit, and a fingerprint of the code that trains
  status.json              state: running, finished, stopped, interrupted, failed (reason) or diverged (step, name)
  log.jsonl                one row per generator update
  checkpoint.safetensors   all training state; checkpoint-previous the one before, until the run is finished
  snapshots/epoch-*.safetensors, samples/epoch-*.png
  events/                  the log, for TensorBoard
  metrics.json, embeddings.safetensors, samples/final.png, samples/generated.webp: of its evaluation
  train.ipynb, evaluate.ipynb: its pages, of a run that `make book` trained
  lock                     held by the process that trains, and while config.json is written

Every file tells whether it is whole: records and arrays carry a SHA-256; a checkpoint carries those of the
configuration and of the log up to its step, a snapshot that of the configuration, the status that of the log.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import numpy as np

from dgan_core.config import Config
from dgan_core.evaluations import Evaluation, read_evaluation, read_grid, save_grid
from dgan_core.io import files
from dgan_core.io.environment import environment
from dgan_core.io.files import DamagedFile

PATIENCE = 100  # tenths of a second for another process to write config.json


def runs_root() -> Path:
    """DGAN_RUNS if it is set and not empty, or runs/ beside pyproject.toml, or runs/ of the current folder."""
    if given := os.environ.get("DGAN_RUNS"):
        return Path(given).expanduser().resolve()
    project = Path(__file__).resolve().parent.parent
    return (project if (project / "pyproject.toml").is_file() else Path.cwd()) / "runs"


class StaleRun(ValueError):
    """A run that was made by other code than today's, or of other images."""


class Checkpoint(NamedTuple):
    """A whole checkpoint, and the log that belongs to it."""

    path: Path
    arrays: dict[str, np.ndarray]
    step: int
    log: bytes


class Run:
    """One run's directory. Opening it creates it, or refuses one of another configuration."""

    def __init__(self, config: Config, root: Path | None = None) -> None:
        self.config = config
        self.path = (root or runs_root()) / config.profile / config.run_id
        mine = json.loads(config.model_dump_json())
        written = self.path / "config.json"
        if not written.is_file():
            for folder in (self.path, self.path / "snapshots", self.path / "samples"):
                folder.mkdir(parents=True, exist_ok=True)
        for _ in range(PATIENCE):  # of several processes that begin here, one writes it
            if written.is_file():
                break
            with suppress(filelock.Timeout), self._filelock(timeout=0.1):
                if not written.is_file():
                    files.write_record(written, mine)
        if not written.is_file():
            raise RuntimeError(
                f"{self.path} is being trained by another process, and its config.json is gone: wait for it"
            )
        recorded, found = _recorded(written)
        theirs = json.loads(found.model_dump_json())
        differing = [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
        if differing:
            held, given = (", ".join(f"{n}={values.get(n)!r}" for n in differing) for values in (theirs, mine))
            raise ValueError(
                f"{self.path} holds a run with {held}, this configuration has {given}; "
                "choose another run_id or remove it"
            )
        self._config_hash = hashlib.sha256(json.dumps(recorded, sort_keys=True).encode()).hexdigest()
        self._current = self.path / "checkpoint.safetensors"
        self._previous = self.path / "checkpoint-previous.safetensors"
        self._log_path = self.path / "log.jsonl"
        self._log = hashlib.sha256()  # of the rows that this process knows of: begin() reads, append_log adds
        self._marks: dict[int, dict[str, Any]] = {}  # by step: the log up to it

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """An existing run directory, whose config.json must be its own: a copy under another name is refused."""
        path = Path(path).resolve()
        if not (path / "config.json").is_file():
            raise FileNotFoundError(f"{path} is not a run directory: it has no config.json")
        config = _recorded(path / "config.json")[1]
        if path.parts[-2:] != (config.profile, config.run_id):
            raise ValueError(f"{path} holds the run {config.profile}/{config.run_id}: rename its folders to that")
        return cls(config, path.parent.parent)

    def _filelock(self, timeout: float) -> filelock.BaseFileLock:
        return filelock.FileLock(self.path / "lock", timeout=timeout, fallback_to_soft=False)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run's lock, which a process that dies drops: RuntimeError where another process trains here."""
        try:
            held = self._filelock(timeout=0).acquire()
        except filelock.Timeout:
            raise RuntimeError(
                f"{self.path} is being trained by another process: wait for it, or choose another run_id"
            ) from None
        with held:
            for folder in (self.path, self.path / "snapshots", self.path / "samples"):
                files.remove_partial_files(folder)
            yield

    @property
    def finished(self) -> bool:
        return self.status().get("state") == "finished"

    def status(self) -> dict[str, Any]:
        """What set_status wrote last; empty before the run has begun."""
        try:
            return files.read_record(self.path / "status.json")
        except FileNotFoundError:
            return {}
        except DamagedFile as error:
            raise DamagedFile(f"{error}; remove it and train again; training resumes from the checkpoint") from None

    def set_status(self, state: str, **facts: Any) -> None:
        """When training ends, also store the log's length and SHA-256, to verify it later."""
        log = self._marks[max(self._marks)] if self._marks and state != "running" else {}
        files.write_record(self.path / "status.json", {"state": state, **facts, **log})

    def record_environment(self, **facts: Any) -> None:
        """Versions, hardware and commit, beside `facts`, such as the source's fingerprint."""
        files.write_record(self.path / "environment.json", {**environment(), **facts})

    def environment(self) -> dict[str, Any]:
        """What record_environment wrote; empty before training has begun."""
        with suppress(FileNotFoundError):
            return files.read_record(self.path / "environment.json")
        return {}

    def changed(self, source: dict[str, str]) -> list[str]:
        """The names of `source`, {module: hash}, that trained this run in another form; none where nothing is kept."""
        recorded = self.environment().get("source", {})
        if not recorded or not (self.finished or self._current.is_file() or self._previous.is_file()):
            return []
        gone = {"backbone"} - (source.keys() & recorded.keys()) if self.finished else set()  # or never hashed
        return [name for name in sorted({*source, *recorded} - gone) if source.get(name) != recorded.get(name)]

    def set_aside(self) -> "Run":
        """Move this directory to `replaced` beside it, under the first free number, and return an empty one."""
        with self.lock():
            others = self.path.parent / "replaced"
            others.mkdir(exist_ok=True)
            number = next(n for n in itertools.count(1) if not (others / f"{self.path.name}-{n}").exists())
            os.replace(self.path, others / f"{self.path.name}-{number}")
        return Run(self.config, self.path.parent.parent)

    def append_log(self, row: dict[str, float]) -> None:
        """Add a row; its "step" must be higher than those before."""
        line = (json.dumps(row) + "\n").encode()
        with open(self._log_path, "ab") as file:
            file.write(line)
            size = file.tell()
        self._log.update(line)
        self._marks[row["step"]] = _mark(size, self._log)

    def log(self) -> list[dict[str, float]]:
        """Rows so far; a row cut short by a crash is left out.

        Raises DamagedFile where training has ended, which keeps the log's SHA-256, and the log is another one now.
        """
        written, status = self._log_path.read_bytes() if self._log_path.is_file() else b"", self.status()
        if "log_sha256" in status:
            written = written[: status["log_bytes"]]
            if hashlib.sha256(written).hexdigest() != status["log_sha256"]:
                raise DamagedFile(f"{self._log_path} is damaged: its SHA-256 is not that in status.json; train again")
        return [json.loads(line) for line in written.splitlines(keepends=True) if line.endswith(b"\n")]

    def begin(self) -> tuple[dict[str, np.ndarray], int] | None:
        """(arrays, step) to go on from, or None for a start; whatever was logged after that step is dropped.

        For the holder of the lock.  Raises DamagedFile where there are checkpoints and none can be used.
        """
        found = self._newest_checkpoint()
        if found is not None and found.path == self._previous:
            self._current.unlink(missing_ok=True)  # damaged: it must not take the place of the good one
        log = b"" if found is None else found.log
        if not self._log_path.is_file() or self._log_path.read_bytes() != log:
            files.write_atomically(self._log_path, log)
        self._log = hashlib.sha256(log)
        self._marks = {found.step if found else 0: _mark(len(log), self._log)}
        return found and (found.arrays, found.step)

    def load_checkpoint(self) -> tuple[dict[str, np.ndarray], int] | None:
        """(arrays, step) of the newest checkpoint that is whole, or None for a run that has none."""
        found = self._newest_checkpoint()
        return found and (found.arrays, found.step)

    def save_checkpoint(self, arrays: dict[str, np.ndarray], step: int) -> None:
        """Read back before it counts as saved; until then, and until the run is finished, the one before stays."""
        files.sync(self._log_path)
        if self._current.exists():
            os.replace(self._current, self._previous)
        facts = {"step": step, "config_sha256": self._config_hash, **self._marks[step]}
        files.write_arrays(self._current, arrays, {name: str(value) for name, value in facts.items()})
        files.read_arrays(self._current)

    def finish(self, **facts: Any) -> None:
        """The run is over, its last checkpoint whole: no other is needed."""
        self.set_status("finished", **facts)
        self._previous.unlink(missing_ok=True)

    def _newest_checkpoint(self) -> Checkpoint | None:
        damage = []
        for path in (self._current, self._previous):
            try:
                with suppress(FileNotFoundError):
                    return self._read_checkpoint(path)
            except DamagedFile as error:
                damage.append(str(error))
        if damage:
            raise DamagedFile(f"{'; '.join(damage)}; nothing to go on from: remove {self.path} and train it again")
        return None

    def _read_checkpoint(self, path: Path) -> Checkpoint:
        arrays, facts = files.read_arrays(path)
        self._check_configuration(path, facts)
        log = self._log_path.read_bytes()[: int(facts["log_bytes"])] if self._log_path.is_file() else b""
        if hashlib.sha256(log).hexdigest() != facts["log_sha256"]:
            raise DamagedFile(f"{self._log_path} is damaged: it is not the log of {path.name}, step {facts['step']}")
        return Checkpoint(path, arrays, int(facts["step"]), log)

    def _check_configuration(self, path: Path, facts: dict[str, str]) -> None:
        if facts.get("config_sha256") != self._config_hash:
            raise DamagedFile(f"{path} was not written under the configuration in config.json: one of them is damaged")

    def snapshot_path(self, epoch: int) -> Path:
        path = self.path / "snapshots" / f"epoch-{epoch:04d}.safetensors"
        packed = path.with_name(f"{path.name}.gz")  # of a run in results/
        return packed if packed.is_file() else path

    def save_snapshot(self, epoch: int, arrays: dict[str, np.ndarray]) -> None:
        files.write_arrays(self.snapshot_path(epoch), arrays, {"epoch": str(epoch), "config_sha256": self._config_hash})

    def load_snapshot(self, epoch: int) -> dict[str, np.ndarray]:
        path = self.snapshot_path(epoch)
        if not path.is_file():
            kept = sorted(p.name.split(".")[0] for p in path.parent.glob("*.safetensors*"))
            raise FileNotFoundError(f"{self.path} has no snapshot of epoch {epoch}; kept: {', '.join(kept) or 'none'}")
        try:
            arrays, facts = files.read_arrays(path)
        except DamagedFile as error:
            raise DamagedFile(f"{error}; remove {self.path} and train it again") from None
        self._check_configuration(path, facts)
        if facts.get("epoch") != str(epoch):
            raise DamagedFile(f"{path} is the snapshot of epoch {facts.get('epoch')}")
        return arrays

    def save_grid(self, name: str, images: np.ndarray) -> None:
        """images (N, S, S, 1) uint8 → samples/<name>.png, the first 16 as 4×4 tiles."""
        save_grid(self.path, name, images)

    def tiles(self, name: str = "final") -> np.ndarray | None:
        """The images of samples/<name>.png, (16, S, S) uint8, or None where it is missing."""
        return read_grid(self.path, name, self.config.image_size)

    def epochs_with_samples(self) -> list[int]:
        """The epochs of samples/epoch-NNNN.png, in order."""
        return sorted(int(path.stem.split("-")[1]) for path in self.path.glob("samples/epoch-*.png"))

    def evaluation(self) -> Evaluation | None:
        """What `evaluations.save_evaluation` kept of what was measured, or None."""
        return read_evaluation(self.path)


def _recorded(path: Path) -> tuple[dict[str, Any], Config]:
    """What a config.json holds, and the Config that it is; a field that was added since is its profile's of today."""
    recorded = files.read_record(path)
    try:
        return recorded, Config.recorded(recorded)
    except ValueError as error:
        raise DamagedFile(f"{path} is damaged, or of another version: {error}") from None


def _mark(size: int, log: Any) -> dict[str, Any]:
    """What makes a log of `size` bytes known again."""
    return {"log_bytes": size, "log_sha256": log.hexdigest()}
