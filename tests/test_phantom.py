"""Phantoms: which draws they depend on, and the signs of each class measured against ground truth."""

import numpy as np
import pytest

from dgan_core.data import phantom as module
from dgan_core.data import phantoms


@pytest.fixture(scope="module")
def sets():
    return {label: phantoms(60, 64, label) for label in ("malignant", "benign", "normal")}


def test_shape_type_and_range(sets):
    for images in sets.values():
        assert images.shape == (60, 64, 64, 1) and images.dtype == np.uint8
        assert images.min() < 20 and images.max() > 200


def test_a_longer_set_extends_a_shorter_one():
    np.testing.assert_array_equal(phantoms(3, 32), phantoms(5, 32)[:3])


def test_seed_and_label_change_every_image():
    first = phantoms(4, 32, seed=0)
    for other in (phantoms(4, 32, seed=1), phantoms(4, 32, "benign", seed=0)):
        assert (first != other).any(axis=(1, 2, 3)).all()


def test_global_random_state_is_neither_read_nor_changed():
    np.random.seed(1)
    before = phantoms(1, 32)
    state = np.random.get_state()[1].copy()
    np.random.seed(2)
    np.testing.assert_array_equal(before, phantoms(1, 32))
    np.random.seed(1)
    np.testing.assert_array_equal(state, np.random.get_state()[1])


def test_no_images_is_an_empty_array():
    assert phantoms(0, 32).shape == (0, 32, 32, 1)


@pytest.mark.parametrize(
    ("n", "size", "label", "message"),
    [
        (1, 64, "cyst", "label must be one of benign, malignant, normal, got 'cyst'"),
        (-1, 64, "benign", "got n=-1 and size=64"),
        (1, 4, "benign", "got n=1 and size=4"),
    ],
)
def test_impossible_requests_raise(n, size, label, message):
    with pytest.raises(ValueError, match=message):
        phantoms(n, size, label)


def test_grey_levels_resemble_busi(sets):
    """At 64 × 64 BUSI has mean 80 (malignant) and 86 (benign), standard deviation 56 and 55."""
    assert abs(sets["malignant"].mean() - 80) < 15 and abs(sets["benign"].mean() - 86) < 15
    assert all(abs(sets[label].std() - 55) < 12 for label in ("malignant", "benign"))


def anatomy(label, i, seed=0):
    entropy = np.random.SeedSequence((seed, module.LABELS[label], i))
    return module.draw_anatomy(np.random.Generator(np.random.Philox(entropy)), label)


@pytest.mark.parametrize("label", ["malignant", "benign"])
def test_the_mass_is_darker_than_the_tissue_beside_it(sets, label):
    contrast = []
    for i, image in enumerate(sets[label][..., 0].astype(float)):
        z, x = (np.array(anatomy(label, i)["centre"]) * 64).astype(int)
        strip = image[z - 2 : z + 3]
        contrast.append(strip[:, x - 2 : x + 3].mean() - strip.mean())
    assert np.mean(np.array(contrast) < 0) > 0.9 and np.mean(contrast) < -20


def test_malignant_is_taller_than_wide_and_shadows_benign_is_wider_and_enhances():
    for i in range(50):
        height, width = anatomy("malignant", i)["radii"]
        assert height > width and anatomy("malignant", i)["behind"] < 0
        height, width = anatomy("benign", i)["radii"]
        assert height < width and anatomy("benign", i)["behind"] > 0


def test_what_lies_behind_a_mass_is_offset_by_its_depth():
    """Far from an ideal disc of diameter 2r the echo changes by behind × 2r on its axis, by nothing beside it."""
    a = anatomy("benign", 0) | {
        "centre": (0.3, 0.5),
        "radii": np.array([0.1, 0.1]),
        "lean": 0.0,
        "behind": 30.0,
        "edge": 0.01,
        "outline": np.zeros((2, 11)),
        "spicules": [],
    }
    z, x = np.meshgrid(*2 * [(np.arange(256) + 0.5) / 256], indexing="ij")
    echo = module.add_mass(np.zeros((256, 256)), a, z, x, np.random.default_rng(0))
    assert echo[-1, 128] == pytest.approx(30 * 0.2, abs=0.3)
    assert echo[-1, 10] == pytest.approx(0, abs=0.05)


def test_one_anatomy_at_every_size():
    """The same image at two sizes differs by speckle and texture, not by its layers and mass."""
    small, large = (phantoms(8, size)[..., 0].astype(float) for size in (64, 128))
    coarse = [images.reshape(8, 8, images.shape[1] // 8, 8, -1).mean((2, 4)) for images in (small, large)]
    same = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(*coarse, strict=True)]
    assert min(same) > 0.5


def test_speckle_of_one_look_is_rayleigh(monkeypatch):
    """Over homogeneous tissue the envelope of one look has mean / standard deviation = 1.91 (Burckhardt 1978)."""
    monkeypatch.setattr(module, "LOOKS", 1)
    envelope = 10 ** (module.scan(np.full((256, 256), -10.0), np.random.default_rng(0)) / 20) - 10 ** (-module.R / 20)
    assert envelope.mean() / envelope.std() == pytest.approx(1.913, rel=0.03)
    assert np.sqrt((envelope**2).mean()) == pytest.approx(np.sqrt(2) * 10 ** (-10 / 20), rel=0.03)
