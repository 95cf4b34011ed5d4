"""Deadlines in Chinese working days (domain sheet 1.2, 11 no. 14), by the real calendar of 2026."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.deadlines import (
    ZONE,
    Limits,
    StageLimit,
    before,
    deadline,
    is_working_day,
    resumed,
    urgency,
    working_days_between,
)


def at(month: int, day: int, hour: int = 10, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def said(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("day", "works", "why"),
    [
        (date(2026, 2, 14), True, "a Saturday worked to make up for the Spring Festival (调休)"),
        (date(2026, 2, 16), False, "Spring Festival, a Monday"),
        (date(2026, 2, 28), True, "the other make-up Saturday"),
        (date(2026, 6, 19), False, "Dragon Boat Festival, a Friday"),
        (date(2026, 9, 20), True, "a Sunday worked for the National Day"),
        (date(2026, 10, 1), False, "National Day"),
        (date(2026, 6, 20), False, "a Saturday like others"),
        (date(2041, 7, 1), True, "no calendar is published yet: Monday to Friday"),
        (date(2041, 7, 6), False, "as above, a Saturday"),
    ],
)
def test_working_days_are_those_of_the_state_council(day: date, works: bool, why: str):
    assert is_working_day(day) is works, why


@pytest.mark.parametrize(
    ("start", "days", "ends", "why"),
    [
        (at(6, 1), 1, "06-02 18:00", "the next working day, to closing time"),
        (at(6, 1, 23, 30), 1, "06-02 18:00", "however late the day was"),
        (at(6, 5), 1, "06-08 18:00", "over a weekend"),
        (at(6, 6), 1, "06-08 18:00", "begun on a Saturday"),
        (at(6, 17), 2, "06-22 18:00", "over the Dragon Boat Festival and a weekend"),
        (at(2, 13), 1, "02-14 18:00", "a make-up Saturday counts"),
        (at(2, 13), 2, "02-24 18:00", "and then the whole Spring Festival does not"),
        (at(6, 1), 0, "06-01 18:00", "the same day"),
        (at(6, 1, 19), 0, "06-02 18:00", "which is over: the next"),
        (at(6, 6), 0, "06-08 18:00", "or free: the next working day"),
    ],
)
def test_a_deadline_is_the_closing_of_the_last_working_day(start: datetime, days: int, ends: str, why: str):
    assert said(deadline(start, days)) == ends, why


def test_the_day_is_shanghais_wherever_the_clock_stands():
    late_on_monday_in_utc = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)  # Tuesday, 01:00 in Shanghai
    assert said(deadline(late_on_monday_in_utc, 1)) == "06-03 18:00"


def test_a_suspension_gives_back_the_working_days_that_were_left():
    due = deadline(at(6, 1), 7)
    assert said(due) == "06-10 18:00"
    assert said(resumed(due, at(6, 3), at(6, 15))) == "06-23 18:00"
    assert resumed(due, at(6, 3), at(6, 3, 16)) == due, "resumed on the same day"
    assert resumed(due, at(6, 11), at(6, 20)) == due, "what was late stays late"


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(MOMENTS, st.integers(1, 40))
def test_as_many_working_days_lie_between_as_were_given(start: datetime, days: int):
    due = deadline(start, days)
    assert working_days_between(start, due) == days
    assert is_working_day(due.astimezone(ZONE).date())
    assert deadline(start, days + 1) > due > start


@given(MOMENTS, st.integers(1, 30), st.integers(0, 20), st.integers(0, 40))
def test_a_suspension_never_takes_time_away(start: datetime, days: int, after: int, pause: int):
    due = deadline(start, days)
    suspended = start + timedelta(days=after)
    again = suspended + timedelta(days=pause)
    moved = resumed(due, suspended, again)
    assert moved >= due
    if suspended < due:
        assert working_days_between(again, moved) >= working_days_between(suspended, due)


def test_a_reminder_opens_the_office_of_the_working_day_before():
    assert said(before(deadline(at(6, 1), 5), 1)) == "06-05 08:00"  # due on Monday 8 June


@pytest.mark.parametrize(
    ("now", "word"),
    [(at(6, 4), "in_time"), (at(6, 5, 9), "soon"), (at(6, 8, 18), "soon"), (at(6, 8, 18, 1), "overdue")],
)
def test_deadlines_have_words(now: datetime, word: str):
    assert urgency(50, deadline(at(6, 1), 5), now) == word
    assert urgency(55, at(6, 1), now) == urgency(90, at(6, 1), now) == "stopped"


LIMITS = Limits(
    [
        StageLimit("jibei", 50, 0, date(2026, 1, 1), 6),
        StageLimit("jibei.1302", 50, 0, date(2026, 1, 1), 5),
        StageLimit("jibei.1302", 50, 1, date(2026, 1, 1), 3),
        StageLimit("jibei.1302", 50, 1, date(2026, 7, 1), 2),
        StageLimit("jibei", 55, 0, date(2026, 1, 1), 9),
    ]
)


@pytest.mark.parametrize(
    ("status", "level", "path", "day", "days", "why"),
    [
        (50, 2, "jibei.1307.130702", date(2026, 6, 1), 6, "the province's, over the default of 7"),
        (50, 2, "jibei.1302.130202", date(2026, 6, 1), 5, "the city's is nearer"),
        (50, 1, "jibei.1302.130202", date(2026, 6, 1), 3, "for this risk level"),
        (50, 1, "jibei.1302.130202", date(2026, 7, 1), 2, "the newer one, from its day"),
        (50, 2, "jibei.13020.130202", date(2025, 6, 1), 7, "not in force yet, and another city: the default"),
        (70, 3, "jibei.1302", date(2026, 6, 1), 20, "the default of a level III rectification"),
        (55, 2, "jibei", date(2026, 6, 1), None, "a suspended ticket's clock stands still"),
    ],
)
def test_the_nearest_unit_sets_the_limit(status, level, path, day, days, why):
    assert LIMITS.days(status, level, path, day) == days, why
