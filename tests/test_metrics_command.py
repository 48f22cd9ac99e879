"""dgan metrics: its numbers, its table, its file, and one sentence for whatever can't be used."""

import fcntl
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dgan_cli import metrics as command
from dgan_cli.__main__ import main as dgan
from dgan_cli.feature_files import write_features
from dgan_cli.text_table import WIDTHS, rows
from dgan_core import metrics
from dgan_core.io import archives
from dgan_core.metrics.cache import array_hash
from dgan_core.metrics.table import METRICS, honest

BOOK = Path(__file__).resolve().parents[1] / "book"
rng = np.random.default_rng(11)
N = 24
GREY = rng.integers(0, 256, (N, 40, 40, 1), dtype=np.uint8)
SETTINGS = {"n_real": N, "n_fake": N, "extractor": "inception", "lpips": "alex", "ms_ssim_levels": 2}
NO_DOWNLOAD = ["--lpips-weights", "random", "--no-umap"]


def result(numbers, settings=(), others=(), notes=()):
    """What `evaluate` would return."""
    return metrics.Result({"fid": 12.5, **numbers}, SETTINGS | dict(settings), dict(others), {}, None, list(notes))


def encoded(array, form="PNG", mode=None, **options):
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(buffer, form, **options)
    return buffer.getvalue()


def fill(folder, stack=GREY):
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(stack):
        (folder / f"scan ({i + 1}).png").write_bytes(encoded(image[..., 0] if image.shape[-1] == 1 else image))
    return folder


def pack(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "dgan_cli", "metrics", *map(str, arguments)], capture_output=True, text=True
    )


def complaint(capsys, *arguments):
    """The one line on stderr of a command that can't be carried out."""
    try:
        status = command.main([str(argument) for argument in arguments])
    except SystemExit as stop:  # argparse
        status = stop.code
    done = capsys.readouterr()
    assert (status, done.out) == (2, "")
    (line,) = (line for line in done.err.splitlines() if not line.startswith("warning: "))
    return line.removeprefix("dgan metrics: ")


@pytest.fixture
def sets(tmp_path):
    """Two good sets, in a folder with a name that isn't plain."""
    return fill(tmp_path / "réal sçans, (1)"), fill(tmp_path / "fäke", 255 - GREY)


@pytest.fixture
def answer(monkeypatch):
    """Lets a test decide what `evaluate` returns."""

    def set_numbers(numbers, **more):
        monkeypatch.setattr(metrics, "evaluate", lambda *_, **__: result(numbers, **more))

    set_numbers({})
    return set_numbers


def test_the_shell_and_python_give_the_same_numbers(sets, tmp_path):
    real, fake = sets
    archive = pack(tmp_path / "fake 2.zip", {f"in/{path.name}": path.read_bytes() for path in fake.iterdir()})
    out = tmp_path / "résult 1.json"
    done = run(real, archive, *NO_DOWNLOAD, "--seed", 3, "--json", "--output", out)
    assert done.returncode == 0, done.stderr
    written = json.loads(out.read_text())
    assert json.loads(done.stdout) == written
    python = metrics.evaluate(GREY, 255 - GREY, lpips_weights="random", umap=False, seed=3)
    assert written["numbers"] == pytest.approx(python.numbers, rel=1e-4, abs=1e-6)
    assert "kid" not in written["numbers"] and written["settings"] | python.settings == written["settings"]
    assert written["settings"]["extractor"] == "efficientnet-lite0" and written["settings"]["fit"] == "stretch"
    told = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]  # a slow machine tells progress
    assert told == [f"warning: {note}" for note in python.notes] and written["notes"] == python.notes
    shape = {"n": N, "height": 40, "width": 40, "channels": 1, "excluded": 0}
    assert written["real"] == {"source": str(real), **shape, "sha256": array_hash(GREY)}
    assert written["versions"]["numpy"] == np.__version__ and "dgan-core" in written["versions"]


def test_the_shell_ends_with_2_and_a_sentence(tmp_path):
    done = run(tmp_path / "none", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    says = f"{tmp_path / 'none'} doesn't exist: give a folder, a .zip or a .npy file of images"
    assert done.stderr == f"dgan metrics: {says}\n"


# -- the table


def test_the_table_shows_what_there_is_in_80_columns(sets, answer, capsys):
    answer(
        {
            "fid_low": 10.25, "fid_high": 14.75, "fid_floor": 3.0, "kid": -0.00012346, "kid_subsets": 0.25,
            "kid_subsets_std": 0.125, "kid_subsets_floor": 0.375, "lpips_real_fake": 0.75, "lpips_real_fake_low": 0.7,
            "lpips_real_fake_high": 0.8, "lpips_real_fake_std": 0.0625, "memorisation_share": 0.0,
            "memorisation_p": 0.5, "density": 1.25,
        },
        others={"random-vgg16": {"frechet_distance": 1234567.0, "frechet_distance_low": 1e6}},
    )  # fmt: skip
    assert command.main([str(path) for path in sets]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == f"real   24 grey images of 40×40 pixels from {sets[0]}"
    assert max(map(len, lines[2:])) <= 80
    lines = [" ".join(line.split()) for line in lines]
    assert lines[3:6] == ["metric value 95 % interval floor good is", "─" * 80, "features: inception"]
    for expected in (
        "FID 12.5 [10.2, 14.8] 3 low",
        "KID -0.0001235 low",
        "KID, subsets 0.25 ± 0.125 0.375 low",
        "Density 1.25 about 1",
        "Copied images, share 0 low",
        "Copied images, p 0.5 small = copy",
        "pairs: LPIPS by alex, MS-SSIM over 2 levels",
        "LPIPS, real–fake 0.75 [0.7, 0.8] low: alike",
        "features: random-vgg16",
        "Fréchet distance 1.235e+06 low",
    ):
        assert expected in lines
    assert "N = 24" in lines[-1] and lines[-2].startswith("±") and lines[-3].startswith("Floor")
    answer({}, settings={"extractor": "inception:mine.npz"})
    command.main([str(path) for path in sets])
    brief = capsys.readouterr().out
    assert "features: inception:mine.npz" in brief and "Floor" not in brief and "±" not in brief


def test_every_heading_fits_its_column():
    for name in METRICS:
        for extractor in ("inception", "random-vgg16"):
            ((shown, *_),) = rows({honest(name, extractor): 0.0})
            assert len(shown) <= WIDTHS[0], shown
    assert sum(WIDTHS) + len(WIDTHS) - 1 <= 80


def test_warnings_of_counts_colour_and_notes(sets, answer, tmp_path, capsys):
    answer({}, notes=["3 of the 9 generated images equal a real one"])
    colour = tmp_path / "colour.npy"
    np.save(colour, rng.integers(0, 256, (N, 40, 40, 3), dtype=np.uint8))
    assert command.main([str(sets[0]), str(colour)]) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("warning: one set is grey and the other in colour") and "equal a real one" in second


def test_what_is_left_out_is_counted_and_a_glob_in_neither_set_refused(sets, answer, tmp_path, capsys):
    real, fake = sets
    for k in range(3):
        (real / f"note {k}.txt").write_text("x")
    assert command.main([str(real), str(fake), "--exclude", "*.txt", "--output", str(tmp_path / "o.json")]) == 0
    assert f"from {real}, 3 files left out" in capsys.readouterr().out.splitlines()[0]
    written = json.loads((tmp_path / "o.json").read_text())
    assert (written["real"]["excluded"], written["fake"]["excluded"]) == (3, 0)
    line = complaint(capsys, real, fake, "--exclude", "*.txt", "--exclude", "*.text")
    assert line.startswith("exclude must match at least one file, and '*.text' matches none in REAL and FAKE")


# -- features in files, and what they make of the numbers


def test_features_are_written_and_read_again(sets, tmp_path, capsys):
    folder, keep = tmp_path / "kept", ["--metrics", "frechet_distance,recall", "--no-intervals", "--json"]
    assert command.main([*map(str, sets), *keep, "--save-features", str(folder)]) == 0
    whole = json.loads(capsys.readouterr().out)["numbers"]
    for real, fake in ((folder / "real.npz", folder / "fake.npz"), (folder / "real.npz", sets[1])):
        assert command.main([str(real), str(fake), *keep]) == 0
        again = json.loads(capsys.readouterr().out)
        assert again["numbers"] == pytest.approx(whole, rel=1e-4)
        assert again["settings"]["extractor"] == "efficientnet-lite0"
    with np.load(folder / "real.npz") as file:  # as pytorch-fid stores them
        np.savez(tmp_path / "statistics.npz", mu=file["mu"], sigma=file["sigma"])
        np.testing.assert_allclose(file["sigma"], np.cov(file["features"].T), rtol=1e-12)
    line = complaint(capsys, tmp_path / "statistics.npz", sets[1])
    assert line.startswith("--extractor must name what the file's features are")
    extractor = ["--extractor", "efficientnet-lite0"]
    assert command.main([str(tmp_path / "statistics.npz"), str(sets[1]), *extractor, "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["numbers"] == pytest.approx({"frechet_distance": whole["frechet_distance"]}, rel=1e-6)
    assert alone["notes"] == ["statistics alone give the Fréchet distance and nothing else"]
    assert command.main([str(tmp_path / "statistics.npz")] * 2) == 0
    assert "only at equally many images" in capsys.readouterr().out
    line = complaint(capsys, tmp_path / "statistics.npz", tmp_path / "statistics.npz", "--extractor", "radiomics")
    assert line == (
        f"{tmp_path / 'statistics.npz'} must hold features, got mu and sigma alone: radiomics are scaled by the real "
        "set, so save their features by --save-features"
    )
    line = complaint(capsys, folder / "real.npz", sets[1], "--extractor", "random-vgg16")
    assert line == (
        "the file's features are efficientnet-lite0, so --extractor, --weights and --convention must say the same, got "
        "random-vgg16"
    )


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({}, "must hold features (N, D), or mu (D,) and sigma (D, D), got nothing"),
        ({"mu": np.zeros(3), "sigma": np.zeros((3, 2))}, "got mu (3,), sigma (3, 2)"),
        ({"mu": np.zeros(3), "sigma": np.full((3, 3), np.nan)}, "must hold finite statistics"),
        ({"mu": np.full(3, 1e200), "sigma": np.eye(3)}, "must hold finite statistics of features within ±1e+15"),
        ({"features": np.zeros((4, 2, 2))}, "must be an (N, D) array"),
    ],
)
def test_files_that_hold_no_features_are_refused(sets, tmp_path, capsys, arrays, says):
    np.savez(tmp_path / "a.npz", **arrays)
    assert says in complaint(capsys, tmp_path / "a.npz", sets[1])


def test_the_nearest_pairs_are_drawn_and_named(sets, tmp_path, capsys):
    real, fake = sets
    (fake / "scan (7).png").write_bytes((real / "scan (2).png").read_bytes())
    sheet = tmp_path / "copies.png"
    arguments = [str(real), str(fake), "--metrics", "memorisation", "--copies", str(sheet), "--json"]
    assert command.main(arguments) == 0
    first = json.loads(capsys.readouterr().out)["copies"][0]
    assert first == {"fake": "scan (7).png", "real": "scan (2).png", "distance": pytest.approx(0, abs=1e-3)}
    pixels = np.asarray(Image.open(sheet))
    assert pixels.shape == (80, 12 * 40)
    np.testing.assert_array_equal(pixels[:40, :40], GREY[1, ..., 0])
    np.testing.assert_array_equal(pixels[40:, :40], GREY[1, ..., 0])
    assert "copies.png exists" in complaint(capsys, *arguments)
    line = complaint(capsys, *map(str, sets), "--metrics", "recall", "--copies", tmp_path / "other.png")
    assert line == "--copies needs the memorisation test: add memorisation to --metrics"


def test_grey_beside_colour_reaches_the_metrics_as_three_equal_channels(sets, monkeypatch, tmp_path):
    np.save(tmp_path / "colour.npy", rng.integers(0, 256, (N, 40, 40, 3), dtype=np.uint8))
    seen = []
    monkeypatch.setattr(metrics, "evaluate", lambda real, fake, *_: (seen.extend([real, fake]), result({}))[1])
    assert command.main([str(sets[0]), str(tmp_path / "colour.npy")]) == 0
    np.testing.assert_array_equal(seen[0], np.repeat(GREY, 3, 3))
    assert seen[1].shape == (N, 40, 40, 3)


def test_a_name_that_is_no_text_can_be_printed(sets, answer, tmp_path, capsys):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    try:
        os.rename(sets[0], odd)
    except OSError:
        pytest.skip("this file system takes only text as names")
    assert dgan(["metrics", odd, str(sets[1])]) == 0
    assert "\\udcff" in capsys.readouterr().out
    assert dgan(["metrics", odd, str(sets[1]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["real"]["source"] == odd


# -- the file


def test_output_is_never_overwritten_unasked_and_lands_whole(sets, answer, tmp_path, capsys, monkeypatch):
    arguments = [*map(str, sets), "--output", str(tmp_path / "o.json")]
    answer({"fid": 3.0})
    assert command.main(arguments) == 0
    answer({"fid": 1.0})
    capsys.readouterr()
    assert "o.json exists: name another file, or replace it with --force" in complaint(capsys, *arguments)
    assert command.main([*arguments, "--force"]) == 0
    assert json.loads((tmp_path / "o.json").read_text())["numbers"]["fid"] == 1
    answer({"fid": 2.0})
    capsys.readouterr()

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert command.main([*arguments, "--force"]) == 2
    shown = capsys.readouterr()  # hours of work are shown even where they can't be written
    assert "no space left" in shown.err and re.search(r"^FID +2 ", shown.out, re.MULTILINE)
    assert json.loads((tmp_path / "o.json").read_text())["numbers"]["fid"] == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["o.json"]


@pytest.mark.parametrize(("kind", "status"), [(KeyboardInterrupt, 130), (RuntimeError, 1), (ConnectionError, 2)])
def test_an_end_from_within_is_one_line(sets, monkeypatch, capsys, tmp_path, kind, status):
    def stop(*_, **__):
        raise kind("alexnet could not\nbe fetched")

    monkeypatch.setattr(metrics, "evaluate", stop)
    assert command.main([*map(str, sets), "--output", str(tmp_path / "o.json")]) == status
    (line,) = capsys.readouterr().err.splitlines()
    says = {130: "interrupted; no result was written", 1: "unexpected RuntimeError", 2: "--lpips-weights random"}
    assert says[status] in line
    assert not (tmp_path / "o.json").exists()


# -- as a process, `evaluate` replaced to save time


def start(sets, evaluate, **streams):
    code = (  # a background job's children would ignore Ctrl-C
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import sys, time; from dgan_core import metrics; from dgan_cli.metrics import main;"
        f"found = metrics.Result({{'fid': 12.5}}, {SETTINGS!r}, {{}}, {{}}, None, []);"
        f"metrics.evaluate = {evaluate}; sys.exit(main({[str(path) for path in sets]!r}))"
    )
    return subprocess.Popen([sys.executable, "-c", code], text=True, **streams)


def test_ctrl_c_ends_with_130_and_one_line(sets):
    slow = "lambda *_, **__: (print('begun', flush=True), time.sleep(60))"
    with start(sets, slow, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == "dgan metrics: interrupted; no result was written\n"


def test_a_reader_that_leaves_early_is_no_error(sets):
    ours, theirs = os.pipe()
    with start(sets, "lambda *_: found", stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        os.close(ours)
        assert (process.wait(20), process.stderr.read()) == (0, "")


def test_a_terminal_sees_progress(sets):
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 120, 0, 0))  # rows and columns: a new one has none
    shown = "lambda *given: (given[-1]('pairs of images', 3, 9), found)[1]"
    with start(sets, shown, stdout=subprocess.PIPE, stderr=theirs) as process:
        assert process.stdout.read().startswith("real   24 grey images")
        assert process.wait(20) == 0
    os.set_blocking(ours, False)
    seen = os.read(ours, 10_000).decode()
    os.close(ours), os.close(theirs)
    assert "reading REAL: 24 of 24" in seen and "pairs of images: 3 of 9" in seen


# -- arguments


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--size", "0"], "size must be a whole number from 1 to 8192, or (width, height), got (0, 0)"),
        (["--size", "9000"], "size must be a whole number from 1 to 8192"),
        (["--size", "large"], "argument --size: must be S or W×H in pixels, such as 256 or 320x240, got 'large'"),
        (["--size", "30xx40"], "argument --size: must be S or W×H"),
        (["--fit", "fill"], "argument --fit: invalid choice: 'fill'"),
        (["--seed", "-1"], "--seed must be a whole number from 0 to 4294967285, got -1"),
        (["--seed", "4294967291"], "--seed must be a whole number from 0 to 4294967285"),
        (["--batch-size", "0"], "--batch-size must be a whole number ≥ 1"),
        (["--sed", "1"], "unrecognized arguments: --sed 1"),
        (["--metrics", "fidd"], "metrics must be fid, kid or names"),
        (["--metrics", "fid,kid"], "fid, kid need Inception's features: add --extractor inception, or ask for frechet"),
        (["--weights", "none.pth"], "--weights must name a file, got 'none.pth'"),
        (["--lpips-weights", "none.pth"], "--lpips-weights must name a file"),
        (["--output", "none/o.json"], "its folder none doesn't exist"),
        (["--output", "."], "--output must name a file, got the folder ."),
        (["--exclude", "*"], "must hold at least 2 images, got 0"),
        (["--extractor", "inceptoin"], "extractor must be one of efficientnet-lite0, inception"),
        (["--others", "radiomics,x"], "extractor must be one of efficientnet-lite0, inception, radiomics"),
        (["--weights", __file__, "--extractor", "random-vgg16", *NO_DOWNLOAD], "weights must be None for random-vgg16"),
        (
            ["--device", "gpu", *NO_DOWNLOAD],
            "device must be None, 'cpu' or a device with float64 that torch finds here",
        ),
        (["--size", "31", *NO_DOWNLOAD], "at least 32 pixels"),
    ],
)
def test_arguments_are_refused(sets, capsys, arguments, says):
    assert says in complaint(capsys, *sets, *arguments)


def test_sets_of_different_sizes_and_missing_arguments(sets, tmp_path, capsys):
    np.save(tmp_path / "wide.npy", np.zeros((N, 40, 60), np.uint8))
    says = "REAL's images are 40×40 pixels and FAKE's 60×40: resize both of them by --size S"
    assert complaint(capsys, sets[0], tmp_path / "wide.npy") == says
    assert "required: FAKE" in complaint(capsys, sets[0])
    np.save(tmp_path / "three.npy", GREY[:3])
    line = complaint(capsys, sets[0], tmp_path / "three.npy", *NO_DOWNLOAD)
    assert re.search(r"at least \d+ .*got 24 and 3", line)


# -- broken inputs: a good set, spoilt


def png(width, height, depth, colour, data):
    """A PNG written by hand: what Pillow doesn't write."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


LEVELS = GREY[0, ..., 0]
RGB = np.repeat(GREY[0], 3, 2)
FRAMES = [Image.fromarray(image[..., 0]) for image in GREY[1:3]]
CONTENTS = {  # of the file "scan (7).png"
    "zero bytes": (b"", "is empty, 0 bytes"),
    "text": (b"not an image", "is not a readable PNG"),
    "a GIF": (encoded(LEVELS, "GIF"), "is not a readable PNG"),
    "a PNG's first half": (encoded(LEVELS)[:800], "is broken or cut short"),
    "a PNG without its end": (encoded(LEVELS)[:-8], "is broken or cut short (its end is missing)"),
    "a PNG with a changed byte": (flipped(encoded(LEVELS), 500), "is broken or cut short"),
    "a JPEG's first half": (encoded(LEVELS, "JPEG")[:700], "is broken or cut short"),
    "a TIFF's first half": (encoded(LEVELS, "TIFF")[:700], "is broken or cut short"),
    "16-bit grey": (encoded(LEVELS.astype(np.uint16) * 257), "has more than 8 bits a channel"),
    "16-bit colour": (png(40, 40, 16, 2, bytes((1 + 40 * 6) * 40)), "has more than 8 bits a channel"),
    "16-bit grey with alpha": (png(40, 40, 16, 4, bytes((1 + 40 * 4) * 40)), "has more than 8 bits a channel"),
    "32-bit whole numbers": (encoded(LEVELS.astype(np.int32), "TIFF"), "has more than 8 bits a channel"),
    "floats": (encoded(LEVELS.astype(np.float32), "TIFF"), "has more than 8 bits a channel"),
    "an animated WebP": (
        encoded(LEVELS, "WEBP", save_all=True, append_images=FRAMES),
        "must hold one picture, got several",
    ),
    "an animated PNG": (encoded(LEVELS, save_all=True, append_images=FRAMES), "must hold one picture"),
    "a TIFF of pages": (
        encoded(LEVELS, "TIFF", save_all=True, append_images=FRAMES),
        "must hold one picture, got several",
    ),
    "CMYK": (encoded(RGB, "JPEG", "CMYK"), "must be grey or RGB, got CMYK"),
    "LAB": (encoded(RGB, "TIFF", "LAB"), "must be grey or RGB, got LAB"),
    "transparent": (encoded(np.dstack([RGB, LEVELS])), "has transparent pixels"),
    "a transparent level": (encoded(LEVELS, transparency=int(LEVELS[0, 0])), "has transparent pixels"),
    "a header of a gigapixel": (png(40_000, 40_000, 1, 0, b""), "must have at most 8192×8192 pixels"),
    "a header of 81 megapixels": (png(9_000, 9_000, 1, 0, b""), "must have at most 8192×8192 pixels, got 9000×9000"),
    "another size": (encoded(np.zeros((40, 39), np.uint8)), "is 39×40 pixels and"),
}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_a_file_that_cannot_be_used_is_named(sets, tmp_path, capsys, kind, packed):
    real, fake = sets
    content, says = CONTENTS[kind]
    (real / "scan (7).png").write_bytes(content)
    if packed:
        real = pack(tmp_path / "real.zip", {path.name: path.read_bytes() for path in real.iterdir()})
    line = complaint(capsys, real, fake)
    assert line.startswith(f"{real}/scan (7).png {says}")
    if kind == "another size":
        assert line.endswith(f"and {real}/scan (1).png is 40×40: resize all of them with size=S (--size S)")


def stray(real):
    (real / "readme.txt").write_bytes(b"about")
    return "readme.txt is not a readable PNG"


def mask(real):
    shutil.copy(real / "scan (2).png", real / "scan (2)_mask_1.png")
    return "holds masks beside their images, 1 in all, such as 'scan (2)_mask_1'"


def broken_link(real):
    (real / "zz.png").symlink_to(real / "gone.png")
    return "zz.png must be a regular file"


def folder_link(real):
    (real / "more").symlink_to(real)
    return "more is a link to a folder"


def pipe(real):
    os.mkfifo(real / "scan (0).png")
    return "scan (0).png must be a regular file"


def emptied(real):
    for path in real.iterdir():
        path.unlink()
    return "must hold at least 2 images, got 0"


def lone(real):
    for path in list(real.iterdir())[1:]:
        path.unlink()
    return "must hold at least 2 images, got 1"


@pytest.mark.parametrize(
    "spoil", [stray, mask, broken_link, folder_link, pipe, emptied, lone], ids=lambda f: f.__name__
)
def test_folders_that_cannot_be_used(sets, capsys, spoil):
    says = spoil(sets[0])
    assert says in complaint(capsys, *sets)


def cut(path, good):
    path.write_bytes(pack(path, good).read_bytes()[:-40])


def member_spoilt(path, good):
    content = pack(path, good).read_bytes()
    path.write_bytes(flipped(content, content.index(b"scan (1).png") + 400))


def encrypted(path, good):
    content = bytearray(pack(path, good).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)


def unknown_method(path, good):
    content = bytearray(pack(path, good).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(signature) + offset] = 97
    path.write_bytes(content)


def climbing(path, good):
    pack(path, good | {"../a.png": b""})


def rooted(path, good):
    pack(path, good | {"C:\\a.png": b""})


def twice(path, good):
    pack(path, good)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("scan (1).png", b"")


def bomb(path, good):
    pack(path, good | {"a.png": bytes(archives.MEMBER_LIMIT + 1)})


def many_bombs(path, good):
    pack(path, good | {f"{i}.png": bytes(2**20) for i in range(9)})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut, "real.zip is not a complete zip archive"),
        (lambda path, good: path.write_bytes(b""), "real.zip is not a complete zip archive"),
        (member_spoilt, "real.zip/scan (1).png can't be unpacked"),
        (encrypted, "real.zip/scan (1).png is encrypted"),
        (unknown_method, "real.zip/scan (1).png can't be unpacked"),
        (climbing, "real.zip has a member '../a.png' outside the archive"),
        (rooted, "outside the archive"),
        (twice, "real.zip has two members named 'scan (1).png'"),
        (bomb, "real.zip/a.png must unpack to at most 1 MiB"),
        (many_bombs, "real.zip must unpack to at most 0.008 GB, got 0.00944 GB"),
    ],
)
def test_archives_that_cannot_be_used(sets, tmp_path, capsys, monkeypatch, spoil, says):
    monkeypatch.setattr(archives, "MEMBER_LIMIT", 2**20)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 8 * 10**6)
    spoil(tmp_path / "real.zip", {f"scan ({i}).png": encoded(GREY[i, ..., 0]) for i in range(1, 5)})
    assert says in complaint(capsys, tmp_path / "real.zip", sets[1])


def npz(path):
    with open(path, "wb") as file:
        np.savez(file, GREY)


def sparse(path):
    """A header and a hole: 10 GB that take no room."""
    np.lib.format.open_memmap(path, "w+", np.uint8, (40_000, 512, 512)).flush()


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: np.save(path, GREY / 255), "must be uint8 in 0..255, got float64"),
        (lambda path: np.save(path, GREY > 9), "must be uint8 in 0..255, got bool"),
        (lambda path: np.save(path, np.moveaxis(GREY, 3, 1)), "whose channels come first"),
        (lambda path: np.save(path, GREY[:, :0]), "must have shape"),
        (lambda path: np.save(path, np.array([{}], object), allow_pickle=True), "is not a complete .npy file"),
        (lambda path: path.write_bytes(b""), "is not a complete .npy file"),
        (lambda path: path.write_bytes(b"text"), "is not a complete .npy file"),
        (lambda path: (np.save(path, GREY), os.truncate(path, 2000)), "is not a complete .npy file"),
        (npz, "must hold one array, got an .npz archive"),
        (sparse, "must fit in 8 GB, got 40000 images of 512×512×1, 10.5 GB"),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_used(sets, tmp_path, capsys, write, says):
    write(tmp_path / "real.npy")
    line = complaint(capsys, tmp_path / "real.npy", sets[1])
    assert line.startswith(str(tmp_path / "real.npy")) and says in line


def test_sources_that_are_no_sets(sets, capsys):
    assert "must be a folder, a .zip or a .npy file" in complaint(capsys, Path(__file__), sets[1])
    assert "must be a folder, a .zip or a .npy file" in complaint(capsys, sets[0] / "scan (1).png", sets[1])
    assert "doesn't exist" in complaint(capsys, *sets[:1], sets[1] / "none.zip")


def test_the_example_in_the_book_is_what_the_command_prints(monkeypatch):
    """Word for word, and its numbers to a few per cent: libraries round in other places."""
    monkeypatch.syspath_prepend(Path(__file__).resolve().parent.parent / "tools")
    import record_metrics

    number = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
    recorded, printed = record_metrics.FILE.read_text(encoding="utf-8"), record_metrics.printed()
    assert [line.split() for line in number.sub("#", recorded).splitlines()] == [
        line.split() for line in number.sub("#", printed).splitlines()
    ]
    expected, found = (np.array(number.findall(text), float) for text in (recorded, printed))
    np.testing.assert_allclose(found, expected, rtol=0.05, atol=0.005)


def test_what_the_book_says_of_its_example_is_what_it_shows():
    chapter = (BOOK / "own-images.md").read_text(encoding="utf-8")
    table = (BOOK / "_static" / "dgan-metrics.txt").read_text(encoding="utf-8")
    number = r"([\d.]+)"
    seen = {
        name.strip(): [float(text) for text in numbers]
        for name, *numbers in re.findall(
            rf"^(\S.*?)  +{number} +\[{number}, {number}\] +{number}  ", table, re.MULTILINE
        )
    }
    seeing = re.search(r"This is what it prints .*The means\s+over pairs", chapter, re.DOTALL)[0].lower()
    for name in ("Kernel distance", "Recall", "Coverage", "Precision", "Density"):
        _, low, high, floor = seen[name]
        assert low > floor if name == "Kernel distance" else high < floor
        assert name.lower() in seeing
    for name in ("LPIPS, real–fake", "LPIPS, fake–fake", "MS-SSIM, fake–fake"):
        assert seen[name][1] <= seen[name][3] <= seen[name][2]
    assert seen["MS-SSIM, real–fake"][1] > seen["MS-SSIM, real–fake"][3]  # where high is good
    assert re.search("Copied images, share +0 ", table)


def test_the_chapters_lines_of_python_run_on_scans_stored_in_colour_without_masks(tmp_path, monkeypatch):
    (code,) = re.findall(
        r"## From Python\n\n```python\n(.*?)```", (BOOK / "own-images.md").read_text(encoding="utf-8"), re.DOTALL
    )
    fill(tmp_path / "real", np.repeat(GREY, 3, axis=3))
    pack(tmp_path / "generated.zip", {f"{i}.png": encoded(image[..., 0]) for i, image in enumerate(GREY[::-1])})
    monkeypatch.chdir(tmp_path)
    exec(code.replace("256", "48"), names := {})
    assert names["result"].numbers["frechet_distance"] < 1e-6 and names["real"].shape == (N, 48, 48, 1)


def test_features_of_a_file_meet_features_of_the_same_convention_and_weights(sets, tmp_path, capsys):
    """Before, real.npz of one convention was compared with images by another, without a word."""
    image = sets[0] / "scan (1).png"
    for label in ("random-inception", "random-inception (pytorch-fid)", "efficientnet-lite0:mine.npz"):
        write_features(tmp_path / "real.npz", rng.standard_normal((N, 8)), label)
        wrong = {"random-inception": ["--convention", "pytorch-fid"]}.get(label, [])
        line = complaint(capsys, tmp_path / "real.npz", image.parent, *wrong)
        assert line.startswith(f"the file's features are {label}, so --extractor, --weights and --convention must")
    given = ["--convention", "pytorch-fid", "--no-floor", "--no-intervals", "--metrics", "recall", "--json"]
    write_features(tmp_path / "real.npz", rng.standard_normal((N, 2048)), "random-inception (pytorch-fid)")
    assert command.main([str(tmp_path / "real.npz"), str(sets[1]), *given]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["extractor"] == "random-inception (pytorch-fid)"


def test_what_needs_images_is_refused_beside_files_of_features_and_before_any_work(sets, tmp_path, capsys):
    write_features(tmp_path / "real.npz", rng.standard_normal((N, 8)), "efficientnet-lite0")
    for given in (["--copies", tmp_path / "c.png"], ["--save-features", tmp_path / "f"], ["--others", "radiomics"]):
        line = complaint(capsys, sets[0], tmp_path / "real.npz", *given)
        assert line == f"{given[0]} needs images on both sides, and {tmp_path / 'real.npz'} holds features"
    line = complaint(capsys, *sets, "--copies", tmp_path / "c.png", "--metrics", "recall")
    assert line == "--copies needs the memorisation test: add memorisation to --metrics"
    line = complaint(capsys, *sets, "--save-features", tmp_path / "f", "--metrics", "lpips")
    assert line.startswith("--save-features needs a metric of features") and not (tmp_path / "f").exists()
    line = complaint(capsys, *sets, "--save-features", tmp_path / "f", "--metrics", "swd_umap", "--no-umap")
    assert line.startswith("--save-features needs a metric of features") and not (tmp_path / "f").exists()
    two = [tmp_path / "real.npz"] * 2
    for given in (["--convention", "clean-fid"], ["--extractor", "random-vgg16"]):
        assert complaint(capsys, *two, *given).startswith("the file's features are efficientnet-lite0, so --extractor")
    assert command.main([*map(str, two), "--extractor", "efficientnet-lite0", "--metrics", "lpips,recall"]) == 0
    assert "not measured from files of features: lpips_real_fake" in capsys.readouterr().err
    assert complaint(capsys, sets[0], tmp_path / "none.NPZ").startswith(f"{tmp_path / 'none.NPZ'} doesn't exist")


def test_kept_features_are_never_overwritten_unasked(sets, answer, tmp_path, capsys):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "fake.npz").write_bytes(b"hours of work")
    line = complaint(capsys, *sets, "--save-features", tmp_path / "kept")
    assert line.startswith("--save-features") and line.endswith("exists: name another file, or replace it with --force")
    assert (tmp_path / "kept" / "fake.npz").read_bytes() == b"hours of work"
