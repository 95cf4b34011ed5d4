"""The data filter that runs before every rule (domain sheet 1.5): what can't be true never becomes a suspicion.

Dropped: an event that was told twice (the first stays), a malformed one, one from before its meter's installation or
from the future, energy and demand above K x contract capacity. A dropped number is "not known" (NaN), so that a rule
can't take it for zero. What was dropped is counted by reason and kept with the run.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from audit.rules.partition import Flags, Floats, Ints, MeterEvents, Partition, Readings, Series

DAY_S = 86_400
SHANGHAI_S = 8 * 3_600
HOURS = 24
REASONS = (
    "duplicate_event", "malformed_event", "event_before_installation", "event_in_future", "malformed_reading",
    "reading_before_installation", "reading_in_future", "malformed_energy", "energy_above_capacity",
    "demand_above_capacity",
)  # fmt: skip
"""Keys of the counts; texts `rules_engine.dropped_NAME`."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """The partition without what can't be true, and how much that was: events, readings, customer-days, months."""

    partition: Partition
    dropped: dict[str, int]


def _rows(table: MeterEvents | Readings, kept: Flags) -> dict[str, object]:
    return {one.name: getattr(table, one.name)[kept] for one in fields(table)}


def _installed(partition: Partition, meters: np.ndarray) -> Ints:
    """Day number on which each named meter was installed; the lowest there is for meters that aren't on file."""
    known = partition.meters
    if not len(known.number):
        return np.full(len(meters), np.iinfo(np.int64).min)
    order = np.argsort(known.number, kind="stable")
    names = known.number[order]
    place = np.minimum(np.searchsorted(names, meters), len(names) - 1)
    return np.where(names[place] == meters, known.installed[order][place], np.iinfo(np.int64).min)


def _events(partition: Partition, dropped: dict[str, int]) -> MeterEvents:
    events = partition.events
    if not len(events.customer):
        return events
    begin, ended = events.begin, ~np.isnan(events.end)
    malformed = ~np.isfinite(begin) | (events.kind == "") | (events.meter == "") | (ended & (events.end < begin))
    day = np.floor((np.nan_to_num(begin) + SHANGHAI_S) / DAY_S).astype(np.int64)
    early = ~malformed & (day < _installed(partition, events.meter))
    late = ~malformed & (day > partition.last)
    # Told twice: same meter, kind, moment and content. The first in the order of arrival stays.
    content = np.stack([np.nan_to_num(begin), np.nan_to_num(events.value, nan=-1.0)])
    order = np.lexsort((content[1], content[0], events.kind, events.meter))
    again = np.zeros(len(begin), np.bool_)
    same = (events.meter[order][1:] == events.meter[order][:-1]) & (events.kind[order][1:] == events.kind[order][:-1])
    again[order[1:]] = same & (content[:, order[1:]] == content[:, order[:-1]]).all(axis=0)
    again &= ~(malformed | early | late)
    for name, flags in (
        ("malformed_event", malformed), ("event_before_installation", early), ("event_in_future", late),
        ("duplicate_event", again),
    ):  # fmt: skip
        dropped[name] = int(flags.sum())
    return MeterEvents(**_rows(events, ~(malformed | early | late | again)))  # type: ignore[arg-type]


def _readings(partition: Partition, dropped: dict[str, int]) -> Readings:
    readings = partition.readings
    if not len(readings.customer):
        return readings
    malformed = ~np.isfinite(readings.reading) | (readings.register == "") | (readings.meter == "")
    early = ~malformed & (readings.read_day < _installed(partition, readings.meter))
    # A month is closed by the reading at the first moment of the day after it.
    late = ~malformed & (readings.read_day > partition.last + 1)
    for name, flags in (
        ("malformed_reading", malformed), ("reading_before_installation", early), ("reading_in_future", late),
    ):  # fmt: skip
        dropped[name] = int(flags.sum())
    return Readings(**_rows(readings, ~(malformed | early | late)))  # type: ignore[arg-type]


def _above(values: Floats, limits: Floats) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(values > limits[:, None])


def _without(values: Floats, faulty: Flags) -> Floats:
    return np.where(faulty, np.asarray(np.nan, values.dtype), values) if faulty.any() else values


def filtered(partition: Partition, power_limit: float) -> Filtered:
    """The partition as the rules may see it. `power_limit`: K of domain sheet 1.5; capacities that aren't on file and
    those of zero limit nothing.
    """
    dropped = dict.fromkeys(REASONS, 0)
    capacity = np.where(partition.customers.capacity_kva > 0, partition.customers.capacity_kva, np.inf)
    with np.errstate(invalid="ignore"):
        malformed = (partition.daily_kwh < 0) | np.isinf(partition.daily_kwh)
    above = _above(partition.daily_kwh, power_limit * capacity * HOURS) & ~malformed
    dropped["malformed_energy"], dropped["energy_above_capacity"] = int(malformed.sum()), int(above.sum())
    demand = _above(partition.month_demand_kw, power_limit * capacity)
    dropped["demand_above_capacity"] = int(demand.sum())
    faulty = malformed | above

    def part(series: Series) -> Series:
        return Series(series.customer, _without(series.kwh, faulty[series.customer]))

    whole = replace(
        partition,
        daily_kwh=_without(partition.daily_kwh, faulty),
        period_kwh={name: part(series) for name, series in partition.period_kwh.items()},
        month_demand_kw=_without(partition.month_demand_kw, demand),
        readings=_readings(partition, dropped),
        events=_events(partition, dropped),
    )
    return Filtered(whole, {name: count for name, count in dropped.items() if count})
