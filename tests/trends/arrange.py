"""Two cities of two counties each, three stations; points and tickets anywhere among them."""

from datetime import UTC, date, datetime
from typing import Any

import psycopg

PATHS = (
    "jibei",
    "jibei.1302", "jibei.1302.130202", "jibei.1302.130203", "jibei.1302.130202.13020201",
    "jibei.1302.130202.13020202", "jibei.1302.130203.13020301",
    "jibei.1307", "jibei.1307.130702", "jibei.1307.130702.13070201",
)  # fmt: skip
STATIONS = tuple(path for path in PATHS if path.count(".") == 3)
RUNNING = date(2026, 11, 1)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
POINT = "SRID=4326;POINT(118 39)"


def units(owner: psycopg.Connection) -> None:
    """The organisation, without borders."""
    for path in PATHS:
        labels = path.split(".")
        owner.execute(
            "INSERT INTO organisation (code, parent_code, level, name_zh, name_en, county_code, org_path)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                labels[-1], labels[-2] if len(labels) > 1 else None, len(labels) - 1, f"单位{labels[-1]}",
                f"Unit {labels[-1]}", labels[2] if len(labels) > 2 else None, path,
            ),
        )  # fmt: skip


def points(owner: psycopg.Connection, rows: list[dict[str, Any]]) -> None:
    """Risk points by one statement; each row says `number`, `path`, `kind`, `level`, `state`, `score`, `yuan`, `at`."""
    _many(
        owner,
        "INSERT INTO risk_point (county_code, number, station_code, anomaly_code, level, state, score, exposure_yuan,"
        " detected_at, h3_cell, org_path, location) SELECT split_part(path, '.', 3), number, split_part(path, '.', 4),"
        f" kind, level, state, score, yuan, at, 0, path::ltree, '{POINT}'"
        " FROM json_to_recordset(%s) AS given (number text, path text, kind text, level smallint, state smallint,"
        " score smallint, yuan numeric, at timestamptz)",
        rows,
    )


def tickets(owner: psycopg.Connection, rows: list[dict[str, Any]]) -> None:
    """Tickets by one statement; each row says `number`, `path`, `kind`, `level`, `status`, `finding`, `opened`, `due`,
    `closed`, `found`, `yuan`.
    """
    _many(
        owner,
        "INSERT INTO audit_ticket (county_code, number, anomaly_code, level, status, finding, opened_at, due_at,"
        " closed_at, found_at, recovered_kwh, recovered_yuan, breach_yuan, org_path)"
        " SELECT split_part(path, '.', 3), number, kind, level, status, finding, opened, due, closed, found, yuan / 2,"
        " yuan, yuan * 3, path::ltree"
        " FROM json_to_recordset(%s) AS given (number text, path text, kind text, level smallint, status smallint,"
        " finding text, opened timestamptz, due timestamptz, closed timestamptz, found timestamptz, yuan numeric)",
        rows,
    )


def _many(owner: psycopg.Connection, statement: str, rows: list[dict[str, Any]]) -> None:
    import json

    owner.execute(statement, (json.dumps(rows, default=str),))
