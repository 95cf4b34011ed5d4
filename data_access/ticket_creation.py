"""A new ticket: from a risk point, by hand, by another system, or anew after a void one.

The same object with the same topic has one open ticket: a second suspicion joins it as an event (domain sheet 1.2:
merge, don't create). Two who create at once meet at a unique index; the later one joins the earlier one's ticket.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.workflow import Step, apply
from audit.workflow_facts import ACTING_ROLES, PROGRAM, Actor
from audit.workflow_fields import Fault
from audit.workflow_states import Status
from data_access.engine import reading, system
from data_access.scope import Viewer
from data_access.ticket_changes import Change, Outcome, actor_of, content_hash, made_before, remember
from data_access.ticket_errors import FieldsWrong, NotAllowed
from data_access.ticket_feed import Told, of_risk_layer, of_ticket, tell
from data_access.ticket_results import keep_risks
from data_access.ticket_steps import take
from data_access.ticket_store import Locked, append_event, limits_of, load_facts, lock, lock_open_twin
from settings import DISPLAY_ZONE

PART = "tickets"
Origin = Literal["rule", "manual", "api", "redispatch"]
MOST_DESCRIPTION = 2_000
_TRIES = 5

_RISK = text(
    "SELECT number AS risk_number, anomaly_code, level, district_code, customer_number, county_code,"
    " org_path::text AS org_path, ST_X(location) AS longitude, ST_Y(location) AS latitude,"
    " EXISTS (SELECT 1 FROM customer WHERE customer.county_code = thing.county_code"
    "  AND customer.district_code = thing.district_code AND customer.is_demo) AS is_demo"
    " FROM risk_point AS thing WHERE number = :number"
)
_CUSTOMER = text(
    "SELECT customer.number AS customer_number, customer.district_code, customer.county_code,"
    " customer.org_path::text AS org_path, ST_X(COALESCE(customer.location, district.location)) AS longitude,"
    " ST_Y(COALESCE(customer.location, district.location)) AS latitude, customer.is_demo"
    " FROM customer LEFT JOIN transformer_district AS district ON district.county_code = customer.county_code"
    "  AND district.code = customer.district_code WHERE customer.number = :number"
)
_DISTRICT = text(
    "SELECT NULL AS customer_number, code AS district_code, county_code, org_path::text AS org_path,"
    " ST_X(location) AS longitude, ST_Y(location) AS latitude,"
    " EXISTS (SELECT 1 FROM customer WHERE customer.county_code = thing.county_code"
    "  AND customer.district_code = thing.code AND customer.is_demo) AS is_demo"
    " FROM transformer_district AS thing WHERE code = :number"
)
_PREVIOUS = text(
    "SELECT number, status, anomaly_code, level, customer_number, district_code, county_code,"
    " org_path::text AS org_path, ST_X(location) AS longitude, ST_Y(location) AS latitude, is_demo"
    " FROM audit_ticket WHERE number = :number"
)
_TOPIC = text("SELECT default_level FROM anomaly_type WHERE code = :code")
_NUMBER = text("SELECT next_ticket_number(:year)")
_INSERT = text(
    "INSERT INTO audit_ticket (county_code, number, anomaly_code, level, status, risk_number, district_code,"
    " customer_number, opened_at, due_at, stage_started_at, version, origin, description, created_by, previous_number,"
    " org_path, updated_at, is_demo, location)"
    " VALUES (:county_code, :number, :anomaly_code, :level, 10, :risk_number, :district_code, :customer_number, :at,"
    " :due_at, :at, 1, :origin, :description, :created_by, :previous_number, CAST(:org_path AS ltree), :at, :is_demo,"
    " ST_SetSRID(ST_MakePoint(CAST(:longitude AS float8), CAST(:latitude AS float8)), 4326))"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """A suspicion: names a risk point, a void ticket to begin anew, or an object (customer or district) with a topic.

    `level` 1 to 4; by default that of the risk point or the topic.
    """

    risk_number: str | None = None
    previous_number: str | None = None
    customer_number: str | None = None
    district_code: str | None = None
    anomaly_code: str | None = None
    level: int | None = None
    description: str | None = None
    origin: Origin = "manual"


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the ticket is about, as it was seen in the creator's scope."""

    county_code: str
    org_path: str
    anomaly_code: str
    level: int
    district_code: str | None
    customer_number: str | None
    risk_number: str | None
    longitude: float | None
    latitude: float | None
    is_demo: bool


async def create(viewer: Viewer, new: NewTicket, change_id: UUID, now: datetime) -> Outcome:
    """Open a ticket, or join the open one on the same object and topic (`merged`). About ten statements.

    Raises:
        NotAllowed: the role only reads.
        FieldsWrong: what it names is not there or not in the viewer's scope, or does not fit together.
        ChangeIdReused: the change id has named something else.
    """
    if viewer.role not in ACTING_ROLES:
        raise NotAllowed("read_only")
    actor = actor_of(viewer)
    content = content_hash("create", asdict(new))
    async with reading(viewer, consistent=True) as connection:
        subject = await _subject(connection, new)
    async with system(PART) as connection:
        if (before := await made_before(connection, change_id, actor, content)) is not None:
            return before
        outcome, feed = await open_or_join(connection, subject, new, actor, now)
        row = {"county_code": subject.county_code, "number": outcome.number, "org_path": subject.org_path}
        await remember(connection, row, Change(change_id, actor, "create", content), outcome, now)
        await tell(connection, feed)
    return outcome


async def create_for_program(risk_number: str, now: datetime, *, timeout_ms: int | None = None) -> Outcome:
    """A ticket out of a risk point by a rule. Nine statements.

    Raises:
        FieldsWrong: there is no such risk point.
    """
    new = NewTicket(risk_number=risk_number, origin="rule")
    async with system(PART, timeout_ms=timeout_ms) as connection:
        subject = await _subject(connection, new)
        outcome, feed = await open_or_join(connection, subject, new, PROGRAM, now)
        await tell(connection, feed)
    return outcome


async def _one(connection: AsyncConnection, statement: Any, name: str, number: str) -> dict[str, Any]:
    row = (await connection.execute(statement, {"number": number})).first()
    if row is None:
        raise FieldsWrong([Fault(name, "object_unknown")])
    return dict(row._mapping)


async def _subject(connection: AsyncConnection, new: NewTicket) -> _Subject:
    """What the ticket is about. One or two statements.

    Raises:
        FieldsWrong: see `create`.
    """
    if new.description is not None and len(new.description) > MOST_DESCRIPTION:
        raise FieldsWrong([Fault("description", "too_long", MOST_DESCRIPTION)])
    given = [name for name in ("risk_number", "previous_number", "customer_number", "district_code")
             if getattr(new, name) is not None]  # fmt: skip
    if len(given) != 1:
        raise FieldsWrong([Fault("customer_number", "one_object")])
    name = given[0]
    statement = {"risk_number": _RISK, "previous_number": _PREVIOUS, "customer_number": _CUSTOMER}.get(name, _DISTRICT)
    row = await _one(connection, statement, name, getattr(new, name))
    if name == "previous_number" and row["status"] != Status.VOID:
        raise FieldsWrong([Fault(name, "not_void")])
    code = row.get("anomaly_code") or new.anomaly_code
    if code is None:
        raise FieldsWrong([Fault("anomaly_code", "required")])
    if new.anomaly_code not in (None, code):
        raise FieldsWrong([Fault("anomaly_code", "other_topic")])
    level = new.level or row.get("level")
    if level is None:
        level = await connection.scalar(_TOPIC, {"code": code})
        if level is None:
            raise FieldsWrong([Fault("anomaly_code", "topic_unknown")])
    if not 1 <= level <= 4:
        raise FieldsWrong([Fault("level", "level")])
    wanted = ("county_code", "org_path", "district_code", "customer_number", "longitude", "latitude", "is_demo")
    return _Subject(
        **{key: row[key] for key in wanted}, anomaly_code=code, level=level, risk_number=row.get("risk_number")
    )


async def open_or_join(
    connection: AsyncConnection, subject: _Subject, new: NewTicket, actor: Actor, now: datetime
) -> tuple[Outcome, list[Told]]:
    """Insert the ticket with its first event, or append a `merge` to the open one on the same object and topic."""
    limits = await limits_of(connection, subject.org_path)
    due_at = limits.due(Status.GENERATED, subject.level, subject.org_path, now)
    # Where two create at once, the later one's insert waits for the earlier one and then does nothing.
    for _ in range(_TRIES):
        twin = await lock_open_twin(connection, asdict(subject))
        if twin is not None:
            return await _join(connection, twin, subject, new, actor, now)
        number = await connection.scalar(_NUMBER, {"year": now.astimezone(DISPLAY_ZONE).year})
        made = {
            **asdict(subject),
            "number": number,
            "at": now,
            "due_at": due_at,
            "origin": "redispatch" if new.previous_number else new.origin,
            "description": new.description,
            "created_by": actor.key,
            "previous_number": new.previous_number,
        }
        if (await connection.execute(_INSERT, made)).rowcount:
            return await _opened(connection, made, actor, now)
    raise AssertionError("an open ticket hinders another, yet is not there")


async def _opened(
    connection: AsyncConnection, made: Mapping[str, Any], actor: Actor, now: datetime
) -> tuple[Outcome, list[Told]]:
    told = {"risk": made["risk_number"], "origin": made["origin"], "description": made["description"]}
    told |= {"previous": made["previous_number"], "due_at": made["due_at"].isoformat()}
    event = {
        "county_code": made["county_code"], "ticket_number": made["number"], "sequence": 1, "at": now,
        "actor": actor.key, "kind": "generated", "from_status": None, "to_status": int(Status.GENERATED),
        "body": {name: value for name, value in told.items() if value is not None}, "org_path": made["org_path"],
    }  # fmt: skip
    await append_event(connection, event)
    row = await lock(connection, made["county_code"], made["number"])
    assert row is not None  # noqa: S101 - inserted above
    feed = [of_ticket(row, "generated", now, actor.key)]
    if row["risk_number"]:
        facts, events, limits = await load_facts(connection, row)
        if await keep_risks(connection, Locked(row, facts, events, limits), now):
            feed.append(await of_risk_layer(connection))
    return Outcome(row["number"], 1, int(Status.GENERATED)), feed


async def _join(
    connection: AsyncConnection, row: dict[str, Any], subject: _Subject, new: NewTicket, actor: Actor, now: datetime
) -> tuple[Outcome, list[Told]]:
    facts, events, limits = await load_facts(connection, row)
    ticket = Locked(row, facts, events, limits)
    told = {"risk": subject.risk_number, "origin": new.origin, "description": new.description, "level": subject.level}
    computed = {name: value for name, value in told.items() if value is not None}
    # The program joins it for whoever came: the open ticket may be at work in other hands.
    step = apply(facts, PROGRAM, "merge", {}, now, limits, {**computed, "by": actor.key})
    assert isinstance(step, Step), step  # noqa: S101 - every open ticket takes a merge
    feed = await take(connection, ticket, actor, step, {}, max([now, *(event["at"] for event in events[-1:])]))
    return Outcome(row["number"], row["version"], int(row["status"]), merged=True), feed
