"""Two years of daily use for every demo account: what was really used, and what the meters recorded of it.

All numbers are made up (`[design]`): sizes by category, a weather response, SimBench's shapes, scatter by seed. Planted
anomalies change the use, the recording, or whether a reading came in (`demo.usage_effects`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.energy_accounts import Accounts
from demo.load_shapes import YEAR, Calendar, Floats, Ints, profiles, temperatures

Matrix = NDArray[np.float32]
RESIDENTIAL_CLASSES = ("H0-A", "H0-B", "H0-C", "H0-G", "H0-H", "H0-L")
AGRICULTURAL_CLASSES = ("L0-A", "L1-A", "L2-A", "L2-M")
TRADE_CLASSES: dict[str, tuple[str, ...]] = {
    "52": ("G4-A", "G4-B", "G0-A"),
    "61": ("G2-A", "G6-A"),
    "62": ("G2-A", "G6-A", "G5-A"),
    "59": ("G0-M", "G4-M"),
    "80": ("G1-B", "G1-C", "G4-B"),
    "81": ("G1-A", "G4-A"),
    "83": ("G1-A", "G4-H"),
    "84": ("G3-A", "G3-M"),
    "13": ("G3-A", "G5-A"),
}
INDUSTRY_CLASSES = ("G3-H", "G3-M", "G0-M", "G4-H", "BL-H", "WB-H")
MISSING_SHARE = 0.0008
"""Readings that do not come in on an ordinary day."""
IRRIGATION = (0.35, 0.4, 1.2, 2.2, 2.0, 1.6, 1.0, 0.8, 0.9, 0.8, 0.7, 0.4)
"""Agricultural use by month against its mean, January first."""


@dataclass(slots=True)
class Usage:
    """Accounts x days. kWh; `used` is the truth, `recorded` what the meter counts, `missing` days without a reading."""

    used: Matrix
    recorded: Matrix
    missing: NDArray[np.bool_]
    in_service: NDArray[np.bool_]
    fed_in: dict[int, Floats]
    """Own generation given to the grid, kWh a day, by account."""
    profile: list[str]
    peak: Floats
    """Highest quarter hour of a month against the mean of its highest day."""
    tangent: Floats
    """Reactive against active energy."""
    flat: dict[int, tuple[int, int]]
    """Accounts whose use has lost its shape, from a day to a day."""
    shifted: dict[int, tuple[int, int, float]]
    """Accounts whose reactive against active energy is another one, from a day to a day."""


def _classes(accounts: Accounts, chance: np.random.Generator) -> list[str]:
    found, rolls = [], chance.random(len(accounts))
    for place, roll in enumerate(rolls):
        category = accounts.category[place]
        names: tuple[str, ...]
        if category == "residential":
            names = RESIDENTIAL_CLASSES
        elif category == "agricultural":
            names = AGRICULTURAL_CLASSES
        elif accounts.voltage[place] != "<1kV" and str(accounts.trade[place]) < "50":
            names = INDUSTRY_CLASSES
        else:
            names = TRADE_CLASSES.get(str(accounts.trade[place]), INDUSTRY_CLASSES)
        found.append(names[int(roll * len(names))])
    return found


def _sizes(accounts: Accounts, chance: np.random.Generator) -> Floats:
    """Mean kWh a day."""
    count = len(accounts)
    spread = chance.lognormal(0, 0.5, count)
    residential = 4.3 * spread
    agricultural = accounts.capacity * 24 * 0.035 * spread
    low = accounts.capacity * 24 * 0.075 * spread
    high = accounts.capacity * 24 * chance.uniform(0.16, 0.48, count)
    size = np.where(accounts.category == "residential", residential, low)
    size = np.where(accounts.category == "agricultural", agricultural, size)
    size = np.where((accounts.voltage != "<1kV") & (accounts.category != "agricultural"), high, size)
    return np.minimum(size, np.where(accounts.category == "residential", 45, accounts.capacity * 24 * 0.6))


def _weather(accounts: Accounts, calendar: Calendar, chance: np.random.Generator) -> tuple[Floats, Floats, Ints]:
    """Cooling and heating degrees (cities x days) and the city of each account."""
    degrees = temperatures(calendar, chance)
    cities = sorted(degrees)
    table = np.stack([degrees[city] for city in cities])
    city = np.searchsorted(np.array(cities), np.array([code[:4].decode() for code in accounts.county.tolist()]))
    return np.clip(table - 23, 0, None), np.clip(9 - table, 0, None), city


def make_usage(accounts: Accounts, calendar: Calendar, chance: np.random.Generator) -> Usage:
    """The undisturbed history: `recorded` equals `used`."""
    count, days = len(accounts), calendar.days
    names, size = _classes(accounts, chance), _sizes(accounts, chance)
    known = profiles()
    order = sorted(set(names))
    own = np.searchsorted(np.array(order), np.array(names))
    cooling, heating, city = _weather(accounts, calendar, chance)
    residential, farm = accounts.category == "residential", accounts.category == "agricultural"
    electric_heat = accounts.scheme == "heating_time_of_use"
    warm = np.where(residential, chance.gamma(2.0, 0.05, count), chance.uniform(0.005, 0.04, count))
    cold = np.where(electric_heat, chance.uniform(0.18, 0.45, count), chance.gamma(1.5, 0.006, count))
    warm, cold = np.where(farm, 0.005, warm), np.where(farm, 0.002, cold)
    growth = chance.normal(0.025, 0.05, count)
    stop = np.where(residential, chance.uniform(-0.35, 0.1, count), chance.uniform(0.3, 0.85, count))
    stop = np.where(farm, 0.1, stop)
    shift = chance.integers(0, YEAR // 7, count) * 7
    month = np.array([first.month - 1 for first in calendar.month_first])
    month_of_day = np.repeat(month, np.diff(calendar.month_start))
    irrigation = np.array(IRRIGATION)[month_of_day]
    years = np.arange(days) / 365.25 - days / 365.25
    base = (np.arange(days) + calendar.weekday[0]) % YEAR
    used = np.empty((count, days), np.float32)
    for number, name in enumerate(order):
        rows = np.flatnonzero(own == number)
        profile = known[name]
        level = profile.level[calendar.season, calendar.kind]
        part = profile.scatter[(base[None, :] + shift[rows, None]) % YEAR] ** 0.6 * level
        part *= 1 + warm[rows, None] * cooling[city[rows]] + cold[rows, None] * heating[city[rows]]
        part *= 1 - stop[rows, None] * calendar.festival
        part *= (1 + growth[rows, None]) ** years
        part *= np.where(farm[rows, None], irrigation, 1.0)
        used[rows] = part * size[rows, None]
    used *= chance.lognormal(0, 0.07, (count, days)).astype(np.float32)
    opened = accounts.opened - (np.datetime64(calendar.first) - np.datetime64("1970-01-01")).astype(int)
    in_service = np.arange(days)[None, :] >= opened[:, None]
    used[~in_service] = 0
    missing = (chance.random((count, days), dtype=np.float32) < MISSING_SHARE) & in_service
    peak = np.array([known[name].peak for name in names]) ** 0.5 * chance.uniform(0.95, 1.25, count)
    tangent = chance.uniform(0.28, 0.62, count)
    return Usage(used, used.copy(), missing, in_service, {}, names, peak, tangent, {}, {})
