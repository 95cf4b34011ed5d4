"""Check-ins: an inspector says "I am here", the program says how believable that is, and the ticket's chain keeps both.

A low score hinders nobody: the check-in is stored with its parts, and the finding that follows needs the inspector's
reason (`audit.workflow`), which the reviewer sees. Stored check-ins are never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from audit.presence import Presence, PresenceRules, dwell_inside, judge
from audit.workflow_fields import Fault
from audit.workflow_rules import rules as workflow_rules
from data_access.engine import reading
from data_access.scope import Viewer
from data_access.tickets import Command, FieldsWrong, NotAllowed, Outcome, UnknownTicket, act
from geo.coordinates import metres_between
from settings import get_settings

DWELL_WINDOW = timedelta(hours=2)
"""Fixes before a check-in that are looked at: far more than any dwell that counts."""
MOST_REASON = 500
_TICKET = text(
    "SELECT county_code, version, ST_X(location) AS longitude, ST_Y(location) AS latitude FROM audit_ticket"
    " WHERE number = :number"
)
# Row security shows an inspector the own fixes only.
_FIXES = text(
    "SELECT EXTRACT(EPOCH FROM fixed_at)::float8 AS at, longitude, latitude FROM position_fix"
    " WHERE employee_number = :employee AND fixed_at > :since AND fixed_at <= :until"
)
_STORE = text(
    "INSERT INTO check_in (county_code, id, ticket_number, employee_number, at, received_at, accuracy_m, distance_m,"
    " dwell_seconds, is_mock, score, parts, reason, org_path, location)"
    " VALUES (:county, CAST(:id AS uuid), :number, :employee, :at, :now, :accuracy, :distance, :dwell, :mock, :score,"
    " :parts, :reason, CAST(:path AS ltree), ST_SetSRID(ST_MakePoint(:longitude, :latitude), 4326))"
).bindparams(bindparam("parts", type_=JSONB))
# Until the next fix says otherwise, whoever has just checked in is at this ticket. An older check-in moves nothing.
_AT_TICKET = text(
    "UPDATE inspector_position SET activity = CASE WHEN :on_site THEN 'site' ELSE activity END, ticket_number = :number"
    " WHERE employee_number = :employee AND on_shift AND fixed_at <= CAST(:at AS timestamptz) + interval '5 minutes'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCheckIn:
    """What a phone sends. Degrees in WGS-84; `at` by the phone's clock, None: now; accuracy in metres, None: unsaid."""

    longitude: float
    latitude: float
    at: datetime | None = None
    accuracy_m: float | None = None
    is_mock: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A stored check-in. `reason_needed`: the score is low and nothing was said; the finding will ask for it."""

    outcome: Outcome
    presence: Presence
    distance_m: float | None
    dwell_seconds: int
    reason_needed: bool


def presence_rules() -> PresenceRules:
    """The rules in force: settings, and the score that the workflow asks for."""
    given = get_settings().presence.model_dump()
    return PresenceRules(**given, review_below=workflow_rules().presence_score)


async def check_in(viewer: Viewer, number: str, given: NewCheckIn, *, change_id: UUID, now: datetime) -> CheckedIn:
    """Store a check-in of the ticket's handler and tell the ticket's chain. About fifteen statements.

    The same `change_id` again gives the same answer. Raises as `tickets.act`; further
    FieldsWrong: a time in the future or too long ago, a reason that is too long.
    """
    at = given.at or now
    reason = (given.reason or "").strip() or None
    _check(at, reason, now)
    if not viewer.employee_number:
        raise NotAllowed("part_handler")
    rules = presence_rules()
    async with reading(viewer, consistent=True) as connection:
        ticket = (await connection.execute(_TICKET, {"number": number})).one_or_none()
        if ticket is None:
            raise UnknownTicket(number)
        place = None if ticket.longitude is None else (ticket.longitude, ticket.latitude)
        fixes = []
        if place is not None:
            window = {"employee": viewer.employee_number, "since": at - DWELL_WINDOW, "until": at}
            rows = await connection.execute(_FIXES, window)
            fixes = [(row.at, metres_between(*place, row.longitude, row.latitude)) for row in rows]
    distance = None if place is None else metres_between(*place, given.longitude, given.latitude)
    dwell = round(dwell_inside(fixes, at.timestamp(), rules))
    presence = judge(
        distance_m=distance,
        accuracy_m=given.accuracy_m,
        dwell_seconds=dwell,
        is_mock=given.is_mock,
        rules=rules,
    )
    parts = presence.parts()

    async def store(connection: AsyncConnection, row: Mapping[str, Any]) -> None:
        values = {
            "county": row["county_code"], "id": str(change_id), "number": number, "employee": viewer.employee_number,
            "at": at, "now": now, "accuracy": given.accuracy_m, "distance": distance, "dwell": dwell,
            "mock": given.is_mock, "score": presence.score, "parts": parts, "reason": reason,
            "path": row["org_path"], "longitude": given.longitude, "latitude": given.latitude,
        }  # fmt: skip
        await connection.execute(_STORE, values)
        on_site = distance is not None and distance <= rules.fence_m
        await connection.execute(
            _AT_TICKET, {"employee": viewer.employee_number, "number": number, "at": at, "on_site": on_site}
        )

    told = {
        "check_in": str(change_id),
        "at": at.isoformat(),
        "score": presence.score,
        "verdict": presence.verdict,
        "distance_m": None if distance is None else round(distance),
        "reason": reason,
    }
    sent = f"{at.isoformat()}|{given.longitude!r}|{given.latitude!r}|{given.accuracy_m!r}|{given.is_mock}|{reason}"
    command = Command(
        change_id=change_id, number=number, action="check_in", computed=told,
        # Without a time of its own a repeat comes at another moment: what was sent is what counts.
        fingerprint=sent if given.at else sent.partition("|")[2], alongside=store,
    )  # fmt: skip
    outcome = await act(viewer, command, now)
    return CheckedIn(outcome, presence, distance, dwell, presence.verdict == "review" and reason is None)


def _check(at: datetime, reason: str | None, now: datetime) -> None:
    position = get_settings().position
    faults = []
    if at.tzinfo is None:
        raise FieldsWrong([Fault("at", "zone")])
    if at > now + timedelta(seconds=position.future_seconds):
        faults.append(Fault("at", "future", round(position.future_seconds)))
    elif at < now - timedelta(hours=position.too_old_hours):
        faults.append(Fault("at", "too_old", round(position.too_old_hours)))
    if reason is not None and len(reason) > MOST_REASON:
        faults.append(Fault("reason", "too_long", MOST_REASON))
    if faults:
        raise FieldsWrong(faults)
