"""Merging what happened: however it is cut into messages, a screen ends in the same state."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live_batch import EVENTS_KEPT, Batch, beat, collect, in_sight
from data_access.feed import Change
from tests.builders import NORTH_STATION, SOUTH, SOUTH_STATION, viewer
from tests.live.screen import Screen


def position(sequence: int, number: str, at_ms: int, path: str = SOUTH_STATION) -> Change:
    row = [number, number, "13020201", 118.0, 39.0, None, None, "way", at_ms, 1, None, None]
    return Change(sequence, "position", number, path, {"row": row})


def ticket(sequence: int, number: str, status: int | None, path: str = SOUTH_STATION) -> Change:
    row = None if status is None else [number, 118.0, 39.0, "DJ01", 2, status, 0, None, "130202", None, 0]
    event = {"at": sequence, "kind": "ticket", "key": number, "code": "step", "status": status}
    return Change(sequence, "ticket", number, path, {"row": row, "event": event})


changes = st.lists(
    st.one_of(
        st.tuples(st.just("p"), st.sampled_from("ABC"), st.integers(0, 50)),
        st.tuples(st.just("t"), st.sampled_from("XYZ"), st.none() | st.sampled_from([30, 40, 50])),
        st.tuples(st.just("l"), st.just("risk"), st.integers(1, 9)),
    ),
    min_size=1,
    max_size=30,
).map(
    lambda given: [
        position(n, key, value)
        if kind == "p"
        else ticket(n, key, value)
        if kind == "t"
        else Change(n, "layer", key, "jibei", {"version": value})
        for n, (kind, key, value) in enumerate(given, start=1)
    ]
)


def shown(batches: list[Batch]) -> Screen:
    screen = Screen(sequence=0)
    for batch in batches:
        assert screen.sequence is not None
        screen.take(json.loads(batch.message(screen.sequence, 0)))
    return screen


@given(changes=changes, cuts=st.sets(st.integers(1, 29)), merged=st.lists(st.booleans(), min_size=31, max_size=31))
def test_cutting_and_merging_changes_nothing(changes: list[Change], cuts: set[int], merged: list[bool]) -> None:
    """`cuts` is when the hub read the feed, `merged` where a slow client got two batches as one."""
    edges = [0, *sorted(cut for cut in cuts if cut < len(changes)), len(changes)]
    parts = [collect(changes[a:b], viewer(), start=a, end=b) for a, b in itertools.pairwise(edges)]
    sent = [parts[0]]
    for part, together in zip(parts[1:], merged, strict=False):
        if together:
            sent[-1] = sent[-1].then(part)
        else:
            sent.append(part)
    one, many = shown([collect(changes, viewer(), start=0, end=len(changes))]), shown(sent)
    assert (many.inspectors, many.tickets, many.layers) == (one.inspectors, one.tickets, one.layers)
    assert many.gaps == 0
    assert many.sequence == len(changes)


@given(changes=changes)
def test_what_a_snapshot_knows_already_is_left_out(changes: list[Change]) -> None:
    for start in (0, len(changes) // 2, len(changes)):
        later = collect(changes, viewer(), start=start, end=len(changes))
        assert {event["at"] for event in later.events} == {
            change.sequence for change in changes if change.kind == "ticket" and change.sequence > start
        }


def test_merging_leaves_both_parts_as_they_were() -> None:
    """Parts are shared by all clients of a scope: one slow client must not change what others get."""
    first = collect([position(1, "A", 5)], viewer(), start=0, end=1)
    second = collect([position(2, "A", 9), ticket(3, "X", 40)], viewer(), start=1, end=3)
    before = first.message(0, 0), second.message(1, 0)
    merged = first.then(second)
    assert (first.message(0, 0), second.message(1, 0)) == before
    assert first.inspectors["A"][8] == 5
    assert (merged.start, merged.end, merged.inspectors["A"][8]) == (0, 3, 9)


def test_a_batch_is_encoded_once_for_all_that_stand_at_the_same_number() -> None:
    batch = collect([position(1, "A", 5)], viewer(), start=0, end=1)
    assert batch.message(0, 100) is batch.message(0, 200)
    assert json.loads(batch.message(0, 300))["at"] == 100


def test_events_are_bounded() -> None:
    many = collect([ticket(n, "X", 40) for n in range(1, 500)], viewer(), start=0, end=500)
    assert [event["at"] for event in many.events] == list(range(500 - EVENTS_KEPT, 500))
    assert len(many.then(many).events) == EVENTS_KEPT


@pytest.mark.parametrize(
    ("path", "role", "employee", "seen"),
    [
        ("jibei", "manager", None, {"A", "B", "T", "U"}),
        ("jibei.1302", "lead", None, {"A", "T"}),
        (SOUTH, "lead", None, {"A", "T"}),
        ("jibei.1302.13020", "lead", None, set()),
        (SOUTH, "inspector", "A", {"A", "T"}),
        (SOUTH, "inspector", "C", {"T"}),
        (SOUTH, "gis", None, {"T"}),
    ],
)
def test_who_is_told_of_what(path: str, role: Any, employee: str | None, seen: set[str]) -> None:
    """The same rule as row security: a label of the path, not a beginning of the text."""
    rows = [
        position(1, "A", 1),
        position(2, "B", 1, NORTH_STATION),
        ticket(3, "T", 40),
        ticket(4, "U", 40, NORTH_STATION),
        Change(5, "access", "T", SOUTH_STATION, {"what": "revoked"}),
    ]
    assert {change.key for change in rows if in_sight(change, viewer(path, role, employee))} == seen


def test_everybody_hears_of_a_new_layer_version() -> None:
    assert in_sight(Change(1, "layer", "risk", "jibei", {"version": 2}), viewer(NORTH_STATION))


def test_a_beat_says_how_the_database_is() -> None:
    assert json.loads(beat(7, 9, database_ok=False)) == {"type": "beat", "seq": 7, "at": 9, "database": "lost"}
    assert json.loads(beat(7, 9, database_ok=True))["database"] == "ok"
