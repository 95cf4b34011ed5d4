"""A transformer district as its page shows it: file, days, energy balance, customers, what audit knows, neighbours.

A district's code does not say its county; the index on it finds the county, and with it everything else by the leading
column of the primary keys. Customers' names are masked here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.district_rank import capacity_class, settlement
from audit.energy_balance import BalanceInput, CustomerUse, Loss, loss_contributions
from audit.loss_bands import loss_percent
from data_access.bill_input import month_after
from data_access.cards import masked_name, masked_phone
from data_access.engine import reading
from data_access.months import month_back
from data_access.objects import audit_of, dicts, units_above
from data_access.scope import Viewer

NEIGHBOURS = 120
"""Comparable districts that are read, the nearest first; those of the same settlement among them are ranked."""
_FILE = text("""
SELECT district.county_code, district.code, district.name, district.kind, district.capacity_kva,
    district.customer_count, district.org_path::text AS org_path, ST_X(district.location) AS lon,
    ST_Y(district.location) AS lat, ST_AsGeoJSON(district.service_area, 6) AS service_area,
    ST_Area(district.service_area::geography) AS area_m2, feeder.code AS feeder_code, feeder.name AS feeder,
    substation.name AS substation, manager.number AS manager_number, manager.name AS manager,
    manager.phone AS manager_phone
FROM transformer_district AS district
LEFT JOIN feeder ON feeder.code = district.feeder_code
LEFT JOIN substation ON substation.code = feeder.substation_code
LEFT JOIN employee AS manager ON manager.number = district.manager_number
WHERE district.code = :code
""")
_DAYS = text("""
SELECT day, supplied_kwh, sold_kwh, generated_kwh, meters, meters_read, state, reason, loss_percent
FROM district_energy
WHERE county_code = :county AND district_code = :district AND day >= :first AND day < :end
ORDER BY day
""")
# The latest version of a bill counts. Read energy: what an account is charged for losses is not on any meter.
_CUSTOMERS = text("""
SELECT customer.number, customer.name, customer.category, customer.voltage, customer.contract_capacity_kva,
    customer.tariff_code, customer.opened_on, customer.closed_on, ST_X(customer.location) AS lon,
    ST_Y(customer.location) AS lat, now.energy_kwh, before.energy_kwh AS before_kwh,
    year_ago.energy_kwh AS year_ago_kwh, billed.billed_kwh - COALESCE(billed.loss_kwh, 0) AS billed_kwh,
    billed.total AS billed_yuan, billed.version AS bill_version, risk.level AS risk_level, risk.score AS risk_score,
    COALESCE(risk.points, 0) AS risk_points, COALESCE(work.tickets, 0) AS open_tickets
FROM customer
LEFT JOIN usage_month AS now ON now.county_code = customer.county_code AND now.month = :month
    AND now.customer_number = customer.number
LEFT JOIN usage_month AS before ON before.county_code = customer.county_code AND before.month = :before
    AND before.customer_number = customer.number
LEFT JOIN usage_month AS year_ago ON year_ago.county_code = customer.county_code AND year_ago.month = :year_ago
    AND year_ago.customer_number = customer.number
LEFT JOIN LATERAL (
    SELECT bill.billed_kwh, bill.loss_kwh, bill.total, bill.version FROM bill
    WHERE bill.county_code = customer.county_code AND bill.month = :month AND bill.customer_number = customer.number
    ORDER BY bill.version DESC LIMIT 1
) AS billed ON true
LEFT JOIN (
    SELECT customer_number, min(level) AS level, max(score) AS score, count(*) AS points FROM risk_point
    WHERE county_code = :county AND district_code = :district AND state IN (0, 1, 3) GROUP BY customer_number
) AS risk ON risk.customer_number = customer.number
LEFT JOIN (
    SELECT customer_number, count(*) AS tickets FROM audit_ticket
    WHERE county_code = :county AND district_code = :district AND closed_at IS NULL GROUP BY customer_number
) AS work ON work.customer_number = customer.number
WHERE customer.county_code = :county AND customer.district_code = :district
ORDER BY customer.number
LIMIT :limit
""")
MOST_CUSTOMERS = 2_000
"""No district has as many; the limit keeps a wrong file from stopping the page."""
# An adjustment says from when to when; the ticket that it belongs to is then not counted again.
_LOSSES = text("""
SELECT ticket.number AS source, COALESCE(ticket.cause, problem.cause) AS cause, ticket.recovered_kwh AS kwh,
    CAST(NULL AS date) AS from_day,
    (COALESCE(ticket.found_at, problem.found_at, ticket.closed_at, ticket.opened_at) AT TIME ZONE 'Asia/Shanghai')::date
        AS found_on
FROM audit_ticket AS ticket
LEFT JOIN problem ON problem.county_code = ticket.county_code AND problem.ticket_number = ticket.number
WHERE ticket.county_code = :county AND ticket.district_code = :district AND ticket.finding = 'true'
    AND ticket.status <> 95 AND ticket.recovered_kwh <> 0
    AND NOT EXISTS (
        SELECT FROM adjustment WHERE adjustment.county_code = ticket.county_code
            AND adjustment.customer_number = ticket.customer_number AND adjustment.ticket_number = ticket.number
            AND adjustment.energy_kwh <> 0)
UNION ALL
SELECT adjustment.number, adjustment.cause, adjustment.energy_kwh, adjustment.from_day,
    COALESCE(adjustment.until_day, (adjustment.decided_at AT TIME ZONE 'Asia/Shanghai')::date)
FROM customer JOIN adjustment ON adjustment.county_code = customer.county_code
    AND adjustment.customer_number = customer.number
WHERE customer.county_code = :county AND customer.district_code = :district
    AND adjustment.kind IN ('refund', 'back_billing') AND adjustment.energy_kwh <> 0
ORDER BY 5 DESC, 1
""")
# The spatial index gives the nearest ones of the same kind and size, however large the utility is.
_SIMILAR = text("""
SELECT near.code, near.name, near.kind, near.capacity_kva, near.customer_count, near.lon, near.lat, near.metres,
    ST_Area(near.service_area::geography) AS area_m2, energy.supplied_kwh, energy.sold_kwh
FROM (
    SELECT other.county_code, other.code, other.name, other.kind, other.capacity_kva, other.customer_count,
        other.service_area, ST_X(other.location) AS lon, ST_Y(other.location) AS lat,
        ST_Distance(other.location::geography, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography) AS metres
    FROM transformer_district AS other
    WHERE other.kind = :kind AND other.capacity_kva > :above
        AND (CAST(:up_to AS integer) IS NULL OR other.capacity_kva <= :up_to)
    ORDER BY other.location <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) LIMIT :limit
) AS near
LEFT JOIN LATERAL (
    SELECT sum(supplied_kwh) AS supplied_kwh, sum(sold_kwh) AS sold_kwh FROM district_energy
    WHERE county_code = near.county_code AND district_code = near.code AND day >= :first AND day < :end
        AND state = 'computed'
) AS energy ON true
ORDER BY near.metres, near.code
""")
# Who was there: check-ins at tickets of the district, and findings that somebody brought home without one.
_VISITS = text("""
SELECT entry.at, entry.employee_number, person.name, entry.ticket_number, entry.kind, entry.score, entry.lon, entry.lat
FROM (
    SELECT check_in.at, check_in.employee_number, check_in.ticket_number, 'check_in' AS kind, check_in.score,
        ST_X(check_in.location) AS lon, ST_Y(check_in.location) AS lat
    FROM audit_ticket AS ticket JOIN check_in ON check_in.county_code = ticket.county_code
        AND check_in.ticket_number = ticket.number
    WHERE ticket.county_code = :county AND ticket.district_code = :district
    UNION ALL
    SELECT event.at, event.actor, event.ticket_number, 'arrived', NULL, NULL, NULL
    FROM audit_ticket AS ticket JOIN ticket_event AS event ON event.county_code = ticket.county_code
        AND event.ticket_number = ticket.number AND event.kind IN ('start_check', 'arrived')
    WHERE ticket.county_code = :county AND ticket.district_code = :district
        AND NOT EXISTS (SELECT FROM check_in WHERE check_in.county_code = ticket.county_code
            AND check_in.ticket_number = ticket.number)
) AS entry
LEFT JOIN employee AS person ON person.number = entry.employee_number
ORDER BY entry.at DESC, entry.ticket_number
LIMIT 100
""")
_DAY_OF_CUSTOMERS = text("""
SELECT customer.number, customer.name, customer.category,
    CAST(use.daily_kwh[:place] AS numeric) / 100 AS kwh,
    (SELECT avg(value) FROM unnest(use.daily_kwh) AS value) / 100 AS mean_kwh, use.daily_kwh IS NULL AS is_silent
FROM customer LEFT JOIN usage_month AS use ON use.county_code = customer.county_code AND use.month = :month
    AND use.customer_number = customer.number
WHERE customer.county_code = :county AND customer.district_code = :district
    AND customer.opened_on <= :day AND (customer.closed_on IS NULL OR customer.closed_on > :day)
ORDER BY kwh DESC NULLS LAST, customer.number
""")


@dataclass(frozen=True, slots=True)
class DistrictPage:
    """What the first paint of a district's page needs. Energies in kWh, times aware, places WGS-84.

    `file` is the district with its grid and manager (phone masked), `days` the energy of the window, `customers` those
    of today with the chosen month's use, `balance` the input of `audit.energy_balance` for that month.
    """

    file: dict[str, Any]
    units: list[dict[str, Any]]
    days: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    risks: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    balance: BalanceInput


async def _file(connection: AsyncConnection, code: str) -> dict[str, Any] | None:
    row = (await connection.execute(_FILE, {"code": code})).mappings().first()
    if row is None:
        return None
    file = dict(row)
    file["manager_phone"] = masked_phone(file["manager_phone"])
    file["settlement"] = settlement(file["kind"], file["customer_count"], file["area_m2"])
    return file


async def district_page(viewer: Viewer, code: str, month: date, window: int = 3) -> DistrictPage | None:
    """The page of a district; None where the viewer may not see one of that code. Seven statements.

    `month` is a first day; the days shown are those of the `window` months up to and with it.
    """
    end = month_after(month)
    async with reading(viewer) as connection:
        file = await _file(connection, code)
        if file is None:
            return None
        county = file["county_code"]
        units = await units_above(connection, file["org_path"])
        days = dicts(
            await connection.execute(
                _DAYS, {"county": county, "district": code, "first": month_back(month, window - 1), "end": end}
            )
        )
        customers = await _customers(connection, county, code, month)
        risks = await audit_of(connection, "risks", "district", county, code)
        tickets = await audit_of(connection, "tickets", "district", county, code)
        losses = dicts(await connection.execute(_LOSSES, {"county": county, "district": code}))
    given = balance_input(file, [day for day in days if month <= day["day"] < end], customers, losses, month)
    return DistrictPage(file, units, days, customers, risks, tickets, given)


async def district_file(viewer: Viewer, code: str) -> dict[str, Any] | None:
    """The file alone: None where the viewer may not see one of that code. One statement."""
    async with reading(viewer) as connection:
        return await _file(connection, code)


async def _customers(connection: AsyncConnection, county: str, code: str, month: date) -> list[dict[str, Any]]:
    found = await connection.execute(
        _CUSTOMERS,
        {
            "county": county, "district": code, "month": month, "before": month_back(month, 1),
            "year_ago": month_back(month, 12), "limit": MOST_CUSTOMERS,
        },
    )  # fmt: skip
    customers = dicts(found)
    has_year = any(row["year_ago_kwh"] is not None for row in customers)
    field = "year_ago_kwh" if has_year else "before_kwh"
    missing = loss_contributions(CustomerUse(row["number"], row["energy_kwh"], row[field]) for row in customers)
    for row in customers:
        row["name"] = masked_name(row["name"])
        row["loss_kwh"] = missing[row["number"]]
        row["compared_with"] = "year_ago" if has_year else "before"
    return customers


async def customers_of(viewer: Viewer, code: str, month: date) -> list[dict[str, Any]] | None:
    """A district's customers with their use of a month, names masked; None where it is out of sight. Two statements."""
    async with reading(viewer) as connection:
        file = await _file(connection, code)
        return None if file is None else await _customers(connection, file["county_code"], code, month)


async def days_of(viewer: Viewer, code: str, first: date, end: date) -> list[dict[str, Any]] | None:
    """A district's days in [first, end); None where it is out of sight. Two statements."""
    async with reading(viewer) as connection:
        file = await _file(connection, code)
        if file is None:
            return None
        asked = {"county": file["county_code"], "district": code, "first": first, "end": end}
        return dicts(await connection.execute(_DAYS, asked))


def balance_input(
    file: dict[str, Any],
    days: Sequence[dict[str, Any]],
    customers: Sequence[dict[str, Any]],
    losses: Sequence[dict[str, Any]],
    month: date,
) -> BalanceInput:
    """What the energy balance of a month takes, from the rows of this module.

    A district supplies today's customers: one that moved away in between counts where it is now.
    """
    zero = Decimal("0.00")
    known = [day for day in days if day["supplied_kwh"] is not None]
    end = days[-1]["day"] + timedelta(days=1) if days else month_after(month)
    return BalanceInput(
        first=month,
        end=end,
        supplied_days=len(known),
        supplied_kwh=sum((day["supplied_kwh"] for day in known), zero) if known else None,
        billed_kwh=sum((row["billed_kwh"] for row in customers if row["billed_kwh"] is not None), zero),
        metered_kwh=sum(
            (row["energy_kwh"] for row in customers if row["billed_kwh"] is None and row["energy_kwh"] is not None),
            zero,
        ),
        uncovered_kwh=sum((day["sold_kwh"] for day in days if day["supplied_kwh"] is None), zero),
        capacity_kva=file["capacity_kva"],
        settlement=file["settlement"],
        losses=tuple(
            Loss(row["kwh"], row["cause"] or "", row["found_on"], row["source"], row["from_day"]) for row in losses
        ),
    )


async def similar_districts(viewer: Viewer, file: dict[str, Any], month: date) -> list[dict[str, Any]]:
    """The nearest districts of the same kind, class of capacity and settlement as `file` (itself among them), with
    their loss of the month in percent (None: not computable) and distance in metres. One statement.
    """
    above, up_to = capacity_class(file["capacity_kva"])
    async with reading(viewer) as connection:
        found = await connection.execute(
            _SIMILAR,
            {
                "lon": file["lon"], "lat": file["lat"], "kind": file["kind"], "above": above, "up_to": up_to,
                "limit": NEIGHBOURS, "first": month, "end": month_after(month),
            },
        )  # fmt: skip
        rows = dicts(found)
    for row in rows:
        row["settlement"] = settlement(row["kind"], row["customer_count"], row["area_m2"])
        row["loss_percent"] = None if row["sold_kwh"] is None else loss_percent(row["supplied_kwh"], row["sold_kwh"])
    return [row for row in rows if row["settlement"] == file["settlement"]]


async def problems_of(viewer: Viewer, county: str, code: str) -> list[dict[str, Any]]:
    """Problems that were confirmed in a district, the newest first. One statement."""
    async with reading(viewer) as connection:
        return await audit_of(connection, "problems", "district", county, code)


async def visits_of(viewer: Viewer, county: str, code: str) -> list[dict[str, Any]]:
    """Who was on site for tickets of a district, the latest first: check-ins, else the arrival. One statement."""
    async with reading(viewer) as connection:
        return dicts(await connection.execute(_VISITS, {"county": county, "district": code}))


async def day_parts(viewer: Viewer, county: str, code: str, day: date) -> list[dict[str, Any]]:
    """What each customer of a district used on one day against the own mean of that month, kWh; None where no reading
    came in. Names masked. One statement.
    """
    asked = {"county": county, "district": code, "day": day, "month": day.replace(day=1), "place": day.day}
    async with reading(viewer) as connection:
        rows = dicts(await connection.execute(_DAY_OF_CUSTOMERS, asked))
    for row in rows:
        row["name"] = masked_name(row["name"])
        row["mean_kwh"] = None if row["mean_kwh"] is None else row["mean_kwh"].quantize(Decimal("0.01"))
        row["kwh"] = None if row["kwh"] is None else row["kwh"].quantize(Decimal("0.01"))
    return rows
