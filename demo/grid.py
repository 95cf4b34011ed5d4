"""The demo's units and grid: stations, substations, feeders and transformer districts on the real ground."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from demo.randomness import Streams
from demo.roads import Roads, build
from demo.size import Size
from demo.streets import Layout, template
from demo.territory import County, Town, as_multipolygon, counties, distance_m, metres, shares

PROVINCE = "jibei"
Point = tuple[float, float]
PUBLIC_CAPACITIES = (100, 200, 315, 400, 500, 630)
DEDICATED_CAPACITIES = (100, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000)
NEAREST_DISTRICT_M = 650.0
JUNCTIONS = 26


@dataclass(frozen=True, slots=True)
class Station:
    """A power supply station (供电所), named after a real town; where it lies and what it covers is made up."""

    code: str
    town: Town
    county: County
    place: Point
    area: Any
    """shapely MultiPolygon: the part of the county nearest to it."""
    is_seat: bool

    @property
    def org_path(self) -> str:
        """province.city.county.station."""
        return f"{county_path(self.county.code)}.{self.code}"


@dataclass(frozen=True, slots=True)
class Substation:
    """A substation of 110 or 35 kV."""

    code: str
    name: str
    county: County
    voltage_kv: int
    place: Point


@dataclass(frozen=True, slots=True)
class Feeder:
    """A 10 kV line: `ways` are edges of the county's roads."""

    code: str
    name: str
    substation: Substation
    ways: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class District:
    """A transformer district (台区) with its streets. `customers` are accounts; dedicated ones have one."""

    code: str
    name: str
    station: Station
    feeder_code: str
    is_dedicated: bool
    is_urban: bool
    capacity_kva: int
    layout: Layout
    nodes: tuple[int, ...]
    """Street node of each account."""

    @property
    def place(self) -> Point:
        """The transformer."""
        return self.layout.longitude, self.layout.latitude


@dataclass(frozen=True, slots=True)
class Grid:
    """Everything that stands still."""

    stations: tuple[Station, ...]
    substations: tuple[Substation, ...]
    feeders: tuple[Feeder, ...]
    districts: tuple[District, ...]
    roads: dict[str, Roads]
    """By county code."""


def county_path(code: str) -> str:
    """The org path of a county (six digits), city (four) or the province."""
    return f"{PROVINCE}.{code[:4]}.{code}" if len(code) == 6 else f"{PROVINCE}.{code}" if len(code) == 4 else PROVINCE


def inside(area: Any, chance: np.random.Generator, count: int) -> list[Point]:
    """Points spread evenly over a geometry (longitude, latitude)."""
    west, south, east, north = area.bounds
    found: list[Point] = []
    while len(found) < count:
        x, y = chance.uniform(west, east, 4 * count), chance.uniform(south, north, 4 * count)
        kept = shapely.contains_xy(area, x, y)
        found += [(float(a), float(b)) for a, b in zip(x[kept], y[kept], strict=True)]
    return found[:count]


def _station_places(county: County, count: int, chance: np.random.Generator) -> list[Point]:
    """The county's known places first, then spread out: far from each other, rather nearer to the seat than not."""
    places = list(county.seats[:count])
    inner = county.border.buffer(-0.012)
    candidates = inside(inner if not inner.is_empty else county.border, chance, 160)
    while len(places) < count:
        best = max(
            candidates,
            key=lambda point: (
                min(distance_m(point, place) for place in places)
                * math.exp(-distance_m(point, county.seats[0]) / 60_000)
            ),
        )
        places.append(best)
    return places


def _stations(size: Size, streams: Streams) -> list[Station]:
    chance = streams.of("stations")
    land = counties()
    counts = shares([county.weight**0.8 for county in land], size.stations, 2)
    found = []
    for county, wanted in zip(land, counts, strict=True):
        count = min(wanted, len(county.towns))
        places = _station_places(county, count, chance)
        others = chance.permutation(np.arange(1, len(county.towns)))[: count - 1]
        chosen = [county.towns[0], *(county.towns[index] for index in others)]
        cells = shapely.get_parts(
            shapely.voronoi_polygons(shapely.MultiPoint(places), extend_to=county.border, ordered=True)
        )
        for number, (town, place, cell) in enumerate(zip(chosen, places, cells, strict=True), 1):
            area = as_multipolygon(shapely.intersection(cell, county.border))
            shapely.prepare(area)
            code = f"{county.code}{number:02d}"
            found.append(Station(code, town, county, place, area, number <= len(county.seats)))
    return found


def _district_place(station: Station, number: int, is_urban: bool, chance: np.random.Generator) -> Point:
    """Around the station's town in towns, scattered over its villages otherwise."""
    if is_urban or chance.random() < 0.35:
        reach = 450 + 330 * math.sqrt(number)
        radius, angle = reach * math.sqrt(chance.random()) + 200, chance.uniform(0, 2 * math.pi)
    else:
        radius, angle = 1_200 + 8_500 * math.sqrt(chance.random()), chance.uniform(0, 2 * math.pi)
    return metres(*station.place, radius * math.cos(angle), radius * math.sin(angle))


def _lay_out(
    station: Station, taken: list[Point], is_urban: bool, is_dedicated: bool, accounts: int, chance: np.random.Generator
) -> tuple[Layout, tuple[int, ...]]:
    """A place and a turn for the streets at which every account lies in the station's area, clear of its neighbours."""
    areas = template()
    fitting = [index for index, area in enumerate(areas) if len(area.customers) >= 0.8 * accounts] or [0]
    for attempt in range(400):
        place = _district_place(station, len(taken) + attempt // 4, is_urban, chance)
        spacing = NEAREST_DISTRICT_M * max(0.25, 1 - attempt / 200)
        if not shapely.contains_xy(station.area, *place):
            continue
        if any(distance_m(place, other) < spacing for other in taken):
            continue
        layout = Layout(
            longitude=round(place[0], 6),
            latitude=round(place[1], 6),
            area=int(chance.choice(fitting[-6:])),
            angle=round(float(chance.uniform(0, 2 * math.pi)), 4),
            scale=round(float(chance.uniform(0.75, 1.15)) * (0.6 if attempt > 200 else 1), 3),
            mirrored=bool(chance.random() < 0.5),
        )
        points = areas[layout.area].customers
        nodes: tuple[int, ...]
        if is_dedicated:
            nodes = (int(points[np.argmin(np.hypot(areas[layout.area].x[points], areas[layout.area].y[points]))]),)
        else:
            # Houses with several households are common in towns, rare in villages.
            several = accounts > len(points) or (is_urban and chance.random() < 0.5)
            nodes = tuple(int(node) for node in np.sort(chance.choice(points, accounts, replace=several)))
        where = layout.points()[list(nodes)]
        if shapely.contains_xy(station.area, where[:, 0], where[:, 1]).all():
            return layout, nodes
    raise RuntimeError(f"no room for a district at station {station.code}")


def _districts(size: Size, stations: list[Station], streams: Streams) -> list[District]:
    chance = streams.of("districts")
    land = counties()
    by_county = dict(zip((c.code for c in land), shares([c.weight for c in land], size.districts, 3), strict=True))
    plans: list[tuple[Station, bool, bool]] = []
    for county in land:
        own = [station for station in stations if station.county.code == county.code]
        counts = shares([3.0 if station.is_seat else 1.0 for station in own], by_county[county.code], 0)
        for station, count in zip(own, counts, strict=True):
            for number in range(count):
                urban = station.is_seat and number < 0.75 * count
                plans.append((station, urban, bool(chance.random() < size.dedicated_share)))
    public = [index for index, (_, _, dedicated) in enumerate(plans) if not dedicated]
    sizes = [float(chance.lognormal(0.25 if plans[index][1] else 0.0, 0.45)) for index in public]
    accounts = dict(zip(public, shares(sizes, size.customers - (len(plans) - len(public)), 3), strict=True))
    found: list[District] = []
    taken: dict[str, list[Point]] = {}
    numbers: dict[str, int] = {}
    for index, (station, urban, dedicated) in enumerate(plans):
        near = taken.setdefault(station.county.code, [])
        count = accounts.get(index, 1)
        layout, nodes = _lay_out(station, near, urban, dedicated, min(count, 400), chance)
        near.append((layout.longitude, layout.latitude))
        numbers[station.code] = numbers.get(station.code, 0) + 1
        number = numbers[station.code]
        village = station.town.villages[(number * 7) % len(station.town.villages)]
        capacity = (
            int(chance.choice(DEDICATED_CAPACITIES))
            if dedicated
            else next((kva for kva in PUBLIC_CAPACITIES if kva >= count * 3.2), PUBLIC_CAPACITIES[-1])
        )
        name = f"{village}{number}号{'专变' if dedicated else '公变'}"
        code = f"{station.code}{number:03d}"
        found.append(District(code, name, station, "", dedicated, urban, capacity, layout, nodes))
    return found


def _substations(stations: list[Station], streams: Streams) -> list[Substation]:
    """One of 110 kV at each county's seat, one of 35 kV at every third further station."""
    chance = streams.of("substations")
    found: list[Substation] = []
    numbers: dict[str, int] = {}
    for station in stations:
        order = int(station.code[6:])
        if order != 1 and order % 3 != 0:
            continue
        numbers[station.county.code] = numbers.get(station.county.code, 0) + 1
        for _ in range(50):
            angle, radius = chance.uniform(0, 2 * math.pi), chance.uniform(700, 2_000)
            place = metres(*station.place, radius * math.cos(angle), radius * math.sin(angle))
            if shapely.contains_xy(station.area, *place):
                break
        else:
            place = station.place
        kilovolts = 110 if order == 1 else 35
        code = f"S{station.county.code}{numbers[station.county.code]:02d}"
        name = f"{kilovolts}kV{station.town.short_zh}变电站"
        found.append(Substation(code, name, station.county, kilovolts, (round(place[0], 6), round(place[1], 6))))
    return found


def _feeders(
    substations: list[Substation], districts: list[District], roads: dict[str, Roads], places: dict[Point, int]
) -> tuple[list[Feeder], dict[str, str]]:
    """Each substation's nearest districts, cut by direction into lines of about five; and district → feeder."""
    served: dict[str, list[District]] = {substation.code: [] for substation in substations}
    for district in districts:
        near = [s for s in substations if s.county.code == district.station.county.code]
        served[min(near, key=lambda s: distance_m(s.place, district.place)).code].append(district)
    feeders, belongs = [], {}
    for substation in substations:
        own = sorted(
            served[substation.code],
            key=lambda d: math.atan2(d.place[1] - substation.place[1], d.place[0] - substation.place[0]),
        )
        lines = max(1, round(len(own) / 5)) if own else 0
        for number, part in enumerate(np.array_split(np.arange(len(own)), lines) if lines else (), 1):
            code = f"F{substation.code[1:]}{number:02d}"
            net = roads[substation.county.code]
            ways: dict[tuple[int, int], None] = {}
            for index in part:
                route = net.route(places[substation.place], places[own[int(index)].place])
                for one, other in pairwise(route):
                    ways[(min(one, other), max(one, other))] = None
                belongs[own[int(index)].code] = code
            town = own[int(part[0])].station.town.short_zh
            feeders.append(Feeder(code, f"10kV{town}{500 + number}线", substation, tuple(ways)))
    return feeders, belongs


def _junctions(county: County, chance: np.random.Generator) -> list[Point]:
    """Further places for roads to meet, spread over the county, so that they go round the bends of its border."""
    inner = county.border.buffer(-0.008)
    candidates = inside(inner if not inner.is_empty else county.border, chance, JUNCTIONS * 12)
    chosen = [candidates[0]]
    nearest = [math.inf] * len(candidates)
    while len(chosen) < JUNCTIONS:
        nearest = [min(known, distance_m(point, chosen[-1])) for known, point in zip(nearest, candidates, strict=True)]
        chosen.append(candidates[nearest.index(max(nearest))])
    return [(round(x, 6), round(y, 6)) for x, y in chosen]


def make_grid(size: Size, streams: Streams) -> Grid:
    """The standing part of the demo, the same for the same size and seed."""
    stations = _stations(size, streams)
    districts = _districts(size, stations, streams)
    substations = _substations(stations, streams)
    roads: dict[str, Roads] = {}
    places: dict[Point, int] = {}
    for county in counties():
        points = dict.fromkeys(
            [s.place for s in stations if s.county.code == county.code]
            + [s.place for s in substations if s.county.code == county.code]
            + [d.place for d in districts if d.station.county.code == county.code]
            + _junctions(county, streams.of(f"junctions {county.code}"))
        )
        sway = 0.15 if county.is_mountainous else 0.08
        roads[county.code] = build(list(points), county.border, sway, streams.of(f"roads {county.code}"))
        places |= {point: index for index, point in enumerate(points)}
    feeders, belongs = _feeders(substations, districts, roads, places)
    linked = [
        District(
            d.code, d.name, d.station, belongs[d.code], d.is_dedicated, d.is_urban, d.capacity_kva, d.layout, d.nodes
        )
        for d in districts
    ]
    return Grid(tuple(stations), tuple(substations), tuple(feeders), tuple(linked), roads)
