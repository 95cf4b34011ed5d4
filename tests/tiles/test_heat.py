"""Heat tiles through the door: whose they are, when they are made, how they are kept."""

import asyncio
import io
import math
import time

import httpx
import psycopg
import pytest
from PIL import Image

from api import tiles
from data_access import risk_columns
from data_access.engine import counting_statements
from data_access.risk_columns import store
from data_access.scope import Viewer
from geo.density import EMPTY_TILE
from tests.tiles import arrange
from tests.tiles.arrange import NORTH, PLACES, SOUTH, Risk, looking, viewer

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module", autouse=True)
def points(database_url: str) -> None:
    """Forty points around each station."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.organisations(owner)
        made = [
            Risk(
                number=f"{station}-{n}",
                station=station,
                kind="DJ01" if n % 2 else "CH01",
                level=1 + n % 4,
                east=0.002 * (n % 7),
                north=0.002 * (n % 5),
            )
            for station in PLACES
            for n in range(40)
        ]
        arrange.risks(owner, made)


@pytest.fixture(autouse=True)
def _forget() -> None:
    store.clear()
    tiles.forget_tiles()


def address(station: str, zoom: int = 10) -> str:
    lon, lat = PLACES[station]
    x = int((lon + 180) / 360 * 2**zoom)
    y = int((0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * 2**zoom)
    return f"/tiles/heat/{zoom}/{x}/{y}.png"


async def get(who: Viewer, path: str, **headers: str) -> httpx.Response:
    with looking(who):
        async with arrange.client() as client:
            return await client.get(path, headers=headers)


async def test_a_tile_is_a_picture_with_something_on_it() -> None:
    answer = await get(viewer(), address("13020201"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(answer.content)).convert("RGBA")
    assert image.size == (256, 256)
    assert image.getextrema()[3][1] > 100
    assert answer.headers["cache-control"].startswith("private")
    assert "Cookie" in answer.headers["vary"]


async def test_a_screen_of_double_density_gets_twice_the_pixels() -> None:
    answer = await get(viewer(), address("13020201") + "?scale=2")
    assert Image.open(io.BytesIO(answer.content)).size == (512, 512)


async def test_each_scope_sees_its_own_part() -> None:
    """One after the other through the same memory: what one scope rendered never reaches the other."""
    for _ in range(2):
        for mine, other in ((NORTH, SOUTH), (SOUTH, NORTH)):
            own = next(station for station in PLACES if arrange.PATHS[station].startswith(mine))
            foreign = next(station for station in PLACES if arrange.PATHS[station].startswith(other))
            assert (await get(viewer(mine), address(own))).content != EMPTY_TILE
            assert (await get(viewer(mine), address(foreign))).content == EMPTY_TILE


async def test_a_unit_in_the_filter_never_widens_the_scope() -> None:
    answer = await get(viewer(NORTH), address("13020201") + "?unit=130202")
    assert answer.content == EMPTY_TILE


async def test_people_with_equal_rights_share_one_tile() -> None:
    first = Viewer(subject="a", role="manager", org_path=SOUTH)
    second = Viewer(subject="b", role="supervisor", org_path=SOUTH)
    await get(first, address("13020201"))
    async with counting_statements() as statements:
        answer = await get(second, address("13020201"))
    assert answer.status_code == 200
    assert statements == []


async def test_a_remembered_tile_costs_no_statement_and_an_unknown_one_of_the_same_points_neither() -> None:
    await get(viewer(), address("13020201"))
    async with counting_statements() as statements:
        await get(viewer(), address("13020201"))
        await get(viewer(), address("13070201", zoom=7) + "?level=1,2&open=1")
    assert statements == []


async def test_many_cold_requests_at_once_read_the_points_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, renders = 0, 0
    read, render = risk_columns.read_columns, tiles._render

    async def counted_read(*given: object, **named: object) -> object:
        nonlocal reads
        reads += 1
        return await read(*given, **named)  # type: ignore[arg-type]

    def counted_render(*given: object) -> tiles.Tile:
        nonlocal renders
        renders += 1
        return render(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(risk_columns, "read_columns", counted_read)
    monkeypatch.setattr(tiles, "_render", counted_render)
    same, other = address("13020201"), address("13020201", zoom=9)
    answers = await asyncio.gather(*(get(viewer(), path) for path in (same, same, same, other)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert (reads, renders) == (1, 2)


async def test_a_client_that_goes_away_does_not_spoil_the_tile_for_the_others() -> None:
    gone = asyncio.ensure_future(get(viewer(), address("13020201")))
    stays = asyncio.ensure_future(get(viewer(), address("13020201")))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).status_code == 200
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_browser_that_has_the_picture_is_told_so() -> None:
    first = await get(viewer(), address("13020201"))
    again = await get(viewer(), address("13020201"), **{"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = await get(viewer(), address("13020201"), **{"If-None-Match": '"another"'})
    assert other.status_code == 200


async def test_new_points_make_a_new_tile_for_whoever_has_heard_of_them(
    owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = address("13070201", zoom=12)
    before = await get(viewer(), path)
    version = await store.version(viewer())
    arrange.risks(owner, [Risk(f"new-{n}", station="13070201", level=1, score=99) for n in range(30)])
    now = time.monotonic()
    monkeypatch.setattr(store, "clock", lambda: now + 0.2)
    after = await get(viewer(), f"{path}?v={version + 1}")
    assert after.headers["etag"] != before.headers["etag"]
    assert "max-age=300" in after.headers["cache-control"]


async def test_new_points_are_seen_by_everybody_within_a_second(
    owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = address("13020202", zoom=12)
    before = await get(viewer(), path)
    arrange.risks(owner, [Risk(f"late-{n}", station="13020202", level=1, score=99) for n in range(30)])
    now = time.monotonic()
    monkeypatch.setattr(store, "clock", lambda: now + 1.01)
    assert (await get(viewer(), path)).headers["etag"] != before.headers["etag"]


async def test_a_filter_that_nothing_passes_is_an_empty_tile() -> None:
    answer = await get(viewer(), address("13020201") + "?to=2001-01-01")
    assert (answer.status_code, answer.content) == (200, EMPTY_TILE)


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/heat/21/0/0.png",
        "/tiles/heat/-1/0/0.png",
        "/tiles/heat/3/8/0.png",
        "/tiles/heat/3/0/8.png",
        "/tiles/heat/3/-1/0.png",
        f"/tiles/heat/3/{10**40}/0.png",
        "/tiles/heat/a/0/0.png",
        "/tiles/heat/3/0/0.png?palette=jet",
        "/tiles/heat/3/0/0.png?scale=3",
        "/tiles/heat/3/0/0.png?v=-1",
        "/tiles/heat/3/0/0.png?level=9",
        "/tiles/heat/3/0/0.png?colour=red",
    ],
)
async def test_what_is_no_tile_is_refused_by_name(path: str) -> None:
    answer = await get(viewer(), path)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["where"]


async def test_the_legend_says_what_the_colours_are_worth() -> None:
    answer = (await get(viewer(), "/api/v1/risk/legend?zoom=10&level=1,2")).json()
    values = [value for value, _ in answer["stops"]]
    assert values == sorted(values)
    assert values[-1] == answer["max"] > 0
    assert "km²" in answer["unit"]
    assert answer["points"] > 0


async def test_the_legend_is_of_the_viewers_own_points() -> None:
    north = (await get(viewer(NORTH), "/api/v1/risk/legend?zoom=10")).json()
    south = (await get(viewer(SOUTH), "/api/v1/risk/legend?zoom=10")).json()
    whole = (await get(viewer(), "/api/v1/risk/legend?zoom=10")).json()
    assert north["points"] + south["points"] == whole["points"]
