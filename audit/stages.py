"""The clock of each stage of a ticket, read off its events: how long it took, what it was allowed, when it stood.

Working days as everywhere (domain sheet 1.2). A stage's clock starts when the ticket enters it, stands still while the
ticket is suspended, goes on when it is resumed, and starts anew when the ticket comes back to the stage another time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from audit.deadlines import deadline, working_days_between
from audit.workflow_states import CLOSED, Status

S = Status
WAY = (
    S.GENERATED, S.PRESCREENED, S.DISPATCHED, S.ACCEPTED, S.CHECKING, S.FINDING_SUBMITTED, S.RESPONSIBILITY_FIXED,
    S.RECTIFYING, S.IN_REVIEW, S.ARCHIVED,
)  # fmt: skip
"""The stages of a ticket whose suspicion is confirmed, in order."""
ONLY_CONFIRMED = frozenset({S.RESPONSIBILITY_FIXED, S.RECTIFYING})
"""Stages that a finding of FALSE or UNABLE leaves out."""

Phase = Literal["done", "now", "ahead", "skipped"]


@dataclass(slots=True)
class _Run:
    """One stay in a stage: pieces of time in which its clock ran."""

    started_at: datetime
    pieces: list[tuple[datetime, datetime | None]]
    due_at: datetime | None = None
    extended: int = 0
    suspended: list[tuple[datetime, datetime | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the way. Of several stays (`runs`) the times and days are those of the last.

    `used` and `allowed` are working days, `allowed` None where nothing is due; `suspended` are working days for which
    the clock stood, `extended` those that were granted on top. `stopped`: it stands now.
    """

    status: Status
    phase: Phase
    runs: int = 0
    started_at: datetime | None = None
    left_at: datetime | None = None
    due_at: datetime | None = None
    used: int = 0
    allowed: int | None = None
    suspended: int = 0
    extended: int = 0
    late: bool = False
    stopped: bool = False


def track(
    events: Sequence[Mapping[str, Any]], limits: Mapping[int, int | None], *, finding: str | None, now: datetime
) -> list[Stage]:
    """The stages of a ticket from its events in order (`at`, `kind`, `from_status`, `to_status`, `body`).

    `limits`: working days by status for this ticket; a deadline that an event recorded goes before them.
    The way ahead is that of a confirmed suspicion until a finding says otherwise. A return (退回) is a stage of its
    own, shown before the archive; a void ticket ends with it.
    """
    runs, current = _runs(events)
    way: list[Status] = [stage for stage in WAY if stage is not S.ARCHIVED]
    if S.RETURNED in runs:
        way.append(S.RETURNED)
    way.append(S.VOID if current is S.VOID else S.ARCHIVED)
    return [
        _stage(status, runs.get(status, []), current, _phase(status, runs, current, finding), limits.get(status), now)
        for status in way
    ]


def _runs(events: Sequence[Mapping[str, Any]]) -> tuple[dict[Status, list[_Run]], Status]:
    """The stays by stage, and the stage whose clock runs or stands now."""
    runs: dict[Status, list[_Run]] = {}
    current = S.GENERATED
    suspended = False
    for event in events:
        at, body = event["at"], event["body"]
        before = current
        to = Status(event["to_status"])
        due = datetime.fromisoformat(body["due_at"]) if body.get("due_at") else None
        if to is S.SUSPENDED:
            if not suspended and before in runs:
                run = runs[before][-1]
                run.pieces[-1] = (run.pieces[-1][0], at)
                run.suspended.append((at, None))
            suspended = True
            continue
        if suspended and to is before and before in runs:
            run = runs[before][-1]
            run.pieces.append((at, None))
            run.suspended[-1] = (run.suspended[-1][0], at)
            run.due_at = due or run.due_at
            suspended = False
            continue
        suspended = False
        entered = not runs or to is not before or _begins_anew(event)
        if entered:
            if before in runs and runs[before][-1].pieces[-1][1] is None:
                runs[before][-1].pieces[-1] = (runs[before][-1].pieces[-1][0], at)
            runs.setdefault(to, []).append(_Run(at, [(at, None)], due))
        else:
            run = runs[to][-1]
            run.due_at = due or run.due_at
            if event["kind"] == "extend":
                run.extended += int(body.get("days", 0))
        current = to
    return runs, current


def _begins_anew(event: Mapping[str, Any]) -> bool:
    """Whether a stage starts over though the status stays: the next level's review, the next unit's turn."""
    return event["kind"] in ("dispatch", "reassign", "decline", "pass_review", "reassigned", "review_passed")


def _phase(status: Status, runs: Mapping[Status, Sequence[_Run]], current: Status, finding: str | None) -> Phase:
    if status is current:
        return "done" if status in CLOSED else "now"
    if status in runs and status not in CLOSED:
        return "done"
    if current in CLOSED or (status in ONLY_CONFIRMED and finding in ("false", "unable")):
        return "skipped"
    return "ahead"


def _stage(
    status: Status, stays: Sequence[_Run], current: Status, phase: Phase, allowed: int | None, now: datetime
) -> Stage:
    if not stays or phase == "ahead":
        return Stage(status=status, phase=phase, allowed=allowed if phase == "ahead" else None)
    run = stays[-1]
    last = run.pieces[-1][1]
    left_at = None if status is current else last
    due_at = run.due_at or (None if allowed is None else deadline(run.started_at, allowed))
    stopped = status is current and last is not None and status not in CLOSED
    return Stage(
        status=status,
        phase=phase,
        runs=len(stays),
        started_at=run.started_at,
        left_at=left_at,
        due_at=None if status in CLOSED else due_at,
        used=0 if status in CLOSED else sum(working_days_between(a, b or now) for a, b in run.pieces),
        allowed=allowed,
        suspended=sum(working_days_between(a, b or now) for a, b in run.suspended),
        extended=run.extended,
        late=status not in CLOSED and due_at is not None and not stopped and (left_at or now) > due_at,
        stopped=stopped,
    )
