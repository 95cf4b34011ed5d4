"""Times of what a browser asks for, over HTTP on the loopback, signed in, under row security."""

import gzip
import math
import random
import time
from urllib.parse import urlencode

import httpx
import psycopg

from bench.report import Figure, summarise

TILES = 120
CALLS = 60


def _filters(random_source: random.Random, codes: list[str], units: list[str]) -> dict[str, str]:
    """Any filter a person could choose; a random day makes each cold."""
    chosen: dict[str, str] = {
        "from": f"202{random_source.randint(4, 6)}-{random_source.randint(1, 9):02}-{random_source.randint(1, 28):02}"
    }
    kind = random_source.random()
    if kind < 0.25:
        chosen["anomaly"] = ",".join(random_source.sample(codes, random_source.randint(1, 5)))
    elif kind < 0.5:
        chosen["business"] = random_source.choice(codes)[:2]
    elif kind < 0.65:
        chosen["level"] = random_source.choice(["1", "1,2", "3", "2,3,4"])
    elif kind < 0.75:
        chosen["unit"] = random_source.choice(units)
    if random_source.random() < 0.3:
        chosen["open"] = "1"
    return chosen


def _tile(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    scale = 2**zoom
    x = int((longitude + 180) / 360 * scale)
    y = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * scale)
    return x, y


def _timed(client: httpx.Client, address: str) -> tuple[float, httpx.Response]:
    begun = time.perf_counter()
    answer = client.get(address)
    spent = (time.perf_counter() - begun) * 1000
    answer.raise_for_status()
    return spent, answer


def heat_tiles(client: httpx.Client, database_url: str, *, seed: int = 5) -> list[Figure]:
    """Cold: every request has a filter not seen before. Warm: the same addresses again."""
    source = random.Random(seed)
    with psycopg.connect(database_url) as connection:
        codes = [row[0] for row in connection.execute("SELECT code FROM anomaly_type ORDER BY 1")]
        units = [row[0] for row in connection.execute("SELECT code FROM organisation WHERE level IN (1, 2) ORDER BY 1")]
        places = connection.execute(
            "SELECT ST_X(location), ST_Y(location) FROM risk_point ORDER BY hashtext(number) LIMIT 300"
        ).fetchall()
        (points,) = connection.execute("SELECT count(*) FROM risk_point").fetchall()[0]
    cold: list[float] = []
    warm: list[float] = []
    by_zoom: dict[int, list[float]] = {}
    for _ in range(TILES):
        zoom = source.choice([5, 6, 7, 8, 9, 10, 11, 12, 13])
        longitude, latitude = source.choice(places)
        x, y = _tile(longitude, latitude, zoom)
        address = f"/tiles/heat/{zoom}/{x}/{y}.png?{urlencode(_filters(source, codes, units))}"
        spent, _ = _timed(client, address)
        cold.append(spent)
        by_zoom.setdefault(zoom, []).append(spent)
        for _ in range(2):
            warm.append(_timed(client, address)[0])
    worst = max(by_zoom, key=lambda zoom: sum(by_zoom[zoom]) / len(by_zoom[zoom]))
    note = f"{points:,} risk points, zoom 5-13, worst zoom {worst}"
    return [
        summarise("heat tile, cold", "ms", cold, budget=50.0, note=note),
        summarise("heat tile, warm", "ms", warm, budget=5.0, note=note),
    ]


def snapshot(client: httpx.Client) -> list[Figure]:
    """The wall's first answer: time and bytes on the wire."""
    times, sizes, rows = [], [], ""
    for _ in range(CALLS):
        spent, answer = _timed(client, "/api/v1/live/snapshot")
        times.append(spent)
        sizes.append(len(gzip.compress(answer.content, 6)) / 1024)
        body = answer.json()
        rows = f"{len(body['inspectors']):,} inspectors, {len(body['tickets']):,} open tickets"
    return [
        summarise("wall snapshot", "ms", times, budget=150.0, note=rows),
        summarise("wall snapshot, compressed", "KB", sizes, budget=150.0, note=rows),
    ]


def details(client: httpx.Client, database_url: str) -> list[Figure]:
    """Tracks and hexagons: what opens behind a click."""
    with psycopg.connect(database_url) as connection:
        people = [
            row[0]
            for row in connection.execute(
                "SELECT employee_number FROM inspector_position ORDER BY hashtext(employee_number) LIMIT 40"
            )
        ]
        (day,) = connection.execute("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date - 1").fetchall()[0]
    first = [_timed(client, f"/api/v1/tracks/{number}?day={day}")[0] for number in people]
    again = [_timed(client, f"/api/v1/tracks/{number}?day={day}")[0] for number in people]
    hexagons = [
        _timed(client, f"/api/v1/risk/hexagons?bbox=113.8,38.4,119.9,42.7&zoom={zoom}&from=2025-01-{day_of_month:02}")[
            0
        ]
        for zoom in (6, 7, 8)
        for day_of_month in range(1, 9)
    ]
    return [
        summarise("day track, finished day, first look", "ms", first),
        summarise("day track, finished day, again", "ms", again, budget=100.0),
        summarise("hexagons, whole province, cold", "ms", hexagons),
    ]
