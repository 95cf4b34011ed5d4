"""Changes of tickets: create one, act on one. Every door (pages, API, phone, jobs, the demo) comes through here.

One transaction a change: the ticket is locked, the change judged by `audit.workflow`, its event appended to the hash
chain, the row changed, problem and risk points brought in line, the answer kept under the client's change id, the feed
told last. A change happens once: the same id with the same content gets the same answer again, whoever asks late or
twice, and the same id with other content is refused.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.nagging import next_nag
from audit.workflow import Refusal, apply, hindrance, staleness
from audit.workflow_actions import ACTIONS
from audit.workflow_facts import PROGRAM, Actor
from audit.workflow_fields import Fault, read_fields
from data_access.engine import reading, system
from data_access.scope import Viewer
from data_access.ticket_changes import Change, Outcome, actor_of, content_hash, made_before, remember
from data_access.ticket_creation import NewTicket, create, create_for_program
from data_access.ticket_errors import ChangeIdReused, FieldsWrong, NotAllowed, StaleTicket, UnknownTicket
from data_access.ticket_feed import Told, tell
from data_access.ticket_steps import take
from data_access.ticket_store import Locked, load_facts, lock, named_places

__all__ = [
    "ChangeIdReused",
    "Command",
    "FieldsWrong",
    "NewTicket",
    "NotAllowed",
    "Outcome",
    "StaleTicket",
    "UnknownTicket",
    "act",
    "actor_of",
    "create",
    "create_for_program",
    "keep_clock",
]  # fmt: skip

PART = "tickets"
_SEEN = text("SELECT county_code FROM audit_ticket WHERE number = :number")

Alongside = Callable[[AsyncConnection, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A change that somebody wants. `based_on`: the version of the ticket that they saw; None: whatever it is.

    For doors of our own: `computed` is what the program worked out for an internal action (`audit.workflow.INTERNAL`),
    `fingerprint` stands for the client's input behind it, and `alongside` writes further rows in the same transaction,
    after the ticket (its row is given) was locked and before the change is judged.
    """

    change_id: UUID
    number: str
    action: str
    based_on: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Any] | None = None
    fingerprint: str = ""
    alongside: Alongside | None = None


async def act(viewer: Viewer, command: Command, now: datetime) -> Outcome:
    """Take an action in the viewer's name. About twelve statements in two transactions.

    Raises:
        UnknownTicket: not there, or not in the viewer's scope.
        ChangeIdReused: the change id has named something else.
        StaleTicket: the ticket was changed since `based_on`, and it matters.
        FieldsWrong: values are missing or wrong.
        NotAllowed: not for this person, or not for now.
    """
    county = await county_of_seen(viewer, command.number)
    actor = actor_of(viewer)
    content = content_hash("act", command.number, command.action, dict(command.fields), command.fingerprint)
    async with system(PART) as connection:
        if (before := await made_before(connection, command.change_id, actor, content)) is not None:
            return before
        row = await lock(connection, county, command.number)
        if row is None:
            raise UnknownTicket(command.number)
        if command.alongside is not None:
            await command.alongside(connection, row)
        outcome, feed = await _act_on(connection, row, actor, command, now)
        change = Change(command.change_id, actor, command.action, content)
        await remember(connection, row, change, outcome, now)
        await tell(connection, feed)
    return outcome


async def keep_clock(county: str, number: str, now: datetime) -> list[str]:
    """Take what the program itself has to do on a ticket by now (`audit.nagging`); returns the actions, in order.

    Whoever calls twice, or beside another worker, does no harm: the ticket is judged anew under its lock. Four
    statements when nothing is due, about four more for each action.
    """
    done: list[str] = []
    async with system(PART) as connection:
        row = await lock(connection, county, number)
        if row is None:
            return done
        facts, events, limits = await load_facts(connection, row)
        ticket = Locked(row, facts, events, limits)
        feed: list[Told] = []
        while (nag := next_nag(ticket.facts, now)) is not None and nag.at <= now:
            step = apply(ticket.facts, PROGRAM, nag.action, {}, now, limits)
            if isinstance(step, Refusal):
                break
            feed += await take(connection, ticket, PROGRAM, step, {}, max(now, ticket.events[-1]["at"]))
            done.append(nag.action)
        if feed:
            await tell(connection, feed)
    return done


async def _act_on(
    connection: AsyncConnection, row: dict[str, Any], actor: Actor, command: Command, now: datetime
) -> tuple[Outcome, list[Told]]:
    """Judge and write a change of a locked ticket; what the feed is to be told comes back."""
    action = ACTIONS.get(command.action)
    if action is None:
        raise NotAllowed("unknown_action")
    facts, events, limits = await load_facts(connection, row)
    ticket = Locked(row, facts, events, limits)
    stale = False
    if command.based_on is not None:
        if command.based_on > facts.version:
            raise FieldsWrong([Fault("based_on", "version_unknown", facts.version)])
        judged = staleness(command.action, command.based_on, events)
        if judged.matters:
            raise StaleTicket(row["number"], judged.since)
        stale = bool(judged.since)
    if (hindered := hindrance(facts, actor, action, now)) is not None:
        raise NotAllowed(hindered.why or "", hindered.missing)
    clean, faults = read_fields(action, command.fields)
    if not faults:
        clean, faults = await named_places(connection, clean)
    if faults:
        raise FieldsWrong(faults)
    step = apply(facts, actor, command.action, clean, now, limits, command.computed)
    if isinstance(step, Refusal):
        if step.faults:
            raise FieldsWrong(step.faults)
        raise NotAllowed(step.why or "", step.missing)
    moment = max([now, *(event["at"] for event in events[-1:])])
    try:
        feed = await take(connection, ticket, actor, step, clean, moment)
    except IntegrityError as error:
        if "uq_audit_ticket_open_object" in str(error.orig):
            raise NotAllowed("open_twin") from None  # looking back at it while a newer one is open
        raise
    return Outcome(row["number"], row["version"], int(row["status"]), merged=stale), feed


async def county_of_seen(viewer: Viewer, number: str) -> str:
    """County of a ticket that lies in the viewer's scope, asked of the primary. One statement.

    Raises:
        UnknownTicket: it does not.
    """
    async with reading(viewer, consistent=True) as connection:
        county: str | None = await connection.scalar(_SEEN, {"number": number})
    if county is None:
        raise UnknownTicket(number)
    return county
