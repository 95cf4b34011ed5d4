"""The demo's people: nobody real. Names are put together by chance, phones begin with 000, every row says `is_demo`."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import yaml

from demo.grid import PROVINCE, Grid, Station, county_path
from demo.prepare import DATA, PREFECTURES
from demo.randomness import Streams
from demo.size import Size
from demo.territory import County, counties, shares

EXPERTS = 40
"""As many as the jury of domain sheet 1.1 has."""
DISTRICTS_A_MANAGER = 5
SKILLS = ("metering", "anti_theft", "tariff", "line_loss", "connection", "new_business")


@dataclass(frozen=True, slots=True)
class Person:
    """An employee. `county` and `station` are None above their level."""

    number: str
    name: str
    kind: str
    unit: str
    org_path: str
    county_code: str | None
    phone: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody, and who stands for what."""

    people: tuple[Person, ...]
    inspectors: tuple[Person, ...]
    managers: dict[str, tuple[Person, ...]]
    """District managers (台区经理) by station code."""
    readers: dict[str, Person]
    """By county code."""
    officers: dict[str, Person]
    """Reviewer and dispatcher by unit code: province, cities, counties."""
    experts: tuple[Person, ...]

    def inspectors_of(self, county_code: str) -> tuple[Person, ...]:
        """The inspectors of a county."""
        return tuple(person for person in self.inspectors if person.county_code == county_code)


@lru_cache(maxsize=1)
def word_lists() -> dict[str, Any]:
    """`data/names.yaml`."""
    lists: dict[str, Any] = yaml.load((DATA / "names.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return lists


def person_names(count: int, chance: np.random.Generator) -> list[str]:
    """Surname and one or two characters."""
    lists = word_lists()
    surnames, given = np.array(list(lists["surnames"])), np.array(list(lists["given"]))
    first, second, third = chance.choice(surnames, count), chance.choice(given, count), chance.choice(given, count)
    short = chance.random(count) < 0.3
    return [f"{a}{b}{'' if one else c}" for a, b, c, one in zip(first, second, third, short, strict=True)]


def phones(count: int, chance: np.random.Generator) -> list[str]:
    """Numbers in a range that is given to nobody: 000 and eight digits."""
    return [f"000{number:08d}" for number in chance.integers(0, 100_000_000, count)]


class _Register:
    """Hands out numbers, names and phones in order."""

    def __init__(self, count: int, chance: np.random.Generator) -> None:
        self.names = iter(person_names(count, chance))
        self.phones = iter(phones(count, chance))
        self.chance = chance
        self.counts: dict[str, int] = {}
        self.people: list[Person] = []

    def add(self, letter: str, kind: str, unit: str, org_path: str, county_code: str | None) -> Person:
        self.counts[letter] = self.counts.get(letter, 0) + 1
        skills: tuple[str, ...] = ()
        if kind in ("inspector", "expert"):
            skills = tuple(sorted(str(skill) for skill in self.chance.choice(SKILLS, 2, replace=False)))
        number = f"{letter}{self.counts[letter]:04d}"
        person = Person(number, next(self.names), kind, unit, org_path, county_code, next(self.phones), skills)
        self.people.append(person)
        return person


def make_staff(size: Size, grid: Grid, streams: Streams) -> Staff:
    """Inspectors by county, district managers by station, a reader and an officer a county, officers above, experts."""
    land = counties()
    districts: dict[str, int] = {}
    for district in grid.districts:
        districts[district.station.code] = districts.get(district.station.code, 0) + 1
    register = _Register(
        size.inspectors + len(land) * 3 + len(grid.stations) + len(grid.districts) + EXPERTS + 20, streams.of("people")
    )
    counts = shares([county.weight for county in land], size.inspectors, 1)
    inspectors = [
        register.add("I", "inspector", county.code, county_path(county.code), county.code)
        for county, count in zip(land, counts, strict=True)
        for _ in range(count)
    ]
    managers = {
        station.code: tuple(
            register.add("M", "district_manager", station.code, station.org_path, station.county.code)
            for _ in range(-(-districts.get(station.code, 0) // DISTRICTS_A_MANAGER) or 1)
        )
        for station in grid.stations
    }
    readers = {
        county.code: register.add("R", "reader", county.code, county_path(county.code), county.code) for county in land
    }
    officers = {PROVINCE: register.add("O", "officer", PROVINCE, PROVINCE, None)}
    officers |= {city: register.add("O", "officer", city, county_path(city), None) for city in PREFECTURES}
    officers |= {
        county.code: register.add("O", "officer", county.code, county_path(county.code), county.code) for county in land
    }
    experts = tuple(register.add("E", "expert", PROVINCE, PROVINCE, None) for _ in range(EXPERTS))
    return Staff(tuple(register.people), tuple(inspectors), managers, readers, officers, experts)


def units(grid: Grid) -> list[tuple[str, str | None, int, str, str, str | None, str, Any, Any]]:
    """Rows of `organisation`: code, parent, level, names, county, path, boundary, centre (shapely)."""
    import shapely

    from demo.territory import prefectures

    cities = prefectures()
    whole = shapely.coverage_union_all([border for _, _, border in cities.values()])
    province = shapely.MultiPolygon([part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"])
    rows: list[tuple[str, str | None, int, str, str, str | None, str, Any, Any]] = [
        (PROVINCE, None, 0, "国网冀北电力", "State Grid Jibei", None, PROVINCE, province, shapely.Point(117.2, 40.4))
    ]
    for code, (name_zh, name_en, border) in cities.items():
        seat = max((c for c in counties() if c.city_code == code), key=lambda county: county.weight).seats[0]
        centre = shapely.Point(_CENTRES.get(code, seat))
        rows.append((code, PROVINCE, 1, f"{name_zh[:-1]}供电公司", name_en, None, county_path(code), border, centre))
    rows += [_county_row(county, shapely.Point(county.seats[0])) for county in counties()]
    rows += [_station_row(station, shapely.Point(station.place)) for station in grid.stations]
    return rows


_CENTRES = {
    "1302": (118.18, 39.63),
    "1303": (119.60, 39.94),
    "1307": (114.88, 40.82),
    "1308": (117.94, 40.97),
    "1310": (116.70, 39.52),
}
"""Domain sheet 0."""


def _county_row(county: County, centre: Any) -> Any:
    path = county_path(county.code)
    return (
        county.code,
        county.city_code,
        2,
        county.name_zh,
        county.name_en,
        county.code,
        path,
        county.border,
        centre,
    )


def _station_row(station: Station, centre: Any) -> Any:
    name_zh, name_en = f"{station.town.short_zh}供电所", f"{station.town.name_en} station"
    code, county = station.code, station.county.code
    return (code, county, 3, name_zh, name_en, county, station.org_path, station.area, centre)
