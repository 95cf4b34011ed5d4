"""Refunds, back-billing and breach amounts: as computed, kept apart, never above the cap, never changed."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from billing.breach import theft
from billing.corrections import meter_error
from data_access import adjustments
from data_access.adjustments import Decision, MayNotDecide, NotAccepted
from tests.builders import NORTH, SOUTH, viewer
from tests.money import arrange
from tests.money.arrange import COUNTY, RESIDENTIAL, Given

CUSTOMER = f"{COUNTY}000001"
SUPERVISOR = viewer(SOUTH, "supervisor")


@pytest.fixture(scope="module", autouse=True)
def customer(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        arrange.county(owner)
        arrange.account(owner, CUSTOMER, Given(RESIDENTIAL, {"total": ("1", "2")}))


async def test_a_theft_gives_recovered_energy_and_a_breach_amount_apart(owner: psycopg.Connection) -> None:
    """Domain sheet 10, E20: 2 kW, time unknown, at 0.52: 1,123.20 and 3,369.60."""
    made = theft(CUSTOMER, Decimal(2), Decimal("0.52"))
    numbers = await adjustments.record_breach(SUPERVISOR, made, Decision(customer=CUSTOMER, ticket_number="T1"))
    assert numbers == [f"A{CUSTOMER}-0001", f"A{CUSTOMER}-0002"]
    newest, oldest = await adjustments.adjustments_of(viewer(SOUTH), CUSTOMER)
    assert (oldest["kind"], oldest["energy_kwh"], oldest["energy_yuan"], oldest["breach_yuan"]) == (
        "back_billing", Decimal("2160.00"), Decimal("1123.20"), 0,
    )  # fmt: skip
    assert (newest["kind"], newest["energy_yuan"], newest["breach_yuan"], newest["cap_yuan"]) == (
        "breach", 0, Decimal("3369.60"), Decimal("3369.60"),
    )  # fmt: skip
    assert "供电营业规则(2024)" in newest["article"] and newest["content"]["trace"]
    logged = owner.execute("SELECT count(*) FROM audit_log WHERE action = 'adjust'").fetchone()
    assert logged == (2,)


async def test_a_refund_is_negative_and_summed_apart(owner: psycopg.Connection) -> None:
    """Domain sheet 10, E17: meter fast by 3 %: 180 kWh, 119.01 yuan."""
    made = meter_error(Decimal(6180), Decimal("0.03"), Decimal("0.66116875"))
    number = await adjustments.record_correction(SUPERVISOR, made, Decision(customer=CUSTOMER))
    assert number.startswith(f"A{CUSTOMER}-")
    stored = (await adjustments.adjustments_of(viewer(SOUTH), CUSTOMER))[0]
    assert (stored["kind"], stored["energy_kwh"], stored["energy_yuan"]) == (
        "refund", Decimal("-180.00"), Decimal("-119.01"),
    )  # fmt: skip
    sums = await adjustments.adjustment_sums(viewer(SOUTH), date(2000, 1, 1), date(2999, 1, 1))
    assert sums["refunded_yuan"] == Decimal("-119.01")
    assert sums["late_fee_yuan"] == 0
    assert (await adjustments.adjustment_sums(viewer(NORTH), date(2000, 1, 1), date(2999, 1, 1)))["breach_yuan"] == 0


async def test_a_charge_above_the_cap_is_refused(owner: psycopg.Connection) -> None:
    before = arrange.value(owner, "SELECT count(*) FROM adjustment")
    made = theft(CUSTOMER, Decimal(2), Decimal("0.52"), charge=Decimal("3369.61"))
    with pytest.raises(NotAccepted) as refused:
        await adjustments.record_breach(SUPERVISOR, made, Decision(customer=CUSTOMER))
    assert refused.value.findings[0]["rule"] == "breach_above_cap"
    assert arrange.value(owner, "SELECT count(*) FROM adjustment") == before


async def test_who_may_not_decide() -> None:
    made = meter_error(Decimal(6180), Decimal("0.03"), Decimal("0.66116875"))
    with pytest.raises(MayNotDecide):
        await adjustments.record_correction(viewer(SOUTH, "inspector"), made, Decision(customer=CUSTOMER))
    with pytest.raises(LookupError):
        await adjustments.record_correction(viewer(NORTH, "supervisor"), made, Decision(customer=CUSTOMER))
    assert await adjustments.adjustments_of(viewer(NORTH), CUSTOMER) == []
