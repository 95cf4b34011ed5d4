"""How long the data of a risk point's, a person's and a region's page takes, in this process, under row security."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from bench.pages import BUDGET_MS, CALLS, VIEWERS, WARM_UP
from bench.report import Figure, summarise
from bench.target import in_this_process
from data_access import inspector_reads, region_reads, risk_reads
from data_access.engine import dispose_engines
from data_access.scope import Viewer

REGION_CALLS = 25
"""Of each unit."""
_RISKS = "SELECT number, org_path::text FROM risk_point ORDER BY hashtext(number) LIMIT %s"
_PEOPLE = "SELECT number, org_path::text FROM employee WHERE kind = 'inspector' ORDER BY hashtext(number) LIMIT %s"
_UNITS = (
    "SELECT DISTINCT ON (level) code, level FROM organisation WHERE level < 3"
    " ORDER BY level, (SELECT count(*) FROM organisation AS below WHERE below.parent_code = organisation.code) DESC"
)


async def _measure(address: str) -> dict[str, list[float]]:
    with psycopg.connect(address) as connection:
        risks = connection.execute(_RISKS, [CALLS]).fetchall()
        people = connection.execute(_PEOPLE, [CALLS]).fetchall()
        units = connection.execute(_UNITS).fetchall()
    now, month = datetime.now(UTC), date.today().replace(day=1)
    times: dict[str, list[float]] = {}

    async def timed(name: str, call: Callable[[], Awaitable[Any]]) -> None:
        started = time.perf_counter()
        answer = await call()
        times.setdefault(name, []).append((time.perf_counter() - started) * 1000)
        assert answer is not None, name

    for label, path in VIEWERS:
        for number, place in risks:
            viewer = _viewer(path or ".".join(place.split(".")[:3]))
            await timed(f"risk point, {label}", lambda v=viewer, n=number: risk_reads.risk_page(v, n, now))
            for dimension in risk_reads.DIMENSIONS:
                await timed(
                    f"association by {dimension}, {label}",
                    lambda v=viewer, n=number, d=dimension: risk_reads.associations_of(v, n, d, now),
                )
    everything = _viewer("jibei")
    for number, _ in people:
        await timed("inspector", lambda n=number: inspector_reads.inspector_page(everything, n, month, now))
    for code, level in units:
        for _ in range(REGION_CALLS):
            await timed(
                f"region of level {level}, 12 months",
                lambda c=code: region_reads.region_page(everything, c, 12, now),
            )
    await dispose_engines()
    return times


def _viewer(path: str) -> Viewer:
    return Viewer(subject="bench", role="manager", org_path=path)


def people_pages(address: str) -> list[Figure]:
    """Milliseconds of each page's data."""
    with in_this_process(address):
        times = asyncio.run(_measure(address))
    return [
        summarise(name, "ms", values[WARM_UP:], budget=BUDGET_MS, note=f"cold: {max(values[:WARM_UP]):.0f} ms at most")
        for name, values in times.items()
        if len(values) > WARM_UP
    ]
