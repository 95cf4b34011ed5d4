"""Statements that the pages of districts and customers share: where a thing hangs, and what audit knows about it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

OPEN_RISK = (0, 1, 3)
"""States of a risk point that is still open (models.risk)."""
_UNITS = text("""
SELECT code, level, name_zh, name_en FROM organisation WHERE org_path @> CAST(:path AS ltree) ORDER BY level
""")
# Each of these is asked for one district or for one customer; the other parameter is NULL.
_RISKS = """
SELECT point.number, point.anomaly_code, point.level, point.state, point.score, point.exposure_yuan,
    point.detected_at, point.cleared_at, point.customer_number, ST_X(point.location) AS lon, ST_Y(point.location) AS lat
FROM risk_point AS point
WHERE point.county_code = :county AND point.{key} = :code
ORDER BY point.state NOT IN (0, 1, 3), point.score DESC, point.detected_at DESC, point.number
LIMIT :limit
"""
_TICKETS = """
SELECT ticket.number, ticket.anomaly_code, ticket.level, ticket.status, ticket.finding, ticket.opened_at,
    ticket.due_at, ticket.closed_at, ticket.customer_number, ticket.risk_number, ticket.handler_number,
    handler.name AS handler, ticket.recovered_kwh, ticket.recovered_yuan, ticket.breach_yuan,
    ST_X(ticket.location) AS lon, ST_Y(ticket.location) AS lat
FROM audit_ticket AS ticket LEFT JOIN employee AS handler ON handler.number = ticket.handler_number
WHERE ticket.county_code = :county AND ticket.{key} = :code
ORDER BY ticket.closed_at IS NOT NULL, ticket.due_at, ticket.number
LIMIT :limit
"""
_PROBLEMS = """
SELECT problem.number, problem.ticket_number, problem.anomaly_code, problem.customer_number, problem.cause,
    problem.found_at, problem.rectification, problem.rectified_at,
    COALESCE(problem.recovered_kwh, ticket.recovered_kwh) AS recovered_kwh,
    COALESCE(problem.recovered_yuan, ticket.recovered_yuan) AS recovered_yuan
FROM problem LEFT JOIN audit_ticket AS ticket ON ticket.county_code = problem.county_code
    AND ticket.number = problem.ticket_number
WHERE problem.county_code = :county AND problem.{key} = :code
ORDER BY problem.found_at DESC, problem.number
LIMIT :limit
"""
KEYS = {"district": "district_code", "customer": "customer_number"}
_BY = {
    (name, kind): text(statement.format(key=column))
    for name, statement in (("risks", _RISKS), ("tickets", _TICKETS), ("problems", _PROBLEMS))
    for kind, column in KEYS.items()
}
ROWS = 200
"""The most rows of one list on a page; more is a matter of the lists of risks and tickets."""


def dicts(rows: Any) -> list[dict[str, Any]]:
    """The rows of a result as dictionaries."""
    return [dict(row) for row in rows.mappings()]


async def units_above(connection: AsyncConnection, org_path: str) -> list[dict[str, Any]]:
    """The units from the province down to `org_path`, as far as in sight: code, level, names. One statement."""
    return dicts(await connection.execute(_UNITS, {"path": org_path}))


async def audit_of(
    connection: AsyncConnection, what: str, kind: str, county: str, code: str, limit: int = ROWS
) -> list[dict[str, Any]]:
    """`what` (risks, tickets, problems) of a `kind` (district, customer), open things first. One statement."""
    found = await connection.execute(_BY[what, kind], {"county": county, "code": code, "limit": limit})
    return dicts(found)


def is_open_risk(row: Mapping[str, Any]) -> bool:
    """Whether a risk point is still open."""
    return row["state"] in OPEN_RISK
