"""Reading on from what is known: the columns are as if all had been read, little travels, and nothing of others."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from data_access import risk_columns
from data_access.risk_columns import RiskColumns, read_columns
from tests.tiles import arrange
from tests.tiles.arrange import MOMENT, NORTH, SOUTH, Risk, viewer

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module", autouse=True)
def units(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.organisations(owner)


@pytest.fixture(autouse=True)
def points(owner: psycopg.Connection) -> None:
    """Three months of points at every station."""
    owner.execute("DELETE FROM risk_point")
    arrange.risks(
        owner,
        [
            Risk(f"{station}-{month}-{n}", station, score=n, at=MOMENT + timedelta(days=30 * month))
            for station in arrange.PLACES
            for month in range(3)
            for n in range(5)
        ],
    )


@pytest.fixture
def travelled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points came from the database in each read."""
    seen: list[int] = []
    assemble = risk_columns._assemble

    def counted(*given: Any) -> RiskColumns:
        columns = assemble(*given)
        seen.append(len(columns))
        return columns

    monkeypatch.setattr(risk_columns, "_assemble", counted)
    return seen


def content(columns: RiskColumns) -> list[tuple[int, ...]]:
    assert columns.cell is not None
    named = (columns.x, columns.y, columns.kind, columns.flag, columns.day, columns.score, columns.cell)
    assert int(columns.counts.sum()) == len(columns)
    return sorted(zip(*(column.tolist() for column in named), strict=True))


async def both(known: RiskColumns, path: str) -> tuple[RiskColumns, RiskColumns]:
    onward = await read_columns(viewer(path), cells=True, known=known)
    return onward, await read_columns(viewer(path), cells=True)


CHANGES = {
    "a new point": "UPDATE risk_point SET score = 90 WHERE number = '13020201-1-3'",
    "a new month": "UPDATE risk_point SET detected_at = detected_at + interval '1 year' WHERE number = '13020201-2-1'",
    "a state": "UPDATE risk_point SET state = 5 WHERE number LIKE '13020202-0-%'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_only_the_chunks_that_changed_travel(
    owner: psycopg.Connection, travelled: list[int], change: str
) -> None:
    known = await read_columns(viewer(), cells=True)
    with owner.transaction():
        owner.execute(change)
        owner.execute("SELECT refresh_risk_chunks()")
    onward, whole = await both(known, "jibei")
    assert content(onward) == content(whole) != content(known)
    assert sorted(onward.chunks) == sorted(whole.chunks)
    assert onward.version == whole.version == known.version + 1
    assert travelled[0] == travelled[2] == 45
    assert 1 <= travelled[1] <= 5


async def test_nothing_new_travels_not_at_all(travelled: list[int]) -> None:
    known = await read_columns(viewer(), cells=True)
    onward, _ = await both(known, "jibei")
    assert content(onward) == content(known)
    assert travelled[1] == 0


async def test_a_chunk_that_went_is_gone(owner: psycopg.Connection) -> None:
    known = await read_columns(viewer(), cells=True)
    with owner.transaction():
        owner.execute("DELETE FROM risk_point WHERE number LIKE '13020202-1-%'")
        owner.execute("SELECT refresh_risk_chunks()")
    onward, whole = await both(known, "jibei")
    assert content(onward) == content(whole)
    assert len(onward) == 40


async def test_a_station_that_left_the_scope_leaves_the_known_columns_too(owner: psycopg.Connection) -> None:
    """A reorganisation moves a station to the other county, while new points come to those that stay."""
    known = await read_columns(viewer(SOUTH), cells=True)
    with owner.transaction():
        owner.execute("UPDATE risk_point SET org_path = %s WHERE station_code = '13020202'", (f"{NORTH}.13020202",))
        owner.execute("UPDATE risk_point SET score = 77 WHERE number = '13020201-0-1'")
        owner.execute("SELECT refresh_risk_chunks()")
    onward, whole = await both(known, SOUTH)
    assert content(onward) == content(whole)
    assert {chunk.split(" ")[0] for chunk in onward.chunks} == {arrange.PATHS["13020201"]}
    assert len(await read_columns(viewer(NORTH))) == 30
