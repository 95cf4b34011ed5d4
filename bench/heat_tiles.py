"""How long a heat tile takes, through the door and under row security: nothing remembered, a new filter, a new tile,
and a tile that is remembered."""

import argparse
import asyncio
import json
import math
import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta

import httpx
import psycopg
from fastapi import FastAPI

from api import tiles
from data_access.risk_columns import store
from data_access.scope import Viewer, current_viewer

TOWNS = ((118.18, 39.63), (114.88, 40.82), (119.60, 39.94), (117.94, 40.97), (116.70, 39.52), (118.70, 40.0))
LAST_DAY = date(2026, 11, 30)


def random_filter(chance: random.Random) -> dict[str, str]:
    """Any filter that a person could set, most parts left open."""
    made: dict[str, str] = {}
    if chance.random() < 0.4:
        made["business"] = ",".join(chance.sample(["YK", "DJ", "CH", "JL", "FQ"], chance.randint(1, 3)))
    if chance.random() < 0.2:
        made["anomaly"] = f"{made.get('business', 'DJ')[:2]}0{chance.randint(1, 9)}"
    if chance.random() < 0.4:
        made["level"] = ",".join(sorted(chance.sample("1234", chance.randint(1, 3))))
    if chance.random() < 0.2:
        made["unit"] = chance.choice(["1302", "1307", "130283", "130203"])
    if chance.random() < 0.5:
        first = LAST_DAY - timedelta(days=chance.randint(30, 1090))
        made |= {"from": str(first), "to": str(first + timedelta(days=chance.randint(7, 720)))}
    if chance.random() < 0.4:
        made["open"] = "1"
    return made


def random_tile(chance: random.Random) -> str:
    """A tile of zoom 5 to 14 near a town."""
    lon, lat = chance.choice(TOWNS)
    lon, lat = lon + chance.gauss(0, 0.2), lat + chance.gauss(0, 0.15)
    zoom = chance.randint(5, 14)
    x = int((lon + 180) / 360 * 2**zoom)
    y = int((0.5 - math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) / (2 * math.pi)) * 2**zoom)
    return f"/tiles/heat/{zoom}/{x}/{y}.png"


def _change(address: str, turn: int) -> None:
    """Gives twenty points another score and packs their chunks, as a rule scan does."""
    with psycopg.connect(address) as connection:
        connection.execute(
            "UPDATE risk_point SET score = 50 + (score + 1) %% 50 WHERE number IN"
            " (SELECT number FROM risk_point ORDER BY number OFFSET %s LIMIT 20)",
            (turn * 1000,),
        )
        connection.execute("SELECT refresh_risk_chunks()")


def _ahead(seconds: float) -> Callable[[], float]:
    """A clock that lets the store's look at the version grow old without waiting."""
    return lambda: time.monotonic() + 2 * seconds


async def measure(address: str, rounds: int, seed: int = 7) -> dict[str, dict[str, float]]:
    """Milliseconds of each kind of request: samples, median, 95th percentile, longest."""
    app = FastAPI()
    app.include_router(tiles.router)
    current_viewer.set(Viewer(subject="bench", role="manager", org_path="jibei"))
    chance = random.Random(seed)
    results: dict[str, list[float]] = {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:

        async def timed(kind: str, path: str, query: dict[str, str]) -> None:
            started = time.perf_counter()
            answer = await client.get(path, params=query)
            results.setdefault(kind, []).append((time.perf_counter() - started) * 1000)
            answer.raise_for_status()

        forget: Callable[[], None] = tiles.forget_tiles
        for _ in range(rounds):
            store.clear()
            forget()
            query = random_filter(chance)
            await timed("nothing remembered", random_tile(chance), query)
        for turn in range(rounds // 3):
            await asyncio.to_thread(_change, address, turn)
            store.clock = _ahead(turn + 1)
            query = random_filter(chance)
            await timed("after a change of the points", random_tile(chance), query)
        for _ in range(rounds):
            forget()
            query = random_filter(chance)
            await timed("new filter, new tile", random_tile(chance), query)
            for _ in range(3):
                forget()
                await timed("known filter, new tile", random_tile(chance), query)
            path = random_tile(chance)
            await client.get(path, params=query)
            await timed("remembered", path, query)
    return {
        kind: {
            "samples": len(times),
            "p50": round(statistics.median(times), 1),
            "p95": round(statistics.quantiles(times, n=20)[-1], 1),
            "max": round(max(times), 1),
        }
        for kind, times in results.items()
    }


def main() -> None:
    """Measure against the database at `--address`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args()
    os.environ["DATABASE_URL"] = given.address
    print(json.dumps(asyncio.run(measure(given.address, given.rounds)), indent=1))


if __name__ == "__main__":
    main()
