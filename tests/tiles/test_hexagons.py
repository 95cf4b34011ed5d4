"""Hexagons and the rows behind them: counts that are the rows', and only one's own."""

import h3
import httpx
import psycopg
import pytest

from api import tiles
from data_access.scope import Viewer
from tests.tiles import arrange
from tests.tiles.arrange import NORTH, PATHS, PLACES, SOUTH, Risk, looking, viewer

pytestmark = pytest.mark.usefixtures("database")
EVERYWHERE = "bbox=110,36,122,44"


@pytest.fixture(scope="module", autouse=True)
def points(database_url: str) -> None:
    """Points with scores of their own around each station."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.organisations(owner)
        made = [
            Risk(f"{station}-{n}", station, kind="DJ01" if n % 3 else "CH01", score=n, east=0.004 * n, north=0.003 * n)
            for station in PLACES
            for n in range(30)
        ]
        arrange.risks(owner, made)


async def get(who: Viewer, path: str) -> httpx.Response:
    with looking(who):
        async with arrange.client() as client:
            return await client.get(path)


@pytest.mark.parametrize("zoom", [4, 7, 9, 11, 13])
async def test_cells_count_and_average_the_points_inside_them(owner: psycopg.Connection, zoom: int) -> None:
    answer = (await get(viewer(), f"/api/v1/risk/hexagons?{EVERYWHERE}&zoom={zoom}&business=DJ")).json()
    rows = owner.execute(
        "SELECT ST_Y(location), ST_X(location), score FROM risk_point WHERE anomaly_code = 'DJ01'"
    ).fetchall()
    expected: dict[str, list[int]] = {}
    for lat, lon, score in rows:
        cell = h3.cell_to_parent(h3.latlng_to_cell(lat, lon, 9), answer["resolution"])
        expected.setdefault(cell, []).append(score)
    assert {cell: (count, mean) for cell, count, mean, _ in answer["cells"]} == {
        cell: (len(scores), pytest.approx(sum(scores) / len(scores), abs=0.06)) for cell, scores in expected.items()
    }
    assert not answer["capped"]


async def test_a_cell_at_the_edge_of_the_view_is_whole(owner: psycopg.Connection) -> None:
    lon, lat = PLACES["13020201"]
    box = f"bbox={lon - 0.001},{lat - 0.001},{lon + 0.03},{lat + 0.03}"
    near = (await get(viewer(), f"/api/v1/risk/hexagons?{box}&zoom=8")).json()["cells"]
    whole = (await get(viewer(), f"/api/v1/risk/hexagons?{EVERYWHERE}&zoom=8")).json()["cells"]
    assert near
    assert all(cell in whole for cell in near)


async def test_too_many_cells_are_capped_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MAX_HEXAGONS", 5)
    answer = (await get(viewer(), f"/api/v1/risk/hexagons?{EVERYWHERE}&zoom=12")).json()
    weights = [count * mean for _, count, mean, _ in answer["cells"]]
    assert (len(weights), answer["capped"], answer["cap"]) == (5, True, 5)
    monkeypatch.undo()
    every = (await get(viewer(), f"/api/v1/risk/hexagons?{EVERYWHERE}&zoom=12")).json()["cells"]
    assert sorted(weights) == sorted(count * mean for _, count, mean, _ in every)[-5:]


async def test_the_list_behind_a_cell_is_what_the_cell_counted() -> None:
    cells = (await get(viewer(), f"/api/v1/risk/hexagons?{EVERYWHERE}&zoom=8&level=2")).json()["cells"]
    for cell, count, mean, _ in cells:
        behind = (await get(viewer(), f"/api/v1/risk/hexagons/{cell}?level=2")).json()
        assert (behind["count"], behind["mean_score"]) == (count, pytest.approx(mean, abs=0.06))
        scores = [row["score"] for row in behind["rows"]]
        assert len(scores) == count
        assert scores == sorted(scores, reverse=True)


async def test_a_long_list_comes_in_pages() -> None:
    cell = h3.latlng_to_cell(*reversed(PLACES["13020201"]), 3)
    pages = [
        (await get(viewer(), f"/api/v1/risk/hexagons/{cell}?limit=25&offset={offset}")).json() for offset in (0, 25, 50)
    ]
    numbers = [row["number"] for page in pages for row in page["rows"]]
    assert len(numbers) == len(set(numbers)) == pages[0]["count"]


async def test_cells_and_rows_are_of_the_viewers_scope_alone() -> None:
    for mine, other in ((NORTH, SOUTH), (SOUTH, NORTH)):
        cells = (await get(viewer(mine), f"/api/v1/risk/hexagons?{EVERYWHERE}&zoom=6")).json()["cells"]
        assert sum(count for _, count, _, _ in cells) == 30 * sum(path.startswith(mine) for path in PATHS.values())
        for station, path in PATHS.items():
            cell = h3.latlng_to_cell(*reversed(PLACES[station]), 4)
            behind = (await get(viewer(mine), f"/api/v1/risk/hexagons/{cell}")).json()
            assert (behind["count"] > 0) == path.startswith(mine)
            assert (behind["rows"] != []) == path.startswith(mine)
            assert not path.startswith(other) or behind["count"] == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/risk/hexagons?zoom=5",
        "/api/v1/risk/hexagons?bbox=1,2,3&zoom=5",
        "/api/v1/risk/hexagons?bbox=3,2,1,4&zoom=5",
        "/api/v1/risk/hexagons?bbox=nan,nan,nan,nan&zoom=5",
        "/api/v1/risk/hexagons?bbox=1,2,3,4&zoom=x",
        "/api/v1/risk/hexagons/nothing",
        "/api/v1/risk/hexagons/8f31ab000000000",
        "/api/v1/risk/hexagons/8431a01ffffffff?limit=0",
        "/api/v1/risk/hexagons/8431a01ffffffff?limit=5000",
        "/api/v1/risk/hexagons/8431a01ffffffff?offset=-1",
    ],
)
async def test_what_cannot_be_meant_is_refused_by_name(path: str) -> None:
    answer = await get(viewer(), path)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["where"]
