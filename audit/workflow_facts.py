"""What the workflow knows when it decides: the ticket as it stands, what its events say, and who wants to act."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from audit.deadlines import is_at_or_below
from audit.workflow_states import Status

SYSTEM = "system"
ACTING_ROLES = frozenset({"supervisor", "admin", "inspector"})
SUPERVISING_ROLES = frozenset({"supervisor", "admin"})
STATION = 3


def level_of(path: str) -> int:
    """Level of organisation of an ltree path: 0 province, 1 city, 2 county, 3 station and below."""
    return min(STATION, path.count("."))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wants to act. `key` stands in events: the employee's number where there is one, else the login."""

    key: str
    role: str
    org_path: str
    employee_number: str | None = None

    @property
    def level(self) -> int:
        """Level of organisation of the own unit."""
        return level_of(self.org_path)

    @property
    def supervises(self) -> bool:
        """Whether it is a supervisor, or an administrator, who may what a supervisor may."""
        return self.role in SUPERVISING_ROLES


PROGRAM = Actor(SYSTEM, SYSTEM, "")
"""The program itself: rules that create, reminders, resumption at the end of a suspension."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that was named in a field and exists."""

    code: str
    org_path: str


@dataclass(frozen=True, slots=True)
class Inspector:
    """An inspector who was named in a field and exists."""

    number: str
    org_path: str


@dataclass(frozen=True, slots=True)
class History:
    """What a ticket's events say that its row does not."""

    workers: frozenset[str] = frozenset()
    """Who reported a finding or a rectification: none of them reviews it (不相容岗位分离)."""
    passed: tuple[tuple[int, str], ...] = ()
    """Level and person of each review passed in the present round."""
    chain: tuple[str, ...] = ()
    """Paths of the units that it went down through; the last one is in charge."""
    suspended_due_at: datetime | None = None
    """The deadline of the stage whose clock is stopped."""
    report: bool = False
    rectification: bool = False

    def after(self, kind: str, actor: str, body: Mapping[str, Any]) -> "History":
        """What is known after one more event."""
        changes: dict[str, Any] = {}
        if "chain" in body:
            changes["chain"] = tuple(body["chain"])
        match kind:
            case "submit_finding":
                changes |= {"workers": self.workers | {actor}, "report": True, "rectification": False, "passed": ()}
            case "submit_rectification":
                changes |= {"workers": self.workers | {actor}, "rectification": True, "passed": ()}
            case "resubmit":
                changes |= {"workers": self.workers | {actor}, "passed": ()}
            case "request_review" | "look_back":
                changes["passed"] = ()
            case "pass_review":
                changes["passed"] = (*self.passed, (int(body["level"]), actor))
            case "suspend":
                changes["suspended_due_at"] = datetime.fromisoformat(body["stage_due_at"])
        return replace(self, **changes) if changes else self


def history_of(events: Iterable[Mapping[str, Any]]) -> History:
    """The history that a ticket's events, in order, add up to. Each has `kind`, `actor` and `body`."""
    history = History()
    for event in events:
        history = history.after(event["kind"], event["actor"], event["body"])
    return history


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as it stands: its row (attributes are named as the columns of `audit_ticket`) and what belongs to it."""

    county_code: str
    number: str
    anomaly_code: str
    level: int
    status: Status
    org_path: str
    """Of the object's station."""
    opened_at: datetime
    due_at: datetime
    version: int = 1
    stage_started_at: datetime | None = None
    assigned_unit: str | None = None
    assigned_path: str | None = None
    handler_number: str | None = None
    reviewer_number: str | None = None
    finding: str | None = None
    found_at: datetime | None = None
    cause: str | None = None
    responsible_unit: str | None = None
    responsible_person: str | None = None
    closed_at: datetime | None = None
    return_count: int = 0
    suspended_from: int | None = None
    suspended_at: datetime | None = None
    suspended_until: datetime | None = None
    extended_at: datetime | None = None
    escalated_at: datetime | None = None
    reminded_at: datetime | None = None
    review_level: int | None = None
    request: Mapping[str, Any] | None = None
    amounts: Mapping[str, Any] | None = None
    recovered_kwh: Any = None
    recovered_yuan: Any = None
    breach_yuan: Any = None
    history: History = field(default_factory=History)
    evidence: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 → purpose of every file of the ticket."""
    presence: int | None = None
    """Score of the handler's last check-in, 0 to 100."""

    @property
    def in_charge(self) -> str:
        """Path of the unit in charge: the province before the first dispatch."""
        return self.assigned_path or self.org_path.split(".", 1)[0]

    @property
    def has_amounts(self) -> bool:
        """Whether amounts were entered, zero among them."""
        return any(value is not None for value in (self.recovered_kwh, self.recovered_yuan, self.breach_yuan))

    def holds(self, path: str) -> bool:
        """Whether a unit lies on the line from the province to the object."""
        return is_at_or_below(self.org_path, path)
