"""Whole or not there; noticed when damaged, at every byte."""

import gzip
import os

import numpy as np
import pytest
import safetensors.numpy

from dgan_core.io.files import (
    DamagedFile,
    read_arrays,
    read_record,
    remove_partial_files,
    write_arrays,
    write_atomically,
    write_record,
)

ARRAYS = {"a/0": np.float32([[1.5, -2]]), "t": np.array(3, "float32"), "none": np.zeros((0, 3)), "b": np.eye(3).T[::2]}
HALVES = {"g/0": np.float16([[1.5, -2, 6e-8], [65504, np.inf, 0]]), "s": np.array(0.1, "float16")}
RECORD = {"lam": 0.1, "name": "λ", "none": None, "list": [1, 2.5, True], "inner": {"a": 1}}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_failed_write_keeps_the_old_content_and_leaves_nothing(tmp_path, monkeypatch, broken):
    def full(*_):
        raise OSError("no space left")

    path = tmp_path / "x"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and names(tmp_path) == ["x"]


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path):
    write_atomically(tmp_path / "x", b"")
    (tmp_path / ".y.0123.part").write_bytes(b"half")
    (tmp_path / "part").write_bytes(b"")
    remove_partial_files(tmp_path)
    assert names(tmp_path) == ["part", "x"]


@pytest.mark.parametrize("file", ["x", "x.gz"])
def test_arrays_and_facts_come_back_as_they_were(tmp_path, file):
    given = {**ARRAYS, **HALVES, "no half": np.zeros((2, 0), "float16")}
    write_arrays(tmp_path / file, given, {"step": "7"})
    arrays, facts = read_arrays(tmp_path / file)
    assert facts == {"step": "7"} and arrays.keys() == given.keys()
    for name, array in given.items():
        assert arrays[name].shape == array.shape and arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)


def test_a_record_comes_back_and_one_without_its_hash_is_damaged(tmp_path):
    write_record(tmp_path / "x", RECORD)
    assert read_record(tmp_path / "x") == RECORD
    (tmp_path / "old").write_text('{"lam": 3}')
    with pytest.raises(DamagedFile, match="old carries no SHA-256"):
        read_record(tmp_path / "old")
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path / "missing")
    for text in ("[1]", "", '{"a": ', "\0"):
        (tmp_path / "x").write_text(text)
        with pytest.raises(DamagedFile, match="x is damaged"):
            read_record(tmp_path / "x")


def changes(content):
    """Every byte with a bit flipped, and every shorter file."""
    for i in range(len(content)):
        yield content[:i] + bytes([content[i] ^ (1 << i % 8)]) + content[i + 1 :]
        yield content[:i]


def test_no_changed_byte_of_arrays_goes_unnoticed(tmp_path):
    write_arrays(tmp_path / "x", ARRAYS, {"step": "7"})
    for changed in changes((tmp_path / "x").read_bytes()):
        (tmp_path / "x").write_bytes(changed)
        with pytest.raises(DamagedFile, match="x (is damaged|carries no SHA-256)"):
            read_arrays(tmp_path / "x")


def test_a_changed_byte_of_packed_arrays_is_noticed_or_changes_nothing(tmp_path):
    """gzip's own time stamp and system may change."""
    write_arrays(path := tmp_path / "x.gz", HALVES, {"step": "7"})
    content, same = path.read_bytes(), 0
    for changed in changes(content):
        path.write_bytes(changed)
        try:
            arrays, facts = read_arrays(path)
        except DamagedFile as error:
            assert "x.gz is damaged" in str(error) or "carries no SHA-256" in str(error)
        else:
            same += 1
            assert facts == {"step": "7"} and arrays.keys() == HALVES.keys()
            assert all(np.array_equal(arrays[name], HALVES[name]) for name in HALVES)
    assert same < 10 < len(content)


def test_packed_arrays_of_another_program_are_refused_in_one_sentence(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(safetensors.numpy.save(HALVES)))
    with pytest.raises(DamagedFile, match="x.gz carries no SHA-256"):
        read_arrays(tmp_path / "x.gz")


def test_half_precision_is_packed_smaller_than_gzip_alone_packs_it(tmp_path):
    half = np.random.default_rng(0).normal(0, 0.02, 50_000).astype("float16")
    write_arrays(path := tmp_path / "x.gz", {"g": half})
    alone, packed = len(gzip.compress(half.tobytes())), path.stat().st_size
    assert packed < 0.95 * alone < 0.95 * half.nbytes
    write_arrays(tmp_path / "y.gz", {"g": half})
    assert (tmp_path / "y.gz").read_bytes() == path.read_bytes()  # no time stamp


def test_no_changed_byte_of_a_record_goes_unnoticed(tmp_path):
    write_record(tmp_path / "x", RECORD)
    for changed in changes((tmp_path / "x").read_bytes()):
        (tmp_path / "x").write_bytes(changed)
        with pytest.raises(DamagedFile, match="x (is damaged|carries no SHA-256)"):
            read_record(tmp_path / "x")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_record_refuses_what_json_lacks(tmp_path, value):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_record(tmp_path / "x", {"a": value})
    assert names(tmp_path) == []
