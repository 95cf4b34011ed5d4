"""The hash chain over a ticket's events: whoever changes, removes or inserts a row later breaks it visibly.

Each row's hash covers every column of the row (actor and result among them) and the hash of the row before. The text
that is hashed is canonical: two programs that read the same row out of the database build the same bytes, whatever
JSONB or a driver did to the order of keys, the writing of numbers or the zone of times.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

HASH_VERSION = 1
NO_PREVIOUS = "0" * 64
"""`previous_hash` of the first event of a ticket."""
COLUMNS = (
    "county_code",
    "ticket_number",
    "sequence",
    "at",
    "actor",
    "kind",
    "from_status",
    "to_status",
    "body",
    "org_path",
    "hash_version",
    "previous_hash",
)
"""What version 1 covers: all columns of `ticket_event` but the hash itself."""


class NotHashable(ValueError):
    """A value that has no canonical text or would not survive the database unchanged: a fault of the program."""


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first row at which a chain is broken. `reason`: `sequence`, `previous`, `hash`, `version` or `missing`."""

    ticket_number: str
    sequence: int
    reason: str


def _number(value: int | float | Decimal) -> str:
    decimal = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not decimal.is_finite():
        raise NotHashable(f"{value!r} is not a finite number")
    text = format(decimal, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _string(value: str) -> str:
    if "\0" in value:
        raise NotHashable("a NUL character cannot be stored in PostgreSQL")
    return encode_basestring(value)


def canonical(value: Any) -> str:
    """Canonical JSON: keys sorted, no blanks, numbers by value, times in UTC with microseconds.

    >>> canonical({"b": 1.50, "a": [True, None, "台区"]})
    '{"a":[true,null,"台区"],"b":1.5}'

    Raises:
        NotHashable: for anything else than JSON values, decimals and aware times.
    """
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    # Kinds of those kinds, such as the numbers of an enumeration or a mapping of another make.
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    if isinstance(value, Mapping):
        return _object(value)
    raise NotHashable(f"{type(value).__name__} has no canonical text")


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise NotHashable(f"{value!r} has no time zone")
    return _string(value.astimezone(UTC).isoformat(timespec="microseconds"))


def _list(value: list[Any] | tuple[Any, ...]) -> str:
    return "[" + ",".join([canonical(part) for part in value]) + "]"


def _object(value: Mapping[Any, Any]) -> str:
    if not all(isinstance(key, str) for key in value):
        raise NotHashable("keys must be texts")
    return "{" + ",".join([f"{_string(key)}:{canonical(value[key])}" for key in sorted(value)]) + "}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _string,
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: lambda value: str(int(value)),
    dict: _object,
    datetime: _moment,
    list: _list,
    tuple: _list,
    float: _number,
    Decimal: _number,
}
"""By type, asked before anything else: a log of a million events is hashed with it."""


_NAMES = tuple((column, f'"{column}":') for column in sorted(COLUMNS))


def event_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over all covered columns of an event.

    Raises:
        KeyError: a column is missing.
        NotHashable: a value cannot be hashed.
    """
    # Canonical JSON of the covered columns; their names are written once, for the sake of long logs.
    covered = "{" + ",".join([f"{name}{canonical(row[column])}" for column, name in _NAMES]) + "}"
    try:
        content = covered.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotHashable("a lone surrogate cannot be stored in PostgreSQL") from error
    return hashlib.sha256(content).hexdigest()


def seal(row: Mapping[str, Any], previous_hash: str = NO_PREVIOUS) -> dict[str, Any]:
    """The row with `hash_version`, `previous_hash` and `hash` set: ready to be appended."""
    sealed = {**row, "hash_version": HASH_VERSION, "previous_hash": previous_hash}
    return {**sealed, "hash": event_hash(sealed)}


def verify(rows: Iterable[Mapping[str, Any]], *, expected_count: int | None = None) -> ChainFault | None:
    """Check one ticket's events in order of `sequence`; the first fault, or None when the chain holds.

    A chain alone cannot show that its tail was cut off: `expected_count` (the ticket's own version) does.
    """
    previous, sequence, ticket = NO_PREVIOUS, 0, ""
    for row in rows:
        sequence += 1
        ticket = ticket or row["ticket_number"]
        reason = _fault(row, ticket, sequence, previous)
        if reason:
            return ChainFault(ticket, sequence, reason)
        previous = row["hash"]
    if expected_count is not None and sequence < expected_count:
        return ChainFault(ticket, sequence + 1, "missing")
    return None


def _fault(row: Mapping[str, Any], ticket: str, sequence: int, previous: str) -> str | None:
    if row["hash_version"] != HASH_VERSION:
        return "version"
    if row["sequence"] != sequence or row["ticket_number"] != ticket:
        return "sequence"
    if row["previous_hash"] != previous:
        return "previous"
    return None if row["hash"] == event_hash(row) else "hash"
