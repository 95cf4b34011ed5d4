"""What the demo's live events need of the database beside the usual doors: who there is, what is open, new risk.

Tickets themselves are moved through `data_access.tickets`, in the names of the demo's people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from data_access.engine import system
from data_access.scope import Role, Viewer
from data_access.ticket_feed import Told, happened, of_risk_layer, tell
from settings import DISPLAY_ZONE

PART = "demo"
_LOCK = 4703211
"""Numbers of new risk points are given under this lock."""
_WORK = text(
    "SELECT county_code, number, anomaly_code, level, status, finding, handler_number, due_at, version,"
    " assigned_path::text AS assigned_path, review_level, cause, recovered_kwh IS NOT NULL AS has_amounts,"
    " org_path::text AS org_path, ST_X(location) AS longitude, ST_Y(location) AS latitude,"
    " ARRAY(SELECT purpose FROM evidence WHERE evidence.county_code = audit_ticket.county_code"
    "   AND evidence.ticket_number = audit_ticket.number) AS purposes,"
    " ARRAY(SELECT sha256 FROM evidence WHERE evidence.county_code = audit_ticket.county_code"
    "   AND evidence.ticket_number = audit_ticket.number AND purpose = 'rectification') AS proofs"
    " FROM audit_ticket WHERE closed_at IS NULL AND is_demo AND location IS NOT NULL ORDER BY number"
)
_PLACE = text(
    "SELECT customer.county_code, customer.number, customer.district_code, customer.category,"
    " customer.org_path::text AS org_path, ST_X(customer.location) AS longitude, ST_Y(customer.location) AS latitude"
    " FROM customer WHERE customer.is_demo AND customer.location IS NOT NULL"
    " AND (customer.county_code, customer.number) >="
    "  (SELECT county_code, number FROM customer OFFSET :skip LIMIT 1) ORDER BY 1, 2 LIMIT 1"
)
_CUSTOMERS = text("SELECT count(*) FROM customer WHERE is_demo")
_NEXT_NUMBER = text("SELECT max(number) FROM risk_point WHERE number LIKE CAST(:prefix AS text) || '%'")
_NEW_RISK = text(
    "INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score, score_parts,"
    " exposure_yuan, district_code, customer_number, detected_at, h3_cell, org_path, location)"
    " VALUES (:county, :number, :station, :code, :level, 0, :score, :parts, :exposure, :district, :customer, :at,"
    " :cell, CAST(:path AS ltree), ST_SetSRID(ST_MakePoint(:longitude, :latitude), 4326))"
).bindparams(bindparam("parts", type_=JSONB))
_PEOPLE = text(
    "SELECT number, name, kind, organisation_code, org_path::text AS org_path FROM employee WHERE is_demo"
    " AND kind IN ('officer', 'expert', 'inspector', 'district_manager') ORDER BY number"
)
_EVIDENCE = text(
    "INSERT INTO evidence (county_code, sha256, ticket_number, media_type, size_bytes, taken_at, uploaded_at,"
    " uploaded_by, purpose, file_name, shown_sha256, shown_media_type, width, height, org_path)"
    " VALUES (:county, :sha256, :number, :media_type, :size, :at, :at, :by, :purpose, :name, :sha256, :media_type,"
    " :width, :height, CAST(:path AS ltree)) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """An open demo ticket as it was read. `purposes` of its files, `proofs` of its rectification (SHA-256)."""

    county_code: str
    number: str
    anomaly_code: str
    level: int
    status: int
    finding: str | None
    handler_number: str | None
    due_at: datetime
    version: int
    assigned_path: str | None
    review_level: int | None
    cause: str | None
    has_amounts: bool
    org_path: str
    longitude: float
    latitude: float
    purposes: list[str]
    proofs: list[str]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRisk:
    """A risk point that was just detected."""

    anomaly_code: str
    level: int
    score: int
    score_parts: Mapping[str, Any]
    exposure_yuan: Decimal
    customer_number: str | None
    place: Place
    h3_cell: int
    at: datetime


@dataclass(frozen=True, slots=True)
class DemoPeople:
    """Who acts in the demo: officers by unit code, experts, inspectors by number, a manager's name by station code."""

    officers: dict[str, Viewer]
    experts: list[Viewer]
    inspectors: dict[str, Viewer]
    managers: dict[str, str]


def _as_viewer(row: Any, role: Role) -> Viewer:
    return Viewer(subject=f"demo.{row.number}", role=role, org_path=row.org_path, employee_number=row.number)


async def people() -> DemoPeople:
    """All of them. One statement."""
    found = DemoPeople({}, [], {}, {})
    async with system(PART) as connection:
        for row in await connection.execute(_PEOPLE):
            match row.kind:
                case "officer":
                    found.officers[row.organisation_code] = _as_viewer(row, "supervisor")
                case "expert":
                    found.experts.append(_as_viewer(row, "supervisor"))
                case "inspector":
                    found.inspectors[row.number] = _as_viewer(row, "inspector")
                case _:
                    found.managers.setdefault(row.organisation_code, row.name)
    return found


async def open_work() -> list[OpenTicket]:
    """All open demo tickets. One statement."""
    async with system(PART) as connection:
        return [OpenTicket(**row._mapping) for row in await connection.execute(_WORK)]


async def some_customer(roll: float) -> Place:
    """A customer by chance; `roll` from 0 to below 1. Two statements."""
    async with system(PART) as connection:
        count = await connection.scalar(_CUSTOMERS) or 0
        row = (await connection.execute(_PLACE, {"skip": int(roll * count)})).one()
        return Place(*row)


async def add_picture(connection: AsyncConnection, ticket: Mapping[str, Any], picture: Mapping[str, Any]) -> None:
    """One of the demo's drawings as evidence of a ticket, in the transaction that tells of it. One statement."""
    where = {"county": ticket["county_code"], "number": ticket["number"], "path": ticket["org_path"]}
    await connection.execute(_EVIDENCE, {**where, **picture})


async def add_risk(risk: NewRisk) -> str:
    """Store a new risk point and tell the feed; its number. Six statements."""
    place, year = risk.place, risk.at.astimezone(DISPLAY_ZONE).year
    async with system(PART) as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        prefix = f"R{year}-"
        last = await connection.scalar(_NEXT_NUMBER, {"prefix": prefix})
        number = f"{prefix}{int(last[len(prefix) :]) + 1 if last else 1:06d}"
        await connection.execute(
            _NEW_RISK,
            {
                "county": place.county_code,
                "number": number,
                "station": place.org_path.rsplit(".", 1)[-1],
                "code": risk.anomaly_code,
                "level": risk.level,
                "score": risk.score,
                "parts": dict(risk.score_parts),
                "exposure": risk.exposure_yuan,
                "district": place.district_code,
                "customer": risk.customer_number,
                "at": risk.at,
                "cell": risk.h3_cell,
                "path": place.org_path,
                "longitude": place.longitude,
                "latitude": place.latitude,
            },
        )
        where = {
            "level": risk.level,
            "county_code": place.county_code,
            "longitude": place.longitude,
            "latitude": place.latitude,
        }
        told = happened("risk", number, risk.anomaly_code, 0, where, risk.at, None)
        feed: list[Told] = [("risk", number, place.org_path, {"event": told})]
        feed.append(await of_risk_layer(connection))
        await tell(connection, feed)
    return number
