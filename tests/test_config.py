import json
import subprocess
import sys

import pytest

from dgan_core import Config
from dgan_core.config import MODELS, PROFILES


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"loss": "wgan"}, "loss must be 'wgan-gp' or 'bce', got 'wgan'"),
        ({"lam": -1}, "lam must be a number ≥ 0, got -1"),
        ({"lam": "three"}, "lam must be a number ≥ 0, got 'three'"),
        ({"lam": float("nan")}, "lam must be a number ≥ 0, got nan"),
        ({"image_size": 100}, "image_size must be 32, 64, 128, 256 or 512, got 100"),
        ({"lamda": 3}, "'lamda' is not a parameter; did you mean 'lam'?"),
        ({"profile": "fast"}, "profile must be 'quick' or 'paper', got 'fast'"),
        ({"profile": ["quick"]}, "profile must be 'quick' or 'paper', got ['quick']"),
        ({"model": "gan"}, "model must be 'dgan', 'stylegan2' or 'stylegan3', got 'gan'"),
        ({"model": "stylegan2", "lam": 3}, "lam is a parameter of the DGAN: leave it out with model 'stylegan2'"),
        ({"model": "stylegan3", "loss": "bce"}, "loss is a parameter of the DGAN: leave it out with model 'stylegan3'"),
        ({"model": "stylegan2", "variant": "r"}, "variant must be 't' with model 'stylegan2', got 'r'"),
        (
            {"run_id": "../x"},
            "run_id must be letters, digits, '.', '_' and '-', at most 100, not starting with '.', got '../x'",
        ),
        ({"lam": 1e300}, "lam must be at most 1,000,000, got 1e+300"),
        ({"lam": True}, "lam must be a number ≥ 0, got True"),
        ({"seed": 10**5000}, "seed must be at most 4,294,967,295, got an unprintable int"),
        ({"backbone_widths": (0, 4)}, "backbone_widths must be two whole numbers (64, 128 unless random), got 0"),
        ({"data": "\0"}, "data must be 'phantom', 'busi' or a BUSI folder, got '\\x00'"),
        ({"backbone": "~no one/x"}, "backbone must be 'imagenet', 'random' or a weights file, got '~no one/x'"),
    ],
)
def test_impossible_parameters_get_one_sentence(parameters, sentence):
    with pytest.raises(ValueError) as error:
        Config(**parameters)
    assert str(error.value) == sentence


def test_a_custom_backbone_has_the_published_widths():
    with pytest.raises(ValueError, match="backbone_widths must be .64, 128. with backbone 'imagenet'"):
        Config(backbone="imagenet")


@pytest.mark.parametrize("lam", [3, 3.0, "3", "3.0"])
def test_lam_arrives_as_int_float_or_string(lam):
    assert Config(lam=lam) == Config(lam=3.0)


def test_paper_profile_is_the_printed_protocol():
    c = Config(profile="paper")
    assert (c.image_size, c.epochs, c.batch_size, c.n_critic) == (512, 500, 2, 5)
    assert (c.learning_rate, c.beta_1, c.lr_decay, c.lr_floor) == (1e-5, 0.5, 0.995, 1e-7)
    assert (c.latent_dim, c.generator_width, c.critic_width, c.backbone) == (100, 512, 128, "imagenet")


def test_profile_yields_to_parameters():
    assert Config(image_size=32).image_size == 32
    assert Config().image_size == PROFILES["quick"]["image_size"]


def test_the_stylegans_have_their_authors_settings():
    two, three = (Config(profile="paper", model=model) for model in ("stylegan2", "stylegan3"))
    for c in (two, three):
        assert (c.image_size, c.batch_size, c.n_critic, c.lr_decay) == (512, 32, 1, 1.0)
        assert (c.latent_dim, c.w_dim, c.channel_base, c.channel_max) == (512, 512, 32768, 512)
        assert (c.beta_1, c.beta_2, c.ada_target, c.ada_images) == (0.0, 0.99, 0.6, 500_000)
    assert (two.mapping_layers, two.style_mixing, two.path_weight) == (8, 0.9, 2.0)
    assert (three.mapping_layers, three.style_mixing, three.path_weight) == (2, 0.0, 0.0)
    assert (two.learning_rate, two.critic_rate * two.learning_rate) == (0.002, 0.002)
    assert (three.learning_rate, three.critic_rate * three.learning_rate) == (0.0025, 0.002)
    assert two.r1_gamma == pytest.approx(0.0002 * 512**2 / 32)
    assert three.r1_gamma == pytest.approx(8.2, abs=0.05)


def test_the_models_table_comes_after_the_profile_and_before_parameters():
    c = Config(model="stylegan2")
    assert (c.image_size, c.latent_dim, c.learning_rate) == (64, MODELS["stylegan2"]["quick"]["latent_dim"], 0.002)
    assert Config(model="stylegan2", learning_rate=1.0).learning_rate == 1.0
    assert Config(model="stylegan2", loss="wgan-gp", lam="5").lam == 5.0  # what a notebook passes unasked


@pytest.mark.parametrize("model", ["dgan", "stylegan2", "stylegan3"])
def test_tables_name_parameters_and_survive_being_written(model):
    for table in (*PROFILES.values(), *MODELS[model].values()):
        assert table.keys() <= Config.model_fields.keys()
    c = Config(model=model)
    assert Config(**json.loads(c.model_dump_json())) == c


def test_weights_follow_lam_unless_overridden():
    c = Config(lam=3, perceptual_scale=0.5)
    assert (c.weight_penalty, c.weight_perceptual) == (3.0, 1.5)
    c = Config(lam=3, lam_gp=10, lam_perceptual=0, perceptual_scale=0.5)
    assert (c.weight_penalty, c.weight_perceptual) == (10.0, 0.0)


def test_learning_rate_decays_to_its_floor():
    c = Config(profile="paper")
    assert c.rate(0) == 1e-5
    assert c.rate(100) == pytest.approx(1e-5 * 0.995**100, rel=1e-12)
    assert c.rate(2000) == 1e-7
    assert Config(learning_rate=1e-9).rate(0) == 1e-9


def test_snapshots_are_even_and_end_with_the_last_epoch():
    assert Config(epochs=40, snapshots=5).snapshot_epochs() == (0, 8, 16, 24, 32, 40)
    assert Config(epochs=2, snapshots=5).snapshot_epochs() == (0, 1, 2)


def test_run_ids_tell_configurations_apart():
    ids = {Config(**p).run_id for p in ({}, {"lam": 3}, {"lam_gp": 3}, {"loss": "bce"}, {"seed": 1}, {"data": "busi"})}
    assert len(ids) == 6
    names = [Config(model="stylegan2"), Config(model="stylegan3", seed=1), Config(model="stylegan3", variant="r")]
    assert [c.run_id for c in names] == ["stylegan2-seed0", "stylegan3-seed1", "stylegan3-seed0-r"]
    assert Config(model="stylegan3", variant="r", data="busi").run_id == "stylegan3-seed0-r-busi"


def test_a_name_made_of_large_numbers_is_still_a_name():
    c = Config(lam=1e6)
    assert c.run_id == "dgan-wgan-gp-lam1e06-seed0" and Config(**json.loads(c.model_dump_json())) == c


def test_from_notebook_takes_plain_values_only():
    names = {"lam": "3", "loss": "bce", "epochs": None, "pytest": pytest, "_x": 1, "In": [], "Config": Config}
    assert Config.from_notebook(names) == Config(lam=3, loss="bce")
    with pytest.raises(ValueError, match="'epoch' is not a parameter; did you mean 'epochs'"):
        Config.from_notebook({"epoch": 3})
    with pytest.raises(ValueError, match="lam must be a number ≥ 0, got {'a': 1}"):
        Config.from_notebook({"lam": {"a": 1}})


def test_importing_the_package_loads_no_framework():
    code = "import sys, dgan_core; assert not {'tensorflow', 'torch', 'keras', 'umap'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
