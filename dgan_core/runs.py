"""The run directory: the seam between training, metrics and report. Imports no deep-learning framework.

runs/<profile>/<run_id>/
  config.json              every parameter, written first
  environment.json         versions, hardware, commit
  status.json              state: running, finished or failed (with the reason)
  log.jsonl                one row per generator update
  checkpoint.safetensors   all training state, replaced atomically
  snapshots/epoch-*.safetensors, samples/epoch-*.png
"""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from dgan_core.config import Config


def runs_root() -> Path:
    """DGAN_RUNS, or runs/ beside the package's pyproject.toml, or runs/ of the current folder."""
    if "DGAN_RUNS" in os.environ:
        return Path(os.environ["DGAN_RUNS"]).expanduser().resolve()
    project = Path(__file__).resolve().parent.parent
    return (project if (project / "pyproject.toml").is_file() else Path.cwd()) / "runs"


def write_atomically(path: Path, content: bytes) -> None:
    """All of `content` or, after a crash, what was there before."""
    partial = path.with_name(path.name + f".{os.getpid()}.part")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def write_json(path: Path, content: Any) -> None:
    """Atomically; NaN is refused, since JSON has none."""
    write_atomically(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


class Run:
    """One run's directory. Opening it creates it, or refuses one of another configuration."""

    def __init__(self, config: Config, root: Path | None = None) -> None:
        self.config = config
        self.path = (root or runs_root()) / config.profile / config.run_id
        mine = json.loads(config.model_dump_json())
        written = self.path / "config.json"
        if written.is_file():
            theirs = json.loads(written.read_text())
            differing = [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
            if differing:
                raise ValueError(
                    f"{self.path} holds a run with "
                    + ", ".join(f"{name}={theirs.get(name)!r}" for name in differing)
                    + ", this configuration has "
                    + ", ".join(f"{name}={mine.get(name)!r}" for name in differing)
                    + "; choose another run_id or remove it"
                )
        else:
            for folder in (self.path, self.path / "snapshots", self.path / "samples"):
                folder.mkdir(parents=True, exist_ok=True)
            write_json(written, mine)

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """An existing run directory, whose config.json must be its own: a copy under another name is refused."""
        path = Path(path).resolve()
        if not (path / "config.json").is_file():
            raise FileNotFoundError(f"{path} is not a run directory: it has no config.json")
        config = Config(**json.loads((path / "config.json").read_text()))
        if path.parts[-2:] != (config.profile, config.run_id):
            raise ValueError(f"{path} holds the run {config.profile}/{config.run_id}: rename its folders to that")
        return cls(config, path.parent.parent)

    @property
    def finished(self) -> bool:
        return self._status().get("state") == "finished"

    def _status(self) -> dict[str, Any]:
        path = self.path / "status.json"
        return json.loads(path.read_text()) if path.is_file() else {}

    def set_status(self, state: str, **facts: Any) -> None:
        write_json(self.path / "status.json", {"state": state, **facts})

    def record_environment(self, **facts: Any) -> None:
        """Versions, hardware and commit, beside `facts`."""
        write_json(self.path / "environment.json", {**environment(), **facts})

    def append_log(self, row: dict[str, float]) -> None:
        with open(self.path / "log.jsonl", "a") as file:
            file.write(json.dumps(row) + "\n")

    def log(self) -> list[dict[str, float]]:
        """Rows so far; a row cut short by a crash is left out."""
        path = self.path / "log.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def truncate_log(self, step: int) -> None:
        """Drop what was logged after the checkpoint at `step`."""
        rows = [row for row in self.log() if row["step"] <= step]
        write_atomically(self.path / "log.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())

    def save_checkpoint(self, arrays: dict[str, np.ndarray], step: int) -> None:
        content = safetensors.numpy.save(arrays, metadata={"step": str(step)})
        write_atomically(self.path / "checkpoint.safetensors", content)

    def load_checkpoint(self) -> tuple[dict[str, np.ndarray], int] | None:
        """(arrays, step), or None for a run that has not started."""
        path = self.path / "checkpoint.safetensors"
        if not path.is_file():
            return None
        with safetensors.safe_open(path, "numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, int(file.metadata()["step"])

    def snapshot_path(self, epoch: int) -> Path:
        return self.path / "snapshots" / f"epoch-{epoch:04d}.safetensors"

    def save_snapshot(self, epoch: int, arrays: dict[str, np.ndarray]) -> None:
        write_atomically(self.snapshot_path(epoch), safetensors.numpy.save(arrays))

    def load_snapshot(self, epoch: int) -> dict[str, np.ndarray]:
        path = self.snapshot_path(epoch)
        if not path.is_file():
            kept = sorted(p.stem for p in path.parent.glob("*.safetensors"))
            raise FileNotFoundError(f"{self.path} has no snapshot of epoch {epoch}; kept are {', '.join(kept)}")
        return safetensors.numpy.load(path.read_bytes())

    def save_grid(self, name: str, images: np.ndarray) -> None:
        """images (N, S, S, 1) uint8 → samples/<name>.png, the first 16 as 4×4 tiles."""
        import io

        from PIL import Image

        tiles = images[:16, ..., 0]
        tiles = np.concatenate([tiles, np.zeros((16 - len(tiles), *tiles.shape[1:]), "uint8")])
        grid = np.concatenate([np.concatenate(list(row), axis=1) for row in tiles.reshape(4, 4, *tiles.shape[1:])])
        content = io.BytesIO()
        Image.fromarray(grid).save(content, "PNG")
        write_atomically(self.path / "samples" / f"{name}.png", content.getvalue())


def environment() -> dict[str, Any]:
    """Versions, hardware and commit of this process."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    engines = ("tensorflow", "tensorflow-cpu", "jax", "jaxlib", "torch")
    for name in ("numpy", "keras", *engines, "scikit-learn", "umap-learn", "lpips"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            pass
    project = Path(__file__).resolve().parent.parent
    commit = ""
    if (project / ".git").exists():
        described = subprocess.run(
            ["git", "-C", str(project), "describe", "--always", "--dirty"], capture_output=True, text=True
        )
        commit = described.stdout.strip()
    return {
        "python": platform.python_version(),
        "versions": versions,
        "hardware": {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.system()},
        "commit": commit or "unknown",
    }


def _cpu() -> str:
    """The processor's name as the system tells it, or its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
