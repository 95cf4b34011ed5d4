"""Packed columns against the rows they were packed from, under row security and any filter."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from data_access.risk_columns import RiskColumns, read_columns, select
from data_access.risk_filter import RiskFilter
from tests.tiles import arrange
from tests.tiles.arrange import KINDS, NORTH, SOUTH, Risk

SHANGHAI = ZoneInfo("Asia/Shanghai")
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module", autouse=True)
def points(database_url: str) -> None:
    """300 points over three stations and months, some in the last and first minutes of days and months."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.organisations(owner)
        stations = list(arrange.PLACES)
        made = [
            Risk(
                number=f"R{n:03d}",
                station=stations[n % 3],
                kind=KINDS[n % 5],
                level=1 + n % 4,
                state=n % 6,
                score=n % 101,
                at=datetime(2026, 1, 31, 15, 59, 30, tzinfo=UTC) + timedelta(hours=7 * n, seconds=n % 2 * 45),
                east=0.0007 * (n % 37),
                north=-0.0005 * (n % 41),
            )
            for n in range(300)
        ]
        arrange.risks(owner, made)


def rows(owner: psycopg.Connection, path: str = "jibei") -> list[dict[str, Any]]:
    """The raw rows with everything that is packed, computed here by itself."""
    with owner.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            "SELECT p.*, a.ordinal, a.business_type, p.org_path::text AS path,"
            " ST_X(location) AS lon, ST_Y(location) AS lat"
            " FROM risk_point p JOIN anomaly_type a ON a.code = p.anomaly_code WHERE org_path <@ %s::text::ltree",
            (path,),
        ).fetchall()
    for row in found:
        row["day"] = row["detected_at"].astimezone(SHANGHAI).date()
        row["mercator_x"] = (row["lon"] + 180) / 360 * 2**31
        row["mercator_y"] = (0.5 - math.asinh(math.tan(math.radians(row["lat"]))) / (2 * math.pi)) * 2**31
    return found


def packed(columns: RiskColumns) -> list[tuple[int, ...]]:
    named = (columns.x, columns.y, columns.kind, columns.flag, columns.day, columns.score, columns.cell)
    return sorted(zip(*(column.tolist() for column in named if column is not None), strict=True))


def expected(raw: list[dict[str, Any]]) -> list[tuple[int, ...]]:
    return sorted(
        (
            math.floor(row["mercator_x"]),
            math.floor(row["mercator_y"]),
            row["ordinal"],
            row["level"] + 16 * row["state"],
            (row["day"] - date(2000, 1, 1)).days,
            row["score"],
            row["h3_cell"],
        )
        for row in raw
    )


async def test_packed_columns_are_the_rows_themselves(owner: psycopg.Connection) -> None:
    columns = await read_columns(arrange.viewer(), cells=True)
    assert packed(columns) == expected(rows(owner))
    assert columns.version == 1


async def test_the_chunks_count_their_open_points_by_level(owner: psycopg.Connection) -> None:
    counted = owner.execute(
        "SELECT sum(count), sum(open_by_level[1]), sum(open_by_level[2]), sum(open_by_level[3]), sum(open_by_level[4])"
        " FROM risk_chunk"
    ).fetchone()
    raw = rows(owner)
    by_level = [sum(1 for row in raw if row["level"] == level and row["state"] in (0, 1, 3)) for level in (1, 2, 3, 4)]
    assert counted == (len(raw), *by_level)


@pytest.mark.parametrize("path", [NORTH, SOUTH, f"{SOUTH}.13020202"])
async def test_a_scope_reads_its_own_points_only(owner: psycopg.Connection, path: str) -> None:
    columns = await read_columns(arrange.viewer(path), cells=True)
    assert packed(columns) == expected(rows(owner, path))
    assert 0 < len(columns) < 300


async def test_a_scope_without_points_reads_nothing() -> None:
    columns = await read_columns(arrange.viewer("jibei.1308"))
    assert len(columns) == 0
    assert len(select(columns, RiskFilter(unit="1302", open_only=True)).points.x) == 0


DAYS = st.none() | st.dates(date(2026, 1, 30), date(2026, 5, 1))
FILTERS = st.builds(
    RiskFilter,
    business=st.frozensets(st.sampled_from(["DJ", "CH", "JL"]), max_size=2),
    anomalies=st.frozensets(st.sampled_from(KINDS), max_size=3),
    levels=st.frozensets(st.sampled_from([1, 2, 3, 4]), max_size=3),
    states=st.frozensets(st.sampled_from(range(6)), max_size=4),
    unit=st.none() | st.sampled_from(["jibei", "1302", "130202", "13020202", "1308"]),
    first_day=DAYS,
    last_day=DAYS,
    open_only=st.booleans(),
)


def passes(row: dict[str, Any], wanted: RiskFilter) -> bool:
    """The filter in words, on one raw row."""
    return (
        (not wanted.business or row["business_type"] in wanted.business)
        and (not wanted.anomalies or row["anomaly_code"] in wanted.anomalies)
        and (not wanted.levels or row["level"] in wanted.levels)
        and (not wanted.states or row["state"] in wanted.states)
        and (wanted.unit is None or wanted.unit in row["path"].split("."))
        and (wanted.first_day is None or row["day"] >= wanted.first_day)
        and (wanted.last_day is None or row["day"] <= wanted.last_day)
        and (not wanted.open_only or row["state"] in (0, 1, 3))
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS)
def test_a_filter_leaves_what_it_leaves_row_by_row(
    wanted: RiskFilter, whole: RiskColumns, raw: list[dict[str, Any]]
) -> None:
    selection = select(whole, wanted)
    left = sorted(
        zip(selection.points.x.tolist(), selection.points.score.tolist(), selection.cells.tolist(), strict=True)
    )
    assert left == sorted(
        (math.floor(row["mercator_x"]), row["score"], row["h3_cell"]) for row in raw if passes(row, wanted)
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS)
def test_the_filter_in_sql_means_the_same(
    wanted: RiskFilter, whole: RiskColumns, raw: list[dict[str, Any]], owner: psycopg.Connection
) -> None:
    conditions, values = wanted.conditions(whole.catalogue)
    for name in values:
        conditions = conditions.replace(f":{name}", f"%({name})s")
    found = owner.execute(f"SELECT number FROM risk_point WHERE true{conditions}", values).fetchall()
    assert sorted(number for (number,) in found) == sorted(row["number"] for row in raw if passes(row, wanted))


@pytest.fixture
async def whole() -> RiskColumns:
    return await read_columns(arrange.viewer(), cells=True)


@pytest.fixture
def raw(owner: psycopg.Connection) -> list[dict[str, Any]]:
    return rows(owner)


async def test_changed_and_deleted_points_are_packed_anew(owner: psycopg.Connection) -> None:
    """Last in this module: it changes the points."""
    with owner.transaction():
        owner.execute(
            "UPDATE risk_point SET state = 2, detected_at = detected_at + interval '40 days' WHERE score < 10"
        )
        owner.execute("DELETE FROM risk_point WHERE score > 90")
        owner.execute("SELECT refresh_risk_chunks()")
    columns = await read_columns(arrange.viewer(), cells=True)
    assert packed(columns) == expected(rows(owner))
    assert columns.version == 2
    with owner.transaction():
        owner.execute("DELETE FROM risk_point")
        owner.execute("SELECT refresh_risk_chunks()")
    emptied = await read_columns(arrange.viewer())
    assert (len(emptied), emptied.version) == (0, 3)


async def test_points_of_one_station_under_two_paths_are_never_shown_to_either(owner: psycopg.Connection) -> None:
    """A half-made reorganisation: the chunk belongs to what both paths share, so only those above see it."""
    arrange.risks(owner, [Risk("M1"), Risk("M2")])
    with owner.transaction():
        owner.execute("UPDATE risk_point SET org_path = 'jibei.1307.130702.13020201' WHERE number = 'M2'")
        owner.execute("SELECT refresh_risk_chunks()")
    assert len(await read_columns(arrange.viewer())) == 2
    assert len(await read_columns(arrange.viewer(SOUTH))) == 0
    assert len(await read_columns(arrange.viewer(NORTH))) == 0
