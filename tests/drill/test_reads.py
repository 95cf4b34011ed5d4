"""What the pages of districts and customers read: how many statements, in whose scope, and what it adds up to."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import text

from audit.energy_balance import energy_balance
from data_access import bills, customer_reads, district_reads, reveals, usage
from data_access.billing_runs import queue_run
from data_access.engine import counting_statements, reading
from jobs.worker import run_worker
from tests.builders import NORTH, SOUTH, viewer
from tests.drill import arrange
from tests.drill.arrange import BEFORE, MONTH

pytestmark = pytest.mark.usefixtures("database")
BILLED = "C-SOUTH-1"


@pytest.fixture(scope="module", autouse=True)
async def utility(database: str) -> None:
    """Both counties; September and October of the south are billed."""
    with psycopg.connect(database, autocommit=True) as owner:
        arrange.utility(owner)
    for month in (BEFORE, MONTH):
        await queue_run(viewer(SOUTH, "admin"), "130202", month)
    await run_worker(wait=False)


async def test_a_districts_page_in_seven_statements():
    async with counting_statements() as statements:
        page = await district_reads.district_page(viewer(SOUTH), "D-SOUTH", MONTH, 1)
    assert len(statements) == 7
    assert (page.file["settlement"], page.file["manager_phone"]) == ("rural", "138******34")
    assert [unit["level"] for unit in page.units] == [0, 1, 2, 3]
    assert len(page.days) == 31 and len(page.customers) == 3
    assert [row["number"] for row in page.risks] == ["R-SOUTH"]
    assert [row["number"] for row in page.tickets] == ["T-SOUTH", "T-SOUTH-2"], "open ones first"


async def test_the_balance_of_a_month_rests_on_bills_meters_gateway_and_tickets():
    page = await district_reads.district_page(viewer(SOUTH), "D-SOUTH", MONTH)
    balance = energy_balance(page.balance)
    parts = {part.name: part for part in balance.parts}
    assert balance.supplied_kwh == 3000, "thirty days; the gateway was silent on the last"
    assert parts["billed"].kwh == 930
    assert parts["uncovered"].kwh == -90
    assert (parts["theft"].kwh, parts["theft"].sources) == (31, ("T-SOUTH-2",))
    assert sum(part.kwh for part in balance.parts) == 3000


async def test_the_running_month_has_no_bills_and_counts_what_meters_counted():
    page = await district_reads.district_page(viewer(NORTH), "D-NORTH", MONTH)
    assert (page.balance.billed_kwh, page.balance.metered_kwh) == (0, 930)


async def test_customers_carry_masked_names_and_what_they_fell_short():
    rows = await district_reads.customers_of(viewer(SOUTH), "D-SOUTH", MONTH)
    first, second, _ = rows
    assert (first["name"], first["risk_level"], first["open_tickets"]) == ("王**", 1, 1)
    assert (first["compared_with"], first["loss_kwh"]) == ("year_ago", Decimal("310.00"))
    assert second["loss_kwh"] == 0


async def test_one_day_of_a_district_against_each_ones_own_mean():
    async with counting_statements() as statements:
        rows = await district_reads.day_parts(viewer(SOUTH), "130202", "D-SOUTH", date(2026, 10, 5))
    assert len(statements) == 1
    assert [(row["kwh"], row["mean_kwh"], row["is_silent"]) for row in rows] == [(10, 10, False)] * 3


async def test_similar_districts_are_those_in_sight():
    file = await district_reads.district_file(viewer(SOUTH), "D-SOUTH")
    assert [row["code"] for row in await district_reads.similar_districts(viewer(SOUTH), file, MONTH)] == ["D-SOUTH"]
    all_of_them = await district_reads.similar_districts(viewer(), file, MONTH)
    assert [row["code"] for row in all_of_them] == ["D-SOUTH", "D-NORTH"], "the nearest first"
    assert all_of_them[0]["loss_percent"] == 10


async def test_visits_and_problems_of_a_district():
    (visit,) = await district_reads.visits_of(viewer(SOUTH), "130202", "D-SOUTH")
    assert (visit["ticket_number"], visit["kind"]) == ("T-SOUTH", "arrived")
    (problem,) = await district_reads.problems_of(viewer(SOUTH), "130202", "D-SOUTH")
    assert (problem["number"], problem["recovered_kwh"]) == ("P-SOUTH", 180)


async def test_a_customers_page_in_nine_statements():
    async with counting_statements() as statements:
        page = await customer_reads.customer_page(viewer(SOUTH), BILLED, MONTH)
    assert len(statements) == 9
    assert (page.file["name"], page.file["phone"], page.file["address"]) == ("王**", "138******78", "某区某街道****")
    assert page.file["district"] == "District SOUTH"
    assert [row["month"] for row in page.months] == [arrange.YEAR_AGO, BEFORE, MONTH]
    assert page.months[-1]["daily_kwh"] == [Decimal(10)] * 31
    assert [row["month"] for row in page.bills] == [MONTH, BEFORE]
    assert page.terms[0]["terms"]["scheme"] == "tiered" and page.meters[0]["multiplier"] == 1


async def test_a_mean_of_too_few_is_somebodys_own_use_and_not_shown():
    page = await customer_reads.customer_page(viewer(SOUTH), BILLED, MONTH)
    assert page.peers == [], "two neighbours are too few"


async def test_readings_with_the_checks_of_their_months_in_two_statements():
    async with counting_statements() as statements:
        readings, checks = await customer_reads.readings_with_checks(viewer(SOUTH), "130202", BILLED, MONTH)
    assert len(statements) == 2
    assert [row["reading"] for row in readings] == [1610, 1300, 1000, 100]
    assert [(check.month, check.kwh) for check in checks] == [(MONTH, 310), (BEFORE, 300)]


@pytest.mark.parametrize(
    "statement",
    [
        customer_reads._MONTHS, customer_reads._BILLS, customer_reads._CASES, customer_reads._READINGS,
        customer_reads._PEERS, usage._MONTHS, usage._READINGS, bills._LIST,
    ],
    ids=lambda statement: str(statement).split()[1],
)  # fmt: skip
async def test_a_month_is_asked_for_by_itself_so_that_no_county_is_read_for_one_customer(statement):
    """A range of months would read the county's whole index in every partition (data_access.months)."""
    asked = {
        "county": "130202", "number": BILLED, "customer": BILLED, "months": [BEFORE, MONTH], "limit": 10,
        "feeder": "F-SOUTH", "district": "D-SOUTH", "category": "residential", "voltage": "<1kV",
    }  # fmt: skip
    async with reading(viewer(SOUTH)) as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        lines = await connection.execute(text(f"EXPLAIN {statement.text}"), asked)
        conditions = [row[0] for row in lines if "Index Cond" in row[0] and "month" in row[0]]
    assert conditions and all("month = wanted.month" in line for line in conditions), conditions


async def test_a_bill_is_explained_and_the_month_before_found():
    heads = await bills.bills_of(viewer(SOUTH), BILLED)
    explained = await bills.explain(viewer(SOUTH), heads[0]["number"])
    assert explained.is_equal


@pytest.mark.parametrize(
    "asked",
    [
        lambda south: district_reads.district_page(south, "D-NORTH", MONTH),
        lambda south: district_reads.district_file(south, "D-NORTH"),
        lambda south: district_reads.customers_of(south, "D-NORTH", MONTH),
        lambda south: district_reads.days_of(south, "D-NORTH", MONTH, date(2026, 11, 1)),
        lambda south: customer_reads.customer_page(south, "C-NORTH-1", MONTH),
        lambda south: customer_reads.county_of(south, "C-NORTH-1"),
        lambda south: district_reads.day_parts(south, "130702", "D-NORTH", MONTH),
        lambda south: district_reads.problems_of(south, "130702", "D-NORTH"),
        lambda south: district_reads.visits_of(south, "130702", "D-NORTH"),
        lambda south: customer_reads.problems_of(south, "130702", "C-NORTH-2"),
        lambda south: customer_reads.corrections_of(south, "130702", "C-NORTH-1"),
    ],
)
async def test_the_south_reads_nothing_of_the_north(asked):
    assert not await asked(viewer(SOUTH))


async def test_the_south_reads_no_reading_of_the_north():
    assert await customer_reads.readings_with_checks(viewer(SOUTH), "130702", "C-NORTH-1", MONTH) == ([], [])


async def test_a_reveal_shows_all_and_is_in_the_log_with_its_reason(owner):
    supervisor = viewer(SOUTH, "supervisor")
    found = await reveals.reveal_customer(supervisor, BILLED, "  call  the customer ")
    assert (found.name, found.phone, found.address) == ("王SOUTH", "13800005678", "某区某街道SOUTH号")
    line = owner.execute(
        "SELECT subject, action, object_kind, object_key, detail->>'reason', org_path::text FROM audit_log"
        " ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert line[:5] == (supervisor.subject, "revealed", "customer", BILLED, "call the customer")
    assert line[5].startswith(SOUTH)


@pytest.mark.parametrize("role", ["manager", "lead", "inspector", "wall", "gis"])
async def test_other_roles_see_personal_data_masked_only(owner, role):
    before = owner.execute("SELECT count(*) FROM audit_log").fetchone()
    with pytest.raises(reveals.MayNotReveal):
        await reveals.reveal_customer(viewer(SOUTH, role), BILLED, "a good reason")
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == before


@pytest.mark.parametrize("reason", ["", "   ", "abc", "x" * 201])
async def test_no_reason_no_reveal(reason):
    with pytest.raises(reveals.ReasonMissing, match="4 to 200"):
        await reveals.reveal_customer(viewer(SOUTH, "supervisor"), BILLED, reason)


async def test_nobody_reveals_across_the_border(owner):
    before = owner.execute("SELECT count(*) FROM audit_log").fetchone()
    assert await reveals.reveal_customer(viewer(SOUTH, "supervisor"), "C-NORTH-1", "a good reason") is None
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == before


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("玉田县无终街道豪门5号", "玉田县无终街道****"),
        ("赤城县白草镇某路1号", "赤城县白草镇****"),
        ("12 Long Road", "12 L****"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_shown_down_to_the_street(address, masked):
    assert reveals.masked_address(address) == masked
