import numpy as np
import pytest

from dgan_core.metrics.memorisation import CLOSE, memorisation

WIDTH = 1 / np.sqrt(np.arange(1, 33))  # as principal components of features fall off


def draw(seed, n):
    return np.random.default_rng((31, seed)).normal(size=(n, 32)) * WIDTH


TRAIN = draw(0, 80)


def noise(seed, size):
    return np.random.default_rng((32, seed)).normal(size=(80, 32)) * size / np.sqrt(32)


def test_neighbours_by_hand():
    train, fake = np.array([[0.0], [4], [10], [11]]), np.array([[1.0], [10], [100]])
    found = memorisation(train, fake, n_permutations=19)
    # Among four images 0 is single to 4 (4 < ⅔·10), 4 to none, 10 to 11 and 4, and 11 to these two. The distances
    # beyond are 10, 4, 10 and 11: near is below ⅔ of their median, 6⅔. Three of four are copies, so there are twins.
    # 10 and 11 are each other's, so that 0, 4 and {10, 11} are left.
    assert found.twins == 1
    assert found.nearest.tolist() == [0, 2, 3]
    assert found.distance.tolist() == [1, 0, 89]
    assert found.real_distance.tolist() == [4, 4, 6]
    # Now 0 is single to 4, {10, 11} to 4, and 4 to none; beyond are 10, 10 and 4: near is below 6⅔, as 4 and 6 are.
    assert found.real_share == pytest.approx(2 / 3)
    assert found.share == pytest.approx(2 / 3)
    assert not found.clear and found.verdict.startswith("no answer")


def test_distances_equal_a_double_loop():
    fake = draw(1, 30)
    found = memorisation(TRAIN, fake, n_permutations=1)
    for j in (0, 7, 29):
        distance = np.sqrt(((TRAIN - fake[j]) ** 2).sum(1))
        assert found.nearest[j] == distance.argmin()
        assert found.distance[j] == pytest.approx(distance.min())
    for i in (0, 40, 79):
        others = np.sqrt(((np.delete(TRAIN, i, 0) - TRAIN[i]) ** 2).sum(1))
        assert found.real_distance[i] == pytest.approx(others.min())


TYPICAL = np.median(memorisation(TRAIN, TRAIN[:2], n_permutations=1).real_distance)


@pytest.mark.parametrize(
    "fake",
    [
        TRAIN,
        TRAIN[np.random.default_rng(1).integers(0, 80, 200)],
        TRAIN + noise(0, 0.1 * TYPICAL),
        TRAIN + noise(1, 0.4 * TYPICAL),
        np.round(TRAIN / TYPICAL * 8) * TYPICAL / 8,  # quantised
        TRAIN.astype(np.float32),
        np.concatenate([TRAIN[:8], draw(2, 72)]),  # one image in ten
        np.concatenate([TRAIN[:8], 3 * draw(2, 72)]),  # the others far away
        np.repeat(TRAIN[3:4], 80, 0) + noise(2, 0.05 * TYPICAL),  # collapsed to a training image
    ],
    ids=["exact", "resampled", "noise", "more-noise", "quantised", "float32", "a-tenth", "a-tenth-of-far", "collapsed"],
)
def test_a_generator_that_replays_its_training_set_fails(fake):
    found = memorisation(TRAIN, fake, n_permutations=199)
    assert found.memorised and found.p_value <= 0.05, found.verdict
    assert found.verdict.startswith("memorised: ")
    assert memorisation(TRAIN, fake, held_out=draw(3, 60), n_permutations=199).memorised


@pytest.mark.parametrize(
    "fake",
    [draw(4, 80), draw(4, 80) + 20, 3 * draw(4, 80), 0.6 * draw(4, 80), draw(5, 1) + noise(3, 0.05 * TYPICAL)],
    ids=["new", "far", "wide", "too-average", "collapsed-to-a-new-image"],
)
def test_a_generator_that_does_not_replay_passes_even_if_it_is_bad(fake):
    found = memorisation(TRAIN, fake, n_permutations=199)
    assert not found.memorised
    assert "weak evidence" in found.verdict
    assert not memorisation(TRAIN, fake, held_out=draw(3, 60), n_permutations=199).memorised


def test_near_duplicates_in_the_training_set_neither_accuse_nor_excuse():
    train = TRAIN.copy()
    train[:10] = train[10:20] + noise(4, 0.01 * TYPICAL)[:10]  # a quarter of the images has a twin
    assert memorisation(train, train[5:70] + noise(5, 0.3 * TYPICAL)[:65], n_permutations=199).memorised
    assert not memorisation(train, draw(6, 80), n_permutations=199).memorised


def test_a_set_stored_twice_hides_no_copies():
    """Its distances to other images are those of the set stored once; two equal neighbours were once taken for one."""
    b = np.random.default_rng(0).normal(size=(40, 50))
    found = memorisation(np.concatenate([b, b]), b, n_permutations=999)
    assert (found.share, found.twins, found.memorised) == (1, 40, True) and found.p_value <= 0.001
    new = np.random.default_rng(1).normal(size=(40, 50))
    assert not memorisation(np.concatenate([b, b]), new, n_permutations=199).memorised


@pytest.mark.parametrize("times", [2, 3, 5])
@pytest.mark.parametrize("size", [0.05, 0.2, 0.3])
def test_near_twins_hide_no_copies_and_make_none(times, size):
    train = np.concatenate([TRAIN + noise((7, k), size * TYPICAL) for k in range(times)])
    copied = memorisation(train, TRAIN + noise(8, size * TYPICAL), n_permutations=199)
    assert copied.memorised and copied.share > 0.9 and copied.twins == pytest.approx(80 * (times - 1), rel=0.02)
    new = memorisation(train, draw(9, 80), n_permutations=199)
    assert not new.memorised and new.clear
    assert memorisation(train, TRAIN, held_out=draw(3, 60), n_permutations=199).memorised


def test_where_twins_fade_into_neighbours_the_test_gives_no_answer_or_the_right_one():
    """Chains of frames: every image as far from the next one as the next from the one after."""
    steps = np.random.default_rng(10).normal(size=(10, 12, 32)) * 0.4 * TYPICAL / np.sqrt(32)
    train = (draw(11, 10)[:, None] + steps.cumsum(1)).reshape(-1, 32)
    found = memorisation(train, train[::2] + noise(12, 0.1 * TYPICAL)[:60], n_permutations=199)
    assert found.memorised or not found.clear


def test_phantoms_stored_twice_with_noise_are_found_by_trained_features():
    from dgan_core import metrics
    from dgan_core.data import phantoms

    rng = np.random.default_rng(13)

    def features(images):
        noisy = images + rng.integers(-3, 4, images.shape)
        return metrics.features(noisy.clip(0, 255).astype(np.uint8))

    scans, others = phantoms(20, 64).astype(int), phantoms(20, 64, seed=1).astype(int)
    twice = np.concatenate([features(scans), features(scans)])
    assert memorisation(twice, features(scans), n_permutations=199).memorised
    assert not memorisation(twice, features(others), n_permutations=199).memorised


@pytest.mark.parametrize("held_out", [False, True])
def test_false_alarms_are_at_most_as_frequent_as_the_level_says(held_out):
    """In three dimensions, where a tenth of the real images count as copies: there is something to be wrong about."""
    alarms, shares, rng = [], [], np.random.default_rng(33)
    for _ in range(200):
        train, fake, other = (rng.normal(size=(n, 3)) for n in (50, 50, 50))
        found = memorisation(train, fake, other if held_out else None, n_permutations=39)
        alarms.append(found.memorised)
        shares.append(found.real_share)
    assert np.mean(shares) > 0.08
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert np.mean(alarms) > 0  # a test that never rejects would pass the line above


def test_p_values_repeat_by_seed():
    fake = np.concatenate([TRAIN[:2], draw(7, 78)])
    first = memorisation(TRAIN, fake, n_permutations=99, seed=1)
    assert first.p_value == memorisation(TRAIN, fake, n_permutations=99, seed=1).p_value
    assert memorisation(TRAIN, TRAIN, n_permutations=99).p_value == pytest.approx(1 / 100)
    assert 0 < CLOSE < 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((np.eye(2), np.eye(2)), "train must hold at least 3 images"),
        ((np.eye(4)[[0, 0, 1, 1]], np.eye(4)), "train must hold at least 3 different images, got 2 of 4"),
        ((np.eye(4), np.eye(3)), "train and fake must have equally many features"),
        ((np.eye(4), np.eye(4), np.eye(3)), "train and held_out must have equally many features"),
        ((np.eye(4), np.full((4, 4), np.nan)), "fake must be finite"),
        ((np.eye(4), np.eye(4), None, 0), "n_permutations must be a whole number ≥ 1"),
    ],
)
def test_what_cannot_be_tested_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        memorisation(*arguments)
