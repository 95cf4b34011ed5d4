"""What each action changes beyond its way between states; one function an action, all pure.

An effect either names faults of the fields, or says which columns change, what the event records and where the ticket
goes when the table of actions leaves that open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from audit.deadlines import deadline, is_at_or_below, resumed
from audit.finding_forms import UnknownForm, as_json, check, form_for
from audit.workflow_facts import Actor, Inspector, Ticket, Unit
from audit.workflow_fields import Fault
from audit.workflow_rules import rules
from audit.workflow_states import Status


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action does. `restarts`: the stage's clock begins anew though the status may stay."""

    to: Status | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    follow: tuple[str, ...] = ()
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """An action on its way: whose, on which ticket, with which values, when."""

    ticket: Ticket
    actor: Actor
    fields: Mapping[str, Any]
    now: datetime
    computed: Mapping[str, Any]


def _wrong(name: str, problem: str) -> Effect:
    return Effect(faults=(Fault(name, problem),))


def _given_to(unit: str, inspector: Inspector | None, chain: tuple[str, ...]) -> Effect:
    """The ticket is now that unit's, or that inspector's of it."""
    changes = {
        "assigned_unit": unit.rsplit(".", 1)[-1],
        "assigned_path": unit,
        "handler_number": inspector.number if inspector else None,
    }
    return Effect(changes=changes, body={"unit": changes["assigned_unit"], "chain": list(chain)}, restarts=True)


def _place(ticket: Ticket, actor: Actor, unit: Unit | None, inspector: Inspector | None) -> Effect | str:
    """Path of the unit that is meant, or what is wrong with it: it lies between the actor's unit and the object."""
    if unit is None and inspector is None:
        return _wrong("unit", "unit_or_inspector")
    if unit is not None and not (ticket.holds(unit.org_path) and is_at_or_below(unit.org_path, actor.org_path)):
        return _wrong("unit", "unit_elsewhere")
    if inspector is not None and not ticket.holds(inspector.org_path):
        return _wrong("inspector", "inspector_elsewhere")
    if unit is not None:
        return unit.org_path
    assert inspector is not None  # noqa: S101 - one of both was given
    return max(inspector.org_path, ticket.in_charge, key=len)


def _dispatch(case: Case) -> Effect:
    unit, inspector = case.fields.get("unit"), case.fields.get("inspector")
    path = _place(case.ticket, case.actor, unit, inspector)
    if isinstance(path, Effect):
        return path
    if not is_at_or_below(path, case.ticket.in_charge) or (path == case.ticket.in_charge and inspector is None):
        return _wrong("unit", "unit_not_below")
    if inspector is not None and inspector.number == case.ticket.handler_number and path == case.ticket.assigned_path:
        return _wrong("inspector", "unchanged")
    chain = case.ticket.history.chain
    return _given_to(path, inspector, chain if path == case.ticket.assigned_path else (*chain, path))


def _reassign(case: Case) -> Effect:
    unit, inspector = case.fields.get("unit"), case.fields.get("inspector")
    path = _place(case.ticket, case.actor, unit, inspector)
    if isinstance(path, Effect):
        return path
    handler = inspector.number if inspector else None
    if path == case.ticket.assigned_path and handler == case.ticket.handler_number:
        return _wrong("unit", "unchanged")
    above = tuple(one for one in case.ticket.history.chain if path.startswith(one + "."))
    return _given_to(path, inspector, (*above, path))


def _accept(case: Case) -> Effect:
    return Effect(changes={"handler_number": case.actor.employee_number})


def _decline(case: Case) -> Effect:
    """An inspector gives it back to the unit, a unit to whoever had dispatched it, at last to the province."""
    chain = case.ticket.history.chain
    if not case.actor.supervises:
        return Effect(Status.DISPATCHED, {"handler_number": None}, {"chain": list(chain)})
    chain = chain[:-1]
    if not chain:
        changes = {"assigned_unit": None, "assigned_path": None, "handler_number": None}
        return Effect(Status.PRESCREENED, changes, {"chain": []})
    effect = _given_to(chain[-1], None, chain)
    return Effect(Status.DISPATCHED, effect.changes, effect.body)


def _suspend(case: Case) -> Effect:
    until = case.now + timedelta(days=case.fields["days"])
    changes = {
        "suspended_from": int(case.ticket.status),
        "suspended_at": case.now,
        "suspended_until": until,
        "due_at": until,
    }
    if case.ticket.request and case.ticket.request["kind"] == "suspension":
        changes["request"] = None
    return Effect(changes=changes, body={"stage_due_at": case.ticket.due_at.isoformat()})


def _resume(case: Case) -> Effect:
    changes: dict[str, Any] = {"suspended_from": None, "suspended_at": None, "suspended_until": None}
    if case.ticket.history.suspended_due_at and case.ticket.suspended_at:
        changes["due_at"] = resumed(case.ticket.history.suspended_due_at, case.ticket.suspended_at, case.now)
    return Effect(Status(case.ticket.suspended_from or Status.CHECKING), changes)


def _unknown_files(ticket: Ticket, fields: Mapping[str, Any]) -> Effect | None:
    strange = [one for one in fields.get("evidence", ()) if one not in ticket.evidence]
    return _wrong("evidence", "evidence_unknown") if strange else None


def _form_values(case: Case) -> tuple[dict[str, Any], list[Fault]]:
    """The values of the topic's own form (`audit.finding_forms`) as the event records them, and what is wrong."""
    given = case.fields.get("form_values")
    if given is None:
        return {}, []
    if case.fields["finding"] != "true":
        return {"form": None, "form_values": None}, []  # a form is of a confirmed problem
    try:
        form = form_for(case.ticket.anomaly_code, case.fields.get("form"))
    except UnknownForm:
        return {}, [Fault("form", "form_unknown")]
    values, wrong = check(form, given)
    return {"form": form.code, "form_values": as_json(values)}, [
        Fault(f"form_values.{fault.field[:64]}", "form_value") for fault in wrong
    ]


def _submit_finding(case: Case) -> Effect:
    if wrong := _unknown_files(case.ticket, case.fields):
        return wrong
    faults = []
    if case.fields["finding"] == "false" and not set(case.ticket.evidence.values()) & {"finding", "responsibility"}:
        faults.append(Fault("evidence", "evidence_for_false"))
    near = case.ticket.presence is not None and case.ticket.presence >= rules().presence_score
    if not near and "presence_reason" not in case.fields:
        faults.append(Fault("presence_reason", "presence_reason", rules().presence_score))
    values, wrong_values = _form_values(case)
    faults += wrong_values
    if faults:
        return Effect(faults=tuple(faults))
    confirmed = case.fields["finding"] == "true"
    changes: dict[str, Any] = {"finding": case.fields["finding"], "found_at": case.now}
    changes["cause"] = case.fields.get("cause") if confirmed else None
    if not confirmed:
        # What a confirmed problem carries is withdrawn with it; its events remain.
        changes |= dict.fromkeys(("responsible_unit", "responsible_person", "amounts"))
        changes |= dict.fromkeys(("recovered_kwh", "recovered_yuan", "breach_yuan"))
    return Effect(changes=changes, body={"presence": case.ticket.presence, **values})


def _fix_responsibility(case: Case) -> Effect:
    return Effect(
        changes={
            "cause": case.fields["cause"],
            "responsible_unit": case.fields["responsible_unit"].code,
            "responsible_person": case.fields["responsible_person"],
        }
    )


def _first_level(ticket: Ticket) -> int:
    escalated = ticket.escalated_at is not None
    return rules().review_chain(ticket.finding or "unable", ticket.level, escalated=escalated)[0]


def _to_review(case: Case) -> Effect:
    if wrong := _unknown_files(case.ticket, case.fields):
        return wrong
    return Effect(changes={"review_level": _first_level(case.ticket)})


def _submit_rectification(case: Case) -> Effect:
    if wrong := _unknown_files(case.ticket, case.fields):
        return wrong
    if not any(case.ticket.evidence[one] == "rectification" for one in case.fields["evidence"]):
        return _wrong("evidence", "evidence_of_rectification")
    return _to_review(case)


def _pass_review(case: Case) -> Effect:
    assert case.ticket.review_level is not None and case.ticket.finding is not None  # noqa: S101 - in review
    chain = rules().review_chain(case.ticket.finding, case.ticket.level, escalated=case.ticket.escalated_at is not None)
    further = [level for level in chain if level < case.ticket.review_level]
    body = {"level": case.ticket.review_level}
    changes: dict[str, Any] = {"reviewer_number": case.actor.key, "review_level": further[0] if further else None}
    if further:
        return Effect(Status.IN_REVIEW, changes, body)
    return Effect(Status.ARCHIVED, {**changes, "closed_at": case.now, "request": None}, body)


def _return(case: Case) -> Effect:
    count = case.ticket.return_count + 1
    escalates = count > rules().escalate_returns_above and case.ticket.escalated_at is None
    return Effect(
        changes={"return_count": count, "review_level": None, "reviewer_number": case.actor.key},
        body={"level": case.ticket.review_level, "count": count},
        follow=("escalate",) if escalates else (),
    )


def _void(case: Case) -> Effect:
    return Effect(changes={"closed_at": case.now, "request": None})


def _look_back(case: Case) -> Effect:
    return Effect(changes={"closed_at": None, "finding": None, "found_at": None, "review_level": None})


def _request(kind: str) -> "Act":
    def effect(case: Case) -> Effect:
        asked = {"kind": kind, "days": case.fields["days"], "reason": case.fields["reason"]}
        return Effect(changes={"request": {**asked, "by": case.actor.key, "at": case.now.isoformat()}})

    return effect


def _extend(case: Case) -> Effect:
    changes: dict[str, Any] = {"due_at": deadline(case.ticket.due_at, case.fields["days"]), "extended_at": case.now}
    if case.ticket.request and case.ticket.request["kind"] == "extension":
        changes["request"] = None
    return Effect(changes=changes)


def _refuse_request(case: Case) -> Effect:
    assert case.ticket.request is not None  # noqa: S101 - guarded
    return Effect(changes={"request": None}, body={"kind": case.ticket.request["kind"]})


def _remind(case: Case) -> Effect:
    return Effect(changes={"reminded_at": case.now})


def _escalate(case: Case) -> Effect:
    return Effect(changes={"escalated_at": case.now})


def _add_evidence(case: Case) -> Effect:
    return _unknown_files(case.ticket, case.fields) or Effect()


def _recorded(case: Case) -> Effect:
    return Effect(body=dict(case.computed))


def _set_amounts(case: Case) -> Effect:
    names = ("recovered_kwh", "recovered_yuan", "breach_yuan", "amounts")
    changes = {name: case.computed.get(name) for name in names}
    told = {name: None if changes[name] is None else str(changes[name]) for name in names[:3]}
    # By which form and articles, and the adjustments booked or taken back.
    return Effect(changes=changes, body={**told, **case.computed.get("told", {})})


Act = Callable[[Case], Effect]
EFFECTS: dict[str, Act] = {
    "dispatch": _dispatch,
    "reassign": _reassign,
    "accept": _accept,
    "decline": _decline,
    "suspend": _suspend,
    "resume": _resume,
    "submit_finding": _submit_finding,
    "fix_responsibility": _fix_responsibility,
    "submit_rectification": _submit_rectification,
    "request_review": _to_review,
    "resubmit": _to_review,
    "pass_review": _pass_review,
    "return": _return,
    "void": _void,
    "look_back": _look_back,
    "request_extension": _request("extension"),
    "request_suspension": _request("suspension"),
    "extend": _extend,
    "refuse_request": _refuse_request,
    "set_amounts": _set_amounts,
    "remind": _remind,
    "supervise": _remind,
    "escalate": _escalate,
    "add_evidence": _add_evidence,
    "check_in": _recorded,
    "merge": _recorded,
}
"""By action; one that is not here only takes its way."""
