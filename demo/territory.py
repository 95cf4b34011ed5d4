"""The real ground of the demo: prefectures, counties with borders, towns with villages, places (files in `data/`)."""

import csv
import gzip
import io
import json
import math
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import shapely

from demo.prepare import DATA, MAP, PREFECTURES, TOWN_ENDINGS

METRES_A_DEGREE = 111_195.0
"""Of latitude, on a sphere of 6,371 km: good enough for made-up streets."""


@dataclass(frozen=True, slots=True)
class Town:
    """A town or sub-district (乡镇街道) with short names of its villages and communities; coordinates are not known."""

    code: str
    name_zh: str
    name_en: str
    villages: tuple[str, ...]

    @property
    def short_zh(self) -> str:
        """Without the word for its kind."""
        return TOWN_ENDINGS.sub("", self.name_zh) or self.name_zh

    @property
    def is_urban(self) -> bool:
        """街道 rather than 镇 or 乡."""
        return self.name_zh.endswith("街道")


@dataclass(frozen=True, slots=True)
class County:
    """A county: border (WGS-84), towns, and the known places in it, the largest first."""

    code: str
    name_zh: str
    name_en: str
    border: Any
    """shapely MultiPolygon."""
    towns: tuple[Town, ...]
    seats: tuple[tuple[float, float], ...]
    """Longitude and latitude."""
    weight: float
    """How much happens here, relative to other counties: from its communities, villages and known population."""

    @property
    def city_code(self) -> str:
        """The prefecture."""
        return self.code[:4]

    @property
    def is_mountainous(self) -> bool:
        """Chengde, Zhangjiakou and the counties along the Great Wall: roads wind more."""
        return self.city_code in ("1307", "1308") or self.code in ("130227", "130281", "130321")


def metres(longitude: float, latitude: float, x: float, y: float) -> tuple[float, float]:
    """The point `x` metres east and `y` metres north of a point, WGS-84 degrees."""
    return (
        longitude + x / (METRES_A_DEGREE * math.cos(math.radians(latitude))),
        latitude + y / METRES_A_DEGREE,
    )


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance in metres between two points (longitude, latitude); flat, for up to some 100 km."""
    east = (other[0] - one[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot(east, other[1] - one[1]) * METRES_A_DEGREE


def _towns() -> dict[str, list[Town]]:
    text = gzip.decompress((DATA / "towns.csv.gz").read_bytes()).decode()
    found: dict[str, list[Town]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text)):
        villages = tuple(name for name in row["villages"].split("|") if name)
        found[row["code"][:6]].append(Town(row["code"], row["name_zh"], row["name_en"], villages))
    return found


def _places() -> dict[str, list[tuple[float, tuple[float, float]]]]:
    found: dict[str, list[tuple[float, tuple[float, float]]]] = defaultdict(list)
    for feature in json.loads((MAP / "places.json").read_text(encoding="utf-8"))["features"]:
        properties = feature["properties"]
        if properties["county_code"]:
            longitude, latitude = feature["geometry"]["coordinates"]
            found[properties["county_code"]].append((properties["population"], (longitude, latitude)))
    return found


def _weight(towns: list[Town], population: float) -> float:
    villages = sum(len(town.villages) for town in towns)
    communities = sum(len(town.villages) for town in towns if town.is_urban)
    return villages + 1.5 * communities + population / 5_000


@lru_cache(maxsize=1)
def counties() -> tuple[County, ...]:
    """All counties, ordered by code."""
    towns, places = _towns(), _places()
    found = []
    for feature in json.loads((DATA / "counties.geojson").read_text(encoding="utf-8"))["features"]:
        code = feature["properties"]["code"]
        border = shapely.geometry.shape(feature["geometry"])
        shapely.prepare(border)
        known = sorted(places[code], key=lambda place: -place[0])
        seats = tuple(point for _, point in known if border.contains(shapely.Point(point)))
        if not seats:
            inner = max(border.geoms, key=lambda part: part.area).representative_point()
            seats = ((inner.x, inner.y),)
        found.append(
            County(
                code=code,
                name_zh=feature["properties"]["name_zh"],
                name_en=feature["properties"]["name_en"],
                border=border,
                towns=tuple(towns[code]),
                seats=seats,
                # One city's population stands on one place; the cap keeps its district from swallowing the province.
                weight=_weight(towns[code], min(1_200_000.0, sum(population for population, _ in known))),
            )
        )
    return tuple(sorted(found, key=lambda county: county.code))


@lru_cache(maxsize=1)
def prefectures() -> dict[str, tuple[str, str, Any]]:
    """Prefecture code → Chinese name, English name, border as a MultiPolygon (Langfang lies in two parts)."""
    found = {}
    for code, (name_zh, name_en) in PREFECTURES.items():
        whole = shapely.coverage_union_all([county.border for county in counties() if county.city_code == code])
        found[code] = (name_zh, name_en, as_multipolygon(whole))
    return found


def as_multipolygon(shape: Any) -> Any:
    """The polygons of a geometry as one MultiPolygon; lines and points that an intersection left over are dropped."""
    return shapely.MultiPolygon(
        [part for part in shapely.get_parts(shapely.make_valid(shape)) if part.geom_type == "Polygon" and part.area > 0]
    )


def shares(weights: list[float], total: int, least: int) -> list[int]:
    """Split `total` by weight into whole numbers, none below `least`: largest remainders get the rest."""
    if total <= least * len(weights):
        return [least] * len(weights)
    spare = total - least * len(weights)
    exact = [weight / sum(weights) * spare for weight in weights]
    whole = [math.floor(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in order[: spare - sum(whole)]:
        whole[index] += 1
    return [least + part for part in whole]
