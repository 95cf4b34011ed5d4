"""Two counties that hold the same things, so that whatever one shows of the other is seen by its name."""

from datetime import UTC, datetime, timedelta

import h3
import psycopg

from tests import builders
from tests.builders import NORTH_STATION, PLACES, SOUTH_STATION

SIDES = {"SOUTH": SOUTH_STATION, "NORTH": NORTH_STATION}
FOREIGN = ("NORTH", '"1307', ">1307", "单位1307", "Unit 1307", "114.88")
"""What nobody in the south may ever be sent: names, unit codes and the place of the northern county."""
OWN = ("SOUTH", '"1302', ">1302", "单位1302", "Unit 1302", "118.18")


def build(owner: psycopg.Connection) -> None:
    """The same in both counties: an inspector on shift with a morning's track, grid, a customer, tickets, risk."""
    builders.organisations(owner)
    builders.catalogue(owner)
    now = datetime.now(UTC)
    for side, station in SIDES.items():
        lon, lat = PLACES[station]
        county = builders.county_of(station)
        inspector = f"E-{side}"
        builders.phone(owner, inspector, station)
        with owner.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO position_fix (county_code, employee_number, fixed_at, longitude, latitude, speed_kmh,"
                " org_path) VALUES (%s, %s, %s, %s, %s, 30, %s)",
                [
                    (county, inspector, now - timedelta(minutes=40 - n), lon + 0.002 * n, lat, station)
                    for n in range(40)
                ],
            )
        owner.execute(
            "INSERT INTO inspector_position (employee_number, county_code, org_path, fixed_at, received_at, longitude,"
            " latitude, activity, on_shift) VALUES (%s, %s, %s, %s, %s, %s, %s, 'way', true)",
            (inspector, county, station, now, now, lon, lat),
        )
        point = f"SRID=4326;POINT({lon} {lat})"
        owner.execute(
            "INSERT INTO substation (code, name, county_code, org_path, voltage_kv, location)"
            " VALUES (%s, %s, %s, %s, 110, %s)",
            (f"S-{side}", f"Substation {side}", county, station, point),
        )
        owner.execute(
            "INSERT INTO feeder (code, name, substation_code, county_code, org_path, path)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                f"F-{side}", f"Feeder {side}", f"S-{side}", county, station,
                f"SRID=4326;MULTILINESTRING(({lon} {lat}, {lon + 0.01} {lat}))",
            ),
        )  # fmt: skip
        owner.execute(
            "INSERT INTO transformer_district (county_code, code, name, kind, capacity_kva, feeder_code, org_path,"
            " location) VALUES (%s, %s, %s, 'public', 400, %s, %s, %s)",
            (county, f"D-{side}", f"District {side}", f"F-{side}", station, point),
        )
        owner.execute(
            "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code,"
            " phone, address, district_code, opened_on, org_path, location)"
            " VALUES (%s, %s, %s, 'residential', '<1kV', 8, 'tiered', '00000000000', %s, %s, '2020-01-01', %s, %s)",
            (county, f"C-{side}", f"Person {side}", f"Street {side}", f"D-{side}", station, point),
        )
        owner.execute("SELECT ensure_month_partitions('usage_month', '2026-10-01', '2026-10-01')")
        owner.execute(
            "INSERT INTO usage_month (county_code, month, customer_number, district_code, energy_kwh, daily_kwh,"
            " org_path) VALUES (%s, '2026-10-01', %s, %s, 310, array_fill(1000, ARRAY[31]), %s)",
            (county, f"C-{side}", f"D-{side}", station),
        )
        builders.ticket(owner, f"T-{side}", station, handler=inspector)
        builders.ticket(
            owner, f"T-{side}-2", station, status=90, finding="true", closed_at=now, recovered=("10", "20", "30")
        )
        builders.ticket_events(owner, f"T-{side}", [(now - timedelta(hours=2), "generated", 10), (now, "arrived", 50)])
        builders.risk(owner, f"R-{side}", station)
        cell = int(h3.latlng_to_cell(lat, lon, 9), 16)
        owner.execute("UPDATE risk_point SET h3_cell = %s WHERE number = %s", (cell, f"R-{side}"))
    builders.pack_risk(owner)
