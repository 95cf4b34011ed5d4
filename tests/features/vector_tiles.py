"""Reads a vector tile far enough for a test: layer names, and the string values of its attributes."""

from collections.abc import Iterator


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each length-delimited field of a protocol buffer; other kinds are passed over."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            _, at = _varint(data, at)
            continue
        assert key & 7 == 2, "vector tiles hold texts and whole numbers here"
        size, at = _varint(data, at)
        yield key >> 3, data[at : at + size]
        at += size


def texts(tile: bytes) -> dict[str, tuple[int, set[str]]]:
    """Of each layer its number of features and its text values (Vector Tile Specification 2.1, section 4)."""
    layers = {}
    for _, layer in _fields(tile):
        parts = list(_fields(layer))
        name = next(content.decode() for number, content in parts if number == 1)
        values = {text.decode() for number, content in parts if number == 4 for kind, text in _values(content)}
        layers[name] = (sum(number == 2 for number, _ in parts), values)
    return layers


def _values(content: bytes) -> Iterator[tuple[int, bytes]]:
    return ((kind, text) for kind, text in _fields(content) if kind == 1)
