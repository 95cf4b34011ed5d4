"""The table of ticket states: codes of domain sheet 1.2, ways that end."""

import pytest

from audit.workflow_states import CLOSED, STATES, Status, may_follow, working_days


def test_the_codes_are_those_of_the_sheet() -> None:
    assert [int(status) for status in STATES] == [10, 20, 30, 40, 50, 55, 60, 65, 70, 80, 85, 90, 95]


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    reached, waiting = set(), [Status.GENERATED]
    while waiting:
        status = waiting.pop()
        if status not in reached:
            reached.add(status)
            waiting += STATES[status].next
    assert reached == set(Status)
    ends = set(CLOSED)
    while more := {status for status in Status if status not in ends and STATES[status].next & ends}:
        ends |= more
    assert ends == set(Status)


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        (None, 10, True),
        (None, 20, False),
        (10, 20, True),
        (10, 40, False),
        (60, 90, False),  # A FALSE finding needs review too.
        (60, 80, True),
        (50, 95, False),  # Void is the province's, before anybody checks.
        (90, 50, True),  # Look-back.
        (95, 10, False),
        (77, 80, False),
    ],
)
def test_ways(before: int | None, after: int, allowed: bool) -> None:
    assert may_follow(before, after) is allowed


def test_putting_right_takes_as_long_as_the_level_allows() -> None:
    assert [working_days(Status.RECTIFYING, level) for level in (1, 2, 3, 4)] == [5, 10, 20, 30]
    assert working_days(Status.SUSPENDED, 1) is None
