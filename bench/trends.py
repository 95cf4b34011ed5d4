"""How long trends over 36 months take with any filter, seen from any unit, in this process, under row security."""

import asyncio
import random
import time

import psycopg

from audit.trend_figures import MEASURES
from bench.report import Figure, summarise
from bench.target import in_this_process
from components.view_state import running_month
from data_access.engine import dispose_engines
from data_access.scope import Viewer
from data_access.trend_filter import PRESETS, TrendFilter
from data_access.trends import trends

CALLS, WARM_UP = 200, 20
BUDGET_MS = 200.0
_CODES = "SELECT code FROM anomaly_type ORDER BY 1"
_PATHS = "SELECT org_path::text FROM organisation WHERE level = %s ORDER BY hashtext(code)"
LEVELS = ("province", "prefecture", "county", "station")


def any_query(source: random.Random, codes: list[str]) -> dict[str, str]:
    """Any view that a person could open, some parts left open."""
    query = {"measure": source.choice(list(MEASURES)), "compare": source.choice(list(PRESETS))}
    if source.random() < 0.5:
        query["level"] = ",".join(sorted(source.sample("1234", source.randint(1, 3))))
    chance = source.random()
    if chance < 0.35:
        query["anomaly"] = ",".join(source.sample(codes, source.randint(1, 5)))
    elif chance < 0.6:
        query["business"] = source.choice(codes)[:2]
    return query


async def _measure(address: str, seed: int) -> dict[str, list[float]]:
    source = random.Random(seed)
    with psycopg.connect(address) as connection:
        codes = [row[0] for row in connection.execute(_CODES)]
        paths = [[row[0] for row in connection.execute(_PATHS, [level])] for level in range(len(LEVELS))]
    times: dict[str, list[float]] = {}
    for level, known in zip(LEVELS, paths, strict=True):
        for call in range(CALLS if level == "province" else CALLS // 2):
            path = known[call % len(known)]
            # Half of them by somebody of the province, whose scope holds more than the unit.
            viewer = Viewer(subject="bench", role="manager", org_path="jibei" if call % 2 else path)
            query = {"unit": path.rsplit(".", 1)[-1], **any_query(source, codes)}
            chosen = TrendFilter.from_query(query, running_month())
            started = time.perf_counter()
            found = await trends(viewer, chosen)
            times.setdefault(level, []).append((time.perf_counter() - started) * 1000)
            assert found is not None, query
    await dispose_engines()
    return times


def trend_queries(address: str, *, seed: int = 11) -> list[Figure]:
    """Milliseconds of the trends of a unit, by its level."""
    with psycopg.connect(address) as connection:
        (points,) = connection.execute("SELECT count(*) FROM risk_point").fetchone() or (0,)
        (tickets,) = connection.execute("SELECT count(*) FROM audit_ticket").fetchone() or (0,)
    with in_this_process(address):
        times = asyncio.run(_measure(address, seed))
    note = f"{points:,} risk points, {tickets:,} tickets; cold: {{cold:.0f}} ms at most"
    return [
        summarise(
            f"trends over 36 months, any filter, {level}", "ms", values[WARM_UP:], budget=BUDGET_MS,
            note=note.format(cold=max(values[:WARM_UP])),
        )
        for level, values in times.items()
    ]  # fmt: skip
