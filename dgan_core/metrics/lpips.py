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

from dgan_core.io.weights import Published, existing, locate, sha256

from .checks import as_image_pair, as_images, as_positive_integer
from .ms_ssim import MEMORY_LIMIT
from .torch_setup import as_device, he_normal, import_torchvision, state_dict

BACKBONES = {  # torchvision's files
    net: Published(name, f"https://download.pytorch.org/models/{name}", f"sha256:{digest}")
    for net, name, digest in (
        ("alex", "alexnet-owt-7be5be79.pth", "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"),
        ("vgg", "vgg16-397923af.pth", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"),
        ("squeeze", "squeezenet1_1-b8a52dc0.pth", "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b"),
    )
}
HEADS = {  # the trained linear layers that lpips 0.1.4 ships
    "alex": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    "vgg": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    "squeeze": "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
}
PANEL = 2**16  # products summed in float32 at a time: over a million of them it would lose three digits
COLUMNS = 32  # images at a time, at most: enough for a matrix product to be at its best
IN_FLIGHT = 4  # what a batch takes, in activations of its images: as computed, normalised, kept, the network's own


def lpips_network(net="alex", weights="official", seed=0):
    """The lpips package's network with its trained linear heads, which it ships, on the backbone asked for.

    weights: "official", torchvision's ImageNet file from DGAN_ASSETS or its download; "random", seeded He-normal, to be
    labelled so in every table; or the path of a file in torchvision's layout, as .safetensors or .npz if it is not
    torchvision's own.
    """
    if net not in BACKBONES:
        raise ValueError(f"net must be one of {', '.join(BACKBONES)}, got {net!r}")
    if not isinstance(weights, (str, os.PathLike)):
        raise ValueError(f"weights must be 'official', 'random' or the path of a file, got {weights!r}")
    path = None if weights == "random" else locate(BACKBONES[net]) if weights == "official" else existing(weights)
    return _network(net, path, sha256(path) if path else seed)


@functools.lru_cache(maxsize=1)
def _network(net, path, identity):
    """identity: the file's SHA-256, so that a changed file is read again; without a file the seed."""
    import torch

    import_torchvision()
    import lpips

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():  # building draws; lpips uses old arguments
        warnings.filterwarnings("ignore", "The parameter 'pretrained' is deprecated", UserWarning)
        warnings.filterwarnings("ignore", "Arguments other than a weight enum", UserWarning)
        network = lpips.LPIPS(net=net, pretrained=False, pnet_rand=True, verbose=False)
    shipped = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{net}.pth"
    heads = state_dict(shipped, Published(f"{net}.pth of lpips 0.1.4", "", f"sha256:{HEADS[net]}"))
    network.load_state_dict(heads, strict=False)  # the backbone comes below
    if path is None:
        he_normal(network.net.modules(), identity)
    else:  # features.3.weight of torchvision is sliceK.3.weight here
        state = state_dict(path, BACKBONES[net])
        mine = network.net.state_dict()
        try:
            network.net.load_state_dict({key: state["features." + key.split(".", 1)[1]] for key in mine})
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"weights must be {net}'s in torchvision's layout, and {path} isn't ({error})") from error
    network.net.to(memory_format=torch.channels_last)  # a third faster on a CPU
    return network.requires_grad_(False).eval()


def _prepare(images, network):
    """uint8 → [-1, 1] → the network's own scaling.  (N, H, W, C) → (N, 3, H, W), channels last in memory"""
    import torch

    images = np.array(images, order="C")  # torch takes no reversed view
    x = torch.from_numpy(images).to(next(network.parameters()).device)
    x = x.permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 127.5 - 1
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

    held = [layer.new_empty(len(images), *layer.shape[1:]) for layer in origin]
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

    total = a.squares[0].new_zeros(len(a.squares[0]), len(b.squares[0]))
    for f, g, square_f, square_g, w in zip(a.layers, b.layers, a.squares, b.squares, _heads(network), strict=True):
        positions = max(1, PANEL // len(w))
        inner = torch.zeros_like(total)
        for left, right in zip(f.split(positions, 1), g.split(positions, 1), strict=True):
            inner += left.flatten(1) @ (right * w).flatten(1).T  # a panel in float32, their sum in float64
        total += (square_f[:, None] + square_g[None] - 2 * inner).clamp(min=0) / f.shape[1]
    return total.cpu().numpy()


def _batch_and_block(origin, memory_limit):
    """How many images pass through the network at once, and how many are held, within the limit."""
    image = sum(layer.nbytes for layer in origin)
    batch = min(COLUMNS, max(1, memory_limit // 8 // (IN_FLIGHT * image)))
    return batch, max(1, memory_limit // image - IN_FLIGHT * batch)


def lpips_pairs(
    a, b=None, net="alex", weights="official", seed=0, memory_limit=MEMORY_LIMIT, device=None, progress=None
):
    """LPIPS of every image of a with every image of b, or of a with itself where b is None.  (N, M) or (N, N)

    a (N, H, W, 1 or 3) uint8; grey is repeated to three channels.
    memory_limit: bytes for activations, beside the images themselves (AlexNet at 512×512: 10.2 MiB an image). A block
    of a is held within it, and the rest streams past in batches; images that don't fit in one block pass through
    the network once for each block. The result doesn't depend on the limit beyond 1e-6.
    device: "cpu", "cuda", …; None: a GPU where there is one.  progress: called as progress(done, total) of pairs.
    """
    a = as_images(a, "a")
    if b is not None:
        a, b = as_image_pair(a, b)
    if min(a.shape[1:3]) < 32:
        raise ValueError(f"images must be at least 32 pixels wide and high for LPIPS, got {a.shape[1:3]}")
    memory_limit = as_positive_integer(memory_limit, "memory_limit")
    network = lpips_network(net, weights, seed).to(as_device(device))
    import torch

    result = np.zeros((len(a), len(a) if b is None else len(b)))
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
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
            if progress is not None:
                progress(rows.size + i * rows.shape[1], result.size)
    if b is None:
        upper = np.triu(result, 1)
        result = upper + upper.T
    return result
