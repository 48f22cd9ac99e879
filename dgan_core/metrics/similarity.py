"""LPIPS over all pairs of images (Zhang et al. 2018, v0.1; the paper's Equation 4).

    d(x, y) = Σ_l 1/(H_l W_l) Σ_hw Σ_c w_lc (f̂_l(x) − f̂_l(y))²        f̂: activations of unit length over channels

The square expands into norms and inner products, so N passes through the network and one matrix product per layer
give all N(N−1)/2 distances, exactly. Memory is bounded: see `lpips_pairs`.
"""

import functools
import os
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .checks import as_image_pair, as_images, as_positive_integer
from .extractors import he_normal
from .structure import MEMORY_LIMIT, ms_ssim_levels, ms_ssim_pairs  # noqa: F401  (found here too)
from .torch_setup import import_torchvision, weight_file

TRUNKS = {  # torchvision's files; the name carries the start of the SHA-256
    "alex": ("alexnet-owt-7be5be79.pth", "7be5be79"),
    "vgg": ("vgg16-397923af.pth", "397923af"),
    "squeeze": ("squeezenet1_1-b8a52dc0.pth", "b8a52dc0"),
}
PANEL = 2**16  # products summed in float32 at a time: over a million of them it would lose three digits
COLUMNS = 32  # images at a time, at most: enough for a matrix product to be at its best
IN_FLIGHT = 4  # what a batch takes, in activations of its images: as computed, normalised, kept, the network's own


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
    network.net.to(memory_format=torch.channels_last)  # a third faster on a CPU
    return network.requires_grad_(False).eval()


def _prepare(images, network):
    """uint8 → [-1, 1] → the network's own scaling.  (N, H, W, C) → (N, 3, H, W), channels last in memory"""
    import torch

    images = np.array(images, order="C")  # torch takes no reversed view
    x = torch.from_numpy(images).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 127.5 - 1
    return network.scaling_layer(x).contiguous(memory_format=torch.channels_last)


def _activations(images, network):
    """Unit-length activations f̂ of every layer.  (N, H, W, C) uint8 → [(N, H_l·W_l, C_l)]"""
    import lpips

    layers = (lpips.normalize_tensor(layer) for layer in network.net(_prepare(images, network)))
    return [layer.permute(0, 2, 3, 1).flatten(1, 2) for layer in layers]


class _Held(NamedTuple):
    """The activations of some images, layer by layer, and what each weighs: Σ_hw Σ_c w f²."""

    layers: list  # [(B, H_l·W_l, C_l)] float32
    squares: list  # [(B,)] float64

    def part(self, start, stop):
        return _Held([f[start:stop] for f in self.layers], [s[start:stop] for s in self.squares])


def _hold(images, network, origin, batch):
    """Activations less those of one image, `origin`: distances don't change, and the expansion cancels less."""
    import torch

    held = [torch.empty(len(images), *layer.shape[1:]) for layer in origin]
    for i in range(0, len(images), batch):
        for mine, layer, zero in zip(held, _activations(images[i : i + batch], network), origin, strict=True):
            torch.sub(layer, zero, out=mine[i : i + batch])
    squares = [_squares(layer, w, batch) for layer, w in zip(held, _heads(network), strict=True)]
    return _Held(held, squares)


def _heads(network):
    """The trained weight of each channel, w_l.  [(C_l,)]"""
    return [head.model[-1].weight.flatten() for head in network.lins]


def _squares(layer, w, batch):
    """Σ_hw Σ_c w f² of each image.  (B, HW, C) → (B,)"""
    import torch

    return torch.cat([((part * w) * part).sum(2).double().sum(1) for part in layer.split(batch)])


def _distances(a, b, network):
    """LPIPS of each held image of a with each of b.  (A, B) float64"""
    import torch

    total = torch.zeros(len(a.squares[0]), len(b.squares[0]), dtype=torch.float64)
    for f, g, square_f, square_g, w in zip(a.layers, b.layers, a.squares, b.squares, _heads(network), strict=True):
        positions = max(1, PANEL // len(w))
        inner = torch.zeros_like(total)
        for left, right in zip(f.split(positions, 1), g.split(positions, 1), strict=True):
            inner += left.flatten(1) @ (right * w).flatten(1).T  # a panel in float32, their sum in float64
        total += (square_f[:, None] + square_g[None] - 2 * inner).clamp(min=0) / f.shape[1]
    return total.numpy()


def _batch_and_block(origin, memory_limit):
    """How many images pass through the network at once, and how many are held, within the limit."""
    image = sum(layer.nbytes for layer in origin)
    batch = min(COLUMNS, max(1, memory_limit // 8 // (IN_FLIGHT * image)))
    return batch, max(1, memory_limit // image - IN_FLIGHT * batch)


def lpips_pairs(a, b=None, net="alex", weights="official", seed=0, memory_limit=MEMORY_LIMIT):
    """LPIPS of every image of a with every image of b, or of a with itself where b is None.  (N, M) or (N, N)

    a (N, H, W, 1 or 3) uint8; grey is repeated to three channels.
    memory_limit: bytes for activations, beside the images themselves (AlexNet at 512×512: 10.2 MiB an image). A block
    of a is held within it, and the rest streams past in batches; images that don't fit in one block pass through
    the network once for each block. The result doesn't depend on the limit beyond 1e-6.
    """
    a = as_images(a, "a")
    if b is not None:
        a, b = as_image_pair(a, b)
    if min(a.shape[1:3]) < 32:
        raise ValueError(f"images must be at least 32 pixels wide and high for LPIPS, got {a.shape[1:3]}")
    memory_limit = as_positive_integer(memory_limit, "memory_limit")
    network = lpips_network(net, weights, seed)
    import torch

    result = np.zeros((len(a), len(a) if b is None else len(b)))
    with torch.inference_mode():
        origin = _activations(a[:1], network)
        batch, block = _batch_and_block(origin, memory_limit)
        for i in range(0, len(a), block):
            held = _hold(a[i : i + block], network, origin, batch)
            rows = result[i : i + block]
            if b is None:
                own = rows[:, i : i + block]
                for j in range(0, len(rows), COLUMNS):  # above the diagonal
                    end = j + COLUMNS
                    own[:end, j:end] = _distances(held.part(0, end), held.part(j, end), network)
            others, first = (a, i + block) if b is None else (b, 0)
            for j in range(first, len(others), batch):
                streamed = _hold(others[j : j + batch], network, origin, batch)
                rows[:, j : j + batch] = _distances(held, streamed, network)
            del held  # before the next block is made
    if b is None:
        upper = np.triu(result, 1)
        result = upper + upper.T
    return result
