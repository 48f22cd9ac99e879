"""The DGAN's iteration against its single updates, known features against computed ones, bfloat16 against float32."""

import numpy as np
import pytest
from steps import critic_step, generator_step

from dgan_core import Config, data, fit, models, rng
from dgan_core.models.precision import computing_in, is_emulated
from dgan_core.training import dgan, loop
from dgan_core.training.schedule import updates
from dgan_core.training.state import flatten

from keras.ops import convert_to_numpy as to_numpy

SIZES = {"batch_size": 4, "n_critic": 3, "epochs": 9, "learning_rate": 1e-3, "lr_decay": 0.5, "critic_lr_ratio": 2.0}


def prepared(config):
    """(trainer, state, data)."""
    trainer = dgan.DGAN(config)
    return trainer, trainer.initial_state(), trainer.prepare(data.load(config).astype("float32") / 127.5 - 1.0)


def one_by_one(trainer, state, images, iteration):
    """What trainer.iteration returns, by critic_step and generator_step."""
    rows = []
    for update in updates(trainer.config, len(images), iteration):
        real = images[update.index]
        state, row = critic_step(trainer, state, real, update.number, update.critic_rate)
        rows.append(row)
    state, row = generator_step(trainer, state, real, iteration, update.rate)
    return state, [*rows, row]


def numbers(rows):
    return [{name: float(value) for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("loss", ["bce", "wgan-gp"])
def test_an_iteration_is_n_critic_updates_of_the_critic_and_one_of_the_generator(tiny, loss):
    """Over the end of an epoch, where order and rate change."""
    trainer, start, real = prepared(Config(**{**tiny, **SIZES, "loss": loss}))
    first, again = start, start
    for iteration in range(2):
        first, rows = trainer.iteration(first, real, iteration)
        again, others = one_by_one(trainer, again, to_numpy(real["images"]), iteration)
        for row, other in zip(numbers(rows), numbers(others), strict=True):
            assert row == pytest.approx(other, rel=1e-4, abs=1e-6)
    begun, ours, theirs = flatten(start), flatten(first), flatten(again)
    assert ours["c_adam/t"] == 6 and ours["g_adam/t"] == 2
    for part in ("g/", "c/"):
        names = [name for name in ours if name.startswith(part)]
        moved, gap = (np.sqrt(sum(np.sum((ours[n] - a[n]) ** 2) for n in names)) for a in (begun, theirs))
        assert moved > 0 and gap < 1e-2 * moved, (moved, gap)


def test_updates_follow_the_epochs_and_the_floor():
    config = Config(**SIZES, lr_floor=3e-4, n_phantoms=9)
    plan = [update for iteration in range(2) for update in updates(config, 9, iteration)]
    assert [update.number for update in plan] == list(range(6))
    assert [update.rate for update in plan] == [np.float32(r) for r in (1e-3, 1e-3, 5e-4, 5e-4, 3e-4, 3e-4)]
    seen = np.concatenate([plan[0].index, plan[1].index])
    assert len(set(seen)) == 8 and set(seen) <= set(range(9))


def test_features_of_real_images_are_computed_once_where_they_fit(tiny, monkeypatch):
    config = Config(**{**tiny, "loss": "wgan-gp"})
    trainer, state, known = prepared(config)
    images = to_numpy(known["images"])
    np.testing.assert_allclose(to_numpy(known["features"]), to_numpy(trainer.backbone(images)), rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(dgan, "FEATURES_LIMIT", to_numpy(known["features"]).size - 1)
    unknown = trainer.prepare(images)
    assert unknown.keys() == {"images"}
    rows, others = (numbers(trainer.iteration(state, real, 0)[1]) for real in (known, unknown))
    for row, other in zip(rows, others, strict=True):
        assert row == pytest.approx(other, rel=1e-4, abs=1e-6)


def test_bfloat16_is_the_activations_alone(tiny):
    """Parameters, statistics, moments, images, scores and losses stay float32."""
    config = Config(**{**tiny, "precision": "bfloat16"})
    trainer, state, real = prepared(config)
    assert {layer.compute_dtype for layer in trainer.critic.layers if "conv" in layer.name or "down" in layer.name} == {
        "bfloat16"
    }
    assert trainer.critic.get_layer("score").compute_dtype == "float32"
    assert trainer.generator.get_layer("image").compute_dtype == "float32"
    after, _ = trainer.iteration(state, real, 0)
    assert {a.dtype for a in flatten(after).values()} == {np.dtype("float32")}
    assert "bfloat16" in str(real["features"].dtype) and "float32" in str(real["images"].dtype)
    wide = flatten(prepared(Config(**tiny))[1])
    assert all(np.array_equal(a, wide[name]) for name, a in flatten(state).items())


@pytest.mark.parametrize("loss", ["bce", "wgan-gp"])
def test_a_step_in_bfloat16_is_that_of_float32_to_its_precision(tiny, loss):
    """8 bits, 0.4 %, a layer: the scores of one minibatch within a few percent of their spread, the step likewise."""
    wider = {
        **tiny,
        "loss": loss,
        "critic_width": 16,
        "generator_width": 64,
        "batch_size": 8,
        "backbone_widths": (8, 8),
    }
    found = []
    for precision in ("float32", "bfloat16"):
        trainer, state, real = prepared(Config(**{**wider, "precision": precision}))
        _, rows = trainer.iteration(state, real, 0)
        found.append(numbers(rows))
    for exact, rounded in zip(*found, strict=True):
        assert rounded == pytest.approx(exact, rel=0.05, abs=0.05)
        assert rounded != exact


def test_images_are_drawn_in_float32_whatever_the_run_trained_in(tiny):
    rounded, exact = (prepared(Config(**{**tiny, "precision": p}))[0] for p in ("bfloat16", "float32"))
    arrays = exact.snapshot(exact.initial_state())
    z = rng.normal(0, "z sample", 0, (3, exact.config.latent_dim))
    np.testing.assert_array_equal(rounded.sample(arrays, z), exact.sample(arrays, z))


def test_emulated_bfloat16_is_told(tiny, tmp_path, monkeypatch, capsys):
    processors = {"flags : fpu avx2": True, "flags : avx512_bf16": False, "Features : asimd bf16": False}
    for k, (text, emulated) in enumerate(processors.items()):
        (tmp_path / f"{k}").write_text(text)
        assert is_emulated(tmp_path / f"{k}") is emulated
    assert not is_emulated(tmp_path / "none")
    monkeypatch.setenv("DGAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(loop.backend, "peak_memory", lambda: None)  # as on a CPU
    for precision, emulated in (("bfloat16", True), ("bfloat16", False), ("float32", True)):
        monkeypatch.setattr(loop, "is_emulated", lambda emulated=emulated: emulated)
        fit(Config(**{**tiny, "precision": precision, "seed": int(emulated)}))
        assert ("emulates bfloat16" in capsys.readouterr().out) == (emulated and precision == "bfloat16")


def test_the_policy_is_what_it_was_after_a_model_was_built(tiny):
    import keras

    before = keras.config.dtype_policy().name
    with pytest.raises(ZeroDivisionError), computing_in("bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        _ = 1 / 0
    assert keras.config.dtype_policy().name == before
    assert models.critic(Config(**tiny)).get_layer("down1").compute_dtype == "float32"


def test_bfloat16_has_runs_of_its_own_and_is_the_dgans_alone(tiny):
    assert Config(precision="bfloat16").run_id == "dgan-wgan-gp-lam5-seed0-bfloat16"
    with pytest.raises(ValueError, match="precision is a parameter of the DGAN: leave it out with model 'stylegan2'"):
        Config(model="stylegan2", precision="bfloat16")
