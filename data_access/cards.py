"""Cards: the important facts of one inspector, ticket or risk point, each in one transaction of few statements.

Names and phones of customers are masked here; unmasking is a page's act of its own, with a logged reason.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from data_access.engine import reading
from data_access.scope import Viewer
from settings import DISPLAY_ZONE


def masked_name(name: str | None) -> str | None:
    """First character, the rest as stars: 王** for a person, kept short for a company."""
    return None if not name else name[0] + "*" * min(2, max(1, len(name) - 1))


def masked_phone(phone: str | None) -> str | None:
    """First three and last two digits: 138******34."""
    if not phone:
        return None
    return phone[:3] + "*" * (len(phone) - 5) + phone[-2:] if len(phone) > 6 else "*" * len(phone)


async def _one(connection: AsyncConnection, statement: str, parameters: dict[str, Any]) -> dict[str, Any] | None:
    row = (await connection.execute(text(statement), parameters)).mappings().first()
    return dict(row) if row is not None else None


_INSPECTOR = (
    "SELECT employee.number, employee.name, employee.kind, employee.skills, employee.is_demo, employee.phone,"
    " employee.organisation_code AS unit_code, unit.name_zh AS unit_zh, unit.name_en AS unit_en,"
    " position.longitude AS lon, position.latitude AS lat, position.fixed_at, position.received_at,"
    " position.accuracy_m, position.speed_kmh, position.heading_deg, position.battery_percent, position.activity,"
    " COALESCE(position.on_shift, false) AS on_shift, position.ticket_number,"
    " shift.started_at AS shift_started_at"
    " FROM employee JOIN organisation AS unit ON unit.code = employee.organisation_code"
    " LEFT JOIN inspector_position AS position ON position.employee_number = employee.number"
    " LEFT JOIN LATERAL (SELECT started_at FROM work_shift WHERE work_shift.county_code = employee.county_code"
    "   AND work_shift.employee_number = employee.number AND ended_at IS NULL ORDER BY started_at DESC LIMIT 1)"
    "   AS shift ON true"
    " WHERE employee.number = :number"
)
_HIS_TICKETS = (
    "SELECT ticket.number, ticket.anomaly_code, anomaly.name_zh AS anomaly_zh, anomaly.name_en AS anomaly_en,"
    " ticket.level, ticket.status, ticket.due_at, ST_X(ticket.location) AS lon, ST_Y(ticket.location) AS lat"
    " FROM audit_ticket AS ticket JOIN anomaly_type AS anomaly ON anomaly.code = ticket.anomaly_code"
    " WHERE ticket.handler_number = :number AND ticket.closed_at IS NULL ORDER BY ticket.due_at LIMIT 20"
)
_CLOSED_TODAY = (
    "SELECT count(*) AS closed_today FROM audit_ticket WHERE handler_number = :number AND closed_at >= :today"
    " AND status <> 95"
)


async def inspector_card(viewer: Viewer, number: str, *, now: datetime | None = None) -> dict[str, Any] | None:
    """File, place and work of an inspector; None where the viewer may not see one of that number. Three statements.

    `tickets` are the open ones by deadline; `ticket` is the current one of them, if any.
    """
    today = (now or datetime.now(UTC)).astimezone(DISPLAY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    async with reading(viewer) as connection:
        card = await _one(connection, _INSPECTOR, {"number": number})
        if card is None:
            return None
        found = (await connection.execute(text(_HIS_TICKETS), {"number": number})).mappings()
        card["tickets"] = [dict(row) for row in found]
        closed = await _one(connection, _CLOSED_TODAY, {"number": number, "today": today})
    card["closed_today"] = closed["closed_today"] if closed else 0
    card["ticket"] = next((one for one in card["tickets"] if one["number"] == card["ticket_number"]), None)
    card["phone"] = masked_phone(card["phone"])
    return card


_TICKET = (
    "SELECT ticket.number, ticket.county_code, ticket.anomaly_code, anomaly.name_zh AS anomaly_zh,"
    " anomaly.name_en AS anomaly_en, business.name_zh AS business_zh, business.name_en AS business_en, ticket.level,"
    " ticket.status, ticket.finding, ticket.opened_at, ticket.due_at, ticket.closed_at, ticket.return_count,"
    " ticket.recovered_kwh, ticket.recovered_yuan, ticket.breach_yuan, ticket.version, ticket.is_demo,"
    " ticket.risk_number, ticket.handler_number, handler.name AS handler, ticket.reviewer_number,"
    " reviewer.name AS reviewer, ticket.district_code, district.name AS district, district.capacity_kva,"
    " ticket.customer_number, customer.name AS customer, customer.category AS customer_category,"
    " unit.code AS unit_code, unit.name_zh AS unit_zh, unit.name_en AS unit_en,"
    " ST_X(ticket.location) AS lon, ST_Y(ticket.location) AS lat"
    " FROM audit_ticket AS ticket"
    " JOIN anomaly_type AS anomaly ON anomaly.code = ticket.anomaly_code"
    " JOIN business_type AS business ON business.code = anomaly.business_type"
    " LEFT JOIN organisation AS unit ON unit.org_path = ticket.org_path"
    " LEFT JOIN employee AS handler ON handler.number = ticket.handler_number"
    " LEFT JOIN employee AS reviewer ON reviewer.number = ticket.reviewer_number"
    " LEFT JOIN transformer_district AS district ON district.county_code = ticket.county_code"
    "   AND district.code = ticket.district_code"
    " LEFT JOIN customer ON customer.county_code = ticket.county_code AND customer.number = ticket.customer_number"
    " WHERE ticket.number = :number"
)
_TICKET_EVENTS = (
    "SELECT sequence, at, actor, kind, from_status, to_status FROM ticket_event"
    " WHERE county_code = :county AND ticket_number = :number ORDER BY sequence DESC LIMIT 12"
)


async def ticket_card(viewer: Viewer, number: str) -> dict[str, Any] | None:
    """A ticket with its newest events (newest first); None where the viewer may not see one of that number.

    The customer's name is masked. Two statements.
    """
    async with reading(viewer) as connection:
        card = await _one(connection, _TICKET, {"number": number})
        if card is None:
            return None
        found = await connection.execute(text(_TICKET_EVENTS), {"county": card["county_code"], "number": number})
        card["events"] = [dict(row) for row in found.mappings()]
    card["customer"] = masked_name(card["customer"])
    return card


_RISK_POINT = (
    "SELECT point.number, point.county_code, point.anomaly_code, anomaly.name_zh AS anomaly_zh,"
    " anomaly.name_en AS anomaly_en, business.name_zh AS business_zh, business.name_en AS business_en, point.level,"
    " point.state, point.score, point.score_parts, point.exposure_yuan, point.rule_version, point.detected_at,"
    " point.cleared_at, point.district_code, district.name AS district, district.capacity_kva, district.customer_count,"
    " point.customer_number, customer.name AS customer, customer.category AS customer_category,"
    " unit.code AS unit_code, unit.name_zh AS unit_zh, unit.name_en AS unit_en,"
    " ST_X(point.location) AS lon, ST_Y(point.location) AS lat"
    " FROM risk_point AS point"
    " JOIN anomaly_type AS anomaly ON anomaly.code = point.anomaly_code"
    " JOIN business_type AS business ON business.code = anomaly.business_type"
    " LEFT JOIN organisation AS unit ON unit.code = point.station_code"
    " LEFT JOIN transformer_district AS district ON district.county_code = point.county_code"
    "   AND district.code = point.district_code"
    " LEFT JOIN customer ON customer.county_code = point.county_code AND customer.number = point.customer_number"
    " WHERE point.number = :number"
)
_RISK_TICKETS = (
    "SELECT number, status, finding, opened_at, closed_at FROM audit_ticket"
    " WHERE county_code = :county AND district_code = :district ORDER BY opened_at DESC LIMIT 5"
)


async def risk_card(viewer: Viewer, number: str) -> dict[str, Any] | None:
    """A risk point with its score's parts and the newest tickets of its district; None where not in sight.

    The customer's name is masked. Two statements.
    """
    async with reading(viewer) as connection:
        card = await _one(connection, _RISK_POINT, {"number": number})
        if card is None:
            return None
        found = await connection.execute(
            text(_RISK_TICKETS), {"county": card["county_code"], "district": card["district_code"]}
        )
        card["tickets"] = [dict(row) for row in found.mappings()]
    card["customer"] = masked_name(card["customer"])
    return card
