"""The next step of a live demo ticket: which event may follow, who takes it, by chance (domain sheet 1.2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from audit.workflow_states import Status, working_days
from demo.working_time import WorkingTime

Who = Literal["handler", "expert", "county", "city", "province"]


@dataclass(frozen=True, slots=True)
class Step:
    """An event to come. `finding` only with a submitted finding."""

    kind: str
    status: Status
    who: Who
    finding: str | None = None
    reason: str | None = None


_S = Status
_ALWAYS: dict[int, Step] = {
    _S.GENERATED: Step("prescreened", _S.PRESCREENED, "expert"),
    _S.DISPATCHED: Step("accepted", _S.ACCEPTED, "handler"),
    _S.ACCEPTED: Step("check_started", _S.CHECKING, "handler"),
    _S.SUSPENDED: Step("resumed", _S.CHECKING, "handler"),
    _S.RESPONSIBILITY_FIXED: Step("rectification_started", _S.RECTIFYING, "handler"),
    _S.RECTIFYING: Step("review_requested", _S.IN_REVIEW, "handler"),
    _S.RETURNED: Step("resubmitted", _S.IN_REVIEW, "handler"),
}


def next_step(status: int, finding: str | None, chance: np.random.Generator) -> Step | None:
    """What happens next to a ticket; None when it is closed."""
    if status in _ALWAYS:
        return _ALWAYS[status]
    roll = chance.random()
    if status == _S.PRESCREENED:
        if roll < 0.06:
            return Step("voided", _S.VOID, "province", reason="not_plausible")
        return Step("dispatched", _S.DISPATCHED, "province")
    if status == _S.CHECKING:
        found = "true" if roll < 0.46 else "false" if roll < 0.92 else "unable"
        return Step("finding_submitted", _S.FINDING_SUBMITTED, "handler", finding=found)
    if status == _S.FINDING_SUBMITTED:
        if finding == "true":
            return Step("responsibility_fixed", _S.RESPONSIBILITY_FIXED, "county")
        return Step("review_requested", _S.IN_REVIEW, "handler")
    if status == _S.IN_REVIEW:
        if roll < 0.1:
            return Step("returned", _S.RETURNED, "county", reason="evidence_incomplete")
        return Step("archived", _S.ARCHIVED, "city")
    return None


def due_after(status: int, level: int, at: datetime, before: datetime) -> datetime:
    """Deadline of a stage that begins at a moment; the old one where nothing is due."""
    days = working_days(status, level)
    if days is None:
        return at + timedelta(days=30) if status == Status.SUSPENDED else before
    times = WorkingTime(at.date() - timedelta(days=2), at.date() + timedelta(days=100))
    return times.deadline(at, days)
