"""LPIPS over all pairs of images (Zhang et al. 2018, v0.1; the paper's Equation 4).

    d(x, y) = Σ_l 1/(H_l W_l) Σ_hw Σ_c w_lc (f̂_l(x) − f̂_l(y))²        f̂: activations of unit length over channels

The square expands into norms and inner products, so N passes through the network and one matrix product per layer
give all N(N−1)/2 distances, exactly.
"""

import functools
import os
import warnings
from pathlib import Path

import numpy as np

from .checks import as_image_pair, as_images
from .extractors import he_normal
from .structure import ms_ssim_levels, ms_ssim_pairs  # noqa: F401  (found here too)
from .torch_setup import import_torchvision, weight_file

TRUNKS = {  # torchvision's files; the name carries the start of the SHA-256
    "alex": ("alexnet-owt-7be5be79.pth", "7be5be79"),
    "vgg": ("vgg16-397923af.pth", "397923af"),
    "squeeze": ("squeezenet1_1-b8a52dc0.pth", "b8a52dc0"),
}


def lpips_network(net="alex", weights="official", seed=0):
    """The lpips package's network with its trained linear heads, which it ships, on the trunk asked for.

    weights: "official", torchvision's ImageNet file from DGAN_ASSETS or its download; "random", seeded He-normal, to be
    labelled so in every table; or the path of a file in torchvision's layout.
    """
    if net not in TRUNKS:
        raise ValueError(f"net must be one of {', '.join(TRUNKS)}, got {net!r}")
    if not isinstance(weights, (str, os.PathLike)):
        raise ValueError(f"weights must be 'official', 'random' or the path of a file, got {weights!r}")
    return _network(net, str(weights), seed)


@functools.lru_cache(maxsize=1)
def _network(net, weights, seed):
    if weights != "random":
        name, prefix = TRUNKS[net]
        path = None if weights == "official" else Path(weights)
        path = weight_file(path, name, f"https://download.pytorch.org/models/{name}", prefix)
    import torch

    import_torchvision()
    import lpips

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():  # building draws; lpips uses old arguments
        warnings.filterwarnings("ignore", "The parameter 'pretrained' is deprecated", UserWarning)
        warnings.filterwarnings("ignore", "Arguments other than a weight enum", UserWarning)
        warnings.filterwarnings("ignore", "You are using `torch.load` with `weights_only=False`", FutureWarning)
        network = lpips.LPIPS(net=net, pretrained=True, pnet_rand=True, verbose=False)
    if weights == "random":
        he_normal(network.net.modules(), seed)
    else:  # features.3.weight of torchvision is sliceK.3.weight here
        state = torch.load(path, map_location="cpu", weights_only=True)
        mine = network.net.state_dict()
        network.net.load_state_dict({key: state["features." + key.split(".", 1)[1]] for key in mine})
    return network.requires_grad_(False).eval()


def _map(function, x, batch_size=32):
    import torch

    return torch.cat([function(x[i : i + batch_size]) for i in range(0, len(x), batch_size)])


def _prepare(images, network):
    """uint8 → [-1, 1] → the network's own scaling.  (N, H, W, C) → (N, 3, H, W)"""
    import torch

    x = torch.tensor(images).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 127.5 - 1
    return network.scaling_layer(x)


def lpips_pairs(a, b=None, net="alex", weights="official", seed=0):
    """LPIPS of every image of a with every image of b, or of a with itself where b is None.  (N, M) or (N, N)

    a (N, H, W, 1 or 3) uint8; grey is repeated to three channels. The images pass through the network one layer at a
    time, so that a single layer's activations are held at once (AlexNet at 512×512: 4 MiB an image).
    """
    a = as_images(a, "a")
    if b is not None:
        a, b = as_image_pair(a, b)
    if min(a.shape[1:3]) < 32:
        raise ValueError(f"images must be at least 32 pixels wide and high for LPIPS, got {a.shape[1:3]}")
    network = lpips_network(net, weights, seed)
    import lpips
    import torch

    with torch.inference_mode():
        x = _prepare(a if b is None else np.concatenate([a, b]), network)
        total = torch.zeros(len(a), len(x) - len(a) if b is not None else len(a), dtype=torch.float64)
        for k in range(network.L):
            x = _map(getattr(network.net, f"slice{k + 1}"), x)
            w = network.lins[k].model[-1].weight.view(-1, 1, 1)
            f = _map(lpips.normalize_tensor, x)
            f -= f.mean(0)  # distances don't change; the expansion cancels less
            area = f.shape[2] * f.shape[3]
            square = _map(lambda part, w=w: (part.double() ** 2 * w).sum((1, 2, 3)), f)  # (N + M,)
            left, right = (f, f) if b is None else (f[: len(a)], f[len(a) :])
            columns = right.flatten(1).T
            inner = _map(lambda part, w=w, columns=columns: (part * w).flatten(1) @ columns, left).double()
            mine, theirs = square[: len(a)], square[-len(right) :]
            total += (mine[:, None] + theirs[None] - 2 * inner).clamp(min=0) / area
    result = total.numpy()
    if b is None:
        result = (result + result.T) / 2
        np.fill_diagonal(result, 0.0)
    return result
