"""Grow a loaded demo utility to the size of a city or a province, reproducibly and with COPY.

The demo's districts serve as anchors: new objects lie near them, in the same county and station, so that keys, scopes
and borders stay right. Only volume is made here, no truth: rules are judged on the demo utility.
"""

from collections.abc import Callable
from dataclasses import dataclass

import h3
import numpy as np
import psycopg

from bench.binary_copy import (
    bigint,
    boolean,
    copy_columns,
    date,
    double,
    integer,
    json_object,
    ltree,
    point,
    real,
    smallint,
    text,
    timestamp,
)

DAY_US = 86_400_000_000
DAY_2000_TO_1970 = 10_957


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each; DESIGN.md, Performance."""

    districts: int
    customers: int
    risk_points: int
    tickets: int
    open_tickets: int
    inspectors: int
    fixes: int
    fix_days: int = 7
    risk_days: int = 1095


SIZES: dict[str, Size] = {
    "demo": Size(0, 0, 0, 0, 0, 0, 0),
    "city": Size(4_000, 400_000, 200_000, 60_000, 600, 300, 5_000_000),
    "province": Size(100_000, 400_000, 1_000_000, 120_000, 2_000, 1_000, 50_000_000),
    "tickets": Size(0, 0, 0, 1_000_000, 40_000, 0, 0),
}
"""`province` keeps the customers of `city`: no page of today reads customers by the million (search comes later).
`tickets` is for the lists of tickets alone: the history of many years, and more open ones than any team should have.
"""


@dataclass(frozen=True, slots=True)
class Anchors:
    """The demo's districts, one entry each: where and to which unit new objects belong."""

    county: np.ndarray
    station: np.ndarray
    path: np.ndarray
    feeder: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray


def read_anchors(connection: psycopg.Connection) -> Anchors:
    """Anchors from `transformer_district`.

    Raises:
        ValueError: the database holds no demo utility.
    """
    rows = connection.execute(
        "SELECT county_code, ltree2text(subpath(org_path, -1, 1)), org_path::text, feeder_code, ST_X(location),"
        " ST_Y(location) FROM transformer_district WHERE nlevel(org_path) = 4 AND code NOT LIKE 'B%' ORDER BY code"
    ).fetchall()
    if not rows:
        raise ValueError("no districts to start from: load the demo utility first")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    longest = np.char.str_len(columns[2])
    keep = longest == np.bincount(longest).argmax()
    return Anchors(*(column[keep] for column in columns))


def _near(
    random: np.random.Generator, anchors: Anchors, count: int, spread_km: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # A few anchors draw most objects, as towns do.
    weight = random.pareto(1.2, len(anchors.county)) + 0.2
    chosen = random.choice(len(anchors.county), count, p=weight / weight.sum())
    latitude = anchors.latitude[chosen] + random.normal(0, spread_km / 111.2, count)
    longitude = anchors.longitude[chosen] + random.normal(0, spread_km / 85.0, count)
    return chosen, longitude, latitude


def _numbered(prefix: str, count: int, digits: int = 8) -> np.ndarray:
    return np.char.add(prefix, np.char.zfill(np.arange(1, count + 1).astype(str), digits))


def fill(address: str, size: Size, *, now_us: int, seed: int = 7, say: Callable[[str], None] = print) -> None:
    """Add what `size` asks for to the demo utility at `address` (a superuser: COPY passes row security by)."""
    random = np.random.default_rng(seed)
    with psycopg.connect(address, autocommit=True) as connection:
        anchors = read_anchors(connection)
        steps: list[tuple[str, int, Callable[[psycopg.Connection, Anchors, Size, np.random.Generator, int], None]]] = [
            ("districts", size.districts, _districts),
            ("customers", size.customers, _customers),
            ("risk points", size.risk_points, _risk_points),
            ("tickets", size.tickets, _tickets),
            ("inspectors", size.inspectors, _inspectors),
            ("fixes", size.fixes, _fixes),
        ]
        for name, count, step in steps:
            if count:
                say(f"{name}: {count:,}")
                step(connection, anchors, size, random, now_us)
        say("packing risk chunks, analysing")
        connection.execute("SELECT refresh_risk_chunks(), fold_roll_ups()")
        connection.execute("VACUUM (ANALYZE)")


def _districts(
    connection: psycopg.Connection, anchors: Anchors, size: Size, random: np.random.Generator, now_us: int
) -> None:
    count = size.districts
    chosen, longitude, latitude = _near(random, anchors, count, 6.0)
    for feeder in np.unique(np.char.str_len(anchors.feeder[chosen])):
        pick = np.flatnonzero(np.char.str_len(anchors.feeder[chosen]) == feeder)
        copy_columns(
            connection,
            "transformer_district",
            {
                "county_code": text(anchors.county[chosen][pick]),
                "code": text(_numbered("B", count)[pick]),
                "name": text(np.char.add("bench ", np.char.zfill(pick.astype(str), 8))),
                "kind": text("public"),
                "capacity_kva": integer(random.choice([100, 200, 315, 400, 500, 630], len(pick))),
                "feeder_code": text(anchors.feeder[chosen][pick]),
                "customer_count": integer(random.integers(10, 200, len(pick))),
                "org_path": ltree(anchors.path[chosen][pick]),
                "location": point(longitude[pick], latitude[pick]),
            },
            len(pick),
        )


def _customers(
    connection: psycopg.Connection, anchors: Anchors, size: Size, random: np.random.Generator, now_us: int
) -> None:
    count = size.customers
    chosen, longitude, latitude = _near(random, anchors, count, 3.0)
    # `numeric` has no fixed length in binary: the column is filled from its text by a staging table.
    connection.execute("CREATE TEMP TABLE staged (LIKE customer INCLUDING DEFAULTS)")
    connection.execute("ALTER TABLE staged ALTER contract_capacity_kva DROP NOT NULL")
    copy_columns(
        connection,
        "staged",
        {
            "county_code": text(anchors.county[chosen]),
            "number": text(_numbered("B", count, 9)),
            "name": text("bench"),
            "category": text("residential"),
            "voltage": text("<1kV"),
            "tariff_code": text("residential"),
            "district_code": text(_districts_of(connection, anchors.county[chosen], random)),
            "opened_on": date(random.integers(3_000, 9_000, count)),
            "org_path": ltree(anchors.path[chosen]),
            "is_demo": boolean(True),
            "location": point(longitude, latitude),
        },
        count,
    )
    connection.execute("UPDATE staged SET contract_capacity_kva = 8")
    connection.execute("INSERT INTO customer SELECT * FROM staged")
    connection.execute("DROP TABLE staged")


def _districts_of(connection: psycopg.Connection, counties: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A filled-in district of the same county for each, or of any where none lies there."""
    rows = connection.execute(
        "SELECT county_code, code FROM transformer_district WHERE code LIKE 'B%' ORDER BY code"
    ).fetchall()
    chosen = random.choice(np.array([row[1] for row in rows]), len(counties))
    for county in np.unique(counties):
        own = np.array([row[1] for row in rows if row[0] == county])
        at = counties == county
        if len(own):
            chosen[at] = random.choice(own, int(at.sum()))
    return chosen


def _risk_points(
    connection: psycopg.Connection, anchors: Anchors, size: Size, random: np.random.Generator, now_us: int
) -> None:
    count = size.risk_points
    kinds = connection.execute("SELECT code, default_level FROM anomaly_type ORDER BY ordinal").fetchall()
    codes, levels = np.array([row[0] for row in kinds]), np.array([row[1] for row in kinds])
    numbers = _numbered("B", count, 9)
    connection.execute("CREATE TEMP TABLE staged (LIKE risk_point INCLUDING DEFAULTS)")
    connection.execute("ALTER TABLE staged ALTER exposure_yuan DROP NOT NULL")
    for start in range(0, count, 200_000):
        block = min(200_000, count - start)
        chosen, longitude, latitude = _near(random, anchors, block, 5.0)
        kind = random.integers(0, len(codes), block)
        cells = np.fromiter(
            (h3.str_to_int(h3.latlng_to_cell(a, b, 9)) for a, b in zip(latitude, longitude, strict=True)),
            dtype=np.int64,
            count=block,
        )
        copy_columns(
            connection,
            "staged",
            {
                "county_code": text(anchors.county[chosen]),
                "number": text(numbers[start : start + block]),
                "station_code": text(anchors.station[chosen]),
                "anomaly_code": text(codes[kind]),
                "level": smallint(levels[kind]),
                "state": smallint(random.choice([0, 1, 2, 3, 4, 5], block, p=[0.2, 0.1, 0.4, 0.05, 0.15, 0.1])),
                "score": smallint(random.integers(10, 100, block)),
                "score_parts": json_object(),
                "rule_version": smallint(1),
                "detected_at": timestamp(now_us - (random.random(block) * size.risk_days * DAY_US).astype(np.int64)),
                "h3_cell": bigint(cells),
                "org_path": ltree(anchors.path[chosen]),
                "location": point(longitude, latitude),
            },
            block,
        )
    connection.execute("UPDATE staged SET exposure_yuan = 1000 + (hashtext(number) & 65535)")
    connection.execute("INSERT INTO risk_point SELECT * FROM staged")
    connection.execute("DROP TABLE staged")


def _tickets(
    connection: psycopg.Connection, anchors: Anchors, size: Size, random: np.random.Generator, now_us: int
) -> None:
    count = size.tickets
    codes = np.array(
        [row[0] for row in connection.execute("SELECT code FROM anomaly_type ORDER BY ordinal").fetchall()]
    )
    chosen, longitude, latitude = _near(random, anchors, count, 5.0)
    numbers = _numbered("B", count, 9)
    handlers = _handlers(connection, anchors.county[chosen], random)
    opened = now_us - (random.random(count) * 720 * DAY_US).astype(np.int64)
    is_open = np.zeros(count, dtype=bool)
    is_open[: size.open_tickets] = True
    opened[: size.open_tickets] = now_us - (random.random(size.open_tickets) * 20 * DAY_US).astype(np.int64)
    for flag in (True, False):
        pick = np.flatnonzero(is_open == flag)
        due = opened[pick] + (random.random(len(pick)) * 25 * DAY_US).astype(np.int64)
        fields = {
            "county_code": text(anchors.county[chosen][pick]),
            "number": text(numbers[pick]),
            "anomaly_code": text(codes[random.integers(0, len(codes), len(pick))]),
            "level": smallint(random.integers(1, 5, len(pick))),
            "status": smallint(random.choice([30, 40, 50, 70, 80], len(pick)) if flag else 90),
            "customer_number": text(_numbered("B", count)[pick]),
            "handler_number": text(handlers[pick]),
            "opened_at": timestamp(opened[pick]),
            "due_at": timestamp(due),
            "org_path": ltree(anchors.path[chosen][pick]),
            "is_demo": boolean(True),
            "location": point(longitude[pick], latitude[pick]),
        }
        if not flag:
            fields["closed_at"] = timestamp(np.minimum(due, now_us - 1))
            fields["finding"] = text("true")
        copy_columns(connection, "audit_ticket", fields, len(pick))


def _handlers(connection: psycopg.Connection, counties: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An inspector of the same county for each, or of any where the demo has none there."""
    rows = connection.execute(
        "SELECT county_code, number FROM employee WHERE kind = 'inspector' AND number NOT LIKE 'B%' ORDER BY number"
    ).fetchall()
    everybody = np.array([row[1] for row in rows])
    chosen = random.choice(everybody, len(counties))
    for county in np.unique(counties):
        team = np.array([row[1] for row in rows if row[0] == county])
        at = counties == county
        if len(team):
            chosen[at] = random.choice(team, int(at.sum()))
    return chosen


def _inspectors(
    connection: psycopg.Connection, anchors: Anchors, size: Size, random: np.random.Generator, now_us: int
) -> None:
    connection.execute(
        "WITH unit AS (SELECT code, county_code, org_path, row_number() OVER (ORDER BY code) - 1 AS place,"
        " count(*) OVER () AS units FROM organisation WHERE level = 3)"
        " INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path, is_demo)"
        " SELECT 'B' || lpad(n::text, 7, '0'), 'bench ' || n, 'inspector', code, county_code, org_path, true"
        " FROM generate_series(1, %s) AS n JOIN unit ON unit.place = n %% unit.units",
        [size.inspectors],
    )
    connection.execute(
        "INSERT INTO work_shift (county_code, employee_number, started_at, org_path)"
        " SELECT county_code, number, to_timestamp(%s) - interval '2 hours', org_path FROM employee"
        " WHERE number LIKE 'B%%'",
        [now_us / 1e6],
    )
    connection.execute(
        "INSERT INTO device (employee_number, label, token_hash, org_path)"
        " SELECT number, 'bench', encode(sha256(convert_to('bench-' || number, 'UTF8')), 'hex'), org_path FROM employee"
        " WHERE number LIKE 'B%'"
    )
    connection.execute(
        "INSERT INTO inspector_position (employee_number, county_code, org_path, fixed_at, received_at, longitude,"
        " latitude, accuracy_m, speed_kmh, heading_deg, activity, on_shift)"
        " SELECT number, employee.county_code, employee.org_path, to_timestamp(%s), to_timestamp(%s),"
        " ST_X(centre) + random() * 0.02, ST_Y(centre) + random() * 0.02, 8, 30, 90, 'way', true"
        " FROM employee JOIN organisation ON organisation.code = employee.organisation_code WHERE number LIKE 'B%%'",
        [now_us / 1e6, now_us / 1e6],
    )


def _fixes(
    connection: psycopg.Connection, anchors: Anchors, size: Size, random: np.random.Generator, now_us: int
) -> None:
    people = connection.execute(
        "SELECT number, employee.county_code, employee.org_path::text, ST_X(centre), ST_Y(centre) FROM employee"
        " JOIN organisation ON organisation.code = organisation_code WHERE number LIKE 'B%' ORDER BY number"
    ).fetchall()
    connection.execute(
        "SELECT ensure_fix_partitions((to_timestamp(%s) AT TIME ZONE 'UTC')::date - %s::int, "
        "(to_timestamp(%s) AT TIME ZONE 'UTC')::date)",
        [now_us / 1e6, size.fix_days, now_us / 1e6],
    )
    each = size.fixes // len(people)
    step_us = size.fix_days * DAY_US // each
    moments = now_us - size.fix_days * DAY_US + np.arange(each) * step_us
    group = max(1, 400_000 // each)
    for start in range(0, len(people), group):
        crowd = people[start : start + group]
        drift = random.normal(0, 0.0004, (2, len(crowd), each)).cumsum(axis=2)
        # Pulled back to the unit's centre, so that a week of steps does not leave the province.
        drift -= np.linspace(0, 1, each) * drift[:, :, -1:]
        count = each * len(crowd)
        copy_columns(
            connection,
            "position_fix",
            {
                "county_code": text(np.repeat([row[1] for row in crowd], each)),
                "employee_number": text(np.repeat([row[0] for row in crowd], each)),
                "fixed_at": timestamp(np.tile(moments, len(crowd))),
                "longitude": double((np.array([row[3] for row in crowd])[:, None] + drift[0]).ravel()),
                "latitude": double((np.array([row[4] for row in crowd])[:, None] + drift[1]).ravel()),
                "speed_kmh": real(np.float32(25)),
                "org_path": ltree(np.repeat([row[2] for row in crowd], each)),
            },
            count,
        )
