"""How long the data of a district's and a customer's page takes, in this process, under row security.

The demo's districts are small; before the measuring, 200 of the filled-in districts get 130 customers each with 13
months of use, and every filled-in district a quarter of days, so that neighbours have something to compare with.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import psycopg

from bench.report import Figure, summarise
from bench.target import in_this_process
from data_access import customer_reads, district_reads
from data_access.engine import dispose_engines
from data_access.months import month_back
from data_access.scope import Viewer

BUDGET_MS = 100.0
"""DESIGN.md: any drill-down page's data."""
CALLS, WARM_UP = 70, 10
"""The first calls find nothing in memory and plan their statements: they are told in the note, not in the figure."""
VIEWERS = (("province", "jibei"), ("county", None))
"""Who looks; None: the county of the thing itself."""
_MARK = "bench-pages"
_CUSTOMERS = """
INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code, district_code,
    opened_on, org_path, is_demo, location)
SELECT district.county_code, 'P' || right(district.code, 7) || lpad(place::text, 4, '0'), 'bench', 'residential',
    '<1kV', 8, 'tiered', district.code, '2015-01-01', district.org_path, true, district.location
FROM (SELECT * FROM transformer_district WHERE code LIKE 'B%' ORDER BY code LIMIT 200) AS district,
    generate_series(1, 130) AS place
ON CONFLICT DO NOTHING
"""
_USAGE = """
INSERT INTO usage_month (county_code, month, customer_number, district_code, energy_kwh, daily_kwh, org_path)
SELECT customer.county_code, month::date, customer.number, customer.district_code, 240,
    array_fill(800, ARRAY[extract(day FROM month + interval '1 month - 1 day')::int]), customer.org_path
FROM customer, generate_series(date_trunc('month', now()) - interval '13 months',
    date_trunc('month', now()) - interval '1 month', interval '1 month') AS month
WHERE customer.number LIKE 'P%'
ON CONFLICT DO NOTHING
"""
_ENERGY = """
INSERT INTO district_energy (county_code, day, district_code, supplied_kwh, sold_kwh, generated_kwh, meters,
    meters_read, state, org_path)
SELECT county_code, day::date, code, 1100, 1040, 0, 130, 130, 'computed', org_path
FROM transformer_district, generate_series(date_trunc('month', now()) - interval '3 months',
    date_trunc('month', now()) - interval '1 day', interval '1 day') AS day
WHERE code LIKE 'B%'
ON CONFLICT DO NOTHING
"""


def prepare(address: str) -> None:
    """Make the further rows once."""
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM data_load WHERE name = %s", [_MARK]).fetchone():
            return
        for table in ("usage_month", "district_energy"):
            connection.execute(
                "SELECT ensure_month_partitions(%s, (now() - interval '14 months')::date, now()::date)", [table]
            )
        for statement in (_CUSTOMERS, _USAGE, _ENERGY):
            connection.execute(statement)
        connection.execute("ANALYZE customer, usage_month, district_energy, transformer_district")
        connection.execute(
            "INSERT INTO data_load (name, size, seed, version, started_at, finished_at)"
            " VALUES (%s, 'pages', 7, '1', now(), now())",
            [_MARK],
        )


def _things(address: str) -> dict[str, list[tuple[Any, ...]]]:
    """Districts and customers to look at: (code, county, path), large ones and the demo's own in turn."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with psycopg.connect(address) as connection:
        for name, table, key, large in (
            ("district", "transformer_district", "code", "B"), ("customer", "customer", "number", "P"),
        ):  # fmt: skip
            query = (
                f"SELECT {key}, county_code, org_path::text FROM {table} WHERE {key} LIKE %s"
                f" AND ({key} NOT LIKE 'B%%' OR {key} <= 'B00000200') ORDER BY hashtext({key}) LIMIT %s"
            )
            rows = connection.execute(query, [f"{large}%", CALLS // 2]).fetchall()
            rows += connection.execute(query, ["1%", CALLS // 2]).fetchall()
            random.Random(7).shuffle(rows)
            found[name] = rows
    return found


async def _measure(address: str) -> dict[str, list[float]]:
    things = _things(address)
    today = date.today().replace(day=1)
    month = month_back(today, 1)
    times: dict[str, list[float]] = {}

    async def timed(name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        started = time.perf_counter()
        answer = await call()
        times.setdefault(name, []).append((time.perf_counter() - started) * 1000)
        return answer

    for label, path in VIEWERS:
        for code, county, place in things["district"]:
            viewer = _viewer(path or place.rsplit(".", 1)[0])
            page = await timed(
                f"district page, {label}", lambda v=viewer, c=code: district_reads.district_page(v, c, month)
            )
            assert page is not None, code
            await timed(
                f"similar districts, {label}",
                lambda v=viewer, f=page.file: district_reads.similar_districts(v, f, month),
            )
            await timed(
                f"one day of a district, {label}",
                lambda v=viewer, k=county, c=code: district_reads.day_parts(v, k, c, month),
            )
        for number, county, place in things["customer"]:
            viewer = _viewer(path or place.rsplit(".", 1)[0])
            page = await timed(
                f"customer page, {label}", lambda v=viewer, n=number: customer_reads.customer_page(v, n, today)
            )
            assert page is not None, number
            await timed(
                f"readings with checks, {label}",
                lambda v=viewer, k=county, n=number: customer_reads.readings_with_checks(v, k, n, today),
            )
    await dispose_engines()
    return times


def _viewer(path: str) -> Viewer:
    return Viewer(subject="bench", role="manager", org_path=path)


def drill_down(address: str) -> list[Figure]:
    """Milliseconds of each page's data."""
    prepare(address)
    with in_this_process(address):
        times = asyncio.run(_measure(address))
    with psycopg.connect(address) as connection:
        counts = {
            table: connection.execute("SELECT reltuples::bigint FROM pg_class WHERE relname = %s", [table]).fetchone()
            for table in ("customer", "transformer_district")
        }
    note = ", ".join(f"{row[0]:,} {table}" for table, row in counts.items() if row)
    return [
        summarise(
            name, "ms", values[WARM_UP:], budget=BUDGET_MS, note=f"{note}; cold: {max(values[:WARM_UP]):.0f} ms at most"
        )
        for name, values in times.items()
    ]
