"""Images → feature vectors, by the network the distance is named after.

inception         Inception 2015-12-05 as torch-fidelity ports it, pool3, 2,048-d: the network of FID and KID.
random-inception  the same network, seeded He-normal weights: nothing to download; checks the path, never a printed FID.
random-vgg16      VGG16's convolutional trunk, seeded He-normal weights. Random features are the published remedy for
                  domains far from ImageNet (Naeem et al. 2020, who use 4,096-d fc2 of VGG16 at 224×224). That layer
                  fixes the input at 224; here mean and standard deviation of each channel at the end of blocks 3, 4
                  and 5, 2·(256 + 512 + 512) = 2,560-d, serve any size from 32.

Numbers from different extractors can't be compared. Inputs are uint8; grey is repeated to three channels.
"""

import functools
import io

import numpy as np

from .checks import as_images
from .torch_setup import weight_file

EXTRACTORS = ("random-vgg16", "inception", "random-inception")
INCEPTION = "pt_inception-2015-12-05-6726825d.pth"  # torch-fidelity's file name; its SHA-256 starts with 6726825d
INCEPTION_HASH = "6726825d"
INCEPTION_URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
)
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # Simonyan & Zisserman 2015, D


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


@functools.lru_cache(maxsize=1)
def _random_vgg16(seed):
    import torch

    blocks, channels = [], 3
    for widths in VGG16:
        layers = []
        for width in widths:
            layers += [torch.nn.utils.skip_init(torch.nn.Conv2d, channels, width, 3, padding=1), torch.nn.ReLU()]
            channels = width
        blocks.append(torch.nn.Sequential(*layers))
    trunk = torch.nn.ModuleList(blocks).requires_grad_(False).eval()
    he_normal(trunk.modules(), seed)

    def forward(x):  # (B, 3, H, W) uint8 → (B, 2560)
        mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)  # ImageNet's, as VGG16 expects
        std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
        x, pooled = (x.float() / 255 - mean) / std, []
        for k, block in enumerate(trunk):
            x = block(x if k == 0 else torch.nn.functional.max_pool2d(x, 2))
            if k >= 2:
                pooled += [x.mean((2, 3)), x.std((2, 3), correction=0)]
        return torch.cat(pooled, 1)

    return forward


def _inception(path, seed=None):
    import torch

    from .torch_setup import import_torchvision

    import_torchvision()  # torch_fidelity imports it
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    if path is not None:
        network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path))
    else:

        class Untrained(FeatureExtractorInceptionV3):
            def load_state_dict(self, state_dict):
                """Keeps what `he_normal` fills in below."""

        nothing = io.BytesIO()
        torch.save({}, nothing)
        nothing.seek(0)
        with torch.random.fork_rng(devices=[]):  # building draws from torch's global generator
            network = Untrained("random-inception", ["2048"], feature_extractor_weights_path=nothing)
        he_normal(network.modules(), seed)
    return lambda x: network(x)[0].flatten(1)


def features(images, extractor="random-vgg16", weights=None, batch_size=32, seed=0):
    """(N, H, W, 1 or 3) uint8 → (N, D) float64.  weights: a file for "inception"; seed: of the random networks."""
    images = as_images(images)
    if extractor not in EXTRACTORS:
        raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {extractor!r}")
    if weights is not None and extractor != "inception":
        raise ValueError(
            f"weights must be None for {extractor}, whose weights are drawn from the seed, got {weights!r}"
        )
    if extractor == "random-vgg16" and min(images.shape[1:3]) < 32:
        raise ValueError(f"images must be at least 32 pixels wide and high for random-vgg16, got {images.shape[1:3]}")
    if extractor == "inception":
        forward = _inception(weight_file(weights, INCEPTION, INCEPTION_URL, INCEPTION_HASH))
    else:
        forward = _random_vgg16(seed) if extractor == "random-vgg16" else _inception(None, seed)
    return _in_batches(forward, images, batch_size)


def _in_batches(forward, images, batch_size):
    import torch

    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = torch.tensor(images[start : start + batch_size]).permute(0, 3, 1, 2)  # (B, C, H, W)
            rows.append(forward(batch.expand(-1, 3, -1, -1).contiguous()).double().numpy())
    return np.concatenate(rows)
