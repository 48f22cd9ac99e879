"""Each StyleGAN network learns four phantoms by heart: whatever is cut off from its gradient would show here."""

import numpy as np
import pytest

from dgan_core import Config, backend, rng
from dgan_core.data import phantoms
from dgan_core.losses import bce_critic
from dgan_core.training.adam import adam, adam_init
from dgan_stylegan import stylegan2, stylegan3

from keras import ops

SIZE = 32
NARROW = {"image_size": SIZE, "latent_dim": 16, "w_dim": 16, "mapping_layers": 2, "batch_size": 4}
CONFIGS = {
    "stylegan2": Config(model="stylegan2", channel_base=256, channel_max=16, **NARROW),
    "stylegan3": Config(model="stylegan3", channel_base=128, channel_max=8, **NARROW),
}


@pytest.fixture(scope="module")
def images():
    return phantoms(4, SIZE).astype("float32") / 127.5 - 1.0


def descend(loss, parameters, buffers, rate, updates):
    """Losses at every update of Adam, and after the last one; loss(parameters, buffers) → (value, new buffers)."""

    def step(parameters, buffers, state):
        (value, buffers), gradients = backend.value_and_grad(lambda p: loss(p, buffers), parameters)
        assert all(g is not None for g in gradients)
        parameters, state = adam(parameters, gradients, state, rate, 0.9, 0.99)
        return value, parameters, buffers, state

    step, state, values = backend.compile(step), adam_init(parameters), []
    for _ in range(updates):
        value, parameters, buffers, state = step(parameters, buffers, state)
        values.append(float(value))
    values.append(float(loss(parameters, buffers)[0]))
    return values


@pytest.mark.parametrize(
    ("module", "config", "rate", "updates"),
    [(stylegan2, CONFIGS["stylegan2"], 0.01, 150), (stylegan3, CONFIGS["stylegan3"], 0.03, 100)],
    ids=CONFIGS,
)
def test_a_generator_maps_four_fixed_z_to_four_images(images, module, config, rate, updates):
    mapping, synthesis = module.mapping(config), module.synthesis(config)
    z = rng.normal(0, "z", 0, (4, config.latent_dim))
    shapes = module.noise_shapes(config) if module is stylegan2 else []
    noise = [rng.normal(0, "noise", i, (4, *shape, 1)) for i, shape in enumerate(shapes)]
    of_mapping = len(mapping.trainable_variables)

    def loss(parameters, buffers):
        w, _ = mapping.stateless_call(parameters[:of_mapping], [], z)
        ws = ops.tile(w[:, None], (1, module.n_styles(config), 1))
        inputs = [ws, *noise] if noise else ws
        fake, buffers = synthesis.stateless_call(parameters[of_mapping:], buffers, inputs, training=True)
        return ops.mean(ops.square(fake - images)), buffers

    parameters = [v.value for v in (*mapping.trainable_variables, *synthesis.trainable_variables)]
    buffers = [v.value for v in synthesis.non_trainable_variables]
    errors = descend(loss, parameters, buffers, rate, updates)
    # Blind to z, a generator can reach the four images' mean, no lower: a quarter of the data's variance is left.
    blind = np.mean(images.var(axis=0))
    assert 0.2 < blind / images.var() < 0.3
    assert errors[0] > images.var()
    assert errors[-1] < 0.7 * blind


@pytest.mark.parametrize("model", CONFIGS)
def test_a_critic_tells_four_images_from_noise_of_their_mean_and_deviation(images, model):
    config = CONFIGS[model]
    critic = stylegan2.critic(config)
    noise = images.mean() + images.std() * rng.normal(0, "noise images", 0, images.shape)

    def scores(parameters, x):
        return critic.stateless_call(parameters, [], x)[0]

    def loss(parameters, buffers):
        return bce_critic(scores(parameters, images), scores(parameters, noise)), buffers

    values = descend(loss, [v.value for v in critic.trainable_variables], [], 4e-3, 60)
    assert values[0] > 0.5
    assert values[-1] < 0.05
