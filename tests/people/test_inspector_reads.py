"""A person's page: who may look, each look written down and shown to the person, what the work adds up to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from audit.timeliness import Timeliness
from audit.work_history import judgements_of, work_of
from data_access import inspector_reads as reads
from data_access.engine import counting_statements
from tests import builders
from tests.builders import NORTH, SOUTH, SOUTH_STATION, viewer

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
MONTH = date(2026, 11, 1)
OPENED = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def utility(database_url: str) -> None:
    """One inspector with an open, a confirmed, a rejected and a void ticket; an expert who let two of them pass."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        builders.inspector(owner, "E-1", phone="13800001234")
        builders.inspector(owner, "E-2")
        builders.shift(owner, "E-1", OPENED, OPENED + timedelta(hours=8))
        builders.ticket(owner, "T-OPEN", handler="E-1", opened_at=OPENED)
        ends = {"T-TRUE": (90, "true"), "T-FALSE": (90, "false"), "T-VOID": (95, None)}
        for number, (status, finding) in ends.items():
            builders.ticket(
                owner, number, handler="E-1", status=status, finding=finding, opened_at=OPENED,
                closed_at=OPENED + timedelta(days=9),
                recovered=("100", "50", "150") if finding == "true" else ("-10", "-5", "0") if finding else None,
            )  # fmt: skip
        owner.execute("UPDATE audit_ticket SET return_count = 1 WHERE number = 'T-FALSE'")
        day = timedelta(days=1)
        steps = [("generated", 10, 0.0), ("prescreen", 20, 0.1), ("dispatch", 30, 0.2), ("accept", 40, 0.3)]
        for number, late in (("T-TRUE", 1.0), ("T-FALSE", 8.9)):
            way = [*steps, ("start_check", 50, 0.4), ("submit_finding", 60, late)]
            builders.ticket_events(owner, number, [(OPENED + day * after, kind, status) for kind, status, after in way])
        for sequence, number in ((90, "T-TRUE"), (91, "T-FALSE")):
            owner.execute(
                "INSERT INTO ticket_event (county_code, ticket_number, sequence, at, actor, kind, from_status,"
                " to_status, org_path, previous_hash, hash) SELECT county_code, number, %s, %s, 'X-1', 'prescreen', 10,"
                " 20, org_path, '', %s FROM audit_ticket WHERE number = %s",
                (sequence, OPENED + timedelta(days=20), f"x{sequence}", number),
            )
        owner.execute(
            "INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path)"
            " VALUES ('X-1', 'Demo X', 'expert', '13020201', '130202', %s)",
            (SOUTH_STATION,),
        )


async def test_a_page_is_read_in_nine_statements_and_one_line_of_the_log():
    async with counting_statements() as statements:
        page = await reads.inspector_page(viewer(SOUTH), "E-1", MONTH, NOW)
    assert len(statements) == 10
    assert page.file["phone"] == "138******34"
    assert len(page.shifts) == 1 and len(page.tickets) == 4


async def test_the_work_adds_up_with_breach_and_refunds_apart():
    page = await reads.inspector_page(viewer(SOUTH), "E-1", MONTH, NOW)
    work = work_of(page.tickets)
    assert (work.confirmed, work.rejected, work.unable, work.void, work.open) == (1, 1, 0, 1, 1)
    assert (work.recovered_yuan, work.refunded_yuan, work.breach_yuan) == (50, -5, 150)
    assert work.result_yuan == Decimal(195) and work.recovered_kwh == 90
    assert (work.returned, work.reviewed) == (1, 2)
    assert page.in_time == Timeliness(4, 4), "both were accepted, and checked within seven working days"


async def test_an_experts_judgements_and_how_many_were_overturned():
    page = await reads.inspector_page(viewer(SOUTH), "X-1", MONTH, NOW)
    judged = judgements_of(page.judged)
    assert (judged.judged, judged.decided, judged.overturned) == (2, 2, 1)


async def test_each_look_is_written_down_and_shown_to_the_person_alone(owner):
    await reads.inspector_page(viewer(SOUTH, "lead"), "E-1", MONTH, NOW)
    line = owner.execute(
        "SELECT subject, action, object_key, org_path::text FROM audit_log WHERE object_kind = 'inspector'"
        " ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert line == (f"lead@{SOUTH}", "inspector.view", "E-1", SOUTH_STATION)
    own = await reads.inspector_page(viewer(SOUTH, "inspector", "E-1"), "E-1", MONTH, NOW)
    assert f"lead@{SOUTH}" in {look["subject"] for look in own.looks}
    assert (await reads.inspector_page(viewer(SOUTH, "lead"), "E-1", MONTH, NOW)).looks == []


async def test_nobody_else_reads_who_looked():
    """Row security, not the page, keeps the log of one person from another."""
    other = await reads.inspector_page(viewer(SOUTH, "inspector", "E-2"), "E-2", MONTH, NOW)
    assert other.looks == []


async def test_an_inspector_is_refused_the_page_of_a_colleague_and_no_look_is_logged(owner):
    before = owner.execute("SELECT count(*) FROM audit_log").fetchone()
    for asked in (
        reads.inspector_page(viewer(SOUTH, "inspector", "E-2"), "E-1", MONTH, NOW),
        reads.visits_of(viewer(SOUTH, "inspector", "E-2"), "E-1", MONTH),
    ):
        with pytest.raises(reads.OthersPage):
            await asked
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == before


async def test_a_person_of_another_county_is_not_there():
    assert await reads.inspector_page(viewer(NORTH), "E-1", MONTH, NOW) is None
