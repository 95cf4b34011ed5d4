"""Features and vector tiles of the layers that a GIS opens, built in SQL, in the viewer's scope.

Pages go by key, not by offset: the thousandth page of 13 million customers costs what the first one does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text

from data_access.engine import reading
from data_access.feature_collections import PYTHON, Collection
from data_access.scope import Viewer

MAX_PAGE = 10_000
MAX_TILE_FEATURES = 20_000
"""Of one vector tile; at the zoom from which a layer is shown real data stay below."""
TILE_EXTENT = 4096
TILE_MARGIN = 64

# A viewer's rows lie between the lowest and the highest county in scope: with that, the key's index is entered at the
# viewer's own part of a large table instead of at its beginning. What else lies between is kept out by row security.
_COUNTIES = (
    " AND county_code >= (SELECT min(county_code) FROM organisation WHERE org_path <@ viewer_path())"
    " AND county_code <= (SELECT max(county_code) FROM organisation WHERE org_path <@ viewer_path())"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureQuery:
    """Which features are meant. `after` is the key of the last one seen; the moments are half open."""

    limit: int
    box: tuple[float, float, float, float] | None = None
    since: datetime | None = None
    until: datetime | None = None
    equal: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, str] | None = None
    """County and key; the county is empty where the key stands alone."""


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """GeoJSON texts of features, and where the next page begins."""

    features: list[str]
    after: tuple[str, str] | None


def _feature(collection: Collection) -> str:
    shown = ", ".join(f"'{one.name}', {one.name}" for one in collection.properties)
    number = f"county_code || '.' || {collection.key}" if collection.by_county else collection.key
    return (
        f"json_build_object('type', 'Feature', 'id', {number},"
        f" 'geometry', ST_AsGeoJSON({collection.geometry}, 7)::json, 'properties', json_build_object({shown}))::text"
    )


def _statement(collection: Collection, wanted: FeatureQuery) -> tuple[TextClause, dict[str, Any]]:
    """Names come from the registry alone, values are parameters."""
    columns = sorted(
        {collection.key, collection.geometry, *(one.name for one in collection.properties)}
        | ({"county_code"} if collection.by_county else set())
    )
    conditions, values = [f"{collection.geometry} IS NOT NULL"], dict[str, Any](limit=wanted.limit + 1)
    if wanted.box:
        conditions.append(f"{collection.geometry} && ST_MakeEnvelope(:west, :south, :east, :north, 4326)")
        values |= dict(zip(("west", "south", "east", "north"), wanted.box, strict=True))
    if wanted.since and collection.moment:
        conditions.append(f"{collection.moment} >= :since")
        values["since"] = wanted.since
    if wanted.until and collection.moment:
        conditions.append(f"{collection.moment} < :until")
        values["until"] = wanted.until
    for number, (name, value) in enumerate(sorted(wanted.equal.items())):
        kind = collection.filters[name].kind
        conditions.append(f"{name} = CAST(:equal{number} AS {PYTHON.get(kind, 'text')})")
        values[f"equal{number}"] = value
    order = f"county_code, {collection.key}" if collection.by_county else collection.key
    if wanted.after:
        names = ":after_county, :after_key" if collection.by_county else ":after_key"
        conditions.append(f"({order}) > ({names})")
        values |= dict(zip(("after_county", "after_key"), wanted.after, strict=True))
    scope = _COUNTIES if collection.by_county else ""
    county = "county_code" if collection.by_county else "''"
    # An inner query: JSON is made of one page's rows only.
    statement = (
        f"SELECT {_feature(collection)} AS feature, {collection.key} AS key, {county} AS county"  # noqa: S608
        f" FROM (SELECT {', '.join(columns)} FROM {collection.table}"
        f" WHERE {' AND '.join(conditions)}{scope} ORDER BY {order} LIMIT :limit) AS page ORDER BY {order}"
    )
    return text(statement), values


async def page(viewer: Viewer, collection: Collection, wanted: FeatureQuery) -> FeaturePage:
    """Features in the order of their keys. One statement.

    Raises:
        psycopg.DataError: a value of `equal` that the column can't hold.
    """
    statement, values = _statement(collection, wanted)
    async with reading(viewer) as connection:
        rows = (await connection.execute(statement, values)).all()
    kept = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return FeaturePage([row.feature for row in kept], (kept[-1].county, kept[-1].key) if more else None)


async def one(viewer: Viewer, collection: Collection, county: str, key: str) -> str | None:
    """A single feature as GeoJSON text; None where the viewer sees none of that key. One statement."""
    condition = f"{collection.key} = :key" + (" AND county_code = :county" if collection.by_county else "")
    statement = f"SELECT {_feature(collection)} FROM {collection.table} WHERE {condition}"  # noqa: S608
    async with reading(viewer) as connection:
        found: str | None = await connection.scalar(text(statement), {"key": key, "county": county})
    return found


async def tile(viewer: Viewer, collection: Collection, z: int, x: int, y: int) -> bytes:
    """A Mapbox vector tile (Web Mercator XYZ) with one layer named after the collection; empty bytes for no feature.

    One statement.
    """
    shown = ", ".join(one.name for one in collection.properties)
    number = f"county_code || '.' || {collection.key}" if collection.by_county else collection.key
    statement = f"""
        SELECT ST_AsMVT(tile, :layer, {TILE_EXTENT}, 'geom') FROM (
            SELECT ST_AsMVTGeom(ST_Transform({collection.geometry}, 3857), ST_TileEnvelope(:z, :x, :y),
                       {TILE_EXTENT}, {TILE_MARGIN}) AS geom, {number} AS id, {shown}
            FROM {collection.table}
            WHERE {collection.geometry} && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => :margin), 4326)
            LIMIT {MAX_TILE_FEATURES}
        ) AS tile WHERE geom IS NOT NULL
    """  # noqa: S608
    values = {"layer": collection.id, "z": z, "x": x, "y": y, "margin": TILE_MARGIN / TILE_EXTENT}
    async with reading(viewer) as connection:
        made = await connection.scalar(text(statement), values)
    return bytes(made or b"")
