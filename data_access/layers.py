"""The map's own layers: borders of units, feeders and transformer districts, as GeoJSON in the viewer's scope."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import text

from data_access.engine import database_address, reading
from data_access.memory import ByteCache
from data_access.scope import Viewer
from geo import borders as geo_borders

FEEDER_ZOOM = 11
DISTRICT_ZOOM = 12
MAX_FEEDERS = 600
MAX_DISTRICTS = 3_000
MAX_BOX_DEGREES = 4.0

_borders: ByteCache[tuple[str, str, str], bytes] = ByteCache(32_000_000)

# The rows' transaction numbers change with every change of a row: a fingerprint of all of them without reading one.
_FINGERPRINT = """
SELECT COALESCE(md5(string_agg(code || ':' || xmin::text, ',' ORDER BY code)), 'none')
FROM organisation WHERE level <= 2
"""
_BOUNDARIES = """
SELECT code, parent_code, level, name_zh, name_en, ST_AsBinary(boundary) AS boundary,
       ST_X(centre) AS lon, ST_Y(centre) AS lat
FROM organisation WHERE level <= 2 AND boundary IS NOT NULL ORDER BY level, code
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """A GeoJSON document and what changes when it does."""

    body: bytes
    version: str


async def borders(viewer: Viewer) -> Layer:
    """Boundaries of cities and counties in scope, of the units above the viewer, and the province's outline.

    Simplified together, neighbours share their line (geo.borders). One statement when nothing changed since, two when
    it did.
    """
    async with reading(viewer) as connection:
        version = await connection.scalar(text(_FINGERPRINT))
        key = (database_address(read_only=True), viewer.scope_key, version)
        known = _borders.get(key)
        rows = [] if known is not None else (await connection.execute(text(_BOUNDARIES))).all()
    if known is None:
        known = await asyncio.to_thread(_border_document, rows)
        _borders.put(key, known, len(known) + 300)
    return Layer(known, version)


def _border_document(rows: Any) -> bytes:
    boundaries = {row.code: shapely.from_wkb(bytes(row.boundary)) for row in rows}
    made = geo_borders.simplified(
        boundaries,
        {row.code: row.parent_code for row in rows},
        [{row.code for row in rows if row.level == level} for level in (2, 1, 0)],
    )
    features = [
        {
            "type": "Feature",
            "id": row.code,
            "geometry": json.loads(shapely.to_geojson(made[row.code])),
            "properties": {
                "code": row.code,
                "level": row.level,
                "parent": row.parent_code,
                "name_zh": row.name_zh,
                "name_en": row.name_en,
                "centre": None if row.lon is None else [round(row.lon, 5), round(row.lat, 5)],
            },
        }
        for row in rows
    ]
    return json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")
    ).encode()


# One level of sub-query each, so that the box is met by the spatial index before anything is built.
_FEEDERS = """
SELECT json_build_object('type', 'Feature', 'id', code,
    'geometry', ST_AsGeoJSON(ST_SimplifyPreserveTopology(path, :tolerance), 5)::json,
    'properties', json_build_object('kind', 'feeder', 'code', code, 'name', name, 'substation', substation_code))::text
FROM (SELECT code, name, substation_code, path FROM feeder
      WHERE path && ST_MakeEnvelope(:west, :south, :east, :north, 4326) ORDER BY code LIMIT :cap) AS seen
"""
_DISTRICTS = """
SELECT json_build_object('type', 'Feature', 'id', code,
    'geometry', ST_AsGeoJSON(location, 5)::json,
    'properties', json_build_object('kind', 'district', 'code', code, 'name', name, 'type', kind, 'feeder', feeder_code,
        'capacity_kva', capacity_kva, 'customers', customer_count))::text
FROM (SELECT code, name, kind, feeder_code, capacity_kva, customer_count, location FROM transformer_district
      WHERE location && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
      ORDER BY customer_count DESC, code LIMIT :cap) AS seen
"""


async def grid(viewer: Viewer, box: tuple[float, float, float, float], zoom: int) -> bytes:
    """Feeders (from zoom 11) and transformer districts (from zoom 12) in a box `west, south, east, north`.

    A GeoJSON FeatureCollection with `capped`: kinds of which only a part is shown, feeders by code, districts with the
    most customers first. One statement a kind.
    """
    place = dict(zip(("west", "south", "east", "north"), box, strict=True))
    features: list[str] = []
    capped: list[str] = []
    wanted = [
        (FEEDER_ZOOM, "feeder", _FEEDERS, MAX_FEEDERS, {"tolerance": 0.7 / (1 << zoom)}),
        (DISTRICT_ZOOM, "district", _DISTRICTS, MAX_DISTRICTS, {}),
    ]
    async with reading(viewer) as connection:
        for from_zoom, kind, statement, cap, more in wanted:
            if zoom < from_zoom:
                continue
            rows = (await connection.scalars(text(statement), {**place, **more, "cap": cap + 1})).all()
            features += rows[:cap]
            if len(rows) > cap:
                capped.append(kind)
    return f'{{"type":"FeatureCollection","capped":{json.dumps(capped)},"features":[{",".join(features)}]}}'.encode()
