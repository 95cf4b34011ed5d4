"""How a planted anomaly shows in the energy data: one function an effect, one line an anomaly code.

An effect changes what was used, what the meter recorded, or whether a reading came in, from its first day to its last.
Codes without a line leave the energy data alone (late replies, receipts, services): `EFFECTS` says which ones do not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demo.load_shapes import Calendar, Floats
from demo.usage import Usage


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when: an account's row (None for a district's anomaly), a district's row, days [first, last)."""

    account: int | None
    district: int
    first: int
    last: int
    capacity: float
    roll: float
    """0 to 1, drawn for this anomaly."""


@dataclass(slots=True)
class Districts:
    """Districts x days. `factor` on what the gateway counts, `hidden` kWh that goes out past every customer's meter."""

    factor: Floats
    hidden: Floats
    silent: np.typing.NDArray[np.bool_]
    """Days on which the gateway gave no reading."""
    neighbour: np.typing.NDArray[np.int64]
    """For each district another one of its county and kind; itself where there is none."""


Effect = Callable[[Usage, Districts, Calendar, Place], None]


def _part(usage: Usage, place: Place) -> tuple[int, slice]:
    assert place.account is not None  # noqa: S101 - the registry pairs account effects with account anomalies
    return place.account, slice(place.first, place.last)


def _under_recorded(low: float, high: float) -> Effect:
    """The meter counts only a part of what goes through."""

    def effect(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
        row, days = _part(usage, place)
        usage.recorded[row, days] *= low + (high - low) * place.roll

    return effect


def _scaled(low: float, high: float) -> Effect:
    """The use itself changes."""

    def effect(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
        row, days = _part(usage, place)
        factor = low + (high - low) * place.roll
        usage.used[row, days] *= factor
        usage.recorded[row, days] *= factor

    return effect


def _jump(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    _scaled(*((0.1, 0.45) if place.roll < 0.5 else (1.9, 3.4)))(usage, districts, calendar, place)


def _at_least(kwh_a_day: float, kwh_a_kva: float = 0.0) -> Effect:
    """The use is lifted to a level that does not fit its category."""

    def effect(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
        row, days = _part(usage, place)
        level = (kwh_a_day + kwh_a_kva * place.capacity) * (0.8 + 0.6 * place.roll)
        for values in (usage.used, usage.recorded):
            mean = max(float(values[row, days].mean()), 0.01)
            values[row, days] *= max(1.0, level / mean)

    return effect


def _shapeless(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    """The same at every hour of every day."""
    row, days = _part(usage, place)
    level = place.capacity * 24 * (0.3 + 0.35 * place.roll)
    for values in (usage.used, usage.recorded):
        values[row, days] = level * (1 + 0.02 * np.sin(np.arange(place.last - place.first)))
    usage.flat[row] = (place.first, place.last)


def _stopped(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    row, days = _part(usage, place)
    usage.recorded[row, days] = 0


def _empty(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    row, days = _part(usage, place)
    usage.recorded[row, days] = 0
    usage.used[row, days] = 0


def _uncollected(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    row, days = _part(usage, place)
    usage.missing[row, days] = usage.in_service[row, days]


def _no_winter(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    """Heating is charged as electric but there is no heating load."""
    row = _part(usage, place)[0]
    days = np.arange(place.first, place.last)
    cold = days[calendar.season[days] == 0]
    usual = float(np.median(usage.used[row])) * 0.9
    for values in (usage.used, usage.recorded):
        values[row, cold] = np.minimum(values[row, cold], usual)


def _feeds_more(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    row, days = _part(usage, place)
    if row in usage.fed_in:
        usage.fed_in[row][days] *= 1.6 + 0.8 * place.roll


def _low_power_factor(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    row = _part(usage, place)[0]
    _under_recorded(0.4, 0.65)(usage, districts, calendar, place)
    usage.shifted[row] = (place.first, place.last, 1.3 + place.roll)


def _feeds_back(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    """Generation that nobody knows of."""
    row, days = _part(usage, place)
    given = usage.fed_in.setdefault(row, np.zeros(calendar.days))
    given[days] += 4 + 8 * place.roll


def _more_demand(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    row = _part(usage, place)[0]
    _at_least(0, 24 * 0.75)(usage, districts, calendar, place)
    usage.peak[row] = max(usage.peak[row], 1.45)


def _gateway(low: float, high: float) -> Effect:
    """The gateway counts too much (loss) or too little (negative loss)."""

    def effect(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
        districts.factor[place.district, place.first : place.last] *= low + (high - low) * place.roll

    return effect


def _wavering(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    days = np.arange(place.last - place.first)
    districts.factor[place.district, place.first : place.last] *= 1 + 0.1 * np.sin(days * (0.9 + place.roll))


def _swapped(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    """Customers are booked at the neighbour: it sells too much, this one too little."""
    neighbour = districts.neighbour[place.district]
    days = np.arange(place.last - place.first)
    level = place.capacity * (0.6 + 0.9 * place.roll) * (1 + 0.25 * np.sin(days * 0.9) + 0.2 * np.sin(days * 0.23))
    districts.hidden[place.district, place.first : place.last] += level
    districts.hidden[neighbour, place.first : place.last] -= level


def _silent_gateway(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
    districts.silent[place.district, place.first : place.last] = True


def _unmetered(low: float, high: float) -> Effect:
    """Energy leaves the district past every customer's meter: kWh a kVA and day."""

    def effect(usage: Usage, districts: Districts, calendar: Calendar, place: Place) -> None:
        level = place.capacity * (low + (high - low) * place.roll)
        days = np.arange(place.last - place.first)
        districts.hidden[place.district, place.first : place.last] += level * (1 + 0.25 * np.sin(days * 0.7))

    return effect


THEFT = _under_recorded(0.25, 0.65)
EFFECTS: dict[str, Effect] = {
    "DJ01": _at_least(38), "DJ02": _shapeless, "DJ09": _at_least(45), "DJ11": _no_winter, "DJ12": _at_least(30),
    "CH01": _jump, "CH02": _empty, "CH07": _at_least(0, 22), "CH09": _under_recorded(0.5, 0.75),
    "CH14": _under_recorded(0.9, 0.97),
    "JL01": _under_recorded(0.6, 0.7), "JL02": _under_recorded(0.62, 0.7), "JL03": _under_recorded(0.63, 0.7),
    "JL06": _stopped, "JL07": _under_recorded(3.0, 6.0), "JL08": _under_recorded(0.85, 0.95), "JL12": _uncollected,
    "FQ01": _more_demand, "FQ02": _scaled(0.5, 0.9), "FQ03": THEFT, "FQ04": THEFT, "FQ05": THEFT, "FQ06": THEFT,
    "FQ07": _shapeless, "FQ08": _low_power_factor, "FQ09": _unmetered(0.25, 0.7),
    "XS01": _gateway(1.09, 1.24), "XS02": _gateway(0.88, 0.965), "XS03": _wavering, "XS04": _silent_gateway,
    "XS06": _unmetered(0.5, 1.2), "JL11": _swapped, "JL05": _feeds_back,
    "XX01": _feeds_more, "XX02": _feeds_more,
}  # fmt: skip
"""Anomaly code (domain sheet 1.4) → what it does to the energy data."""
OF_DISTRICT = frozenset({"FQ09", "JL11", "XS01", "XS02", "XS03", "XS04", "XS06"})
"""Codes whose effect is on the district."""
