"""Changes of tickets in the database: what each leaves behind, two people at once, requests lost, repeated and late."""

import asyncio
import itertools
from collections.abc import Callable
from uuid import uuid4

import pytest

from audit.chain import verify
from data_access import tickets
from data_access.ticket_reads import ticket_page
from tests import builders
from tests.builders import NORTH_STATION
from tests.tickets.arrange import (
    CITY_SUPERVISOR,
    COUNTY_SUPERVISOR,
    DISPATCHER,
    FOUND,
    INSPECTOR,
    MANAGER,
    NORTHERN_SUPERVISOR,
    NORTHERNER,
    Case,
    customer,
    evidence,
    utility,
)

numbers = itertools.count()


@pytest.fixture(scope="module")
def arranged(database, database_url):
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as owner:
        utility(owner)
    return database


@pytest.fixture
def new_customer(arranged, owner) -> Callable[[], str]:
    return lambda: customer(owner, f"13020299{next(numbers):04d}", "D13020201")


@pytest.fixture
async def case(arranged, owner, new_customer) -> Case:
    case = Case(owner)
    await case.create(customer_number=new_customer())
    return case


def chain_holds(case: Case) -> bool:
    columns = (
        "county_code, ticket_number, sequence, at, actor, kind, from_status, to_status, body, org_path::text,"
        " hash_version, previous_hash, hash"
    )
    cursor = case.owner.execute(
        f"SELECT {columns} FROM ticket_event WHERE ticket_number = %s ORDER BY sequence", (case.number,)
    )
    names = [column.name for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return verify(rows, expected_count=case.row("version")[0]) is None


async def test_a_confirmed_case_goes_from_suspicion_to_archive(case):
    await case.until("submit_rectification")
    await case.act(COUNTY_SUPERVISOR, "pass_review")
    outcome = await case.act(CITY_SUPERVISOR, "pass_review")
    assert outcome.status == 90
    assert case.row("status, finding, cause, closed_at IS NOT NULL, reviewer_number, recovered_yuan") == (
        90, "true", "wrong_tariff", True, "O-CITY", 5,
    )  # fmt: skip
    assert chain_holds(case)
    problem = case.owner.execute(
        "SELECT cause, responsible_unit, rectification, recovered_yuan FROM problem WHERE ticket_number = %s",
        (case.number,),
    ).fetchone()
    assert problem == ("wrong_tariff", "13020201", "Price corrected.", 5)


async def test_the_page_shows_it_with_names_masked_and_what_may_be_done(case):
    await case.until("start_check")
    page = await case.page(INSPECTOR)
    assert page.row["customer_name"] == "示**"
    assert {offer.action for offer in page.offers if offer.allowed} >= {"submit_finding", "note", "request_extension"}
    refused = {offer.action: offer.why for offer in page.offers if not offer.allowed}
    assert refused["suspend"] == "part_in_charge"
    assert [event["kind"] for event in page.events] == case.kinds()
    assert (page.clock.urgency, page.clock.limit_days) == ("in_time", 7)


async def test_nobody_of_another_county_sees_or_moves_it(case):
    for stranger in (NORTHERN_SUPERVISOR, NORTHERNER):
        assert await ticket_page(stranger, case.number, case.now) is None
        with pytest.raises(tickets.UnknownTicket):
            await case.act(stranger, "note", text="Hello.")
        with pytest.raises(tickets.FieldsWrong):
            await Case(case.owner).create(stranger, customer_number="1302020001")


async def test_who_only_reads_changes_nothing(case):
    with pytest.raises(tickets.NotAllowed, match="read_only"):
        await case.act(MANAGER, "note", text="Hello.")
    with pytest.raises(tickets.NotAllowed, match="read_only"):
        await Case(case.owner).create(MANAGER, customer_number="1302020001")


async def test_a_change_that_is_sent_again_gets_the_same_answer_and_happens_once(case):
    change = uuid4()
    first = await case.act(DISPATCHER, "prescreen", change_id=change)
    again = await case.act(DISPATCHER, "prescreen", based_on=1, change_id=change)
    assert (again.version, again.status, again.repeated) == (first.version, first.status, True)
    assert case.kinds() == ["generated", "prescreen"]


async def test_a_change_id_names_one_change_of_one_person(case):
    change = uuid4()
    await case.act(DISPATCHER, "note", change_id=change, text="One.")
    with pytest.raises(tickets.ChangeIdReused):
        await case.act(DISPATCHER, "note", change_id=change, text="Two.")
    with pytest.raises(tickets.ChangeIdReused):
        await case.act(COUNTY_SUPERVISOR, "note", change_id=change, text="One.")


async def test_the_same_request_twice_at_once_happens_once(case):
    change = uuid4()
    answers = await asyncio.gather(*(case.act(DISPATCHER, "prescreen", change_id=change) for _ in range(4)))
    assert {answer.version for answer in answers} == {2}
    assert sorted(answer.repeated for answer in answers) == [False, True, True, True]
    assert case.kinds() == ["generated", "prescreen"]


async def test_of_two_who_act_at_once_the_later_one_is_told_what_changed(case):
    await case.until("prescreen")
    both = await asyncio.gather(
        case.act(DISPATCHER, "dispatch", unit="130202"),
        case.act(DISPATCHER, "void", reason="Not plausible."),
        return_exceptions=True,
    )
    (stale,) = [one for one in both if isinstance(one, tickets.StaleTicket)]
    assert len(stale.since) == 1 and stale.since[0]["kind"] in ("dispatch", "void")
    assert len(case.kinds()) == 3 and chain_holds(case)


async def test_two_notes_do_not_touch_and_are_both_kept(case):
    await asyncio.gather(
        case.act(DISPATCHER, "note", based_on=1, text="One."),
        case.act(COUNTY_SUPERVISOR, "note", based_on=1, text="Two."),
    )
    assert case.kinds() == ["generated", "note", "note"] and chain_holds(case)
    page = await case.page()
    assert {event["body"]["text"] for event in page.events[1:]} == {"One.", "Two."}


async def test_a_reminder_meanwhile_does_not_refuse_a_finding_but_who_judges_must_have_seen_everything(case):
    await case.until("start_check")
    seen = case.version
    await case.act(COUNTY_SUPERVISOR, "note", text="Take the large meter too.")
    evidence(case.owner, case.number)
    merged = await case.act(INSPECTOR, "submit_finding", based_on=seen, **{**FOUND, "finding": "unable"})
    assert merged.merged
    await case.act(INSPECTOR, "request_review")
    seen = case.version
    await case.act(INSPECTOR, "note", text="The customer called.")
    with pytest.raises(tickets.StaleTicket):
        await case.act(COUNTY_SUPERVISOR, "pass_review", based_on=seen)


async def test_a_second_suspicion_on_the_same_object_and_topic_joins_the_open_ticket(case):
    object_number = case.row("customer_number")[0]
    other = await Case(case.owner).create(COUNTY_SUPERVISOR, customer_number=object_number)
    assert (other.number, other.merged, other.version) == (case.number, True, 2)
    assert case.kinds() == ["generated", "merge"]
    another_topic = await Case(case.owner).create(customer_number=object_number, anomaly_code="CH01")
    assert another_topic.number != case.number


async def test_two_who_create_at_once_meet_in_one_ticket(arranged, owner, new_customer):
    number = new_customer()
    made = await asyncio.gather(*(Case(owner).create(customer_number=number) for _ in range(4)))
    assert len({one.number for one in made}) == 1
    assert sorted(one.merged for one in made) == [False, True, True, True]
    assert sorted(one.version for one in made) == [1, 2, 3, 4]


async def test_a_void_ticket_is_followed_by_a_new_one_that_names_it(case):
    await case.act(DISPATCHER, "void", reason="Not plausible.")
    with pytest.raises(tickets.NotAllowed, match="closed"):
        await case.act(DISPATCHER, "prescreen")
    again = Case(case.owner, now=case.now)
    await again.create(previous_number=case.number, anomaly_code=None)
    assert again.row("previous_number, origin, status") == (case.number, "redispatch", 10)
    assert (await case.page()).row["next_number"] == again.number


async def test_only_a_void_ticket_is_begun_anew(case):
    with pytest.raises(tickets.FieldsWrong, match="not_void"):
        await Case(case.owner).create(previous_number=case.number)


async def test_the_risk_point_follows_its_ticket(arranged, owner):
    risk = builders.risk(owner, f"R-{uuid4().hex[:8]}")
    owner.execute("UPDATE risk_point SET district_code = %s WHERE number = %s", (uuid4().hex[:8], risk))

    def state() -> int:
        return owner.execute("SELECT state FROM risk_point WHERE number = %s", (risk,)).fetchone()[0]

    case = Case(owner)
    await case.create(risk_number=risk)
    assert state() == 3
    await case.act(DISPATCHER, "void", reason="Not plausible.")
    assert state() == 0
    await case.create(previous_number=case.number)
    joined = Case(owner)
    await joined.create(risk_number=risk)
    assert joined.number == case.number and state() == 3
    await case.act(DISPATCHER, "prescreen", based_on=2)
    await case.act(DISPATCHER, "dispatch", inspector="I-SOUTH")
    await case.act(INSPECTOR, "accept")
    await case.act(INSPECTOR, "start_check")
    photo = evidence(owner, case.number)
    await case.act(INSPECTOR, "submit_finding", **{**FOUND, "finding": "false", "evidence": [photo]})
    await case.act(INSPECTOR, "request_review")
    await case.act(COUNTY_SUPERVISOR, "pass_review")
    await case.act(CITY_SUPERVISOR, "pass_review")
    assert state() == 5


async def test_the_feed_tells_the_new_row_and_the_event(case):
    await case.until("dispatch")
    body = case.owner.execute(
        "SELECT body, org_path::text FROM change_feed WHERE kind = 'ticket' AND key = %s"
        " ORDER BY sequence DESC LIMIT 1",
        (case.number,),
    ).fetchone()
    assert body[0]["row"][0] == case.number and body[0]["row"][5] == 30
    assert body[0]["event"]["code"] == "dispatch" and body[0]["event"]["actor"] == "O-PROVINCE"
    assert body[1] == case.row("org_path::text")[0]


async def test_wrong_values_are_all_named_and_leave_nothing_behind(case):
    await case.until("start_check")
    with pytest.raises(tickets.FieldsWrong) as wrong:
        await case.act(INSPECTOR, "submit_finding", finding="maybe", colour="red")
    assert {(fault.field, fault.problem) for fault in wrong.value.faults} == {
        ("finding", "choice"), ("report", "required"), ("colour", "unknown"),
    }  # fmt: skip
    assert case.kinds()[-1] == "start_check"


async def test_a_unit_or_inspector_that_does_not_exist_or_lies_elsewhere_is_named(case):
    await case.until("prescreen")
    for fields, problem in (
        ({"unit": "999999"}, "unit_unknown"),
        ({"unit": "130702"}, "unit_elsewhere"),
        ({"inspector": "I-NORTH"}, "inspector_elsewhere"),
        ({"inspector": "O-COUNTY"}, "inspector_unknown"),
        ({}, "unit_or_inspector"),
    ):
        with pytest.raises(tickets.FieldsWrong, match=problem):
            await case.act(DISPATCHER, "dispatch", **fields)


async def test_looking_back_gives_way_to_a_newer_open_ticket(case):
    await case.until("submit_rectification")
    await case.act(COUNTY_SUPERVISOR, "pass_review")
    await case.act(CITY_SUPERVISOR, "pass_review")
    newer = Case(case.owner)
    await newer.create(customer_number=case.row("customer_number")[0])
    assert newer.number != case.number
    with pytest.raises(tickets.NotAllowed, match="open_twin"):
        await case.act(DISPATCHER, "look_back", reason="Spot check.")
    await newer.act(DISPATCHER, "void", reason="Duplicate.")
    await case.act(DISPATCHER, "look_back", reason="Spot check.")
    assert case.row("status, finding, closed_at") == (50, None, None)


async def test_numbers_go_on_where_a_load_left_off(arranged, owner):
    builders.ticket(owner, "T2031-0007", NORTH_STATION)
    with owner.transaction():
        given = [owner.execute("SELECT next_ticket_number(2031)").fetchone()[0] for _ in range(2)]
    assert given == ["T2031-0008", "T2031-0009"]
