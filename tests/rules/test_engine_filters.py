"""The data filter: what can't be true is dropped, counted by reason, and never becomes a zero."""

from dataclasses import fields, replace
from datetime import date
from typing import Any, get_type_hints

import numpy as np
import pytest

from audit.rules import partition as parts
from audit.rules.filters import filtered
from audit.rules.partition import Partition, day_number
from audit.scan_settings import scan_settings

LAST = date(2026, 10, 31)
DAYS = np.arange(day_number(LAST) - 3, day_number(LAST) + 1)
AT = float(day_number(LAST) * 86_400)


def table(kind: Any, rows: int, /, **given: Any) -> Any:
    """A table of the partition: `given` columns, the others empty words, -1, NaN or False."""
    empty = {"Words": "", "Floats": np.nan, "Ints": -1, "Flags": False}
    names = {one.name: one.type for one in fields(kind)}
    columns = {
        name: np.array(given[name]) if name in given else np.full(rows, empty[_word(kind, name)]) for name in names
    }
    return kind(**columns)


def _word(kind: Any, name: str) -> str:
    hint = get_type_hints(kind)[name]
    return next(word for word in ("Words", "Floats", "Ints", "Flags") if getattr(parts, word) == hint)


def small(daily: list[list[float]], capacity: list[float], events: Any = None, readings: Any = None) -> Partition:
    """A county of some customers with four days; the meter M1 of the first came on the second day."""
    count = len(daily)
    nothing = parts.Series(np.zeros(0, np.int64), np.zeros((0, 4)))
    return Partition(
        county_code="130202", last_day=LAST, days=DAYS, months=np.arange(2),
        customers=table(parts.Customers, count, number=[f"C{n}" for n in range(count)], capacity_kva=capacity),
        districts=table(parts.Districts, 0),
        meters=table(parts.Meters, 1, customer=[0], number=["M1"], installed=[DAYS[1]]),
        daily_kwh=np.array(daily, np.float32),
        period_kwh={"peak": parts.Series(np.array([0]), np.full((1, 4), 5.0))}, fed_in=nothing,
        month_kwh=np.zeros((count, 2)), month_reactive_kvarh=np.zeros((count, 2)),
        month_demand_kw=np.full((count, 2), 70.0),
        readings=readings or table(parts.Readings, 0), bills=table(parts.Bills, 0),
        adjustments=table(parts.Adjustments, 0), events=events or table(parts.MeterEvents, 0),
    )  # fmt: skip


def test_energy_that_the_contract_capacity_could_not_carry_is_unknown_not_zero() -> None:
    limit = 2.0 * 10 * 24
    clean = filtered(small([[limit, limit + 1, -1, np.inf], [9e9, 1, 2, np.nan]], [10, np.nan]), 2.0)
    np.testing.assert_array_equal(clean.partition.daily_kwh[0], np.float32([limit, np.nan, np.nan, np.nan]))
    np.testing.assert_array_equal(clean.partition.period_kwh["peak"].kwh[0], [5, np.nan, np.nan, np.nan])
    assert clean.partition.daily_kwh[1, 0] == np.float32(9e9), "without a capacity on file nothing is too much"
    assert clean.dropped == {"malformed_energy": 2, "energy_above_capacity": 1, "demand_above_capacity": 2}
    assert np.isnan(clean.partition.month_demand_kw[0]).all()


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("malformed_event", {"begin": np.nan}),
        ("malformed_event", {"end": AT - 86_400}),
        ("malformed_event", {"kind": ""}),
        ("event_before_installation", {"begin": AT - 3 * 86_400, "end": np.nan}),
        ("event_in_future", {"begin": AT + 86_400, "end": np.nan}),
        ("", {"begin": AT - 2 * 86_400}),
        ("", {"meter": "unknown", "begin": AT - 9 * 86_400}),
    ],
)
def test_an_event_that_can_not_be_true_is_dropped(reason: str, changed: dict[str, Any]) -> None:
    good = {"customer": 0, "meter": "M1", "kind": "magnetic_field", "begin": AT, "end": AT + 60, "value": np.nan}
    one = {**good, **changed}
    columns = {name: [good[name], one[name]] for name in good}
    clean = filtered(small([[1, 1, 1, 1]], [0], events=table(parts.MeterEvents, 2, **columns)), 20)
    assert clean.dropped == ({reason: 1} if reason else {})
    assert len(clean.partition.events.customer) == (1 if reason else 2)


def test_of_an_event_that_was_told_twice_the_first_stays() -> None:
    columns = {"customer": [0, 0, 0], "meter": ["M1"] * 3, "kind": ["clock_wrong"] * 3, "begin": [AT] * 3,
               "end": [AT + 60, AT + 90, AT + 60], "value": [6.0, 6.0, 7.0]}  # fmt: skip
    clean = filtered(small([[1, 1, 1, 1]], [0], events=table(parts.MeterEvents, 3, **columns)), 20)
    assert clean.partition.events.end.tolist() == [AT + 60, AT + 60] and clean.dropped == {"duplicate_event": 1}


def test_readings_from_before_the_meter_or_from_the_future_are_dropped() -> None:
    day = day_number(LAST)
    columns = {"customer": [0] * 4, "meter": ["M1"] * 4, "register": ["total"] * 4, "month": [1] * 4,
               "read_day": [day + 1, day + 2, day - 3, day], "reading": [1.0, 2.0, 3.0, np.nan]}  # fmt: skip
    clean = filtered(small([[1, 1, 1, 1]], [0], readings=table(parts.Readings, 4, **columns)), 20)
    assert clean.partition.readings.reading.tolist() == [1.0]
    assert clean.dropped == {"reading_in_future": 1, "reading_before_installation": 1, "malformed_reading": 1}


def test_clean_data_passes_as_it_is() -> None:
    given = replace(small([[1, 2, 3, np.nan]], [10]), month_demand_kw=np.array([[1.0, np.nan]]))
    clean = filtered(given, scan_settings().power_limit)
    assert clean.dropped == {} and clean.partition.daily_kwh is given.daily_kwh
