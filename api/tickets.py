"""Tickets over HTTP: create, list, read, act. The same rules as on every page (`data_access.tickets`).

A change carries an id that its sender made (`change_id`) and the version that it was based on: sent twice it happens
once, and what others changed meanwhile is either joined or told. Sessions of people may do what their role may; tokens
of other systems read, and may report a suspicion (`POST /api/v1/tickets`) where their role is a supervisor's.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field

from data_access import ticket_list, ticket_reads, tickets
from data_access.parameters import BadParameter, parse_whole
from data_access.scope import require_viewer
from data_access.ticket_filter import Sort, TicketFilter
from data_access.ticket_suggestions import suitable_inspectors

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])
MOST = 500
Number = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9-]{1,40}$", description="Such as T2026-0412")]
_WRONG: dict[int | str, dict[str, Any]] = {
    403: {"description": "Not for this person or not for now; `details` say why."},
    409: {"description": "`stale` with what changed since, or `change_id_reused`."},
    422: {"description": "`fields_wrong` with every fault, or a value that can't be read."},
}


class NewTicket(BaseModel):
    """A suspicion: one of risk point, void ticket to begin anew, customer or district; the last two with a topic."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "change_id": "6f1f9c3e-3f2a-4d0e-9a55-3f6f0d6f2b11",
                    "customer_number": "130203000017",
                    "anomaly_code": "DJ01",
                    "description": "Shop in a flat.",
                }
            ]
        },
    )

    change_id: UUID
    risk_number: str | None = Field(None, max_length=40)
    previous_number: str | None = Field(None, max_length=40)
    customer_number: str | None = Field(None, max_length=40)
    district_code: str | None = Field(None, max_length=40)
    anomaly_code: str | None = Field(None, max_length=40)
    level: Annotated[int, Field(ge=1, le=4)] | None = None
    description: str | None = Field(None, max_length=2_000)


class Change(BaseModel):
    """An action with its values. `based_on`: the version of the ticket that the sender saw."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "change_id": "0b7c9a52-6d0e-4a63-8a0e-9d1f3f3f7a10",
                    "based_on": 4,
                    "action": "submit_finding",
                    "fields": {
                        "finding": "true",
                        "cause": "wrong_tariff",
                        "report": "A shop uses the residential price.",
                        "presence_reason": "The phone had no signal in the cellar.",
                    },
                }
            ]
        },
    )

    change_id: UUID
    based_on: Annotated[int, Field(ge=1, le=2**31 - 1)]
    action: Annotated[str, Field(max_length=40)]
    fields: dict[str, Any] = Field(default_factory=dict)


class Done(BaseModel):
    """What became of a change. `merged`: joined with what others did; `repeated`: it had been made before."""

    number: str
    version: int
    status: int
    merged: bool
    repeated: bool


class Listed(BaseModel):
    """A ticket in a list. Money in yuan and energy in kWh as decimal texts; `lon`, `lat` in WGS-84."""

    model_config = ConfigDict(extra="allow")

    number: str
    status: int
    level: int
    anomaly_code: str
    county_code: str
    due_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    version: int


class Tickets(BaseModel):
    """A page of a list; `next` is the `cursor` of the following one, null at the end."""

    tickets: list[Listed]
    next: str | None


class Event(BaseModel):
    """Something that happened. `actor`: an employee's number, a login, or `system`."""

    sequence: int
    at: datetime
    actor: str
    actor_name: str | None
    kind: str
    from_status: int | None
    to_status: int
    body: dict[str, Any]
    hash: str


class Events(BaseModel):
    """Events of a ticket in order."""

    events: list[Event]


class Offered(BaseModel):
    """An action of the present status; `why` and `missing` say what hinders it."""

    action: str
    allowed: bool
    why: str | None
    missing: list[str]


class Clock(BaseModel):
    """Of the present stage, in working days. `urgency`: `overdue`, `soon`, `in_time`, `stopped`."""

    urgency: Literal["overdue", "soon", "in_time", "stopped"]
    due_at: datetime
    days_left: int
    limit_days: int | None


class Whole(BaseModel):
    """A ticket with all that belongs to it; personal data masked."""

    ticket: dict[str, Any]
    clock: Clock
    offers: list[Offered]
    missing: list[str]
    review_levels: list[int]
    events: list[Event]
    evidence: list[dict[str, Any]]
    check_ins: list[dict[str, Any]]
    risk: dict[str, Any] | None
    problem: dict[str, Any] | None


class Suitable(BaseModel):
    """An inspector with the points (0 to 100) of each reason."""

    number: str
    name: str
    unit_code: str
    unit_zh: str
    unit_en: str
    on_shift: bool
    skills: list[str]
    distance_m: int | None
    open_work: int
    points: int
    parts: dict[str, int]
    has_it: bool


class Inspectors(BaseModel):
    """The most suitable first."""

    inspectors: list[Suitable]


def plain(value: Any) -> Any:
    """A value of the database as JSON: exact numbers as texts, moments as ISO 8601 in UTC."""
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case Mapping():
            return {name: plain(part) for name, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
    return value


@router.post("", responses=_WRONG, status_code=201)
async def create(new: NewTicket) -> Done:
    """Report a suspicion. A second one on the same object and topic joins the open ticket (`merged`)."""
    viewer = require_viewer()
    given = new.model_dump(exclude={"change_id"})
    origin: Literal["api", "manual"] = "api" if viewer.kind == "api" else "manual"
    outcome = await tickets.create(viewer, tickets.NewTicket(**given, origin=origin), new.change_id, datetime.now(UTC))
    return Done(**asdict(outcome))


@router.get("", responses=_WRONG)
async def listed(
    request: Request,
    sort: Annotated[str | None, Query(description="due, opened, number, level, closed; a minus turns it round")] = None,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[str, Query(description=f"1 to {MOST}")] = "100",
) -> Tickets:
    """A page of the viewer's tickets; filters as on the page `/tickets` (`state`, `status`, `level`, `unit`, …)."""
    count = parse_whole("limit", limit, 1, MOST)
    chosen = TicketFilter.from_query(dict(request.query_params), others=("sort", "cursor", "limit"))
    order = Sort.parse(sort, state=chosen.state)
    after = _anchor(cursor, order) if cursor else None
    page = await ticket_list.ticket_page(require_viewer(), chosen, order, after=after, limit=count)
    following = _cursor(ticket_list.Anchor.of(page.rows[-1], order), order) if page.more else None
    return Tickets(tickets=[Listed(**plain(row)) for row in page.rows], next=following)


def _cursor(anchor: ticket_list.Anchor, order: Sort) -> str:
    value = anchor.value.isoformat() if isinstance(anchor.value, datetime) else anchor.value
    return base64.urlsafe_b64encode(json.dumps([order.text, value, anchor.number]).encode()).decode()


def _anchor(cursor: str, order: Sort) -> ticket_list.Anchor:
    expected = "`next` of the page before, with the same sort"
    try:
        text, value, number = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        if text != order.text or not isinstance(number, str) or "\0" in number:
            raise ValueError
        if order.column.endswith("_at"):
            value = datetime.fromisoformat(value)
            if value.tzinfo is None:
                raise ValueError
        elif order.column == "level" and (isinstance(value, bool) or not isinstance(value, int) or abs(value) > 9):
            raise ValueError
        elif order.column == "number":
            value = number
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadParameter("cursor", cursor, expected) from None
    return ticket_list.Anchor(value, number)


@router.get("/{number}", responses=_WRONG)
async def one(number: Number) -> Whole:
    """A ticket with its events, evidence, clock, and the actions that are open to whoever asks."""
    page = await ticket_reads.ticket_page(require_viewer(), number, datetime.now(UTC))
    if page is None:
        raise tickets.UnknownTicket(number)
    return Whole(
        ticket=plain(page.row),
        clock=Clock(**asdict(page.clock)),
        offers=[Offered(**asdict(offer)) for offer in page.offers],
        missing=list(page.missing),
        review_levels=list(page.review_levels),
        events=[Event(**plain(event)) for event in page.events],
        evidence=plain(page.evidence),
        check_ins=plain(page.check_ins),
        risk=plain(page.risk),
        problem=plain(page.problem),
    )


@router.get("/{number}/events", responses=_WRONG)
async def events(
    number: Number, after: Annotated[str, Query(description="Only events behind this sequence number")] = "0"
) -> Events:
    """What happened to a ticket, oldest first."""
    since = parse_whole("after", after, 0, 2**31 - 1)
    found = await ticket_reads.ticket_events(require_viewer(), number, since)
    if found is None:
        raise tickets.UnknownTicket(number)
    return Events(events=[Event(**plain(event)) for event in found])


@router.get("/{number}/inspectors", responses=_WRONG)
async def inspectors(number: Number) -> Inspectors:
    """Inspectors who could take it, the most suitable first, with the reasons."""
    found = await suitable_inspectors(require_viewer(), number)
    if found is None:
        raise tickets.UnknownTicket(number)
    return Inspectors(inspectors=[Suitable(**asdict(one)) for one in found])


@router.post("/{number}/actions", responses=_WRONG)
async def act(number: Number, change: Change) -> Done:
    """Take an action. The same `change_id` again gets the same answer."""
    command = tickets.Command(
        change_id=change.change_id,
        number=number,
        action=change.action,
        based_on=change.based_on,
        fields=change.fields,
    )
    return Done(**asdict(await tickets.act(require_viewer(), command, datetime.now(UTC))))
