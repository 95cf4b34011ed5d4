"""A district with gateway days, customers with use and bills, risk, tickets and a problem, written by SQL."""

from datetime import UTC, date, datetime, timedelta

import psycopg

from tests import builders
from tests.builders import NORTH_STATION, PLACES, SOUTH_STATION, county_of

MONTH, BEFORE, YEAR_AGO = date(2026, 10, 1), date(2026, 9, 1), date(2025, 10, 1)
TABLES = ("district_energy", "usage_month", "meter_reading", "bill", "bill_line")
FOUND = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)


def utility(owner: psycopg.Connection) -> None:
    """Units, types and the same district in both counties: `D-SOUTH` and `D-NORTH`."""
    builders.organisations(owner)
    builders.catalogue(owner)
    for table in TABLES:
        owner.execute("SELECT ensure_month_partitions(%s, '2025-09-01', '2026-12-01')", (table,))
    for side, station in (("SOUTH", SOUTH_STATION), ("NORTH", NORTH_STATION)):
        district(owner, side, station)


def district(owner: psycopg.Connection, side: str, station: str) -> None:
    """A public district of 400 kVA with three customers: 31 days of 100 kWh supplied, of which 90 sold."""
    county, (lon, lat) = county_of(station), PLACES[station]
    builders.inspector(owner, f"M-{side}", station, phone="13800001234")
    owner.execute(
        "INSERT INTO substation (code, name, county_code, org_path, voltage_kv, location)"
        " VALUES (%s, %s, %s, %s, 110, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (f"S-{side}", f"Substation {side}", county, station, lon, lat),
    )
    owner.execute(
        "INSERT INTO feeder (code, name, substation_code, county_code, org_path, path) VALUES (%s, %s, %s, %s, %s,"
        " ST_Multi(ST_MakeLine(ST_SetSRID(ST_MakePoint(%s, %s), 4326), ST_SetSRID(ST_MakePoint(%s, %s), 4326))))",
        (f"F-{side}", f"Feeder {side}", f"S-{side}", county, station, lon, lat, lon + 0.01, lat),
    )
    owner.execute(
        "INSERT INTO transformer_district (county_code, code, name, kind, capacity_kva, feeder_code, manager_number,"
        " customer_count, org_path, location, service_area) VALUES (%s, %s, %s, 'public', 400, %s, %s, 3, %s,"
        " ST_SetSRID(ST_MakePoint(%s, %s), 4326), ST_MakeEnvelope(%s, %s, %s, %s, 4326))",
        (
            county, f"D-{side}", f"District {side}", f"F-{side}", f"M-{side}", station, lon, lat,
            lon - 0.002, lat - 0.002, lon + 0.002, lat + 0.002,
        ),
    )  # fmt: skip
    for day in (MONTH + timedelta(days=n) for n in range(31)):
        silent = day.day == 31
        owner.execute(
            "INSERT INTO district_energy (county_code, day, district_code, supplied_kwh, sold_kwh, generated_kwh,"
            " meters, meters_read, state, reason, org_path) VALUES (%s, %s, %s, %s, 90, 0, 3, 3, %s, %s, %s)",
            (
                county, day, f"D-{side}", None if silent else 100, "not_computable" if silent else "computed",
                "no_supply" if silent else None, station,
            ),
        )  # fmt: skip
    for place in (1, 2, 3):
        customer(owner, side, station, place)
    builders.ticket(owner, f"T-{side}", station, handler=f"M-{side}")
    builders.ticket(
        owner, f"T-{side}-2", station, status=90, finding="true", closed_at=FOUND, recovered=("180", "90", "270")
    )
    owner.execute(
        "UPDATE audit_ticket SET district_code = %s, customer_number = CASE WHEN closed_at IS NULL THEN %s ELSE %s END,"
        " cause = 'theft', found_at = %s WHERE number LIKE %s",
        (f"D-{side}", f"C-{side}-1", f"C-{side}-2", FOUND, f"T-{side}%"),
    )
    builders.ticket_events(owner, f"T-{side}", [(FOUND - timedelta(days=1), "arrived", 50)])
    builders.risk(owner, f"R-{side}", station, level=1)
    owner.execute(
        "UPDATE risk_point SET district_code = %s, customer_number = %s WHERE number = %s",
        (f"D-{side}", f"C-{side}-1", f"R-{side}"),
    )
    owner.execute(
        "INSERT INTO problem (county_code, number, ticket_number, anomaly_code, district_code, customer_number, cause,"
        " found_at, org_path) VALUES (%s, %s, %s, 'DJ01', %s, %s, 'theft', %s, %s)",
        (county, f"P-{side}", f"T-{side}-2", f"D-{side}", f"C-{side}-2", FOUND, station),
    )


def customer(owner: psycopg.Connection, side: str, station: str, place: int) -> None:
    """One of three homes: 10 kWh a day now, the first had twice that a year ago."""
    county, number, (lon, lat) = county_of(station), f"C-{side}-{place}", PLACES[station]
    owner.execute(
        "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code, phone,"
        " address, district_code, opened_on, org_path, location) VALUES (%s, %s, %s, 'residential', '<1kV', 8,"
        " 'tiered', '13800005678', %s, %s, '2020-01-01', %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (county, number, f"王{side}", f"某区某街道{side}号", f"D-{side}", station, lon + 0.0003 * place, lat),
    )
    owner.execute(
        "INSERT INTO account_terms (county_code, customer_number, valid_from, terms, org_path) VALUES"
        """ (%s, %s, '2020-01-01', '{"area":"jibei","scheme":"tiered","voltage":"<1kV","capacity_kva":"8"}', %s)""",
        (county, number, station),
    )
    owner.execute(
        "INSERT INTO meter (county_code, number, customer_number, multiplier, digits, installed_on, org_path)"
        " VALUES (%s, %s, %s, 1, 6, '2020-01-01', %s)",
        (county, f"M{number}", number, station),
    )
    for month, daily in ((MONTH, 1000), (BEFORE, 1000), (YEAR_AGO, 2000 if place == 1 else 1000)):
        days = 30 if month == BEFORE else 31
        owner.execute(
            "INSERT INTO usage_month (county_code, month, customer_number, district_code, energy_kwh, daily_kwh,"
            " org_path) VALUES (%s, %s, %s, %s, %s, array_fill(%s, ARRAY[%s]), %s)",
            (county, month, number, f"D-{side}", days * daily / 100, daily, days, station),
        )
    for month, day, dial in (("2026-08-01", "2026-09-01", "1000"), ("2026-09-01", "2026-10-01", "1300"),
                             ("2026-10-01", "2026-11-01", "1610")):  # fmt: skip
        owner.execute(
            "INSERT INTO meter_reading (county_code, month, customer_number, meter_number, register, read_at, kind,"
            " reading, method, quality, org_path) VALUES (%s, %s, %s, %s, 'total', %s::timestamp AT TIME ZONE"
            " 'Asia/Shanghai', 'period_end', %s, 'remote', 'valid', %s)",
            (county, month, number, f"M{number}", day, dial, station),
        )
    owner.execute(
        "INSERT INTO meter_reading (county_code, month, customer_number, meter_number, register, read_at, kind,"
        " reading, method, quality, org_path) VALUES (%s, '2025-12-01', %s, %s, 'total', '2025-12-31 16:00+00',"
        " 'period_end', '100', 'remote', 'valid', %s)",
        (county, number, f"M{number}", station),
    )
