"""A month of energy for the customers that `bench.fill` made: daily use, meters with readings, terms, bills, districts.

Set by set in the database, the same each time. One in a hundred days is missing, one customer in 200 stands still from
the middle of the month, one in 200 takes eightfold from then on: rules find something, so that points are written too.
"""

from collections.abc import Callable
from datetime import date, timedelta

import psycopg

_DAYS = "generate_series(1, %(days)s) AS day"
_FACTOR = """CASE
    WHEN hashtext(number) %% 200 = 0 AND day > 15 THEN 0
    WHEN hashtext(number) %% 200 = 1 AND day > 15 THEN 8
    ELSE 0.7 + (hashint4(day + hashtext(number)) & 1023) / 1700.0 END"""
_STEPS: dict[str, str] = {
    "terms": """
INSERT INTO account_terms (county_code, customer_number, valid_from, terms, org_path)
SELECT county_code, number, opened_on, '{"area": "jibei", "scheme": "tiered", "voltage": "<1kV", "capacity_kva": "8"}',
    org_path FROM customer WHERE number LIKE 'B%%'""",
    "meters": """
INSERT INTO meter (county_code, number, customer_number, digits, installed_on, org_path)
SELECT county_code, 'M' || number, number, 6, opened_on, org_path FROM customer WHERE number LIKE 'B%%'""",
    "daily use": f"""
INSERT INTO usage_month (county_code, month, customer_number, district_code, energy_kwh, daily_kwh, org_path)
SELECT county_code, %(month)s, number, district_code, (SELECT sum(one) FROM unnest(daily) AS one) / 100.0, daily,
    org_path
FROM (
    SELECT county_code, number, district_code, org_path, (
        SELECT array_agg(CASE WHEN hashint4(day * 7919 + hashtext(number)) %% 100 <> 0
            THEN ((200 + (hashtext(number) & 1023)) * {_FACTOR})::int END ORDER BY day)
        FROM {_DAYS}
    ) AS daily
    FROM customer WHERE number LIKE 'B%%'
) AS made""",
    "readings": """
INSERT INTO meter_reading (county_code, month, customer_number, meter_number, register, read_at, kind, reading, method,
    quality, org_path)
SELECT county_code, closed.month, customer_number, 'M' || customer_number, 'total', closed.at, 'period_end',
    1000 + closed.share * energy_kwh, 'remote', 'valid', org_path
FROM usage_month, (VALUES (%(before)s, %(month_at)s, 0), (%(month)s, %(end_at)s, 1)) AS closed (month, at, share)
WHERE usage_month.month = %(month)s AND customer_number LIKE 'B%%'""",
    "bills": """
INSERT INTO bill (county_code, month, customer_number, version, kind, district_code, scheme, voltage, period_start,
    period_end, total, billed_kwh, certainty, case_content, known_at, engine, issued_by, org_path)
SELECT county_code, month, customer_number, 0, 'regular', district_code, 'tiered', '<1kV', %(month)s, %(end)s,
    energy_kwh * 0.52, energy_kwh, 'design', '{}', now(), 'bench', 'bench', org_path
FROM usage_month WHERE month = %(month)s AND customer_number LIKE 'B%%'""",
    "district days": f"""
INSERT INTO district_energy (county_code, day, district_code, supplied_kwh, sold_kwh, generated_kwh, meters,
    meters_read, state, org_path)
SELECT county_code, %(month)s + day - 1, code, 700 * (1.02 + (hashtext(code) & 63) / 900.0), 700, 0, 100, 99,
    'computed', org_path
FROM transformer_district, {_DAYS} WHERE code LIKE 'B%%'""",
}  # fmt: skip
_TABLES = ("usage_month", "meter_reading", "bill", "bill_line", "district_energy")


def fill_month(address: str, month: date, say: Callable[[str], None] = print) -> None:
    """Energy of `month` (its first day) for all customers and districts numbered `B…`."""
    end = (month + timedelta(days=32)).replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    asked = {
        "month": month,
        "end": end,
        "before": before,
        "days": (end - month).days,
        "month_at": f"{month} 00:00+08",
        "end_at": f"{end} 00:00+08",
    }
    with psycopg.connect(address, autocommit=True) as connection:
        for table in _TABLES:
            connection.execute("SELECT ensure_month_partitions(%s, %s, %s)", (table, before, month))
        for name, statement in _STEPS.items():
            rows = connection.execute(statement, asked).rowcount
            say(f"{name}: {rows:,}")
        connection.execute("VACUUM (ANALYZE)")
