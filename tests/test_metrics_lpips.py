import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from dgan_core import metrics
from dgan_core.metrics import lpips, ms_ssim
from dgan_core.metrics.lpips import lpips_network

rng = np.random.default_rng(3)


def smooth_images(n, size=64, channels=1):
    x = rng.normal(size=(n, size, size, channels))
    for axis in (1, 2):
        x = sum(np.roll(x, k, axis) for k in range(5))
    return (128 + 12 * x).clip(0, 255).astype(np.uint8)


def slow_ms_ssim(x, y):
    """One pair, window by window."""
    taps = np.exp(-((np.arange(11) - 5.0) ** 2) / 4.5)
    window = np.outer(taps, taps) / taps.sum() ** 2
    x, y = x.astype(float), y.astype(float)
    levels = ms_ssim.ms_ssim_levels(min(x.shape))
    weights = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])[:levels]
    value = 1.0
    for k, weight in enumerate(weights / weights.sum()):
        ssim, contrast = [], []
        for i in range(x.shape[0] - 10):
            for j in range(x.shape[1] - 10):
                p, q = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
                mp, mq = (window * p).sum(), (window * q).sum()
                vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
                c = (window * (p - mp) * (q - mq)).sum()
                contrast.append((2 * c + 58.5225) / (vp + vq + 58.5225))
                ssim.append(contrast[-1] * (2 * mp * mq + 6.5025) / (mp**2 + mq**2 + 6.5025))
        value *= max(np.mean(ssim if k == levels - 1 else contrast), 0) ** weight
        h, w = x.shape[0] // 2, x.shape[1] // 2
        x, y = (z[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean((1, 3)) for z in (x, y))
    return value


def test_ms_ssim_equals_a_slow_reference():
    a, b = smooth_images(2), smooth_images(3)
    b[0] = (a[0] * 0.7 + b[0] * 0.3).astype(np.uint8)  # one similar pair
    expected = [[slow_ms_ssim(x[..., 0], y[..., 0]) for y in b] for x in a]
    assert expected[0][0] > 0.5
    np.testing.assert_allclose(metrics.ms_ssim_pairs(a, b), expected, atol=1e-6)


def test_ms_ssim_of_odd_oblong_images_equals_the_reference():
    a = smooth_images(2, 49)[:, :, :37]
    expected = slow_ms_ssim(a[0, ..., 0], a[1, ..., 0])
    np.testing.assert_allclose(metrics.ms_ssim_pairs(a)[0, 1], expected, atol=1e-6)


def test_ms_ssim_within_one_set_is_the_set_against_itself():
    a = smooth_images(4)
    within = metrics.ms_ssim_pairs(a)
    np.testing.assert_allclose(within, metrics.ms_ssim_pairs(a, a), atol=1e-6)
    np.testing.assert_allclose(np.diag(metrics.ms_ssim_pairs(a, a)), 1, atol=1e-6)
    assert within[~np.eye(4, dtype=bool)].max() < 0.9


def test_ms_ssim_of_duplicates_is_one():
    a = smooth_images(3)
    a[2] = a[0]
    a[:, :40] //= 200  # a black part, as scans have
    np.testing.assert_allclose(metrics.ms_ssim_pairs(a)[0, 2], 1, atol=1e-6)
    np.testing.assert_allclose(metrics.ms_ssim_pairs(a[:2], a[1:])[0, 1], 1, atol=1e-6)
    assert metrics.ms_ssim_pairs(a)[0, 1] < 0.9


def test_ms_ssim_of_black_and_bright_areas_equals_the_reference():  # E[xy] − μμ' cancels most here
    a = smooth_images(2)
    a[0, :, :40], a[1, 20:] = 0, 255
    np.testing.assert_allclose(metrics.ms_ssim_pairs(a)[0, 1], slow_ms_ssim(a[0, ..., 0], a[1, ..., 0]), atol=1e-6)


def test_ms_ssim_in_bounded_memory_is_the_same(monkeypatch):
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", 1)  # each works on an image of its own
    a, b = smooth_images(33, 32, 3), smooth_images(31, 32, 3)
    whole = metrics.ms_ssim_pairs(a), metrics.ms_ssim_pairs(a, b)
    limit = 8 * 32 * 32 * 16  # of eight images
    at_work = 80 * 32 * 32  # on one image, in float64
    kept = []
    for memory_limit in (limit, 2**30):
        tracemalloc.start()
        np.testing.assert_allclose(metrics.ms_ssim_pairs(a, memory_limit=memory_limit), whole[0], atol=1e-12)
        np.testing.assert_allclose(metrics.ms_ssim_pairs(a, b, memory_limit=memory_limit), whole[1], atol=1e-12)
        kept.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert kept[0] < limit + at_work + 60_000 < kept[1]


def test_ms_ssim_of_constant_images_is_luminance_alone():
    a = np.stack([np.full((64, 64, 1), v, np.uint8) for v in (40, 160)])
    luminance = (2 * 40 * 160 + 6.5025) / (40**2 + 160**2 + 6.5025)
    weight = 0.3001 / (0.0448 + 0.2856 + 0.3001)  # of the last of three levels
    assert metrics.ms_ssim_pairs(a)[0, 1] == pytest.approx(luminance**weight, abs=1e-6)


def test_five_levels_keep_the_published_weights():  # 1.0001 together; torch's and TensorFlow's MS-SSIM do the same
    a = np.stack([np.full((176, 180, 1), v, np.uint8) for v in (40, 160)])
    luminance = (2 * 40 * 160 + 6.5025) / (40**2 + 160**2 + 6.5025)
    assert metrics.ms_ssim_pairs(a)[0, 1] == pytest.approx(luminance**0.1333, abs=1e-7)


def test_ms_ssim_of_colour_averages_channels():
    a = smooth_images(2, 32, 3)
    channels = [metrics.ms_ssim_pairs(a[..., c : c + 1])[0, 1] for c in range(3)]
    assert metrics.ms_ssim_pairs(a)[0, 1] == pytest.approx(np.mean(channels))


def test_levels_keep_the_smallest_side_at_eleven():
    assert [metrics.ms_ssim_levels(s) for s in (11, 21, 22, 64, 87, 88, 175, 176, 512)] == [1, 1, 2, 3, 3, 4, 4, 5, 5]
    with pytest.raises(ValueError, match="at least 11 pixels"):
        metrics.ms_ssim_levels(10)


def as_lpips_input(images):
    import torch

    return torch.tensor(images).permute(0, 3, 1, 2).expand(-1, 3, -1, -1).float() / 127.5 - 1


@pytest.mark.parametrize("net", ["alex", "squeeze"])
def test_lpips_equals_the_package_pair_by_pair(net, capsys):
    import torch

    a, b = smooth_images(3), smooth_images(2)
    network = lpips_network(net, "random")
    with torch.no_grad():
        expected = [[network(as_lpips_input(x[None]), as_lpips_input(y[None])).item() for y in b] for x in a]
        inside = network(as_lpips_input(a[:1]), as_lpips_input(a[1:2])).item()
    np.testing.assert_allclose(metrics.lpips_pairs(a, b, net=net, weights="random"), expected, atol=2e-6)
    within = metrics.lpips_pairs(a, net=net, weights="random")
    assert within[0, 1] == pytest.approx(inside, abs=2e-6)
    assert inside > 1e-3
    assert (within == within.T).all()
    assert (np.diag(within) == 0).all()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("shape", [(47, 33, 1), (64, 35, 3)])
def test_lpips_of_odd_oblong_and_colour_images_equals_the_package(shape):
    import torch

    a = smooth_images(2, 64, shape[2])[:, : shape[0], : shape[1]]
    with torch.no_grad():
        expected = lpips_network("alex", "random")(as_lpips_input(a[:1]), as_lpips_input(a[1:])).item()
    assert metrics.lpips_pairs(a, weights="random")[0, 1] == pytest.approx(expected, abs=2e-6)


def test_lpips_of_duplicates_and_constants():
    a = np.concatenate([smooth_images(3), np.full((2, 64, 64, 1), [[[[9]]], [[[240]]]], np.uint8)])
    a[2] = a[0]
    within, across = metrics.lpips_pairs(a, weights="random"), metrics.lpips_pairs(a, a.copy(), weights="random")
    assert within[0, 2] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(np.diag(across), 0, atol=1e-6)
    np.testing.assert_allclose(within, across, atol=1e-6)
    assert min(within[0, 1], within[0, 3], within[3, 4]) > 1e-3


def test_lpips_is_the_same_for_any_memory_limit():
    a, b = smooth_images(40, 32), smooth_images(7, 32)
    image = sum(c * h * h * 4 for c, h in ((64, 7), (192, 3), (384, 1), (256, 1), (256, 1)))
    whole = metrics.lpips_pairs(a, weights="random"), metrics.lpips_pairs(a, b, weights="random")
    for images, n in ((1, 6), (9, 40), (39, 40)):  # how many are held, of how many
        limited = dict(weights="random", memory_limit=images * image)
        np.testing.assert_allclose(metrics.lpips_pairs(a[:n], **limited), whole[0][:n, :n], atol=1e-6)
        np.testing.assert_allclose(metrics.lpips_pairs(a[:n], b, **limited), whole[1][:n], atol=1e-6)


def test_lpips_keeps_to_its_memory_limit():
    """Peaks of a process of its own. SqueezeNet, since building it takes little; 24 images take 200 MB."""
    if not Path("/proc/self/status").is_file():
        pytest.skip("needs /proc: elsewhere a process's peak of memory starts from its parent's")
    code = """
from pathlib import Path
import numpy as np
from dgan_core import metrics

images = np.random.default_rng(0).integers(0, 256, (24, 256, 256, 1), dtype=np.uint8)
for n, limit in ((2, 60), (24, 60), (24, 1000)):
    metrics.lpips_pairs(images[:n], net="squeeze", weights="random", memory_limit=limit * 10**6)
    print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    start, bounded, free = (int(line) / 1e3 for line in done.stdout.split())
    assert bounded - start < 60 < 120 < free - start, done.stdout


@pytest.mark.parametrize(("metric", "options"), [("ms_ssim_pairs", {}), ("lpips_pairs", {"weights": "random"})])
def test_views_of_images_are_taken(metric, options):
    a, pairs = smooth_images(3, 32, 3), getattr(metrics, metric)
    expected = pairs(a, **options)
    np.testing.assert_allclose(pairs(a[::-1], **options), expected[::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(pairs(np.asfortranarray(a), **options), expected, atol=1e-6)


@pytest.mark.parametrize("metric", ["ms_ssim_pairs", "lpips_pairs"])
@pytest.mark.parametrize("limit", [0, 1.5, "2 GB", None])
def test_memory_limits_are_whole_bytes(metric, limit):
    with pytest.raises(ValueError, match="memory_limit must be a whole number"):
        getattr(metrics, metric)(smooth_images(2), memory_limit=limit)


def test_random_lpips_repeats_and_leaves_torchs_generator_alone():
    import torch

    a = smooth_images(2, 32)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    lpips._network.cache_clear()
    first = metrics.lpips_pairs(a, weights="random")
    assert torch.equal(torch.rand(3), expected)
    lpips._network.cache_clear()
    assert (metrics.lpips_pairs(a, weights="random") == first).all()
    assert (metrics.lpips_pairs(a, weights="random", seed=1) != first).any()


def test_official_lpips_reads_torchvisions_layout(tmp_path, monkeypatch):
    import hashlib

    import torch
    from safetensors.torch import save_file

    trunk = lpips_network("alex", "random", 4).net.state_dict()
    trunk = {"features." + k.split(".", 1)[1]: v.contiguous() for k, v in trunk.items()}
    save_file(trunk, tmp_path / "own.safetensors")
    torch.save(trunk, tmp_path / lpips.BACKBONES["alex"].name)
    a = smooth_images(2)
    expected = metrics.lpips_pairs(a, weights="random", seed=4)
    assert (metrics.lpips_pairs(a, weights=str(tmp_path / "own.safetensors")) == expected).all()
    monkeypatch.setenv("DGAN_ASSETS", str(tmp_path))
    content = (tmp_path / lpips.BACKBONES["alex"].name).read_bytes()
    published = lpips.BACKBONES["alex"]._replace(hash=f"sha256:{hashlib.sha256(content).hexdigest()}")
    monkeypatch.setitem(lpips.BACKBONES, "alex", published)
    assert (metrics.lpips_pairs(a) == expected).all()
    lpips._network.cache_clear()


def test_a_missing_or_wrong_weight_file_is_named(tmp_path, monkeypatch):
    a = smooth_images(2)
    with pytest.raises(FileNotFoundError, match="doesn't exist"):
        metrics.lpips_pairs(a, weights=str(tmp_path / "none.pth"))
    (tmp_path / "alexnet-owt-7be5be79.pth").write_bytes(b"cut short")
    monkeypatch.setenv("DGAN_ASSETS", str(tmp_path))
    with pytest.raises(ValueError, match="must be the published alexnet-owt-7be5be79.pth .sha256 7be5be791159472b"):
        metrics.lpips_pairs(a, weights="official")


def test_no_network_is_one_sentence(monkeypatch, tmp_path):
    import requests

    def unreachable(*args, **kwargs):
        raise requests.ConnectionError("no route")

    monkeypatch.setenv("DGAN_ASSETS", str(tmp_path))
    monkeypatch.setattr(requests, "get", unreachable)
    with pytest.raises(ConnectionError, match="put it into a folder as alexnet.*set DGAN_ASSETS"):
        metrics.lpips_pairs(smooth_images(2), weights="official")


@pytest.mark.parametrize("metric", ["ms_ssim_pairs", "lpips_pairs", "features"])
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (np.zeros((3, 64, 64, 1)), "must be uint8"),
        (np.zeros((3, 64, 64), np.uint8), "shape"),
        (np.zeros((3, 64, 64, 2), np.uint8), "shape"),
        (np.zeros((1, 64, 64, 1), np.uint8), "N ≥ 2"),
        (np.zeros((2, 8, 8, 1), np.uint8), "at least"),
    ],
)
def test_images_are_checked(metric, bad, says):
    with pytest.raises(ValueError, match=says):
        getattr(metrics, metric)(bad)
