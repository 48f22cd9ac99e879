"""Floating-point operations of the DGAN's updates, counted by formula from the widths; a multiply-add is two.

A convolution k×k, i → o channels at n×n output pixels takes F = 2·k²·i·o·n²; its gradient by its input as many, by its
kernel too.  The frozen backbone learns nothing and has no gradient by kernels.  Pointwise operations are left
out.
"""


def convolutions(config):
    """(F of one image through the backbone, through the critic's own path, through the generator)."""
    size, width = config.image_size, config.critic_width
    first, second = config.backbone_widths
    backbone = [
        (3, 3, first, size),
        (3, first, first, size),
        (3, first, second, size // 2),
        (3, second, second, size // 2),
    ]
    path = [(4, 1, width, size // 2), (4, width, 2 * width, size // 4), (4, 2 * width, 4 * width, size // 8)]
    path += [(3, 4 * width, 4 * width, size // 8)] * 4
    generator, wide, side = [], config.generator_width, 8
    while side < size:  # transposed: each input pixel, doubled afterwards, meets the whole kernel
        narrow = wide // 2 if 2 * side < size else 1
        generator.append((4, wide, narrow, side))
        wide, side = narrow, 2 * side
    return tuple(sum(2 * k * k * i * o * n * n for k, i, o, n in layers) for layers in (backbone, path, generator))


def of_critic(config, known=False):
    """{part: operations} of one WGAN-GP critic update; known: the features of the real images are there already.

    Scores of real and generated images: F, and 2F back through the critic's own path.  Penalty: F for the score at x̂
    and F for its slope, down to the image.  Its gradient: as activations are piecewise linear, only the slope's way is
    differentiated: F by what flows through it, and F by the path's kernels.
    """
    backbone, path, _ = convolutions(config)
    batch = config.batch_size
    return {
        "scores of real and generated": (1 if known else 2) * batch * backbone + 2 * batch * 3 * path,
        "penalty: score and its slope": 2 * batch * (backbone + path),
        "gradient of the penalty": batch * (backbone + 2 * path),
    }


def of_generator(config):
    """Operations of one update of the generator whose real features are known.

    F forward through all three, F back through backbone and path to the image, 2F back through the generator.
    """
    backbone, path, generator = convolutions(config)
    return config.batch_size * (2 * (backbone + path) + 3 * generator)


def of_iteration(config):
    """Operations of n_critic updates of the critic, their generated images included, and one of the generator."""
    generated = config.batch_size * convolutions(config)[2]
    return config.n_critic * (sum(of_critic(config, known=True).values()) + generated) + of_generator(config)
