"""The life cycle of a ticket as a pure state machine: who may do what now, and what it changes (domain sheet 1.2, 1.3).

`audit.workflow_actions` says which action leads where, for whom and with which values; here stand the guards that look
at the ticket itself. Nothing here reads or writes anything: `data_access.tickets` brings the facts and stores the step.

The invariants: whoever worked on a ticket never reviews it, and one person reviews once a round; FALSE needs evidence,
and every finding is reviewed; a suspension stops the clock, for 30 days at most; an extension is granted once and
before the deadline; reminders come before, supervision after it; more than two returns escalate; a ticket is archived
only with all that it needs; void is the province's and final, look-back reopens what was archived.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from audit.deadlines import Limits, is_at_or_below
from audit.workflow_actions import ACTIONS, Action, Who
from audit.workflow_effects import EFFECTS, Case, Effect
from audit.workflow_facts import ACTING_ROLES, SYSTEM, Actor, Ticket
from audit.workflow_fields import Fault
from audit.workflow_missing import missing_for_archive
from audit.workflow_rules import rules
from audit.workflow_states import CLOSED, Status, may_follow

__all__ = [
    "Actor",
    "Fault",
    "Limits",
    "Offer",
    "Refusal",
    "Step",
    "Ticket",
    "advance",
    "apply",
    "hindrance",
    "offers",
    "parts",
    "staleness",
]

INTERNAL = frozenset({"merge", "check_in", "set_amounts"})
"""Taken through doors of their own, which compute what they record; nobody sends their content."""
JUDGES = frozenset({"pass_review", "return", "fix_responsibility", "void", "look_back"})
"""Who judges must have seen everything, a note of a minute ago among it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action at hand. `why`: reason of a greyed one, text `tickets.why_<why>`; `missing`: what archiving lacks."""

    action: str
    allowed: bool
    why: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An action that is not taken. `code`: `not_allowed` with `why`, or `fields_wrong` with `faults`."""

    code: str
    why: str | None = None
    faults: tuple[Fault, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What an action does: the event to append, and the columns of the ticket's row that it changes.

    `follow`: actions that the program takes right after it, such as an escalation.
    """

    action: str
    before: Status
    to: Status
    body: Mapping[str, Any]
    changes: Mapping[str, Any]
    follow: tuple[str, ...] = ()


def parts(ticket: Ticket, actor: Actor) -> frozenset[Who]:
    """The parts that somebody plays in a ticket."""
    if actor.role == SYSTEM:
        return frozenset({Who.SYSTEM})
    if actor.role not in ACTING_ROLES or not (
        ticket.holds(actor.org_path) or is_at_or_below(actor.org_path, ticket.org_path)
    ):
        return frozenset()
    found = {Who.ANYONE}
    if actor.supervises:
        if actor.level == 0:
            found.add(Who.PROVINCE)
        if is_at_or_below(ticket.in_charge, actor.org_path):
            found.add(Who.IN_CHARGE)
        # After the archive it is for the city and above to look back.
        due = 1 if ticket.status is Status.ARCHIVED else ticket.review_level
        if due is not None and actor.level <= due:
            found.add(Who.REVIEWER)
    elif actor.employee_number:
        if actor.employee_number == ticket.handler_number:
            found.add(Who.HANDLER)
        if ticket.handler_number is None and ticket.assigned_path and ticket.holds(actor.org_path):
            found.add(Who.TEAM)
    return frozenset(found)


Guard = Callable[[Ticket, Actor, datetime], bool]


def _reviews(ticket: Ticket, actor: Actor, _now: datetime) -> bool:
    return actor.key not in ticket.history.workers and actor.key != ticket.handler_number


_GUARDS: dict[str, tuple[tuple[str, Guard], ...]] = {
    "dispatch": (("has_handler", lambda ticket, _actor, _now: ticket.handler_number is None),),
    "accept": (("not_passed_on", lambda ticket, _actor, _now: ticket.handler_number is not None or _is_local(ticket)),),
    "fix_responsibility": (("finding_not_true", lambda ticket, _actor, _now: ticket.finding == "true"),),
    "start_rectification": (
        ("finding_not_true", lambda ticket, _actor, _now: ticket.finding == "true"),
        ("no_responsibility", lambda ticket, _actor, _now: ticket.responsible_unit is not None),
    ),
    "set_amounts": (("finding_not_true", lambda ticket, _actor, _now: ticket.finding == "true"),),
    "request_review": (("finding_true", lambda ticket, _actor, _now: ticket.finding != "true"),),
    "pass_review": (
        ("reviewer_is_handler", _reviews),
        (
            "reviewed_already",
            lambda ticket, actor, _now: actor.key not in {person for _, person in ticket.history.passed},
        ),
    ),
    "return": (("reviewer_is_handler", _reviews),),
    "look_back": (("reviewer_is_handler", _reviews),),
    "request_extension": (
        ("request_pending", lambda ticket, _actor, _now: ticket.request is None),
        ("extended_already", lambda ticket, _actor, _now: ticket.extended_at is None),
        ("deadline_passed", lambda ticket, _actor, now: now <= ticket.due_at),
    ),
    "request_suspension": (("request_pending", lambda ticket, _actor, _now: ticket.request is None),),
    "extend": (
        ("extended_already", lambda ticket, _actor, _now: ticket.extended_at is None),
        ("deadline_passed", lambda ticket, _actor, now: now <= ticket.due_at),
    ),
    "refuse_request": (("no_request", lambda ticket, _actor, _now: ticket.request is not None),),
    "remind": (("deadline_passed", lambda ticket, _actor, now: now <= ticket.due_at),),
    "supervise": (("deadline_not_passed", lambda ticket, _actor, now: now > ticket.due_at),),
    "escalate": (("escalated_already", lambda ticket, _actor, _now: ticket.escalated_at is None),),
}
"""By action: what must hold, and the reason to tell when it does not. In order; the first that fails is told."""


def _is_local(ticket: Ticket) -> bool:
    """Whether it has come down to a county or station, where people go on site."""
    return ticket.in_charge.count(".") >= 2


def hindrance(ticket: Ticket, actor: Actor, action: Action, now: datetime) -> Refusal | None:
    """Why an action is not for this person or not for now, whatever its values; None when nothing hinders it."""
    if actor.role != SYSTEM and actor.role not in ACTING_ROLES:
        return Refusal("not_allowed", "read_only")
    if ticket.status not in action.of:
        return Refusal("not_allowed", "closed" if ticket.status in CLOSED else "wrong_status")
    if not parts(ticket, actor) & action.who:
        wanted = sorted(who.value for who in action.who - {Who.SYSTEM})
        return Refusal("not_allowed", "part_" + "_or_".join(wanted) if wanted else "part_system")
    for why, holds in _GUARDS.get(action.code, ()):
        if not holds(ticket, actor, now):
            return Refusal("not_allowed", why)
    if action.code == "pass_review" and is_last_review(ticket) and (missing := missing_for_archive(ticket)):
        return Refusal("not_allowed", "archive_incomplete", missing=missing)
    return None


def review_chain(ticket: Ticket) -> tuple[int, ...]:
    """Levels that review this ticket in order; empty without a finding."""
    if ticket.finding is None:
        return ()
    return rules().review_chain(ticket.finding, ticket.level, escalated=ticket.escalated_at is not None)


def is_last_review(ticket: Ticket) -> bool:
    """Whether passing the review that is due archives the ticket."""
    return not [level for level in review_chain(ticket) if ticket.review_level is None or level < ticket.review_level]


def offers(ticket: Ticket, actor: Actor, now: datetime) -> list[Offer]:
    """Every action of the ticket's present status in the order of the table, those that this person may not take with
    the reason. Empty for roles that only read.
    """
    if actor.role not in ACTING_ROLES:
        return []
    found = []
    for action in ACTIONS.values():
        if ticket.status in action.of and action.code != "merge" and action.who != {Who.SYSTEM}:
            refusal = hindrance(ticket, actor, action, now)
            if refusal is None:
                found.append(Offer(action.code, True))
            else:
                found.append(Offer(action.code, False, refusal.why, refusal.missing))
    return found


def apply(
    ticket: Ticket,
    actor: Actor,
    action: str,
    fields: Mapping[str, Any],
    now: datetime,
    limits: Limits,
    computed: Mapping[str, Any] | None = None,
) -> Step | Refusal:
    """What an action does, or why it is not taken.

    `fields` are cleaned (`workflow_fields.read_fields`), with `unit`, `responsible_unit` and `inspector` replaced by
    the `Unit` or `Inspector` that they name. `computed` is what the program worked out itself, for `INTERNAL` actions.
    """
    row = ACTIONS.get(action)
    if row is None:
        return Refusal("not_allowed", "unknown_action")
    refusal = hindrance(ticket, actor, row, now)
    if refusal is not None:
        return refusal
    if action in INTERNAL and computed is None:
        return Refusal("not_allowed", "own_door")
    act = EFFECTS.get(action)
    effect = act(Case(ticket, actor, fields, now, computed or {})) if act else Effect()
    if effect.faults:
        return Refusal("fields_wrong", faults=effect.faults)
    to = effect.to or row.to or ticket.status
    if to is not ticket.status and not may_follow(ticket.status, to):
        raise AssertionError(f"{action}: no way from {ticket.status} to {to}")  # a fault of the tables
    body = {**_plain(fields), **effect.body}
    changes: dict[str, Any] = {"status": int(to)}
    restarts = row.to is not None or effect.to is not None or effect.restarts
    if restarts:
        changes["stage_started_at"] = now
        changes["due_at"] = limits.due(to, ticket.level, ticket.org_path, now) or ticket.due_at
    changes |= effect.changes
    if "due_at" in changes and to not in CLOSED:
        body["due_at"] = changes["due_at"].isoformat()
    return Step(action, ticket.status, to, body, changes, effect.follow)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they stand in an event: units and inspectors by their codes."""
    plain = {}
    for name, value in fields.items():
        plain[name] = getattr(value, "code", getattr(value, "number", value))
    return plain


def advance(ticket: Ticket, actor: Actor, step: Step) -> Ticket:
    """The ticket after a step."""
    changes = {**step.changes, "status": step.to}
    return replace(
        ticket,
        **changes,
        version=ticket.version + 1,
        history=ticket.history.after(step.action, actor.key, step.body),
    )


@dataclass(frozen=True, slots=True)
class Staleness:
    """Whether a change that was based on an older version may be taken, and what happened since."""

    matters: bool
    since: list[Mapping[str, Any]] = field(default_factory=list)


def staleness(action: str, based_on: int, events: Iterable[Mapping[str, Any]]) -> Staleness:
    """Judge a change by what happened since the version that its sender saw (`kind` and `sequence` of each event).

    Nothing hinders a change that touches nothing (a note), nor one since which only such things happened; but who
    judges must have seen all of it.
    """
    since = [event for event in events if event["sequence"] > based_on]
    own = ACTIONS.get(action)
    if not since or (own is not None and own.commutes):
        return Staleness(False, since)
    quiet = all(event["kind"] in ACTIONS and ACTIONS[event["kind"]].commutes for event in since)
    return Staleness(action in JUDGES or not quiet, since)
