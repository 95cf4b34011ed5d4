"""A county with a district, customers and three months of days, and two plain rules to scan it by."""

import json
from datetime import date, timedelta

import numpy as np
import psycopg

from audit.rules.detections import Detections, detected
from audit.rules.partition import Partition
from audit.rules.rule import Rule, Thresholds
from tests import builders
from tests.builders import PLACES, SOUTH, SOUTH_STATION

COUNTY = "130202"
FIRST, LAST = date(2026, 8, 1), date(2026, 10, 31)
DISTRICT = "13020201001"
CUSTOMERS = tuple(f"{COUNTY}{number:06d}" for number in range(1, 7))
HEAVY, SHOP = CUSTOMERS[0], CUSTOMERS[1]


def _much(partition: Partition, thresholds: Thresholds) -> Detections:
    """More than `kwh` a day on each of the last three days."""
    last = partition.daily_kwh[:, -3:]
    judged = ~np.isnan(last).any(axis=1)
    with np.errstate(invalid="ignore"):
        fires = (last > thresholds["kwh"]).all(axis=1)
    return detected(fires, judged, partition.last - 2, energy_kwh=np.nansum(last, axis=1), mean_kwh=last.mean(axis=1))


def _lossy(partition: Partition, thresholds: Thresholds) -> Detections:
    """A loss above `percent` on the last day."""
    loss = partition.districts.loss_percent[:, -1]
    with np.errstate(invalid="ignore"):
        fires = loss > thresholds["percent"]
    cents = np.full(len(loss), 123_456)
    return detected(fires, ~np.isnan(loss), partition.last, exposure_cents=cents, loss_percent=loss)


RULES = {
    "DJ01": Rule("DJ01", "customer", ("daily",), _much),
    "JL01": Rule("JL01", "district", ("district_energy",), _lossy),
}


def arrange(owner: psycopg.Connection) -> None:
    """Units, catalogue with a first version of both rules, a district, six customers at 10 kWh a day."""
    builders.organisations(owner)
    builders.catalogue(owner)
    for code, thresholds in (("DJ01", {"kwh": 40}), ("JL01", {"percent": 6})):
        content = {name: {"value": value, "unit": "-", "certainty": "design"} for name, value in thresholds.items()}
        owner.execute(
            "INSERT INTO rule_version (anomaly_code, version, effective_from, thresholds, certainty)"
            " VALUES (%s, 1, '2024-01-01', %s, 'design')", (code, json.dumps(content)),
        )  # fmt: skip
    for table in ("usage_month", "district_energy", "bill", "bill_line", "meter_reading"):
        owner.execute("SELECT ensure_month_partitions(%s, '2026-07-01', '2026-12-01')", (table,))
    longitude, latitude = PLACES[SOUTH_STATION]
    owner.execute(
        "INSERT INTO transformer_district (county_code, code, name, kind, capacity_kva, customer_count, feeder_code,"
        " org_path, location)"
        " VALUES (%s, %s, 'T1', 'public', 400, 6, 'F1', %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (COUNTY, DISTRICT, SOUTH_STATION, longitude, latitude),
    )
    for place, number in enumerate(CUSTOMERS):
        shop = number == SHOP
        owner.execute(
            "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code,"
            " district_code, opened_on, org_path, is_demo, location) VALUES (%s, %s, 'demo', %s, '<1kV', 8, 'tiered',"
            " %s, '2020-01-01', %s, true, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
            (COUNTY, number, "commercial_industrial" if shop else "residential", DISTRICT, SOUTH_STATION,
             longitude + place / 1000, latitude),
        )  # fmt: skip
        owner.execute(
            "INSERT INTO meter (county_code, number, customer_number, multiplier, digits, installed_on, org_path)"
            " VALUES (%s, %s, %s, 1, 6, '2020-01-01', %s)", (COUNTY, f"M{number}", number, SOUTH_STATION),
        )  # fmt: skip
        for month in (8, 9, 10):
            days = ((date(2026, month + 1, 1)) - date(2026, month, 1)).days
            owner.execute(
                "INSERT INTO usage_month (county_code, month, customer_number, district_code, energy_kwh, daily_kwh,"
                " org_path) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (COUNTY, date(2026, month, 1), number, DISTRICT, 10 * days, [1000] * days, SOUTH_STATION),
            )
    for back in range((LAST - FIRST).days + 1):
        district_day(owner, FIRST + timedelta(days=back), "62", "60")


def district_day(owner: psycopg.Connection, day: date, supplied: str, sold: str) -> None:
    """What the district got and sold on a day, in kWh."""
    owner.execute(
        "INSERT INTO district_energy (county_code, day, district_code, supplied_kwh, sold_kwh, generated_kwh, meters,"
        " meters_read, state, org_path) VALUES (%s, %s, %s, %s, %s, 0, 6, 6, 'computed', %s)"
        " ON CONFLICT (county_code, day, district_code) DO UPDATE SET supplied_kwh = EXCLUDED.supplied_kwh,"
        " sold_kwh = EXCLUDED.sold_kwh",
        (COUNTY, day, DISTRICT, supplied, sold, SOUTH_STATION),
    )


def use(owner: psycopg.Connection, customer: str, first: date, last: date, kwh: float | None) -> None:
    """The customer's daily energy from `first` to `last` (one month); None: no reading came in."""
    for day in range(first.day, last.day + 1):
        owner.execute(
            "UPDATE usage_month SET daily_kwh[%s] = %s WHERE county_code = %s AND month = %s AND customer_number = %s",
            (day, None if kwh is None else round(kwh * 100), COUNTY, first.replace(day=1), customer),
        )


def points(owner: psycopg.Connection) -> list[tuple[object, ...]]:
    """All risk points: number, state, since, seen, score, exposure."""
    return owner.execute(
        "SELECT number, state, since_on, seen_on, score, exposure_yuan::text FROM risk_point ORDER BY number"
    ).fetchall()


__all__ = ["SOUTH"]
