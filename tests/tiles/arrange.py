"""Things in their places for the map's tests: two cities with a county each, written as the schema's owner."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import h3
import httpx
import psycopg
import shapely
from fastapi import FastAPI

from api import errors, layers, tiles, tracks
from data_access.scope import Role, Viewer, current_viewer

NORTH, SOUTH = "jibei.1307.130702", "jibei.1302.130202"
"""Paths of the two counties: Zhangjiakou in the north-west, Tangshan in the south-east."""
PLACES = {"13070201": (114.88, 40.82), "13020201": (118.18, 39.63), "13020202": (118.25, 39.66)}
PATHS = {"13070201": f"{NORTH}.13070201", "13020201": f"{SOUTH}.13020201", "13020202": f"{SOUTH}.13020202"}
KINDS = ("DJ01", "DJ02", "CH01", "CH02", "JL01")
MOMENT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def viewer(path: str = "jibei", role: Role = "manager", employee: str | None = None) -> Viewer:
    """Somebody who looks, with the given scope."""
    return Viewer(subject=f"{role}@{path}", role=role, org_path=path, employee_number=employee, language="en")


@contextmanager
def looking(who: Viewer) -> Iterator[None]:
    """As the guard does it: requests inside are this viewer's."""
    token = current_viewer.set(who)
    try:
        yield
    finally:
        current_viewer.reset(token)


def client() -> httpx.AsyncClient:
    """A client of the map's doors, with the product's error shape."""
    app = FastAPI()
    for door in (tiles, tracks, layers):
        app.include_router(door.router)
    errors.install(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


def organisations(owner: psycopg.Connection) -> None:
    """Province, two cities, two counties with touching square boundaries, three stations, and the catalogue."""
    rows = [("jibei", None, 0, None, "jibei", (114.0, 39.0, 119.0, 42.0))]
    for path, box in ((SOUTH, (117.0, 39.0, 119.0, 42.0)), (NORTH, (114.0, 39.0, 117.0, 42.0))):
        _, city, county = path.split(".")
        rows.append((city, "jibei", 1, None, f"jibei.{city}", box))
        rows.append((county, city, 2, county, path, box))
    rows += [(code, code[:6], 3, code[:6], PATHS[code], None) for code in PLACES]
    for code, parent, level, county, path, box in rows:
        boundary = shapely.multipolygons([shapely.box(*box)]).wkt if box else None
        owner.execute(
            "INSERT INTO organisation (code, parent_code, level, name_zh, name_en, county_code, org_path, boundary)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, ST_GeomFromText(%s, 4326))",
            (code, parent, level, code, code, county, path, boundary),
        )
    for number, business in enumerate(("DJ", "CH", "JL"), start=1):
        owner.execute("INSERT INTO business_type VALUES (%s, %s, %s, %s)", (business, number, business, business))
    for number, code in enumerate(KINDS, start=7):
        owner.execute("INSERT INTO anomaly_type VALUES (%s, %s, %s, %s, %s, 2)", (code, number, code[:2], code, code))


@dataclass(frozen=True)
class Risk:
    """A risk point to be; place and moment have defaults that suit the station."""

    number: str
    station: str = "13020201"
    kind: str = "DJ01"
    level: int = 2
    state: int = 0
    score: int = 50
    at: datetime = MOMENT
    east: float = 0.0
    north: float = 0.0
    place: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        lon, lat = PLACES[self.station]
        object.__setattr__(self, "place", (round(lon + self.east, 6), round(lat + self.north, 6)))


def risks(owner: psycopg.Connection, points: Sequence[Risk]) -> None:
    """Adds risk points and packs them, as a writer does."""
    with owner.transaction(), owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score,"
            " exposure_yuan, detected_at, h3_cell, org_path, location)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 1000, %s, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
            [
                (
                    point.station[:6],
                    point.number,
                    point.station,
                    point.kind,
                    point.level,
                    point.state,
                    point.score,
                    point.at,
                    int(h3.latlng_to_cell(point.place[1], point.place[0], 9), 16),
                    PATHS[point.station],
                    *point.place,
                )
                for point in points
            ],
        )
        cursor.execute("SELECT refresh_risk_chunks()")


def inspector(owner: psycopg.Connection, number: str, station: str) -> None:
    """An inspector of a station."""
    owner.execute(
        "INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path, is_demo)"
        " VALUES (%s, %s, 'inspector', %s, %s, %s, true)",
        (number, f"Demo {number}", station, station[:6], PATHS[station]),
    )


def fixes(owner: psycopg.Connection, number: str, station: str, rows: Sequence[tuple[datetime, float, float]]) -> None:
    """Fixes of an inspector, and the partitions for them."""
    days = {moment.astimezone(UTC).date() for moment, _, _ in rows}
    owner.execute("SELECT ensure_fix_partitions(%s, %s)", (min(days), max(days)))
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO position_fix"
            " (county_code, employee_number, fixed_at, longitude, latitude, speed_kmh, org_path)"
            " VALUES (%s, %s, %s, %s, %s, 30, %s)",
            [(station[:6], number, moment, lon, lat, PATHS[station]) for moment, lon, lat in rows],
        )


def morning(start: datetime, station: str) -> list[tuple[datetime, float, float]]:
    """A drive of 10 min, a stay of 20 min, 30 min without a fix, and a drive of 10 min; a fix every half minute."""
    lon, lat = PLACES[station]
    drive = [(start + timedelta(seconds=30 * n), lon + 0.003 * n, lat) for n in range(20)]
    arrived = start + timedelta(minutes=10)
    stay = [(arrived + timedelta(seconds=30 * n), lon + 0.06 + 0.00002 * (n % 3), lat) for n in range(40)]
    again = arrived + timedelta(minutes=50)
    back = [(again + timedelta(seconds=30 * n), lon + 0.06 - 0.003 * n, lat) for n in range(20)]
    return drive + stay + back


def ticket(owner: psycopg.Connection, number: str, station: str, steps: Sequence[tuple[datetime, int]]) -> None:
    """An open ticket with its steps (moment, status)."""
    lon, lat = PLACES[station]
    owner.execute(
        "INSERT INTO audit_ticket"
        " (county_code, number, anomaly_code, level, status, opened_at, due_at, org_path, location)"
        " VALUES (%s, %s, 'DJ01', 1, %s, %s, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (station[:6], number, steps[-1][1], steps[0][0], steps[-1][0] + timedelta(days=9), PATHS[station], lon, lat),
    )
    for sequence, (moment, status) in enumerate(steps, start=1):
        owner.execute(
            "INSERT INTO ticket_event (county_code, ticket_number, sequence, at, actor, kind, to_status, org_path,"
            " previous_hash, hash) VALUES (%s, %s, %s, %s, 'test', 'step', %s, %s, '', %s)",
            (station[:6], number, sequence, moment, status, PATHS[station], f"{number}-{sequence}"),
        )


def grid(owner: psycopg.Connection, station: str, districts: int, *, spread: float = 0.01) -> None:
    """A substation, a feeder and transformer districts around a station."""
    lon, lat = PLACES[station]
    path = PATHS[station]
    owner.execute(
        "INSERT INTO substation VALUES (%s, %s, %s, %s, 35, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (f"S{station}", f"S{station}", station[:6], path, lon, lat),
    )
    line = json.dumps({"type": "MultiLineString", "coordinates": [[[lon, lat], [lon + spread, lat + spread]]]})
    owner.execute(
        "INSERT INTO feeder VALUES (%s, %s, %s, %s, %s, ST_SetSRID(ST_GeomFromGeoJSON(%s), 4326))",
        (f"F{station}", f"F{station}", f"S{station}", station[:6], path, line),
    )
    owner.execute(
        "INSERT INTO transformer_district (county_code, code, name, kind, capacity_kva, feeder_code, customer_count,"
        " org_path, location)"
        " SELECT %s, %s || n, 'District ' || n, 'public', 400, %s, n %% 97, %s,"
        " ST_SetSRID(ST_MakePoint(%s + (n %% 100) * %s / 100.0, %s + (n / 100) * %s / 100.0), 4326)"
        " FROM generate_series(1, %s) AS n",
        (station[:6], f"D{station}-", f"F{station}", path, lon, spread, lat, spread, districts),
    )
