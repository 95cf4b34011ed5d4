"""An inspector, expert or other employee as their page shows them: file, now, days, work. Each look is logged.

Where somebody works and how well is personal (domain sheet 1.8): leaders see their own unit's people, everybody else
the own page only. The line of the log (`inspector.view`) is written in the transaction that reads, and the person sees
it; a day's way is a look of its own (`data_access.tracks`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.deadlines import Limits, StageLimit
from audit.timeliness import Passage, Timeliness, timeliness
from audit.workflow_states import Status
from data_access.bill_input import month_after
from data_access.cards import masked_phone
from data_access.engine import reading, writing
from data_access.log import log_action
from data_access.months import month_back
from data_access.objects import dicts, units_above
from data_access.scope import Viewer
from data_access.tracks import day_bounds, today

MONTHS = 12
MOST_TICKETS = 3_000
"""Tickets of one person in a year; nobody has as many."""
LOOKS = 50
OWN_STAGES = frozenset({Status.ACCEPTED, Status.CHECKING, Status.RETURNED})
"""Stages that are the handler's to leave in time."""
_FILE = text("""
SELECT employee.number, employee.name, employee.kind, employee.skills, employee.is_demo, employee.phone,
    employee.county_code, employee.org_path::text AS org_path, employee.organisation_code AS unit_code,
    unit.name_zh AS unit_zh, unit.name_en AS unit_en, position.longitude AS lon, position.latitude AS lat,
    position.fixed_at, position.speed_kmh, position.heading_deg, position.battery_percent, position.activity,
    COALESCE(position.on_shift, false) AS on_shift, position.ticket_number
FROM employee LEFT JOIN organisation AS unit ON unit.code = employee.organisation_code
LEFT JOIN inspector_position AS position ON position.employee_number = employee.number
WHERE employee.number = :number
""")
_TICKETS = text("""
SELECT ticket.county_code, ticket.number, ticket.anomaly_code, ticket.level, ticket.status, ticket.finding,
    ticket.opened_at, ticket.due_at, ticket.closed_at, ticket.found_at, ticket.customer_number, ticket.district_code,
    ticket.return_count, ticket.recovered_kwh, ticket.recovered_yuan, ticket.breach_yuan, ticket.handler_number,
    ticket.org_path::text AS org_path
FROM audit_ticket AS ticket
WHERE ticket.handler_number = :number AND (ticket.closed_at IS NULL OR ticket.closed_at >= :since)
ORDER BY ticket.closed_at IS NOT NULL, ticket.closed_at DESC, ticket.due_at, ticket.number
LIMIT :most
""")
_EVENTS = text("""
SELECT event.ticket_number, event.at, event.from_status, event.to_status FROM ticket_event AS event
WHERE event.county_code = ANY (:counties) AND event.ticket_number = ANY (:numbers)
ORDER BY event.ticket_number, event.sequence
""")
_LIMITS = text("SELECT org_path::text AS org_path, status, level, effective_from, working_days FROM stage_limit")
_JUDGED = text("""
SELECT DISTINCT ON (ticket.county_code, ticket.number) ticket.number, ticket.anomaly_code, ticket.level, ticket.status,
    ticket.finding, ticket.opened_at, ticket.due_at, ticket.closed_at, ticket.customer_number, ticket.handler_number,
    handler.name AS handler, ticket.recovered_yuan
FROM ticket_event AS event JOIN audit_ticket AS ticket ON ticket.county_code = event.county_code
    AND ticket.number = event.ticket_number
LEFT JOIN employee AS handler ON handler.number = ticket.handler_number
WHERE event.actor = :number AND event.to_status = 20 AND event.from_status = 10 AND event.at >= :since
""")
_SHIFTS = text("""
SELECT started_at, ended_at FROM work_shift
WHERE employee_number = :number AND started_at < :last AND COALESCE(ended_at, :now) >= :first ORDER BY started_at
""")
_TRACKS = text("""
SELECT DISTINCT ON (day) day, distance_m, jsonb_array_length(stops) AS stops FROM work_track
WHERE employee_number = :number AND day >= :first AND day < :last ORDER BY day, fix_count DESC
""")
# A visit is a check-in; where a check was begun without one, its beginning.
_VISITS = text("""
SELECT entry.at, entry.ticket_number, entry.kind, entry.score, entry.lon, entry.lat, ticket.anomaly_code,
    ticket.district_code, ticket.customer_number
FROM (
    SELECT check_in.county_code, check_in.at, check_in.ticket_number, 'check_in' AS kind, check_in.score,
        ST_X(check_in.location) AS lon, ST_Y(check_in.location) AS lat
    FROM check_in WHERE check_in.employee_number = :number AND check_in.at >= :first AND check_in.at < :last
    UNION ALL
    SELECT event.county_code, event.at, event.ticket_number, 'arrived', NULL, NULL, NULL
    FROM audit_ticket AS own JOIN ticket_event AS event ON event.county_code = own.county_code
        AND event.ticket_number = own.number AND event.to_status = 50 AND event.from_status IN (40, 85)
    WHERE own.handler_number = :number AND (own.closed_at IS NULL OR own.closed_at >= :first) AND own.opened_at < :last
        AND event.at >= :first AND event.at < :last
        AND NOT EXISTS (SELECT FROM check_in WHERE check_in.county_code = own.county_code
            AND check_in.ticket_number = own.number AND check_in.at >= :first AND check_in.at < :last)
) AS entry
JOIN audit_ticket AS ticket ON ticket.county_code = entry.county_code AND ticket.number = entry.ticket_number
ORDER BY entry.at, entry.ticket_number
LIMIT 1000
""")
_LOOKS = text("""
SELECT at, subject, role, action, detail->>'day' AS day, address FROM audit_log
WHERE object_kind IN ('track', 'inspector') AND object_key = :number AND subject <> :subject
ORDER BY at DESC LIMIT :most
""")


class OthersPage(Exception):
    """The page of somebody else, asked for by somebody who may only see their own."""


@dataclass(frozen=True, slots=True)
class InspectorPage:
    """What the first paint of a person's page needs. Times aware, places WGS-84, energies in kWh, money in yuan.

    `tickets` are the open ones and those closed in the last `MONTHS` months; `shifts`, `tracks` and `visits` are those
    of the chosen month; `judged` are an expert's prescreenings; `looks` are there for the person alone.
    """

    file: dict[str, Any]
    units: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    in_time: Timeliness
    judged: list[dict[str, Any]]
    shifts: list[dict[str, Any]]
    tracks: list[dict[str, Any]]
    visits: list[dict[str, Any]]
    looks: list[dict[str, Any]]


def may_look(viewer: Viewer, number: str) -> bool:
    """Leaders at their unit's people, everybody at themselves."""
    return viewer.sees_colleagues or viewer.employee_number == number


async def inspector_page(viewer: Viewer, number: str, month: date, now: datetime) -> InspectorPage | None:
    """The page of a person in one month (a first day); None where the viewer may not see one of that number. At most
    nine statements and the line of the log.

    Raises:
        OthersPage: somebody else's, and the viewer's role sees only the own.
    """
    if not may_look(viewer, number):
        raise OthersPage
    since, _ = day_bounds(month_back(today(now).replace(day=1), MONTHS - 1))
    first, _ = day_bounds(month)
    last, _ = day_bounds(month_after(month))
    asked = {"number": number, "since": since, "first": first, "last": last, "now": now}
    async with writing(viewer) as connection:
        row = (await connection.execute(_FILE, {"number": number})).mappings().first()
        if row is None:
            return None
        file = {**row, "phone": masked_phone(row["phone"])}
        await log_action(connection, viewer, "inspector.view", "inspector", number, {"month": f"{month:%Y-%m}"},
                         org_path=file["org_path"])  # fmt: skip
        units = await units_above(connection, file["org_path"])
        tickets = dicts(await connection.execute(_TICKETS, {**_only(asked, "number", "since"), "most": MOST_TICKETS}))
        for ticket in tickets:
            ticket["handler"] = file["name"]
        in_time = await _in_time(connection, tickets, now)
        judged = dicts(await connection.execute(_JUDGED, _only(asked, "number", "since")))
        shifts, tracks, visits = await _days(connection, asked, month) if file["kind"] == "inspector" else ([], [], [])
        looks = []
        if viewer.employee_number == number:
            own = {"number": number, "subject": viewer.subject, "most": LOOKS}
            looks = dicts(await connection.execute(_LOOKS, own))
    return InspectorPage(file, units, tickets, in_time, judged, shifts, tracks, visits, looks)


def _only(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}


async def _days(
    connection: AsyncConnection, asked: dict[str, Any], month: date
) -> tuple[list[Any], list[Any], list[Any]]:
    days = {"number": asked["number"], "first": month, "last": month_after(month)}
    return (
        dicts(await connection.execute(_SHIFTS, _only(asked, "number", "first", "last", "now"))),
        dicts(await connection.execute(_TRACKS, days)),
        dicts(await connection.execute(_VISITS, _only(asked, "number", "first", "last"))),
    )


async def _in_time(connection: AsyncConnection, tickets: list[dict[str, Any]], now: datetime) -> Timeliness:
    """The handler's stages of these tickets. Two statements."""
    limits = Limits(StageLimit(**row._mapping) for row in await connection.execute(_LIMITS))
    if not tickets:
        return Timeliness(0, 0)
    keys = {"counties": sorted({row["county_code"] for row in tickets}), "numbers": [row["number"] for row in tickets]}
    passages: dict[str, list[Passage]] = {}
    for event in await connection.execute(_EVENTS, keys):
        passages.setdefault(event.ticket_number, []).append(Passage(event.at, event.to_status))
    total = Timeliness(0, 0)
    for row in tickets:
        own = passages.get(row["number"], [])
        total += timeliness(own, OWN_STAGES, row["level"], row["org_path"], limits, now)
    return total


async def visits_of(viewer: Viewer, number: str, day: date) -> list[dict[str, Any]]:
    """Where somebody was for a ticket on a day, in order of time. One statement.

    Raises:
        OthersPage: somebody else's, and the viewer's role sees only the own.
    """
    if not may_look(viewer, number):
        raise OthersPage
    first, last = day_bounds(day)
    async with reading(viewer) as connection:
        return dicts(await connection.execute(_VISITS, {"number": number, "first": first, "last": last}))
