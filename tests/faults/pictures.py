"""Pictures: sound ones, odd ones, and ones cut, flipped, mislabelled or built to harm."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from dgan_core.io.images import decode
from faults.cases import EITHER, REFUSE, TAKE, Case, pick

LOSSLESS = ("PNG", "BMP", "TIFF", "WEBP")


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **({"lossless": True} if form == "WEBP" else {}), **options)
    return buffer.getvalue()


def cases(rng, folder: Path) -> Case:
    side = tuple(pick(rng, ((1, 1), (1, 24), (10, 2000))) if rng.random() < 0.1 else rng.integers(1, 25, 2))
    colour = rng.integers(0, 256, (*side, 3), dtype=np.uint8)
    maker = pick(rng, (_sound, _sound, _mode, _cut, _cut, _flipped, _built))
    told, content, expected, must = maker(rng, colour)

    def right(pixels):
        return pixels.dtype == np.uint8 and np.array_equal(pixels, expected)

    return Case(f"{told}, {side}", lambda: decode(content, "a.png"), right, must, ("a.png",))


def _stored(rng, colour):
    """(image, what must be read) in a mode that every format holds."""
    if rng.random() < 0.5:
        return Image.fromarray(colour), colour
    return Image.fromarray(colour[..., 0]), colour[..., :1]


def _sound(rng, colour):
    image, expected = _stored(rng, colour)
    form = pick(rng, (*LOSSLESS, "JPEG"))
    content = encoded(image, form)
    if form in ("JPEG", "WEBP"):  # as Pillow decodes it; WebP holds colour only
        expected = np.asarray(Image.open(io.BytesIO(content))).reshape(*colour.shape[:2], -1)
    return form, content, expected, TAKE


def _mode(rng, colour):
    """Modes that have one reading, and those that have none or several."""
    mode = pick(rng, ("1", "P", "RGBA", "LA", "alpha", "CMYK", "I;16", "F", "LAB", "animated", "oriented"))
    image = Image.fromarray(colour)
    if mode in ("1", "P", "RGBA", "LA"):
        image = image.convert(mode)
        expected = np.asarray(image.convert("L" if mode in ("1", "LA") else "RGB")).reshape(*colour.shape[:2], -1)
        return mode, encoded(image, "PNG"), expected, TAKE
    if mode == "oriented":
        exif = Image.Exif()
        exif[0x0112] = 6
        return mode, encoded(image, "PNG", exif=exif), np.rot90(colour, -1), TAKE
    if mode == "alpha":
        image.putalpha(Image.fromarray(colour[..., 0] // 2))
        return mode, encoded(image, "PNG"), None, REFUSE
    if mode == "animated":
        form = pick(rng, ("PNG", "TIFF"))  # WebP joins equal frames
        more = [Image.fromarray(255 - colour)]
        return mode, encoded(image, form, save_all=True, append_images=more), None, REFUSE
    if mode == "I;16":
        image = Image.fromarray(colour[..., 0].astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(colour[..., 0].astype(np.float32))
    else:
        image = image.convert(mode)
    return mode, encoded(image, "TIFF"), None, REFUSE


def _cut(rng, colour):
    image, _ = _stored(rng, colour)
    form = pick(rng, (*LOSSLESS, "JPEG"))
    content = encoded(image, form)
    return f"{form} cut", content[: rng.integers(len(content))], None, REFUSE


def _flipped(rng, colour):
    """A PNG with bytes changed; the other formats have no checksum by which a change of pixels could be seen."""
    image, expected = _stored(rng, colour)
    content = bytearray(encoded(image, "PNG"))
    for _ in range(rng.integers(1, 4)):
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    return "PNG flipped", bytes(content), expected, EITHER


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _built(rng, colour):
    """Headers that promise much, and files that are something else."""
    kind = pick(rng, ("empty", "noise", "text", "zip", "GIF", "giant", "short pixels", "zeros", "long text"))
    head = {"giant": (60_000, 60_000), "short pixels": (500, 500), "long text": (1, 1)}.get(kind)
    content = {
        "empty": b"",
        "noise": rng.bytes(500),
        "text": b"<html>not found</html>",
        "zip": b"PK\x03\x04" + rng.bytes(50),
        "zeros": bytes(1000),
    }.get(kind)
    if kind == "GIF":
        content = encoded(Image.fromarray(colour), "GIF")
    if head:
        header = _chunk(b"IHDR", struct.pack(">IIBBBBB", *head, 8, 0, 0, 0, 0))
        bomb = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**27))) if kind == "long text" else b""
        content = b"\x89PNG\r\n\x1a\n" + header + bomb + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
    return kind, content, None, REFUSE
