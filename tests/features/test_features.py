"""Layers for a GIS: the standard's answers, pages, filters, tiles; nobody reads another unit's; GDAL opens them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

import app as front_door
from api.features import CONFORMANCE
from data_access import users
from data_access.engine import counting_statements, dispose_engines
from data_access.feature_collections import COLLECTIONS
from data_access.features import FeatureQuery, page
from tests.builders import NORTH, NORTH_STATION, PLACES, SOUTH, SOUTH_STATION, county_of, risk, viewer
from tests.features.vector_tiles import texts
from tests.isolation.twins import FOREIGN, build
from tests.serving import serving

ROOT = "/api/v1/ogc"
MANY = 25


def _arrange(owner: psycopg.Connection) -> None:
    build(owner)
    for station, side in ((SOUTH_STATION, "SOUTH"), (NORTH_STATION, "NORTH")):
        lon, lat = PLACES[station]
        owner.execute(
            "INSERT INTO customer (county_code, number, name, category, voltage, contract_capacity_kva, tariff_code,"
            " phone, address, district_code, opened_on, org_path, location)"
            " VALUES (%s, %s, 'Wang Demo', 'residential', '220V', 8, 'R1', '13800001111', 'Demo Road', %s,"
            " '2020-01-01', %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
            (county_of(station), f"C-{side}-GIS", f"D-{side}", station, lon, lat),
        )
        owner.execute(
            "UPDATE transformer_district SET service_area = ST_Buffer(location, 0.01) WHERE code = %s", (f"D-{side}",)
        )
    for number in range(MANY):
        moment = datetime(2026, 3, 1 + number, 4, tzinfo=UTC)
        risk(owner, f"R-SOUTH-{number:02d}", level=1 + number % 4, detected_at=moment)


@pytest.fixture(scope="module")
async def secrets(database: str) -> dict[str, str]:
    """Tokens of a GIS, by county."""
    with psycopg.connect(database, autocommit=True) as owner:
        _arrange(owner)
    made = {side: (await users.make_api_token("QGIS", path)).secret for side, path in (("S", SOUTH), ("N", NORTH))}
    await dispose_engines()
    return made


@pytest.fixture(scope="module")
def address(secrets: dict[str, str]) -> Iterator[str]:
    users.forget()
    with serving(front_door.server) as address:
        yield address


@pytest.fixture(scope="module")
def gis(address: str, secrets: dict[str, str]) -> Iterator[httpx.Client]:
    """A GIS of the southern county."""
    headers = {"Authorization": f"Bearer {secrets['S']}"}
    with httpx.Client(base_url=address + ROOT, headers=headers, trust_env=False) as client:
        yield client


def numbers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def test_the_landing_page_leads_to_everything_that_the_standard_names(gis):
    links = {link["rel"]: link["href"] for link in gis.get("").json()["links"]}
    assert set(links) >= {"self", "conformance", "data", "service-desc"}
    assert gis.get(links["conformance"]).json()["conformsTo"] == list(CONFORMANCE)
    assert gis.get(links["service-desc"]).status_code == 200
    listed = gis.get(links["data"]).json()["collections"]
    assert [one["id"] for one in listed] == list(COLLECTIONS)
    for one in listed:
        self_link = next(link["href"] for link in one["links"] if link["rel"] == "self")
        assert gis.get(self_link).json() == one


@pytest.mark.parametrize("collection", [name for name in COLLECTIONS if name != "organisations"])
def test_each_layer_shows_the_own_county_and_nothing_of_another(gis, address, secrets, collection):
    answer = gis.get(f"/collections/{collection}/items")
    assert answer.headers["content-type"] == "application/geo+json"
    assert numbers(answer) and all("SOUTH" in number for number in numbers(answer))
    assert [word for word in FOREIGN if word in answer.text] == []
    one = numbers(answer)[0]
    single = gis.get(f"/collections/{collection}/items/{one}").json()
    assert single["id"] == one and single["geometry"] and single["properties"]
    north = {"Authorization": f"Bearer {secrets['N']}"}
    assert gis.get(f"/collections/{collection}/items/{one}", headers=north).status_code == 404
    assert all("NORTH" in number for number in numbers(gis.get(f"/collections/{collection}/items", headers=north)))


def test_names_phones_and_addresses_are_in_no_layer(gis):
    for collection in COLLECTIONS:
        text = gis.get(f"/collections/{collection}/items").text
        assert [word for word in ("Wang Demo", "13800001111", "Demo Road") if word in text] == [], collection


def test_pages_go_on_where_the_last_one_ended_until_all_were_seen_once(gis):
    seen: list[str] = []
    href = "/collections/risk-points/items?limit=10"
    sizes = []
    while href:
        answer = gis.get(href)
        sizes.append(answer.json()["numberReturned"])
        seen += numbers(answer)
        href = next((link["href"] for link in answer.json()["links"] if link["rel"] == "next"), "")
    assert sizes == [10, 10, MANY + 1 - 20]
    assert seen == sorted(set(seen))


def test_a_box_a_time_and_equal_values_narrow_and_go_together(gis):
    items = "/collections/risk-points/items"
    lon, lat = PLACES[SOUTH_STATION]
    here, there = f"{lon - 0.1},{lat - 0.1},{lon + 0.1},{lat + 0.1}", f"{lon - 0.5},{lat - 0.1},{lon - 0.3},{lat + 0.1}"
    assert len(numbers(gis.get(items, params={"bbox": here}))) == MANY + 1
    assert numbers(gis.get(items, params={"bbox": there})) == []
    spring = {"datetime": "2026-03-05/2026-03-08", "bbox": here}
    assert len(numbers(gis.get(items, params=spring))) == 4
    assert numbers(gis.get(items, params={**spring, "level": "1"})) == ["130202.R-SOUTH-04"]
    assert numbers(gis.get(items, params={"datetime": "2026-03-05T04:00:00Z"})) == ["130202.R-SOUTH-04"]
    assert len(numbers(gis.get(items, params={"datetime": "../2026-03-02T12:00:00+08:00"}))) == 2


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"colour": "red"}, "colour"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "119,39,118,40"}, "bbox"),
        ({"datetime": "yesterday"}, "datetime"),
        ({"datetime": "2026-03-09/2026-03-01"}, "datetime"),
        ({"limit": "0"}, "limit"),
        ({"level": "high"}, "level"),
        ({"bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/4549"}, "bbox-crs"),
        ({"f": "html"}, "f"),
        ({"after": "nonsense"}, "after"),
        ({"exposure_yuan": "5"}, "exposure_yuan"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_its_name(gis, query, where):
    answer = gis.get("/collections/risk-points/items", params=query)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["where"] == where


def test_an_unknown_layer_is_not_there(gis):
    assert gis.get("/collections/app_user/items").status_code == 404
    assert gis.get("/collections/app_user").status_code == 404
    assert gis.get("/collections/tickets/tiles/WebMercatorQuad/99/0/0").status_code == 400


def test_queryables_say_what_may_be_asked_for(gis):
    found = gis.get("/collections/risk-points/queryables").json()["properties"]
    assert found["level"] == {"title": "level", "type": "integer"} and "exposure_yuan" not in found


def tile_at(lon: float, lat: float, zoom: int) -> str:
    import math

    n = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return f"tiles/WebMercatorQuad/{zoom}/{int(y)}/{int((lon + 180) / 360 * n)}"


@pytest.mark.parametrize("collection", ["districts", "feeders", "customers", "risk-points", "tickets", "service-areas"])
def test_a_vector_tile_holds_the_layer_for_the_own_county_only(gis, secrets, collection):
    path = f"/collections/{collection}/{tile_at(*PLACES[SOUTH_STATION], 14)}"
    answer = gis.get(path)
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    count, values = texts(answer.content)[collection]
    assert count and any("SOUTH" in value for value in values)
    assert gis.get(path, headers={"Authorization": f"Bearer {secrets['N']}"}).content == b""


def test_below_the_lowest_zoom_a_tile_is_empty(gis):
    assert gis.get(f"/collections/customers/{tile_at(*PLACES[SOUTH_STATION], 8)}").content == b""


def test_without_a_token_nothing_opens(gis):
    assert httpx.get(f"{gis.base_url}collections", trust_env=False).status_code == 401


GDAL = """
import json, sys, pyogrio
pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": sys.argv[2]})
source = "OAPIF:" + sys.argv[1]
points = pyogrio.read_dataframe(source, layer="risk-points", PAGE_SIZE=7)
some = pyogrio.read_dataframe(source, layer="risk-points", bbox=(118.0, 39.5, 118.3, 39.7), where="level = 1")
print(json.dumps({
    "layers": sorted(name for name, _ in pyogrio.list_layers(source)),
    "crs": str(points.crs),
    "count": len(points),
    "level": points["level"].dtype.kind,
    "levels": sorted(set(map(int, some["level"]))),
    "elsewhere": len(pyogrio.read_dataframe(source, layer="districts", bbox=(114, 40, 115, 41))),
}))
"""


def test_gdal_opens_the_layers_with_the_token_and_reads_all_pages(address, secrets):
    """A client that others wrote: it follows `next`, passes boxes and filters on, and finds our types.

    In a process of its own: GDAL waits for an answer while it holds the interpreter, in which our server runs.
    """
    done = subprocess.run(
        [sys.executable, "-c", GDAL, address + ROOT, secrets["S"]], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found.pop("layers")) == set(COLLECTIONS)
    assert "4326" in found["crs"] or "CRS84" in found["crs"]
    assert found.pop("crs")
    assert found == {"count": MANY + 1, "level": "i", "levels": [1], "elsewhere": 0}


@pytest.mark.usefixtures("secrets")
async def test_a_page_is_one_statement():
    async with counting_statements() as statements:
        await page(viewer(SOUTH, "gis"), COLLECTIONS["customers"], FeatureQuery(limit=10))
    assert len(statements) == 1
    await dispose_engines()
