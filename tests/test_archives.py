"""Archives and arrays made to harm: what is refused before anything is unpacked, and what unpacking can't exceed."""

import io
import stat
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from dgan_core.io import archives


def packed(path, *members, method=zipfile.ZIP_DEFLATED):
    """An archive of (name or ZipInfo, content)."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def special(name, kind):
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, (kind | 0o777) << 16
    return member


def read_all(path):
    with archives.open_zip(path) as members:
        return {name: read() for name, read in members.items()}


@pytest.mark.parametrize("method", archives.METHODS)
def test_a_good_archive_comes_out_as_it_went_in(tmp_path, method):
    # Other spaces than the plain one are in the names that systems give to screenshots.
    content = {"ä b/1.txt": b"one", "ä b/2": bytes(70_000), "3": b"", "at 1.00\u202fPM\u00a0\u3000.png": b"4"}
    path = packed(tmp_path / "a.zip", ("ä b/", b""), *content.items(), method=method)
    assert read_all(path) == content
    archives.unzip(path, tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in content} == content


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([("../x", b"")], "'../x' outside the archive"),
        ([("/x", b"")], "'/x' outside the archive"),
        ([("a/../../x", b"")], "outside the archive"),
        ([("C:\\x", b"")], "outside the archive"),
        ([("\\\\host\\x", b"")], "outside the archive"),
        ([("a\\..\\..\\x", b"")], "outside the archive"),
        ([(special("l", stat.S_IFLNK), b"/etc/passwd")], "'l' that is a link or a device"),
        ([(special("f", stat.S_IFIFO), b"")], "'f' that is a link or a device"),
        ([(special("d", stat.S_IFBLK), b"")], "'d' that is a link or a device"),
        ([("a/b", b"1"), ("a//b", b"2")], "two members named 'a//b'"),
        ([("a/b", b"1"), ("./a/b", b"2")], "two members named './a/b'"),
        ([("a", b"1"), ("a/b", b"2")], "'a/b' inside one that is no folder"),
        ([("x" * 300, b"")], "that can't be written"),
    ],
)
def test_members_that_would_land_elsewhere_are_refused(tmp_path, members, says):
    path = packed(tmp_path / "a.zip", *members)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=f"^{path} has ") as error:
        archives.unzip(path, tmp_path / "out")
    assert says in str(error.value)
    assert {p for p in tmp_path.rglob("*") if p.name != "out"} == before


def test_a_bomb_is_told_by_its_list_of_members(tmp_path, monkeypatch):
    path = packed(tmp_path / "a.zip", ("zeros", bytes(50_000_000)))
    assert path.stat().st_size < 60_000
    monkeypatch.setattr(archives, "MEMBER_LIMIT", 2**25)
    with pytest.raises(ValueError, match="zeros must unpack to at most 32 MiB, got 47 MiB"):
        read_all(path)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 10**7)
    with pytest.raises(ValueError, match="must unpack to at most 0.01 GB, got 0.05 GB"):
        read_all(path)
    monkeypatch.setattr(archives, "COUNT_LIMIT", 0)
    with pytest.raises(ValueError, match="must have at most 0 members, got 1"):
        read_all(path)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 1000)
    with pytest.raises(ValueError, match="it has more than 1e-06 GB"):
        read_all(path)


def test_a_member_that_lies_about_its_size_yields_no_more_than_it_declares(tmp_path):
    path = packed(tmp_path / "a.zip", ("zeros", bytes(200_000_000)))
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 10)  # of the list; the member's head still says
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(ValueError, match="zeros can't be unpacked"):
        read_all(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(tmp_path, method):
    with pytest.raises(ValueError, match="neither stored nor deflated"):
        read_all(packed(tmp_path / "a.zip", ("zeros", bytes(10)), method=method))


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("array", [np.arange(6).reshape(2, 3), np.float32(3), np.zeros((2, 0)), np.ones((3, 2), bool)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back(tmp_path, array, order):
    array = np.array(array, order=order)
    (tmp_path / "a.npy").write_bytes(npy(array))
    packed(tmp_path / "a.npz", ("a/b.npy", npy(array)))
    for read in (archives.read_npy(tmp_path / "a.npy"), archives.read_npz(tmp_path / "a.npz")["a/b"]):
        np.testing.assert_array_equal(read, array)
        assert read.dtype == array.dtype and read.shape == array.shape


WHOLE = npy(np.arange(100, dtype=np.uint8))


@pytest.mark.parametrize(
    "content",
    [
        npy(np.array([{}, 1], object), allow_pickle=True),
        npy(np.zeros(3, [("a", "u1"), ("b", "f4")])),
        npy(np.array(["text"])),
        WHOLE.replace(b"(100,)", b"(999,)"),  # 899 bytes too many for the file
        WHOLE.replace(b"(100,), ", b"(10**9,)"),  # an expression, not a number
        WHOLE.replace(b"(100,)", b"(-10,)"),
        WHOLE.replace(b"(100,), } ", b"(True,), }"),
        WHOLE.replace(b"'|u1'", b"'|O' "),
        WHOLE.replace(b"NUMPY\x01", b"NUMPY\x03"),
        WHOLE[:-1],
        WHOLE + b"\0",
        WHOLE[:9],
        b"",
    ],
)
def test_headers_that_lie_are_refused(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=f"^{tmp_path}/a.npy is not a complete .npy file of numbers"):
        archives.read_npy(tmp_path / "a.npy")
    packed(tmp_path / "a.npz", ("b.npy", content))
    with pytest.raises(ValueError, match=f"^{tmp_path}/a.npz/b.npy is not a complete .npy file of numbers"):
        archives.read_npz(tmp_path / "a.npz")
