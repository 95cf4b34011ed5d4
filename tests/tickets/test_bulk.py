"""Dispatching many at once: the preview says what the change would say, one refused ticket keeps no other back."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from data_access.engine import counting_statements
from data_access.parameters import BadParameter
from data_access.ticket_bulk import Target, dispatch_one, preview, suitable_inspectors
from data_access.ticket_list import note_export
from data_access.tickets import Command, act
from tests import builders
from tests.builders import NORTH_STATION, PROVINCE, SOUTH, SOUTH_STATION, viewer

pytestmark = pytest.mark.usefixtures("database")
BOSS = viewer(PROVINCE, "supervisor")
COUNTY = viewer(SOUTH, "supervisor")
NUMBERS = ["B-1", "B-2", "B-3", "B-4", "B-N"]


@pytest.fixture(scope="module", autouse=True)
def utility(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        builders.inspector(owner, "E-1")
        builders.inspector(owner, "E-2")
        builders.inspector(owner, "E-N", NORTH_STATION)


@pytest.fixture(autouse=True)
def tickets(owner: psycopg.Connection) -> None:
    """Two that wait for a dispatch, one just generated, one being checked, one in the north."""
    owner.execute("TRUNCATE ticket_change")
    owner.execute("DELETE FROM audit_ticket")
    owner.execute("ALTER TABLE ticket_event DISABLE TRIGGER USER; DELETE FROM ticket_event;"
                  " ALTER TABLE ticket_event ENABLE TRIGGER USER")  # fmt: skip
    now = datetime.now(UTC)
    for number, status, station in (
        ("B-1", 20, SOUTH_STATION), ("B-2", 20, SOUTH_STATION), ("B-3", 10, SOUTH_STATION), ("B-4", 50, SOUTH_STATION),
        ("B-N", 20, NORTH_STATION),
    ):  # fmt: skip
        builders.ticket(owner, number, station, status=status, handler="E-1" if status == 50 else None)
        builders.ticket_events(owner, number, [(now, "generated", status)])


async def verdicts(who, target: str, numbers=NUMBERS):
    found = await preview(who, numbers, Target.parse(target), datetime.now(UTC))
    return {v.number: (v.allowed, v.why or ",".join(fault.problem for fault in v.faults)) for v in found}


async def test_each_goes_to_its_own_county_and_who_stays_is_told_why():
    assert await verdicts(BOSS, "own:2") == {
        "B-1": (True, ""),
        "B-2": (True, ""),
        "B-3": (False, "wrong_status"),
        "B-4": (False, "wrong_status"),
        "B-N": (True, ""),
    }


async def test_a_unit_or_an_inspector_elsewhere_is_refused_for_each_ticket_that_lies_elsewhere():
    assert (await verdicts(BOSS, "unit:130702"))["B-1"] == (False, "unit_elsewhere")
    assert (await verdicts(BOSS, "unit:130702"))["B-N"] == (True, "")
    assert (await verdicts(BOSS, "inspector:E-N"))["B-2"] == (False, "inspector_elsewhere")
    assert (await verdicts(BOSS, "inspector:nobody"))["B-2"] == (False, "inspector_unknown")


async def test_a_preview_writes_nothing(owner):
    before = owner.execute("SELECT sum(version), count(*) FROM audit_ticket").fetchone()
    await verdicts(BOSS, "own:3")
    assert owner.execute("SELECT sum(version), count(*) FROM audit_ticket").fetchone() == before
    assert owner.execute("SELECT count(*) FROM ticket_change").fetchone() == (0,)


async def test_a_county_neither_sees_nor_dispatches_what_is_not_its_own():
    assert "B-N" not in await verdicts(COUNTY, "own:3")
    result = await dispatch_one(COUNTY, uuid4(), "B-N", 1, {"unit": "13070201"}, datetime.now(UTC))
    assert result.code == "not_found"
    assert {one["number"] for one in await suitable_inspectors(COUNTY, ["B-N"])} == {"E-1", "E-2"}


async def test_a_batch_sent_twice_happens_once(owner):
    batch, now = uuid4(), datetime.now(UTC)
    first = await dispatch_one(BOSS, batch, "B-1", 1, {"unit": "130202"}, now)
    again = await dispatch_one(BOSS, batch, "B-1", 1, {"unit": "130202"}, now)
    assert first == again and first.code == "done"
    assert owner.execute("SELECT count(*) FROM ticket_event WHERE ticket_number = 'B-1'").fetchone() == (2,)
    other = await dispatch_one(BOSS, batch, "B-1", 1, {"unit": "1302"}, now)
    assert other.code == "change_id_reused"


async def test_what_others_changed_since_the_preview_stays_behind_and_the_rest_goes():
    now = datetime.now(UTC)
    plan = [v for v in await preview(BOSS, ["B-1", "B-2"], Target.parse("own:2"), now) if v.allowed]
    await act(BOSS, Command(change_id=uuid4(), number="B-1", action="void", fields={"reason": "twice"}), now)
    batch = uuid4()
    results = [await dispatch_one(BOSS, batch, v.number, v.version, v.fields, now) for v in plan]
    assert {result.number: result.code for result in results} == {"B-1": "stale", "B-2": "done"}


async def test_the_inspector_of_the_ground_with_the_least_work_comes_first():
    found = await suitable_inspectors(BOSS, ["B-1", "B-2"])
    assert [(one["number"], one["own_ground"], one["open"]) for one in found] == [
        ("E-2", 2, 0),
        ("E-1", 2, 1),
        ("E-N", 0, 0),
    ]


async def test_a_preview_keeps_to_the_statements_that_it_declares():
    async with counting_statements() as statements:
        await preview(BOSS, NUMBERS, Target.parse("own:2"), datetime.now(UTC))
    assert len(statements) <= 2 + 5 * len(NUMBERS)


async def test_an_export_is_written_down(owner):
    await note_export(COUNTY, "status=80", 12)
    line = owner.execute(
        "SELECT subject, action, object_key, detail FROM audit_log ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert line == (COUNTY.subject, "export", "status=80", {"rows": 12})


@pytest.mark.parametrize("target", ["", "own:0", "own:9", "unit:", "city:1302"])
def test_a_target_that_cannot_be_meant_is_refused(target):
    with pytest.raises(BadParameter, match="own:1 to own:3"):
        Target.parse(target)
