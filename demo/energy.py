"""The demo's energy history: 24 whole months and the running one, for every customer and district, in one transaction.

`load_energy` reads the demo's customers, districts and planted truth from the database and writes terms, meters that
were changed, daily use (packed), readings and district energy. The same seed and `now` give the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from billing.model.terms import Period
from data_access.bulk import BulkWriter
from data_access.column_copy import ColumnCopy, Field, column_copy, day, decimal, integers, ltree, nothing, text
from data_access.partitions import BY_MONTH, ensure_month_partitions
from demo.district_rows import write_districts
from demo.energy_accounts import Accounts, base_terms, dated_terms, read_accounts
from demo.file_faults import plant_in_file
from demo.load_shapes import Calendar, Floats, Ints, make_calendar, profiles
from demo.randomness import Streams
from demo.reading_rows import Marks, ReadingWriter, Register, old_meter, open_copy, write_before
from demo.registers import Change, Periods, at_day, meter_changes, month_sums, split_periods, to_units
from demo.truth_rows import Truth, apply_truth, marks_of, read_truth
from demo.usage import Usage, make_usage
from settings import DISPLAY_ZONE

USAGE_COLUMNS = (
    "county_code", "month", "customer_number", "district_code", "energy_kwh", "daily_kwh", "sharp_kwh", "peak_kwh",
    "flat_kwh", "valley_kwh", "deep_valley_kwh", "fed_in_kwh", "reactive_kvarh", "maximum_demand_kw", "org_path",
)  # fmt: skip
PERIOD_ORDER = (Period.SHARP, Period.PEAK, Period.FLAT, Period.VALLEY, Period.DEEP_VALLEY)
REVERSE_SHARE = 0.04
"""Reactive energy fed back, against forward."""
OLD_METER_DAYS = 2_500
"""A meter is changed before its verification ends."""


@dataclass(frozen=True, slots=True)
class EnergyReport:
    """What was written."""

    first_month: date
    months: int
    """Whole months; the running one comes on top."""
    last_month: date
    """The last whole month, by its first day."""
    usage_rows: int
    reading_rows: int
    district_days: int


@dataclass(slots=True)
class _History:
    accounts: Accounts
    calendar: Calendar
    usage: Usage
    units: Any
    change: Change
    residential: Periods
    business: Periods
    measured: Ints
    """Rows with reactive energy and demand: high voltage."""
    demand: Any
    """Dial kW in ten-thousandths (measured rows x months)."""
    reactive: Any
    """Dial units by month (measured rows x months)."""


def load_energy(
    connection: psycopg.Connection[Any],
    *,
    now: datetime,
    seed: int,
    months: int = 24,
    progress: Callable[[float], None] = lambda _share: None,
) -> EnergyReport:
    """Write the energy history of all demo customers inside the caller's transaction (the owner's login).

    Args:
        connection: To a database that holds the demo's customers, meters, districts and truth, and no energy yet.
        now: Aware; the history ends with the day before (Asia/Shanghai).
        seed: Equal seeds give equal rows.
        months: Whole months before the running one.
        progress: Called with the share done, 0 to 1.
    """
    streams, today = Streams(seed), now.astimezone(DISPLAY_ZONE).date()
    calendar, accounts = make_calendar(today, months), read_accounts(connection)
    progress(0.02)
    usage = make_usage(accounts, calendar, streams.of("usage"))
    _solar(usage, accounts, calendar, streams)
    truth = read_truth(connection, accounts, calendar, streams.of("effects"))
    districts = apply_truth(truth, usage, accounts, calendar)
    progress(0.2)
    history = _history(accounts, calendar, usage, streams)
    progress(0.3)
    _prepare(connection, calendar)
    _write_terms(connection, accounts, calendar, truth, streams)
    _write_old_meters(connection, accounts, history.change)
    progress(0.35)
    marks = marks_of(truth, calendar)
    writer = ReadingWriter(accounts, calendar, history.change, marks, streams.of("readings"))
    _silence(usage, writer, marks, calendar)
    usage_rows = _write_usage(connection, history, lambda share: progress(0.35 + 0.3 * share))
    readings = _write_readings(connection, history, writer)
    progress(0.88)
    days = write_districts(connection, accounts, calendar, usage, history.units, districts, streams.of("districts"))
    progress(1.0)
    last = calendar.month_first[calendar.complete_months - 1]
    return EnergyReport(calendar.first, calendar.complete_months, last, usage_rows, readings, days)


def _solar(usage: Usage, accounts: Accounts, calendar: Calendar, streams: Streams) -> None:
    """What the panels give beyond the own use, by season and clouds."""
    chance, profile = streams.of("solar"), profiles()["PV3"]
    rows = np.flatnonzero(accounts.generation > 0)
    by_season = np.array([0.55, 1.1, 1.35])[calendar.season]
    clouds = np.clip(chance.normal(1, 0.4, calendar.days), 0.05, 1.6)
    for row in rows.tolist():
        kilowatts = float(accounts.generation[row])
        weather = clouds * chance.uniform(0.9, 1.1, calendar.days)
        usage.fed_in[row] = kilowatts * 3.4 * by_season * weather * usage.in_service[row] * (0.8 + 0.2 / profile.peak)


def _history(accounts: Accounts, calendar: Calendar, usage: Usage, streams: Streams) -> _History:
    units = to_units(usage.recorded, accounts.multiplier)
    residential = np.flatnonzero(np.isin(accounts.scheme, ("tiered_time_of_use", "heating_time_of_use")))
    high = accounts.voltage != "<1kV"
    timed = (accounts.category == "commercial_industrial") & (high | (accounts.capacity >= 50))
    chance = streams.of("periods")
    measured = np.flatnonzero(high)
    sums = month_sums(units[measured], calendar)
    wander = streams.of("reactive").lognormal(0, 0.06, sums.shape)
    reactive = np.rint(sums * _tangents(usage, measured, calendar) * wander).astype(np.int64)
    top = np.maximum.reduceat(usage.recorded[measured], calendar.month_start[:-1], axis=1)
    limit = accounts.capacity[measured, None] * np.where(usage.peak[measured, None] >= 1.45, 1.35, 1.02)
    kilowatts = np.minimum(top / 24 * usage.peak[measured, None], limit)
    return _History(
        accounts=accounts,
        calendar=calendar,
        usage=usage,
        units=units,
        change=meter_changes(accounts, calendar),
        residential=split_periods(accounts, calendar, usage, units, residential, True, chance),
        business=split_periods(accounts, calendar, usage, units, np.flatnonzero(timed), False, chance),
        measured=measured,
        demand=np.rint(kilowatts * 10_000 / accounts.multiplier[measured, None]).astype(np.int64),
        reactive=reactive,
    )


def _tangents(usage: Usage, rows: Ints, calendar: Calendar) -> Floats:
    """Reactive against active energy by account and month: what is shifted counts for its days of the month."""
    months = len(calendar.month_start) - 1
    table = np.repeat(usage.tangent[rows, None], months, axis=1)
    place = {row: position for position, row in enumerate(rows.tolist())}
    starts, ends = np.array(calendar.month_start[:-1]), np.array(calendar.month_start[1:])
    for row, (first, last, tangent) in usage.shifted.items():
        if row in place:
            part = np.clip(np.minimum(ends, last) - np.maximum(starts, first), 0, None) / np.maximum(ends - starts, 1)
            table[place[row]] += (tangent - table[place[row]]) * part
    return table


def _prepare(connection: psycopg.Connection[Any], calendar: Calendar) -> None:
    last = calendar.first + timedelta(days=calendar.days + 31)
    before = date(calendar.first.year - 1, 12, 1)
    for table in BY_MONTH:
        first = before if table == "meter_reading" else calendar.first
        ensure_month_partitions(connection, table, first, last)


def _write_terms(
    connection: psycopg.Connection[Any], accounts: Accounts, calendar: Calendar, truth: list[Truth], streams: Streams
) -> None:
    terms = base_terms(accounts, streams.of("terms"))
    plant_in_file(terms, truth, calendar)
    last = calendar.first + timedelta(days=calendar.days)
    opened = accounts.opened.astype("datetime64[D]").astype(object)

    def rows() -> Any:
        for place, one in enumerate(terms):
            county, number = accounts.county[place].decode(), accounts.number[place].decode()
            path = accounts.org_path[place].decode()
            for begin, end, content in dated_terms(one, opened[place], calendar.first, last):
                yield county, number, begin, end, content, path

    columns = ("county_code", "customer_number", "valid_from", "valid_until", "terms", "org_path")
    BulkWriter(connection).write("account_terms", columns, rows())


def _write_old_meters(connection: psycopg.Connection[Any], accounts: Accounts, change: Change) -> None:
    """The meters that were there before: they have readings, so they must be known."""
    opened = np.maximum(accounts.opened, accounts.installed - OLD_METER_DAYS).astype("datetime64[D]").astype(object)
    removed = accounts.installed.astype("datetime64[D]").astype(object)
    columns = (
        "county_code", "number", "customer_number", "multiplier", "digits", "installed_on", "removed_on", "org_path",
    )  # fmt: skip
    BulkWriter(connection).write(
        "meter",
        columns,
        (
            (
                accounts.county[row].decode(), old_meter(accounts.meter[row]).decode(), accounts.number[row].decode(),
                int(accounts.multiplier[row]), int(accounts.digits[row]), opened[row], removed[row],
                accounts.org_path[row].decode(),
            )
            for row in np.flatnonzero(change.had_other).tolist()
        ),
    )  # fmt: skip


def _write_usage(connection: psycopg.Connection[Any], history: _History, progress: Callable[[float], None]) -> int:
    accounts, calendar = history.accounts, history.calendar
    count = len(accounts)
    measured = np.zeros(count, np.bool_)
    measured[history.measured] = True
    family = np.zeros(count, np.int64)
    family[history.residential.rows], family[history.business.rows] = 1, 2
    solar = np.zeros(count, np.bool_)
    solar[list(history.usage.fed_in)] = True
    sums = month_sums(history.units, calendar) * accounts.multiplier[:, None]
    with column_copy(connection, "usage_month", USAGE_COLUMNS) as copy:
        for number, first in enumerate(calendar.month_first):
            days = slice(calendar.month_start[number], calendar.month_start[number + 1])
            there = history.usage.in_service[:, days.stop - 1]
            gaps = (history.usage.missing[:, days] | ~history.usage.in_service[:, days]).any(axis=1)
            for kind in range(3):
                for sunny in (False, True):
                    for read in (False, True):
                        for gap in (False, True):
                            rows = np.flatnonzero(
                                there & (family == kind) & (solar == sunny) & (measured == read) & (gaps == gap)
                            )
                            if len(rows):
                                _usage_block(copy, history, rows, number, first, days, kind, sunny, read, gap, sums)
            progress((number + 1) / len(calendar.month_first))
        return copy.rows


def _usage_block(
    copy: ColumnCopy, history: _History, rows: Ints, number: int, first: date, days: slice, kind: int, sunny: bool,
    read: bool, gap: bool, sums: Ints,
) -> None:  # fmt: skip
    accounts, usage, count = history.accounts, history.usage, len(rows)
    hole = (usage.missing[rows, days] | ~usage.in_service[rows, days]) if gap else None
    multiplier = accounts.multiplier[rows, None].astype(np.int32)
    arrays: list[Field] = [integers(history.units[rows, days] * multiplier, hole)]
    periods = history.residential if kind == 1 else history.business
    for period in PERIOD_ORDER:
        if kind == 0 or period not in periods.units:
            arrays.append(nothing(count))
            continue
        places = np.searchsorted(periods.rows, rows)
        arrays.append(integers(periods.units[period][places, days] * multiplier, hole))
    if sunny:
        given = np.stack([usage.fed_in[row][days] for row in rows.tolist()])
        arrays.append(integers(np.rint(given * 100).astype(np.int32), hole))
    else:
        arrays.append(nothing(count))
    if read:
        places = np.searchsorted(history.measured, rows)
        whole = accounts.multiplier[rows]
        reverse = np.rint(history.reactive[places, number] * REVERSE_SHARE).astype(np.int64)
        kvarh = decimal((history.reactive[places, number] + reverse) * whole, 2)
        demand = decimal(history.demand[places, number] * whole, 4)
    else:
        kvarh = demand = nothing(count)
    copy.block(
        [
            text(accounts.county[rows]),
            day(np.full(count, (first - date(1970, 1, 1)).days)),
            text(accounts.number[rows]),
            text(accounts.district[rows]),
            decimal(sums[rows, number], 2),
            *arrays,
            kvarh,
            demand,
            ltree(accounts.org_path[rows]),
        ]
    )


def _register(history: _History, name: str, rows: Ints, units: Any) -> Register:
    """A register from dial units by day."""
    borders = np.zeros((len(rows), history.calendar.complete_months + 1), np.int64)
    borders[:, 1:] = np.cumsum(month_sums(units, history.calendar), axis=1)[:, : history.calendar.complete_months]
    change = at_day(units, np.where(history.change.had_other[rows], history.change.day[rows], 0))
    return Register(name, rows, borders, change, np.zeros(len(rows), np.int64))


def _monthly_register(history: _History, name: str, by_month: Ints) -> Register:
    """A register of which only months are known: a meter change takes its part by days."""
    rows, calendar = history.measured, history.calendar
    borders = np.zeros((len(rows), calendar.complete_months + 1), np.int64)
    borders[:, 1:] = np.cumsum(by_month, axis=1)[:, : calendar.complete_months]
    changed = np.where(history.change.had_other[rows], history.change.day[rows], 0)
    starts = np.array(calendar.month_start)
    month = np.minimum(np.searchsorted(starts, changed, side="right") - 1, by_month.shape[1] - 1)
    share = (changed - starts[month]) / np.diff(starts)[month]
    full = np.concatenate([np.zeros((len(rows), 1), np.int64), np.cumsum(by_month, axis=1)], axis=1)
    places = np.arange(len(rows))
    at_change = full[places, month] + np.floor(by_month[places, month] * share).astype(np.int64)
    return Register(name, rows, borders, np.where(changed > 0, at_change, 0), np.zeros(len(rows), np.int64))


def _silence(usage: Usage, writer: ReadingWriter, marks: Marks, calendar: Calendar) -> None:
    """Somebody goes there to read because nothing came in that day; planted ones went although it had (CH03)."""
    by_hand = writer.methods != 0
    for row, number in marks.by_hand:
        by_hand[row, number] = False
    rows, numbers = np.nonzero(by_hand[:, 1:])
    days = np.array(calendar.month_start)[numbers + 1] - 1
    usage.missing[rows, days] |= usage.in_service[rows, days]


def _write_readings(connection: psycopg.Connection[Any], history: _History, writer: ReadingWriter) -> int:
    everyone = np.arange(len(history.accounts))
    with open_copy(connection) as copy:
        total = _register(history, "total", everyone, history.units)
        _before_history(copy, history, writer.write(copy, total))
        for periods in (history.residential, history.business):
            for period, units in periods.units.items():
                writer.write(copy, _register(history, str(period), periods.rows, units))
        writer.write(copy, _monthly_register(history, "reactive_forward", history.reactive))
        reverse = np.rint(history.reactive * REVERSE_SHARE).astype(np.int64)
        writer.write(copy, _monthly_register(history, "reactive_reverse", reverse))
        complete = history.calendar.complete_months
        borders = np.concatenate([np.zeros((len(history.measured), 1), np.int64), history.demand[:, :complete]], axis=1)
        changed = history.change.day[history.measured]
        month = np.clip(np.searchsorted(history.calendar.month_start, changed, side="right") - 1, 0, complete - 1)
        at_change = history.demand[np.arange(len(history.measured)), month] * 9 // 10
        nothing_yet = np.zeros(len(history.measured), np.int64)
        writer.write(
            copy,
            Register("maximum_demand", history.measured, borders, at_change, nothing_yet, scale=4, cumulative=False),
        )
        return copy.rows


def _before_history(copy: ColumnCopy, history: _History, start: Ints) -> None:
    """Where a year's tiers begin before the history: 1 January, or the end of the heating season."""
    accounts, calendar = history.accounts, history.calendar
    limit = 10 ** (accounts.digits + 2)
    opened = accounts.opened.astype("datetime64[D]")
    meters = np.where(
        history.change.had_other, np.array([old_meter(number) for number in accounts.meter.tolist()]), accounts.meter
    )
    plans = [(date(calendar.first.year, 1, 1), np.isin(accounts.scheme, ("tiered", "tiered_time_of_use")))]
    if 4 < calendar.first.month < 11:
        plans.append((date(calendar.first.year, 4, 1), accounts.scheme == "heating_time_of_use"))
    for border, suits in plans:
        if border >= calendar.first:
            continue
        # What was used then is taken from the same days a year later, or from the mean of a shorter history.
        later = calendar.index(border.replace(year=border.year + 1))
        length = (calendar.first - border).days
        from_day = np.clip((opened - np.datetime64(border)).astype(np.int64), 0, length)
        same = history.units[:, later : later + length]
        if same.shape[1] == length:
            before = np.sum(same, axis=1, where=np.arange(length)[None, :] >= from_day[:, None], dtype=np.int64)
        else:
            before = history.units.sum(axis=1, dtype=np.int64) * (length - from_day) // calendar.days
        values = (start - before) % limit
        old = np.flatnonzero(suits & (opened < np.datetime64(border)))
        write_before(copy, accounts, old, meters[old], values[old], border, "period_end")
        late = suits & (opened >= np.datetime64(border)) & (opened < np.datetime64(calendar.first))
        for moment in np.unique(opened[late]):
            young = np.flatnonzero(late & (opened == moment))
            at = moment.astype(object)
            write_before(copy, accounts, young, meters[young], values[young], at, "installed")
