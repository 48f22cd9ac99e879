"""Compiled steps serve every run of a process that differs in nothing they hold, such as those of a loop over λ."""

from collections.abc import Callable
from threading import Lock
from typing import Any

# Parameters of which compiled steps hold nothing: they are arguments, or used outside.
NOT_COMPILED = {"data", "label", "resize", "n_phantoms", "seed_data", "seed", "lam", "lam_penalty", "lam_perceptual"}
NOT_COMPILED |= {"perceptual_scale", "epochs", "snapshots", "checkpoint_every", "run_id", "extractor", "lpips_weights"}
NOT_COMPILED |= {"learning_rate", "critic_lr_ratio", "lr_decay", "lr_floor", "ada_target", "ada_images"}
KEPT = 4  # the last ones used: each holds its networks
_kept: dict[Any, Any] = {}
_lock = Lock()


def compiled(gan: Any, make: Callable, *also: Any) -> Any:
    """make(gan), or what that gave for an earlier trainer of the same class and configuration.

    also: whatever else the steps hold, hashable.
    """
    key = (type(gan), make, *gan.config.model_dump(exclude=NOT_COMPILED).items(), *also)
    with _lock:
        _kept[key] = _kept.pop(key, None) or make(gan)
        if len(_kept) > KEPT:
            del _kept[next(iter(_kept))]
        return _kept[key]
