"""What a finding costs: the customer's own bills through `billing`, never above a cap, booked once, taken back by rows.

Worked examples are those of domain sheet 10; the prices of the example customers come from their own bills here.
"""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.catalogue import catalogue
from audit.catalogue import rows as catalogue_rows
from audit.finding_forms import check, form_for, forms
from billing import bill, parse_case
from billing.trace import evaluate
from data_access import adjustments
from data_access.adjustments import NotAccepted
from data_access.calculation_facts import CustomerBills, IssuedBill, NotComputable, average_price
from data_access.ticket_amounts import Asked, FormFaults, amounts_of, preview, set_amounts
from data_access.ticket_calculations import compute
from data_access.tickets import NotAllowed, UnknownTicket
from jobs.billing_run import bill_run
from tests import builders
from tests.builders import NORTH, SOUTH, viewer
from tests.money import arrange
from tests.money.arrange import BILLED, COUNTY, RESIDENTIAL, Given

NOW = datetime(2026, 8, 10, 2, 0, tzinfo=UTC)
D = Decimal
SUPERVISOR = viewer(SOUTH, "supervisor")
NUMBERS = {
    kind: f"{COUNTY}{place:06d}" for place, kind in enumerate(["household", "factory", "shop", "farm", "new"], 1)
}
ACCOUNTS = {
    "household": BILLED["tiered"],
    "factory": BILLED["capacity"],
    "shop": BILLED["shop"],
    "farm": BILLED["agricultural"],
}
THEFT = {"basis": "device_rating", "power_kw": "2", "stopped": True}
FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "theft": ("FQ04", THEFT),
    "over_capacity": ("FQ01", {"excess_kva": "200", "months": "3", "stopped": True}),
    "sealed": ("FQ02", {"sealed_kva": "250", "months": "2", "stopped": True}),
    "wrong_class": ("DJ02", {"right_scheme": "single_part", "fault_of": "customer", "from_day": "2026-07-01",
                             "until_day": "2026-07-31"}),
    "rebilling": ("DJ05", {"change": "line_loss", "right_line_loss_percent": "2", "from_day": "2026-07-01",
                           "until_day": "2026-07-31"}),
    "multiplier": ("CH09", {"billed_multiplier": "30", "true_multiplier": "40", "dial_units": "500",
                            "from_day": "2026-07-01", "until_day": "2026-07-31"}),
    "meter_error": ("CH06", {"error_percent": "3", "verified_on": "2026-01-10", "corrected_on": "2026-07-09",
                             "recorded_kwh": "6180", "replaced": True}),
    "wiring": ("JL05", {"element_1": "right", "element_2": "right", "element_3": "reversed", "recorded_kwh": "12000",
                        "from_day": "2026-07-01", "until_day": "2026-07-31"}),
    "missing_energy": ("JL01", {"normal_kwh": "900", "fault_kwh": "600", "part": "voltage_transformer",
                                "replaced": True}),
    "reading": ("CH14", {"true_kwh": "500", "billed_kwh": "620"}),
    "unauthorised_supply": ("DJ09", {"supply_kw": "12", "stopped": True}),
    "moved_meter": ("FQ03", {"times": "2", "stopped": True}),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
async def utility(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        arrange.county(owner)
        for table, rows in catalogue_rows(catalogue()).items():
            if table != "rule_version":
                for row in rows:
                    names = ", ".join(row)
                    marks = ", ".join(["%s"] * len(row))
                    owner.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
        for kind, account in ACCOUNTS.items():
            arrange.account(owner, NUMBERS[kind], account)
        arrange.account(owner, NUMBERS["new"], Given({**RESIDENTIAL, "scheme": "single_part"}, {}, since=None))
        number = arrange.queue(owner)
    await bill_run(COUNTY, number)


def ticket(owner: psycopg.Connection, code: str, customer: str | None, *, finding: str = "true") -> str:
    """A ticket whose finding was submitted; an earlier one of the same object and topic is closed."""
    number = f"T-{uuid.uuid4().hex[:8]}"
    owner.execute("UPDATE audit_ticket SET closed_at = now() WHERE closed_at IS NULL")
    builders.ticket(owner, number, status=60, finding=finding)
    owner.execute(
        "UPDATE audit_ticket SET anomaly_code = %s, customer_number = %s, district_code = %s, assigned_path = %s"
        " WHERE number = %s",
        (code, NUMBERS[customer] if customer else None, number, SOUTH, number),
    )
    return number


def asked(calculation: str, **more: Any) -> Asked:
    return Asked(form=calculation, values=FIELDS[calculation][1], **more)


async def made(owner: psycopg.Connection, calculation: str, customer: str, **values: Any) -> Any:
    code, given = FIELDS[calculation]
    number = ticket(owner, code, customer)
    found = await preview(SUPERVISOR, number, Asked(form=calculation, values={**given, **values}), NOW)
    return found.amounts


def test_every_calculation_has_an_example():
    assert set(FIELDS) == {form.calculation for form in forms().values() if form.calculation}


async def test_a_theft_is_priced_by_the_customers_own_bill(owner):
    """E20: 2 kW at a household, time unknown: 2 x 180 x 6 = 2,160 kWh, at 0.52 1,123.20; up to 3 x of it on top."""
    amounts = await made(owner, "theft", "household")
    assert amounts.basis["price"] == "0.52"
    assert (amounts.kwh, amounts.yuan, amounts.cap, amounts.breach) == (2160, D("1123.20"), D("3369.60"), D("3369.60"))
    assert amounts.basis["price_from"] == f"{NUMBERS['household']}-202607-0"


async def test_a_theft_by_the_meters_nominal_current_at_a_power_user(owner):
    """5 A of 5(60), 220 V, one phase: 1.1 kW x 180 x 12 h."""
    by_current = {"basis": "nominal_current", "nominal_current_a": "5", "nominal_voltage_v": "220", "phases": 1,
                  "transformer_ratio": "1", "power_kw": None}  # fmt: skip
    amounts = await made(owner, "theft", "shop", **by_current)
    assert amounts.kwh == D("2376")
    assert amounts.yuan == (D("2376") * D(amounts.basis["price"])).quantize(D("0.01"))
    known = await made(owner, "theft", "shop", **by_current, days=10, hours_a_day="2")
    assert known.kwh == 22


async def test_over_capacity_and_sealed_equipment_take_the_tariffs_capacity_price(owner):
    """E23, E24: +200 kVA for 3 months, 250 kVA for 2, two-part: basic charge and up to 3 x or 2 x."""
    over = await made(owner, "over_capacity", "factory")
    price = D(over.basis["capacity_price"])
    assert (over.yuan, over.cap) == (200 * 3 * price, 3 * 200 * 3 * price)
    sealed = await made(owner, "sealed", "factory")
    assert (sealed.yuan, sealed.cap) == (250 * 2 * price, 2 * 250 * 2 * price)
    single = await made(owner, "over_capacity", "shop", excess_kva="40")
    assert (single.yuan, single.cap) == (0, D("2000.00"))


async def test_a_two_part_account_needs_the_months(owner):
    with pytest.raises(NotComputable) as refused:
        await made(owner, "over_capacity", "factory", months="")
    assert (refused.value.why, refused.value.field) == ("missing", "months")


async def test_a_lower_class_is_billed_again_for_the_real_days(owner):
    """E25 in kind: a farm that was a shop. A month is right bill minus issued bill, ten days are a share of it."""
    whole = await made(owner, "wrong_class", "farm")
    case = parse_case(arrange.value(owner, "SELECT case_content FROM bill WHERE customer_number = %s", NUMBERS["farm"]))
    right = bill(case.model_copy(update={"account": case.account.model_copy(update={"scheme": "single_part"})}))
    assert whole.yuan == right.total - bill(case).total > 0
    assert whole.cap == 2 * whole.yuan
    half = await made(owner, "wrong_class", "farm", until_day="2026-07-10")
    assert half.yuan == (whole.yuan * 10 / 31).quantize(D("0.01"), "ROUND_HALF_UP")


async def test_where_the_utility_was_wrong_there_is_no_breach_charge(owner):
    amounts = await made(owner, "wrong_class", "farm", fault_of="utility")
    assert amounts.charge is None and amounts.breach == 0 and amounts.yuan > 0


async def test_a_part_of_the_energy_takes_the_difference_of_the_prices(owner):
    amounts = await made(owner, "wrong_class", "farm", class_kwh="100")
    billed, right = D(amounts.basis["billed_price"]), D(amounts.basis["right_price"])
    assert amounts.yuan == (100 * right).quantize(D("0.01")) - (100 * billed).quantize(D("0.01"))


async def test_a_class_that_costs_less_gives_money_back(owner):
    amounts = await made(owner, "wrong_class", "shop", right_scheme="agricultural")
    assert amounts.yuan < 0 and amounts.charge is None


async def test_line_loss_that_was_not_charged_is_billed_again(owner):
    amounts = await made(owner, "rebilling", "factory")
    assert amounts.yuan > 0 and amounts.kwh > 0


async def test_a_fast_meter_a_wrong_wiring_a_wrong_multiplier(owner):
    """E17, E18, E19: -180 kWh, +24,000 kWh, +5,000 kWh."""
    assert (await made(owner, "meter_error", "shop")).kwh == -180
    assert (await made(owner, "meter_error", "shop")).yuan < 0
    assert (await made(owner, "wiring", "shop")).kwh == 24_000
    assert (await made(owner, "multiplier", "shop")).kwh == 5_000


async def test_energy_of_the_time_comes_from_the_bills_by_days(owner):
    """3,000 kWh in July; 15 of 31 days; a multiplier of 1 that was 2 really."""
    amounts = await made(owner, "multiplier", "shop", dial_units="", billed_multiplier="1", true_multiplier="2",
                         until_day="2026-07-15")  # fmt: skip
    assert amounts.kwh == D("1452") and amounts.basis["energy_kwh"] == "1451.61"


async def test_rates_without_energy(owner):
    assert (await made(owner, "unauthorised_supply", "shop")).cap == 12 * 500
    assert (await made(owner, "moved_meter", "household")).cap == 2 * 500
    assert (await made(owner, "moved_meter", "shop")).cap == 2 * 5000


@pytest.mark.parametrize(
    ("calculation", "customer", "change", "why"),
    [
        ("theft", "new", {}, "no_bill"),
        ("wrong_class", "shop", {"from_day": "2026-05-01", "until_day": "2026-05-31"}, "no_bill"),
        ("rebilling", "shop", {"change": "time_of_use", "right_line_loss_percent": ""}, "not_billable"),
        ("wiring", "shop", {"element_2": "reversed"}, "no_coefficient"),
        ("theft", None, {}, "no_customer"),
    ],
)
async def test_what_can_not_be_computed_says_why(owner, calculation, customer, change, why):
    with pytest.raises(NotComputable) as refused:
        await made(owner, calculation, customer, **change)
    assert refused.value.why == why


async def test_what_costs_nothing_is_zero(owner):
    number = ticket(owner, "YK08", None)
    given = {"on_file": "none", "on_site": "signed anew", "corrected": True}
    found = await preview(SUPERVISOR, number, Asked(values=given), NOW)
    assert (found.amounts.kwh, found.amounts.total, found.steps("en")) == (0, 0, {})
    outcome = await set_amounts(SUPERVISOR, number, Asked(values=given), change_id=uuid.uuid4(), based_on=None, now=NOW)
    assert outcome.version > 0
    assert (await amounts_of(SUPERVISOR, number)).recovered_yuan == 0


async def test_the_calculation_is_a_tree_in_words_of_both_languages(owner):
    number = ticket(owner, "FQ04", "household")
    found = await preview(SUPERVISOR, number, asked("theft"), NOW)
    for language, word in (("en", "Largest breach charge"), ("zh", "违约使用电费上限")):
        steps = found.steps(language)
        assert word in steps["cap"].text and "3369.6" in steps["cap"].text
        assert steps["yuan"].steps
    assert found.articles()[0]["certainty"] == "unverified"


async def decide(number: str, given: Asked, change_id: uuid.UUID | None = None) -> Any:
    return await set_amounts(SUPERVISOR, number, given, change_id=change_id or uuid.uuid4(), based_on=None, now=NOW)


async def test_a_decision_is_booked_once_and_told_in_the_chain(owner):
    number, change = ticket(owner, "FQ04", "household"), uuid.uuid4()
    first = await decide(number, asked("theft", charge="1000"), change)
    again = await decide(number, asked("theft", charge="1000"), change)
    assert again.repeated and again.version == first.version
    row = owner.execute(
        "SELECT recovered_kwh, recovered_yuan, breach_yuan, amounts FROM audit_ticket WHERE number = %s", (number,)
    ).fetchone()
    assert row[:3] == (D("2160.00"), D("1123.20"), D("1000.00"))
    booked = [one for one in await adjustments.adjustments_of(SUPERVISOR, NUMBERS["household"])
              if one["ticket_number"] == number]  # fmt: skip
    assert sorted(one["number"] for one in booked) == sorted(row[3]["adjustments"])
    assert {one["kind"]: one["energy_yuan"] + one["breach_yuan"] for one in booked} == {
        "back_billing": D("1123.20"), "breach": D("1000.00"),
    }  # fmt: skip
    body = arrange.value(
        owner, "SELECT body FROM ticket_event WHERE ticket_number = %s AND kind = 'set_amounts'", number
    )
    assert (body["breach_yuan"], body["cap_yuan"], body["form"]) == ("1000", "3369.60", "theft")
    assert body["adjustments"] == row[3]["adjustments"]


async def test_deciding_again_takes_the_first_decision_back_by_further_rows(owner):
    number = ticket(owner, "FQ04", "household")
    await decide(number, asked("theft", charge="3000"))
    await decide(number, asked("theft", charge="10.50"))
    booked = [one for one in await adjustments.adjustments_of(SUPERVISOR, NUMBERS["household"])
              if one["ticket_number"] == number]  # fmt: skip
    assert len(booked) == 6 and len([one for one in booked if one["reverses"]]) == 2
    assert sum(one["breach_yuan"] for one in booked) == D("10.50")
    assert sum(one["energy_yuan"] for one in booked) == D("1123.20")
    assert sum(one["energy_kwh"] for one in booked) == D("2160.00")


async def test_a_charge_above_its_cap_or_none_at_all_is_refused_and_books_nothing(owner):
    number = ticket(owner, "FQ04", "household")
    before = arrange.value(owner, "SELECT count(*) FROM adjustment")
    with pytest.raises(NotAccepted) as refused:
        await decide(number, asked("theft", charge="3369.61"))
    assert refused.value.findings[0]["rule"] == "breach_above_cap"
    for charge, code in ((None, "missing"), ("-1", "not_a_number"), ("1.001", "not_a_number"), ("x", "not_a_number")):
        with pytest.raises(FormFaults) as faults:
            await decide(number, asked("theft", charge=charge))
        assert [(fault.field, fault.code) for fault in faults.value.faults] == [("charge", code)]
    assert arrange.value(owner, "SELECT count(*) FROM adjustment") == before


async def test_who_may_not_and_when_not(owner):
    number = ticket(owner, "FQ04", "household")
    given = asked("theft", charge="10")
    for person in (viewer(SOUTH, "inspector", "E1"), viewer(SOUTH, "manager")):
        with pytest.raises(NotAllowed):
            await set_amounts(person, number, given, change_id=uuid.uuid4(), based_on=None, now=NOW)
    with pytest.raises(UnknownTicket):
        await preview(viewer(NORTH, "supervisor"), number, given, NOW)
    with pytest.raises(NotAllowed):
        await decide(ticket(owner, "FQ04", "shop", finding="false"), given)
    assert arrange.value(owner, "SELECT count(*) FROM adjustment WHERE ticket_number = %s", number) == 0


# The same rules for any figures: no database, the bills of two accounts.
def known(kind: str) -> CustomerBills:
    months = []
    for place in range(4, 8):
        terms = ACCOUNTS[kind].terms or {}
        readings = {"start": f"2026-{place:02d}-01", "end": f"2026-{place + 1:02d}-01", "meters": [
            {"multiplier": str(ACCOUNTS[kind].multiplier), "registers": {
                name: {"previous": first, "current": last} for name, (first, last) in ACCOUNTS[kind].registers.items()
            }}]}  # fmt: skip
        history = {"history": {"year_to_date_kwh": "100"}} if kind == "household" else {}
        case = parse_case({"account": {"account": "1", **terms}, "readings": readings, **history})
        months.append(IssuedBill(f"1-2026{place:02d}-0", date(2026, place, 1), 0, case))
    return CustomerBills("1", months[-1].case.account, months, months[-1])


KNOWN = {"shop": known("shop"), "factory": known("factory")}
figures = st.decimals("0.01", "99999", places=2).map(str)
days = st.dates(date(2026, 4, 1), date(2026, 7, 31)).map(date.isoformat)
yes = st.just(True)
SPAN = {"from_day": st.just("2026-04-01"), "until_day": days}
ANY = {
    "theft": {"basis": st.just("device_rating"), "power_kw": figures, "stopped": yes, "days": st.integers(1, 3660),
              "hours_a_day": st.decimals("0.1", "24", places=1).map(str)},
    "over_capacity": {"excess_kva": figures, "months": st.decimals("0.01", "120", places=2).map(str), "stopped": yes},
    "sealed": {"sealed_kva": figures, "months": st.decimals("0.01", "120", places=2).map(str), "stopped": yes},
    "wrong_class": {"right_scheme": st.sampled_from(["agricultural", "single_part", "two_part", "combined_meter"]),
                    "fault_of": st.sampled_from(["customer", "utility"]), **SPAN},
    "rebilling": {"change": st.just("line_loss"), **SPAN,
                  "right_line_loss_percent": st.decimals("0.01", "20", places=2).map(str)},
    "multiplier": {"billed_multiplier": figures, "true_multiplier": figures, **SPAN},
    "meter_error": {"error_percent": st.decimals("-99", "900", places=2).map(str), "replaced": yes,
                    "verified_on": st.just("2026-04-01"), "corrected_on": days},
    "wiring": {f"element_{n}": st.sampled_from(["right", "none", "reversed"]) for n in (1, 2, 3)} | SPAN,
    "missing_energy": {"normal_kwh": figures, "fault_kwh": figures, "part": st.just("meter"), "replaced": yes},
    "reading": {"true_kwh": figures, "billed_kwh": figures},
    "unauthorised_supply": {"supply_kw": figures, "stopped": yes},
    "moved_meter": {"times": st.integers(1, 100), "stopped": yes},
}  # fmt: skip


@given(
    st.sampled_from(sorted(ANY)).flatmap(lambda name: st.tuples(st.just(name), st.fixed_dictionaries(ANY[name]))),
    st.sampled_from(sorted(KNOWN)),
    st.none() | st.decimals("-10", "1e9", places=2),
)
def test_whatever_was_found_no_charge_passes_above_its_cap_and_every_figure_is_proved(found, customer, charge):
    name, given = found
    form = form_for(FIELDS[name][0], name)
    values, faults = check(form, given)
    assert faults == []
    try:
        amounts = compute(form, values, KNOWN[customer], charge)
    except NotComputable:
        return
    assert amounts.total == amounts.yuan + amounts.breach
    assert amounts.yuan == amounts.yuan.quantize(D("0.01"))
    if amounts.correction:
        values_of = evaluate(amounts.correction.trace)
        assert values_of[amounts.correction.amount_trace] == amounts.yuan
        assert values_of[amounts.correction.kwh_trace] == amounts.kwh
        if name in ("meter_error", "multiplier", "missing_energy", "reading", "wiring"):
            assert amounts.yuan * amounts.kwh >= 0, "energy and money go the same way"
    if amounts.charge:
        assert evaluate(amounts.charge.trace)[amounts.charge.cap_trace] == amounts.cap
        assert amounts.charge.accepted == (0 <= amounts.breach <= amounts.cap)
        assert amounts.yuan >= 0
    else:
        assert amounts.breach == 0


@given(st.integers(1, 30))
def test_a_time_in_two_parts_costs_what_the_whole_costs_but_for_a_cent_of_rounding(cut):
    form = form_for("DJ02", "wrong_class")
    base = {"right_scheme": "agricultural", "fault_of": "utility"}

    def yuan(first: str, last: str) -> Decimal:
        values, faults = check(form, {**base, "from_day": first, "until_day": last})
        assert faults == []
        return compute(form, values, KNOWN["shop"]).yuan

    whole = yuan("2026-07-01", "2026-07-31")
    parts = yuan("2026-07-01", f"2026-07-{cut:02d}") + yuan(f"2026-07-{cut + 1:02d}", "2026-07-31")
    assert abs(whole - parts) <= D("0.01")


def test_the_average_price_leaves_out_basic_charge_and_power_factor():
    """Exactly the tariff's price where there is one: the rounding of the bill's lines is not in it."""
    made = bill(KNOWN["factory"].latest.case)
    amounts = made.amounts()
    assert amounts["capacity_charge"] > 0
    energy = made.total - amounts["capacity_charge"] - amounts.get("power_factor", D(0))
    assert abs(average_price(made) * made.energy.billed_kwh - energy) <= len(made.lines) * D("0.006")
