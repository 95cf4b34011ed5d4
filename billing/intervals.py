"""Interval data: energy by time-of-use period and by day, hours counted in Asia/Shanghai."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.model.readings import IntervalBlock, Readings
from billing.model.terms import Period
from billing.tariff.book import Area
from billing.tariff.plan import PlanKey

LOCAL = ZoneInfo("Asia/Shanghai")


def local_intervals(blocks: tuple[IntervalBlock, ...]) -> Iterator[tuple[datetime, Decimal]]:
    """Local start of each interval with its kWh."""
    for block in blocks:
        start = block.start.astimezone(LOCAL).replace(tzinfo=None)  # Asia/Shanghai keeps one offset all year
        for position, kwh in enumerate(block.kwh):
            yield start + timedelta(minutes=block.minutes * position), kwh


def covers(readings: Readings) -> bool:
    """True when the interval data covers the whole period without gap or overlap."""
    expected = datetime.combine(readings.start, datetime.min.time())
    for block in sorted(readings.intervals, key=lambda item: item.start):
        start = block.start.astimezone(LOCAL).replace(tzinfo=None)
        if start != expected:
            return False
        expected = start + timedelta(minutes=block.minutes * len(block.kwh))
    return bool(readings.intervals) and expected == datetime.combine(readings.end, datetime.min.time())


def by_day_and_period(
    readings: Readings, area: Area, key: PlanKey, periods: tuple[Period, ...]
) -> dict[tuple[date, Period], Decimal] | None:
    """kWh by local day and time-of-use period; None when the area has no hours for a day."""
    sums: dict[tuple[date, Period], Decimal] = {}
    for moment, kwh in local_intervals(readings.intervals):
        period = Period.ALL
        if periods != (Period.ALL,):
            hours = area.hours(key.scheme, key.voltage, moment.date(), key.known_at)
            if hours is None:
                return None
            period = hours.period_at(moment.month, moment.hour)
        slot = (moment.date(), period)
        sums[slot] = sums.get(slot, Decimal(0)) + kwh
    return sums
