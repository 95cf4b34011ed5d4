"""Somebody of the southern county knocks at every door and never learns anything of the northern one.

The doors come from the OpenAPI document and the callback map, so a new one is knocked at unasked. That the same door
tells the north about the north shows that it had something to tell.
"""

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import h3
import httpx
import psycopg
import pytest

from data_access import users
from settings import DISPLAY_ZONE
from tests.access.arrange import PASSWORD
from tests.asgi import Socket, browser, running
from tests.builders import NORTH, NORTH_STATION, PLACES, SOUTH
from tests.isolation.twins import FOREIGN, OWN, build

KEYS = {
    "employee": "E-NORTH",
    "region": "130702",
    "number": "T-NORTH",
    "district": "D-NORTH",
    "customer": "C-NORTH",
    "kind": "csv",
    "month": "2026-10",
    "sha256": "ab" * 32,
    "language": "en",
    "cell": h3.latlng_to_cell(PLACES[NORTH_STATION][1], PLACES[NORTH_STATION][0], 6),
    "bbox": "114.5,40.5,115.2,41.2",
    "zoom": "12",
    "day": (datetime.now(DISPLAY_ZONE) - timedelta(minutes=20)).date().isoformat(),
    "minutes": "120",
    "z": "5",
    "x": "26",
    "y": "12",
    "collection": "risk-points",
    "feature": "130702.R-NORTH",
    "import_number": "1",
    "contents": "customers",
    "form": "csv",
}
"""What is asked for at doors that want a parameter: always the northern thing and its ground."""
ASKED = {"code": "D-NORTH", "number": "C-NORTH", "month": "2026-10", "language": "en"}
"""What a page's store says of the thing that it shows."""
ASKED_OF = {
    "inspector-asked": {"number": "E-NORTH", "month": "2026-10", "language": "en"},
    "region-asked": {"code": "130702", "language": "en", "station": False},
    "risk-asked": {"number": "R-NORTH", "language": "en"},
    "ticket-asked": {"number": "T-NORTH", "language": "en", "anomaly": "DJ01"},
    "ticket-form-basis": {"action": "note", "based_on": 1, "change_id": "9f0c8f4e-3d39-4b9c-9d3a-0e6f5f3c1a77"},
}
"""The same for stores that need more."""
PAGE_KEYS = {
    "districts/<code>": "districts/D-NORTH",
    "customers/<number>": "customers/C-NORTH",
    "inspectors/<number>": "inspectors/E-NORTH",
    "regions/<code>": "regions/130702",
    "risks/<number>": "risks/R-NORTH",
    "tickets/<number>": "tickets/T-NORTH",
}
"""Part of a page's path → the northern thing."""
TELLS_OF_PEOPLE_OR_PLACES = {
    "/api/v1/tracks/{employee}",
    "/api/v1/tracks",
    "/api/v1/trails",
    "/api/v1/risk/hexagons/{cell}",
    "/api/v1/map/borders",
    "/api/v1/map/grid",
    "/api/v1/districts/{district}/customers.{kind}",
    "/api/v1/customers/{customer}/usage.{kind}",
    "/api/v1/tickets",
    "/api/v1/tickets/{number}",
    "/api/v1/tickets/{number}/inspectors",
}
"""Doors that surely show the north its own things; the others may have nothing with a name in it."""


@pytest.fixture(scope="module")
async def app(database: str):
    import app as front_door

    with psycopg.connect(database, autocommit=True) as owner:
        build(owner)
    for side, path, number in (("south", SOUTH, "E-SOUTH"), ("north", NORTH, "E-NORTH")):
        for role in ("manager", "lead", "inspector"):
            await users.create_user(
                f"{role}.{side}",
                PASSWORD,
                display_name=f"Demo {side.upper()}",
                role=role,
                org_path=path,
                employee_number=number if role == "inspector" else None,
                language="en",
            )
    users.forget()
    async with running(front_door.server) as server:
        yield server


async def entered(app: Any, login: str) -> httpx.AsyncClient:
    client = browser(app)
    answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client


@pytest.fixture(scope="module")
async def clients(app):
    found = {
        login: await entered(app, login)
        for login in ("manager.south", "lead.south", "inspector.south", "manager.north")
    }
    for kind, made in (
        ("wall", await users.make_wall_token("hall", SOUTH)),
        ("api", await users.make_api_token("reports", SOUTH, role="lead")),
    ):
        found[f"{kind}.south"] = browser(app, Authorization=f"Bearer {made.secret}")
    yield found
    for client in found.values():
        await client.aclose()


def reading_doors(app: Any) -> list[tuple[str, str, dict[str, str]]]:
    """Template, filled-in path and query of every GET in the document."""
    doors = []
    for path, operations in app.openapi()["paths"].items():
        if "get" not in operations or path.startswith(("/texts", "/health")):
            continue
        given = operations["get"].get("parameters", [])
        filled = path
        for parameter in given:
            if parameter["in"] == "path":
                filled = filled.replace("{" + parameter["name"] + "}", KEYS[parameter["name"]])
        query = {p["name"]: KEYS[p["name"]] for p in given if p["in"] == "query" and p["name"] in KEYS}
        doors.append((path, filled, query))
    return doors


SOUTHERNERS = ("manager.south", "lead.south", "inspector.south", "wall.south", "api.south")


async def test_no_reading_door_tells_the_south_of_the_north(app, clients):
    asked = reading_doors(app)
    assert len(asked) > 8
    for (_template, path, query), who in itertools.product(asked, SOUTHERNERS):
        answer = await clients[who].get(path, params=query)
        assert answer.status_code < 500, (path, answer.text)
        if answer.headers["content-type"].startswith(("application/json", "text/csv")):
            assert [word for word in FOREIGN if word in answer.text] == [], (who, path)


async def test_the_same_doors_tell_the_north_of_itself(app, clients):
    told = set()
    for template, path, query in reading_doors(app):
        answer = await clients["manager.north"].get(path, params=query)
        if answer.status_code == 200 and any(word in answer.text for word in FOREIGN):
            told.add(template)
            assert [word for word in OWN if word in answer.text] == [], path
    assert told >= TELLS_OF_PEOPLE_OR_PLACES, TELLS_OF_PEOPLE_OR_PLACES - told


async def test_an_inspector_reads_nobody_elses_track_even_of_the_same_county(app, clients, owner):
    owner.execute(
        "INSERT INTO employee (number, name, kind, organisation_code, county_code, org_path, is_demo)"
        " VALUES ('E-SOUTH-2', 'Demo', 'inspector', '13020201', '130202', 'jibei.1302.130202.13020201', true)"
        " ON CONFLICT DO NOTHING"
    )
    owner.execute(
        "INSERT INTO position_fix (county_code, employee_number, fixed_at, longitude, latitude, org_path)"
        " SELECT county_code, 'E-SOUTH-2', fixed_at, longitude, latitude, org_path FROM position_fix"
        " WHERE employee_number = 'E-SOUTH' ON CONFLICT DO NOTHING"
    )
    path = "/api/v1/tracks/E-SOUTH-2"
    mine = await clients["inspector.south"].get("/api/v1/tracks/E-SOUTH", params={"day": KEYS["day"]})
    other = await clients["inspector.south"].get(path, params={"day": KEYS["day"]})
    boss = await clients["lead.south"].get(path, params={"day": KEYS["day"]})
    assert mine.json()["points"] and boss.json()["points"]
    assert other.status_code == 404 or other.json()["points"] == []


async def test_a_view_of_a_track_is_written_down_with_who_and_from_where(clients, owner):
    await clients["lead.south"].get("/api/v1/tracks/E-SOUTH", params={"day": KEYS["day"]})
    line = owner.execute(
        "SELECT subject, address, org_path::text FROM audit_log"
        " WHERE object_kind = 'track' AND object_key = 'E-SOUTH' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert line[0] == "lead.south" and line[2].startswith(SOUTH)


async def test_tiles_over_the_north_are_empty_for_the_south(clients):
    lon, lat = PLACES[NORTH_STATION]
    zoom = 8
    n = 2**zoom
    import math

    x = int((lon + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    path = f"/tiles/heat/{zoom}/{x}/{y}.png"
    empty = (await clients["manager.south"].get(f"/tiles/heat/{zoom}/0/0.png")).content
    seen = [(await clients[who].get(path)).content for who in (*SOUTHERNERS, "manager.north")]
    south, north = seen[:-1], seen[-1]
    assert all(tile == south[0] for tile in south)
    assert north != south[0], "the north sees its own risk there"
    assert south[0] == empty or len(south[0]) < len(north)


def wishes(output: str) -> list[Any]:
    """What scripts of the wall may ask for, of every kind, always the northern thing."""
    if output.startswith("drawer-body"):
        from components.list_view import LISTS

        keys = ["", "unit-130702", "level-2", KEYS["cell"], "E-NORTH", "T-NORTH"]
        return [
            {"kind": kind, "key": key, "language": "en", "query": query, "n": 1}
            for kind in LISTS
            for key in keys
            for query in ("", "unit=130702")
        ]
    keys = ["E-NORTH", "T-NORTH", "R-NORTH", "D-NORTH", "130702"]
    return [
        {"kind": kind, "key": key, "id": key, "number": key, "language": "en", "n": 1}
        for kind in ("inspector", "ticket", "risk", "district", "hexagon")
        for key in keys
    ]


async def called(client: httpx.AsyncClient, entry: dict[str, Any], output: str, value: Any) -> httpx.Response:
    """One callback, with `value` for its first input and nothing for the rest.

    A pattern of ids is met by one thing for the first input, by none elsewhere.
    """
    inputs: list[Any] = [
        (met(given, value) if n == 0 else []) if is_pattern(given["id"]) else {**given, "value": None if n else value}
        for n, given in enumerate(entry["inputs"])
    ]
    first = inputs[0][0] if isinstance(inputs[0], list) else inputs[0]
    changed = first["id"] if isinstance(first["id"], str) else json.dumps(first["id"], separators=(",", ":"))
    parts = [part.rsplit(".", 1) for part in output.strip(".").split("...")]
    outputs: Any = [[] if is_pattern(name) else {"id": name, "property": prop} for name, prop in parts]
    call = {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": [
            []
            if is_pattern(given["id"])
            else {**given, "value": ASKED_OF.get(given["id"], ASKED if str(given["id"]).endswith("-asked") else None)}
            for given in entry["state"]
        ],
        "changedPropIds": [f"{changed}.{first['property']}"],
    }
    return await client.post("/_dash-update-component", json=call)


def is_pattern(name: Any) -> bool:
    """Whether an id stands for many."""
    return isinstance(name, str) and name.startswith("{") and '"ALL"' in name


def met(given: dict[str, Any], value: Any) -> list[dict[str, Any]]:
    """One thing that a pattern of ids stands for; actions are offered by their codes."""
    pattern = {name: "note" if part == ["ALL"] else part for name, part in json.loads(given["id"]).items()}
    return [{"id": pattern, "property": given["property"], "value": value}]


async def test_no_callback_tells_the_south_of_the_north(app, clients):
    import app as front_door

    known = {
        output: entry
        for output, entry in front_door.dash_app.callback_map.items()
        if "callback" in entry and "_pages_content" not in output
    }
    assert known, "the wall has callbacks"
    told_north = 0
    for output, entry in known.items():
        for wish in wishes(output):
            for who in ("manager.south", "inspector.south", "wall.south"):
                answer = await called(clients[who], entry, output, wish)
                if who == "wall.south" and answer.status_code == 403:
                    continue  # a callback of a desk page is shut to a screen
                assert answer.status_code in (200, 204), (output, wish, answer.text)
                text = json.dumps(answer.json(), ensure_ascii=False) if answer.status_code == 200 else ""
                told = [word for word in ("NORTH", "单位1307", "Unit 1307", "114.88") if word in strip(text, wish)]
                assert told == [], (who, output, wish, text[:2_000])
            answer = await called(clients["manager.north"], entry, output, wish)
            told_north += answer.status_code == 200 and "Demo E-NORTH" in answer.text
    assert told_north, "the north is told about itself by the same callbacks"


def strip(text: str, wish: dict[str, Any]) -> str:
    """The answer without the key that was asked for: saying "there is no T-NORTH" tells nothing of it."""
    return text.replace(str(wish["key"]), "") if wish["key"] else text


async def test_the_pages_themselves_hold_nothing_of_the_north(app, clients):
    import dash

    for page in dash.page_registry.values():
        path = page["path_template"] or page["path"] or "/"
        for place, key in PAGE_KEYS.items():
            path = path.replace(place, key)
        text = await layout_of(clients["manager.south"], path)
        assert [word for word in FOREIGN if word in text] == [], path


async def layout_of(client: httpx.AsyncClient, path: str) -> str:
    import app as front_door

    output = next(key for key in front_door.dash_app.callback_map if "_pages_content" in key)
    call = {
        "output": output,
        "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": ""},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
    answer = await client.post("/_dash-update-component", json=call)
    assert answer.status_code == 200 and "sideUpdate" not in answer.json(), answer.text[:2_000]
    return answer.text


@pytest.mark.parametrize("who", ["manager.south", "inspector.south"])
async def test_the_live_socket_tells_the_south_nothing_of_the_north(app, clients, who):
    from api.identity import SESSION_COOKIE

    cookie = f"{SESSION_COOKIE}={clients[who].cookies[SESSION_COOKIE]}"
    async with Socket(app, "/ws/live", headers={"cookie": cookie}) as socket:
        snapshot = await socket.receive("snapshot")
    text = json.dumps(snapshot, ensure_ascii=False)
    assert [word for word in FOREIGN if word in text] == []
    assert "E-SOUTH" in text
