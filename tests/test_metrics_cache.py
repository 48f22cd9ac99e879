import json
import multiprocessing
from importlib import import_module

import numpy as np
import pytest

from dgan_core import metrics
from dgan_core.metrics.cache import array_hash, cached

extractors = import_module("dgan_core.metrics.features")  # the package's attribute of that name is the function
rng = np.random.default_rng(9)
IMAGES = rng.integers(0, 256, (3, 32, 32, 1), dtype=np.uint8)
VALUES = rng.normal(size=(6, 5))


@pytest.fixture
def networks(monkeypatch):
    """Counts the networks asked for; each is a cheap stand-in that depends on everything a network depends on."""
    asked = []

    def build(path, identity, convention, seed, device):
        asked.append((identity, convention))
        scale = 1.0 + len(asked)
        return lambda batch: batch.reshape(len(batch), -1) * scale

    for name, extractor in extractors.EXTRACTORS.items():
        monkeypatch.setitem(extractors.EXTRACTORS, name, extractor._replace(build=build))
    return asked


def entries(folder):
    return sorted(folder.iterdir())


def test_the_second_call_reads_and_asks_no_network(tmp_path, networks):
    first = metrics.features(IMAGES, cache=tmp_path / "new" / "folder")
    second = metrics.features(IMAGES, cache=str(tmp_path / "new" / "folder"), batch_size=1)
    assert len(networks) == 1
    assert second.dtype == np.float64
    assert (first == second).all()
    assert [path.suffix for path in entries(tmp_path / "new" / "folder")] == [".safetensors"]
    metrics.features(IMAGES)
    assert len(networks) == 2  # without a cache everything is computed


def test_real_features_pass_through_unchanged(tmp_path):
    computed = metrics.features(IMAGES)
    assert (metrics.features(IMAGES, cache=tmp_path) == computed).all()
    assert (metrics.features(IMAGES, cache=tmp_path) == computed).all()


def test_whatever_features_depend_on_is_another_entry(tmp_path, networks, monkeypatch):
    pixel = IMAGES.copy()
    pixel[2, 31, 31, 0] ^= 1
    weights = tmp_path / "weights.pth"
    calls = [
        {},
        {"images": pixel},
        {"images": IMAGES[::-1]},
        {"images": IMAGES.reshape(3, 64, 16, 1), "extractor": "random-inception"},
        {"extractor": "random-vgg16"},
        {"extractor": "random-vgg16", "seed": 1},
        {"extractor": "random-inception"},
        {"extractor": "random-inception", "convention": "pytorch-fid"},
        {"extractor": "random-inception", "convention": "clean-fid"},
        {"extractor": "inception", "weights": weights},
    ]
    folder = tmp_path / "cache"
    weights.write_bytes(b"one")
    for k, call in enumerate(calls, 1):
        metrics.features(**{"images": IMAGES, "cache": folder, **call})
        metrics.features(**{"images": IMAGES, "cache": folder, **call})
        assert len(networks) == len(entries(folder)) == k
    weights.write_bytes(b"two")
    metrics.features(IMAGES, "inception", weights, cache=folder)
    monkeypatch.setattr(extractors, "VERSION", extractors.VERSION + 1)
    metrics.features(IMAGES, cache=folder)
    monkeypatch.setattr(extractors, "version", lambda package: "9.9.9")
    metrics.features(IMAGES, cache=folder)
    assert len(networks) == len(entries(folder)) == len(calls) + 3


def test_the_same_weights_under_another_name_are_the_same_entry(tmp_path, networks):
    for name in ("a.pth", "b.pth"):
        (tmp_path / name).write_bytes(b"equal")
        metrics.features(IMAGES, "inception", tmp_path / name, cache=tmp_path / "cache")
    assert len(networks) == 1


def test_an_array_is_known_by_type_shape_and_values():
    x = np.arange(6, dtype=np.int32)
    others = [x.reshape(2, 3), x.reshape(3, 2), x.astype(np.float32), x.view(np.float32), x[::-1], x + 1, x[:5]]
    assert len({array_hash(y) for y in [x, *others]}) == len(others) + 1
    assert array_hash(np.arange(12, dtype=np.int32)[::2]) == array_hash(x * 2)  # however it lies in memory


def spoil(path, change):
    content = bytearray(path.read_bytes())
    path.write_bytes(bytes(change(content)))


def flip(position):
    def change(content):
        content[position] ^= 4
        return content

    return change


SPOILED = {
    "empty": lambda content: b"",
    "cut in the header": lambda content: content[:20],
    "cut in the values": lambda content: content[:-8],
    "longer": lambda content: content + b"\0" * 8,
    "text": lambda content: b"not an entry",
    "length flipped": flip(0),
    "header flipped": flip(30),
    "first value flipped": flip(-VALUES.nbytes),
    "last value flipped": flip(-1),
    "checksum flipped": lambda content: flip(content.index(b'"sha256":"') + 12)(content),
    "shape changed": lambda content: content.replace(b"[6,5]", b"[5,6]"),
    "type changed": lambda content: content.replace(b'"F64"', b'"I64"'),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_damaged_entry_is_never_used_and_written_again(tmp_path, how):
    cached(tmp_path, {"k": 1}, lambda: VALUES)
    [path] = entries(tmp_path)
    whole = path.read_bytes()
    spoil(path, SPOILED[how])
    assert path.read_bytes() != whole
    computed = []
    assert (cached(tmp_path, {"k": 1}, lambda: computed.append(1) or VALUES) == VALUES).all()
    assert computed == [1]
    assert entries(tmp_path) == [path]
    assert (cached(tmp_path, {"k": 1}, lambda: pytest.fail("computed again")) == VALUES).all()


@pytest.mark.parametrize("values", [np.full((2, 3), np.nan), np.full((2, 3), np.inf), np.ones((2, 3), np.float32)])
def test_an_entry_that_is_whole_but_not_finite_float64_is_never_used(tmp_path, values):
    cached(tmp_path, {}, lambda: values)
    assert (cached(tmp_path, {}, lambda: VALUES) == VALUES).all()


def test_an_entry_under_the_name_of_another_is_never_used(tmp_path):
    cached(tmp_path, {"k": 1}, lambda: VALUES)
    [first] = entries(tmp_path)
    cached(tmp_path, {"k": 2}, lambda: VALUES + 1)
    [second] = set(entries(tmp_path)) - {first}
    second.write_bytes(first.read_bytes())
    assert (cached(tmp_path, {"k": 2}, lambda: VALUES + 1) == VALUES + 1).all()


def test_an_entry_tells_what_it_holds(tmp_path):
    from safetensors import safe_open

    metrics.features(IMAGES, "random-vgg16", cache=tmp_path)
    with safe_open(entries(tmp_path)[0], "numpy") as entry:
        description = json.loads(entry.metadata()["description"])
    assert (description["extractor"], description["weights"]) == ("random-vgg16", "seed 0")
    assert description["images"] == array_hash(IMAGES)


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    import os

    def full(*names):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        cached(tmp_path, {}, lambda: VALUES)
    assert entries(tmp_path) == []


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="cache must be a folder or None, got the file"):
        metrics.features(IMAGES, cache=tmp_path / "file")


def write_often(folder, barrier, failures):
    try:
        for k in range(40):
            barrier.wait(30)  # all compute, then all write at once
            got = cached(folder, {"k": k}, lambda k=k: barrier.wait(30) and None or VALUES + k)
            assert (got == VALUES + k).all()
    except BaseException as error:
        barrier.abort()
        failures.put(repr(error))
        raise


def test_processes_that_write_the_same_entry_all_succeed(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier, failures = context.Barrier(3), context.Queue()
    writers = [context.Process(target=write_often, args=(tmp_path, barrier, failures)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0], failures.get(timeout=1)
    assert len(entries(tmp_path)) == 40  # no leftovers
    for k in range(40):
        assert (cached(tmp_path, {"k": k}, lambda: pytest.fail("computed again")) == VALUES + k).all()
