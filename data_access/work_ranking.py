"""Risk points as work: what the ranking of a county is made from, where it is written, and how the page reads it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import psycopg
from sqlalchemy import text

from audit.work_ranking import week_of
from audit.work_settings import work_settings
from data_access.engine import reading, system
from data_access.objects import dicts, units_above
from data_access.rule_confidence import Confidence, confidences
from data_access.scope import Viewer
from data_access.tracks import today

PART = "risk"
TIMEOUT_MS = 60_000
PAGE_ROWS = 100
Order = Literal["expected", "score"]
ORDERS: tuple[Order, ...] = ("expected", "score")
State = Literal["open", "in_ticket", "control"]
STATES: tuple[State, ...] = ("open", "in_ticket", "control")
"""Not in work yet (states 0 and 1 of `risk_point`), in a ticket (3), or this week's control visits among both."""
_LOCK = text("SELECT pg_advisory_xact_lock(4703215, hashtext(:county))")
_CANDIDATES = text("""
SELECT number, anomaly_code, exposure_yuan, energy_kwh, customer_number, probability, recoverable_yuan, expected_yuan,
    is_control, control_on, org_path::text AS path
FROM risk_point WHERE county_code = :county AND state IN (0, 1)
ORDER BY number
""")
_DRAWN = text("SELECT number FROM risk_point WHERE county_code = :county AND is_control AND control_on = :week")
_WRITE = text("""
UPDATE risk_point AS point SET probability = one.probability, recoverable_yuan = one.recoverable,
    expected_yuan = one.expected, is_control = one.control,
    control_on = CASE WHEN one.control THEN one.control_on END
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS one (number text, probability numeric, recoverable numeric,
    expected numeric, control boolean, control_on date)
WHERE point.county_code = :county AND point.number = one.number AND point.state IN (0, 1)
""")
# How many visits a week has: of the inspectors of each county, and never more than there is to visit.
_VISITS = text("""
SELECT unit.code, LEAST(
    (SELECT count(*) FROM employee WHERE employee.county_code = unit.code AND kind = 'inspector') * :each,
    (SELECT count(*) FROM risk_point WHERE risk_point.county_code = unit.code AND state IN (0, 1))
) AS visits
FROM organisation AS unit WHERE unit.level = 2
""")
_PATH = text("SELECT org_path::text FROM organisation WHERE code = :county AND level = 2")
_UNIT = text("""
SELECT code, level, name_zh, name_en, org_path::text AS org_path FROM organisation WHERE code = :code
""")
_BELOW = text("SELECT code, name_zh, name_en FROM organisation WHERE parent_code = :code ORDER BY code")
_ROWS = """
SELECT point.number, point.anomaly_code, point.level, point.state, point.score, point.exposure_yuan,
    point.probability, point.recoverable_yuan, point.expected_yuan, point.is_control, point.control_on,
    point.customer_number, point.district_code, point.detected_at, point.org_path::text AS path,
    unit.code AS unit, unit.name_zh AS unit_zh, unit.name_en AS unit_en, {ticket} AS ticket_number
FROM (
    SELECT * FROM risk_point AS point
    WHERE {which} AND expected_yuan IS NOT NULL AND org_path ~ CAST(:below AS lquery)
    ORDER BY {order}, number LIMIT :limit OFFSET :skip
) AS point
LEFT JOIN organisation AS unit ON unit.code = point.station_code
ORDER BY {outer_order}, point.number
"""
_TICKET = (
    "(SELECT max(ticket.number) FROM audit_ticket AS ticket WHERE ticket.county_code = point.county_code"
    " AND ticket.risk_number = point.number AND ticket.closed_at IS NULL)"
)
_ORDER = {"expected": "expected_yuan DESC", "score": "score DESC, detected_at DESC"}
_WHICH = {
    "open": "state IN (0, 1)",
    "in_ticket": "state = 3",
    "control": "state IN (0, 1, 3) AND is_control AND control_on = :week",
}
_COUNTS = """
SELECT count(*) AS points, count(*) FILTER (WHERE expected_yuan > 0) AS worth_it,
    COALESCE(sum(expected_yuan) FILTER (WHERE expected_yuan > 0), 0) AS expected_yuan,
    count(*) FILTER (WHERE is_control AND control_on = :week) AS control
FROM risk_point
WHERE {which} AND expected_yuan IS NOT NULL AND org_path ~ CAST(:below AS lquery)
"""
_PEOPLE = text("SELECT count(*) FROM employee WHERE kind = 'inspector' AND org_path ~ CAST(:below AS lquery)")


@dataclass(frozen=True, slots=True)
class Basis:
    """What a county's ranking is made from: its open points, what is known of the rules, the week's visits everywhere,
    and the points of the county that were drawn for this week before.
    """

    path: str
    points: list[dict[str, Any]]
    confidence: dict[tuple[str, str], Confidence]
    visits: dict[str, int]
    drawn: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What is kept of a point's ranking."""

    number: str
    probability: Decimal
    recoverable: Decimal
    expected: Decimal
    is_control: bool


@dataclass(frozen=True, slots=True)
class WorkPage:
    """One page of the ranking. Money in yuan, probabilities 0 to 1.

    `units`: from the province to the chosen one; `below`: the units under it. `points` counts all that match,
    `worth_it` those that are expected to bring more than they cost, `expected_yuan` what these bring together,
    `control` this week's control visits, `visits` how many visits a week has there.
    """

    unit: dict[str, Any]
    units: list[dict[str, Any]]
    below: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    points: int
    worth_it: int
    expected_yuan: Decimal
    control: int
    visits: int
    week: date


async def basis_of(county: str, week: date) -> Basis | None:
    """What a county's ranking is made from; None where there is no such county. Five statements."""
    async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
        path = await connection.scalar(_PATH, {"county": county})
        if path is None:
            return None
        points = dicts(await connection.execute(_CANDIDATES, {"county": county}))
        drawn = (await connection.execute(_DRAWN, {"county": county, "week": week})).scalars().all()
        visits = await connection.execute(_VISITS, {"each": work_settings().visits_a_week})
        known = await confidences(connection, path)
        return Basis(path, points, known, {row.code: row.visits for row in visits}, frozenset(drawn))


async def write(county: str, ranked: Sequence[Ranked], week: date) -> int:
    """Keep rankings; how many points that are. Points that went into a ticket meanwhile stay as they were. Two
    statements.
    """
    if not ranked:
        return 0
    rows = [
        {"number": one.number, "probability": str(one.probability), "recoverable": str(one.recoverable),
         "expected": str(one.expected), "control": one.is_control, "control_on": week.isoformat()}
        for one in ranked
    ]  # fmt: skip
    async with system(PART, timeout_ms=TIMEOUT_MS) as connection:
        await connection.execute(_LOCK, {"county": county})
        done = await connection.execute(_WRITE, {"county": county, "rows": json.dumps(rows)})
        return int(done.rowcount)


async def counties_with_points() -> list[str]:
    """Codes of the counties that have open points. One statement."""
    async with system(PART) as connection:
        asked = text("SELECT DISTINCT county_code FROM risk_point WHERE state IN (0, 1) ORDER BY 1")
        return list((await connection.execute(asked)).scalars())


def queue_ranking(connection: psycopg.Connection[Any]) -> None:
    """Queue one ranking of all counties, in the caller's transaction."""
    connection.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('risk', 'rank_work', 1000, NULL, NULL,"
        " jsonb_build_object('timestamp', 0), NULL)::procrastinate_job_to_defer_v1])"
    )


async def work_page(
    viewer: Viewer, code: str | None, by: Order, state: State, page: int, now: datetime, rows: int = PAGE_ROWS
) -> WorkPage | None:
    """A page (from 0) of the ranking below a unit (default: the viewer's own); None where the viewer may not see one
    of that code. Six statements.

    Raises:
        KeyError: no such order or state.
    """
    parts = {"order": _ORDER[by], "outer_order": ", ".join(f"point.{one}" for one in _ORDER[by].split(", ")),
             "which": _WHICH[state], "ticket": "NULL" if state == "open" else _TICKET}  # fmt: skip
    week = week_of(today(now))
    async with reading(viewer) as connection:
        wanted = code or viewer.org_path.rsplit(".", 1)[-1]
        unit = (await connection.execute(_UNIT, {"code": wanted})).mappings().first()
        if unit is None:
            return None
        # Of a unit above the own one a viewer sees the own part, as row security gives it.
        below = {"below": f"{unit['org_path']}.*"}
        units = await units_above(connection, unit["org_path"])
        under = dicts(await connection.execute(_BELOW, {"code": wanted}))
        asked = text(_ROWS.format(**parts))
        found = dicts(await connection.execute(asked, {**below, "week": week, "limit": rows, "skip": page * rows}))
        counts = (await connection.execute(text(_COUNTS.format(**parts)), {**below, "week": week})).mappings().one()
        people = await connection.scalar(_PEOPLE, below)
    visits = int(people or 0) * work_settings().visits_a_week
    return WorkPage(dict(unit), units, under, found, **dict(counts), visits=visits, week=week)
