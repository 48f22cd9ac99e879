import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from dgan_core import Config, backend, rng
from dgan_stylegan import stylegan2
from dgan_stylegan.layers import (
    EqualConv2D,
    EqualDense,
    demodulation,
    downsample_2d,
    lrelu,
    minibatch_std,
    modulated_conv,
    rms_norm,
    upsample_2d,
)

from keras import layers, ops
from keras.ops import convert_to_numpy as to_numpy

SMALL = {"model": "stylegan2", "image_size": 32, "latent_dim": 8, "w_dim": 8, "channel_base": 128, "channel_max": 8}


@pytest.fixture(scope="module")
def config():
    return Config(**SMALL)


@pytest.fixture(scope="module")
def synthesis(config):
    return stylegan2.synthesis(config)


@pytest.fixture(scope="module")
def critic(config):
    return stylegan2.critic(config)


def normal(name, *shape):
    return rng.normal(0, name, 0, shape)


def inputs(config, n=2):
    noise = [normal(f"noise{i}", n, *s, 1) for i, s in enumerate(stylegan2.noise_shapes(config))]
    return [normal("ws", n, stylegan2.n_styles(config), config.w_dim), *noise]


# Layers


def test_lrelu_and_rms_norm_are_their_formulas():
    np.testing.assert_allclose(to_numpy(lrelu(np.float32([-1, 0, 2]))), np.sqrt(2) * np.array([-0.2, 0, 2]), rtol=1e-6)
    np.testing.assert_allclose(to_numpy(rms_norm(np.float32([[3, 4]]))), [[0.6 * np.sqrt(2), 0.8 * np.sqrt(2)]], 1e-6)


def test_equalised_layers_use_the_kernel_over_root_fan_in():
    x = normal("x", 2, 5, 5, 3)
    conv = EqualConv2D(4, 3)
    conv.build(x.shape)
    conv.kernel.assign(normal("k", 3, 3, 3, 4))
    conv.bias.assign([1.0, 2.0, 3.0, 4.0])
    expected = ops.conv(x, normal("k", 3, 3, 3, 4) / math.sqrt(27), padding="same") + np.float32([1, 2, 3, 4])
    np.testing.assert_allclose(to_numpy(conv(x)), expected, atol=1e-5)


def test_a_learning_rate_multiplier_scales_steps_and_not_values():
    """Stored N(0, 1) / m, used times m: the layer is the same, its gradient m times as large."""
    x, kernel = normal("x", 2, 16), normal("k", 16, 3)
    outputs, slopes = [], []
    for m in (1.0, 0.01):
        dense = EqualDense(3, lr_multiplier=m, bias_init=0.5)
        dense.build(x.shape)
        dense.kernel.assign(kernel / m)
        assert dense.initial_std == 1 / m and to_numpy(dense.bias) == pytest.approx(0.5 / m)
        outputs.append(to_numpy(dense(x)))
        variables = [v.value for v in dense.trainable_variables]
        call = dense.stateless_call
        _, gradients = backend.value_and_grad(lambda v, call=call: (ops.sum(call(v, [], x)[0]), ()), variables)
        slopes.append(to_numpy(gradients[0]))
    np.testing.assert_allclose(outputs[0], x @ kernel / 4 + 0.5, atol=1e-5)
    np.testing.assert_allclose(outputs[1], outputs[0], atol=1e-5)
    np.testing.assert_allclose(slopes[1], 0.01 * slopes[0], rtol=1e-4)


def test_low_pass_keeps_mass_symmetry_and_sizes():
    """An impulse in the middle: total 1 (4 after upsampling); with its mirror image, a mirrored answer."""
    x = np.zeros((1, 8, 8, 2), "float32")
    x[0, 3, 4, 0], x[0, 4, 3, 1] = 1, 1  # channel 1 is channel 0 turned by 180°
    for y, size, mass in ((upsample_2d(x), 16, 4), (downsample_2d(x), 4, None)):
        y = to_numpy(y)
        assert y.shape == (1, size, size, 2)
        np.testing.assert_allclose(y[0, ::-1, ::-1, 0], y[0, ..., 1], atol=1e-7)
        assert mass is None or y[..., 0].sum() == pytest.approx(mass)
    line = np.array([1, 3, 3, 1]) / 8
    np.testing.assert_allclose(to_numpy(upsample_2d(x))[0, 5:9, 7:11, 0], 4 * np.outer(line, line), atol=1e-7)
    # (3, 4) lies in the taps 3 and 1 of rows 1 and 2, of columns 2 and 1
    np.testing.assert_allclose(to_numpy(downsample_2d(x))[0, 1:3, 1:3, 0], np.outer([3, 1], [1, 3]) / 64, atol=1e-7)


def test_up_then_down_keeps_constants_and_ramps_off_the_border():
    ramp = np.broadcast_to(np.arange(12, dtype="float32")[:, None, None], (1, 12, 12, 1))
    up = to_numpy(upsample_2d(ramp))
    np.testing.assert_allclose(up[0, 2:-2, 5, 0], np.arange(24)[2:-2] / 2 - 0.25, atol=1e-5)  # half-pixel grids
    np.testing.assert_allclose(to_numpy(downsample_2d(up))[0, 2:-2, 5, 0], np.arange(12)[2:-2], atol=1e-5)


@pytest.mark.parametrize("up", [False, True])
def test_modulated_convolution_is_one_kernel_per_image(up):
    """Against s·w, divided by its norm per output channel, applied to each image by itself."""
    x, kernel, style = normal("x", 3, 6, 6, 4), normal("k", 3, 3, 4, 5), normal("s", 3, 4) + 1
    got = to_numpy(modulated_conv(x, kernel, style, True, up))
    for i in range(3):
        own = kernel * style[i][:, None]
        own = own / np.sqrt((own**2).sum((0, 1, 2)) + 1e-8)
        if up:  # zeros, convolution (not correlation), filter: the filter may come first off the border
            expected = ops.conv(upsample_2d(x[i : i + 1]), own[::-1, ::-1].copy(), padding="same")
            np.testing.assert_allclose(got[i, 2:-2, 2:-2], to_numpy(expected)[0, 2:-2, 2:-2], atol=1e-5)
        else:
            expected = ops.conv(x[i : i + 1], own, padding="same")
            np.testing.assert_allclose(got[i], to_numpy(expected)[0], atol=1e-5)


def test_demodulated_kernels_have_unit_norm_and_unit_output_variance():
    kernel, style = normal("k", 3, 3, 16, 5), 3 * normal("s", 2, 16) + 1
    own = kernel * style[:, None, None, :, None] * to_numpy(demodulation(kernel, style))[:, None, None, None]
    np.testing.assert_allclose(np.square(own).sum((1, 2, 3)), 1, rtol=1e-5)
    y = to_numpy(modulated_conv(normal("x", 2, 66, 66, 16), kernel, style))[:, 1:-1, 1:-1]  # no padding in it
    np.testing.assert_allclose(y.var((1, 2)), 1, atol=0.1)


def test_modulation_without_demodulation_is_linear_in_the_style():
    x, kernel, style = normal("x", 2, 4, 4, 3), normal("k", 1, 1, 3, 1), normal("s", 2, 3)
    once, twice = (to_numpy(modulated_conv(x, kernel, s, demodulate=False)) for s in (style, 2 * style))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-5)
    np.testing.assert_allclose(once[..., 0], np.einsum("bhwc,bc,c->bhw", x, style, kernel[0, 0, :, 0]), atol=1e-5)


def test_minibatch_deviation_is_its_formula_within_groups():
    x = normal("x", 8, 2, 2, 3)
    y = to_numpy(minibatch_std(x))
    np.testing.assert_array_equal(y[..., :3], x)
    for i in range(2):  # groups are 0, 2, 4, 6 and 1, 3, 5, 7
        np.testing.assert_allclose(y[i::2, ..., 3], x[i::2].std(axis=0).mean(), rtol=1e-5)
    pair = to_numpy(minibatch_std(np.float32([-1, 3]).reshape(2, 1, 1, 1)))
    np.testing.assert_allclose(pair[..., 1].ravel(), [2, 2], rtol=1e-6)
    assert to_numpy(minibatch_std(x[:1]))[..., 3].max() == pytest.approx(1e-4)  # √1e-8: one image differs from none


def test_a_batch_that_groups_do_not_divide_is_refused(critic):
    with pytest.raises(ValueError, match="batch_size must be a multiple of 4 .* got 6"):
        minibatch_std(normal("x", 6, 2, 2, 3))
    with pytest.raises(ValueError, match="got 5"):
        critic.stateless_call(*variables(critic), normal("x", 5, 32, 32, 1))


# Networks


def variables(model):
    return [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]


@pytest.mark.parametrize("size", [32, 64, 128, 256, 512])
def test_networks_at_every_size(size):
    c = Config(**{**SMALL, "image_size": size})
    n = int(math.log2(size))
    assert stylegan2.n_styles(c) == 2 * n - 2
    shapes = [(4, 4)] + [(2**i, 2**i) for i in range(3, n + 1) for _ in range(2)]
    assert stylegan2.noise_shapes(c) == shapes
    g = stylegan2.synthesis(c)
    assert g.output_shape == (None, size, size, 1)
    assert [tuple(i.shape[1:]) for i in g.inputs] == [(2 * n - 2, 8)] + [(*s, 1) for s in shapes]
    assert stylegan2.critic(c).output_shape == (None, 1)


def test_parameters_at_512_are_those_of_configuration_f():
    """Layer by layer as the authors' release prints them, and in all: three colours are what its networks have more."""
    c = Config(model="stylegan2", profile="paper")
    width = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64}
    assert {r: stylegan2.channels(c, r) for r in stylegan2.resolutions(c)} == width
    mapping, synthesis, critic = stylegan2.mapping(c), stylegan2.synthesis(c), stylegan2.critic(c)
    printed = {"conv4": 2_622_465, "conv64b": 2_622_465, "conv128a": 1_442_561, "conv128b": 721_409}
    printed |= {"conv256a": 426_369, "conv256b": 213_249, "conv512a": 139_457}
    for name, count in printed.items():
        own = synthesis.get_layer(name).count_params() + synthesis.get_layer(f"style_{name}").count_params()
        assert (name, own) == (name, count)
    printed = {"conv512a": 36_928, "conv512b": 73_856, "skip512": 8_192, "conv128a": 590_080, "conv128b": 1_180_160}
    assert {name: critic.get_layer(name).count_params() for name in printed} == printed
    rgb = 2 * sum(width.values()) + 2 * len(width)
    assert mapping.count_params() == 8 * 262_656
    assert mapping.count_params() + synthesis.count_params() + rgb == 30_276_583
    assert critic.count_params() + 2 * 64 == 28_982_849


def test_parameters_at_1024_are_the_printed_totals():
    """The totals that the authors' release with augmentation prints, of three colours and two mapping layers."""
    c = Config(model="stylegan2", profile="paper", mapping_layers=2).model_copy(update={"image_size": 1024})
    width = [stylegan2.channels(c, r) for r in stylegan2.resolutions(c)]
    rgb = 2 * sum(width) + 2 * len(width)
    assert stylegan2.mapping(c).count_params() + stylegan2.synthesis(c).count_params() + rgb == 28_794_124
    assert stylegan2.critic(c).count_params() + 2 * width[-1] == 29_012_513


def test_mapping_forgets_the_length_of_z(config):
    mapping = stylegan2.mapping(Config(**{**SMALL, "latent_dim": 64, "w_dim": 256}))
    assert len([layer for layer in mapping.layers if isinstance(layer, EqualDense)]) == config.mapping_layers == 8
    z = normal("z", 64, 64)
    w = to_numpy(mapping(z))
    np.testing.assert_allclose(to_numpy(mapping(3 * z)), w, atol=1e-4)
    assert 0.5 < np.sqrt(np.square(w).mean()) < 2  # equalised layers and √2 keep the power


def test_initial_weights_follow_the_seed_and_the_normal_law(config):
    wide = {**SMALL, "channel_base": 2048, "channel_max": 64, "w_dim": 64, "latent_dim": 64}
    for build in (stylegan2.mapping, stylegan2.synthesis, stylegan2.critic):
        a, b, other = (build(Config(**wide, seed=s)) for s in (0, 0, 1))
        i = 0
        for u, v, w in zip(a.trainable_variables, b.trainable_variables, other.trainable_variables, strict=True):
            assert np.array_equal(to_numpy(u), to_numpy(v))
            if u.name in ("kernel", "constant"):
                std = 100 if build is stylegan2.mapping else 1
                expected = rng.normal(0, a.name, i, tuple(u.shape)) * np.float32(std)
                np.testing.assert_array_equal(to_numpy(u), expected)
                assert not np.array_equal(to_numpy(u), to_numpy(w))
                i += 1
            else:
                assert u.name in ("bias", "strength")
                assert np.all(to_numpy(u) == ("/style_" in "/" + u.path))  # style biases 1, all else 0
        assert i == sum(v.name in ("kernel", "constant") for v in a.trainable_variables) > 5


def test_noise_does_nothing_until_its_strength_is_learned(config, synthesis):
    ws, *noise = inputs(config)
    parameters, _ = variables(synthesis)
    call = backend.compile(lambda p, n: synthesis.stateless_call(p, [], [ws, *n])[0])
    still, moved = to_numpy(call(parameters, noise)), to_numpy(call(parameters, [2 * n for n in noise]))
    np.testing.assert_array_equal(still, moved)
    names = [v.path.split("/")[-1] for v in synthesis.trainable_variables]
    assert names.count("strength") == len(noise)
    for k, i in enumerate(j for j, name in enumerate(names) if name == "strength"):
        strong = [ops.ones_like(p) if j == i else p for j, p in enumerate(parameters)]
        other = [2 * n if j == k else n for j, n in enumerate(noise)]
        a, b = to_numpy(call(strong, noise)), to_numpy(call(strong, other))
        assert not np.array_equal(a, still) and not np.array_equal(a, b)  # each strength weighs its own noise


def test_images_of_all_sizes_are_summed(config, synthesis):
    """With the to-image kernels at 0 the image is the sum of biases, each through its own number of upsamplings."""
    names = [(v.path.split("/")[0], v.path.split("/")[-1]) for v in synthesis.trainable_variables]
    parameters, _ = variables(synthesis)
    biases = {f"image{r}": float(i + 1) for i, r in enumerate(stylegan2.resolutions(config))}
    parameters = [
        p if layer not in biases else ops.zeros_like(p) if name == "kernel" else ops.full(p.shape, biases[layer])
        for (layer, name), p in zip(names, parameters, strict=True)
    ]
    image = to_numpy(synthesis.stateless_call(parameters, [], inputs(config))[0])
    assert image[:, 16, 16] == pytest.approx(1 + 2 + 3 + 4)
    expected = np.zeros((1, 2, 2, 1), "float32")
    for r, b in zip(stylegan2.resolutions(config), biases.values(), strict=True):
        expected = (to_numpy(upsample_2d(expected)) if r > 4 else np.zeros((1, 4, 4, 1), "float32")) + np.float32(b)
    np.testing.assert_allclose(image, np.broadcast_to(expected, image.shape), atol=1e-5)


def test_each_style_drives_its_own_layers(config, synthesis):
    """Style i alone changed changes the image; the last one through the last to-image layer only."""
    ws, *noise = inputs(config)
    base = to_numpy(synthesis([ws, *noise]))
    for i in range(stylegan2.n_styles(config)):
        other = ws.copy()
        other[:, i] += 1
        assert np.abs(to_numpy(synthesis([other, *noise])) - base).max() > 1e-4
        other = ws.copy()
        other[0, i] += 1
        np.testing.assert_allclose(to_numpy(synthesis([other, *noise]))[1], base[1], atol=1e-5)  # images don't mix


def slopes_agree(penalty, parameters, rel):
    """Gradient of penalty(parameters) → (scalar, extras) along a random direction, against a central difference."""
    _, gradients = backend.compile(lambda p: backend.value_and_grad(penalty, p))(parameters)
    direction = [normal(f"direction{i}", *p.shape) for i, p in enumerate(parameters)]
    slope = sum(float(ops.sum(g * d)) for g, d in zip(gradients, direction, strict=True) if g is not None)
    value = backend.compile(lambda p: penalty(p)[0])
    ends = [float(value([p + h * d for p, d in zip(parameters, direction, strict=True)])) for h in (3e-3, -3e-3)]
    assert slope == pytest.approx((ends[0] - ends[1]) / 6e-3, rel=rel) and abs(slope) > 1e-2 * abs(ends[0])
    return gradients


def test_path_length_has_a_gradient_and_it_is_the_slope(config, monkeypatch):
    """‖∂⟨image, y⟩/∂w‖² differentiated in the parameters.

    With a smooth activation: the slope of a leaky ReLU jumps, which a difference sees and a gradient doesn't.
    """
    monkeypatch.setattr(stylegan2, "lrelu", ops.silu)
    model = stylegan2.synthesis(config)
    ws, *noise = inputs(config)
    y = normal("y", 2, 32, 32, 1)

    def squared_length(p):
        def product(w):
            return ops.sum(model.stateless_call(p, [], [w[0], *noise])[0] * y), ()

        _, (slope,) = backend.value_and_grad(product, [ops.convert_to_tensor(ws)])
        return ops.mean(ops.square(slope)), ()

    gradients = slopes_agree(squared_length, variables(model)[0], 0.01)
    reached = {v.path for v, g in zip(model.trainable_variables, gradients, strict=True) if g is not None}
    assert {v.path for v in model.trainable_variables if v.name in ("kernel", "constant", "strength")} <= reached


def test_r1_has_a_gradient_and_it_is_the_slope(config, monkeypatch):
    """‖∇D‖² differentiated in the parameters, with a smooth activation again."""
    monkeypatch.setattr(stylegan2, "lrelu", ops.silu)
    model = stylegan2.critic(config)
    real = normal("real", 4, 32, 32, 1)

    def square(p):
        def scores(x):
            return ops.sum(model.stateless_call(p, [], x[0])[0]), ()

        return ops.sum(ops.square(backend.value_and_grad(scores, [ops.convert_to_tensor(real)])[1][0])), ()

    slopes_agree(square, variables(model)[0], 0.01)


def test_r1_of_the_critic_is_homogeneous(critic):
    """Without biases D is linear in the size of each kernel that all paths cross, ‖∇D‖² quadratic: ⟨∂P/∂k, k⟩ = 2 P."""
    real = ops.convert_to_tensor(normal("real", 4, 32, 32, 1))
    parameters, _ = variables(critic)

    def square(p):
        def scores(x):
            return ops.sum(critic.stateless_call(p, [], x[0])[0]), ()

        return ops.sum(ops.square(backend.value_and_grad(scores, [real])[1][0])), ()

    (value, _), gradients = backend.compile(lambda p: backend.value_and_grad(square, p))(parameters)
    euler = {
        v.path.split("/")[0]: float(ops.sum(g * p))
        for v, g, p in zip(critic.trainable_variables, gradients, parameters, strict=True)
        if v.name == "kernel"
    }
    sums = [euler[name] for name in ("from_image", "conv4", "dense", "score")]
    sums += [euler[f"skip{r}"] + euler[f"conv{r}b"] for r in (32, 16, 8)]
    assert sums == pytest.approx([2 * float(value)] * 7, rel=1e-3)


def test_the_critic_compares_the_images_of_a_batch(critic):
    x = normal("x", 4, 32, 32, 1)
    together = to_numpy(critic.stateless_call(*variables(critic), x)[0])
    alone = np.concatenate([to_numpy(critic.stateless_call(*variables(critic), x[i : i + 1])[0]) for i in range(4)])
    assert together.shape == (4, 1) and np.abs(together - alone).max() > 1e-4
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in critic.layers)


# Against the formulas written out in PyTorch: a kernel per image, zeros inserted, every filter a convolution


def arrays(model):
    """{layer: {name: tensor}}, kernels times 1/√fan_in in PyTorch's order (out, in, k, k)."""
    found = {}
    for v in model.trainable_variables:
        layer, name = v.path.split("/")[0], v.name
        value = to_numpy(v) / (math.sqrt(math.prod(v.shape[:-1])) if name == "kernel" else 1)
        value = value.transpose(3, 2, 0, 1) if value.ndim == 4 and name == "kernel" else value
        found.setdefault(layer, {})[name] = torch.from_numpy(np.ascontiguousarray(value, "float32"))
    return found


def leaky(x):
    return math.sqrt(2) * torch.where(x > 0, x, 0.2 * x)


def zeros_between(x):
    """(B, C, 2H − 1, 2H − 1)."""
    y = torch.zeros(*x.shape[:2], 2 * x.shape[2] - 1, 2 * x.shape[3] - 1)
    y[..., ::2, ::2] = x
    return y


def fir(x, gain, padding):
    line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = (gain * torch.outer(line, line))[None, None]
    return torch.cat([F.conv2d(x[:, i : i + 1], kernel, padding=padding) for i in range(x.shape[1])], dim=1)


def plain_modulated(x, kernel, style, demodulate, up):
    images = []
    for i in range(len(x)):
        own = kernel * style[i][:, None, None]
        own = own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt() if demodulate else own
        image = x[i : i + 1]
        if up:
            image = fir(F.conv2d(zeros_between(image), own.flip(2, 3), padding=2), 4, 1)
        else:
            image = F.conv2d(image, own, padding=own.shape[-1] // 2)
        images.append(image)
    return torch.cat(images)


def plain_synthesis(weights, ws, noise):
    def style(name, i):
        return ws[:, i] @ weights[f"style_{name}"]["kernel"] + weights[f"style_{name}"]["bias"]

    x = weights["constant"]["constant"].permute(0, 3, 1, 2).expand(len(ws), -1, -1, -1)
    image = None
    for i, name in enumerate(["conv4", "conv8a", "conv8b", "conv16a", "conv16b", "conv32a", "conv32b"]):
        w = weights[name]
        x = plain_modulated(x, w["kernel"], style(name, i), True, name[-1] == "a")
        x = leaky(x + w["strength"] * noise[i].permute(0, 3, 1, 2) + w["bias"][:, None, None])
        if name[-1] != "a":
            to = name.replace("conv", "image").rstrip("b")
            y = plain_modulated(x, weights[to]["kernel"], style(to, i + 1), False, False) + weights[to]["bias"]
            image = y if image is None else fir(zeros_between(image), 4, 2) + y
    return image.permute(0, 2, 3, 1)


def plain_critic(weights, x):
    def conv(name, x, **options):
        return F.conv2d(x, weights[name]["kernel"], weights[name].get("bias"), **options)

    x = leaky(conv("from_image", x.permute(0, 3, 1, 2)))
    for r in (32, 16, 8):
        skip = conv(f"skip{r}", fir(x, 1, 1)[..., ::2, ::2])
        x = leaky(conv(f"conv{r}a", x, padding=1))
        x = (skip + leaky(conv(f"conv{r}b", fir(x, 1, 2), stride=2))) / math.sqrt(2)
    deviation = (x.var(dim=0, unbiased=False) + 1e-8).sqrt().mean()  # the four images are one group
    x = leaky(conv("conv4", torch.cat([x, deviation.expand(len(x), 1, 4, 4)], dim=1), padding=1))
    x = x.permute(0, 2, 3, 1).flatten(1)
    x = leaky(x @ weights["dense"]["kernel"] + weights["dense"]["bias"])
    return x @ weights["score"]["kernel"] + weights["score"]["bias"]


def shaken(model):
    """Weights as if trained: nothing is at 0 or 1 any more. The model is left with them."""
    for i, v in enumerate(model.trainable_variables):
        v.assign(v + 0.3 * normal(f"shake{i}", *v.shape))
    return model


def test_synthesis_is_its_formula(config):
    model = shaken(stylegan2.synthesis(config))
    ws, *noise = inputs(config, 3)
    expected = plain_synthesis(arrays(model), torch.from_numpy(ws), [torch.from_numpy(n) for n in noise])
    np.testing.assert_allclose(to_numpy(model([ws, *noise])), expected.numpy(), rtol=1e-4, atol=1e-4)


def test_critic_is_its_formula(config):
    model = shaken(stylegan2.critic(config))
    x = normal("x", 4, 32, 32, 1)
    expected = plain_critic(arrays(model), torch.from_numpy(x)).numpy()
    assert expected.std() > 0.01
    np.testing.assert_allclose(to_numpy(model(x)), expected, rtol=1e-4, atol=1e-4)
