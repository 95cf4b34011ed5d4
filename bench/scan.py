"""How long a scan of all counties by all rules takes, against reading the same data once.

The data of the size is copied and gets a month of daily energy; what the scan writes goes away with the copy. Read
twice: as the database gives it (binary COPY, thrown away), and as partitions, what a scan begins with. Scanned twice:
the first time points come into being, the second time they are found unchanged.
"""

import asyncio
import collections
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg
from psycopg import sql

from audit.rules.partition import DAILY_DAYS
from audit.rules.registry import RULES
from bench.report import Figure, summarise
from bench.scan_energy import fill_month
from bench.target import in_this_process
from data_access.engine import dispose_engines, system
from data_access.months import month_back
from data_access.risk_partition import read_partition
from data_access.risk_runs import counties, make_run, outcome
from jobs.risk_scan import scan
from ops.cluster import PrivateCluster

DATABASE = "gridaudit_bench_scan"
BY = "./run bench"
TIMEOUT_MS = 600_000
_RAW = (
    "SELECT * FROM customer",
    "SELECT * FROM account_terms",
    "SELECT * FROM meter",
    "SELECT * FROM transformer_district",
    "SELECT * FROM district_energy WHERE day > %(first)s AND day <= %(last)s",
    "SELECT * FROM usage_month WHERE month >= date_trunc('month', %(first)s::date) AND month <= %(last)s",
    "SELECT customer_number, month, energy_kwh, reactive_kvarh, maximum_demand_kw FROM usage_month"
    " WHERE month > %(last)s::date - interval '26 months' AND month <= %(last)s",
    "SELECT * FROM meter_reading WHERE month > %(last)s::date - interval '4 months' AND month <= %(last)s",
    "SELECT customer_number, month, version, kind, total, billed_kwh, loss_kwh, demand_kw, power_factor, scheme,"
    " period_start, period_end, issued_at FROM bill WHERE month > %(last)s::date - interval '13 months'"
    " AND month <= %(last)s",
)
"""The tables and spans that a partition is made of, as they lie."""


@contextmanager
def copied(cluster: PrivateCluster, address: str) -> Iterator[str]:
    """A copy of a database that nobody is connected to, for as long as the block lasts."""
    source = psycopg.conninfo.conninfo_to_dict(address)["dbname"]
    cluster.drop_database(DATABASE)
    with psycopg.connect(cluster.address("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(DATABASE), sql.Identifier(str(source)))
        )
    try:
        yield cluster.address(DATABASE)
    finally:
        cluster.drop_database(DATABASE)


def figures(cluster: PrivateCluster, address: str, today: date) -> list[Figure]:
    """Seconds of reading and scanning the last whole month before `today`, and their ratio."""
    end = today.replace(day=1)
    last = end - timedelta(days=1)
    with copied(cluster, address) as copy:
        fill_month(copy, month_back(end, 1))
        raw = _raw_copy(copy, last)
        with in_this_process(copy):
            return asyncio.run(_measure(raw, last))


def _raw_copy(address: str, last: date) -> float:
    """Seconds to get all rows out of the database. Once unmeasured first, so that nobody pays for a cold disk."""
    seconds = 0.0
    with psycopg.connect(address) as connection:
        for _ in range(2):
            begun = time.perf_counter()
            for query in _RAW:
                asked = {"first": last - timedelta(days=DAILY_DAYS), "last": last}
                whole = f"COPY ({query}) TO STDOUT (FORMAT binary)"
                with connection.cursor() as cursor, cursor.copy(whole, asked) as rows:
                    collections.deque(rows, maxlen=0)
            seconds = time.perf_counter() - begun
    return seconds


async def _measure(raw: float, last: date) -> list[Figure]:
    places = await counties()
    customers, most = 0, 0
    begun = time.perf_counter()
    for county, _ in places:
        async with system("risk", timeout_ms=TIMEOUT_MS) as connection:
            size = len((await read_partition(connection, county, last)).customers)
        customers, most = customers + size, max(most, size)
    reading = time.perf_counter() - begun
    times, counts = [], []
    for _ in range(2):
        begun = time.perf_counter()
        found = dict.fromkeys(("points_new", "points_confirmed", "points_cleared"), 0)
        for county, _ in places:
            number = await make_run(county, "month", last, BY)
            await scan(county, number)
            result = await outcome(county, number)
            found = {name: count + result[name] for name, count in found.items()}
        times.append(time.perf_counter() - begun)
        counts.append(", ".join(f"{count:,} {name.removeprefix('points_')}" for name, count in found.items()))
    await dispose_engines()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size_note = f"{customers:,} customers in {len(places)} counties, {most:,} in the largest; up to {last}"
    return [
        summarise("reading what a scan reads, as partitions", "s", [reading], peer=raw, peer_name="binary COPY",
                  note=size_note),
        summarise(f"scan by {len(RULES)} rules, points written", "s", times[:1], peer=reading, peer_name="reading",
                  note=counts[0]),
        summarise("the same scan again", "s", times[1:], peer=reading, peer_name="reading", note=counts[1]),
        summarise("scan against reading once", "ratio", [times[0] / reading]),
        summarise("peak resident memory of the scan", "MiB", [resident], note="interpreter included, county by county"),
    ]  # fmt: skip
