"""Findings meet the points that exist: episodes, not doubles; what people decided stands."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.risk_merge import (
    CLEARED,
    CONFIRMED_LATER,
    CONFIRMED_ON_SITE,
    IN_TICKET,
    NEW,
    OPEN,
    REJECTED,
    Known,
    Seen,
    after,
    merge,
    point_number,
)
from audit.rules.detections import Detections
from audit.rules.partition import Partition
from audit.rules.rule import Rule, Thresholds

DAY = date(2026, 10, 31)
OBJECTS = ("a", "b", "c")


def days(number: int) -> timedelta:
    return timedelta(days=number)


def _nothing(partition: Partition, thresholds: Thresholds) -> Detections:
    raise NotImplementedError


def point(state: int = NEW, **more: object) -> Known:
    return Known(**{"number": "P1", "object_key": "a", "state": state, "detected_on": DAY, **more})  # type: ignore[arg-type]


def test_a_finding_at_an_object_without_points_makes_one_and_two_findings_make_one() -> None:
    plan = merge([], [Seen("a", DAY), Seen("a", DAY - days(3))], {"a"}, DAY)
    assert plan.new == [Seen("a", DAY - days(3))]


def test_a_later_day_confirms_and_the_same_day_does_not() -> None:
    own = point(seen_on=DAY, since_on=DAY)
    assert [one.state for one in merge([own], [Seen("a", DAY)], {"a"}, DAY).again] == [NEW]
    plan = merge([own], [Seen("a", DAY)], {"a"}, DAY + days(1))
    assert [one.state for one in plan.again] == [CONFIRMED_LATER] and plan.confirmed == 1


def test_a_rule_on_whole_months_is_confirmed_by_a_later_month_only() -> None:
    own = point(seen_on=DAY, since_on=DAY)
    for day, state in ((DAY + days(24), NEW), (DAY + days(30), CONFIRMED_LATER)):
        plan = merge([own], [Seen("a", DAY)], {"a"}, day, whole_months=True)
        assert [one.state for one in plan.again] == [state]
    assert Rule("CH02", "customer", ("monthly", "customer_file"), _nothing).whole_months
    assert not Rule("CH01", "customer", ("monthly", "daily"), _nothing).whole_months
    assert not Rule("DJ09", "customer", ("customer_file",), _nothing).whole_months


def test_what_is_judged_and_not_seen_is_cleared_and_what_could_not_be_judged_stays() -> None:
    own = point(CONFIRMED_LATER, seen_on=DAY)
    assert merge([own], [], {"a"}, DAY + days(1)).cleared == ["P1"]
    assert merge([own], [], set(), DAY + days(1)).cleared == []
    assert merge([own], [], {"a"}, DAY - days(1)).cleared == [], "an older day says nothing about a later one"


@pytest.mark.parametrize("state", [IN_TICKET, CONFIRMED_ON_SITE, REJECTED])
@pytest.mark.parametrize("found", [[], [Seen("a", DAY - days(5))]])
def test_points_that_people_have_in_hand_or_decided_are_never_touched(state: int, found: list[Seen]) -> None:
    ended = None if state == IN_TICKET else DAY
    plan = merge([point(state, seen_on=DAY, ended_on=ended)], found, {"a"}, DAY + days(1))
    assert (plan.new, plan.again, plan.cleared) == ([], [], [])


def test_a_rejected_object_is_reported_again_for_what_began_after_the_rejection() -> None:
    rejected = point(REJECTED, ended_on=DAY)
    assert not merge([rejected], [Seen("a", DAY)], {"a"}, DAY + days(9)).new
    assert merge([rejected], [Seen("a", DAY + days(1))], {"a"}, DAY + days(9)).new


def test_a_point_from_elsewhere_is_taken_over_and_its_double_goes() -> None:
    first, double = point(from_run=False), point(number="P2", from_run=False)
    plan = merge([double, first], [Seen("a", DAY)], {"a"}, DAY + days(2))
    assert [one.number for one in plan.again] == ["P1"] and plan.cleared == ["P2"] and not plan.new


def test_gone_for_a_day_and_back_is_the_same_episode() -> None:
    gone = point(CLEARED, since_on=DAY - days(4), seen_on=DAY, ended_on=DAY + days(1))
    plan = merge([gone], [Seen("a", DAY - days(4))], {"a"}, DAY + days(2))
    assert [one.number for one in plan.again] == ["P1"] and not plan.new
    assert merge([gone], [Seen("a", DAY + days(2))], {"a"}, DAY + days(2)).new


def test_the_number_of_a_point_says_day_type_and_object() -> None:
    assert point_number("XS01", "13020201001", DAY) == "R261031-XS01-13020201001"


looks = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.dictionaries(st.sampled_from(OBJECTS), st.integers(0, 12), max_size=3),
        st.sets(st.sampled_from(OBJECTS)),
    ),
    max_size=12,
)
starts = st.lists(
    st.builds(
        lambda number, key, state, day, run, ended: Known(
            f"P{number}", key, state, DAY + days(day), from_run=run and state not in OPEN,
            ended_on=DAY + days(day + ended) if state in (CLEARED, CONFIRMED_ON_SITE, REJECTED) else None,
        ),
        st.integers(0, 99), st.sampled_from(OBJECTS), st.integers(0, 5), st.integers(-20, 30), st.booleans(),
        st.integers(0, 9),
    ),
    max_size=5, unique_by=lambda known: known.number,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(starts, looks)
def test_the_same_day_twice_changes_nothing_no_object_has_two_points_and_decisions_stand(
    given_points: list[Known], seen: list[tuple[int, dict[str, int], set[str]]]
) -> None:
    known, history = given_points, []
    decided = {p.number: p for p in known if p.state in (IN_TICKET, CONFIRMED_ON_SITE, REJECTED)}
    for offset, objects, judged in seen:
        day = DAY + days(offset)
        found = [Seen(key, day - days(back)) for key, back in sorted(objects.items())]
        call = (found, judged | set(objects), day)
        known = after(known, merge(known, *call), day)
        assert after(known, merge(known, *call), day) == known, "the same data again"
        own = [(p.object_key) for p in known if p.state in OPEN and p.from_run]
        assert len(own) == len(set(own)), "one open point of an object"
        assert len({p.number for p in known}) == len(known)
        assert {p.number: p for p in known if p.number in decided} == decided
        history.append(call)


@settings(max_examples=150, deadline=None)
@given(looks)
def test_looking_again_at_the_days_gone_by_changes_nothing(seen: list[tuple[int, dict[str, int], set[str]]]) -> None:
    known: list[Known] = []
    calls = {}
    for offset, objects, judged in sorted(seen, key=lambda one: one[0]):
        day = DAY + days(offset)
        calls.setdefault(
            day, ([Seen(k, day - days(b)) for k, b in sorted(objects.items())], judged | set(objects), day)
        )
    for call in calls.values():
        known = after(known, merge(known, *call), call[2])
    for call in calls.values():
        assert after(known, merge(known, *call), call[2]) == known
