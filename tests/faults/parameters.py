"""Parameter sets: some sound, most not; texts, lists, infinities, whole numbers of 5,000 digits, names of nothing."""

import json
import math
from pathlib import Path

from dgan_core.config import Config
from dgan_core.profiles import LAMBDAS
from dgan_core.training.schedule import learning_rate, r1_gamma, snapshot_epochs, weight_penalty, weight_perceptual
from faults.cases import EITHER, TAKE, Case, pick

FIELDS = tuple(Config.model_fields)
ODD = (
    None, True, False, 0, 1, -1, 2, 3, 64, 10**6, 2**31, 2**63, 2**64, 10**30, 10**5000, 0.5, -0.0, 1e-320, 1e300,
    math.nan, math.inf, -math.inf, "", " ", "3", "3.0", "1e3", "nan", "0x10", "three", "9" * 5000, "../x", "/", "~",
    "~no one", "\0", "\n", "a\nb", "ä", "\ud800", "x" * 300, "x" * 10_000, "quick", "paper", "phantom", "random",
    "dgan", "stylegan2", "r", b"bytes", (), (4, 4), (4, -4), (4, 10**9), [3], [[]], {}, {"a": 1}, {1}, 1j, object,
)  # fmt: skip
SOUND = {  # values that stand alone
    "profile": ("quick", "paper"),
    "model": ("dgan", "stylegan2", "stylegan3"),
    "loss": ("wgan-gp", "bce"),
    "lam": (0, 0.5, 3, "5", 7.0, 1e6, *LAMBDAS),
    "lam_penalty": (None, 0, 10),
    "data": ("phantom", "busi", "/tmp", "a folder"),
    "label": ("malignant", "benign"),
    "image_size": (32, 64, 128, 256, 512),
    "n_phantoms": (2, 210, 100_000),
    "seed": (0, 1, "2", 2**32 - 1),
    "epochs": (1, 500, 10**6),
    "batch_size": (1, 2, 4096),
    "learning_rate": (1e-5, 1.0),
    "lr_decay": (0.5, 1),
    "beta_1": (0, 0.999),
    "run_id": ("a", "a.b-c_d", "x" * 100),
    "backbone_widths": ((1, 1), [8, "16"], (1024, 1024)),
}


def cases(rng, folder: Path) -> Case:
    if rng.random() < 0.2:
        name = pick(rng, tuple(SOUND))
        given, must = {name: pick(rng, SOUND[name])}, TAKE
    else:
        names = [pick(rng, FIELDS) for _ in range(rng.integers(1, 6))]
        names += [pick(rng, ("lamda", "self", "", "a b", "model_config", "x" * 5000))] * (rng.random() < 0.1)
        given = {name: pick(rng, SOUND.get(name, ODD) if rng.random() < 0.5 else ODD) for name in names}
        must = EITHER
    return Case(
        told=f"Config(**{_told(given)})",
        do=lambda: Config(**given),
        right=lambda config: _right(config, given),
        must=must,
        names=tuple(name[:90] for name in given),
    )


def _told(given):
    try:
        return repr(given)[:200]
    except ValueError:  # a whole number of 5,000 digits
        return ", ".join(given)


def _right(config, given):
    """Every value is kept, survives being written, stays within float32 and within the folder of runs."""
    for name, value in given.items():
        kept = getattr(config, name)
        if isinstance(kept, str):
            same = kept == value or (name == "data" and Path(kept).is_absolute()) or (name == "run_id" and not value)
        elif isinstance(kept, tuple):
            same = [int(v) for v in value] == list(kept)
        else:
            same = value is None if kept is None else float(value) == kept and not isinstance(value, bool)
        if not same:
            return False
    numbers = [v for v in config.model_dump().values() if isinstance(v, (int, float))]
    rates = learning_rate(config, 0), learning_rate(config, 10**6)
    derived = (weight_penalty(config), weight_perceptual(config), r1_gamma(config), *rates)
    root = Path("/runs")
    return (
        Config(**json.loads(config.model_dump_json())) == config
        and all(math.isfinite(v) and abs(v) < 1e38 for v in (*numbers, *derived))
        and (root / config.profile / config.run_id).resolve().parent == root / config.profile
        and snapshot_epochs(config)[-1] == config.epochs
    )
