"""A small utility built by SQL: units, people, devices, shifts, tickets, risk points. As the schema's owner.

Each function adds one kind of thing with defaults that suit a test; names are codes, nobody here exists.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import shapely

from data_access.scope import Role, Viewer

PROVINCE = "jibei"
SOUTH, NORTH = "jibei.1302.130202", "jibei.1307.130702"
"""Two counties of two cities, far apart: Tangshan and Zhangjiakou."""
SOUTH_STATION, NORTH_STATION = f"{SOUTH}.13020201", f"{NORTH}.13070201"
PLACES = {SOUTH_STATION: (118.18, 39.63), NORTH_STATION: (114.88, 40.82)}
"""Longitude and latitude (WGS-84) of each station."""
BOXES = {SOUTH: (117.0, 39.0, 119.0, 40.5), NORTH: (114.0, 40.0, 116.0, 42.0)}
KINDS = ("DJ01", "CH01", "JL01")


def county_of(path: str) -> str:
    """`130202` of a county's or a station's path.

    Raises:
        IndexError: the path is that of a city or the province.
    """
    return path.split(".")[2]


def viewer(path: str = PROVINCE, role: Role = "manager", employee: str | None = None) -> Viewer:
    """Somebody who looks."""
    return Viewer(subject=f"{role}@{path}", role=role, org_path=path, employee_number=employee, language="en")


def organisations(owner: psycopg.Connection) -> None:
    """Province, two cities, two counties with boundaries, a station in each."""
    rows: list[tuple[str, tuple[float, float, float, float] | None]] = [(PROVINCE, None)]
    for county in (SOUTH, NORTH):
        rows += [(county.rsplit(".", 1)[0], BOXES[county]), (county, BOXES[county])]
    rows += [(SOUTH_STATION, None), (NORTH_STATION, None)]
    for path, box in rows:
        labels = path.split(".")
        owner.execute(
            "INSERT INTO organisation (code, parent_code, level, name_zh, name_en, county_code, org_path, boundary)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, ST_GeomFromText(%s, 4326))",
            (
                labels[-1],
                labels[-2] if len(labels) > 1 else None,
                len(labels) - 1,
                f"单位{labels[-1]}",
                f"Unit {labels[-1]}",
                labels[2] if len(labels) > 2 else None,
                path,
                shapely.multipolygons([shapely.box(*box)]).wkt if box else None,
            ),
        )


def catalogue(owner: psycopg.Connection) -> None:
    """Three business types with one anomaly type each."""
    for number, code in enumerate(KINDS, start=1):
        owner.execute("INSERT INTO business_type VALUES (%s, %s, %s, %s)", (code[:2], number, code[:2], code[:2]))
        owner.execute("INSERT INTO anomaly_type VALUES (%s, %s, %s, %s, %s, 2)", (code, number, code[:2], code, code))


@dataclass(frozen=True, slots=True)
class Phone:
    """An inspector's device: the bearer token that it sends."""

    employee: str
    token: str
    device_id: str
    station: str

    @property
    def headers(self) -> dict[str, str]:
        """Of its requests."""
        return {"Authorization": f"Bearer {self.token}"}


def inspector(owner: psycopg.Connection, number: str, station: str = SOUTH_STATION, *, phone: str | None = None) -> str:
    """An inspector of a station."""
    owner.execute(
        "INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path, phone, is_demo)"
        " VALUES (%s, %s, 'inspector', %s, %s, %s, %s, true)",
        (number, f"Demo {number}", station.rsplit(".", 1)[-1], county_of(station), station, phone),
    )
    return number


def device(owner: psycopg.Connection, employee: str, *, system: str = "wgs84", token: str | None = None) -> Phone:
    """A device of somebody who exists."""
    token = token or f"token-of-{employee}-{system}"
    row = owner.execute(
        "INSERT INTO device (employee_number, label, coordinate_system, token_hash, org_path)"
        " SELECT number, 'test', %s, %s, org_path FROM employee WHERE number = %s RETURNING id::text, org_path::text",
        (system, hashlib.sha256(token.encode()).hexdigest(), employee),
    ).fetchone()
    assert row is not None, f"no employee {employee}"
    return Phone(employee, token, row[0], row[1])


def shift(
    owner: psycopg.Connection, employee: str, started_at: datetime | None = None, ended_at: datetime | None = None
) -> None:
    """A shift; open, and begun four days ago, unless said otherwise."""
    owner.execute(
        "INSERT INTO work_shift (county_code, employee_number, started_at, ended_at, org_path)"
        " SELECT county_code, number, %s, %s, org_path FROM employee WHERE number = %s",
        (started_at or datetime.now(UTC) - timedelta(days=4), ended_at, employee),
    )


def phone(owner: psycopg.Connection, number: str, station: str = SOUTH_STATION, *, system: str = "wgs84") -> Phone:
    """An inspector with a device, on shift."""
    inspector(owner, number, station)
    shift(owner, number)
    return device(owner, number, system=system)


def ticket(
    owner: psycopg.Connection,
    number: str,
    station: str = SOUTH_STATION,
    *,
    status: int = 50,
    level: int = 2,
    handler: str | None = None,
    finding: str | None = None,
    opened_at: datetime | None = None,
    due_at: datetime | None = None,
    closed_at: datetime | None = None,
    recovered: tuple[str, str, str] | None = None,
    place: tuple[float, float] | None = None,
) -> str:
    """A ticket at its station's place. `recovered`: kWh, yuan, breach charge in yuan."""
    now = datetime.now(UTC)
    kwh, yuan, breach = recovered or (None, None, None)
    owner.execute(
        "INSERT INTO audit_ticket (county_code, number, anomaly_code, level, status, finding, handler_number,"
        " opened_at, due_at, closed_at, recovered_kwh, recovered_yuan, breach_yuan, org_path, location)"
        " VALUES (%s, %s, 'DJ01', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (
            county_of(station), number, level, status, finding, handler, opened_at or now - timedelta(days=3),
            due_at or now + timedelta(days=5), closed_at, kwh, yuan, breach, station, *(place or PLACES[station]),
        ),
    )  # fmt: skip
    return number


def ticket_events(owner: psycopg.Connection, number: str, steps: Sequence[tuple[datetime, str, int]]) -> None:
    """Events (moment, kind, status) of a ticket that exists."""
    for sequence, (moment, kind, status) in enumerate(steps, start=1):
        owner.execute(
            "INSERT INTO ticket_event (county_code, ticket_number, sequence, at, actor, kind, to_status, org_path,"
            " previous_hash, hash) SELECT county_code, number, %s, %s, 'test', %s, %s, org_path, '', %s"
            " FROM audit_ticket WHERE number = %s",
            (sequence, moment, kind, status, f"{number}-{sequence}", number),
        )


def risk(
    owner: psycopg.Connection,
    number: str,
    station: str = SOUTH_STATION,
    *,
    level: int = 2,
    state: int = 0,
    detected_at: datetime | None = None,
) -> str:
    """A risk point at its station's place; call `pack_risk` when all are there."""
    owner.execute(
        "INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score, exposure_yuan,"
        " detected_at, h3_cell, org_path, location)"
        " VALUES (%s, %s, %s, 'DJ01', %s, %s, 50, 1000, %s, 0, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
        (
            county_of(station), number, station.rsplit(".", 1)[-1], level, state,
            detected_at or datetime.now(UTC) - timedelta(hours=1), station, *PLACES[station],
        ),
    )  # fmt: skip
    return number


def pack_risk(owner: psycopg.Connection) -> None:
    """As a writer of risk points does at the end."""
    owner.execute("SELECT refresh_risk_chunks()")
