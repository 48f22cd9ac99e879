"""What `python -m faults --only endurance` measures: a leak is seen, noise is none, a short run leaves nothing open."""

import numpy as np
import pytest
from faults import endurance

rng = np.random.default_rng(2)


def test_a_leak_is_seen_through_noise_and_settling():
    settling = [(900.0 - k, 30) for k in range(100)]
    leaking = [(800 + 0.5 * k + rng.normal(0, 20), 40 + k // 50) for k in range(300)]
    found = endurance.flatness([*settling, *leaking])
    assert found["growth_mb"] == pytest.approx(0.5 * 299, abs=15)
    assert found["handles"] == [40, 45]
    assert found["memory_mb"][1] - found["memory_mb"][0] == pytest.approx(150, abs=60)


def test_noise_and_one_spike_are_no_leak():
    samples = [(800 + rng.normal(0, 5), 40) for _ in range(400)]
    samples[200] = (2000.0, 40)
    found = endurance.flatness(samples)
    assert abs(found["growth_mb"]) < 5 and found["handles"] == [40, 40]


def test_a_short_run_leaves_no_handle_open_and_no_byte_beyond_its_rows(runs):
    row = endurance.measure(steps=24, evaluations=2)
    assert row["steps"] == row["log_rows"] == 24
    assert row["log_bytes_beyond_rows"] == 0
    assert row["evaluating"]["handles"][0] == row["evaluating"]["handles"][1]


@pytest.mark.parametrize(
    "change",
    [
        {"training": {"growth_mb": 60.0, "handles": [9, 9]}},
        {"evaluating": {"growth_mb": 0.0, "handles": [9, 10]}},
        {"log_rows": 3},
        {"log_bytes_beyond_rows": 1},
    ],
)
def test_whatever_grows_counts_as_lost(change):
    flat = {"growth_mb": -3.0, "handles": [9, 9]}
    row = {"training": flat, "evaluating": flat, "steps": 2, "log_rows": 2, "log_bytes_beyond_rows": 0}
    assert not endurance.grew(row)
    assert endurance.grew({**row, **change})
