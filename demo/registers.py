"""From daily use to what the dials show: units of a hundredth on the dial, by period, by month, over a meter change.

A day's energy is a whole number of dial units times the multiplier, so that the daily arrays, the monthly energy and
the difference of two readings agree to the hundredth of a kWh.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from billing.model.terms import RESIDENTIAL_PERIODS, TIME_OF_USE_PERIODS, Period, Scheme, Voltage
from demo.energy_accounts import Accounts
from demo.load_shapes import Calendar, Floats, Ints, period_shares, profiles
from demo.usage import Usage

Units = NDArray[np.int32]
DIAL_UNITS = 100
"""Units of a dial's whole."""


def to_units(kwh: NDArray[np.float32], multiplier: Ints) -> Units:
    """kWh (accounts x days) as dial units."""
    return np.rint(kwh * (DIAL_UNITS / multiplier[:, None])).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Periods:
    """The accounts that are measured by period: their rows, and dial units (accounts x days) by period."""

    rows: Ints
    units: dict[Period, Units]


def _shares_of(
    accounts: Accounts, calendar: Calendar, usage: Usage, rows: Ints, name: str, residential: bool
) -> Floats:
    """Accounts x days x periods for the accounts of one load class."""
    profile = profiles()[name]
    if not residential:
        base = period_shares(calendar, Scheme.SINGLE_PART, Voltage.KV_1_TO_20, profile)
        return np.broadcast_to(base, (len(rows), *base.shape))
    tiered = period_shares(calendar, Scheme.TIERED_TIME_OF_USE, Voltage.UNDER_1KV, profile)
    heating = period_shares(calendar, Scheme.HEATING_TIME_OF_USE, Voltage.UNDER_1KV, profile)
    months = np.repeat([day.month for day in calendar.month_first], np.diff(calendar.month_start))
    winter = np.isin(months, (11, 12, 1, 2, 3))[:, None]
    seasonal = np.where(winter, heating, tiered)
    heats = accounts.scheme[rows] == "heating_time_of_use"
    return np.where(heats[:, None, None], seasonal[None], tiered[None])


def split_periods(
    accounts: Accounts,
    calendar: Calendar,
    usage: Usage,
    units: Units,
    rows: Ints,
    residential: bool,
    chance: np.random.Generator,
) -> Periods:
    """Cut the days of time-of-use accounts into periods; the remainder of a unit goes to peak or flat."""
    periods = RESIDENTIAL_PERIODS if residential else TIME_OF_USE_PERIODS
    rest = periods.index(Period.PEAK if residential else Period.FLAT)
    found = np.zeros((len(periods), len(rows), calendar.days), np.int32)
    names = np.array(usage.profile)[rows]
    for name in sorted(set(names.tolist())):
        mine = np.flatnonzero(names == name)
        shares = _shares_of(accounts, calendar, usage, rows[mine], name, residential)
        habit = chance.lognormal(0, 0.18, (len(mine), 1, len(periods)))
        weights = shares * habit
        for place, row in enumerate(rows[mine].tolist()):
            if row in usage.flat:
                first, last = usage.flat[row]
                flat = _shares_of(accounts, calendar, usage, rows[mine[place : place + 1]], "H0-H", residential)[0]
                weights[place, first:last] = flat[first:last]
        weights /= weights.sum(axis=2, keepdims=True)
        for number in range(len(periods)):
            found[number, mine] = np.floor(units[rows[mine]] * weights[:, :, number])
    found[rest] += units[rows] - found.sum(axis=0)
    return Periods(rows, {period: found[number] for number, period in enumerate(periods)})


@dataclass(frozen=True, slots=True)
class Change:
    """When a meter came, by account: day index of the present meter in the history, 0 where it was there before.

    `had_other` says that another meter was in service until then.
    """

    day: Ints
    opened: Ints
    had_other: NDArray[np.bool_]


def meter_changes(accounts: Accounts, calendar: Calendar) -> Change:
    """From the day of installation; an account's first meter is no change."""
    start = (np.datetime64(calendar.first) - np.datetime64("1970-01-01")).astype(int)
    opened = accounts.opened - start
    installed = accounts.installed - start
    return Change(
        day=np.clip(installed, 0, calendar.days),
        opened=opened,
        had_other=(installed > opened) & (installed > 0) & (installed < calendar.days),
    )


def month_sums(units: Units, calendar: Calendar) -> Ints:
    """Dial units by month (accounts x months)."""
    return np.add.reduceat(units, calendar.month_start[:-1], axis=1, dtype=np.int64)


def at_day(units: Units, days: Ints) -> Ints:
    """Dial units from the beginning of the history to a day of each account."""
    before = np.arange(units.shape[1])[None, :] < days[:, None]
    return np.sum(units, axis=1, where=before, dtype=np.int64)
