"""Accounts of every kind with their terms, meters and readings of one month, written by SQL as the schema's owner."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from settings import DISPLAY_ZONE
from tests import builders
from tests.builders import SOUTH_STATION, county_of

MONTH = date(2026, 7, 1)
NEXT = date(2026, 8, 1)
KNOWN_AT = datetime(2026, 11, 24, 3, 0, tzinfo=DISPLAY_ZONE)
COUNTY = county_of(SOUTH_STATION)
Registers = Mapping[str, tuple[str, str]]
FORMULA = {
    "method": "formula", "rated_kva": "200", "no_load_loss_kw": "0.34", "load_loss_kw": "2.60",
    "no_load_current_percent": "1.0", "short_circuit_percent": "4", "load_shape_factor": "1.2",
}  # fmt: skip
HIGH = {"area": "jibei", "voltage": "1-10(20)kV", "time_of_use": True}


@dataclass(frozen=True)
class Given:
    """One account as it is arranged. `since` is where the year's tiers begin on the dial, None: nobody read it."""

    terms: dict[str, Any] | None
    registers: Registers
    multiplier: int = 1
    digits: int = 6
    since: str | None = "100"
    opened: date = date(2020, 3, 1)
    closed: date | None = None
    demand: str | None = None
    changes: Sequence[tuple[date, Registers]] = field(default_factory=tuple)
    """Meters that came before the last one in this month: when each went, and its registers."""


def _periods(*kwh: str) -> dict[str, tuple[str, str]]:
    names = ("sharp", "peak", "flat", "valley", "deep_valley")
    return {name: ("10", str(10 + Decimal(used))) for name, used in zip(names, kwh, strict=True)}


TOU = _periods("450", "750", "1200", "1200", "0") | {"total": ("100", "3700")}
REACTIVE = {"reactive_forward": ("5", "1405"), "reactive_reverse": ("1", "21")}
RESIDENTIAL = {"area": "jibei", "scheme": "tiered", "voltage": "<1kV", "capacity_kva": "8"}

BILLED: dict[str, Given] = {
    "tiered": Given(RESIDENTIAL, {"total": ("1000", "1180.55")}),
    "tiers 2 and 3": Given(RESIDENTIAL, {"total": ("2200", "3900.37")}, since="100"),
    "large family": Given({**RESIDENTIAL, "persons": 6}, {"total": ("2200", "3900.37")}),
    "free allowance": Given({**RESIDENTIAL, "free_kwh": "15"}, {"total": ("500", "640")}),
    "tiered by periods": Given(
        {**RESIDENTIAL, "scheme": "tiered_time_of_use"},
        {"total": ("1000", "1350"), "peak": ("600", "800"), "valley": ("400", "550")},
    ),
    "heating": Given(
        {**RESIDENTIAL, "scheme": "heating_time_of_use"},
        {"total": ("0", "1000"), "peak": ("0", "300"), "valley": ("0", "700")},
        since=None,
    ),
    "combined meter": Given({**RESIDENTIAL, "scheme": "combined_meter"}, {"total": ("9", "309.99")}, since=None),
    "agricultural": Given({**RESIDENTIAL, "scheme": "agricultural"}, {"total": ("0", "777.77")}, since=None),
    "shop": Given({**RESIDENTIAL, "scheme": "single_part", "capacity_kva": "30"}, {"total": ("0", "3000")}, since=None),
    "shop by periods": Given(
        {**RESIDENTIAL, "scheme": "single_part", "capacity_kva": "60", "time_of_use": True}, TOU, 20, since=None
    ),
    "hotel with losses": Given(
        {**HIGH, "scheme": "single_part", "capacity_kva": "200", "power_factor_standard": "0.85",
         "transformers": [FORMULA], "line_loss_percent": "1.25"},
        TOU | REACTIVE, 10, since=None,
    ),
    "table loss": Given(
        {**HIGH, "scheme": "single_part", "capacity_kva": "200", "transformers": [
            {"method": "table", "iron_kwh_per_day": "12.3", "copper_share": "0.015"}]},
        TOU, 10, since=None,
    ),
    "capacity": Given(
        {**HIGH, "scheme": "two_part", "basic_charge": "capacity", "capacity_kva": "630",
         "power_factor_standard": "0.90"},
        TOU | REACTIVE, 40, since=None,
    ),
    "contract demand exceeded": Given(
        {**HIGH, "scheme": "two_part", "basic_charge": "contract_demand", "capacity_kva": "1250",
         "contract_demand_kw": "500", "power_factor_standard": "0.90"},
        TOU | REACTIVE, 100, demand="5.6789", since=None,
    ),
    "actual demand with discount": Given(
        {**HIGH, "scheme": "two_part", "basic_charge": "actual_demand", "capacity_kva": "1250",
         "power_factor_standard": "0.90"},
        TOU | REACTIVE, 100, demand="9", since=None,
    ),
    "market customer with a sub-account": Given(
        {**HIGH, "scheme": "two_part", "basic_charge": "capacity", "capacity_kva": "400", "supply": "contract",
         "contract_prices": {"all": "0.4123", "peak": "0.6001"}, "power_factor_standard": "0.85",
         "sub_accounts": [{"code": "living", "kind": "ratio", "value": "0.03", "scheme": "combined_meter"}]},
        TOU | REACTIVE, 30, since=None,
    ),
    "left the market": Given(
        {**HIGH, "scheme": "single_part", "capacity_kva": "80", "agency_penalty": True}, TOU, since=None
    ),
    "opened in the month": Given(
        {**HIGH, "scheme": "two_part", "basic_charge": "capacity", "capacity_kva": "630"}, TOU, 40, since=None,
        opened=date(2026, 7, 12),
    ),
    "closed in the month": Given(RESIDENTIAL, {"total": ("300", "420.4")}, closed=date(2026, 7, 21)),
    "meter changed": Given(
        RESIDENTIAL, {"total": ("3", "55.25")}, changes=[(date(2026, 7, 11), {"total": ("8000.5", "8100.75")})],
        since="7600",
    ),
    "two meters changed": Given(
        {**RESIDENTIAL, "scheme": "combined_meter"}, {"total": ("0", "50")}, since=None,
        changes=[(date(2026, 7, 11), {"total": ("10", "30.5")}), (date(2026, 7, 20), {"total": ("1", "9.25")})],
    ),
    "dial rolled over": Given(RESIDENTIAL, {"total": ("999950", "80.5")}, since="999000"),
}  # fmt: skip
"""By kind of account: what `billing` must bill."""

FAULTY: dict[str, tuple[Given, str]] = {
    "reading fell behind": (Given(RESIDENTIAL, {"total": ("500", "480")}), "reading_decreased"),
    "no reading": (Given(RESIDENTIAL, {}), "missing_register"),
    "no dial for a period": (
        Given({**HIGH, "scheme": "single_part", "capacity_kva": "80"}, {"total": ("1", "2")}, since=None),
        "missing_register",
    ),
    "no terms": (Given(None, {"total": ("1", "2")}), "unknown_tariff"),
    "terms that do not fit": (
        Given({"area": "jibei", "scheme": "free lunch"}, {"total": ("1", "2")}),
        "unknown_tariff",
    ),
    "unknown area": (Given({**RESIDENTIAL, "area": "atlantis"}, {"total": ("1", "2")}), "unknown_tariff"),
    "nobody read the dial in January": (
        Given(RESIDENTIAL, {"total": ("500", "600")}, since=None),
        "missing_register",
    ),
}
"""By kind of fault: the account, and the rule that its finding names."""


def numbered() -> dict[str, str]:
    """Kind → customer number."""
    return {kind: f"{COUNTY}{place:06d}" for place, kind in enumerate([*BILLED, *FAULTY], 1)}


def midnight(day: date) -> datetime:
    """00:00 local."""
    return datetime(day.year, day.month, day.day, tzinfo=DISPLAY_ZONE)


def closes(day: date) -> date:
    """The month that a reading at 00:00 of a day closes."""
    return (day - timedelta(days=1)).replace(day=1)


def county(owner: psycopg.Connection) -> None:
    """The south county with one district and one section, and partitions for its year."""
    builders.organisations(owner)
    for table in ("meter_reading", "usage_month", "district_energy", "bill", "bill_line"):
        owner.execute("SELECT ensure_month_partitions(%s, '2025-12-01', '2026-12-01')", (table,))
    owner.execute(
        "INSERT INTO reading_section (county_code, code, name, reading_day, org_path) VALUES (%s, 'A', 'A', 1, %s)",
        (COUNTY, SOUTH_STATION),
    )


def account(owner: psycopg.Connection, number: str, given: Given, station: str = SOUTH_STATION) -> None:
    """Customer, terms, meters and readings."""
    code = county_of(station)
    owner.execute(
        "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code,"
        " district_code, reading_section_code, opened_on, closed_on, org_path, is_demo)"
        " VALUES (%s, %s, 'demo', 'residential', '<1kV', 8, 'tiered', 'D1', 'A', %s, %s, %s, true)",
        (code, number, given.opened, given.closed, station),
    )
    if given.terms is not None:
        owner.execute(
            "INSERT INTO account_terms (county_code, customer_number, valid_from, terms, org_path)"
            " VALUES (%s, %s, %s, %s, %s)",
            (code, number, given.opened, json.dumps(given.terms), station),
        )
    begin, end = max(MONTH, given.opened), given.closed or NEXT
    spans = [*given.changes, (end, given.registers)]
    for place, (until, registers) in enumerate(spans):
        meter = f"M{number}-{place}"
        owner.execute(
            "INSERT INTO meter (county_code, number, customer_number, multiplier, digits, installed_on, removed_on,"
            " org_path) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (code, meter, number, given.multiplier, given.digits, begin if place else given.opened,
             until if place < len(spans) - 1 else None, station),
        )  # fmt: skip
        new = place > 0 or given.opened >= MONTH
        for register, (first, last) in registers.items():
            month = MONTH if begin > MONTH else closes(begin)
            reading(owner, number, meter, register, begin, first, "installed" if new else "period_end", month, station)
            reading(owner, number, meter, register, until, last,
                    "removed" if until != NEXT else "period_end", MONTH, station)  # fmt: skip
        if given.demand and place == len(spans) - 1:
            reading(owner, number, meter, "maximum_demand", until, given.demand, "period_end", MONTH, station)
        begin = until
    if given.since is not None and given.opened < date(2026, 1, 1):
        first_day = date(2026, 1, 1)
        reading(
            owner, number, f"M{number}-0", "total", first_day, given.since, "period_end", closes(first_day), station
        )


def reading(
    owner: psycopg.Connection, customer: str, meter: str, register: str, day: date, dial: str, kind: str, month: date,
    station: str = SOUTH_STATION,
) -> None:  # fmt: skip
    """One reading at 00:00."""
    owner.execute(
        "INSERT INTO meter_reading (county_code, month, customer_number, meter_number, register, read_at, kind,"
        " reading, method, quality, org_path) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'remote', 'valid', %s)",
        (county_of(station), month, customer, meter, register, midnight(day), kind, dial, station),
    )


def queue(owner: psycopg.Connection, month: date = MONTH, section: str | None = None, code: str = COUNTY) -> int:
    """A run of the county's month; returns its number."""
    row = owner.execute(
        "SELECT queue_billing_run(%s, %s, %s, 'tester', %s)", (code, month, section, KNOWN_AT)
    ).fetchone()
    assert row is not None
    return int(row[0])


def value(owner: psycopg.Connection, query: str, *parameters: Any) -> Any:
    """The first column of the first row."""
    row = owner.execute(query, parameters).fetchone()
    return row[0] if row else None
