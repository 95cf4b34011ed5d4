"""The demo's meter readings: every register at each month's end, and where a meter came or went.

Read at 00:00 of a month's first day (frozen values, domain sheet 5). A few are read by hand or estimated; planted
anomalies make some more manual (CH03, JL12) and some fall behind the one before (CH04).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from data_access.column_copy import ColumnCopy, Field, column_copy, constant, day, decimal, ltree, moment, text
from demo.energy_accounts import Accounts
from demo.load_shapes import Calendar, Ints
from demo.registers import Change

COLUMNS = (
    "county_code", "month", "customer_number", "meter_number", "register", "read_at", "kind", "reading", "method",
    "quality", "org_path",
)  # fmt: skip
METHODS = ("remote", "manual", "estimated")
METHOD_SHARES = (0.982, 0.015, 0.003)
ZONE_OFFSET = timedelta(hours=8)
"""Asia/Shanghai; no daylight saving in the demo's time."""
DIAL_SHARE = 0.45
"""Where on the dial a register begins at most, so that few roll over in the demo's time."""


def old_meter(number: bytes) -> bytes:
    """The number of the meter that was there before."""
    return b"E" + number[1:]


def midnight_us(day: date) -> int:
    """00:00 local as Unix microseconds."""
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) - ZONE_OFFSET).timestamp()) * 1_000_000


def _first_of_month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Register:
    """One register of some accounts: dial units at the month borders, at the meter change, and where it began."""

    name: str
    rows: Ints
    at_border: Ints
    """Accounts x borders, from 0 at the beginning of the history."""
    at_change: Ints
    at_opening: Ints
    scale: int = 2
    cumulative: bool = True


@dataclass(frozen=True, slots=True)
class Marks:
    """What planted anomalies do to readings: (account row, border) that are wrong, read by hand."""

    behind: frozenset[tuple[int, int]]
    by_hand: frozenset[tuple[int, int]]


class ReadingWriter:
    """Writes registers block by block: one block is one border, one kind, one method."""

    def __init__(
        self, accounts: Accounts, calendar: Calendar, change: Change, marks: Marks, chance: np.random.Generator
    ) -> None:
        self._accounts, self._calendar, self._change, self._marks = accounts, calendar, change, marks
        self._old = np.array([old_meter(number) for number in accounts.meter.tolist()])
        self.methods = chance.choice(
            len(METHODS), (len(accounts), calendar.complete_months + 1), p=METHOD_SHARES
        ).astype(np.int8)
        for row, border in marks.by_hand:
            self.methods[row, border] = 1
        self._chance = chance
        self._limits = 10 ** (accounts.digits + 2)

    def write(self, copy: ColumnCopy, register: Register) -> Ints:
        """All readings of one register; returns where the dial stood at the beginning of the history."""
        rows, calendar = register.rows, self._calendar
        limit = self._limits[rows]
        new_start = (self._chance.random(len(rows)) * DIAL_SHARE * limit).astype(np.int64)
        old_start = (self._chance.random(len(rows)) * DIAL_SHARE * limit).astype(np.int64)
        # A meter that was installed in the history began near zero.
        fresh = (self._change.opened[rows] >= 0) | self._change.had_other[rows]
        new_start = np.where(fresh, new_start % 50_000, new_start)
        changed, opened = self._change.day[rows], self._change.opened[rows]
        other = self._change.had_other[rows]
        borders = calendar.month_start[: calendar.complete_months + 1]
        for number, border in enumerate(borders):
            if number == 0 and not register.cumulative:
                continue
            month = calendar.month_first[number - 1] if number else _first_of_month_before(calendar.first)
            at = midnight_us(calendar.first + timedelta(days=int(border)))
            old = other & (changed >= border)
            base = np.where(old, old_start, new_start - np.where(other, register.at_change, 0))
            values = register.at_border[:, number] + (base if register.cumulative else 0)
            suspect = np.zeros(len(rows), np.bool_)
            for place in self._places(rows, number):
                values[place] = (
                    values[place]
                    - register.at_border[place, number]
                    + max(0, int(register.at_border[place, max(0, number - 1)]) - 300)
                )
                suspect[place] = True
            values = values % limit if register.cumulative else values
            there = opened < border
            leaving = there & other & (changed == border)
            self._border(copy, register, number, there & ~leaving, old, values, month, at, "period_end", suspect)
            self._border(copy, register, number, leaving, old, values, month, at, "removed", suspect)
            starts = opened == border
            self._border(copy, register, number, starts, old, values, month, at, "installed", suspect)
            if register.cumulative:
                arriving = np.where(leaving, new_start, 0)
                none = np.zeros(len(rows), np.bool_)
                self._border(copy, register, number, leaving, none, arriving, month, at, "installed", suspect)
        self._between(copy, register, borders, old_start, new_start)
        return np.where(other, old_start, new_start)

    def _places(self, rows: Ints, number: int) -> list[int]:
        wanted = [row for row, border in self._marks.behind if border == number]
        return np.flatnonzero(np.isin(rows, wanted)).tolist() if wanted else []

    def _border(
        self, copy: ColumnCopy, register: Register, number: int, chosen: NDArray[np.bool_], old: NDArray[np.bool_],
        values: Ints, month: date, at: int, kind: str, suspect: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        methods = self.methods[register.rows, number]
        for method in range(len(METHODS)):
            for quality in (False, True):
                places = np.flatnonzero(chosen & (methods == method) & (suspect == quality))
                mine = register.rows[places]
                meters = np.where(old[places], self._old[mine], self._accounts.meter[mine])
                months = np.full(len(places), month, "datetime64[D]")
                moments = np.full(len(places), at)
                self._block(
                    copy, register, places, meters, values[places], months, moments, kind, METHODS[method], quality
                )

    def _between(
        self, copy: ColumnCopy, register: Register, borders: tuple[int, ...], old_start: Ints, new_start: Ints
    ) -> None:
        """Meters that came or went between two borders."""
        rows = register.rows
        changed, opened, other = (self._change.day[rows], self._change.opened[rows], self._change.had_other[rows])
        inside = ~np.isin(changed, borders) & other & (changed < borders[-1])
        if register.cumulative:
            places = np.flatnonzero(inside)
            gone = (old_start + register.at_change) % self._limits[rows]
            self._events(copy, register, places, self._old, gone, changed, "removed")
            self._events(copy, register, places, self._accounts.meter, new_start, changed, "installed")
            born = (opened > 0) & ~np.isin(opened, borders) & (opened < borders[-1])
            self._events(copy, register, np.flatnonzero(born & ~other), self._accounts.meter,
                         new_start, opened, "installed")  # fmt: skip
            self._events(copy, register, np.flatnonzero(born & other), self._old, old_start, opened, "installed")
        else:
            self._events(copy, register, np.flatnonzero(inside), self._old, register.at_change, changed, "removed")

    def _events(
        self, copy: ColumnCopy, register: Register, places: Ints, meters: Any, values: Ints, days: Ints, kind: str
    ) -> None:
        moments = np.datetime64(self._calendar.first) + days[places].astype("timedelta64[D]")
        months = moments.astype("datetime64[M]").astype("datetime64[D]")
        at = moments.astype("datetime64[us]").astype(np.int64) - int(ZONE_OFFSET.total_seconds()) * 1_000_000
        self._block(copy, register, places, meters[register.rows[places]], values[places], months, at, kind,
                    "manual", False)  # fmt: skip

    def _block(
        self, copy: ColumnCopy, register: Register, places: Ints, meters: Any, values: Ints, months: Any, at: Any,
        kind: str, method: str, suspect: bool,
    ) -> None:  # fmt: skip
        count, rows = len(places), register.rows[places]
        if not count:
            return
        fields: list[Field] = [
            text(self._accounts.county[rows]),
            day(months.astype(np.int64)),
            text(self._accounts.number[rows]),
            text(meters),
            constant(register.name.encode(), count),
            moment(at),
            constant(kind.encode(), count),
            decimal(values, register.scale),
            constant(method.encode(), count),
            constant(b"suspect" if suspect else b"valid", count),
            ltree(self._accounts.org_path[rows]),
        ]
        copy.block(fields)


def write_before(
    copy: ColumnCopy, accounts: Accounts, rows: Ints, meters: Any, values: Ints, at: date, kind: str
) -> None:
    """Readings of the total register on a day before the history: from there a year's tiers count."""
    count = len(rows)
    if not count:
        return
    month = _first_of_month_before(at) if at.day == 1 else at.replace(day=1)
    copy.block(
        [
            text(accounts.county[rows]), day(np.full(count, (month - date(1970, 1, 1)).days)),
            text(accounts.number[rows]), text(meters), constant(b"total", count),
            moment(np.full(count, midnight_us(at))), constant(kind.encode(), count), decimal(values, 2),
            constant(b"remote", count), constant(b"valid", count), ltree(accounts.org_path[rows]),
        ]
    )  # fmt: skip


def open_copy(connection: psycopg.Connection[Any]) -> Any:
    """An open COPY into `meter_reading`."""
    return column_copy(connection, "meter_reading", COLUMNS)
