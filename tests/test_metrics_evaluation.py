"""`evaluate`: which numbers it gives, by which names, and what it refuses before any work."""

import sys

import numpy as np
import pytest

from dgan_cli.text_table import rows
from dgan_core import metrics
from dgan_core.evaluations import Evaluation, read_evaluation, save_evaluation
from dgan_core.metrics import evaluation
from dgan_core.metrics.intervals import Interval
from dgan_core.metrics.table import METRICS, PARTS, canonical, chosen, heading, honest, split

rng = np.random.default_rng(5)
PAIRED = ["lpips_real_fake", "lpips_fake_fake", "ms_ssim_real_fake", "ms_ssim_fake_fake"]
WITH_INTERVAL = ["kernel_distance", "frechet_distance", "swd_pca", "swd_umap", *PAIRED]
NEIGHBOURS = ["precision", "recall", "density", "coverage"]
KEYS = (
    [f"{name}{part}" for name in WITH_INTERVAL + NEIGHBOURS for part in ("", "_low", "_high", "_floor")]
    + [f"{name}{part}" for name in PAIRED for part in ("_std", "_std_floor")]
    + [f"kernel_distance_subsets{part}" for part in ("", "_std", "_floor", "_std_floor")]
    + ["memorisation_share", "memorisation_share_floor", "memorisation_p", "swd_umap_std"]
)


def images(n, size=32, channels=1):
    return rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8)


def test_within_a_set_each_pair_counts_once_and_no_image_with_itself():
    pairs = np.array([[0.0, 1, 2], [1, 0, 6], [2, 6, 0]])
    assert metrics.pair_summary(pairs, within=True) == (3.0, pytest.approx(np.std([1, 2, 6])))
    assert metrics.pair_summary(pairs)[0] == pytest.approx(2.0)
    with pytest.raises(ValueError, match="NaN"):
        metrics.pair_summary(pairs * np.nan)


def test_halves_are_disjoint_and_repeat():
    first, second = evaluation.halves(11, seed=3)
    assert len(first) == len(second) == 5 and len({*first, *second}) == 10
    assert (first == evaluation.halves(11, seed=3)[0]).all() and (first != evaluation.halves(11, seed=4)[0]).any()


def test_fid_and_kid_are_names_of_inceptions_distances_alone():
    assert canonical("fid_low") == "frechet_distance_low" and canonical("recall") == "recall"
    assert canonical("kid_subsets_std_floor") == "kernel_distance_subsets_std_floor"
    assert split("kid_subsets_std_floor") == ("kid_subsets", "_std_floor") and split("kid") == ("kid", "")
    assert honest("frechet_distance_infinity_low", "inception (clean-fid)") == "fid_infinity_low"
    for other in ("inception:mine.npz", "random-inception", "efficientnet-lite0", "own:f"):
        assert honest("kernel_distance_floor", other) == "kernel_distance_floor"
        assert heading("fid", other) == f"Fréchet distance ({other})"
    assert heading("kid") == "KID" and heading("kernel_distance", "inception") == "KID"
    assert heading("fid", "inception (clean-fid)") == "FID (inception (clean-fid))"
    assert chosen(["fid", "lpips"]) == ("frechet_distance", *PAIRED[:2])
    assert chosen(["recall", "recall"]) == ("recall",)
    with pytest.raises(ValueError, match="metrics must be fid, kid or names, .* got 'fidd'"):
        chosen(["fidd"])
    assert {m.better for m in METRICS.values()} == {"low", "high", "one"}


def test_features_alone_give_the_distances_and_shares():
    real, fake = rng.normal(size=(40, 12)), rng.normal(size=(40, 12)) + 1
    numbers = metrics.evaluate_features(real, fake, "inception", intervals=False, floor=False)
    assert sorted(numbers) == sorted(
        ["fid", "kid", "kid_subsets", "kid_subsets_std", "precision", "recall", "density", "coverage", "swd_pca"]
    )
    assert numbers["fid"] == metrics.frechet_distance(real, fake)
    assert numbers["kid"] == metrics.kernel_distance(real, fake)
    subsets = metrics.kernel_distance_subsets(real, fake, 20, 100, 0)
    assert (numbers["kid_subsets"], numbers["kid_subsets_std"]) == subsets
    assert numbers["recall"] == metrics.precision_recall(real, fake).recall
    a, b = evaluation.halves(40)
    whole = metrics.evaluate_features(real, fake, "random-vgg16", ["kernel_distance", "recall"])
    assert whole["kernel_distance_floor"] == metrics.kernel_distance(real[a], real[b])
    interval = metrics.kernel_distance_interval(real, fake)
    assert (whole["kernel_distance"], whole["kernel_distance_low"], whole["kernel_distance_high"]) == interval
    assert {split(name)[0] for name in whole} == {"kernel_distance", "recall"}
    with pytest.raises(ValueError, match="at least 12 real and 6 generated"):
        metrics.evaluate_features(real[:11], fake)


@pytest.fixture
def no_umap(monkeypatch):
    """PCA in UMAP's place, which takes seconds."""
    monkeypatch.setattr(evaluation, "umap_repeats", lambda x, y, seeds, *_, **__: [metrics.pca(x, y)] * len(seeds))


def evaluated(real, fake, extractor="random-vgg16", **options):
    return metrics.evaluate(real, fake, extractor, lpips_weights="random", **options)


def test_evaluate_gives_every_metric_with_its_parts(no_umap, tmp_path):
    real, fake, stages = images(14), images(12), []
    result = evaluated(real, fake, cache=tmp_path, progress=lambda *call: stages.append(call))
    numbers = result.numbers
    assert sorted(numbers) == sorted(KEYS)
    settings = result.settings
    assert (settings["n_real"], settings["n_fake"], settings["subset_size"]) == (14, 12, 6)
    assert (settings["extractor"], settings["lpips"], settings["ms_ssim_levels"]) == ("random-vgg16", "alex-random", 2)
    assert all(type(v) is float and np.isfinite(v) for v in numbers.values())
    for name in WITH_INTERVAL + NEIGHBOURS:
        low, value, high = (numbers[name + part] for part in ("_low", "", "_high"))
        assert low <= value <= high and low < high
        assert low >= 0 or name == "kernel_distance"  # whose unbiased estimate may lie below 0
    assert {k: (v.shape, v.dtype) for k, v in result.embeddings.items()} == {
        f"{name}_{side}": ((n, 2), np.float32) for name in ("pca", "umap") for side, n in (("real", 14), ("fake", 12))
    }
    assert any("14 real and 12 generated images" in note for note in result.notes)
    assert all(0 <= done <= total for _, done, total in stages) and len({stage for stage, _, _ in stages}) >= 6
    again = evaluated(real, fake, cache=tmp_path)
    assert again.numbers == numbers == evaluated(real, fake).numbers


def test_other_extractors_give_the_numbers_of_features_alone():
    real, fake = images(14), images(14)

    def brightness(x):
        return x.reshape(len(x), -1)[:, :40].astype(float)

    def squares(x):
        return brightness(x) ** 2

    brief = {"intervals": False, "umap": False, "metrics": ["recall"]}
    result = evaluated(real, fake, others=[brightness, squares], **brief)
    assert set(result.numbers) == {"recall", "recall_floor"} and result.settings["lpips"] is None
    assert list(result.others) == ["own:brightness", "own:squares"] == result.settings["others"]
    expected = metrics.evaluate_features(brightness(real), brightness(fake), "own:brightness", intervals=False)
    assert result.others["own:brightness"] == expected
    assert "swd_pca" in expected and not result.embeddings and result.copies is None


def test_what_is_left_out_is_not_computed(monkeypatch):
    def never(*_, **__):
        raise AssertionError("computed though left out")

    for name in ("umap_repeats", "lpips_pairs", "lpips_network", "ms_ssim_pairs", "frechet_distance_interval",
                 "kernel_distance_interval", "precision_recall_interval", "density_coverage_interval"):  # fmt: skip
        monkeypatch.setattr(evaluation, name, never)
    wanted = ["frechet_distance", "precision", "density", "swd"]
    numbers = evaluated(images(20), images(20), metrics=wanted, intervals=False, floor=False, umap=False).numbers
    assert sorted(numbers) == ["density", "frechet_distance", "precision", "swd_pca"]
    assert not [name for name in numbers if name.endswith(PARTS)]


def test_evaluate_tells_images_apart_from_its_floor(no_umap):
    real, fake = images(24), images(24) // 2 + 64
    numbers = evaluated(real, fake).numbers
    assert (
        numbers["kernel_distance"] > 10 * abs(numbers["kernel_distance_floor"]) and numbers["kernel_distance_low"] > 0
    )
    assert numbers["frechet_distance"] > 2 * numbers["frechet_distance_floor"]
    assert numbers["frechet_distance_infinity"] < numbers["frechet_distance"]
    assert numbers["memorisation_p"] > 0.05
    copied = evaluated(real, real.copy(), metrics=["memorisation"])
    assert copied.numbers["memorisation_p"] <= 0.05 and copied.copies.nearest.tolist() == list(range(24))
    assert copied.notes == [
        f"{len(real)} of the {len(real)} generated images equal a real one, pixel for pixel: leave them out"
    ]


def test_repeats_and_cut_off_pairs_are_told():
    real = images(12)
    result = evaluated(np.repeat(real, 5, 0), images(60), metrics=["recall", "ms_ssim"], intervals=False)
    assert result.notes[0].startswith("48 of the 60 real images repeat another one exactly")
    assert "of MS-SSIM's pairs are exactly 0" in result.notes[1]  # noise: half of its contrast terms are negative


def test_fewer_than_eight_generated_images_have_no_halves(no_umap):
    numbers = evaluated(images(12), images(7)).numbers
    assert "recall" in numbers and "recall_low" not in numbers and "kernel_distance_low" in numbers


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"seed": 2**32 - 10}, "seed must be a whole number from 0 to 4294967285, got 4294967286"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"extractor": "resnet"}, "extractor must be one of efficientnet-lite0, inception"),
        ({"others": ["resnet"]}, "extractor must be one of"),
        ({"metrics": ["fidd"]}, "metrics must be fid, kid or names"),
        ({"batch_size": 0}, "batch_size must be a whole number ≥ 1"),
        ({"device": "gpu"}, "device must be None, 'cpu'"),
        ({"lpips_weights": "none.npz"}, "none.npz', which doesn't exist"),
        ({"real": images(11)}, "at least 12 real and 6 generated images, got 11 and 12"),
        ({"fake": images(12, 48)}, "must be images of one shape"),
        ({"real": images(12, 20), "fake": images(12, 20)}, "at least 32 pixels wide and high for LPIPS"),
    ],
)
def test_arguments_are_refused_before_any_work(monkeypatch, arguments, says):
    monkeypatch.setattr(evaluation, "features", lambda *_: pytest.fail("features were computed first"))
    given = {"real": images(12), "fake": images(12), "lpips_weights": "random", **arguments}
    with pytest.raises((ValueError, FileNotFoundError), match=says):
        metrics.evaluate(**given)


def test_what_was_asked_for_and_is_not_there_is_noted():
    found = evaluated(images(14), images(14), metrics=["frd", "recall", "frechet_distance_infinity"], intervals=False)
    assert set(found.numbers) == {"recall", "recall_floor"}
    noted = "not measured: frd, frechet_distance_infinity, which these images, extractors and options don't allow"
    assert found.notes == [noted]
    assert evaluated(images(14), images(14), metrics="recall", intervals=False).notes == []


def test_a_logarithm_of_nothing_is_left_out_and_the_numbers_are_kept_and_shown(monkeypatch, tmp_path):
    monkeypatch.setattr(evaluation, "frechet_distance_interval", lambda *_: Interval(1.0, 0.0, 2.0))
    x, y = (np.random.default_rng(seed).normal(size=(14, 5)) for seed in (0, 1))
    numbers = metrics.evaluate_features(x, y, "radiomics", ["frd"], floor=False)
    assert numbers == {"frd": 0.0, "frd_high": pytest.approx(np.log(2))}
    save_evaluation(tmp_path, Evaluation(numbers))
    assert read_evaluation(tmp_path).final == numbers
    ((name, value, between, *_),) = rows(numbers)
    assert (name.split()[0], value, between) == ("Fréchet", "0", "")
    monkeypatch.setattr(evaluation, "frechet_distance", lambda *_: 0.0)
    assert metrics.evaluate_features(x, x, "radiomics", ["frd"], intervals=False) == {}


def test_two_extractors_of_one_label_are_refused():
    with pytest.raises(ValueError, match="must have a label each, got random-vgg16, random-vgg16"):
        evaluated(images(14), images(14), others="random-vgg16")


@pytest.mark.parametrize(
    "missing", [{"extractor": "inception", "extractor_weights": "no.npz"}, {"others": ["inception"]}]
)
def test_weights_that_cant_be_had_are_told_before_any_work(monkeypatch, missing):
    def unreachable(published):
        raise ConnectionError("no network")

    monkeypatch.setattr(sys.modules["dgan_core.metrics.features"], "locate", unreachable)
    monkeypatch.setattr(evaluation, "features", lambda *_: pytest.fail("work was done"))
    with pytest.raises((ConnectionError, FileNotFoundError)):
        evaluated(images(14), images(14), **missing)
    if "others" not in missing:  # what no number needs isn't looked for
        evaluated(images(14), images(14), metrics=["ms_ssim"], intervals=False, floor=False, **missing)


def test_the_share_of_zeros_is_of_pairs_of_two_images(monkeypatch):
    monkeypatch.setattr(evaluation, "ms_ssim_pairs", lambda a, b=None, progress=None: np.eye(len(a)))
    found = evaluated(images(14), images(14), metrics=["ms_ssim_fake_fake"], floor=False, intervals=False)
    assert [note for note in found.notes if note.startswith("100% of MS-SSIM's pairs")]


def test_the_features_come_with_the_numbers():
    real, fake = images(14), images(14)
    found = evaluated(real, fake, metrics=["recall"])
    for given, kept in zip((real, fake), found.features["random-vgg16"], strict=True):
        np.testing.assert_allclose(kept, metrics.features(given, "random-vgg16"), rtol=1e-5)
