import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dgan_core import Config, losses
from dgan_core.config import is_busi
from dgan_core.profiles import LOSSES, MODELS, PENALTIES, PROFILES
from dgan_core.training.schedule import learning_rate, r1_gamma, snapshot_epochs, weight_penalty, weight_perceptual


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            {"loss": "wgan"},
            f"loss must be one of {', '.join(LOSSES)}, or one of your own added to losses.OBJECTIVES, got 'wgan'",
        ),
        (
            {"loss": "bce", "penalty": "gradient"},
            f"penalty must be one of {', '.join(PENALTIES)}, or one of your own added to losses.PENALTIES, "
            "got 'gradient'",
        ),
        ({"penalty": "none"}, "penalty must be 'gp' with loss 'wgan-gp', got 'none': choose loss 'wasserstein'"),
        (
            {"model": "stylegan2", "penalty": "r1"},
            "penalty is a parameter of the DGAN: leave it out with model 'stylegan2'",
        ),
        ({"lr": 1e-3}, "'lr' is not a parameter; did you mean 'learning_rate'?"),
        (
            {"_defined": False, "loss": "nope"},
            f"'_defined' is not a parameter; known are {', '.join(Config.model_fields)}",
        ),
        ({"lambda": 3}, "'lambda' is not a parameter; did you mean 'lam'?"),
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
        ({"data": "\0"}, "data must be 'phantom', 'busi' or a folder of images, got '\\x00'"),
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
    assert (two.learning_rate, two.critic_lr_ratio * two.learning_rate) == (0.002, 0.002)
    assert (three.learning_rate, three.critic_lr_ratio * three.learning_rate) == (0.0025, 0.002)
    assert r1_gamma(two) == pytest.approx(5.0, abs=0.05)
    assert r1_gamma(three) == pytest.approx(8.2, abs=0.05)


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
    assert (weight_penalty(c), weight_perceptual(c)) == (3.0, 1.5)
    c = Config(lam=3, lam_penalty=10, lam_perceptual=0, perceptual_scale=0.5)
    assert (weight_penalty(c), weight_perceptual(c)) == (10.0, 0.0)


def test_learning_rate_decays_to_its_floor():
    c = Config(profile="paper")
    assert learning_rate(c, 0) == 1e-5
    assert learning_rate(c, 100) == pytest.approx(1e-5 * 0.995**100, rel=1e-12)
    assert learning_rate(c, 2000) == 1e-7
    assert learning_rate(Config(learning_rate=1e-9), 0) == 1e-9


def test_snapshots_are_even_and_end_with_the_last_epoch():
    assert snapshot_epochs(Config(epochs=40, snapshots=5)) == (0, 8, 16, 24, 32, 40)
    assert snapshot_epochs(Config(epochs=2, snapshots=5)) == (0, 1, 2)


def test_loss_and_penalty_are_chosen_apart_and_the_papers_pair_has_one_name():
    assert (Config().loss, Config().penalty) == ("wgan-gp", "gp")
    assert (Config(loss="bce").penalty, Config(loss="wasserstein").penalty) == ("none", "none")
    assert Config(loss="wasserstein", penalty="gp") == Config(loss="wgan-gp")
    assert Config(loss="bce", penalty="gp").run_id == "dgan-bce-gp-lam5-seed0"
    assert Config(loss="wasserstein", penalty="clip").run_id == "dgan-wasserstein-clip-lam5-seed0"


def test_the_names_of_losses_and_penalties_are_those_of_the_tables():
    assert set(LOSSES) == set(losses.OBJECTIVES) and set(PENALTIES) == set(losses.PENALTIES)


def test_a_readers_own_loss_is_a_loss_once_it_is_in_the_table(monkeypatch):
    with pytest.raises(ValueError, match="got 'mine'"):
        Config(loss="mine")
    monkeypatch.setitem(losses.OBJECTIVES, "mine", losses.OBJECTIVES["hinge"])
    written = json.loads(Config(loss="mine", penalty="r1").model_dump_json())
    monkeypatch.delitem(losses.OBJECTIVES, "mine")
    assert Config.recorded(written).run_id == "dgan-mine-r1-lam5-seed0"


def test_run_ids_tell_what_differs():
    given = [{}, {"lam": 3}, {"lam_penalty": 3}, {"loss": "bce"}, {"seed": 1}, {"data": "busi"}, {"label": "benign"}]
    given += [{"image_size": 32}, {"epochs": 2}, {"resize": "pad"}, {"batch_size": 4}, {"batch_size": 2}]
    given += [{"batch_size": 4, "n_critic": 4}, {"data": "scans"}, {"penalty": "gp"}]
    assert len({Config(**p).run_id for p in given}) == len(given) - 1  # gp is wgan-gp's already
    names = [Config(model="stylegan2"), Config(model="stylegan3", seed=1), Config(model="stylegan3", variant="r")]
    assert [c.run_id for c in names] == ["stylegan2-seed0", "stylegan3-seed1", "stylegan3-seed0-r"]
    assert Config(model="stylegan3", variant="r", data="busi").run_id == "stylegan3-seed0-r-busi"
    tried = Config(loss="bce", lam=3, epochs=2, image_size=32, label="benign", data="/a/Dataset_BUSI_with_GT")
    assert tried.run_id == "dgan-bce-lam3-seed0-busi-benign-32px-2epochs"
    assert Config(extractor="inception").run_id == Config().run_id  # it measures, and trains nothing
    assert Config(run_id=7).run_id == "7"


def test_a_name_made_of_large_numbers_is_still_a_name():
    c = Config(lam=1e6)
    assert c.run_id == "dgan-wgan-gp-lam1e06-seed0" and Config(**json.loads(c.model_dump_json())) == c


CELL = 'profile = "quick"\nloss = "bce"\nlam = 5.0\nepochs = None\nstop_after = None'


def notebook(*cells, **later):
    """globals() of a notebook that has run these cells, and then assigned `later`."""
    names = {"In": ["", *cells]}
    for cell in cells:
        if not cell.startswith("%"):
            exec(cell, names)
    return {**names, **later}


def test_a_notebooks_parameters_are_what_its_cell_and_papermill_assign():
    read = lambda *cells, **later: Config.from_notebook(notebook(*cells, **later), besides=("stop_after",))  # noqa: E731
    assert read(CELL) == Config(loss="bce", lam=5)
    assert read(CELL, "# Parameters\nlam = 3\nresize = 'pad'") == Config(loss="bce", lam=3, resize="pad")
    # what the reader, an import or an earlier run of all cells left behind doesn't matter
    assert read(CELL, epoch=3, resize=pytest, label=["a"], HEADINGS=(1,)) == Config(loss="bce", lam=5)
    assert read(CELL, "# Parameters\nlam = 3", CELL) == Config(loss="bce", lam=5)  # run all again, without papermill's
    assert read(CELL.replace("5.0", "7"), "epoch = 4", "%magic", CELL) == Config(loss="bce", lam=5)
    assert read(CELL + "\nlearning_rat = 3") == Config(loss="bce", lam=5)  # a name of the reader's own
    with pytest.raises(ValueError, match="'epoch' is not a parameter; did you mean 'epochs'"):
        read(CELL, "# Parameters\nepoch = 3")
    with pytest.raises(ValueError, match="lam must be a number ≥ 0, got {'a': 1}"):
        read(CELL.replace("5.0", "{'a': 1}"))


def test_outside_a_notebook_the_names_of_parameters_are_taken():
    assert Config.from_notebook({"lam": "3", "loss": "bce", "epochs": None, "x": 1}) == Config(lam=3, loss="bce")


def test_importing_the_package_loads_no_framework():
    code = "import sys, dgan_core; assert not {'tensorflow', 'torch', 'keras', 'umap'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_class_or_a_folder_may_have_any_name_which_the_runs_name_tells():
    assert Config(label=0).label == "0" and Config(data=2024).data == str(Path.cwd() / "2024")
    assert Config(label="cyst").run_id == "dgan-wgan-gp-lam5-seed0-cyst"
    names = {Config(label=label).run_id for label in ("class 1", "class 2", "доброкачественная", "злокачественная")}
    assert len(names) == 4 and all(re.fullmatch(r"dgan-wgan-gp-lam5-seed0-[0-9a-f]{6}", name) for name in names)
    with pytest.raises(ValueError, match="label must be the name of a class"):
        Config(label="")


def test_busi_is_a_name_of_its_own_in_a_path():
    for path in ("busi", "/data/Dataset_BUSI_with_GT", "/data/Dataset_BUSI_with_GT/malignant", "BUSI.zip"):
        assert is_busi(path), path
    for path in ("phantom", "/home/busisiwe/scans", "/busi/others/scans", "syllabusi/x"):
        assert not is_busi(path), path
