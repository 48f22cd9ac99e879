"""The StyleGAN recipe, on networks of one layer each; and both real StyleGANs through `fit`."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.ops import convert_to_numpy as to_numpy

from dgan_core import Config, fit, generate, rng
from dgan_core.models.initialise import initialise
from dgan_core.runs import Run
from dgan_core.stylegan import steps, trainer
from dgan_core.training.adam import adam_init
from dgan_core.training.state import branch, flatten, unflatten

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


@pytest.fixture
def recipe(monkeypatch):
    """A function: parameters → StyleGAN recipe of the small networks above."""
    family = trainer.Family(mapping, synthesis, critic, lambda config: 3, lambda config: [(4, 4)])
    monkeypatch.setattr(trainer, "FAMILIES", {"stylegan2": family, "stylegan3": family})
    return lambda **parameters: trainer.StyleGAN(Config(**{"model": "stylegan2", **TINY, **parameters}))


REAL = 0.5 * rng.normal(0, "real", 0, (4, 32, 32, 1))
RATE = np.float32(1e-3)


def same(a, b):
    return all(np.array_equal(to_numpy(x), to_numpy(y)) for x, y in zip(a, b, strict=True))


def test_a_step_leaves_the_other_network_alone(recipe):
    r = recipe()
    state = r.initial_state()
    after, _ = r.critic_step(state, REAL, 0, RATE)
    assert same(state["g"], after["g"]) and same(state["g_buffers"], after["g_buffers"])
    assert not same(state["c"], after["c"])
    after, _ = r.generator_step(state, REAL, 0, RATE)
    assert same(state["c"], after["c"]) and not same(state["g"], after["g"])


def test_magnitudes_move_in_generator_steps_only(recipe):
    r = recipe()
    state = r.initial_state()
    after, _ = r.generator_step(state, REAL, 1, RATE)
    assert len(state["g_buffers"]) == 1 and not same(state["g_buffers"], after["g_buffers"])


def test_regularisation_is_a_further_step_every_few_updates(recipe):
    r = recipe()
    state = r.initial_state()
    for update in (0, 1, 15, 16):
        after, measured = r.critic_step(state, REAL, update, RATE)
        assert ("r1" in measured) == (update % 16 == 0)
        assert float(after["c_adam"]["t"]) == (2 if update % 16 == 0 else 1)
    for iteration in (0, 1, 3, 4):
        after, measured = r.generator_step(state, REAL, iteration, RATE)
        assert ("path" in measured) == (iteration % 4 == 0)
        assert float(after["g_adam"]["t"]) == (2 if iteration % 4 == 0 else 1)
    assert "path" not in recipe(model="stylegan3").generator_step(state, REAL, 0, RATE)[1]


def test_lazy_adam_is_adam_of_the_corrected_rate_and_decays(recipe):
    """The first step of Adam is −rate · g / (|g| + ε·√(1 − β₂)): it shows the rate, c·rate; the second shows β₂^c."""
    config = recipe().config
    step, c = steps.lazy_adam(config, 16), 16 / 17
    p, state = step([np.zeros(1, "float32")], [np.ones(1, "float32")], adam_init([np.zeros(1)]), 0.1)
    assert float(p[0][0]) == pytest.approx(-0.1 * c, rel=1e-5)
    v = 1 - 0.99**c
    assert float(state["v"][0][0]) == pytest.approx(v, rel=1e-5)
    p2, _ = step(p, [np.zeros(1, "float32")], state, 0.1)  # β₁ = 0 has no momentum left
    assert float(p2[0][0]) == float(p[0][0])


def test_the_running_ema_of_weights_forgets_by_images_shown(recipe):
    """Its half-life is a twentieth of the images shown, until that reaches 10,000 · B / 32."""
    r = recipe()
    state = r.initial_state()
    after, measured = r.generator_step(state, REAL, 199, RATE)
    assert measured["images"] == 800
    beta = 0.5 ** (4 / min(10_000 * 4 / 32, 0.05 * 800))
    for old, mean, new in zip(state["g_ema"], after["g_ema"], after["g"], strict=True):
        np.testing.assert_allclose(to_numpy(mean), beta * old + (1 - beta) * to_numpy(new), rtol=1e-4, atol=1e-6)


def test_p_moves_every_four_updates_towards_the_target(recipe):
    r = recipe(ada_images=100)
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


def test_reals_and_fakes_are_augmented_by_different_draws(recipe):
    r = recipe()
    views = [flatten(r._view(stream, 3, 4)) for stream in ("real", "fake", "generator", "r1")]
    for i, a in enumerate(views):
        for b in views[i + 1 :]:
            assert not any(np.array_equal(a[k], b[k]) for k in a)
    assert not np.array_equal(views[0]["drawn/gates"], r._view("real", 4, 4)["drawn"]["gates"])


def test_styles_are_mixed_after_a_crossover(recipe):
    latents = recipe(style_mixing=1.0)._latents("generator", 0, 400)
    mixed = latents["mixed"][..., 0]
    assert not mixed[:, 0].any() and mixed[:, 2].all()  # a crossover after style 1 or 2, of 3
    assert mixed[:, 1].mean() == pytest.approx(0.5, abs=0.08)
    share = recipe(style_mixing=0.9)._latents("generator", 0, 400)["mixed"][:, 2].mean()
    assert share == pytest.approx(0.9, abs=0.05)
    assert "mixed" not in recipe(style_mixing=0.0)._latents("generator", 0, 4)


def test_truncation_goes_from_the_mean_image_to_the_image_itself(recipe):
    r = recipe(style_mixing=0.0)
    state = r.initial_state()
    state["w_ema"] = rng.normal(0, "w", 0, (6,))
    arrays, z = r.snapshot(state), rng.normal(0, "z", 0, (3, 8))
    ws, _ = r.styles(state["g"], {"z": z})
    whole, _ = r.images(state["g"], state["g_buffers"], ws, r._noise("sample", 0, 3), training=False)
    np.testing.assert_allclose(r.sample(arrays, z), to_numpy(whole), atol=1e-6)
    none = np.broadcast_to(state["w_ema"], (3, 3, 6))
    mean, _ = r.images(state["g"], state["g_buffers"], none, r._noise("sample", 0, 3), training=False)
    np.testing.assert_allclose(r.sample(arrays, z, psi=0.0), to_numpy(mean), atol=1e-6)


def test_samples_do_not_depend_on_how_many_are_asked_for(recipe):
    r = recipe()
    arrays, z = r.snapshot(r.initial_state()), rng.normal(0, "z", 0, (20, 8))
    np.testing.assert_allclose(r.sample(arrays, z)[:5], r.sample(arrays, z[:5]), atol=1e-6)


def test_the_critic_of_r_sees_less_blur_as_training_goes(recipe):
    r = recipe(model="stylegan3", variant="r")
    kernels = [r._view("real", update, 4)["kernel"] for update in (0, 3125, 6000)]  # of 200,000 · 4 / 32 / 4 updates
    assert kernels[0].max() < kernels[1].max() < kernels[2].max()
    assert all(k.sum() == pytest.approx(1.0, abs=1e-5) for k in kernels)
    assert "kernel" not in r._view("real", 6250, 4) and "kernel" not in recipe()._view("real", 0, 4)
    variance = (kernels[1] * np.arange(-30, 31) ** 2).sum()
    assert variance == pytest.approx(5.0**2, rel=1e-3)


def test_blur_keeps_a_constant_and_spreads_an_impulse():
    kernel = trainer._gaussian(1.0, 3)
    flat, impulse = np.ones((1, 8, 8, 1), "float32"), np.zeros((1, 9, 9, 1), "float32")
    impulse[0, 4, 4] = 1.0
    np.testing.assert_allclose(to_numpy(steps.blur(flat, kernel)), flat, rtol=1e-6)
    np.testing.assert_allclose(
        to_numpy(steps.blur(impulse, kernel))[0, 1:8, 1:8, 0], np.outer(kernel, kernel), atol=1e-7
    )


def test_state_survives_a_checkpoint(recipe):
    state = recipe().initial_state()
    again = unflatten(state, flatten(state))
    assert flatten(again).keys() == flatten(state).keys()
    assert same(branch(flatten(state), "g_ema"), state["g_ema"])


def test_an_interrupted_run_continues_bit_for_bit(runs, recipe, monkeypatch):
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

