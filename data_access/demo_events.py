"""What happens to the demo's tickets and risks while somebody watches: the SQL of `demo.events`.

Each change is one transaction: lock the ticket, check that it is still as it was seen, append the event to its chain,
change the ticket, tell the feed last. Tickets get doors of their own later; then this goes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam
from sqlalchemy.types import Text

from audit.chain import NO_PREVIOUS, seal
from audit.workflow_states import may_follow
from data_access.engine import system
from settings import DISPLAY_ZONE

PART = "demo"
_LOCK = 4703211
"""Numbers of new tickets and risk points are given under this lock."""
_COLUMNS = (
    "county_code, number, anomaly_code, level, status, finding, handler_number, district_code, risk_number, opened_at,"
    " due_at, version, org_path::text AS org_path, ST_X(location) AS longitude, ST_Y(location) AS latitude"
)
_WORK = text(
    f"SELECT {_COLUMNS} FROM audit_ticket WHERE closed_at IS NULL AND is_demo AND location IS NOT NULL ORDER BY number"  # noqa: S608
)
_LOCKED = text(f"SELECT {_COLUMNS} FROM audit_ticket WHERE county_code = :county AND number = :number FOR UPDATE")  # noqa: S608
_LAST = text(
    "SELECT sequence, hash FROM ticket_event WHERE county_code = :county AND ticket_number = :number"
    " ORDER BY sequence DESC LIMIT 1"
)
_EVENT = text(
    "INSERT INTO ticket_event (county_code, ticket_number, sequence, at, actor, kind, from_status, to_status, body,"
    " org_path, hash_version, previous_hash, hash) VALUES (:county_code, :ticket_number, :sequence, :at, :actor,"
    " :kind, :from_status, :to_status, :body, CAST(:org_path AS ltree), :hash_version, :previous_hash, :hash)"
).bindparams(bindparam("body", type_=JSONB))
_CHANGE = text(
    "UPDATE audit_ticket SET status = :status, due_at = :due_at, closed_at = :closed_at, version = version + 1,"
    " finding = COALESCE(CAST(:finding AS text), finding),"
    " handler_number = COALESCE(CAST(:handler AS text), handler_number),"
    " reviewer_number = COALESCE(CAST(:reviewer AS text), reviewer_number),"
    " return_count = return_count + CAST(:returned AS int),"
    " recovered_kwh = COALESCE(CAST(:kwh AS numeric), recovered_kwh),"
    " recovered_yuan = COALESCE(CAST(:yuan AS numeric), recovered_yuan),"
    " breach_yuan = COALESCE(CAST(:breach AS numeric), breach_yuan), updated_at = :at"
    " WHERE county_code = :county AND number = :number"
)
_RISK_STATE = text(
    "UPDATE risk_point SET state = :state, cleared_at = :at WHERE county_code = :county AND number = :number"
)
_REFRESH = text("SELECT refresh_risk_chunks()")
_VERSION = text("SELECT version FROM layer_version WHERE layer = 'risk'")
_APPEND = text("SELECT append_changes(:kinds, :keys, :paths, :bodies)").bindparams(
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("keys", type_=ARRAY(Text)),
    bindparam("paths", type_=ARRAY(Text)),
    bindparam("bodies", type_=ARRAY(JSONB)),
)
_PLACE = text(
    "SELECT customer.county_code, customer.number, customer.district_code, customer.category,"
    " customer.org_path::text AS org_path, ST_X(customer.location) AS longitude, ST_Y(customer.location) AS latitude"
    " FROM customer WHERE customer.is_demo AND customer.location IS NOT NULL"
    " AND (customer.county_code, customer.number) >="
    "  (SELECT county_code, number FROM customer OFFSET :skip LIMIT 1) ORDER BY 1, 2 LIMIT 1"
)
_CUSTOMERS = text("SELECT count(*) FROM customer WHERE is_demo")
_NEXT_NUMBER = {
    "risk_point": text("SELECT max(number) FROM risk_point WHERE number LIKE CAST(:prefix AS text) || '%'"),
    # Four digits and then five: length before text.
    "audit_ticket": text(
        "SELECT number FROM audit_ticket WHERE number LIKE CAST(:prefix AS text) || '%'"
        " ORDER BY length(number) DESC, number DESC LIMIT 1"
    ),
}
_NEW_RISK = text(
    "INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score, score_parts,"
    " exposure_yuan, district_code, customer_number, detected_at, h3_cell, org_path, location)"
    " VALUES (:county, :number, :station, :code, :level, :state, :score, :parts, :exposure, :district, :customer, :at,"
    " :cell, CAST(:path AS ltree), ST_SetSRID(ST_MakePoint(:longitude, :latitude), 4326))"
).bindparams(bindparam("parts", type_=JSONB))
_NEW_TICKET = text(
    "INSERT INTO audit_ticket (county_code, number, anomaly_code, level, status, risk_number, district_code,"
    " customer_number, opened_at, due_at, version, org_path, updated_at, is_demo, location)"
    " VALUES (:county, :number, :code, :level, 10, :risk, :district, :customer, :at, :due_at, 1,"
    " CAST(:path AS ltree), :at, true, ST_SetSRID(ST_MakePoint(:longitude, :latitude), 4326))"
)
_OFFICERS = text("SELECT organisation_code, number FROM employee WHERE kind = 'officer' AND is_demo")
_EXPERTS = text("SELECT number FROM employee WHERE kind = 'expert' AND is_demo ORDER BY number")


Told = tuple[str, str, str, dict[str, Any]]
"""Kind, key, path and body of a change in the feed."""


class StaleTicket(Exception):
    """The ticket is no longer as it was seen; look again."""


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """An open demo ticket as it was read."""

    county_code: str
    number: str
    anomaly_code: str
    level: int
    status: int
    finding: str | None
    handler_number: str | None
    district_code: str | None
    risk_number: str | None
    opened_at: datetime
    due_at: datetime
    version: int
    org_path: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of a ticket: the event, and what it changes in the ticket's row."""

    kind: str
    status: int
    actor: str
    at: datetime
    due_at: datetime
    body: Mapping[str, Any]
    closes: bool = False
    finding: str | None = None
    handler: str | None = None
    reviewer: str | None = None
    recovered_kwh: Decimal | None = None
    recovered_yuan: Decimal | None = None
    breach_yuan: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRisk:
    """A risk point that was just detected, and whether it becomes a ticket at once."""

    anomaly_code: str
    level: int
    score: int
    score_parts: Mapping[str, Any]
    exposure_yuan: Decimal
    customer_number: str | None
    place: "Place"
    h3_cell: int
    at: datetime
    ticket_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """A customer of the demo."""

    county_code: str
    customer_number: str
    district_code: str
    category: str
    org_path: str
    longitude: float
    latitude: float


async def people() -> tuple[dict[str, str], list[str]]:
    """Officer by unit code, and all experts."""
    async with system(PART) as connection:
        officers = {row.organisation_code: row.number for row in await connection.execute(_OFFICERS)}
        experts = [row.number for row in await connection.execute(_EXPERTS)]
    return officers, experts


async def open_work() -> list[OpenTicket]:
    """All open demo tickets."""
    async with system(PART) as connection:
        return [OpenTicket(**row._mapping) for row in await connection.execute(_WORK)]


async def some_customer(roll: float) -> Place:
    """A customer by chance; `roll` from 0 to below 1."""
    async with system(PART) as connection:
        count = await connection.scalar(_CUSTOMERS) or 0
        row = (await connection.execute(_PLACE, {"skip": int(roll * count)})).one()
        return Place(*row)


async def _append_event(connection: AsyncConnection, event: dict[str, Any], previous_hash: str) -> None:
    await connection.execute(_EVENT, seal(event, previous_hash))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _ticket_row(ticket: OpenTicket, change: Change) -> list[Any]:
    """The ticket's row of the live messages."""
    return [
        ticket.number,
        round(ticket.longitude, 6),
        round(ticket.latitude, 6),
        ticket.anomaly_code,
        ticket.level,
        change.status,
        _milliseconds(change.due_at),
        change.handler or ticket.handler_number,
        ticket.county_code,
        ticket.district_code,
        _milliseconds(ticket.opened_at),
    ]


def _told(kind: str, key: str, code: str, status: int, ticket: Any, at: datetime, actor: str | None) -> dict[str, Any]:
    """An event of the live messages."""
    return {
        "at": _milliseconds(at),
        "kind": kind,
        "key": key,
        "code": code,
        "status": status,
        "level": ticket.level,
        "county": ticket.county_code,
        "actor": actor,
        "lon": round(ticket.longitude, 6),
        "lat": round(ticket.latitude, 6),
    }


async def apply(ticket: OpenTicket, change: Change) -> None:
    """Take one step of a ticket.

    Raises:
        StaleTicket: somebody changed it since it was read.
        ValueError: the states do not follow each other.
    """
    if not may_follow(ticket.status, change.status):
        raise ValueError(f"no way from {ticket.status} to {change.status}")
    key = {"county": ticket.county_code, "number": ticket.number}
    async with system(PART) as connection:
        now = (await connection.execute(_LOCKED, key)).one_or_none()
        if now is None or now.version != ticket.version:
            raise StaleTicket(ticket.number)
        last = (await connection.execute(_LAST, key)).one_or_none()
        event = {
            "county_code": ticket.county_code,
            "ticket_number": ticket.number,
            "sequence": last.sequence + 1 if last else 1,
            "at": change.at,
            "actor": change.actor,
            "kind": change.kind,
            "from_status": ticket.status,
            "to_status": change.status,
            "body": dict(change.body),
            "org_path": ticket.org_path,
        }
        await _append_event(connection, event, last.hash if last else NO_PREVIOUS)
        await connection.execute(
            _CHANGE,
            {
                **key,
                "status": change.status,
                "due_at": change.due_at,
                "closed_at": change.at if change.closes else None,
                "finding": change.finding,
                "handler": change.handler,
                "reviewer": change.reviewer,
                "returned": int(change.kind == "returned"),
                "kwh": change.recovered_kwh,
                "yuan": change.recovered_yuan,
                "breach": change.breach_yuan,
                "at": change.at,
            },
        )
        row = None if change.closes else _ticket_row(ticket, change)
        told = _told("ticket", ticket.number, change.kind, change.status, ticket, change.at, change.actor)
        feed: list[Told] = [("ticket", ticket.number, ticket.org_path, {"row": row, "event": told})]
        if change.closes and ticket.risk_number:
            finding = change.finding or ticket.finding
            state = 4 if finding == "true" else 5
            await connection.execute(
                _RISK_STATE, {**key, "number": ticket.risk_number, "state": state, "at": change.at}
            )
            feed.append(await _new_version(connection))
        await _tell(connection, feed)


async def add_risk(risk: NewRisk) -> str | None:
    """Store a new risk point, with its ticket when it has a deadline; the ticket's number."""
    place, year = risk.place, risk.at.astimezone(DISPLAY_ZONE).year
    async with system(PART) as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        number = await _next(connection, "risk_point", f"R{year}-", 6)
        common = {
            "county": place.county_code,
            "code": risk.anomaly_code,
            "level": risk.level,
            "district": place.district_code,
            "customer": risk.customer_number,
            "at": risk.at,
            "path": place.org_path,
            "longitude": place.longitude,
            "latitude": place.latitude,
        }
        await connection.execute(
            _NEW_RISK,
            {
                **common,
                "number": number,
                "station": place.org_path.rsplit(".", 1)[-1],
                "state": 0 if risk.ticket_due_at is None else 3,
                "score": risk.score,
                "parts": dict(risk.score_parts),
                "exposure": risk.exposure_yuan,
                "cell": risk.h3_cell,
            },
        )
        where = OpenTicket(
            place.county_code, "", risk.anomaly_code, risk.level, 10, None, None, place.district_code, number, risk.at,
            risk.ticket_due_at or risk.at, 1, place.org_path, place.longitude, place.latitude,
        )  # fmt: skip
        told = _told("risk", number, risk.anomaly_code, 0, where, risk.at, None)
        feed: list[Told] = [("risk", number, place.org_path, {"event": told})]
        ticket_number = None
        if risk.ticket_due_at is not None:
            ticket_number = await _next(connection, "audit_ticket", f"T{year}-", 4)
            await connection.execute(
                _NEW_TICKET, {**common, "number": ticket_number, "risk": number, "due_at": risk.ticket_due_at}
            )
            event = {
                "county_code": place.county_code, "ticket_number": ticket_number, "sequence": 1, "at": risk.at,
                "actor": "system", "kind": "generated", "from_status": None, "to_status": 10, "body": {"risk": number},
                "org_path": place.org_path,
            }  # fmt: skip
            await _append_event(connection, event, NO_PREVIOUS)
            change = Change(kind="generated", status=10, actor="system", at=risk.at, due_at=risk.ticket_due_at, body={})
            row = _ticket_row(where, change)
            row[0] = ticket_number
            told = _told("ticket", ticket_number, "generated", 10, where, risk.at, "system")
            feed.append(("ticket", ticket_number, place.org_path, {"row": row, "event": told}))
        feed.append(await _new_version(connection))
        await _tell(connection, feed)
    return ticket_number


async def _next(connection: AsyncConnection, table: str, prefix: str, digits: int) -> str:
    last = await connection.scalar(_NEXT_NUMBER[table], {"prefix": prefix})
    return f"{prefix}{int(last[len(prefix) :]) + 1 if last else 1:0{digits}d}"


async def _new_version(connection: AsyncConnection) -> Told:
    await connection.execute(_REFRESH)
    version = await connection.scalar(_VERSION)
    return "layer", "risk", "jibei", {"version": version}


async def _tell(connection: AsyncConnection, feed: list[Told]) -> None:
    kinds, keys, paths, bodies = (list(column) for column in zip(*feed, strict=True))
    await connection.execute(_APPEND, {"kinds": kinds, "keys": keys, "paths": paths, "bodies": bodies})
