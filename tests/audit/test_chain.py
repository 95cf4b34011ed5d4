"""The hash chain: any change, removal, insertion or swap of an event is found, and the first broken row is named."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from audit.chain import COLUMNS, NO_PREVIOUS, ChainFault, NotHashable, canonical, seal, verify
from data_access.models import TicketEvent

texts = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
values = some.recursive(
    some.none() | some.booleans() | some.integers(-(10**15), 10**15) | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
bodies = some.dictionaries(texts, values, max_size=3)


def chain(contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, body in enumerate(contents, 1):
        row = {
            "county_code": "130202",
            "ticket_number": "T2026-0412",
            "sequence": number,
            "at": datetime(2026, 11, 24, 6, tzinfo=UTC) + timedelta(hours=number),
            "actor": f"I{number:04d}",
            "kind": "accepted",
            "from_status": None if number == 1 else 30,
            "to_status": 40,
            "body": body,
            "org_path": "jibei.1302.130202.13020201",
        }
        rows.append(seal(row, rows[-1]["hash"] if rows else NO_PREVIOUS))
    return rows


def test_every_column_of_the_table_is_covered() -> None:
    assert {*COLUMNS, "hash"} == set(TicketEvent.__table__.columns.keys())


@given(some.lists(bodies, max_size=5))
def test_an_untouched_chain_holds(contents: list[dict[str, Any]]) -> None:
    rows = chain(contents)
    assert verify(rows, expected_count=len(rows)) is None


@given(some.lists(bodies, min_size=1, max_size=5), some.data())
def test_a_changed_column_breaks_the_row_it_stands_in(contents: list[dict[str, Any]], data: Any) -> None:
    rows = chain(contents)
    at = data.draw(some.integers(0, len(rows) - 1))
    column = data.draw(some.sampled_from(COLUMNS))
    other: dict[str, Any] = {
        "sequence": 99,
        "at": rows[at]["at"] + timedelta(microseconds=1),
        "to_status": 41,
        "from_status": 31,
        "hash_version": 2,
        "body": {**rows[at]["body"], "added": 1},
    }
    rows[at] = {**rows[at], column: other.get(column, "other")}
    fault = verify(rows)
    assert fault is not None
    if column == "ticket_number" and at == 0 and len(rows) > 1:
        # The first row names the ticket; its hash gives it away.
        assert fault.reason == "hash"
    assert fault.sequence == at + 1


@given(some.lists(bodies, min_size=2, max_size=5), some.data())
def test_a_removed_or_swapped_row_is_missed_where_it_should_be(contents: list[dict[str, Any]], data: Any) -> None:
    rows = chain(contents)
    at = data.draw(some.integers(0, len(rows) - 2))
    without = rows[:at] + rows[at + 1 :]
    assert verify(without) == ChainFault("T2026-0412", at + 1, "sequence")
    rows[at], rows[at + 1] = rows[at + 1], rows[at]
    assert verify(rows) == ChainFault("T2026-0412", at + 1, "sequence")


def test_a_cut_tail_is_seen_by_the_count() -> None:
    rows = chain([{}, {}, {}])
    assert verify(rows[:2]) is None
    assert verify(rows[:2], expected_count=3) == ChainFault("T2026-0412", 3, "missing")
    assert verify([], expected_count=1) == ChainFault("", 1, "missing")


def test_a_row_hashed_anew_breaks_the_next_one() -> None:
    rows = chain([{}, {}, {}])
    forged = seal({**rows[0], "actor": "somebody else"})
    assert verify([forged, *rows[1:]]) == ChainFault("T2026-0412", 2, "previous")


@given(values)
def test_canonical_text_is_json_with_the_same_meaning(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@given(some.dictionaries(texts, some.integers(), max_size=5))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (1, 1.0),
        (0, -0.0),
        (Decimal("12.50"), 12.5),
        (1e22, 10**22),
        (1e-7, Decimal("0.0000001")),
        (
            datetime(2026, 11, 24, 14, tzinfo=timezone(timedelta(hours=8))),
            datetime(2026, 11, 24, 6, tzinfo=UTC),
        ),
    ],
)
def test_equal_values_have_equal_text(one: Any, same: Any) -> None:
    assert canonical(one) == canonical(same)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), datetime(2026, 1, 1), "a\0b", {1: 2}, object(), {"x": b"y"}]
)
def test_what_would_not_survive_the_database_is_refused(value: Any) -> None:
    with pytest.raises(NotHashable):
        canonical(value)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(NotHashable):
        seal({**chain([{}])[0], "actor": "\ud800"})
