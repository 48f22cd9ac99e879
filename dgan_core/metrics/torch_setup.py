"""What every network here needs: torchvision beside any build of torch, random weights, and files of trained ones."""

import hashlib
import os
import sys
from pathlib import Path

import numpy as np

_definitions = None  # keeps the operator schemas alive


def import_torchvision():
    """torchvision, also where its compiled operators don't match torch (a CPU torch beside the index's torchvision).

    There `import torchvision` stops at the missing schemas of nms and qnms. We need only its network definitions, so
    the schemas are declared, without an implementation, and the import is made again.
    """
    global _definitions
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::" not in str(error) or _definitions is not None:
            raise
        import torch

        for name in [m for m in sys.modules if m == "torchvision" or m.startswith("torchvision.")]:
            del sys.modules[name]
        _definitions = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            _definitions.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
    return torchvision


def he_normal(modules, seed):
    """Fill every convolution with N(0, 2 / fan_in) and its bias with 0, in order, from NumPy: equal on all machines."""
    import torch

    rng = np.random.default_rng(seed)
    for module in modules:
        if isinstance(module, torch.nn.Conv2d):
            weight = module.weight.data
            draw = rng.standard_normal(tuple(weight.shape), dtype=np.float32)
            weight.copy_(torch.from_numpy(draw * np.float32(np.sqrt(2 / weight[0].numel()))))
            if module.bias is not None:
                module.bias.data.zero_()


def file_hash(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weight_file(path, name, url, prefix):
    """The path given; or DGAN_ASSETS/name; or a download of url. The last two must hash to prefix."""
    if path is not None:
        path = Path(path).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"weights must name a file, got {str(path)!r}, which doesn't exist")
        return path  # your own file, taken as it is; `evaluate` names it in its labels
    assets = os.environ.get("DGAN_ASSETS")
    if assets and (Path(assets) / name).is_file():
        path = Path(assets) / name
    else:
        path = _download(name, url)
    digest = file_hash(path)
    if not digest.startswith(prefix):
        raise ValueError(f"{path} must have a SHA-256 that starts with {prefix}, got {digest[:8]}: fetch it again")
    return path


def _download(name, url):
    import pooch
    import requests

    try:
        return Path(pooch.retrieve(url, known_hash=None, fname=name, path=pooch.os_cache("dgan_core")))
    except (requests.RequestException, OSError) as error:
        raise ConnectionError(
            f"{url} could not be fetched ({type(error).__name__}): "
            f"put it into the DGAN_ASSETS folder as {name}, or ask for random weights"
        ) from error
