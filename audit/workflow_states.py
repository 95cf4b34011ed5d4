"""The states of a ticket and the ways between them (domain sheet 1.2, a design proposal with the trade's words).

A pure table: codes, names, default time limits, allowed next states. Who may take which step, and what it needs, stands
in the workflow.
"""

from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """Codes of domain sheet 1.2, as stored in `audit_ticket.status`."""

    GENERATED = 10
    PRESCREENED = 20
    DISPATCHED = 30
    ACCEPTED = 40
    CHECKING = 50
    SUSPENDED = 55
    FINDING_SUBMITTED = 60
    RESPONSIBILITY_FIXED = 65
    RECTIFYING = 70
    IN_REVIEW = 80
    RETURNED = 85
    ARCHIVED = 90
    VOID = 95


@dataclass(frozen=True, slots=True)
class State:
    """One state. `working_days`: default time limit for leaving it; None where the clock stops or nothing is due."""

    status: Status
    name_zh: str
    name_en: str
    working_days: int | None
    next: frozenset[Status]


def _state(status: Status, name_zh: str, name_en: str, working_days: int | None, *following: Status) -> State:
    return State(status, name_zh, name_en, working_days, frozenset(following))


_S = Status
STATES: dict[Status, State] = {
    state.status: state
    for state in (
        _state(_S.GENERATED, "已生成", "Generated", 1, _S.PRESCREENED, _S.VOID),
        _state(_S.PRESCREENED, "初判中", "Prescreened", 2, _S.DISPATCHED, _S.VOID),
        # Returning an unaccepted ticket sends it back to the dispatcher; a reassigned one stays dispatched.
        _state(_S.DISPATCHED, "已派发", "Dispatched", 1, _S.ACCEPTED, _S.DISPATCHED, _S.PRESCREENED, _S.VOID),
        _state(_S.ACCEPTED, "已接收", "Accepted", 1, _S.CHECKING, _S.DISPATCHED, _S.SUSPENDED),
        _state(_S.CHECKING, "核查中", "Checking", 7, _S.FINDING_SUBMITTED, _S.SUSPENDED, _S.DISPATCHED),
        _state(_S.SUSPENDED, "挂起", "Suspended", None, _S.ACCEPTED, _S.CHECKING, _S.RECTIFYING),
        # FALSE and UNABLE need review too; only a TRUE finding has somebody responsible.
        _state(_S.FINDING_SUBMITTED, "核查已反馈", "Finding submitted", 2, _S.RESPONSIBILITY_FIXED, _S.IN_REVIEW),
        _state(_S.RESPONSIBILITY_FIXED, "已认责", "Responsibility fixed", 2, _S.RECTIFYING),
        _state(_S.RECTIFYING, "整改中", "Rectifying", 10, _S.IN_REVIEW, _S.SUSPENDED),
        _state(_S.IN_REVIEW, "审核中", "In review", 2, _S.ARCHIVED, _S.RETURNED, _S.IN_REVIEW),
        _state(_S.RETURNED, "已退回", "Returned", 2, _S.CHECKING, _S.RECTIFYING, _S.IN_REVIEW),
        _state(_S.ARCHIVED, "已归档", "Archived", None, _S.CHECKING),
        _state(_S.VOID, "作废", "Void", None),
    )
}
RECTIFYING_DAYS = {1: 5, 2: 10, 3: 20, 4: 30}
"""Working days for putting a problem right, by level."""
CLOSED = frozenset({Status.ARCHIVED, Status.VOID})
ON_SITE = frozenset({Status.CHECKING})


def may_follow(before: int | None, after: int) -> bool:
    """Whether a ticket may go from one status to another; a new ticket (None) begins as generated."""
    if before is None:
        return after == Status.GENERATED
    return before in STATES and after in STATES[Status(before)].next


def working_days(status: int, level: int) -> int | None:
    """Default time limit of a stage in working days; None when nothing is due."""
    if status == Status.RECTIFYING:
        return RECTIFYING_DAYS[level]
    return STATES[Status(status)].working_days
