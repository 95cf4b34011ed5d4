"""The open risk points behind the wall's figures, most urgent first, out of a million under row security.

The planner cannot know how many points a unit holds (`org_path <@ …` has no useful statistics) and would read them all.
So the way is chosen here: where a unit holds few points they are fetched by station, else the index in the list's own
order is followed until the page is full.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

COUNTY_DEPTH = 3
"""Labels in the path of a county: a county's points are few enough to be sorted."""

_UNIT = text(
    "SELECT nlevel(unit.org_path) AS depth, ARRAY(SELECT code FROM organisation WHERE level = 3"
    " AND org_path <@ unit.org_path) AS stations FROM organisation AS unit WHERE unit.code = :unit"
)
# The index's own order, and no waiting for helpers to start: a page needs none.
_IN_ORDER = text(
    "SELECT set_config('enable_sort', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"
)
_ORDER = "score DESC, detected_at DESC, number"
_PAGE = (
    "SELECT point.number, point.county_code, point.anomaly_code,"  # noqa: S608 - constants of this file, as below
    " anomaly.name_zh AS anomaly_zh,"
    " anomaly.name_en AS anomaly_en, point.level, point.state, point.score, point.exposure_yuan, point.district_code,"
    " point.detected_at, ST_X(point.location) AS lon, ST_Y(point.location) AS lat"
    " FROM ({page}) AS point JOIN anomaly_type AS anomaly ON anomaly.code = point.anomaly_code"
    f" ORDER BY {_ORDER}"
)
_OPEN = "state IN (0, 1, 3) AND (CAST(:level AS smallint) IS NULL OR level = :level)"
_FEW = (
    "WITH found AS MATERIALIZED (SELECT * FROM risk_point"  # noqa: S608
    " WHERE station_code = ANY(:stations)"
    f" AND {_OPEN}) SELECT * FROM found ORDER BY {_ORDER} LIMIT :limit OFFSET :offset"
)
_MANY = (
    f"SELECT * FROM risk_point WHERE {_OPEN}"  # noqa: S608
    " AND org_path <@ (SELECT org_path FROM organisation WHERE code = :unit)"
    f" ORDER BY {_ORDER} LIMIT :limit OFFSET :offset"
)
# The packed chunks know the number already: counting the points would read them all.
_TOTAL = text(
    "SELECT COALESCE(sum(open_by_level[1]), 0), COALESCE(sum(open_by_level[2]), 0), COALESCE(sum(open_by_level[3]), 0),"
    " COALESCE(sum(open_by_level[4]), 0) FROM risk_chunk"
    " WHERE org_path <@ (SELECT org_path FROM organisation WHERE code = :unit)"
)


@dataclass(frozen=True, slots=True)
class OpenPoints:
    """One page, and how many there are in all."""

    total: int
    rows: list[dict[str, Any]]


async def open_points(
    connection: AsyncConnection, own_path: str, *, level: int | None, unit: str | None, limit: int, offset: int
) -> OpenPoints:
    """Open risk points of a unit (default: the viewer's own, at `own_path`) within the viewer's scope.

    Four statements at most, in a transaction that already has the viewer's scope. Unknown units and levels are empty.
    """
    unit = unit or own_path.rsplit(".", 1)[-1]
    found = (await connection.execute(_UNIT, {"unit": unit})).one_or_none()
    if found is None or (level is not None and not 1 <= level <= 4):
        return OpenPoints(0, [])
    values = {"unit": unit, "level": level, "limit": limit, "offset": offset}
    if max(found.depth, own_path.count(".") + 1) >= COUNTY_DEPTH:
        del values["unit"]
        statement, values = _FEW, {**values, "stations": found.stations}
    else:
        await connection.execute(_IN_ORDER)
        statement = _MANY
    rows = (await connection.execute(text(_PAGE.format(page=statement)), values)).mappings()
    counts = (await connection.execute(_TOTAL, {"unit": unit})).one()
    return OpenPoints(
        int(sum(counts)) if level is None else int(counts[level - 1]),
        [dict(row) for row in rows],
    )
