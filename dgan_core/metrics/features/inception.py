"""Inception 2015-12-05, the network of FID and KID, and the three published ways of bringing an image to it.

The trained network expects 299×299 RGB in [-1, 1]. The packages disagree on how an image gets there:

torch-fidelity  TensorFlow 1's bilinear resize, pixel corners aligned at the top left, no antialias; (x − 128) / 128.
                What TensorFlow's FID and KID did, to the bit. torch-fidelity 0.4.0.
pytorch-fid     x / 255, torch's bilinear resize (`align_corners=False`), no antialias; 2x − 1. pytorch-fid 0.3.0.
clean-fid       Pillow's bicubic resize with antialias on each channel as float32, clipped to [0, 255], never rounded;
                (x − 128) / 128. clean-fid 0.1.35, mode "clean" (Parmar et al. 2022).

The graph is one and the same in all three, torch-fidelity's: average pools leave the padding out of the mean
(`count_include_pad=False`), the last block pools by maximum, batch normalisation has ε = 0.001. clean-fid runs it as
NVIDIA's TorchScript file, which can't hold other weights; its own PyTorch graph (mode "legacy_pytorch") and
pytorch-fid's are torchvision's with the same three patches. FIDs of different conventions can't be compared.
"""

import functools
import io
import pickle

import numpy as np

from dgan_core.io.weights import Published

from ..torch_setup import as_extractor, he_normal, import_torchvision, state_dict

SIDE = 299
PUBLISHED = Published(
    "pt_inception-2015-12-05-6726825d.pth",  # torch-fidelity's file
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    "sha256:6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
)


def _tensorflow_bilinear(x):
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    return (interpolate_bilinear_2d_like_tensorflow1x(x.float(), size=(SIDE, SIDE), align_corners=False) - 128) / 128


def _torch_bilinear(x):
    from torch.nn.functional import interpolate

    return 2 * interpolate(x.float() / 255, size=(SIDE, SIDE), mode="bilinear", align_corners=False) - 1


def _pillow_bicubic(x):
    import torch
    from PIL import Image

    resized = np.empty((*x.shape[:2], SIDE, SIDE), np.float32)
    for index in np.ndindex(*x.shape[:2]):
        channel = Image.fromarray(x[index].float().cpu().numpy())
        resized[index] = np.asarray(channel.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).clip(0, 255)
    return (torch.from_numpy(resized) - 128) / 128


PREPARE = {  # (B, 1 or 3, H, W) uint8 → (B, 1 or 3, 299, 299) float32 in [-1, 1]
    "torch-fidelity": _tensorflow_bilinear,
    "pytorch-fid": _torch_bilinear,
    "clean-fid": _pillow_bicubic,
}
CONVENTIONS = tuple(PREPARE)


def _shell():
    """torch-fidelity's module with nothing loaded into it. Its own loader would unpickle whatever the file holds."""
    import torch

    import_torchvision()  # torch_fidelity imports it
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Unloaded(FeatureExtractorInceptionV3):
        def load_state_dict(self, state_dict):
            """Left to `loaded`."""

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    with torch.random.fork_rng(devices=[]):  # building draws from torch's global generator
        return Unloaded("inception", ["2048"], feature_extractor_weights_path=nothing)


def _fold(module):
    """Every batch normalisation into the convolution before it, in float64: one pass over the activations less."""
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    module.double()
    for block in module.modules():
        if hasattr(block, "bn"):
            block.conv, block.bn = fuse_conv_bn_eval(block.conv, block.bn), torch.nn.Identity()
    return module.float()


def loaded(path=None, seed=0):
    """torch-fidelity's module with the weights of a file, or He-normal ones by seed where path is None."""
    import torch

    module = _shell()
    if path is None:
        he_normal(module.modules(), seed)
        return module
    try:  # nothing in the file is executed
        torch.nn.Module.load_state_dict(module, state_dict(path, PUBLISHED))
    except (RuntimeError, TypeError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"weights must be a state dictionary of Inception 2015-12-05 as torch-fidelity and pytorch-fid publish it, "
            f"and {path} isn't ({type(error).__name__}); fetch it again or name another file"
        ) from error
    return module


@functools.lru_cache(maxsize=1)
def _network(path, identity, seed, device):
    """(B, 3, 299, 299) in [-1, 1] → (B, 2048), pool3.  identity: the file's SHA-256, so that a changed file is read."""
    import torch

    layers = list(_fold(loaded(path, seed)).children())[:-1]  # in the order of the graph; the last is the classifier
    network = torch.nn.Sequential(*layers, torch.nn.Flatten()).eval()
    return network.to(device, memory_format=torch.channels_last)


def build(path, identity, convention, seed, device):
    """A function (B, H, W, 1 or 3) uint8 → (B, 2048).  A grey image is resized once, then repeated."""
    import torch

    network, prepare = _network(path, identity, seed, device), PREPARE[convention]

    def forward(x):
        x = prepare(x).to(device).expand(-1, 3, -1, -1)
        return network(x.contiguous(memory_format=torch.channels_last))

    return as_extractor(forward, device)
