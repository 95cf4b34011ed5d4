"""A month of every kind of account through the job: the bills are the module's to the cent, and never change."""

import logging
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from billing.model.terms import BasicCharge, Scheme
from data_access import bills
from data_access.bill_store import BillColumns, Issue, LineColumns, write_bills
from data_access.billing_runs import failures_of, run_progress
from data_access.engine import system
from jobs.billing_run import bill_run
from tests.builders import NORTH, SOUTH, SOUTH_STATION, viewer
from tests.money import arrange
from tests.money.arrange import BILLED, COUNTY, FAULTY, KNOWN_AT, MONTH

NUMBERS = arrange.numbered()


@pytest.fixture(scope="module")
async def run(database: str) -> int:
    with psycopg.connect(database, autocommit=True) as owner:
        arrange.county(owner)
        for kind, given in BILLED.items():
            arrange.account(owner, NUMBERS[kind], given)
        for kind, (given, _) in FAULTY.items():
            arrange.account(owner, NUMBERS[kind], given)
        number = arrange.queue(owner)
    await bill_run(COUNTY, number, chunk_customers=10)
    return number


def number_of(kind: str, version: int = 0) -> str:
    return bills.bill_number(NUMBERS[kind], MONTH, version)


def test_the_arranged_accounts_are_of_every_kind() -> None:
    terms = [given.terms or {} for given in BILLED.values()]
    assert {item["scheme"] for item in terms} == {str(scheme) for scheme in Scheme}
    assert {item.get("basic_charge", "none") for item in terms} == {str(way) for way in BasicCharge}


async def test_every_sound_account_has_one_bill_and_the_run_says_so(run: int, owner: psycopg.Connection) -> None:
    rows = owner.execute("SELECT customer_number, version, kind, run_id FROM bill ORDER BY customer_number").fetchall()
    assert rows == [(NUMBERS[kind], 0, "regular", run) for kind in BILLED]
    state = owner.execute("SELECT state, customers, billed, failed, total, attempts FROM billing_run").fetchone()
    total = arrange.value(owner, "SELECT sum(total) FROM bill")
    assert state == ("done", len(BILLED) + len(FAULTY), len(BILLED), len(FAULTY), total, 1)


@pytest.mark.parametrize("kind", BILLED)
async def test_a_stored_bill_is_what_the_single_account_path_makes_of_its_case(run: int, kind: str) -> None:
    """Head and every line: quantity, price, amount, days, tariff rows, rounding."""
    found = await bills.explain(viewer(), number_of(kind), "en")
    assert found.differences == ()
    assert found.total == found.stored_total == found.bill.reevaluate()
    assert str(found.total) in found.text
    assert found.bill.known_at == KNOWN_AT


async def test_totals_are_sums_of_rounded_lines(run: int, owner: psycopg.Connection) -> None:
    wrong = owner.execute(
        "SELECT bill.customer_number FROM bill LEFT JOIN bill_line AS line USING (county_code, month, customer_number,"
        " version) GROUP BY bill.customer_number, bill.total HAVING COALESCE(sum(line.amount), 0) <> bill.total"
    ).fetchall()
    assert wrong == []
    assert arrange.value(owner, "SELECT count(*) FROM bill_line") > 3 * len(BILLED)


@pytest.mark.parametrize("kind", FAULTY)
async def test_who_could_not_be_billed_is_listed_with_the_reason(run: int, kind: str) -> None:
    found = {row["customer_number"]: row for row in await failures_of(viewer(SOUTH), run=run)}
    assert len(found) == len(FAULTY)
    failure = found[NUMBERS[kind]]
    assert FAULTY[kind][1] in {finding["rule"] for finding in failure["findings"]}
    assert all(finding["account"] == NUMBERS[kind] and finding["field"] for finding in failure["findings"])


async def test_what_a_bill_shows(run: int) -> None:
    found = await bills.bill(viewer(SOUTH), number_of("hotel with losses"))
    assert (found["scheme"], found["voltage"], found["certainty"]) == ("single_part", "1-10(20)kV", "illustrative")
    assert found["loss_kwh"] > 0 and found["power_factor"] < 1
    first = found["lines"][0]
    assert first["component"] == "purchase" and first["rounding"] == "half_up:0.01"
    assert first["tariff_rows"] == ["jibei-agency-purchase", "jibei-ratios-2025"]
    assert found["case"]["account"]["transformers"] == [arrange.FORMULA]


async def test_the_years_tiers_count_from_january(run: int) -> None:
    found = await bills.bill(viewer(SOUTH), number_of("tiers 2 and 3"))
    assert found["case"]["readings"]["year_to_date_kwh"] == "2100.00"
    # Of 1,700.37 kWh the first 60 belong to tier 1 (2,160 a year), the next 1,200 to tier 2.
    tiers = {line["component"]: line["quantity"] for line in found["lines"]}
    assert (tiers["tier_2"], tiers["tier_3"]) == (Decimal("1200"), Decimal("440.37"))


async def test_a_changed_meter_counts_with_the_one_before(run: int) -> None:
    found = await bills.bill(viewer(SOUTH), number_of("meter changed"))
    assert found["billed_kwh"] == Decimal("152.50")
    assert found["case"]["readings"]["year_to_date_kwh"] == "400.50"


async def test_a_capacity_that_came_in_the_month_is_charged_by_calendar_days(run: int) -> None:
    found = await bills.bill(viewer(SOUTH), number_of("opened in the month"))
    capacity = next(line for line in found["lines"] if line["component"] == "capacity_charge")
    assert (capacity["days"], capacity["cycle_days"], capacity["amount"]) == (20, 31, Decimal("9592.26"))


async def test_another_county_sees_no_bill_no_line_no_failure_no_run(run: int) -> None:
    stranger = viewer(NORTH)
    assert await bills.bills_of(stranger, NUMBERS["shop"]) == []
    with pytest.raises(bills.NoSuchBill):
        await bills.bill(stranger, number_of("shop"))
    with pytest.raises(bills.NoSuchBill):
        await bills.explain(stranger, number_of("shop"))
    assert await failures_of(stranger) == []
    assert (await run_progress(stranger))["months"] == []


@pytest.mark.parametrize("number", ["", "x", "1-2-3", "130202000001-202613-0", "130202000001-202607-99999", "a--0"])
async def test_a_number_that_is_none_is_no_bill(run: int, number: str) -> None:
    with pytest.raises(bills.NoSuchBill):
        await bills.bill(viewer(), number)


async def test_a_second_run_finds_nothing_left_but_who_failed(run: int, owner: psycopg.Connection) -> None:
    before = arrange.value(owner, "SELECT count(*) FROM bill")
    again = arrange.queue(owner)
    await bill_run(COUNTY, again)
    assert arrange.value(owner, "SELECT count(*) FROM bill") == before
    state = owner.execute("SELECT state, customers, billed, failed FROM billing_run WHERE id = %s", (again,)).fetchone()
    assert state == ("done", len(FAULTY), 0, len(FAULTY))


@pytest.mark.parametrize("statement", [
    "UPDATE bill SET total = total + 1",
    "DELETE FROM bill",
    "TRUNCATE bill",
    "TRUNCATE bill_202607",
    "UPDATE bill_line SET amount = 0",
    "DELETE FROM bill_line_202607",
    "TRUNCATE bill_line",
    "UPDATE tariff_version SET certainty = 'found'",
    "DELETE FROM tariff_version",
])  # fmt: skip
async def test_what_was_issued_refuses_to_change_even_for_its_owner(
    run: int, owner: psycopg.Connection, statement: str
) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute(statement)


async def test_a_second_regular_bill_of_the_month_is_refused_by_the_key(run: int) -> None:
    stored = await bills.bill(viewer(), number_of("shop"))
    made = (await bills.explain(viewer(), number_of("shop"))).bill
    columns, lines = BillColumns(), LineColumns()
    columns.add(made, district="D1", path=SOUTH_STATION, scheme="single_part", voltage="<1kV", certainty="found",
                content="{}")  # fmt: skip
    with pytest.raises(Exception, match="bill_202607_pkey"):
        async with system("test") as connection:
            await write_bills(connection, Issue(COUNTY, MONTH, KNOWN_AT, "tester"), columns, lines)
    assert (await bills.bill(viewer(), number_of("shop")))["total"] == stored["total"]


async def test_a_correction_is_a_new_bill_that_names_the_old_one(run: int, owner: psycopg.Connection) -> None:
    old = await bills.bill(viewer(), number_of("combined meter"))
    content = old["case"]
    content["readings"]["meters"][0]["registers"]["total"]["current"] = "209.99"
    done = await bills.correct(viewer(SOUTH, "supervisor"), old["number"], content, "dial misread")
    assert done["number"] == number_of("combined meter", 1)
    assert done["difference"] == Decimal("-54.00")
    listed = await bills.bills_of(viewer(), NUMBERS["combined meter"])
    assert [(b["version"], b["kind"], b["corrects_number"]) for b in listed] == [
        (1, "correction", old["number"]),
        (0, "regular", None),
    ]
    assert (await bills.bill(viewer(), old["number"]))["total"] == old["total"]
    assert (await bills.explain(viewer(), done["number"])).is_equal
    again = await bills.correct(viewer(SOUTH, "admin"), done["number"], content, "second thought")
    assert again["number"] == number_of("combined meter", 2) and again["difference"] == 0
    logged = owner.execute("SELECT object_key FROM audit_log WHERE action = 'correct' ORDER BY id").fetchall()
    assert logged == [(done["number"],), (again["number"],)]


async def test_who_may_not_correct_and_what_can_not_be_corrected(run: int) -> None:
    shop = await bills.bill(viewer(), number_of("shop"))
    with pytest.raises(bills.MayNotCorrect):
        await bills.correct(viewer(SOUTH, "inspector"), shop["number"], shop["case"], "because")
    with pytest.raises(bills.NoSuchBill):
        await bills.correct(viewer(NORTH, "supervisor"), shop["number"], shop["case"], "because")
    supervisor = viewer(SOUTH, "supervisor")
    with pytest.raises(ValueError, match="reason"):
        await bills.correct(supervisor, shop["number"], shop["case"], " ")
    other = await bills.bill(viewer(), number_of("agricultural"))
    with pytest.raises(ValueError, match="expected account and period"):
        await bills.correct(supervisor, shop["number"], other["case"], "because")
    shop["case"]["readings"]["meters"] = []
    with pytest.raises(bills.NotBillable) as refused:
        await bills.correct(supervisor, shop["number"], shop["case"], "because")
    assert refused.value.findings[0]["rule"] == "missing_register"


async def test_a_bill_that_its_case_does_not_give_is_found_out(
    run: int, owner: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A cent more in the stored bill and another price in a line: both are shown and logged."""
    owner.execute(
        "INSERT INTO bill SELECT county_code, '2026-06-01', customer_number, version, kind, corrects, reason,"
        " district_code, scheme, voltage, period_start, period_end, total + 0.01, billed_kwh, loss_kwh, reactive_kvarh,"
        " demand_kw, power_factor, certainty, case_content, known_at, engine, run_id, issued_at, issued_by, org_path"
        " FROM bill WHERE customer_number = %s",
        (NUMBERS["agricultural"],),
    )
    owner.execute(
        "INSERT INTO bill_line SELECT county_code, '2026-06-01', customer_number, version, line, component, period,"
        " sub_account, start_on, end_on, quantity, unit, price + 1, amount, days, cycle_days, tariff_rows, rounding,"
        " org_path FROM bill_line WHERE customer_number = %s",
        (NUMBERS["agricultural"],),
    )
    with caplog.at_level(logging.ERROR):
        found = await bills.explain(viewer(), bills.bill_number(NUMBERS["agricultural"], date(2026, 6, 1), 0))
    assert not found.is_equal
    assert [text.split(":")[0] for text in found.differences] == ["total", "line 1 price"]
    assert found.reference and found.reference in caplog.text


async def test_progress_by_month(run: int) -> None:
    found = await run_progress(viewer(SOUTH))
    assert [row["month"] for row in found["months"]] == [MONTH]
    assert (found["waiting"], found["left"], found["running"]) == (0, 0, [])
    assert found["billed"] == len(BILLED)


@pytest.mark.parametrize(("kind", "amounts", "sound"), [
    ("refund", {"energy_yuan": "-119.01", "energy_kwh": "-180"}, True),
    ("refund", {"energy_yuan": "119.01"}, False),
    ("back_billing", {"energy_yuan": "500", "energy_kwh": "800"}, True),
    ("back_billing", {"energy_yuan": "500", "breach_yuan": "1500"}, False),
    ("breach", {"breach_yuan": "1500"}, True),
    ("breach", {"breach_yuan": "1500", "energy_yuan": "500"}, False),
    ("late_fee", {"late_fee_yuan": "3.20"}, True),
    ("late_fee", {"breach_yuan": "3.20"}, False),
    ("gift", {}, False),
])  # fmt: skip
async def test_breach_amounts_are_never_energy_revenue(
    run: int, owner: psycopg.Connection, kind: str, amounts: dict[str, str], sound: bool
) -> None:
    columns = ["county_code", "number", "customer_number", "kind", "cause", "article", "edition", "decided_by",
               "org_path", *amounts]  # fmt: skip
    values = [COUNTY, f"A-{kind}-{len(amounts)}", "C", kind, "theft", "第一百零四条", "2024", "tester", SOUTH_STATION]
    statement = f"INSERT INTO adjustment ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
    if not sound:
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute(statement, [*values, *amounts.values()])
        return
    owner.execute(statement, [*values, *amounts.values()])
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("UPDATE adjustment SET cause = 'other'")
