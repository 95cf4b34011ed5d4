"""One ticket as people and programs read it: what, where, why, who, its clock, what happened, what may be done now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.deadlines import Limits, local_day, urgency, working_days_between
from audit.workflow import Offer, Ticket, offers, review_chain
from audit.workflow_missing import missing_for_archive
from audit.workflow_states import CLOSED, STATES
from data_access.cards import masked_name, masked_phone
from data_access.engine import reading
from data_access.scope import SEES_COLLEAGUES, Viewer
from data_access.ticket_changes import actor_of
from data_access.ticket_store import TICKET_COLUMNS, facts_of, limits_of

_TICKET = text(
    f"SELECT {TICKET_COLUMNS}, ticket.origin, ticket.description, ticket.created_by, ticket.previous_number,"  # noqa: S608 - names of our own columns
    " ticket.updated_at, anomaly.name_zh AS anomaly_zh, anomaly.name_en AS anomaly_en, anomaly.business_type,"
    " business.name_zh AS business_zh, business.name_en AS business_en,"
    " station.code AS station_code, station.name_zh AS station_zh, station.name_en AS station_en,"
    " county.name_zh AS county_zh, county.name_en AS county_en,"
    " assigned.name_zh AS assigned_zh, assigned.name_en AS assigned_en,"
    " responsible.name_zh AS responsible_zh, responsible.name_en AS responsible_en,"
    " handler.name AS handler_name, handler.phone AS handler_phone,"
    " district.name AS district_name, district.kind AS district_kind, district.capacity_kva,"
    " district.manager_number, manager.name AS manager_name,"
    " customer.name AS customer_name, customer.phone AS customer_phone, customer.address AS customer_address,"
    " customer.category, customer.voltage, customer.contract_capacity_kva,"
    " (SELECT next.number FROM audit_ticket AS next WHERE next.county_code = ticket.county_code"
    "   AND next.previous_number = ticket.number ORDER BY next.opened_at LIMIT 1) AS next_number"
    " FROM audit_ticket AS ticket"
    " JOIN anomaly_type AS anomaly ON anomaly.code = ticket.anomaly_code"
    " JOIN business_type AS business ON business.code = anomaly.business_type"
    " LEFT JOIN organisation AS station ON station.org_path = ticket.org_path"
    " LEFT JOIN organisation AS county ON county.code = ticket.county_code"
    " LEFT JOIN organisation AS assigned ON assigned.code = ticket.assigned_unit"
    " LEFT JOIN organisation AS responsible ON responsible.code = ticket.responsible_unit"
    " LEFT JOIN employee AS handler ON handler.number = ticket.handler_number"
    " LEFT JOIN transformer_district AS district ON district.county_code = ticket.county_code"
    "  AND district.code = ticket.district_code"
    " LEFT JOIN employee AS manager ON manager.number = district.manager_number"
    " LEFT JOIN customer ON customer.county_code = ticket.county_code AND customer.number = ticket.customer_number"
    " WHERE ticket.number = :number"
)
# An actor is an employee's number or, for accounts without one, a login. Whoever stands above the viewer's unit is out
# of sight: then the number alone is shown.
_EVENTS = text(
    "SELECT event.sequence, event.at, event.actor, employee.name AS actor_name, event.kind, event.from_status,"
    " event.to_status, event.body, event.hash FROM ticket_event AS event"
    " LEFT JOIN employee ON employee.number = event.actor"
    " WHERE event.county_code = :county AND event.ticket_number = :number ORDER BY event.sequence"
)
_EVIDENCE = text(
    "SELECT sha256, purpose, media_type, size_bytes, file_name, taken_at, uploaded_at, uploaded_by, shown_sha256,"
    " shown_media_type, width, height, comparison, note, ST_X(location) AS longitude, ST_Y(location) AS latitude"
    " FROM evidence WHERE county_code = :county AND ticket_number = :number ORDER BY uploaded_at, sha256"
)
_CHECK_INS = text(
    "SELECT id, employee_number, at, received_at, accuracy_m, distance_m, dwell_seconds, is_mock, score, parts, reason,"
    " ST_X(location) AS longitude, ST_Y(location) AS latitude"
    " FROM check_in WHERE county_code = :county AND ticket_number = :number ORDER BY at"
)
_RISK = text(
    "SELECT number, level, state, score, score_parts, exposure_yuan, detected_at, cleared_at, rule_version"
    " FROM risk_point WHERE county_code = :county AND number = :risk"
)
_PROBLEM = text(
    "SELECT number, cause, responsible_unit, responsible_person, found_at, rectification, rectified_at, rectified_by,"
    " recovered_kwh, recovered_yuan, breach_yuan FROM problem"
    " WHERE county_code = :county AND ticket_number = :number"
)
_PLACED = text("SELECT number, county_code FROM audit_ticket WHERE number = :number")


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the present stage. `urgency`: `overdue`, `soon`, `in_time` or `stopped`; days are working days."""

    urgency: str
    due_at: datetime
    days_left: int
    limit_days: int | None


@dataclass(frozen=True, slots=True)
class TicketPage:
    """Everything of one ticket.

    `row`: the columns of `audit_ticket` with names of topic, units, people, district and customer (personal data
    masked). `events`: `sequence, at, actor, actor_name, kind, from_status, to_status, body, hash`, oldest first.
    `limits`: working days by status for this level and place. `review_levels`: the levels of its review, in order.
    """

    row: dict[str, Any]
    facts: Ticket
    events: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    check_ins: list[dict[str, Any]]
    risk: dict[str, Any] | None
    problem: dict[str, Any] | None
    offers: list[Offer]
    clock: Clock
    limits: dict[int, int | None]
    missing: tuple[str, ...]
    review_levels: tuple[int, ...]


async def _rows(connection: AsyncConnection, statement: Any, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in await connection.execute(statement, key)]


async def ticket_page(viewer: Viewer, number: str, now: datetime) -> TicketPage | None:
    """One ticket, None when it is not in the viewer's scope. Six or seven statements."""
    async with reading(viewer, consistent=True) as connection:
        row = next(iter(await _rows(connection, _TICKET, {"number": number})), None)
        if row is None:
            return None
        key = {"county": row["county_code"], "number": number}
        events = await _rows(connection, _EVENTS, key)
        evidence = await _rows(connection, _EVIDENCE, key)
        check_ins = await _rows(connection, _CHECK_INS, key)
        risk = await _rows(connection, _RISK, {**key, "risk": row["risk_number"]}) if row["risk_number"] else []
        problem = await _rows(connection, _PROBLEM, key)
        limits = await limits_of(connection, row["org_path"])
    row["customer_name"] = masked_name(row["customer_name"])
    row["customer_phone"] = masked_phone(row["customer_phone"])
    row["customer_address"] = masked_address(row["customer_address"])
    if viewer.role not in SEES_COLLEAGUES and row["handler_number"] != viewer.employee_number:
        row["handler_phone"] = masked_phone(row["handler_phone"])
    facts = facts_of(row, events, _Belongings(evidence, check_ins, row["handler_number"]))
    return TicketPage(
        row=row,
        facts=facts,
        events=events,
        evidence=evidence,
        check_ins=check_ins,
        risk=risk[0] if risk else None,
        problem=problem[0] if problem else None,
        offers=offers(facts, actor_of(viewer), now),
        clock=clock_of(facts, limits, now),
        limits={
            int(status): limits.days(status, facts.level, facts.org_path, local_day(facts.opened_at))
            for status in STATES
        },
        missing=() if facts.status in CLOSED else missing_for_archive(facts),
        review_levels=review_chain(facts),
    )


async def ticket_events(viewer: Viewer, number: str, after: int = 0) -> list[dict[str, Any]] | None:
    """A ticket's events after a sequence number; None when it is not in the viewer's scope. Two statements."""
    async with reading(viewer, consistent=True) as connection:
        placed = (await connection.execute(_PLACED, {"number": number})).first()
        if placed is None:
            return None
        rows = await _rows(connection, _EVENTS, {"county": placed.county_code, "number": number})
    return [row for row in rows if row["sequence"] > after]


def masked_address(address: str | None) -> str | None:
    """The first two thirds of an address, the rest as stars: the street may be known, not the door."""
    if not address:
        return None
    shown = len(address) - max(1, len(address) // 3)
    return address[:shown] + "*" * (len(address) - shown)


def clock_of(ticket: Ticket, limits: Limits, now: datetime) -> Clock:
    """The clock of a ticket's present stage."""
    began = ticket.stage_started_at or ticket.opened_at
    return Clock(
        urgency(ticket.status, ticket.due_at, now),
        ticket.due_at,
        working_days_between(now, ticket.due_at),
        limits.days(ticket.status, ticket.level, ticket.org_path, local_day(began)),
    )


class _Belongings:
    """Evidence and presence in the shape that `facts_of` takes, from what was read for the page."""

    def __init__(
        self, evidence: Sequence[Mapping[str, Any]], check_ins: Sequence[Mapping[str, Any]], handler: str | None
    ) -> None:
        self.evidence = {row["sha256"]: row["purpose"] for row in evidence}
        own = [row["score"] for row in check_ins if row["employee_number"] == handler]
        self.presence = own[-1] if own else None
