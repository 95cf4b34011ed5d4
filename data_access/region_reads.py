"""A unit of the organisation as its page shows it: figures rolled up, the units below it, and their borders.

Everything is read by station and rolled up in `audit.roll_up`. A unit above the viewer's own is shown with what the
viewer may see of it, and the page says so.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from audit.district_standards import standards
from audit.roll_up import UnitFigures, rolled_up
from data_access.engine import reading
from data_access.months import month_back
from data_access.objects import dicts, units_above
from data_access.scope import Viewer
from data_access.tracks import day_bounds, today

STATION_LEVEL = 3
NEWEST_WITHIN = timedelta(days=40)
"""How far back the newest day with energy is looked for."""
TOLERANCE_DEGREES = {0: 0.01, 1: 0.004, 2: 0.001}
"""How coarse the borders of the units below a unit of a level are drawn: less than a pixel of its map."""
_UNIT = text("""
SELECT unit.code, unit.level, unit.name_zh, unit.name_en, unit.org_path::text AS org_path, unit.county_code,
    unit.parent_code, ST_XMin(unit.boundary) AS west, ST_YMin(unit.boundary) AS south, ST_XMax(unit.boundary) AS east,
    ST_YMax(unit.boundary) AS north,
    ARRAY(SELECT county.code FROM organisation AS county WHERE county.level = 2
        AND (county.org_path <@ unit.org_path OR county.org_path @> unit.org_path)) AS counties
FROM organisation AS unit WHERE unit.code = :code
""")
_CHILDREN = text("""
SELECT code, level, name_zh, name_en, org_path::text AS org_path,
    ST_AsGeoJSON(ST_SimplifyPreserveTopology(boundary, :tolerance), 4) AS boundary
FROM organisation WHERE parent_code = :code ORDER BY code
""")
# Rows are taken by county and counted by station; what lies beside a station falls out when it is rolled up. Text can
# be counted in a hash table, a path would be sorted first.
_RISKS = text("""
SELECT org_path::text AS path, sum(open_by_level[1]) AS i, sum(open_by_level[2]) AS ii, sum(open_by_level[3]) AS iii,
    sum(open_by_level[4]) AS iv
FROM risk_chunk WHERE county_code = ANY (:counties) GROUP BY 1
""")
_OPEN = text("""
SELECT org_path::text AS path, count(*) AS open_tickets,
    count(*) FILTER (WHERE due_at < :now AND status <> 55) AS overdue
FROM audit_ticket
WHERE county_code = ANY (:counties) AND closed_at IS NULL GROUP BY 1
""")
_CLOSED = text("""
SELECT org_path::text AS path, count(*) AS closed, count(*) FILTER (WHERE finding IS NOT NULL) AS checked,
    count(*) FILTER (WHERE finding = 'true') AS confirmed, COALESCE(sum(recovered_kwh), 0) AS recovered_kwh,
    COALESCE(sum(recovered_yuan), 0) AS recovered_yuan, COALESCE(sum(breach_yuan), 0) AS breach_yuan
FROM audit_ticket
WHERE closed_at >= :since AND status <> 95 AND county_code = ANY (:counties) GROUP BY 1
""")
# The newest day of each county is one look into its index; the newest of them is the day of the page.
_DAY = text("""
SELECT max(newest.day) FROM unnest(CAST(:counties AS text[])) AS county (code) CROSS JOIN LATERAL (
    SELECT day FROM district_energy WHERE county_code = county.code AND day >= :first AND day <= :last
    ORDER BY day DESC LIMIT 1
) AS newest
""")
_LOSS = text("""
SELECT org_path::text AS path, count(*) AS districts_known, count(loss_percent) AS districts,
    count(*) FILTER (WHERE loss_percent >= :high) AS high_loss,
    count(*) FILTER (WHERE loss_percent < :negative) AS negative_loss,
    sum(meters) AS meters, sum(meters_read) AS meters_read
FROM district_energy
WHERE county_code = ANY (:counties) AND day = :day GROUP BY 1
""")
_DISTRICTS = text("""
SELECT district.code, district.name, district.kind, district.capacity_kva, district.customer_count,
    ST_X(district.location) AS lon, ST_Y(district.location) AS lat, energy.loss_percent, energy.state, energy.meters,
    energy.meters_read, COALESCE(risk.points, 0) AS open_risks, risk.level AS worst,
    COALESCE(work.tickets, 0) AS tickets
FROM transformer_district AS district
LEFT JOIN district_energy AS energy ON energy.county_code = district.county_code AND energy.day = :day
    AND energy.district_code = district.code
LEFT JOIN (
    SELECT district_code, count(*) AS points, min(level) AS level FROM risk_point
    WHERE county_code = :county AND station_code = :station AND state IN (0, 1, 3) GROUP BY district_code
) AS risk ON risk.district_code = district.code
LEFT JOIN (
    SELECT district_code, count(*) AS tickets FROM audit_ticket
    WHERE county_code = :county AND closed_at IS NULL GROUP BY district_code
) AS work ON work.district_code = district.code
WHERE district.county_code = :county AND district.org_path = CAST(:path AS ltree)
ORDER BY district.code LIMIT 2000
""")


Station = tuple[str, dict[str, Any]]
"""Path of a station, and values of `UnitFigures`."""


@dataclass(frozen=True, slots=True)
class RegionPage:
    """What the page of a unit needs. Places WGS-84, money in yuan, energies in kWh.

    `children` are the units below with `boundary` as GeoJSON and `figures`; at a station they are empty and `districts`
    are its transformer districts. `day` is the day of loss and collection, None where there is no energy yet.
    `is_partial`: the unit lies above the viewer's own, so the figures are of the viewer's part.
    """

    unit: dict[str, Any]
    units: list[dict[str, Any]]
    figures: UnitFigures
    children: list[dict[str, Any]]
    districts: list[dict[str, Any]]
    day: date | None
    is_partial: bool


def loss_limits() -> tuple[Any, Any]:
    """From how many percent a day's loss counts as high, and below how many as negative (domain sheet 1.7)."""
    starts = {band.name: band.start for band in standards().loss_bands.bands}
    return starts["warn"], starts["normal"]


async def region_page(viewer: Viewer, code: str, months: int, now: datetime) -> RegionPage | None:
    """The page of a unit with the work of the last `months` months; None where the viewer may not see one of that code.
    Eight statements; energy, the largest part, is read at the same time as the rest.
    """
    async with reading(viewer) as connection:
        row = (await connection.execute(_UNIT, {"code": code})).mappings().first()
    if row is None:
        return None
    unit = dict(row)
    path = unit["org_path"]
    (day, energy), (units, work, children) = await asyncio.gather(
        _energy(viewer, unit["counties"], today(now)), _work(viewer, unit, months, now)
    )
    stations, depth = [*energy, *work], path.count(".") + 1
    below = rolled_up(stations, depth + 1)
    for child in children:
        child["figures"] = below.get(child["org_path"], UnitFigures())
        child["boundary"] = json.loads(child["boundary"]) if child["boundary"] else None
    districts = []
    if unit["level"] >= STATION_LEVEL:
        async with reading(viewer) as connection:
            asked = {"county": unit["county_code"], "station": code, "path": path, "day": day}
            districts = dicts(await connection.execute(_DISTRICTS, asked))
    return RegionPage(
        unit=unit,
        units=units,
        figures=rolled_up(stations, depth).get(path, UnitFigures()),
        children=children,
        districts=districts,
        day=day,
        is_partial=path != viewer.org_path and viewer.org_path.startswith(f"{path}."),
    )


def _by_station(rows: Any) -> list[Station]:
    return [(row["path"], {name: row[name] for name in row if name != "path"}) for row in rows.mappings()]


async def _energy(viewer: Viewer, counties: list[str], last: date) -> tuple[date | None, list[Station]]:
    """The newest day with energy, and its loss and collection by station. Two statements."""
    high, negative = loss_limits()
    async with reading(viewer) as connection:
        asked = {"counties": counties, "first": last - NEWEST_WITHIN, "last": last}
        day = await connection.scalar(_DAY, asked)
        limits = {"counties": counties, "day": day, "high": high, "negative": negative}
        return day, _by_station(await connection.execute(_LOSS, limits))


async def _work(
    viewer: Viewer, unit: dict[str, Any], months: int, now: datetime
) -> tuple[list[dict[str, Any]], list[Station], list[dict[str, Any]]]:
    """Units above, risk and tickets by station, units below with their borders. Five statements, four at a station."""
    place = {"counties": unit["counties"]}
    since, _ = day_bounds(month_back(today(now).replace(day=1), months - 1))
    async with reading(viewer) as connection:
        units = await units_above(connection, unit["org_path"])
        stations: list[Station] = [
            (one.path, {"open_by_level": (one.i, one.ii, one.iii, one.iv)})
            for one in await connection.execute(_RISKS, place)
        ]
        stations += _by_station(await connection.execute(_OPEN, {**place, "now": now}))
        stations += _by_station(await connection.execute(_CLOSED, {**place, "since": since}))
        children = []
        if unit["level"] < STATION_LEVEL:
            asked = {"code": unit["code"], "tolerance": TOLERANCE_DEGREES[unit["level"]]}
            children = dicts(await connection.execute(_CHILDREN, asked))
    return units, stations, children


async def unit_names(viewer: Viewer, code: str) -> dict[str, Any] | None:
    """Code and names of a unit in sight. One statement."""
    async with reading(viewer) as connection:
        row = (await connection.execute(_UNIT, {"code": code})).mappings().first()
    return None if row is None else {name: row[name] for name in ("code", "name_zh", "name_en")}
