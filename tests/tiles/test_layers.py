"""Borders and the grid: the viewer's part, capped and saying so, and not sent twice."""

from typing import Any

import httpx
import psycopg
import pytest
import shapely

from data_access import layers
from data_access.engine import counting_statements
from data_access.scope import Viewer
from tests.tiles import arrange
from tests.tiles.arrange import NORTH, SOUTH, looking, viewer

pytestmark = pytest.mark.usefixtures("database")
TANGSHAN = "bbox=118.0,39.5,118.5,39.9"


@pytest.fixture(scope="module", autouse=True)
def places(database_url: str) -> None:
    """Two counties with a few districts each."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.organisations(owner)
        for station in ("13070201", "13020201"):
            arrange.grid(owner, station, 50)


async def get(who: Viewer, path: str, **headers: str) -> httpx.Response:
    with looking(who):
        async with arrange.client() as client:
            return await client.get(path, headers=headers)


def codes(answer: httpx.Response) -> list[str]:
    return sorted(feature["properties"]["code"] for feature in answer.json()["features"])


async def test_borders_are_those_in_scope_and_the_ones_above() -> None:
    assert codes(await get(viewer(), "/api/v1/map/borders")) == ["1302", "130202", "1307", "130702", "jibei"]
    assert codes(await get(viewer(SOUTH), "/api/v1/map/borders")) == ["1302", "130202", "jibei"]
    assert codes(await get(viewer(NORTH), "/api/v1/map/borders")) == ["1307", "130702", "jibei"]


async def test_borders_carry_both_names_and_valid_shapes() -> None:
    for feature in (await get(viewer(), "/api/v1/map/borders")).json()["features"]:
        assert {"code", "level", "name_zh", "name_en", "parent"} <= feature["properties"].keys()
        assert shapely.from_geojson(_text(feature["geometry"])).is_valid


def _text(geometry: dict[str, Any]) -> str:
    return str(geometry).replace("'", '"')


async def test_borders_are_built_once_and_anew_when_a_unit_changes(owner: psycopg.Connection) -> None:
    first = await get(viewer(), "/api/v1/map/borders")
    async with counting_statements() as statements:
        same = await get(viewer(), "/api/v1/map/borders", **{"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
    assert len(statements) == 1
    owner.execute("UPDATE organisation SET name_en = 'Another name' WHERE code = '1302'")
    changed = await get(viewer(), "/api/v1/map/borders", **{"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert "Another name" in changed.text


async def test_the_grid_comes_in_by_zoom() -> None:
    kinds = {}
    for zoom in (10, 11, 12):
        features = (await get(viewer(), f"/api/v1/map/grid?{TANGSHAN}&zoom={zoom}")).json()["features"]
        kinds[zoom] = {feature["properties"]["kind"] for feature in features}
    assert kinds == {10: set(), 11: {"feeder"}, 12: {"feeder", "district"}}


async def test_a_district_tells_its_capacity_and_customers() -> None:
    answer = (await get(viewer(), f"/api/v1/map/grid?{TANGSHAN}&zoom=13")).json()
    district = next(feature for feature in answer["features"] if feature["properties"]["kind"] == "district")
    assert district["geometry"]["type"] == "Point"
    assert district["properties"].keys() == {"kind", "code", "name", "type", "feeder", "capacity_kva", "customers"}


async def test_the_grid_of_others_is_not_there() -> None:
    assert codes(await get(viewer(NORTH), f"/api/v1/map/grid?{TANGSHAN}&zoom=13")) == []
    assert len(codes(await get(viewer(SOUTH), f"/api/v1/map/grid?{TANGSHAN}&zoom=13"))) == 51


async def test_too_many_districts_are_capped_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MAX_DISTRICTS", 10)
    answer = (await get(viewer(), f"/api/v1/map/grid?{TANGSHAN}&zoom=13")).json()
    shown = [f["properties"]["customers"] for f in answer["features"] if f["properties"]["kind"] == "district"]
    assert answer["capped"] == ["district"]
    assert shown == list(range(50, 40, -1)), "the ones with most customers"


async def test_the_grid_is_not_sent_twice() -> None:
    path = f"/api/v1/map/grid?{TANGSHAN}&zoom=13"
    first = await get(viewer(), path)
    assert (await get(viewer(), path, **{"If-None-Match": first.headers["etag"]})).status_code == 304
    assert "Cookie" in first.headers["vary"]


@pytest.mark.parametrize("query", ["zoom=12", "bbox=0,0,50,50&zoom=12", "bbox=118,39,119,40&zoom=99", "bbox=a&zoom=1"])
async def test_what_cannot_be_meant_is_refused_by_name(query: str) -> None:
    answer = await get(viewer(), f"/api/v1/map/grid?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["where"]
