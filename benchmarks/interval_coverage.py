"""How often the intervals of dgan_core.metrics cover what they are for: python benchmarks/interval_coverage.py

Images stand in as independent feature vectors from populations whose distances are known, so that every repetition can
be judged. Writes results/coverage.json. Half an hour on one core.

Populations: D independent coordinates about a mean of 1, of variance ∝ 1/k² and 0.02 on average, so that a few
directions dominate and the mean is large, as in random-VGG16 features of phantoms and of BUSI. Generated ones are
shifted by a quarter of a deviation and 1.2 times as wide ("apart"), the same with gamma instead of normal coordinates,
of skewness 1, about the most that leading components of those features have ("skewed"), distributed as the real ones
("equal"), apart with a variance ∝ 1/k only, so that all directions count and N = 50 is too few for FID∞ ("slow"), or
as "skewed" with exponential coordinates that spread as far as their mean, worse than features seen here ("heavy").
The intervals' scale was chosen on populations like the first four, by other draws; "heavy" shows what lies beyond. The
intervals of precision, recall, density and coverage were chosen on the first six, by other draws. The last has as many
features as EfficientNet-Lite0, whose variances in phantoms fall about as in "slow".
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dgan_core.io.environment import environment
from dgan_core.io.files import write_json
from dgan_core.metrics import (
    density_coverage,
    density_coverage_interval,
    frechet_distance,
    intervals,
    precision_recall,
    precision_recall_interval,
    sliced_wasserstein,
)

LEVEL = 0.95
# population, D
CASES = (("apart", 64), ("skewed", 64), ("equal", 64), ("apart", 16), ("slow", 64), ("heavy", 64), ("slow", 1280))
SIZES = (50, 210)
N_PROJECTIONS = 100
SEED = 1  # the method was chosen on other draws
N_TRUTH = 4000  # draws of each expectation that has no closed form
OUTPUT = Path(__file__).resolve().parent.parent / "results" / "coverage.json"


@dataclass(frozen=True)
class Population:
    """Independent coordinates, mean + deviation · e."""

    mean: np.ndarray  # (D,)
    deviation: np.ndarray  # (D,)
    shape: float | None  # of e, a standardised gamma variable, of skewness 2/√shape; None: normal

    def draw(self, rng, n):
        size = (n, len(self.mean))
        if self.shape is None:
            return self.mean + self.deviation * rng.standard_normal(size)
        return self.mean + self.deviation * (rng.standard_gamma(self.shape, size) - self.shape) / np.sqrt(self.shape)

    @property
    def variance(self):
        return self.deviation**2

    @property
    def third(self):
        """Third central moment."""
        return self.deviation**3 * (0 if self.shape is None else 2 / np.sqrt(self.shape))


def populations(case, d):
    variance = 1 / np.arange(1, d + 1) ** (1 if case == "slow" else 2)
    deviation = np.sqrt((1 if case == "heavy" else 0.02) * d * variance / variance.sum())
    shape = {"skewed": 4, "heavy": 1}.get(case)
    real = Population(np.ones(d), deviation, shape)
    if case == "equal":
        return real, real
    return real, Population(1 + 0.25 * deviation, 1.2 * deviation, shape)


def mean_kernel(p, q):
    """E k(x, y) of the cubic kernel for independent x ~ p, y ~ q, from the moments of x·y up to the third."""
    a, b, s, t = p.mean, q.mean, p.variance, q.variance
    first = a @ b
    second = first**2 + a @ (t * a) + b @ (s * b) + s @ t
    third = first**3 + 3 * first * (a @ (t * a) + b @ (s * b) + s @ t) + 6 * (a * b) @ (s * t)
    third += p.third @ (b**3 + 3 * t * b) + q.third @ (a**3 + 3 * s * a) + p.third @ q.third
    d = len(a)
    return 1 + 3 * first / d + 3 * second / d**2 + third / d**3


def squared_distances(x, y):
    """‖x − y‖²/D, all pairs: LPIPS is a sum of such terms.  (N, M)"""
    return ((x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * x @ y.T) / x.shape[1]


def plane(x):
    """The two widest coordinates, as an embedding that isn't fitted again."""
    return x[:, :2]


METRICS = {
    "kernel distance": lambda x, y: intervals.kernel_distance_interval(x, y, LEVEL),
    "pair mean, real–fake": lambda x, y: intervals.pair_mean_interval(squared_distances(x, y), False, LEVEL),
    "pair mean, fake–fake": lambda x, y: intervals.pair_mean_interval(squared_distances(y, y), True, LEVEL),
    "Fréchet distance at N": lambda x, y: intervals.frechet_distance_interval(x, y, LEVEL),
    "SWD at N": lambda x, y: intervals.sliced_wasserstein_interval(plane(x), plane(y), N_PROJECTIONS, 0, LEVEL),
    "Fréchet distance, N → ∞": lambda x, y: intervals.frechet_distance_infinity(x, y, 0, LEVEL),
}
NEIGHBOURS = ("precision at N", "recall at N", "density at N", "coverage at N")


def all_intervals(x, y):
    """{metric: its interval}"""
    neighbours = (*precision_recall_interval(x, y, level=LEVEL), *density_coverage_interval(x, y, level=LEVEL))
    return {name: interval(x, y) for name, interval in METRICS.items()} | dict(zip(NEIGHBOURS, neighbours, strict=True))


def truths(p, q, n, rng):
    """What each interval is for: closed forms, and means over many draws of what depends on N, at this N."""
    shift, both = ((p.mean - q.mean) ** 2).sum(), p.variance.sum() + q.variance.sum()
    d = len(p.mean)
    fid, swd, neighbours = np.empty(N_TRUTH), np.empty(N_TRUTH), np.empty((N_TRUTH, len(NEIGHBOURS)))
    for i in range(N_TRUTH):
        x, y = p.draw(rng, n), q.draw(rng, n)
        fid[i], swd[i] = frechet_distance(x, y), sliced_wasserstein(plane(x), plane(y), N_PROJECTIONS)
        neighbours[i] = (*precision_recall(x, y), *density_coverage(x, y))
    return {
        "kernel distance": mean_kernel(p, p) + mean_kernel(q, q) - 2 * mean_kernel(p, q),
        "pair mean, real–fake": (shift + both) / d,
        "pair mean, fake–fake": 2 * q.variance.sum() / d,
        "Fréchet distance at N": fid.mean(),
        "SWD at N": swd.mean(),
        "Fréchet distance, N → ∞": shift + ((p.deviation - q.deviation) ** 2).sum(),  # both covariances are diagonal
        **dict(zip(NEIGHBOURS, neighbours.mean(0), strict=True)),
    }


def measure(case, d, n, repetitions):
    """One row for each metric: how often `repetitions` intervals cover the truth."""
    p, q = populations(case, d)
    seed = (SEED, CASES.index((case, d)), n)
    truth = truths(p, q, n, np.random.default_rng((*seed, 0)))
    found = {name: np.empty((repetitions, 3)) for name in truth}
    rng = np.random.default_rng((*seed, 1))
    for i in range(repetitions):
        x, y = p.draw(rng, n), q.draw(rng, n)
        for name, interval in all_intervals(x, y).items():
            found[name][i] = interval
    rows = []
    for name, (value, low, high) in ((name, table.T) for name, table in found.items()):
        covered = (low <= truth[name]) & (truth[name] <= high)
        least, most = intervals.wilson(covered.mean(), repetitions)
        rows.append({
            "case": case, "features": d, "n": n, "metric": name, "truth": truth[name], "mean": value.mean(),
            "deviation": value.std(ddof=1), "median_width": np.median(high - low), "coverage": covered.mean(),
            "coverage_low": least, "coverage_high": most, "above": (low > truth[name]).mean(),
            "below": (high < truth[name]).mean(),
        })  # fmt: skip
    return [
        {key: value if isinstance(value, str | int) else float(value) for key, value in row.items()} for row in rows
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=400, help="of each case and N (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: results/coverage.json of the project")
    given = parser.parse_args()
    started, rows = time.perf_counter(), []
    print(f"{'case':8}{'D':>4}{'N':>5}  {'metric':22}{'truth':>9}{'mean':>9}{'coverage':>10}  Monte Carlo 95 %")
    for case, d in CASES:
        for n in SIZES:
            for row in measure(case, d, n, given.repetitions):
                rows.append(row)
                print(
                    f"{case:8}{d:4}{n:5}  {row['metric']:22}{row['truth']:9.3f}{row['mean']:9.3f}"
                    f"{row['coverage']:10.1%}  {row['coverage_low']:.1%} to {row['coverage_high']:.1%}"
                )
            print(f"    {time.perf_counter() - started:.0f} s", flush=True)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    seconds = time.perf_counter() - started
    facts = {"level": LEVEL, "repetitions": given.repetitions, "seconds": seconds, "environment": environment()}
    write_json(given.output, {**facts, "rows": rows})
    print(f"written to {given.output}")


if __name__ == "__main__":
    main()
