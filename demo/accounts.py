"""The demo's customers, meters and reading sections, district by district along the streets."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from demo.grid import District, Grid
from demo.people import Staff, person_names, phones, word_lists
from demo.randomness import Streams
from demo.territory import METRES_A_DEGREE

SOLAR_SHARE = 0.06
RESIDENTIAL, AGRICULTURAL, BUSINESS = "residential", "agricultural", "commercial_industrial"


@dataclass(frozen=True, slots=True)
class Account:
    """A customer with its meter. `monthly_kwh` is only the size of made-up amounts, no reading."""

    number: str
    name: str
    category: str
    voltage: str
    capacity_kva: Decimal
    tariff_code: str
    trade_code: str | None
    phone: str
    address: str
    section: str
    opened_on: date
    longitude: float
    latitude: float
    district: District
    monthly_kwh: float
    multiplier: int
    generation_kw: Decimal | None
    """Own generation on file."""

    @property
    def has_solar(self) -> bool:
        """Whether there are panels on the roof."""
        return self.generation_kw is not None


def section_code(district: District) -> str:
    """Sections are cut by station, high voltage apart (domain sheet 5)."""
    return f"{district.station.code}{'H' if district.is_dedicated else 'L'}"


def _tariff(category: str, dedicated: bool, capacity: float, roll: float) -> str:
    if category == RESIDENTIAL:
        return "tiered" if roll < 0.78 else "tiered_time_of_use" if roll < 0.9 else "heating_time_of_use"
    if category == AGRICULTURAL:
        return "agricultural"
    return "two_part" if dedicated and capacity >= 315 else "single_part"


def _kinds(district: District, chance: np.random.Generator) -> np.ndarray:
    count = len(district.nodes)
    if district.is_dedicated:
        return np.array([AGRICULTURAL if not district.is_urban and chance.random() < 0.15 else BUSINESS])
    weights = (0.9, 0.0, 0.1) if district.is_urban else (0.84, 0.09, 0.07)
    return chance.choice([RESIDENTIAL, AGRICULTURAL, BUSINESS], count, p=weights)


def make_accounts(grid: Grid, streams: Streams, today: date) -> list[Account]:
    """All customers, ordered by district."""
    chance = streams.of("accounts")
    lists = word_lists()
    found: list[Account] = []
    numbers: dict[str, int] = {}
    for district in grid.districts:
        count = len(district.nodes)
        county = district.station.county.code
        names, numbers_called = person_names(count, chance), phones(count, chance)
        where = district.layout.points()[list(district.nodes)] + chance.normal(0, 3.0, (count, 2)) / METRES_A_DEGREE
        kinds, rolls = _kinds(district, chance), chance.random((count, 4))
        # Grows with the size of the home or shop; heavy tail.
        sizes = chance.lognormal(0, 0.55, count)
        ages = chance.integers(40, 9_000, count)
        words = chance.choice(lists["account_words"], count)
        for index, kind in enumerate(str(kind) for kind in kinds):
            numbers[county] = numbers.get(county, 0) + 1
            roll = rolls[index]
            trades = lists[
                "large_trades"
                if district.is_dedicated and kind == BUSINESS
                else "agricultural_trades"
                if kind == AGRICULTURAL
                else "small_trades"
            ]
            trade = trades[int(roll[0] * len(trades))]
            capacity = _capacity(kind, district, float(sizes[index]))
            hours = {RESIDENTIAL: 24, AGRICULTURAL: 45, BUSINESS: 150 if district.is_dedicated else 70}[kind]
            village = district.name.rstrip("公专变号0123456789")
            found.append(
                Account(
                    number=f"{county}{numbers[county]:06d}",
                    name=names[index] if kind == RESIDENTIAL else f"示例{words[index]}{trade['name']}",
                    category=kind,
                    voltage="1-10(20)kV" if district.is_dedicated else "<1kV",
                    capacity_kva=Decimal(capacity),
                    tariff_code=_tariff(kind, district.is_dedicated, capacity, float(roll[1])),
                    trade_code=None if kind == RESIDENTIAL else trade["trade"],
                    phone=numbers_called[index],
                    address=f"{district.station.county.name_zh}{district.station.town.name_zh}{village}{index + 1}号",
                    section=section_code(district),
                    opened_on=today - timedelta(days=int(ages[index])),
                    longitude=round(float(where[index, 0]), 6),
                    latitude=round(float(where[index, 1]), 6),
                    district=district,
                    monthly_kwh=round(capacity * hours * float(sizes[index]) ** 0.5, 1),
                    multiplier=_multiplier(district, capacity),
                    generation_kw=_generation(kind, district, float(roll[2])),
                )
            )
    return found


def _capacity(kind: str, district: District, size: float) -> int:
    if district.is_dedicated:
        return district.capacity_kva
    if kind == RESIDENTIAL:
        return 8
    return max(10, min(95, 5 * math.ceil((14 if kind == AGRICULTURAL else 24) * size / 5)))


def _generation(kind: str, district: District, roll: float) -> Decimal | None:
    """Panels of 8 to 25 kW on a few roofs outside towns."""
    if kind != RESIDENTIAL or district.is_urban or roll >= SOLAR_SHARE:
        return None
    return Decimal(round((8 + 17 * roll / SOLAR_SHARE) * 2)) / 2


def _multiplier(district: District, capacity: int) -> int:
    """CT × PT for a high-voltage meter (PT 100, CT after the rated current), CT alone from 50 kVA on, else 1."""
    if district.is_dedicated:
        amperes = capacity / (math.sqrt(3) * 10)
        return 100 * next((ratio for ratio in (1, 2, 3, 4, 6, 8, 10, 15, 20, 30) if ratio * 5 >= amperes), 40)
    return 1 if capacity < 50 else 20 if capacity < 70 else 30


def sections(grid: Grid, staff: Staff, streams: Streams) -> list[tuple[str, str, str, str, int, str]]:
    """Rows of `reading_section`: county, code, name, reader, day, path."""
    chance = streams.of("sections")
    found: dict[str, tuple[str, str, str, str, int, str]] = {}
    for district in grid.districts:
        code, station = section_code(district), district.station
        if code not in found:
            kind = "高压" if district.is_dedicated else "低压"
            day = 25 if district.is_dedicated else int(chance.integers(1, 9))
            reader = staff.readers[station.county.code].number
            name = f"{station.town.short_zh}{kind}段"
            found[code] = (station.county.code, code, name, reader, day, station.org_path)
    return list(found.values())
