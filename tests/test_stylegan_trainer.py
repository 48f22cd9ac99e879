"""How StyleGANs are trained, on networks of one layer each; and both real StyleGANs through `fit`."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dgan_core import Config, backend, fit, generate, rng
from dgan_core.models.initialise import initialise
from dgan_core.runs import Run
from dgan_core.training import compiled
from dgan_core.training.adam import adam_init
from dgan_core.training.schedule import updates
from dgan_core.training.state import branch, flatten, unflatten
from dgan_stylegan import blur, steps, trainer

import keras
from keras import layers, ops
from keras.ops import convert_to_numpy as to_numpy

TINY = {
    "image_size": 32,
    "n_phantoms": 8,
    "batch_size": 4,
    "latent_dim": 8,
    "w_dim": 6,
    "mapping_layers": 2,
    "channel_base": 64,
    "channel_max": 8,
    "epochs": 2,
    "snapshots": 1,
    "checkpoint_every": 1,
}


class Magnitude(layers.Layer):
    """Keeps a running mean of x² when training, as StyleGAN3's layers do."""

    def build(self, shape):
        self.square = self.add_weight(shape=(), initializer="ones", trainable=False, name="square")

    def call(self, x, training=False):
        if training:
            self.square.assign(0.5 * self.square + 0.5 * ops.mean(ops.square(x)))
        return x * ops.rsqrt(self.square)


def drawn(inputs, outputs, config):
    """A model whose initial weights are functions of the seed."""
    model = keras.Model(inputs, outputs)
    initialise(model, config.seed, "small")
    return model


def mapping(config):
    z = keras.Input((config.latent_dim,))
    return drawn(z, layers.Dense(config.w_dim, activation="tanh")(z), config)


def synthesis(config):
    ws, noise = keras.Input((3, config.w_dim)), keras.Input((4, 4, 1))
    x = layers.Concatenate()([layers.Flatten()(ws), 0.1 * layers.Flatten()(noise)])
    x = layers.Dense(32 * 32, activation="tanh")(x)
    return drawn([ws, noise], Magnitude()(layers.Reshape((32, 32, 1))(x)), config)


def critic(config):
    image = keras.Input((32, 32, 1))
    x = layers.Conv2D(4, 4, strides=4, activation="softplus")(image)
    return drawn(image, layers.Dense(1)(layers.Flatten()(x)), config)


class Networks(SimpleNamespace):
    """What stands for a module of networks; hashable, as modules are."""

    __hash__ = object.__hash__


@pytest.fixture
def make(monkeypatch):
    """A function: parameters → the trainer of the small networks above."""
    sizes = {"n_styles": lambda config: 3, "noise_shapes": lambda config: [(4, 4)]}
    networks = Networks(mapping=mapping, synthesis=synthesis, critic=critic, **sizes)
    monkeypatch.setattr(trainer, "NETWORKS", {"stylegan2": networks, "stylegan3": networks})
    return lambda **parameters: trainer.StyleGAN(Config(**{"model": "stylegan2", **TINY, **parameters}))


REAL = 0.5 * rng.normal(0, "real", 0, (4, 32, 32, 1))
RATE = np.float32(1e-3)


def same(a, b):
    return all(np.array_equal(to_numpy(x), to_numpy(y)) for x, y in zip(a, b, strict=True))


def test_a_step_leaves_the_other_network_alone(make):
    r = make()
    state = r.initial_state()
    after, _ = r.critic_step(state, REAL, 0, RATE)
    assert same(state["g"], after["g"]) and not same(state["c"], after["c"])
    after, _ = r.generator_step(state, REAL, 0, RATE)
    assert same(state["c"], after["c"]) and not same(state["g"], after["g"])


def test_magnitudes_and_the_mean_w_move_in_critic_steps_only(make):
    """Their EMA counts a minibatch once; Karras et al. 2021 update both with the critic's."""
    r = make(style_mixing=0.0)
    state = r.initial_state()
    after, _ = r.generator_step(state, REAL, 0, RATE)
    assert len(state["g_buffers"]) == 1 and same(state["g_buffers"], after["g_buffers"])
    np.testing.assert_array_equal(state["w_ema"], to_numpy(after["w_ema"]))
    after, _ = r.critic_step(state, REAL, 0, RATE)
    ws, w = r.styles(state["g"], r._latents("critic", 0, 4))
    np.testing.assert_allclose(to_numpy(after["w_ema"]), 0.002 * to_numpy(w).mean(axis=0), rtol=1e-5, atol=1e-8)
    _, moved = r.images(state["g"], state["g_buffers"], ws, r._latents("critic", 0, 4)["noise"], training=True)
    np.testing.assert_allclose(to_numpy(after["g_buffers"][0]), to_numpy(moved[0]), rtol=1e-5)
    assert not same(state["g_buffers"], after["g_buffers"])


def test_an_iteration_updates_the_generator_before_the_critic(make):
    r = make(n_critic=2)
    state, data = r.initial_state(), r.prepare(REAL)
    by_hand, _ = r.generator_step(state, REAL, 0, np.float32(r.config.learning_rate))
    after, rows = r.iteration(state, data, 0)
    assert same(by_hand["g"], after["g"]) and same(by_hand["g_ema"], after["g_ema"])
    for update in updates(r.config, 4, 0):
        images = ops.take(data["images"], update.index, axis=0)
        by_hand, _ = r.critic_step(by_hand, images, update.number, update.critic_rate)
    assert same(by_hand["c"], after["c"]) and not same(state["c"], after["c"])
    assert ["generator_loss" in row for row in rows] == [False, False, True] and rows[-1]["images"] == 8


def test_regularisation_is_a_further_step_every_few_updates(make):
    r = make()
    state = r.initial_state()
    for update in (0, 1, 15, 16):
        after, measured = r.critic_step(state, REAL, update, RATE)
        assert ("r1" in measured) == (update % 16 == 0)
        assert float(after["c_adam"]["t"]) == (2 if update % 16 == 0 else 1)
    for iteration in (0, 1, 3, 4):
        after, measured = r.generator_step(state, REAL, iteration, RATE)
        assert ("path" in measured) == (iteration % 4 == 0)
        assert float(after["g_adam"]["t"]) == (2 if iteration % 4 == 0 else 1)
    assert "path" not in make(model="stylegan3").generator_step(state, REAL, 0, RATE)[1]


@pytest.mark.parametrize("scale", [1.0, 1e-8])  # at 1e-8 ε counts as much as the gradient
def test_lazy_adam_is_pytorch_s_adam_of_the_corrected_rate_and_decays(make, scale):
    step, c = steps.lazy_adam(make().config, 16), 16 / 17
    theirs = torch.zeros(3, requires_grad=True)
    optimiser = torch.optim.Adam([theirs], lr=0.1 * c, betas=(0.0, 0.99**c), eps=1e-8)
    ours, state = [np.zeros(3, "float32")], adam_init([np.zeros(3)])
    for k in range(3):
        gradient = np.float32(scale) * rng.normal(0, "gradient", k, (3,))
        theirs.grad = torch.from_numpy(gradient)
        optimiser.step()
        ours, state = step(ours, [gradient], state, 0.1)
    np.testing.assert_allclose(to_numpy(ours[0]), theirs.detach().numpy(), rtol=1e-4)


def test_the_ema_of_weights_forgets_by_the_images_shown_before(make):
    """Its half-life is a twentieth of the images shown, until that reaches 10,000 · B / 32; none were at first."""
    r = make()
    state = r.initial_state()
    after, measured = r.generator_step(state, REAL, 200, RATE)
    assert measured["images"] == 804
    beta = 0.5 ** (4 / min(10_000 * 4 / 32, 0.05 * 800))
    for old, mean, new in zip(state["g_ema"], after["g_ema"], after["g"], strict=True):
        np.testing.assert_allclose(to_numpy(mean), beta * old + (1 - beta) * to_numpy(new), rtol=1e-4, atol=1e-6)
    first, _ = r.generator_step(state, REAL, 0, RATE)
    for mean, new in zip(first["g_ema"], first["g"], strict=True):
        np.testing.assert_allclose(to_numpy(mean), to_numpy(new), rtol=1e-6, atol=1e-7)


def test_the_path_penalty_is_differentiated_through_its_mean():
    """One w with ‖Jᵀy‖ = 3 |k|: the mean takes 1 % of the way, so that the penalty is (0.99 (3 k − a))²."""
    ws, y = np.ones((1, 1, 1), "float32"), np.full((1, 1, 1, 1), 3.0, "float32")

    def penalty(k):
        return steps.path_length_penalty(lambda ws: k * ws[..., None], ws, y, np.float32(2.0))[0]

    k = np.float32(1.0)
    assert float(penalty(k)) == pytest.approx(0.99**2, rel=1e-5)
    assert float(backend.gradient(penalty, k)) == pytest.approx(2 * 0.99**2 * (3.0 - 2.0) * 3.0, rel=1e-4)


def test_p_moves_every_four_updates_towards_the_target(make):
    r = make(ada_images=100)
    state = r.initial_state()
    for update in range(4):
        assert float(state["p"]) == 0.0
        state = r._adapt(state, [1.0, 1.0, 0.0, 1.0][update], update, 4)  # mean 0.75 > 0.6
    assert float(state["p"]) == pytest.approx(4 * 4 / 100)
    for update in range(4, 8):
        state = r._adapt(state, 0.5, update, 4)
    assert float(state["p"]) == 0.0 and float(state["signs"]) == 0.0  # and not below
    for update in range(8, 8 + 4 * 20):
        state = r._adapt(state, 1.0, update, 4)
    assert float(state["p"]) == 1.0


def test_reals_and_fakes_are_augmented_by_different_draws(make):
    r = make()
    views = [flatten(r._view(stream, 3, 4)) for stream in ("real", "fake", "generator", "r1")]
    for i, a in enumerate(views):
        for b in views[i + 1 :]:
            assert not any(np.array_equal(a[k], b[k]) for k in a)
    assert not np.array_equal(views[0]["drawn/gates"], r._view("real", 4, 4)["drawn"]["gates"])


def test_styles_are_mixed_after_one_crossover_a_minibatch(make):
    def mixed(share, n=400):
        gan = make(style_mixing=share)
        return np.stack([gan._latents("generator", step, 2)["mixed"][:, 0] for step in range(n)])

    always = mixed(1.0)
    assert not always[:, 0].any() and always[:, 2].all()  # a crossover after style 1 or 2, of 3
    assert always[:, 1].mean() == pytest.approx(0.5, abs=0.08)
    assert mixed(0.9)[:, 2].mean() == pytest.approx(0.9, abs=0.05)
    assert "mixed" not in make(style_mixing=0.0)._latents("generator", 0, 4)


def test_mixed_styles_are_the_second_w_from_the_crossover_on(make):
    r = make()
    g = r.initial_state()["g"]
    latents = {"z": rng.normal(0, "z", 0, (2, 8)), "z_mixed": rng.normal(0, "other", 0, (2, 8))}
    ws, w = r.styles(g, {**latents, "mixed": np.array([[False], [False], [True]])})
    second, _ = r.styles(g, {"z": latents["z_mixed"]})
    np.testing.assert_allclose(to_numpy(ws)[:, :2], np.repeat(to_numpy(w)[:, None], 2, axis=1), rtol=1e-6)
    np.testing.assert_allclose(to_numpy(ws)[:, 2], to_numpy(second)[:, 2], rtol=1e-6)


def test_truncation_goes_from_the_mean_image_to_the_image_itself(make):
    r = make(style_mixing=0.0)
    state = r.initial_state()
    state["w_ema"] = rng.normal(0, "w", 0, (6,))
    arrays, z = r.snapshot(state), rng.normal(0, "z", 0, (3, 8))
    ws, _ = r.styles(state["g"], {"z": z})
    whole, _ = r.images(state["g"], state["g_buffers"], ws, r._noise("sample", 0, 3), training=False)
    np.testing.assert_allclose(r.sample(arrays, z), to_numpy(whole), atol=1e-6)
    none = np.broadcast_to(state["w_ema"], (3, 3, 6))
    mean, _ = r.images(state["g"], state["g_buffers"], none, r._noise("sample", 0, 3), training=False)
    np.testing.assert_allclose(r.sample(arrays, z, psi=0.0), to_numpy(mean), atol=1e-6)


def test_samples_do_not_depend_on_how_many_are_asked_for(make):
    r = make()
    arrays, z = r.snapshot(r.initial_state()), rng.normal(0, "z", 0, (20, 8))
    np.testing.assert_allclose(r.sample(arrays, z)[:5], r.sample(arrays, z[:5]), atol=1e-6)


def test_the_blur_of_r_fades_within_the_first_updates_of_any_run():
    """200 thousand of the published 25 million images, whatever the profile's length."""
    for config in (Config(model="stylegan3", variant="r"), Config(profile="paper", model="stylegan3", variant="r")):
        widths = [blur.blur_sigma(config, done) for done in (0.0, 0.004, 200 / 25_000, 0.5)]
        assert widths == pytest.approx([10.0, 5.0, 0.0, 0.0], abs=1e-9)
    assert blur.blur_sigma(Config(model="stylegan3"), 0.0) == blur.blur_sigma(Config(model="stylegan2"), 0.0) == 0.0


def test_a_run_of_r_leaves_its_blur_behind(make, monkeypatch):
    r = make(model="stylegan3", variant="r", epochs=250)
    seen = []

    def note(state, real, update, rate, sigma):
        seen.append(sigma)
        return state, {}

    monkeypatch.setattr(r, "generator_step", note)
    monkeypatch.setattr(r, "critic_step", note)
    for iteration in range(6):  # of 500, of which the first four are blurred
        r.iteration({}, {"images": np.zeros((8, 2, 2, 1))}, iteration)
    assert seen[::2] == seen[1::2] == pytest.approx([10.0, 7.5, 5.0, 2.5, 0.0, 0.0])


def test_the_blur_s_kernel_has_the_published_width():
    """2^(−(x/σ)²) within 3σ: half as much at σ, and as much on average as a Gaussian of σ / √(2 ln 2)."""
    kernel = blur.blur_kernel(5.0)
    assert kernel.shape == (61,) and kernel.sum() == pytest.approx(1.0, abs=1e-6)
    assert kernel[35] / kernel[30] == pytest.approx(0.5, rel=1e-5)
    assert not kernel[:15].any() and not kernel[46:].any() and kernel[15] > 0 and kernel[45] > 0
    variance = (kernel * np.arange(-30, 31) ** 2).sum()
    assert variance == pytest.approx(5.0**2 / (2 * np.log(2)), rel=0.02)  # the tails beyond 3σ are cut
    assert blur.blur_kernel(0.3)[30] == 1.0


def test_blur_spreads_an_impulse_and_darkens_nothing_but_the_border():
    kernel = blur.blur_kernel(1.0)[24:37]
    flat, impulse = np.ones((1, 16, 16, 1), "float32"), np.zeros((1, 17, 17, 1), "float32")
    impulse[0, 8, 8] = 1.0
    np.testing.assert_allclose(to_numpy(blur.blur(flat, kernel))[0, 3:-3, 3:-3], 1.0, rtol=1e-6)
    corner = kernel[6:].sum() ** 2  # a quarter of the kernel and its axes lie inside
    assert to_numpy(blur.blur(flat, kernel))[0, 0, 0, 0] == pytest.approx(corner, rel=1e-5)
    np.testing.assert_allclose(
        to_numpy(blur.blur(impulse, kernel))[0, 2:15, 2:15, 0], np.outer(kernel, kernel), atol=1e-7
    )


def test_the_critic_sees_images_blurred_then_augmented(make, monkeypatch):
    r = make(model="stylegan3", variant="r")
    order = []
    monkeypatch.setattr(steps, "blur", lambda images, kernel: order.append("blur") or images)
    monkeypatch.setattr(steps, "augment", lambda images, p, drawn: order.append("augment") or images)
    r.critic_step(r.initial_state(), REAL, 1, RATE, sigma=5.0)
    assert order and order == ["blur", "augment"] * (len(order) // 2)


def test_runs_that_differ_in_seed_or_rate_share_their_compiled_steps(make):
    one, two = make(), make(seed=1, learning_rate=0.5, epochs=3)
    steps_of_one = one._steps
    state = two.initial_state()
    shared, _ = two.generator_step(state, REAL, 0, RATE)
    assert two._steps is steps_of_one
    compiled._kept.clear()
    alone, _ = make(seed=1).generator_step(state, REAL, 0, RATE)
    assert same(shared["g"], alone["g"])
    assert make(r1_scale=1.0)._steps is not steps_of_one


def test_state_survives_a_checkpoint(make):
    state = make().initial_state()
    again = unflatten(state, flatten(state))
    assert flatten(again).keys() == flatten(state).keys()
    assert same(branch(flatten(state), "g_ema"), state["g_ema"])


def test_an_interrupted_run_continues_bit_for_bit(runs, make, monkeypatch):
    """Augmentation at work, regularisers due before and after the interruption."""
    parameters = {**TINY, "epochs": 10, "ada_images": 100, "ada_target": -1.0, "model": "stylegan2"}
    whole = fit(Config(**parameters, run_id="whole"))
    assert whole.log()[-1]["augmentation"] > 0.1
    append, interrupted = Run.append_log, Config(**parameters, run_id="interrupted")

    def interrupt(run, row):
        append(run, row)
        if row["step"] == 10:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "append_log", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(interrupted)
    monkeypatch.setattr(Run, "append_log", append)
    run = fit(interrupted)
    for name, array in whole.load_checkpoint()[0].items():
        assert np.array_equal(array, run.load_checkpoint()[0][name]), name
    rows = [[{k: v for k, v in row.items() if k != "seconds"} for row in r.log()] for r in (whole, run)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("model", ["stylegan2", "stylegan3"])
def test_a_run_of_either_leaves_everything_behind(runs, model):
    run = fit(Config(model=model, **{**TINY, "epochs": 1}))
    log = run.log()
    assert run.finished and [row["images"] for row in log] == [4, 8] and log[-1]["epoch"] == 1.0
    measured = {"critic_loss", "generator_loss", "score_gap", "real_sign", "augmentation", "accuracy"}
    measured |= {"critic_gradient", "generator_gradient"}
    assert measured <= log[1].keys() and "r1" in log[0].keys() - log[1].keys()
    assert ("path" in log[0]) == (model == "stylegan2")
    images = generate(run, 3)
    assert images.shape == (3, 32, 32, 1) and images.dtype == np.uint8 and images.std() > 0
    assert not np.array_equal(images, generate(run, 3, epoch=0))
    state = run.load_checkpoint()[0]
    start = flatten(trainer.StyleGAN(run.config).initial_state())
    still = [k for k in start if k.startswith(("g/", "c/")) and np.array_equal(start[k], state[k])]
    assert not still, "parameters that no step moved"
