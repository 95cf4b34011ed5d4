"""Shapes of use: SimBench's profiles by kind of day and season, in a calendar and weather of north China.

SimBench's year is Germany's. Its shape of the day, the level of Saturdays and Sundays and the way in which single days
scatter are kept; the course of the year is made anew from a made-up weather of the five prefectures, because Jibei has
a summer peak that Germany has not.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
from chinese_calendar import get_holiday_detail
from numpy.typing import NDArray

from audit.deadlines import is_working_day
from billing.model.terms import Period, Scheme, Voltage, periods_of
from billing.tariff.book import standard_book
from demo.prepare_profiles import season_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PROFILES = Path(__file__).resolve().parent / "data" / "load_profiles.json"
YEAR = 357
"""Days of scatter that are used: whole weeks, so that a shift by weeks keeps Sundays on Sundays."""
SPRING_FESTIVALS = (date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6))
CITY_DEGREES = {"1302": 0.5, "1303": 0.0, "1307": -4.0, "1308": -3.5, "1310": 1.0}
"""How much warmer than the mean a prefecture is, °C; made up for the demo."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One consumer class: `shape[season, kind of day, hour]` sums to 1 a day, `level` is the day against the season."""

    name: str
    shape: Floats
    level: Floats
    scatter: Floats
    """Single days against their kind, `YEAR` of them beginning with a Monday."""
    peak: float
    """Highest quarter hour of a day against its mean."""


@lru_cache(maxsize=1)
def profiles() -> dict[str, Profile]:
    """All classes of the data file."""
    found = {}
    for name, values in json.loads(PROFILES.read_text(encoding="utf-8"))["profiles"].items():
        level = np.array(values["level"])
        # The first Monday of 2016 is 4 January.
        scatter = np.array(values["residual"])[3 : 3 + YEAR].clip(0.15, 3.0)
        found[name] = Profile(
            name=name,
            shape=np.array(values["shape"]),
            level=level / level[:, :1].clip(1e-6),
            scatter=scatter / scatter.mean(),
            peak=values["peak"],
        )
    return found


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the demo's history, local (Asia/Shanghai), `first` to yesterday; months as slices of days."""

    first: date
    days: int
    season: Ints
    kind: Ints
    """0 working day, 1 Saturday, 2 Sunday or holiday; make-up days are working days."""
    weekday: Ints
    festival: Floats
    """1 in the days around Spring Festival, falling to 0."""
    month_first: tuple[date, ...]
    month_start: tuple[int, ...]
    """Index of each month's first day; one more entry, the number of days, at the end."""

    @property
    def complete_months(self) -> int:
        """Months that are over; the last one may be running."""
        last = self.first + timedelta(days=self.days)
        return len(self.month_first) - (0 if last.day == 1 else 1)

    def index(self, day: date) -> int:
        """Position of a day, held inside the history."""
        return min(max((day - self.first).days, 0), self.days)


def _is_holiday(day: date) -> bool:
    try:
        return bool(get_holiday_detail(day)[0])
    except NotImplementedError:
        return False


def next_month(day: date) -> date:
    """The first day of the following month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def make_calendar(today: date, months: int = 24) -> Calendar:
    """`months` whole months and the running one up to yesterday."""
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    days = [first + timedelta(days=number) for number in range((today - first).days)]
    kind = [0 if is_working_day(day) else 1 if day.weekday() == 5 and not _is_holiday(day) else 2 for day in days]
    near = [min(abs((day - festival).days - 2) for festival in SPRING_FESTIVALS) for day in days]
    starts, month_first = [0], [first]
    while next_month(month_first[-1]) < today:
        month_first.append(next_month(month_first[-1]))
        starts.append((month_first[-1] - first).days)
    return Calendar(
        first=first,
        days=len(days),
        season=np.array([season_of(day) for day in days]),
        kind=np.array(kind),
        weekday=np.array([day.weekday() for day in days]),
        festival=np.clip(1 - np.array(near) / 10, 0, 1),
        month_first=tuple(month_first),
        month_start=(*starts, len(days)),
    )


def temperatures(calendar: Calendar, chance: np.random.Generator) -> dict[str, Floats]:
    """Mean temperature of each day by prefecture, °C: a yearly wave and weather that lasts some days."""
    start = calendar.first.timetuple().tm_yday
    day_of_year = np.arange(calendar.days) + start
    wave = 10.5 - 15.8 * np.cos(2 * np.pi * (day_of_year - 20) / 365.25)
    swing = np.empty(calendar.days)
    last = 0.0
    for number, step in enumerate(chance.normal(0, 1.9, calendar.days)):
        last = 0.78 * last + step
        swing[number] = last
    return {city: wave + swing + offset for city, offset in CITY_DEGREES.items()}


@lru_cache(maxsize=256)
def _hours(scheme: Scheme, voltage: Voltage, day: date) -> tuple[Period, ...]:
    area = standard_book().areas["jibei"]
    row = area.hours(scheme, voltage, day, None)
    if row is None:
        raise LookupError(f"no hours of {scheme} on {day}")
    return tuple(row.period_at(day.month, hour) for hour in range(24))


def period_shares(calendar: Calendar, scheme: Scheme, voltage: Voltage, profile: Profile) -> Floats:
    """Share of each period in each day (days x periods of the scheme), by the hours of the tariff on that day."""
    periods = periods_of(scheme, True)
    shares = np.zeros((calendar.days, len(periods)))
    known: dict[tuple[int, int, tuple[Period, ...]], Floats] = {}
    for number in range(calendar.days):
        day = calendar.first + timedelta(days=number)
        hours = _hours(scheme, voltage, day.replace(day=1))
        key = (int(calendar.season[number]), int(calendar.kind[number]), hours)
        if key not in known:
            shape = profile.shape[key[0], key[1]]
            known[key] = np.array([sum(shape[h] for h in range(24) if hours[h] is period) for period in periods])
        shares[number] = known[key]
    return shares
