"""A part of `python -m faults --only inputs`: bad input of each kind, taken right or refused; counting can fail."""

import collections
from pathlib import Path

import numpy as np
import pytest
from faults import inputs
from faults.cases import EITHER, REFUSE, TAKE, Case


@pytest.mark.parametrize("kind", inputs.KINDS)
def test_no_input_is_neither_right_nor_refused(kind, tmp_path):
    cases, most = inputs.KINDS[kind]
    counts = collections.Counter()
    for k in range(max(most // 50, 40)):
        own = Path(tmp_path, str(k))
        own.mkdir()
        case = cases(np.random.default_rng((1, k)), own)  # not the seed of the full run
        outcome = inputs.judge(case)
        counts[outcome.verdict] += 1
        assert outcome.verdict != "lost", f"{case.told}: {outcome.said}"
    assert counts["right"] >= 3 and counts["refused"] >= 3


def fail(error):
    def do():
        raise error

    return do


@pytest.mark.parametrize(
    ("do", "must", "verdict"),
    [
        (lambda: 1, TAKE, "right"),
        (lambda: 1, EITHER, "right"),
        (lambda: 1, REFUSE, "lost"),
        (lambda: 2, EITHER, "lost"),
        (fail(ValueError("a is wrong")), REFUSE, "refused"),
        (fail(FileNotFoundError("a is missing")), EITHER, "refused"),
        (fail(ValueError("a is wrong")), TAKE, "lost"),
        (fail(ValueError("it is so")), EITHER, "lost"),  # doesn't name it
        (fail(ValueError("a is\nwrong")), EITHER, "lost"),
        (fail(ValueError("")), EITHER, "lost"),
        (fail(TypeError("a is wrong")), EITHER, "lost"),
        (fail(UnicodeDecodeError("utf-8", b"a", 0, 1, "a")), EITHER, "lost"),
        (fail(RuntimeWarning("a overflows")), EITHER, "lost"),
    ],
)
def test_a_wrong_end_is_counted_as_lost(do, must, verdict):
    assert inputs.judge(Case("a", do, lambda value: value == 1, must, ("a",))).verdict == verdict
