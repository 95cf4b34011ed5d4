"""What the demo's energy history is made from: its accounts and the truth that was planted."""

from datetime import date
from typing import Any

import psycopg

_ACCOUNTS = """
SELECT c.county_code, c.number, c.district_code, c.org_path::text, m.number, c.category, c.tariff_code, c.voltage,
    COALESCE(c.trade_code, ''), c.contract_capacity_kva::float8, m.multiplier, m.digits,
    c.opened_on - DATE '1970-01-01', m.installed_on - DATE '1970-01-01',
    COALESCE(c.generation_kw, 0)::float8
FROM customer AS c
JOIN meter AS m ON m.county_code = c.county_code AND m.customer_number = c.number AND m.removed_on IS NULL
WHERE c.is_demo AND c.closed_on IS NULL
ORDER BY c.county_code, c.district_code, c.number
"""
_TRUTH = "SELECT anomaly_code, customer_number, district_code, started_on, ended_on FROM demo_truth ORDER BY number"


def demo_accounts(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Open demo accounts with the meter they have: county, number, district, path, meter, category, tariff, voltage,
    trade, kVA, multiplier, digits, the days (since 1970-01-01) on which account and meter began, kW of own
    generation; by district.
    """
    return connection.execute(_ACCOUNTS).fetchall()


def demo_truth(
    connection: psycopg.Connection[Any],
) -> list[tuple[str, str | None, str, date, date | None]]:
    """Planted anomalies: code, customer, district, first day, last day (None: still)."""
    return connection.execute(_TRUTH).fetchall()
