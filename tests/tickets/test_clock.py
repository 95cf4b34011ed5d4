"""What the program does by itself as time passes, with the clock in the test's hand."""

import itertools
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from data_access.tickets import keep_clock
from jobs.ticket_clock import run_clock
from tests.tickets.arrange import COUNTY_SUPERVISOR, MONDAY, Case, customer, utility

COUNTY = "130202"
numbers = itertools.count()


@pytest.fixture(scope="module")
def arranged(database):
    with psycopg.connect(database, autocommit=True) as owner:
        utility(owner)
    return database


@pytest.fixture
async def case(arranged, owner) -> Case:
    case = Case(owner)
    await case.create(customer_number=customer(owner, f"13020288{next(numbers):04d}", "D13020201"))
    return await case.until("start_check")


def shanghai(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


async def test_a_check_of_seven_days_is_reminded_of_a_day_before_and_pressed_after_its_deadline(case):
    # Begun on Monday 1 June: seven working days end on Wednesday 10 June at 18:00.
    assert case.row("due_at")[0] == shanghai(6, 10, 18)
    assert await keep_clock(COUNTY, case.number, shanghai(6, 9, 7, 59)) == []
    assert await keep_clock(COUNTY, case.number, shanghai(6, 9, 8)) == ["remind"]
    assert await keep_clock(COUNTY, case.number, shanghai(6, 9, 9)) == []
    assert await keep_clock(COUNTY, case.number, shanghai(6, 10, 18, 5)) == ["supervise"]
    assert await keep_clock(COUNTY, case.number, shanghai(6, 11, 9)) == []
    # More than five working days late: escalated on 17 June after closing.
    assert await keep_clock(COUNTY, case.number, shanghai(6, 17, 17)) == []
    assert await keep_clock(COUNTY, case.number, shanghai(6, 17, 19)) == ["escalate"]
    assert await keep_clock(COUNTY, case.number, shanghai(7, 30, 19)) == []
    assert case.row("reminded_at IS NOT NULL, escalated_at") == (True, shanghai(6, 17, 19))


async def test_a_suspension_ends_by_itself_and_the_deadline_moves_by_the_time_that_was_lost(case):
    case.now = shanghai(6, 3, 10)  # Wednesday: five working days are left
    await case.act(COUNTY_SUPERVISOR, "suspend", reason="The customer is away.", days=12)
    assert case.row("status, suspended_from, due_at") == (55, 50, case.now + timedelta(days=12))
    assert await keep_clock(COUNTY, case.number, case.now + timedelta(days=11)) == []
    assert await keep_clock(COUNTY, case.number, shanghai(6, 15, 11)) == ["resume"]
    # Five working days after Monday 15 June; Friday 19 June is the Dragon Boat Festival.
    assert case.row("status, due_at, suspended_at") == (50, shanghai(6, 23, 18), None)


async def test_a_round_looks_at_every_ticket_that_is_due_and_repeats_nothing(arranged, owner):
    cases = []
    for _ in range(3):
        one = Case(owner)
        await one.create(customer_number=customer(owner, f"13020289{next(numbers):04d}", "D13020201"))
        await one.until("start_check")
        cases.append(one)
    before = await run_clock(MONDAY + timedelta(minutes=30))
    assert "supervise" not in before
    late = shanghai(6, 10, 19)
    done = await run_clock(late)
    assert done["supervise"] >= 3 and done["failed"] == 0
    assert await run_clock(late + timedelta(minutes=5)) == {}
    assert all(case.kinds().count("supervise") == 1 for case in cases)
