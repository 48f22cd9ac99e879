"""What the metrics cost, beside the published packages: python benchmarks/metrics.py

Both sides in one process, with the same threads, on the same arrays and the same random weights; only the computation
is timed, never the loading of images or networks. A time is the best of three, unless one run takes over 20 s. Packages
that compare one pair at a time are timed on a sample of pairs, and the sample is extrapolated to all of them, in
proportion. Prints a table and writes results/benchmark-metrics.json. About ten minutes on two cores; --quick checks
the script on small arrays in one or two.
"""

import argparse
import copy
import datetime
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

OUTPUT = Path(__file__).resolve().parent.parent / "results" / "benchmark-metrics.json"
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
for variable in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):  # read when the libraries are imported
    os.environ.setdefault(variable, os.environ.get("OMP_NUM_THREADS", str(THREADS)))

import numpy as np  # noqa: E402
import scipy.linalg  # noqa: E402
import threadpoolctl  # noqa: E402

from dgan_core import metrics  # noqa: E402
from dgan_core.data import phantoms  # noqa: E402
from dgan_core.io.environment import environment  # noqa: E402
from dgan_core.io.files import write_json  # noqa: E402
from dgan_core.metrics.torch_setup import import_torchvision  # noqa: E402

PACKAGES = ("scipy", "numba", "torch-fidelity", "pytorch-msssim")  # beside those of `environment`
N, SIZE, D = 210, 512, 2048  # the paper's set, and Inception's features
N_LARGE = 500  # images of SIZE, whose peak of memory is read
EXTRACTED = 64  # images for Inception: its cost is one of images, whatever N
PAIRS = 20  # in a sample
WHOLE = 1500  # images a side of a whole evaluation
COST_N, COST_SIZE = (50, 100, 210, 500, 1000, 2000), 64


def seconds(function, repetitions=3, long=20):
    """Best of the repetitions; of fewer where one is long."""
    best = np.inf
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
        if best > long:
            break
    return best


def row(what, bar, ours, theirs, package, n, how):
    """One line of the table of ratios, printed as it is measured. Theirs may be extrapolated: `how` says so."""
    ratio = theirs / ours
    print(f"{what:42}{ours:11.4g} s{theirs:11.4g} s  {ratio:9.1f}×   bar {bar:g}×  {package}", flush=True)
    facts = {"what": what, "package": package, "n": n, "how": how, "bar": bar, "met": bool(ratio >= bar)}
    return facts | {"ours_seconds": ours, "theirs_seconds": theirs, "ratio": ratio}


def fid_rows(n, d):
    from torch import from_numpy
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    rng = np.random.default_rng(0)
    x, y = rng.gamma(1, 1, (n, d)), rng.gamma(1.1, 1, (n, d))
    ours = seconds(lambda: metrics.frechet_distance(x, y), 20)

    def eigenvalues():
        statistics = [fid_features_to_statistics(from_numpy(z)) for z in (x, y)]
        fid_statistics_to_metric(*statistics, verbose=False)

    def sqrtm():
        a, b = (fid_features_to_statistics(from_numpy(z)) for z in (x, y))
        root = scipy.linalg.sqrtm(a["sigma"] @ b["sigma"])
        shift = a["mu"] - b["mu"]
        return shift @ shift + np.trace(a["sigma"] + b["sigma"] - 2 * root.real)

    how = f"{n} × {d} seeded gamma features a side, statistics included"
    yield row("Fréchet distance of features", 200, ours, seconds(eigenvalues), "torch-fidelity, eigenvalues", n, how)
    yield row("Fréchet distance of features", 400, ours, seconds(sqrtm), "scipy.linalg.sqrtm", n, how)


def pair_rows(images, n_pairs):
    import torch
    from pytorch_msssim import ms_ssim

    from dgan_core.metrics.lpips import lpips_network

    n = len(images)
    every = n * (n - 1) // 2
    first, second = np.random.default_rng(0).permuted(np.tile(np.arange(n), (n_pairs, 1)), axis=1)[:, :2].T
    how = f"all {every} pairs; the package on {n_pairs} of them, one at a time, extrapolated"

    def of_package(function, x):
        with torch.inference_mode():
            sample = seconds(lambda: [function(x[i : i + 1], x[j : j + 1]) for i, j in zip(first, second, strict=True)])
        return sample / n_pairs * every

    network = copy.deepcopy(lpips_network("alex", "random")).to(memory_format=torch.contiguous_format)  # as it comes
    grey = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    theirs = of_package(network, grey.expand(-1, 3, -1, -1) / 127.5 - 1)
    ours = seconds(lambda: metrics.lpips_pairs(images, weights="random"))
    yield row("LPIPS of all pairs, AlexNet", 100, ours, theirs, "lpips", n, how)
    metrics.ms_ssim_pairs(images[:2])  # compiles
    theirs = of_package(ms_ssim, grey)
    ours = seconds(lambda: metrics.ms_ssim_pairs(images))
    yield row("MS-SSIM of all pairs", 25, ours, theirs, "pytorch-msssim", n, how)


def extraction_row(images):
    import torch
    from torch_fidelity.utils import get_featuresdict_from_dataset

    from dgan_core.metrics.features.inception import loaded

    class Colour(torch.utils.data.Dataset):  # as torch-fidelity takes an array in memory
        def __len__(self):
            return len(images)

        def __getitem__(self, i):
            return torch.from_numpy(images[i]).permute(2, 0, 1).expand(3, -1, -1)

    network, dataset = loaded(seed=0), Colour()
    network.eval()

    def theirs():
        return get_featuresdict_from_dataset(dataset, network, 32, cuda=False, save_cpu_ram=True, verbose=False)["2048"]

    def ours():
        return metrics.features(images, "random-inception", batch_size=32)

    np.testing.assert_allclose(ours(), theirs().numpy(), rtol=1e-3, atol=1e-5)
    mine, other = seconds(ours), seconds(theirs)
    n = len(images)
    how = f"{n} images in batches of 32: {n / mine:.1f} images/s, the package {n / other:.1f}"
    yield row("Inception features", 1, mine, other, "torch-fidelity", n, how)


def cost_rows(sizes, size, d):
    """Seconds of each metric on n images or n features a side, for each n."""
    images = phantoms(max(sizes), size)
    rng = np.random.default_rng(0)
    x, y = rng.gamma(1, 1, (max(sizes), d)), rng.gamma(1.1, 1, (max(sizes), d))
    tasks = {
        "features, EfficientNet-Lite0": lambda n: metrics.features(images[:n]),
        "features, random VGG16": lambda n: metrics.features(images[:n], "random-vgg16"),
        "Fréchet distance": lambda n: metrics.frechet_distance(x[:n], y[:n]),
        "kernel distance": lambda n: metrics.kernel_distance(x[:n], y[:n]),
        "kernel distance, 100 subsets": lambda n: metrics.kernel_distance_subsets(x[:n], y[:n], n // 2),
        "LPIPS, all pairs": lambda n: metrics.lpips_pairs(images[:n], weights="random"),
        "MS-SSIM, all pairs": lambda n: metrics.ms_ssim_pairs(images[:n]),
        "precision and recall": lambda n: metrics.precision_recall(x[:n], y[:n]),
        "PCA and SWD": lambda n: metrics.sliced_wasserstein(*metrics.pca(x[:n], y[:n])),
        "UMAP": lambda n: metrics.umap(x[:n], y[:n]),
    }
    for name, task in tasks.items():
        task(min(sizes))  # compiles, builds networks
        for n in sizes:
            measured = seconds(lambda task=task, n=n: task(n), long=2)
            print(f"{name:28}{n:6}{measured:12.4f} s", flush=True)
            yield {"metric": name, "n": n, "seconds": measured}


def budget_rows(n_one, n_whole, size):
    """Seconds of two everyday jobs, beside those that are allowed."""
    import torch

    images = phantoms(n_whole, size)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    metrics.features(images[:2])  # builds the network
    one = seconds(lambda: metrics.features(images[:n_one])) / n_one
    torch.set_num_threads(threads)
    fake = phantoms(n_whole, size, "benign")
    started = time.perf_counter()
    metrics.evaluate(images, fake, lpips_weights="random", umap=False)
    whole = time.perf_counter() - started
    for what, took, allowed in (
        ("EfficientNet-Lite0, an image on one thread", one, 0.025),
        (f"everything but UMAP, {n_whole:,} real and as many generated images of {size}×{size}", whole, 60),
    ):
        print(f"{what:70}{took:10.4g} s   at most {allowed:g} s", flush=True)
        yield {"what": what, "seconds": took, "allowed": allowed, "met": took <= allowed}


def _peak_bytes():
    """Most memory that this process has had. Linux's own count: getrusage's starts from the parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _large(metric, n, size):
    """In a process of its own: (seconds, peak bytes, peak bytes before the images were there)."""
    options = {"weights": "random"} if metric == "lpips_pairs" else {}
    rng = np.random.default_rng(0)
    getattr(metrics, metric)(rng.integers(0, 256, (2, size, size, 1), dtype=np.uint8), **options)
    before = _peak_bytes()
    images = rng.integers(0, 256, (n, size, size, 1), dtype=np.uint8)
    took = seconds(lambda: getattr(metrics, metric)(images, **options), 1)
    return took, _peak_bytes(), before


def memory_rows(n, size):
    from dgan_core.metrics.ms_ssim import MEMORY_LIMIT

    for metric in ("lpips_pairs", "ms_ssim_pairs"):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            took, peak, before = pool.submit(_large, metric, n, size).result()
        print(f"{metric:28}{n:6} images of {size}²{took:10.1f} s  peak {peak / 1e9:.2f} GB", flush=True)
        facts = {"metric": metric, "n": n, "size": size, "seconds": took, "memory_limit": MEMORY_LIMIT}
        yield facts | {"peak_bytes": peak, "before_bytes": before}


def machine():
    """What the times belong to: processor, threads, libraries; no path and no name of a host."""
    facts = environment()
    facts["versions"] |= {name: version(name) for name in PACKAGES}
    keys = ("user_api", "internal_api", "version", "architecture", "num_threads")
    facts["threadpools"] = [{key: pool.get(key) for key in keys} for pool in threadpoolctl.threadpool_info()]
    facts["threads"] = int(os.environ["OMP_NUM_THREADS"])
    facts["openblas_coretype"] = os.environ.get("OPENBLAS_CORETYPE")
    return facts


def save(content, given, default):
    """Write to --output, else to the default, which a --quick run leaves alone."""
    output = given.output or (None if given.quick else default)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_json(output, content)
        print(f"written to {output}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="small arrays, to check the script; writes only with --output"
    )
    parser.add_argument(
        "--large", type=int, metavar="N", help=f"images of 512² in the check of memory (default: {N_LARGE})"
    )
    parser.add_argument("--output", type=Path, help="default: results/benchmark-metrics.json of the project")
    given = parser.parse_args()
    n, size, d, extracted, pairs, cost_n, whole = (
        (16, 176, 256, 4, 3, (50, 100), 24) if given.quick else (N, SIZE, D, EXTRACTED, PAIRS, COST_N, WHOLE)
    )
    large = given.large or (32 if given.quick else N_LARGE)
    import_torchvision()
    started = time.perf_counter()
    images = phantoms(n, size)
    print(f"{n} images of {size}², {os.environ['OMP_NUM_THREADS']} threads")
    ratios = [*fid_rows(n, d), *pair_rows(images, pairs), *extraction_row(images[:extracted])]
    cost = list(cost_rows(cost_n, COST_SIZE, d))
    budgets = list(budget_rows(min(64, whole), whole, COST_SIZE))
    memory = list(memory_rows(large, size))
    content = {
        "date": datetime.date.today().isoformat(),
        "quick": given.quick,
        "seconds": time.perf_counter() - started,
        "machine": machine(),
        "size": size,
        "ratios": ratios,
        "cost": {"size": COST_SIZE, "features": d, "rows": cost},
        "budgets": budgets,
        "memory": memory,
    }
    save(content, given, OUTPUT)


if __name__ == "__main__":
    main()
