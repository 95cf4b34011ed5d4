"""Inspectors who could take a ticket, the most suitable first, each with the reasons: distance, work, skill, shift."""

from dataclasses import dataclass

from sqlalchemy import text

from audit.suggestions import Candidate, suitability
from data_access.engine import reading
from data_access.scope import Viewer

SHOWN = 20
_TICKET = text(
    "SELECT ticket.county_code, ticket.number, ticket.handler_number, anomaly.business_type"
    " FROM audit_ticket AS ticket JOIN anomaly_type AS anomaly ON anomaly.code = ticket.anomaly_code"
    " WHERE ticket.number = :number"
)
# The units on the line from the province to the object: an inspector of another one would not see the ticket. Where
# somebody was when the shift ended is nobody's business.
_CANDIDATES = text(
    "SELECT employee.number, employee.name, employee.skills, unit.code AS unit_code, unit.name_zh AS unit_zh,"
    " unit.name_en AS unit_en, COALESCE(position.on_shift, false) AS on_shift,"
    " CASE WHEN position.on_shift THEN ST_DistanceSphere(ticket.location,"
    "   ST_SetSRID(ST_MakePoint(position.longitude, position.latitude), 4326)) END AS distance_m,"
    " CASE WHEN position.on_shift THEN position.fixed_at END AS seen_at,"
    " (SELECT count(*) FROM audit_ticket AS open WHERE open.handler_number = employee.number"
    "   AND open.closed_at IS NULL) AS open_work"
    " FROM audit_ticket AS ticket JOIN employee ON employee.org_path @> ticket.org_path"
    " JOIN organisation AS unit ON unit.code = employee.organisation_code"
    " LEFT JOIN inspector_position AS position ON position.employee_number = employee.number"
    " WHERE ticket.county_code = :county AND ticket.number = :number AND employee.kind = 'inspector'"
)


@dataclass(frozen=True, slots=True)
class Suggested:
    """An inspector with the points of each reason and what is behind them; `distance_m` as the crow flies."""

    number: str
    name: str
    unit_code: str
    unit_zh: str
    unit_en: str
    on_shift: bool
    skills: tuple[str, ...]
    distance_m: int | None
    open_work: int
    points: int
    parts: dict[str, int]
    has_it: bool


async def suitable_inspectors(viewer: Viewer, number: str) -> list[Suggested] | None:
    """Inspectors within the viewer's sight, the most suitable first; None when the ticket is not. Two statements."""
    async with reading(viewer) as connection:
        ticket = (await connection.execute(_TICKET, {"number": number})).first()
        if ticket is None:
            return None
        key = {"county": ticket.county_code, "number": number}
        rows = (await connection.execute(_CANDIDATES, key)).all()
    found = []
    for row in rows:
        parts = suitability(
            Candidate(
                on_shift=row.on_shift,
                skills=frozenset(row.skills),
                distance_m=row.distance_m,
                open_work=row.open_work,
            ),
            ticket.business_type,
        )
        found.append(
            Suggested(
                row.number, row.name, row.unit_code, row.unit_zh, row.unit_en, row.on_shift, tuple(row.skills),
                None if row.distance_m is None else round(row.distance_m), row.open_work, sum(parts.values()), parts,
                row.number == ticket.handler_number,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.points, one.open_work, one.number))[:SHOWN]
