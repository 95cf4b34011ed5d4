"""Figures of a person's work: the interval around a confirmation rate, and what counts as in time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.deadlines import Limits, StageLimit
from audit.performance import wilson_interval
from audit.timeliness import Passage, Timeliness, timeliness

MONDAY = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai on a Monday of a week without holidays."""
PATH = "jibei.1302.130202.13020201"
NEXT_MONTH = MONDAY + timedelta(days=60)
CHECKING, SUBMITTED, SUSPENDED = 50, 60, 55


def judged(*steps: tuple[float, int], now: datetime = NEXT_MONTH, limits: Limits | None = None) -> Timeliness:
    passages = [Passage(MONDAY + timedelta(days=days), status) for days, status in steps]
    return timeliness(passages, {40, CHECKING}, 2, PATH, limits or Limits(), now)


def test_a_published_interval_is_met():
    """Newcombe (1998), method 3 without continuity correction: 81 of 263 lies in 0.2553 to 0.3662."""
    low, high = wilson_interval(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_nothing_checked_has_no_interval():
    assert wilson_interval(0, 0) is None


@settings(deadline=None)
@given(st.integers(1, 10_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_interval_holds_the_share_and_stays_a_share(case):
    part, whole = case
    low, high = wilson_interval(part, whole)
    assert 0 <= low <= part / whole + 1e-12 and part / whole - 1e-12 <= high <= 1
    other_low, other_high = wilson_interval(whole - part, whole)
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high)), "not confirmed is the mirror of confirmed"


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 20))
def test_more_cases_of_the_same_share_narrow_it(part, times):
    low, high = wilson_interval(part, 2 * part)
    more_low, more_high = wilson_interval(part * times, 2 * part * times)
    assert more_low >= low - 1e-12 and more_high <= high + 1e-12


def test_a_stage_left_within_its_working_days_is_in_time():
    assert judged((0, 40), (0.1, CHECKING), (3, SUBMITTED)) == Timeliness(2, 2)


def test_a_stage_left_after_its_working_days_is_late():
    assert judged((0, CHECKING), (20, SUBMITTED)) == Timeliness(0, 1)


def test_a_running_stage_counts_once_its_deadline_has_passed():
    assert judged((0, CHECKING), now=MONDAY + timedelta(days=1)) == Timeliness(0, 0)
    assert judged((0, CHECKING)) == Timeliness(0, 1)


def test_the_clock_stands_still_while_suspended():
    """Seven working days to check: three used, three weeks suspended, four left after it."""
    assert judged((0, CHECKING), (3, SUSPENDED), (24, CHECKING), (28, SUBMITTED)) == Timeliness(1, 1)
    assert judged((0, CHECKING), (3, SUSPENDED), (24, CHECKING), (35, SUBMITTED)) == Timeliness(0, 1)


def test_events_that_leave_the_status_do_not_start_it_anew():
    assert judged((0, CHECKING), (9, CHECKING), (14, SUBMITTED)) == Timeliness(0, 1)


def test_a_unit_that_has_set_its_own_limit_is_judged_by_it():
    own = Limits([StageLimit("jibei.1302", CHECKING, 0, MONDAY.date() - timedelta(days=100), 20)])
    assert judged((0, CHECKING), (20, SUBMITTED), limits=own) == Timeliness(1, 1)


def test_stages_of_others_are_not_counted():
    assert judged((0, 20), (30, 30), (60, 40)) == Timeliness(0, 0)
