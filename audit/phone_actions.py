"""Which of a ticket's actions a phone offers, in the order of the thumb: what comes next first.

A pure table: what may be done is judged by `audit.workflow`; here stands only what an inspector on the way has use for,
and what is the usual next step of each state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.workflow import Offer
from audit.workflow_actions import ACTIONS, Field
from audit.workflow_rules import rules
from audit.workflow_states import Status

NEXT: dict[Status, tuple[str, ...]] = {
    Status.DISPATCHED: ("accept",),
    Status.ACCEPTED: ("start_check",),
    Status.CHECKING: ("submit_finding",),
    Status.SUSPENDED: ("resume",),
    Status.FINDING_SUBMITTED: ("request_review",),
    Status.RESPONSIBILITY_FIXED: ("start_rectification",),
    Status.RECTIFYING: ("submit_rectification",),
    Status.RETURNED: ("resubmit", "start_check", "start_rectification"),
}
"""The usual next step of a state, and further ones that are as good."""
ASIDE = ("decline", "note", "request_extension", "request_suspension")
"""What may be done besides, in most states."""
NEVER_MINE = ("part_", "read_only", "finding_true", "finding_not_true")
"""Reasons, by their beginning, that no waiting changes: such an action isn't shown at all."""


@dataclass(frozen=True, slots=True)
class PhoneAction:
    """An action as a phone shows it: `why` names the reason where it isn't allowed now (`tickets.why_<code>`)."""

    code: str
    fields: tuple[Field, ...]
    allowed: bool
    next: bool
    """Whether it is the usual next step: the button under the thumb."""
    why: str | None = None


def phone_actions(status: int, offers: Iterable[Offer]) -> tuple[PhoneAction, ...]:
    """The actions of a state, the next step first.

    `offers` come from `audit.workflow.offers`. What is not allowed at this moment stays in the list, greyed with its
    reason, so that nobody looks for it in vain; what belongs to others is left out.
    """
    offered = {offer.action: offer for offer in offers}
    steps = NEXT.get(Status(status), ())
    found = []
    for code in (*steps, *ASIDE):
        offer = offered.get(code)
        if offer is None or (offer.why is not None and offer.why.startswith(NEVER_MINE)):
            continue
        is_next = bool(steps) and code == steps[0]
        found.append(PhoneAction(code, ACTIONS[code].fields, offer.allowed, is_next, offer.why))
    return tuple(found)


def needs_presence_reason(check_ins: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a finding needs a word about the visit: there is no check-in, or the newest (first) is doubtful.

    By the workflow's own mark (`presence_score` of `audit/data/workflow.yaml`), or by the check-in's verdict.
    """
    if not check_ins:
        return True
    newest = check_ins[0]
    return newest["score"] < rules().presence_score or newest["parts"].get("verdict") == "review"
