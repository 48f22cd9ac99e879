"""What every network here needs: torchvision beside any build of torch, random weights, and files of trained ones."""

import io
import sys
from contextlib import contextmanager
from types import ModuleType

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
        with _without_compiler():
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
        return import_torchvision()
    return torchvision


@contextmanager
def standing_in(modules):
    """During an import, `modules` are in sys.modules, {name: a stand-in, or None to hide it}, if not loaded already."""
    standing = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules |= standing
    try:
        yield
    finally:
        for name in standing:
            del sys.modules[name]


def _without_compiler():
    """`import torchvision` pulls in torch's compiler, to ask whether it is there.  Say no during that import.

    It takes seconds, and its LLVM and TensorFlow's can't live in one process: with some releases it crashes.
    """
    modules = {name: ModuleType(name) for name in ("torch._dynamo", "torch._dynamo.utils")}
    for module in modules.values():
        module.is_compile_supported = lambda device: False
    return standing_in(modules)


def as_device(device=None):
    """The name of a device that torch has here; None: "cuda" where there is a GPU, else "cpu"."""
    import torch

    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, dtype=torch.float64, device=device).cpu()
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ValueError(
            f"device must be None, 'cpu' or a device with float64 that torch finds here, such as 'cuda', got {device!r}"
        ) from error
    return str(device)


def as_extractor(forward, device):
    """A network, (B, C, H, W) uint8 tensor → (B, D), as a function of arrays: (B, H, W, C) uint8 → (B, D) float64."""
    import torch

    def extract(batch):
        batch = np.array(batch, order="C")  # torch takes no reversed view
        # TF32 would halve the digits of a convolution on a GPU.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            x = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2)
            return forward(x).double().cpu().numpy()

    return extract


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
