"""What every network here needs: torchvision beside any build of torch, random weights, and files of trained ones."""

import io
import sys

import numpy as np

from dgan_core.io import weights

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


def state_dict(path, published):
    """{name: tensor} of a file: the published one by its hash, or one's own as .safetensors or .npz."""
    import torch

    path = weights.existing(path)
    if path.suffix in weights.OWN:
        return {name: torch.from_numpy(np.array(value)) for name, value in weights.own(path).items()}
    return torch.load(io.BytesIO(weights.content(path, published)), map_location="cpu", weights_only=True)
