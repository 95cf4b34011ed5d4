"""Pictures as phones make them, and as enemies do; drawn here, nobody's photo."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

PLACE = (118.18, 39.63)


def jpeg(
    size: tuple[int, int] = (640, 480),
    *,
    orientation: int = 1,
    taken: str | None = "2026:07:06 10:00:00",
    offset: str | None = "+08:00",
    place: tuple[float, float] | None = PLACE,
    gps: dict[int, Any] | None = None,
    colour: str = "red",
) -> bytes:
    """A photo whose left half is `colour` and whose right half is blue, with EXIF."""
    image = Image.new("RGB", size, colour)
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F], exif[0x0110] = "Demo", "Phone 1"
    detail = exif.get_ifd(0x8769)
    if taken:
        detail[0x9003] = taken
    if offset:
        detail[0x9011] = offset
    if place or gps:
        directory = exif.get_ifd(0x8825)
        if place:
            directory.update({1: "N", 2: _parts(place[1]), 3: "E", 4: _parts(place[0])})
        directory.update(gps or {})
    body = io.BytesIO()
    image.save(body, "JPEG", exif=exif, quality=90)
    return body.getvalue()


def _parts(degrees: float) -> tuple[float, float, float]:
    whole = int(degrees)
    minutes = int((degrees - whole) * 60)
    return float(whole), float(minutes), round((degrees - whole - minutes / 60) * 3600, 4)


def drawn(picture_format: str, mode: str = "RGB", size: tuple[int, int] = (300, 200), **more: Any) -> bytes:
    """A picture of another format."""
    body = io.BytesIO()
    Image.new(mode, size).save(body, picture_format, **more)
    return body.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Some kilobytes that say they are 3,600,000,000 pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 64
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
EXECUTABLE = b"MZ" + b"\0" * 200
