"""Reads the words of a PDF back, by the format's own rules and not by the library that wrote it.

Enough of ISO 32000 for our own papers: Flate streams, composite fonts with ToUnicode tables, texts of `Tj` and `TJ`.
"""

import re
import zlib

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\s(.*?)\sendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|\[(.*?)\] ?TJ|(\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]+>) ?Tj", re.DOTALL)
_TEXT = re.compile(rb"\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]+>", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _stream(content: bytes) -> bytes:
    found = _STREAM.search(content)
    assert found, content[:80]
    return zlib.decompress(found[1]) if b"/FlateDecode" in content else found[1]


def _bytes(token: bytes) -> bytes:
    if token.startswith(b"<"):
        return bytes.fromhex(token[1:-1].decode())
    return _ESCAPED.sub(
        lambda one: bytes([int(one[1], 8)]) if one[1].isdigit() else _LETTERS.get(one[1], one[1]), token[1:-1]
    )


def _unicode(table: bytes) -> dict[int, str]:
    """Code of a glyph → its character."""
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            for code in range(int(first, 16), int(last, 16) + 1):
                found[code] = chr(int(text, 16) + code - int(first, 16))
    return found


def pages_of(pdf: bytes) -> list[str]:
    """The words of each page, one line for each text that was drawn."""
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    objects = {int(number): content for number, content in _OBJECT.findall(pdf)}
    tables = {
        number: _unicode(_stream(objects[int(found[1])]))
        for number, content in objects.items()
        if (found := re.search(rb"/ToUnicode (\d+) 0 R", content))
    }
    names = {
        name.decode(): tables[int(number)]
        for content in objects.values()
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", content)
        if int(number) in tables
    }
    pages = []
    for content in objects.values():
        if not re.search(rb"/Type /Page\b", content):
            continue
        found = re.search(rb"/Contents (\d+) 0 R", content)
        assert found
        font: dict[int, str] = {}
        lines = []
        for name, several, one in _SHOWN.findall(_stream(objects[int(found[1])])):
            if name:
                font = names[name.decode()]
                continue
            codes = b"".join(_bytes(token) for token in _TEXT.findall(several or one))
            pairs = (int.from_bytes(codes[i : i + 2]) for i in range(0, len(codes), 2))
            lines.append("".join(font.get(code, "") for code in pairs))
        pages.append("\n".join(lines))
    return pages


def pictures_in(pdf: bytes) -> int:
    """How many pictures the PDF carries."""
    return len(re.findall(rb"/Subtype /Image\b", pdf))
