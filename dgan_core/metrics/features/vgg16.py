"""VGG16's convolutions with seeded He-normal weights: "random-vgg16", the warning example.

Random features were proposed for domains far from ImageNet (Naeem et al. 2020, who use 4,096-d fc2 of VGG16 at
224×224). That layer fixes the input at 224; here the mean and the standard deviation of each channel at the end of
blocks 3, 4 and 5, 2·(256 + 512 + 512) = 2,560 numbers, serve any size from 32. They can't tell apart what a critic
made of convolutions has fitted: the notebook `yardstick` shows it.
"""

import functools

from ..torch_setup import as_extractor, he_normal

BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # Simonyan & Zisserman 2015, D
PIXELS = 2**17  # pass through the network at once, 32 images of 64×64: larger images don't fill the memory


@functools.lru_cache(maxsize=1)
def _convolutions(seed, device):
    """Block by block. He-normal biases are 0, so there are none."""
    import torch

    blocks, channels = [], 3
    for widths in BLOCKS:
        layers = []
        for width in widths:
            convolution = torch.nn.utils.skip_init(torch.nn.Conv2d, channels, width, 3, padding=1, bias=False)
            layers += [convolution, torch.nn.ReLU(inplace=True)]
            channels = width
        blocks.append(torch.nn.Sequential(*layers))
    network = torch.nn.ModuleList(blocks).requires_grad_(False).eval()
    he_normal(network.modules(), seed)
    return network.to(device, memory_format=torch.channels_last)


def build(path, identity, convention, seed, device):
    """A function (B, H, W, 1 or 3) uint8 → (B, 2560).  path, identity and convention don't apply."""
    import torch

    network = _convolutions(seed, device)
    mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(3, 1, 1)  # ImageNet's, as VGG16 expects
    std = torch.tensor([0.229, 0.224, 0.225], device=device).view(3, 1, 1)

    def part(x):  # (B, 1 or 3, H, W) uint8 → (B, 2560)
        x, pooled = (x.float() / 255 - mean) / std, []
        x = x.contiguous(memory_format=torch.channels_last)
        for k, block in enumerate(network):
            x = block(x if k == 0 else torch.nn.functional.max_pool2d(x, 2))
            if k >= 2:  # in two steps: torch's `std` is twenty times slower over channels_last
                average = x.mean((2, 3), keepdim=True)
                pooled += [average.flatten(1), ((x - average) ** 2).mean((2, 3)).sqrt()]
        return torch.cat(pooled, 1)

    def forward(x):
        return torch.cat([part(some) for some in x.split(max(1, PIXELS // (x.shape[2] * x.shape[3])))])

    return as_extractor(forward, device)
