"""What can be done with a ticket: every action with its way between states, who may take it, and what it needs.

A pure table (domain sheet 1.2, 1.3; a design proposal with the trade's words). Guards that look at the ticket itself
stand in `audit.workflow`, time limits in `audit.deadlines`. A new action is one row here, its texts
(`tickets.action_<code>` in both catalogues), and a test.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from audit.workflow_states import Status

S = Status


class Who(StrEnum):
    """The part that somebody plays in a ticket; a person may play several."""

    PROVINCE = "province"
    """A supervisor of the province: owns topics, dispatches, judges finally."""
    IN_CHARGE = "in_charge"
    """A supervisor whose unit is in charge of the ticket, or lies above the one that is."""
    HANDLER = "handler"
    """The inspector who has it."""
    TEAM = "team"
    """An inspector of the unit in charge, while nobody has been named."""
    REVIEWER = "reviewer"
    """A supervisor of the level whose review is due, or above; never the handler."""
    ANYONE = "anyone"
    """Supervisors and inspectors who see it."""
    SYSTEM = "system"


FieldKind = Literal["text", "choice", "unit", "inspector", "days", "evidence", "cause", "number", "form"]


@dataclass(frozen=True, slots=True)
class Field:
    """One value that an action takes. `choices` are codes; their words are `tickets.<name>_<code>`."""

    name: str
    kind: FieldKind
    required: bool = True
    choices: tuple[str, ...] = ()
    most: int = 2_000
    """Characters of a text, days of a period."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `to` None: the status stays, or the workflow decides (`decides`)."""

    code: str
    who: frozenset[Who]
    of: frozenset[S]
    to: S | None = None
    fields: tuple[Field, ...] = ()
    commutes: bool = False
    """Whether it touches nothing that another change could contradict: a stale one is merged instead of refused."""
    decides: str = ""
    """How `to` is found where the table cannot say, in words for the reader."""


OPEN = frozenset(S) - {S.ARCHIVED, S.VOID}
BEFORE_CHECK = frozenset({S.DISPATCHED, S.ACCEPTED})
FINDINGS = ("true", "false", "unable")
_REASON = Field("reason", "text")
_NOTE = Field("note", "text", required=False)


def _action(code: str, who: set[Who], of: set[S] | frozenset[S], to: S | None = None, *fields: Field,
            commutes: bool = False, decides: str = "") -> Action:  # fmt: skip
    return Action(code, frozenset(who), frozenset(of), to, fields, commutes, decides)


_W = Who
ACTIONS: dict[str, Action] = {
    action.code: action
    for action in (
        _action("prescreen", {_W.PROVINCE, _W.SYSTEM}, {S.GENERATED}, S.PRESCREENED, _NOTE),
        # Down the levels, to a unit below one's own or to an inspector of it (domain sheet 1.2: one day a level).
        _action(
            "dispatch",
            {_W.IN_CHARGE},
            {S.PRESCREENED, S.DISPATCHED},
            S.DISPATCHED,
            Field("unit", "unit", required=False),
            Field("inspector", "inspector", required=False),
            _NOTE,
        ),
        _action("accept", {_W.HANDLER, _W.TEAM}, {S.DISPATCHED}, S.ACCEPTED, _NOTE),
        # Not taken: back to whoever dispatched it, with the number kept.
        _action(
            "decline",
            {_W.HANDLER, _W.IN_CHARGE},
            {S.DISPATCHED},
            None,
            _REASON,
            decides="one level up: dispatched again, or prescreened where the province had dispatched it",
        ),
        # Another unit or person; a return (退回) it is not.
        _action(
            "reassign",
            {_W.IN_CHARGE},
            {S.DISPATCHED, S.ACCEPTED, S.CHECKING},
            S.DISPATCHED,
            Field("unit", "unit", required=False),
            Field("inspector", "inspector", required=False),
            _REASON,
        ),
        _action("start_check", {_W.HANDLER}, {S.ACCEPTED, S.RETURNED}, S.CHECKING, _NOTE),
        _action(
            "suspend",
            {_W.IN_CHARGE},
            {S.ACCEPTED, S.CHECKING, S.RECTIFYING},
            S.SUSPENDED,
            _REASON,
            Field("days", "days", most=30),
        ),
        _action(
            "resume",
            {_W.IN_CHARGE, _W.HANDLER, _W.SYSTEM},
            {S.SUSPENDED},
            None,
            _NOTE,
            decides="the status that it was suspended from",
        ),
        _action(
            "submit_finding",
            {_W.HANDLER},
            {S.CHECKING},
            S.FINDING_SUBMITTED,
            Field("finding", "choice", choices=FINDINGS),
            Field("cause", "cause", required=False),
            Field("report", "text", most=4_000),
            Field("evidence", "evidence", required=False),
            Field("presence_reason", "text", required=False),
            Field("measured", "number", required=False),
            Field("form", "text", required=False, most=40),
            Field("form_values", "form", required=False),
        ),
        _action(
            "fix_responsibility",
            {_W.IN_CHARGE},
            {S.FINDING_SUBMITTED},
            S.RESPONSIBILITY_FIXED,
            Field("cause", "cause"),
            Field("responsible_unit", "unit"),
            Field("responsible_person", "text", most=100),
            _NOTE,
        ),
        _action(
            "start_rectification", {_W.IN_CHARGE, _W.HANDLER}, {S.RESPONSIBILITY_FIXED, S.RETURNED}, S.RECTIFYING, _NOTE
        ),
        _action(
            "submit_rectification",
            {_W.HANDLER, _W.IN_CHARGE},
            {S.RECTIFYING},
            S.IN_REVIEW,
            Field("rectification", "text", most=4_000),
            Field("evidence", "evidence"),
        ),
        # FALSE and UNABLE are reviewed too: that is where evasion happens.
        _action("request_review", {_W.HANDLER, _W.IN_CHARGE}, {S.FINDING_SUBMITTED}, S.IN_REVIEW, _NOTE),
        _action(
            "pass_review",
            {_W.REVIEWER},
            {S.IN_REVIEW},
            None,
            _NOTE,
            decides="in review at the next level, or archived after the last one",
        ),
        _action("return", {_W.REVIEWER}, {S.IN_REVIEW}, S.RETURNED, _REASON),
        _action(
            "resubmit",
            {_W.HANDLER},
            {S.RETURNED},
            S.IN_REVIEW,
            Field("report", "text", most=4_000),
            Field("evidence", "evidence", required=False),
        ),
        _action("void", {_W.PROVINCE}, {S.GENERATED, S.PRESCREENED, S.DISPATCHED}, S.VOID, _REASON),
        _action("look_back", {_W.PROVINCE, _W.REVIEWER}, {S.ARCHIVED}, S.CHECKING, _REASON),
        # What the handler asks for and the unit in charge decides.
        _action(
            "request_extension",
            {_W.HANDLER},
            OPEN - {S.SUSPENDED, S.IN_REVIEW},
            None,
            _REASON,
            Field("days", "days", most=30),
        ),
        _action(
            "request_suspension",
            {_W.HANDLER},
            {S.ACCEPTED, S.CHECKING, S.RECTIFYING},
            None,
            _REASON,
            Field("days", "days", most=30),
        ),
        _action("extend", {_W.IN_CHARGE}, OPEN - {S.SUSPENDED}, None, _REASON, Field("days", "days", most=30)),
        _action("refuse_request", {_W.IN_CHARGE}, OPEN, None, _REASON),
        # Computed by `billing` from what was found; a person enters a breach charge up to its cap.
        _action(
            "set_amounts", {_W.IN_CHARGE}, {S.FINDING_SUBMITTED, S.RESPONSIBILITY_FIXED, S.RECTIFYING, S.RETURNED}, None
        ),
        _action("remind", {_W.IN_CHARGE, _W.SYSTEM}, OPEN - {S.SUSPENDED}, None, _NOTE, commutes=True),
        _action("supervise", {_W.IN_CHARGE, _W.SYSTEM}, OPEN - {S.SUSPENDED}, None, _NOTE, commutes=True),
        _action("escalate", {_W.SYSTEM}, OPEN, None, _NOTE, commutes=True),
        _action("note", {_W.ANYONE}, frozenset(S), None, Field("text", "text"), commutes=True),
        _action(
            "add_evidence", {_W.HANDLER, _W.IN_CHARGE}, OPEN, None, Field("evidence", "evidence"), _NOTE, commutes=True
        ),
        _action(
            "check_in", {_W.HANDLER}, frozenset({S.ACCEPTED, S.CHECKING, S.RECTIFYING, S.RETURNED}), None, commutes=True
        ),
        _action("merge", {_W.SYSTEM, _W.ANYONE}, OPEN, None, commutes=True),
    )
}
"""By code. `ticket_event.kind` is the code; a ticket's first event is `generated`."""
