"""The clock of each stage: working days used and allowed, standing while suspended, anew when entered again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.stages import WAY, Stage, track
from audit.workflow_states import STATES, Status, may_follow

S = Status
LIMITS = {int(status): state.working_days for status, state in STATES.items()}


def at(day: int, hour: int = 10) -> datetime:
    """A day of November 2026 in Shanghai; the 2nd is a Monday, and there are no holidays."""
    return datetime(2026, 11, day, hour, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def history(*steps: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Events from (day, kind, status, body)."""
    events, before = [], None
    for day, kind, status, *body in steps:
        events.append(
            {
                "at": at(day),
                "kind": kind,
                "from_status": before,
                "to_status": int(status),
                "body": body[0] if body else {},
            }
        )
        before = int(status)
    return events


def stages(*steps: tuple[Any, ...], now: datetime, finding: str | None = None) -> dict[Status, Stage]:
    return {stage.status: stage for stage in track(history(*steps), LIMITS, finding=finding, now=now)}


TO_CHECKING = (
    (2, "generated", S.GENERATED),
    (2, "prescreen", S.PRESCREENED),
    (3, "dispatch", S.DISPATCHED),
    (4, "accept", S.ACCEPTED),
    (4, "start_check", S.CHECKING),
)


def test_a_stage_counts_working_days_and_leaves_the_weekend_out():
    found = stages(*TO_CHECKING, now=at(9))
    checking = found[S.CHECKING]
    assert (checking.phase, checking.used, checking.allowed) == ("now", 3, 7)
    assert not checking.late and checking.due_at == at(13, 18)
    assert (found[S.DISPATCHED].phase, found[S.DISPATCHED].used, found[S.DISPATCHED].left_at) == ("done", 1, at(4))
    assert found[S.RECTIFYING].phase == "ahead" and found[S.RECTIFYING].allowed == 10


def test_a_stage_is_late_after_its_deadline_whether_it_is_over_or_not():
    assert stages(*TO_CHECKING, now=at(16))[S.CHECKING].late
    done = stages(*TO_CHECKING, (16, "submit_finding", S.FINDING_SUBMITTED), now=at(16))
    assert done[S.CHECKING].late and not done[S.FINDING_SUBMITTED].late


def test_the_clock_stands_while_a_ticket_is_suspended_and_goes_on_after():
    steps = (*TO_CHECKING, (5, "suspend", S.SUSPENDED))
    standing = stages(*steps, now=at(20))[S.CHECKING]
    assert (standing.phase, standing.stopped, standing.used, standing.suspended) == ("now", True, 1, 11)
    assert not standing.late
    going = stages(*steps, (20, "resume", S.CHECKING, {"due_at": at(27, 18).isoformat()}), now=at(24))[S.CHECKING]
    assert (going.stopped, going.used, going.suspended, going.runs) == (False, 3, 11, 1)
    assert going.due_at == at(27, 18) and not going.late


def test_an_extension_moves_the_deadline_and_is_shown_as_days_on_top():
    found = stages(*TO_CHECKING, (6, "extend", S.CHECKING, {"days": 3, "due_at": at(18, 18).isoformat()}), now=at(17))
    assert (found[S.CHECKING].extended, found[S.CHECKING].late, found[S.CHECKING].used) == (3, False, 9)


def test_notes_and_reminders_do_not_touch_the_clock():
    found = stages(*TO_CHECKING, (6, "note", S.CHECKING), (6, "remind", S.CHECKING), now=at(9))
    assert (found[S.CHECKING].used, found[S.CHECKING].runs) == (3, 1)


def test_each_level_s_review_has_a_clock_of_its_own():
    found = stages(
        *TO_CHECKING,
        (5, "submit_finding", S.FINDING_SUBMITTED),
        (6, "request_review", S.IN_REVIEW),
        (9, "pass_review", S.IN_REVIEW, {"level": 2}),
        finding="false",
        now=at(10),
    )
    assert (found[S.IN_REVIEW].runs, found[S.IN_REVIEW].used, found[S.IN_REVIEW].started_at) == (2, 1, at(9))


@pytest.mark.parametrize(("finding", "phase"), [("false", "skipped"), ("unable", "skipped"), ("true", "ahead")])
def test_only_a_confirmed_suspicion_has_somebody_responsible_and_something_to_put_right(finding, phase):
    found = stages(*TO_CHECKING, (5, "submit_finding", S.FINDING_SUBMITTED), finding=finding, now=at(6))
    assert found[S.RESPONSIBILITY_FIXED].phase == found[S.RECTIFYING].phase == phase


def test_a_returned_ticket_shows_the_return_and_the_stage_anew():
    steps = (
        *TO_CHECKING,
        (5, "submit_finding", S.FINDING_SUBMITTED),
        (5, "request_review", S.IN_REVIEW),
        (6, "return", S.RETURNED),
    )
    returned = stages(*steps, finding="false", now=at(9))
    assert returned[S.RETURNED].phase == "now" and returned[S.IN_REVIEW].phase == "done"
    again = stages(*steps, (9, "start_check", S.CHECKING), finding="false", now=at(10))
    assert (again[S.CHECKING].phase, again[S.CHECKING].runs, again[S.CHECKING].used) == ("now", 2, 1)


def test_a_void_ticket_ends_there_and_what_never_came_is_left_out():
    found = stages((2, "generated", S.GENERATED), (3, "void", S.VOID), now=at(5))
    assert found[S.VOID].phase == "done" and S.ARCHIVED not in found
    assert found[S.CHECKING].phase == "skipped"


def test_a_look_back_opens_the_archive_again():
    found = stages(
        *TO_CHECKING,
        (5, "submit_finding", S.FINDING_SUBMITTED),
        (5, "request_review", S.IN_REVIEW),
        (6, "pass_review", S.ARCHIVED),
        (9, "look_back", S.CHECKING),
        now=at(10),
    )
    assert found[S.CHECKING].phase == "now" and found[S.ARCHIVED].phase == "ahead"


@given(st.data())
def test_any_legal_history_has_one_stage_at_most_that_is_now_and_no_negative_days(data):
    status, moment, steps = S.GENERATED, at(2), [(2, "generated", S.GENERATED)]
    events = history(*steps)
    for _ in range(data.draw(st.integers(0, 25))):
        following = [one for one in Status if may_follow(status, one)]
        if not following:
            break
        moment += timedelta(hours=data.draw(st.integers(0, 60)))
        to = data.draw(st.sampled_from(following))
        events.append({"at": moment, "kind": "step", "from_status": int(status), "to_status": int(to), "body": {}})
        status = to
    found = track(events, LIMITS, finding=None, now=moment + timedelta(days=1))
    now = [stage for stage in found if stage.phase == "now"]
    assert len(now) == (0 if status in (S.ARCHIVED, S.VOID) else 1)
    assert all(stage.used >= 0 and stage.suspended >= 0 for stage in found)
    assert [stage.status for stage in found if stage.status in WAY] == [
        s for s in WAY if s in {f.status for f in found}
    ]
