"""A check-in: stored with its score and parts, told in the chain, never a barrier; only the handler's, only of now."""

import uuid
from datetime import datetime, timedelta

import psycopg
import pytest

from data_access import check_ins
from data_access.check_ins import NewCheckIn, check_in
from data_access.tickets import ChangeIdReused, FieldsWrong, NotAllowed, UnknownTicket
from tests.builders import PLACES, SOUTH_STATION
from tests.tickets.arrange import COLLEAGUE, COUNTY_SUPERVISOR, INSPECTOR, NORTHERNER, Case, customer, utility

LON, LAT = PLACES[SOUTH_STATION]
METRE = 1 / 85_700
"""Degrees of longitude at this latitude."""
HERE = NewCheckIn(longitude=LON + 20 * METRE, latitude=LAT, accuracy_m=8)
FAR = NewCheckIn(longitude=LON + 5_000 * METRE, latitude=LAT, accuracy_m=8)


@pytest.fixture(scope="module")
def arranged(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as owner:
        utility(owner)
        owner.execute("SELECT ensure_fix_partitions('2026-05-31', '2026-06-03')")
    return database


@pytest.fixture
async def case(arranged: str, owner: psycopg.Connection) -> Case:
    """A ticket that its inspector has begun to check."""
    case = Case(owner)
    await case.create(customer_number=customer(owner, f"13020{uuid.uuid4().int % 10**9:09d}", "D13020201"))
    return await case.until("start_check")


def fixes(owner: psycopg.Connection, until: datetime, minutes: int, east_m: float = 0) -> None:
    owner.execute("DELETE FROM position_fix")
    for minute in range(minutes + 1):
        owner.execute(
            "INSERT INTO position_fix (county_code, employee_number, fixed_at, longitude, latitude, org_path)"
            " VALUES ('130202', 'I-SOUTH', %s, %s, %s, %s)",
            (until - timedelta(minutes=minute), LON + east_m * METRE, LAT, SOUTH_STATION),
        )


async def test_near_sure_and_long_enough_scores_a_hundred(case, owner):
    fixes(owner, case.now, 10)
    made = await check_in(INSPECTOR, case.number, HERE, change_id=uuid.uuid4(), now=case.now)
    assert (made.presence.score, made.presence.verdict, made.reason_needed) == (100, "present", False)
    assert made.distance_m == pytest.approx(20, abs=1) and made.dwell_seconds == 600
    assert case.kinds()[-1] == "check_in"
    page = await case.page(COUNTY_SUPERVISOR)
    assert page.events[-1]["body"]["score"] == 100
    assert page.check_ins[0]["parts"]["dwell"]["points"] == 30
    assert page.facts.presence == 100


async def test_a_low_score_is_stored_and_asks_for_a_reason_without_hindering_anything(case, owner):
    owner.execute("DELETE FROM position_fix")
    made = await check_in(INSPECTOR, case.number, FAR, change_id=uuid.uuid4(), now=case.now)
    assert (made.presence.score, made.presence.verdict, made.reason_needed) == (0, "review", True)
    with pytest.raises(FieldsWrong) as asked:
        await case.act(INSPECTOR, "submit_finding", based_on=made.outcome.version, finding="true", report="Seen.")
    assert [fault.field for fault in asked.value.faults] == ["presence_reason"]
    told = NewCheckIn(longitude=LON, latitude=LAT, accuracy_m=5, is_mock=True, reason="A test phone.")
    again = await check_in(INSPECTOR, case.number, told, change_id=uuid.uuid4(), now=case.now + timedelta(seconds=1))
    assert (again.presence.score, again.reason_needed) == (10, False)


async def test_the_same_change_twice_is_one_check_in_and_other_content_is_refused(case, owner):
    change = uuid.uuid4()
    first = await check_in(INSPECTOR, case.number, HERE, change_id=change, now=case.now)
    again = await check_in(INSPECTOR, case.number, HERE, change_id=change, now=case.now + timedelta(minutes=3))
    assert again.outcome.repeated and again.outcome.version == first.outcome.version
    with pytest.raises(ChangeIdReused):
        await check_in(INSPECTOR, case.number, FAR, change_id=change, now=case.now)
    count = owner.execute("SELECT count(*) FROM check_in WHERE ticket_number = %s", (case.number,)).fetchone()
    assert count == (1,)


async def test_only_the_handler_checks_in(case):
    for person in (COLLEAGUE, COUNTY_SUPERVISOR):
        with pytest.raises(NotAllowed):
            await check_in(person, case.number, HERE, change_id=uuid.uuid4(), now=case.now)
    with pytest.raises(UnknownTicket):
        await check_in(NORTHERNER, case.number, HERE, change_id=uuid.uuid4(), now=case.now)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"at": timedelta(hours=1)}, "future"),
        ({"at": timedelta(days=-4)}, "too_old"),
        ({"reason": "x" * 501}, "too_long"),
    ],
)
async def test_a_wrong_clock_is_told(case, change, problem):
    given = {name: case.now + value if name == "at" else value for name, value in change.items()}
    sent = NewCheckIn(longitude=LON, latitude=LAT, **given)
    with pytest.raises(FieldsWrong) as refused:
        await check_in(INSPECTOR, case.number, sent, change_id=uuid.uuid4(), now=case.now)
    assert refused.value.faults[0].problem == problem


async def test_whoever_checked_in_is_at_this_ticket_until_the_next_fix_says_otherwise(case, owner):
    owner.execute(
        "INSERT INTO inspector_position (employee_number, county_code, org_path, fixed_at, received_at, longitude,"
        " latitude, activity, on_shift) VALUES ('I-SOUTH', '130202', %s, %s, %s, %s, %s, 'way', true)"
        " ON CONFLICT (employee_number) DO UPDATE SET activity = 'way', ticket_number = NULL",
        (SOUTH_STATION, case.now, case.now, LON, LAT),
    )
    await check_in(INSPECTOR, case.number, HERE, change_id=uuid.uuid4(), now=case.now)
    assert owner.execute("SELECT activity, ticket_number FROM inspector_position").fetchone() == ("site", case.number)


async def test_an_object_without_a_place_goes_to_review(case, owner):
    owner.execute("UPDATE audit_ticket SET location = NULL WHERE number = %s", (case.number,))
    made = await check_in(INSPECTOR, case.number, HERE, change_id=uuid.uuid4(), now=case.now)
    assert (made.distance_m, made.presence.score, made.presence.verdict) == (None, 0, "review")


async def test_stored_check_ins_are_never_changed(case, owner):
    await check_in(INSPECTOR, case.number, HERE, change_id=uuid.uuid4(), now=case.now)
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("UPDATE check_in SET score = 100")


def test_the_score_that_is_asked_for_is_the_workflows():
    from audit.workflow_rules import rules

    assert check_ins.presence_rules().review_below == rules().presence_score
