"""Fills a database with risk points of a chosen number, spread as a utility's are: towns, stations, districts.

Written with COPY, deterministic by seed. Uses the organisation that the database has; an empty database gets stations
around the towns of a GeoJSON file first. Names are plain codes: this is measuring data, not the demo utility.
"""

import argparse
import json
import time
from pathlib import Path

import h3
import numpy as np
import psycopg

_BUSINESS = ("YK", "DJ", "CH", "JL", "FQ", "XS", "ZW")
_TYPES_EACH = 11
_STATIONS_EACH = 9
_DAYS = 1095
POINTS_PER_DISTRICT = 10
"""1,000,000 points then stand at 100,000 transformer districts, the size of the province."""


def fill_risk_points(
    address: str, count: int, seed: int, *, places: Path | None = None, last_day: str = "2026-11-30"
) -> dict[str, float]:
    """Adds `count` risk points and packs their chunks; returns the seconds of each step.

    `address` is a login that owns the schema. `places`: GeoJSON points with an `adcode`, needed when the database
    has no stations. Detection days are the three years up to `last_day`.

    Raises:
        ValueError: there are no stations and no `places` to make them from.
    """
    random = np.random.default_rng(seed)
    seconds: dict[str, float] = {}
    with psycopg.connect(address) as connection:
        _ensure_catalogue(connection)
        stations = _stations(connection)
        if not stations:
            if places is None:
                raise ValueError("the database has no stations: name a GeoJSON file of places to make some")
            _make_stations(connection, places, random)
            stations = _stations(connection)
        started = time.perf_counter()
        _copy_points(connection, stations, count, random, last_day, prefix=f"R{seed}-")
        seconds["copy"] = time.perf_counter() - started
        started = time.perf_counter()
        connection.execute("SELECT refresh_risk_chunks()")
        seconds["pack"] = time.perf_counter() - started
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE risk_point")
        connection.execute("VACUUM ANALYZE risk_chunk")
    return seconds


def _ensure_catalogue(connection: psycopg.Connection) -> None:
    (have,) = connection.execute("SELECT count(*) FROM anomaly_type").fetchone() or (0,)
    if have:
        return
    for number, business in enumerate(_BUSINESS, start=1):
        connection.execute("INSERT INTO business_type VALUES (%s, %s, %s, %s)", (business, number, business, business))
        for kind in range(1, _TYPES_EACH + 1):
            code = f"{business}{kind:02d}"
            connection.execute(
                "INSERT INTO anomaly_type VALUES (%s, %s, %s, %s, %s, %s)",
                (code, (number - 1) * _TYPES_EACH + kind, business, code, code, 1 + kind % 4),
            )


def _stations(connection: psycopg.Connection) -> list[tuple[str, str, str, float, float]]:
    """County code, station code, path, longitude and latitude of every station."""
    return connection.execute(
        "SELECT county_code, code, org_path::text, ST_X(centre), ST_Y(centre) FROM organisation"
        " WHERE level = 3 AND centre IS NOT NULL ORDER BY code"
    ).fetchall()


def _make_stations(connection: psycopg.Connection, places: Path, random: np.random.Generator) -> None:
    insert = (
        "INSERT INTO organisation (code, parent_code, level, name_zh, name_en, county_code, org_path, centre)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326)) ON CONFLICT DO NOTHING"
    )
    connection.execute(insert, ("jibei", None, 0, "冀北", "Jibei", None, "jibei", 117.5, 40.5))
    for feature in json.loads(places.read_text(encoding="utf-8"))["features"]:
        county = str(feature["properties"]["adcode"])
        city = county[:4]
        lon, lat = feature["geometry"]["coordinates"]
        connection.execute(insert, (city, "jibei", 1, city, city, None, f"jibei.{city}", lon, lat))
        connection.execute(insert, (county, city, 2, county, county, county, f"jibei.{city}.{county}", lon, lat))
        for number in range(1, _STATIONS_EACH + 1):
            station = f"{county}{number:02d}"
            near = 0.01 if number <= 3 else 0.17
            where = (lon + random.normal(0, near), lat + random.normal(0, near * 0.8))
            path = f"jibei.{city}.{county}.{station}"
            connection.execute(insert, (station, county, 3, station, station, county, path, *where))


def _copy_points(
    connection: psycopg.Connection,
    stations: list[tuple[str, str, str, float, float]],
    count: int,
    random: np.random.Generator,
    last_day: str,
    prefix: str,
) -> None:
    districts = max(count // POINTS_PER_DISTRICT, 1)
    weight = np.minimum(random.pareto(2.0, len(stations)), 4.0) + 0.5
    home = random.choice(len(stations), districts, p=weight / weight.sum())
    centres = np.array([row[3:] for row in stations], dtype=float)[home]
    spread = random.choice([0.008, 0.025, 0.09], districts, p=[0.3, 0.35, 0.35])[:, None]
    sites = centres + random.normal(size=(districts, 2)) * spread * [1.0, 0.78]
    chosen = random.integers(0, districts, count)
    where = sites[chosen] + random.normal(0, 0.0012, (count, 2))
    kinds = [row[0] for row in connection.execute("SELECT code FROM anomaly_type ORDER BY ordinal").fetchall()]
    kind = random.integers(0, len(kinds), count)
    level = random.choice([1, 2, 3, 4], count, p=[0.08, 0.27, 0.45, 0.2])
    state = random.choice([0, 1, 2, 3, 4, 5], count, p=[0.2, 0.1, 0.25, 0.1, 0.25, 0.1])
    score = np.clip(random.normal(75 - 13 * level, 12), 1, 100).astype(int)
    # Newer months hold more points, and winters more than summers: the demand that a period filter meets.
    ages = (random.power(1.4, count) * _DAYS * 86_400).astype("timedelta64[s]")
    detected = np.datetime64(last_day) - np.timedelta64(_DAYS * 86_400, "s") + ages
    cell = h3.latlng_to_cell
    with connection.cursor().copy(
        "COPY risk_point (county_code, number, station_code, anomaly_code, level, state, score, exposure_yuan,"
        " district_code, detected_at, h3_cell, org_path, location) FROM STDIN"
    ) as copy:
        for row in range(count):
            county, station, path, _, _ = stations[home[chosen[row]]]
            lon, lat = where[row]
            copy.write_row(
                (
                    county,
                    f"{prefix}{row:08d}",
                    station,
                    kinds[kind[row]],
                    int(level[row]),
                    int(state[row]),
                    int(score[row]),
                    100,
                    f"D{chosen[row]:07d}",
                    f"{detected[row]}+00",
                    h3.str_to_int(cell(lat, lon, 9)),
                    path,
                    f"SRID=4326;POINT({lon:.6f} {lat:.6f})",
                )
            )


def main() -> None:
    """Fill the database at `--address`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--places", type=Path)
    given = parser.parse_args()
    print(fill_risk_points(given.address, given.count, given.seed, places=given.places))


if __name__ == "__main__":
    main()
