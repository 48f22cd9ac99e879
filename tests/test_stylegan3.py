import numpy as np
import pytest
from scipy import ndimage, signal

from dgan_core import Config, backend, rng
from dgan_stylegan import filters, stylegan3, trainer
from dgan_stylegan.equivariance import pictures, shifted, use_stylegan2_filters

import keras
from keras import ops
from keras.ops import convert_to_numpy as to_numpy

NARROW = {
    "model": "stylegan3",
    "image_size": 64,
    "latent_dim": 16,
    "w_dim": 16,
    "channel_base": 1024,
    "channel_max": 16,
    "batch_size": 4,
}


def synthesis(**parameters):
    return stylegan3.synthesis(Config(**{**NARROW, **parameters}))


def styles(n=2, w_dim=16):
    """(n, 16, w_dim): one w for all layers, as the generator uses them."""
    return np.repeat(rng.normal(0, "w", 0, (n, 1, w_dim)), 16, axis=1)


def filtered(model):
    return [layer for layer in model.layers if isinstance(layer, stylegan3.FilteredConv)]


# The schedule


def test_the_schedule_at_512_is_the_published_one():
    stages = stylegan3.schedule(Config(profile="paper", model="stylegan3"))
    assert [s.sampling_rate for s in stages] == [16, 16, 32, 32, 64, 64, 128, 128, 256, 256, *[512] * 5]
    assert [s.size for s in stages] == [36, 36, 52, 52, 84, 84, 148, 148, 276, 276, 532, 532, 532, 512, 512]
    assert [s.channels for s in stages] == [*[512] * 7, 483, 323, 215, 144, 96, 64, 64, 1]
    assert stages[0].cutoff == 2 and [s.cutoff for s in stages[12:]] == [256] * 3
    assert stages[0].stopband == pytest.approx(2**2.1) and stages[12].stopband == pytest.approx(256 * 2**0.3)
    for s in stages:
        assert s.half_width == pytest.approx(max(s.stopband, s.sampling_rate / 2) - s.cutoff) and s.half_width > 0


def test_variant_r_doubles_the_channels_and_nothing_else():
    t, r = (stylegan3.schedule(Config(profile="paper", model="stylegan3", variant=v)) for v in "tr")
    assert [s.channels for s in r] == [*[1024] * 7, 967, 645, 431, 287, 192, 128, 128, 1]
    assert [s._replace(channels=0) for s in r] == [s._replace(channels=0) for s in t]


@pytest.mark.parametrize("size, variant", [(32, "t"), (64, "r"), (128, "t"), (256, "r"), (512, "t")])
def test_any_size_comes_out_exact_and_rates_only_grow(size, variant):
    config = Config(**{**NARROW, "image_size": size, "variant": variant, "channel_max": 2})
    stages = stylegan3.schedule(config)
    model = stylegan3.synthesis(config)
    assert model.input_shape == (None, stylegan3.n_styles(config), 16) and model.output_shape == (None, size, size, 1)
    assert model.get_layer("input").output.shape[1] == stages[0].size
    for layer, stage in zip(filtered(model), stages, strict=False):
        assert layer.output.shape[1:3] == (stage.size, stage.size) and layer.up in (2, 4) and layer.down == 2
        assert 2 * stage.cutoff <= stage.sampling_rate


@pytest.mark.parametrize("variant, kernel, published", [("t", 3, 22.3e6), ("r", 1, 15_093_151)])
def test_parameters_at_1024_are_the_published_ones(variant, kernel, published):
    """Of 1024×1024 colour images, the sum over our schedule, within 1 %.

    T: Karras et al. 2021, figure 5.  R: the total that the authors' release prints for its generator before training.
    """
    config = Config(profile="paper", model="stylegan3", variant=variant).model_copy(update={"image_size": 1024})
    widths = [s.channels for s in stylegan3.schedule(config)[:-1]]
    pairs = list(zip([widths[0], *widths], widths, strict=False))
    layers = sum(kernel**2 * a * b + b + 513 * a for a, b in pairs)
    image = 3 * widths[-1] + 3 + 513 * widths[-1]
    fourier = widths[0] ** 2 + 513 * 4
    assert fourier + layers + image + 2 * (512 * 512 + 512) == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize("variant, kernel", [("t", 3), ("r", 1)])
def test_a_network_has_the_parameters_of_its_schedule(variant, kernel):
    config = Config(**{**NARROW, "variant": variant})
    model = stylegan3.synthesis(config)
    widths = [s.channels for s in stylegan3.schedule(config)[:-1]]
    pairs = list(zip([widths[0], *widths], widths, strict=False))
    expected = sum(kernel**2 * a * b + b + 17 * a for a, b in pairs) + 18 * widths[-1] + 1 + widths[0] ** 2 + 17 * 4
    assert sum(np.prod(v.shape, dtype=int) for v in model.trainable_variables) == expected
    assert sum(np.prod(v.shape, dtype=int) for v in model.non_trainable_variables) == 15 + 6 + 3 * widths[0]


def test_two_mapping_layers():
    model = stylegan3.mapping(Config(**NARROW))
    assert model.count_params() == 2 * (16 * 16 + 16) and model.output_shape == (None, 16)


# One layer

STAGES = {
    "same rate": (stylegan3.Stage(3.0, 6.0, 5.0, 16, 36, 3), stylegan3.Stage(3.5, 6.5, 4.5, 16, 36, 2)),
    "rate doubles": (stylegan3.Stage(3.0, 6.0, 5.0, 16, 36, 3), stylegan3.Stage(5.0, 9.0, 11.0, 32, 52, 2)),
    "margins go": (stylegan3.Stage(8.0, 10.0, 2.0, 16, 36, 3), stylegan3.Stage(8.0, 10.0, 2.0, 16, 16, 2)),
}


def literal(layer, x, kernel, style, bias):
    """The layer by its definition: per-image kernels, inserted zeros, all computed, then cropped at the centre."""
    size, line = layer.kernel_size, layer.up_filter
    out = []
    for image, s in zip(x, style, strict=True):
        w = kernel * s[:, None]
        w = w / np.sqrt((w**2).sum(axis=(0, 1, 2)))
        y = np.zeros((image.shape[0] + size - 1,) * 2 + (w.shape[-1],))
        for o in range(w.shape[-1]):
            y[..., o] = bias[o] + sum(
                signal.correlate2d(image[..., i], w[:, :, i, o], "full") for i in range(w.shape[2])
            )
        up = np.zeros((layer.up * (y.shape[0] - 1) + 1,) * 2 + (y.shape[-1],))
        up[:: layer.up, :: layer.up] = y
        channels = []
        for o in range(up.shape[-1]):
            z = signal.convolve2d(up[..., o], layer.up**2 * np.outer(line, line), "full")
            z = np.sqrt(2) * np.where(z > 0, z, 0.2 * z)
            n = (layer.after.size - 1) * layer.down + len(layer.down_filter)
            edge = (len(z) - n) // 2
            z = z[edge : edge + n, edge : edge + n]
            channels.append(signal.convolve2d(z, layer.down_filter, "valid")[:: layer.down, :: layer.down])
        out.append(np.stack(channels, axis=-1))
    return np.stack(out)


@pytest.mark.parametrize("radial", [False, True])
@pytest.mark.parametrize("kernel_size", [1, 3])
@pytest.mark.parametrize("stages", STAGES.values(), ids=STAGES.keys())
def test_a_layer_is_its_definition(stages, kernel_size, radial):
    before, after = stages
    layer = stylegan3.FilteredConv(before, after, kernel_size, radial, beta=0.5)
    rng = np.random.default_rng(0)
    x, style = rng.normal(size=(2, 36, 36, 3)), 1 + 0.3 * rng.normal(size=(2, 3))
    layer.build([x.shape, style.shape])
    kernel, bias = rng.normal(size=layer.kernel.shape), rng.normal(size=2)
    layer.kernel.assign(kernel)
    layer.bias.assign(bias)
    ours = to_numpy(layer([x.astype("float32"), style.astype("float32")]))
    np.testing.assert_allclose(ours, literal(layer, x, kernel, style, bias), atol=2e-4)


def test_without_the_relu_a_layer_passes_what_lies_in_its_band(monkeypatch):
    """1×1 identity kernel, unit style: what is left of the layer is up, filter, filter, down."""
    monkeypatch.setattr(stylegan3.ops, "leaky_relu", lambda x, slope: x / np.sqrt(2))
    stage = stylegan3.schedule(Config(profile="paper", model="stylegan3", image_size=64))[6]  # s 32, f_c 8, f_h 8
    layer = stylegan3.FilteredConv(stage._replace(channels=1), stage._replace(channels=1), 1, False, beta=0.5)
    layer.build([(1, stage.size, stage.size, 1), (1, 1)])
    layer.kernel.assign(np.ones((1, 1, 1, 1)))
    t = (np.arange(stage.size) - (stage.size - 1) / 2) / stage.sampling_rate
    for frequency, gain in ((1.0, 1.0), (stage.cutoff, 0.25)):  # half at the cutoff, in either filter
        x = np.cos(2 * np.pi * frequency * t + 0.4)[None, :, None, None] * np.ones((1, 1, stage.size, 1))
        out = to_numpy(layer([x.astype("float32"), np.ones((1, 1), "float32")]))
        inside = slice(8, -8)
        np.testing.assert_allclose(out[:, inside, inside], gain * x[:, inside, inside], atol=0.03)


def test_demodulated_kernels_have_unit_norm_whatever_the_style():
    rng = np.random.default_rng(0)
    kernel, style = 7 * rng.normal(size=(3, 3, 5, 4)), 0.01 * rng.normal(size=(2, 5))
    kernel, style = (to_numpy(a) for a in stylegan3.normalised(*(a.astype("float32") for a in (kernel, style))))
    np.testing.assert_allclose((kernel**2).mean(axis=(0, 1, 2)), 1, rtol=1e-5)
    assert (style**2).mean() == pytest.approx(1, rel=1e-5)
    demodulation = to_numpy(stylegan3.demodulation(kernel, style))
    w = kernel[None] * style[:, None, None, :, None] * demodulation[:, None, None, None, :]
    np.testing.assert_allclose((w**2).sum(axis=(1, 2, 3)), 1, rtol=1e-5)


def test_magnitudes_follow_the_input_in_training_only():
    model = synthesis(batch_size=2)
    trained, frozen = model.trainable_variables, model.non_trainable_variables
    before = [to_numpy(v) for v in frozen]
    ws = styles()
    image, still = model.stateless_call(trained, before, ws, training=False)
    for a, b in zip(before, still, strict=True):
        np.testing.assert_array_equal(a, to_numpy(b))
    _, moved = model.stateless_call(trained, before, ws, training=True)
    values = {v.path: float(to_numpy(m)) for v, m in zip(frozen, moved, strict=True) if v.shape == ()}
    assert len(values) == 15 and all(value != 1 for value in values.values())
    beta = 0.5 ** (2 / 20_000)
    power = float(np.mean(to_numpy(keras.Model(model.input, model.get_layer("input").output)(ws)) ** 2))
    expected = beta + (1 - beta) * power
    assert values[model.get_layer("layer0").magnitude.path] == pytest.approx(expected, rel=1e-6)
    assert all(np.array_equal(to_numpy(v), b) for v, b in zip(frozen, before, strict=True))  # the model is untouched


def test_a_layer_gives_the_same_whatever_the_scale_of_what_enters_it():
    model = synthesis()
    ws = styles()
    stylegan3.calibrate(model, ws)
    image = to_numpy(model(ws))
    kernel = model.get_layer("input").kernel
    kernel.assign(100 * to_numpy(kernel))
    stylegan3.calibrate(model, ws)
    np.testing.assert_allclose(to_numpy(model(ws)), image, atol=1e-4)


# Equivariance: EQ-T and EQ-R of Karras et al. 2021, section 3


def decibels(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two arrays of pixels in [-1, 1]; infinite where they are equal."""
    with np.errstate(divide="ignore"):
        return float(10.0 * np.log10(2.0**2 / np.mean(np.square(a - b))))


def eq_t(synthesis: keras.Model, ws: np.ndarray, pixels: int) -> float:
    """EQ-T in dB at one shift to the right, a whole number of pixels ≥ 1: shifted input against shifted picture."""
    still = shifted(synthesis, ws, 0)
    return decibels(shifted(synthesis, ws, pixels)[:, :, pixels:], still[:, :, :-pixels])


def eq_r(synthesis: keras.Model, ws: np.ndarray, degrees: float) -> float:
    """EQ-R in dB at one angle, counter-clockwise, within a disc; the picture is turned by fifth-order splines."""
    still = shifted(synthesis, ws, 0)
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turned = ndimage.rotate(still, degrees, axes=(1, 2), reshape=False, order=5)
    y, x = np.indices(still.shape[1:3]) - (still.shape[1] - 1) / 2
    disc = np.hypot(x, y) < 0.375 * still.shape[1]
    return decibels(pictures(synthesis, ws, [[cos, -sin, 0], [sin, cos, 0]])[:, disc], turned[:, disc])


def test_decibels_are_those_of_a_known_error():
    a = np.zeros((2, 4, 4, 1))
    assert decibels(a, a + 0.02) == pytest.approx(40) and decibels(a, a + 2) == pytest.approx(0)
    assert decibels(a, a) == np.inf


def test_calibration_brings_every_input_to_unit_power_and_leaves_the_pace_alone():
    model, ws = synthesis(), styles()
    betas = [layer.beta for layer in filtered(model)]
    stylegan3.calibrate(model, ws)
    assert betas == [layer.beta for layer in filtered(model)] and min(betas) > 0.9
    for layer in filtered(model):
        x = to_numpy(keras.Model(model.input, layer.input[0])(ws))
        assert to_numpy(layer.magnitude) == pytest.approx(np.mean(x**2), rel=1e-4)


def test_training_starts_with_the_magnitudes_of_its_first_minibatch():
    gan = trainer.StyleGAN(Config(**NARROW))
    state = gan.initial_state()
    ws, _ = gan.styles(state["g"], gan._latents("generator", 0, 4))
    _, moved = gan.images(state["g"], state["g_buffers"], ws, [], training=True)
    magnitudes = [float(m) for m in state["g_buffers"] if m.shape == ()]
    assert len(magnitudes) == 15 and all(abs(m - 1.0) > 1e-3 for m in magnitudes)
    assert [float(m) for m in moved if m.shape == ()] == pytest.approx(magnitudes, rel=1e-5)


def test_a_shift_to_the_right_moves_the_picture_to_the_right():
    """Which way, by the content: the moved picture is nearer to the picture moved right than to the one moved left."""
    model, ws = synthesis(), styles()
    stylegan3.calibrate(model, ws)
    still, moved = shifted(model, ws, 0), shifted(model, ws, 4)
    assert decibels(moved[:, :, 4:], still[:, :, :-4]) > decibels(moved[:, :, :-4], still[:, :, 4:]) + 20


def test_pictures_move_with_their_input_20_db_better_than_with_stylegan2_s_filters():
    model, ws = synthesis(channel_max=32), styles()
    stylegan3.calibrate(model, ws)
    ours = [eq_t(model, ws, shift) for shift in (1, 3)]
    use_stylegan2_filters(model)
    stylegan3.calibrate(model, ws)
    theirs = [eq_t(model, ws, shift) for shift in (1, 3)]
    assert min(ours) > 60 and min(ours) > max(theirs) + 20


def test_variant_r_turns_with_its_input_and_variant_t_does_not():
    ws = styles()
    t, r = synthesis(), synthesis(variant="r")
    for model in (t, r):
        stylegan3.calibrate(model, ws)
    turned = eq_r(r, ws, 30)
    assert turned > 60 and turned > eq_r(t, ws, 30) + 20 and eq_t(r, ws, 3) > 60
    use_stylegan2_filters(r)
    stylegan3.calibrate(r, ws)
    assert turned > eq_r(r, ws, 30) + 15


def test_the_input_is_its_formula():
    """Karras et al. 2021: sinusoids of the point R · T⁻¹ · p, by homogeneous matrices; R turns what T shifted."""
    stage = stylegan3.Stage(2.0, 4.3, 6.0, 16, 36, 5)
    layer = stylegan3.FourierInput(stage, seed=0)
    w = rng.normal(0, "w", 0, (3, 4))
    layer.build(w.shape)
    layer.affine.assign(0.3 * rng.normal(0, "affine", 0, (4, 4)))
    layer.bias.assign([1.0, 0.4, 0.2, -0.3])
    layer.kernel.assign(rng.normal(0, "kernel", 0, (5, 5)))
    ours = to_numpy(layer(w))
    frequencies, phases, kernel = (to_numpy(v) for v in (layer.frequencies, layer.phases, layer.kernel))
    position = (np.arange(36) - 17.5) / 16
    for image, (c, s, x, y) in zip(ours, w @ to_numpy(layer.affine) / 2 + to_numpy(layer.bias), strict=True):
        c, s, x, y = np.array([c, s, x, y]) / np.hypot(c, s)
        rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        shift_back = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
        for row, column in ((0, 0), (3, 30), (35, 17)):
            point = rotation @ shift_back @ [position[column], position[row], 1]
            waves = np.sin(2 * np.pi * (point[:2] @ frequencies + phases))
            np.testing.assert_allclose(image[row, column], waves @ kernel / np.sqrt(5), atol=1e-4)


def test_the_learned_transform_turns_and_shifts_as_the_given_one():
    """With the affine's bias at (c, s, t) the picture is the one of `transform` = [R | −R t]."""
    model, ws = synthesis(), styles()
    layer = model.get_layer("input")
    cos, sin = np.cos(0.3), np.sin(0.3)
    x, y = 0.1, -0.2
    given = pictures(model, ws, [[cos, -sin, sin * y - cos * x], [sin, cos, -sin * x - cos * y]])
    np.testing.assert_array_equal(to_numpy(layer.transform), np.eye(2, 3))  # put back
    layer.bias.assign(3.0 * np.array([cos, sin, x, y]))  # only its direction counts
    np.testing.assert_allclose(to_numpy(model(ws)), given, atol=1e-4)


def test_fourier_features_lie_in_the_band_of_a_4x4_image():
    layer = stylegan3.FourierInput(stylegan3.Stage(2.0, 4.3, 6.0, 16, 36, 4000), seed=0)
    layer.build((1, 4))
    radius = np.hypot(*to_numpy(layer.frequencies))
    assert radius.max() < 2 and np.mean(radius < np.sqrt(2)) == pytest.approx(0.5, abs=0.03)  # uniform over the disc
    phases = to_numpy(layer.phases)
    assert phases.min() >= -0.5 and phases.max() < 0.5
    assert layer.grid[0, 0].tolist() == [-35 / 32, -35 / 32] and layer.grid[0, -1].tolist() == [35 / 32, -35 / 32]


# Weights


def test_gradients_reach_every_weight_and_every_w():
    model = synthesis()
    frozen = [to_numpy(v) for v in model.non_trainable_variables]
    ws = ops.convert_to_tensor(styles())

    def loss(variables):
        *trained, ws = variables
        return ops.mean(ops.square(model.stateless_call(trained, frozen, ws, training=True)[0] - 0.5)), ()

    variables = [*(v.value for v in model.trainable_variables), ws]
    _, gradients = backend.value_and_grad(loss, variables)
    for variable, gradient in zip([*model.trainable_variables, None], gradients, strict=True):
        assert np.abs(to_numpy(gradient)).max() > 0, variable and variable.path
    by_style = np.abs(to_numpy(gradients[-1])).max(axis=(0, 2))
    # At the start the input's affine map is 0, so its own w has no say; every other has.
    assert by_style[0] == 0 and (by_style[1:] > 0).all()


def test_initial_weights_follow_the_seed():
    a, b, other = synthesis(), synthesis(), synthesis(seed=1)
    for u, v in zip(a.weights, b.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(u), to_numpy(v))
    kernel = to_numpy(a.get_layer("layer3").kernel)
    assert kernel.std() == pytest.approx(1, abs=0.05) and kernel.mean() == pytest.approx(0, abs=0.05)
    assert not np.array_equal(kernel, to_numpy(other.get_layer("layer3").kernel))
    first, second = (to_numpy(m.get_layer("input").frequencies) for m in (a, other))
    assert not np.array_equal(first, second)
    assert (to_numpy(a.get_layer("style3").bias) == 1).all() and not to_numpy(a.get_layer("layer3").bias).any()
    assert to_numpy(a.get_layer("input").bias).tolist() == [1, 0, 0, 0]


def test_radial_filters_serve_variant_r_but_for_its_critically_sampled_layers():
    layers = filtered(synthesis(variant="r"))
    separable = [np.linalg.matrix_rank(layer.down_filter, tol=1e-9) == 1 for layer in layers]
    assert separable == [False] * 12 + [True] * 2
    first = layers[0]
    band = (12, first.after.cutoff, first.after.half_width, 2.0 * first.after.sampling_rate)
    np.testing.assert_array_equal(first.down_filter, filters.low_pass_radial(*band))
