"""Timeliness 及时率 (domain sheet 1.7): stages closed within their time limit over stages that were due.

A stage counts when it has ended, or when its deadline has passed. While a ticket is suspended its clock stands still
(1.2): what is left of the limit runs on from the resumption.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.deadlines import Limits, resumed
from audit.workflow_states import Status


@dataclass(frozen=True, slots=True)
class Passage:
    """One event of a ticket: when it entered which status (domain sheet 1.2)."""

    at: datetime
    to_status: int


@dataclass(frozen=True, slots=True)
class Timeliness:
    """Stages in time, of stages due."""

    in_time: int
    due: int

    def __add__(self, other: "Timeliness") -> "Timeliness":
        return Timeliness(self.in_time + other.in_time, self.due + other.due)


def timeliness(
    passages: Sequence[Passage], stages: Iterable[int], level: int, org_path: str, limits: Limits, now: datetime
) -> Timeliness:
    """The stages of one ticket, its events in order. `stages` are the statuses that are somebody's to leave in time."""
    wanted = frozenset(stages)
    in_time = due_count = 0
    status: int | None = None
    due: datetime | None = None
    paused: tuple[int, datetime, datetime | None] | None = None
    for one in passages:
        if one.to_status == status:
            continue
        if one.to_status == Status.SUSPENDED and status is not None:
            paused = (status, one.at, due)
            status, due = Status.SUSPENDED, None
            continue
        if paused is not None and one.to_status == paused[0]:
            status, due = one.to_status, paused[2] and resumed(paused[2], paused[1], one.at)
            paused = None
            continue
        paused = None
        if status in wanted and due is not None:
            due_count += 1
            in_time += one.at <= due
        status, due = one.to_status, limits.due(one.to_status, level, org_path, one.at)
    if status in wanted and due is not None and due < now:
        due_count += 1
    return Timeliness(in_time, due_count)
