"""Columns to a table by binary COPY, without a Python loop over the values: for millions of rows in seconds.

The format (PostgreSQL manual, "COPY, Binary Format") wants each field's length before its bytes. A column whose fields
are all equally long is a matrix of bytes; only where lengths differ (arrays with NULL in them) rows are joined one by
one. As in `bulk`, a login that row security applies to goes through a temporary table, because COPY is refused then.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from queue import Queue
from threading import Thread
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = (-1).to_bytes(2, "big", signed=True)
EPOCH = date(2000, 1, 1)
EPOCH_US = 946_684_800_000_000
"""2000-01-01T00:00:00Z in Unix microseconds: PostgreSQL's zero."""
INT4_OID = 23
BLOCK_BYTES = 2_000_000
WAITING_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class Field:
    """One column as bytes, lengths included: `matrix` (rows x width), or `pieces` where the width differs."""

    matrix: NDArray[np.uint8] | None = None
    pieces: Sequence[bytes] | None = None


def _with_length(body: NDArray[np.uint8]) -> NDArray[np.uint8]:
    length = np.frombuffer(int(body.shape[1]).to_bytes(4, "big"), np.uint8)
    return np.hstack([np.broadcast_to(length, (len(body), 4)), body])


def _numbers(values: Any, kind: str) -> NDArray[np.uint8]:
    array = np.ascontiguousarray(values, dtype=kind)
    return array.view(np.uint8).reshape(len(array), -1)


def constant(body: bytes, count: int) -> Field:
    """The same bytes in every row."""
    whole = np.frombuffer(len(body).to_bytes(4, "big") + body, np.uint8)
    return Field(np.broadcast_to(whole, (count, len(whole))))


def nothing(count: int) -> Field:
    """NULL in every row."""
    return Field(np.broadcast_to(np.frombuffer(b"\xff\xff\xff\xff", np.uint8), (count, 4)))


def text(values: NDArray[np.bytes_], prefix: bytes = b"") -> Field:
    """`text` from an array of UTF-8 bytes (numpy kind S); equally long values take the fast way."""
    lengths = np.char.str_len(values)
    if len(values) and (lengths == lengths[0]).all():
        width = int(lengths[0])
        body = np.ascontiguousarray(values, dtype=f"S{max(1, width)}").view(np.uint8).reshape(len(values), -1)
        body = body[:, :width]
        if prefix:
            body = np.hstack([np.broadcast_to(np.frombuffer(prefix, np.uint8), (len(body), len(prefix))), body])
        return Field(_with_length(body))
    return Field(pieces=[len(prefix + v).to_bytes(4, "big") + prefix + v for v in values.tolist()])


def ltree(values: NDArray[np.bytes_]) -> Field:
    """`ltree`: a version byte, then the text."""
    return text(values, b"\x01")


def smallint(values: Any) -> Field:
    """`smallint`."""
    return Field(_with_length(_numbers(values, ">i2")))


def day(values: Any) -> Field:
    """`date` from days since 1970-01-01."""
    return Field(_with_length(_numbers(np.asarray(values, np.int64) - (EPOCH - date(1970, 1, 1)).days, ">i4")))


def moment(unix_us: Any) -> Field:
    """`timestamptz` from Unix microseconds."""
    return Field(_with_length(_numbers(np.asarray(unix_us, np.int64) - EPOCH_US, ">i8")))


def decimal(values: NDArray[np.int64], scale: int) -> Field:
    """`numeric` from integers scaled by 10^scale, scale 0 to 4, absolute value below 10^12 after scaling."""
    moved = np.abs(values) * 10 ** (4 - scale)
    whole, part = np.divmod(moved, 10_000)
    digits = np.zeros((len(values), 8), ">i2")
    # ndigits, weight of the first digit (base 10,000), sign, digits shown after the point; leading zeros are dropped
    # by the server.
    digits[:, 0], digits[:, 1], digits[:, 2], digits[:, 3] = 4, 2, np.where(values < 0, 0x4000, 0), scale
    digits[:, 4] = whole // 10**8
    digits[:, 5] = whole // 10**4 % 10**4
    digits[:, 6], digits[:, 7] = whole % 10**4, part
    return Field(_with_length(digits.view(np.uint8).reshape(len(values), -1)))


def integers(values: NDArray[np.int32], missing: NDArray[np.bool_] | None = None) -> Field:
    """`integer[]`, one array a row (rows x elements); `missing` marks elements that are NULL."""
    count, size = values.shape
    head = np.array([1, 0, INT4_OID, size, 1], ">i4")
    if missing is None or not missing.any():
        words = np.empty((count, 6 + 2 * size), ">i4")
        words[:, 0] = 20 + 8 * size
        words[:, 1:6] = head
        words[:, 6::2] = 4
        words[:, 7::2] = values
        return Field(words.view(np.uint8).reshape(count, -1))
    head[1] = 1
    per_row = size * 2 - missing.sum(axis=1)
    ends = np.cumsum(6 + per_row)
    starts = ends - (6 + per_row)
    flat = np.empty(int(ends[-1]), ">i4")
    flat[starts] = 20 + 4 * per_row
    for number in range(5):
        flat[starts + 1 + number] = head[number]
    widths = np.where(missing, 1, 2)
    places = (starts + 6)[:, None] + np.cumsum(widths, axis=1) - widths
    flat[places] = np.where(missing, -1, 4)
    present = ~missing
    flat[places[present] + 1] = values[present]
    data = flat.tobytes()
    return Field(pieces=[data[4 * a : 4 * b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])


class _Sender:
    """Sends on a thread of its own, so that the next rows are made while the server still takes the last ones."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        self._waiting: Queue[bytes | None] = Queue(maxsize=WAITING_BLOCKS)
        self._error: BaseException | None = None
        self._thread = Thread(target=self._send, name="column copy", daemon=True)
        self._thread.start()

    def _send(self) -> None:
        while (chunk := self._waiting.get()) is not None:
            if self._error is None:
                try:
                    self._copy.write(chunk)
                except BaseException as error:
                    # Told to the caller at its next step; until then the queue is emptied so that nobody waits.
                    self._error = error

    def put(self, chunk: bytes) -> None:
        """Send later. Raises what an earlier sending raised."""
        if self._error is not None:
            raise self._error
        self._waiting.put(chunk)

    def close(self) -> None:
        """Wait until all is sent. Raises what a sending raised."""
        self._waiting.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error


class ColumnCopy:
    """An open COPY: give it blocks of rows."""

    def __init__(self, sender: _Sender, columns: int) -> None:
        self._sender = sender
        self._columns = columns
        self.rows = 0

    def block(self, fields: Sequence[Field]) -> None:
        """Append rows; one field a column, in the order of the statement."""
        if len(fields) != self._columns:
            raise ValueError(f"expected {self._columns} columns, got {len(fields)}")
        sizes = {len(field.matrix if field.matrix is not None else field.pieces or ()) for field in fields}
        if len(sizes) != 1:
            raise ValueError(f"columns of different length: {sorted(sizes)}")
        count = sizes.pop()
        if count == 0:
            return
        prefix = np.frombuffer(self._columns.to_bytes(2, "big"), np.uint8)
        parts: list[NDArray[np.uint8] | Sequence[bytes]] = []
        held: list[NDArray[np.uint8]] = [np.broadcast_to(prefix, (count, 2))]
        for field in fields:
            if field.matrix is not None:
                held.append(field.matrix)
                continue
            if held:
                parts.append(np.hstack(held))
                held = []
            parts.append(field.pieces or ())
        if held:
            parts.append(np.hstack(held))
        for chunk in _rows(parts, count):
            self._sender.put(chunk)
        self.rows += count


def _rows(parts: list[NDArray[np.uint8] | Sequence[bytes]], count: int) -> Iterator[bytes]:
    only = parts[0]
    if len(parts) == 1 and isinstance(only, np.ndarray):
        step = max(1, BLOCK_BYTES // only.shape[1])
        for start in range(0, count, step):
            yield only[start : start + step].tobytes()
        return
    columns: list[Sequence[bytes]] = []
    for part in parts:
        if isinstance(part, np.ndarray):
            data, width = part.tobytes(), part.shape[1]
            columns.append([data[at : at + width] for at in range(0, width * count, width)])
        else:
            columns.append(part)
    step = 20_000
    for start in range(0, count, step):
        yield b"".join(
            [piece for row in zip(*(c[start : start + step] for c in columns), strict=True) for piece in row]
        )


@contextmanager
def column_copy(connection: psycopg.Connection[Any], table: str, columns: Sequence[str]) -> Iterator[ColumnCopy]:
    """COPY into `table` inside the caller's transaction."""
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    row = connection.execute("SELECT row_security_active(%s::regclass)", (table,)).fetchone()
    secured = bool(row and row[0])
    target = sql.Identifier(f"incoming_{table}" if secured else table)
    if secured:
        connection.execute(
            sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                target, names, sql.Identifier(table)
            )
        )
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(target, names)) as copy,
    ):
        sender = _Sender(copy)
        sender.put(HEADER)
        try:
            yield ColumnCopy(sender, len(columns))
            sender.put(TRAILER)
        finally:
            sender.close()
    if secured:
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(sql.Identifier(table), names, names, target)
        )
        connection.execute(sql.SQL("DROP TABLE {}").format(target))
