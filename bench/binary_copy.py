"""Rows to PostgreSQL as fast as they can be made: numpy columns to the binary COPY format without a Python loop.

The format (PostgreSQL manual, "COPY, Binary Format") wants each field's length before its bytes. Where all values of a
column are equally long, a row is a fixed record, and a block of rows is one numpy structured array.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

HEADER = b"PGCOPY\n\xff\r\n\0" + (0).to_bytes(4, "big") + (0).to_bytes(4, "big")
TRAILER = (-1).to_bytes(2, "big", signed=True)
EPOCH_2000_US = 946_684_800_000_000
"""2000-01-01T00:00:00Z in Unix microseconds: the zero of `timestamptz`."""
BLOCK = 200_000


@dataclass(frozen=True, slots=True)
class Field:
    """One column as bytes: `dtype` is numpy's, big-endian, `values` one per row or a single one for all."""

    dtype: str
    values: Any
    prefix: bytes = b""
    """Constant bytes before the value, e.g. the header of a geometry."""


def text(values: Any) -> Field:
    """`text`: all values equally long in UTF-8."""
    array = np.char.encode(np.asarray(values, dtype=str), "utf-8")
    lengths = np.unique(np.char.str_len(array))
    if len(lengths) > 1:
        raise ValueError(f"a binary block needs equally long texts, got lengths {lengths[:5].tolist()}")
    return Field(f"S{max(1, int(lengths[0]))}", array)


def ltree(values: Any) -> Field:
    """`ltree`: a version byte, then the text; all equally long."""
    field = text(values)
    return Field(field.dtype, field.values, prefix=b"\x01")


def timestamp(unix_us: Any) -> Field:
    """`timestamptz` from Unix microseconds."""
    return Field(">i8", np.asarray(unix_us, dtype=np.int64) - EPOCH_2000_US)


def smallint(values: Any) -> Field:
    """`smallint`."""
    return Field(">i2", values)


def integer(values: Any) -> Field:
    """`integer`."""
    return Field(">i4", values)


def bigint(values: Any) -> Field:
    """`bigint`."""
    return Field(">i8", values)


def double(values: Any) -> Field:
    """`double precision`."""
    return Field(">f8", values)


def real(values: Any) -> Field:
    """`real`."""
    return Field(">f4", values)


def boolean(values: Any) -> Field:
    """`boolean`."""
    return Field("u1", values)


def date(days_since_2000: Any) -> Field:
    """`date` from days since 2000-01-01."""
    return Field(">i4", days_since_2000)


def point(longitude: Any, latitude: Any) -> Field:
    """`geometry(Point, 4326)` as EWKB, little-endian inside."""
    pair = np.empty((len(longitude), 2), dtype="<f8")
    pair[:, 0], pair[:, 1] = longitude, latitude
    return Field("V16", pair.view("V16")[:, 0], prefix=b"\x01\x01\x00\x00\x20\xe6\x10\x00\x00")


def json_object(value: bytes = b"{}") -> Field:
    """`jsonb`, the same for all rows."""
    return Field(f"S{len(value)}", value, prefix=b"\x01")


def _blocks(fields: Mapping[str, Field], count: int) -> Iterator[bytes]:
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, field in fields.items():
        layout.append((f"{name}.length", ">i4"))
        if field.prefix:
            layout.append((f"{name}.prefix", f"V{len(field.prefix)}"))
        layout.append((name, field.dtype))
    kind = np.dtype(layout)
    for start in range(0, count, BLOCK):
        stop = min(count, start + BLOCK)
        rows = np.zeros(stop - start, dtype=kind)
        rows["fields"] = len(fields)
        for name, field in fields.items():
            rows[f"{name}.length"] = len(field.prefix) + np.dtype(field.dtype).itemsize
            if field.prefix:
                rows[f"{name}.prefix"] = np.void(field.prefix)
            single = np.ndim(field.values) == 0
            rows[name] = field.values if single else field.values[start:stop]
        yield rows.tobytes()


def copy_columns(connection: psycopg.Connection, table: str, fields: Mapping[str, Field], count: int) -> None:
    """COPY `count` rows into `table`; the connection must not be under row security."""
    statement = f"COPY {table} ({', '.join(fields)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(HEADER)
        for block in _blocks(fields, count):
            copy.write(block)
        copy.write(TRAILER)
