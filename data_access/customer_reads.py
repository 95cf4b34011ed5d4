"""A customer as the page shows it: file, meters, terms, use, peers, readings with checks, bills, corrections, audit.

Name, phone and address are masked here; `data_access.reveals` shows them to whoever may see them, with a logged reason.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from billing import Case, parse_case
from billing.checks.months import MonthCheck, check_months
from data_access.cards import masked_name, masked_phone
from data_access.engine import reading
from data_access.months import month_back, months_between
from data_access.objects import audit_of, dicts, units_above
from data_access.reveals import masked_address
from data_access.scope import Viewer
from data_access.usage import unpack

PEERS = 100
"""Others of the same class whose mean is shown."""
FEW_PEERS = 3
"""With fewer, a mean would be somebody's own use: it is then not shown."""
_FILE = text("""
SELECT customer.county_code, customer.number, customer.name, customer.category, customer.voltage,
    customer.contract_capacity_kva, customer.tariff_code, customer.trade_code, customer.phone, customer.address,
    customer.opened_on, customer.closed_on, customer.org_path::text AS org_path, customer.is_demo,
    ST_X(customer.location) AS lon, ST_Y(customer.location) AS lat, customer.district_code, district.name AS district,
    district.kind AS district_kind, district.capacity_kva AS district_kva, district.feeder_code,
    ST_X(district.location) AS district_lon, ST_Y(district.location) AS district_lat,
    ST_AsGeoJSON(district.service_area, 6) AS service_area, section.code AS section_code, section.name AS section,
    section.reading_day, reader.number AS reader_number, reader.name AS reader
FROM customer
LEFT JOIN transformer_district AS district ON district.county_code = customer.county_code
    AND district.code = customer.district_code
LEFT JOIN reading_section AS section ON section.county_code = customer.county_code
    AND section.code = customer.reading_section_code
LEFT JOIN employee AS reader ON reader.number = section.reader_number
WHERE customer.number = :number
""")
_METERS = text("""
SELECT number, multiplier, digits, installed_on, removed_on FROM meter
WHERE county_code = :county AND customer_number = :number ORDER BY installed_on DESC, number
""")
_TERMS = text("""
SELECT valid_from, valid_until, terms FROM account_terms
WHERE county_code = :county AND customer_number = :number ORDER BY valid_from DESC
""")
_MONTHS = text("""
SELECT own.month, energy_kwh, daily_kwh, sharp_kwh, peak_kwh, flat_kwh, valley_kwh, deep_valley_kwh, fed_in_kwh,
    reactive_kvarh, maximum_demand_kw
FROM unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT usage_month.* FROM usage_month WHERE county_code = :county AND usage_month.month = wanted.month
        AND customer_number = :number OFFSET 0
) AS own
ORDER BY own.month
""")
_BILLS = text("""
SELECT own.month, version, kind, corrects, reason, total, billed_kwh, loss_kwh, demand_kw, power_factor, certainty,
    issued_at, issued_by, period_start, period_end
FROM unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT bill.* FROM bill WHERE county_code = :county AND bill.month = wanted.month AND customer_number = :number
    OFFSET 0
) AS own
ORDER BY own.month DESC, version DESC
""")
_CASES = text("""
SELECT wanted.month, own.version, own.case_content::text
FROM unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT version, case_content FROM bill
    WHERE county_code = :county AND bill.month = wanted.month AND customer_number = :number
    ORDER BY version DESC LIMIT 1
) AS own
ORDER BY wanted.month
""")
_READINGS = text("""
SELECT meter_number, register, read_at, kind, reading, method, quality, own.month
FROM unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT meter_reading.* FROM meter_reading WHERE county_code = :county AND meter_reading.month = wanted.month
        AND customer_number = :number OFFSET 0
) AS own
ORDER BY read_at DESC, meter_number, register
""")
_ADJUSTMENTS = text("""
SELECT number, kind, cause, article, edition, from_day, until_day, energy_kwh, energy_yuan, breach_yuan, late_fee_yuan,
    cap_yuan, ticket_number, decided_by, decided_at FROM adjustment
WHERE county_code = :county AND customer_number = :number ORDER BY decided_at DESC, number
""")
# The same category and voltage in the own district first, then along the feeder; each one's use by month.
_PEERS = text("""
WITH peers AS (
    SELECT customer.number FROM transformer_district AS district
    JOIN customer ON customer.county_code = district.county_code AND customer.district_code = district.code
    WHERE district.county_code = :county AND district.feeder_code = :feeder AND customer.number <> :number
        AND customer.category = :category AND customer.voltage = :voltage AND customer.closed_on IS NULL
    ORDER BY district.code <> :district, customer.number LIMIT :limit
)
SELECT wanted.month, used.customers, used.mean_kwh
FROM unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT count(*) AS customers, avg(energy_kwh) AS mean_kwh FROM usage_month
    WHERE county_code = :county AND usage_month.month = wanted.month
        AND customer_number = ANY(ARRAY(SELECT number FROM peers))
) AS used
WHERE used.customers > 0 ORDER BY wanted.month
""")
PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """What the first paint of a customer's page needs. Energies in kWh, times aware, places WGS-84.

    `months` are unpacked: `daily_kwh` and `periods` (by name) as decimals a day, None where a reading is missing.
    `bills` are heads, newest first, corrections before what they correct.
    """

    file: dict[str, Any]
    units: list[dict[str, Any]]
    meters: list[dict[str, Any]]
    terms: list[dict[str, Any]]
    months: list[dict[str, Any]]
    peers: list[dict[str, Any]]
    bills: list[dict[str, Any]]
    risks: list[dict[str, Any]]
    tickets: list[dict[str, Any]]


async def customer_page(viewer: Viewer, number: str, last: date, count: int = 25) -> CustomerPage | None:
    """The page of a customer with the `count` months up to `last` (a first day); None where the viewer may not see one
    of that number. Nine statements.
    """
    async with reading(viewer) as connection:
        row = (await connection.execute(_FILE, {"number": number})).mappings().first()
        if row is None:
            return None
        file = dict(row)
        asked = {
            "county": file["county_code"], "number": number,
            "months": months_between(month_back(last, count - 1), last),
        }  # fmt: skip
        units = await units_above(connection, file["org_path"])
        meters = dicts(await connection.execute(_METERS, asked))
        terms = dicts(await connection.execute(_TERMS, asked))
        months = [_unpacked(month) for month in dicts(await connection.execute(_MONTHS, asked))]
        like = {
            "feeder": file["feeder_code"], "district": file["district_code"], "category": file["category"],
            "voltage": file["voltage"], "limit": PEERS,
        }  # fmt: skip
        peers = dicts(await connection.execute(_PEERS, {**asked, **like}))
        bills = dicts(await connection.execute(_BILLS, asked))
        risks = await audit_of(connection, "risks", "customer", file["county_code"], number)
        tickets = await audit_of(connection, "tickets", "customer", file["county_code"], number)
    for name, mask in (("name", masked_name), ("phone", masked_phone), ("address", masked_address)):
        file[name] = mask(file[name])
    for peer in peers:
        peer["mean_kwh"] = peer["mean_kwh"].quantize(Decimal("0.01"))
    return CustomerPage(
        file, units, meters, terms, months, [peer for peer in peers if peer["customers"] >= FEW_PEERS], bills, risks,
        tickets,
    )  # fmt: skip


def _unpacked(row: dict[str, Any]) -> dict[str, Any]:
    periods = {name: unpack(row[f"{name}_kwh"]) for name in PERIODS if row[f"{name}_kwh"] is not None}
    return {
        "month": row["month"],
        "energy_kwh": row["energy_kwh"],
        "daily_kwh": unpack(row["daily_kwh"]),
        "periods": periods,
        "fed_in_kwh": None if row["fed_in_kwh"] is None else unpack(row["fed_in_kwh"]),
        "reactive_kvarh": row["reactive_kvarh"],
        "maximum_demand_kw": row["maximum_demand_kw"],
    }


async def county_of(viewer: Viewer, number: str) -> str | None:
    """The county of a customer in scope; None: there is none. One statement."""
    async with reading(viewer) as connection:
        row = (await connection.execute(_FILE, {"number": number})).mappings().first()
        return None if row is None else str(row["county_code"])


async def readings_with_checks(
    viewer: Viewer, county: str, number: str, last: date, count: int = 13
) -> tuple[list[dict[str, Any]], list[MonthCheck]]:
    """A customer's readings, newest first, and what the reading checks say of each month that has a bill. Two
    statements; the checks run in a thread.

    `cases` that no longer fit the schema are left out of the checks: the readings are shown all the same.
    """
    asked = {"county": county, "number": number, "months": months_between(month_back(last, count - 1), last)}
    async with reading(viewer) as connection:
        readings = dicts(await connection.execute(_READINGS, asked))
        cases = [(row[0], row[2]) for row in await connection.execute(_CASES, asked)]
    return readings, await asyncio.to_thread(_checked, cases)


def _checked(cases: Sequence[tuple[date, str]]) -> list[MonthCheck]:
    parsed: list[tuple[date, Case]] = []
    for month, content in cases:
        try:
            parsed.append((month, parse_case(json.loads(content))))
        except ValueError:
            continue
    return check_months(parsed)


async def corrections_of(viewer: Viewer, county: str, number: str) -> list[dict[str, Any]]:
    """Refunds, back-billing, breach amounts and late fees of a customer, newest first. One statement."""
    async with reading(viewer) as connection:
        return dicts(await connection.execute(_ADJUSTMENTS, {"county": county, "number": number}))


async def problems_of(viewer: Viewer, county: str, number: str) -> list[dict[str, Any]]:
    """Problems that were confirmed at a customer, the newest first. One statement."""
    async with reading(viewer) as connection:
        return await audit_of(connection, "problems", "customer", county, number)
