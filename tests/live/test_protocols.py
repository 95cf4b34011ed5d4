"""Apps that exist: Traccar Client (OsmAnd protocol, form and JSON) and OwnTracks over HTTP, as they send."""

import base64
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from api.positions import osmand_fix, traccar_fix
from tests import builders
from tests.live.conftest import now_s

PLACE = builders.PLACES[builders.SOUTH_STATION]


def row(owner: psycopg.Connection, employee: str) -> tuple[Any, ...] | None:
    return owner.execute(
        "SELECT EXTRACT(EPOCH FROM fixed_at)::float8, longitude, latitude, round(speed_kmh::numeric, 2)::float8,"
        " heading_deg, accuracy_m FROM position_fix WHERE employee_number = %s",
        (employee,),
    ).fetchone()


def battery(owner: psycopg.Connection, employee: str) -> int | None:
    found = owner.execute(
        "SELECT battery_percent FROM inspector_position WHERE employee_number = %s", (employee,)
    ).fetchone()
    return found[0] if found else None


def osmand(token: str, at: Any, **more: Any) -> dict[str, Any]:
    """Parameters as the app writes them; speed in knots."""
    values = {"id": token, "timestamp": at, "lat": PLACE[1], "lon": PLACE[0], "speed": 10, "bearing": 45}
    return values | {"altitude": 20, "accuracy": 5.5, "batt": 76.0} | more


@pytest.mark.parametrize("way", ["get", "post-query", "post-form"])
async def test_osmand_parameters(phones: httpx.AsyncClient, owner: psycopg.Connection, way: str) -> None:
    phone, at = builders.phone(owner, f"O-{way}"), now_s() - 5
    values = osmand(phone.token, int(at))
    address = "/api/v1/positions/osmand"
    if way == "get":
        answer = await phones.get(address, params=values)
    elif way == "post-query":
        answer = await phones.post(address, params=values)
    else:
        answer = await phones.post(address, data={key: str(value) for key, value in values.items()})
    assert (answer.status_code, answer.content) == (200, b"")
    assert row(owner, phone.employee) == (at, *PLACE, 18.52, 45.0, 5.5)
    assert battery(owner, phone.employee) == 76


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "iso"])
async def test_osmand_times(phones: httpx.AsyncClient, owner: psycopg.Connection, form: str) -> None:
    phone, at = builders.phone(owner, f"OT-{form}"), now_s() - 5
    told = {"seconds": int(at), "milliseconds": int(at * 1000)}.get(form, f"{datetime.fromtimestamp(at, UTC):%FT%TZ}")
    answer = await phones.get("/api/v1/positions/osmand", params=osmand(phone.token, told))
    assert answer.status_code == 200
    assert (row(owner, phone.employee) or ())[0] == at


async def test_traccar_json(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    """The newer app sends one location as JSON; speed in metres a second, battery from 0 to 1."""
    phone, at = builders.phone(owner, "TJ"), now_s() - 5
    body = {
        "location": {
            "timestamp": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
            "coords": {
                "latitude": PLACE[1],
                "longitude": PLACE[0],
                "accuracy": 4.8,
                "speed": 5,
                "heading": 271.5,
                "altitude": 12.0,
            },
            "is_moving": True,
            "odometer": 3141.5,
            "event": "motionchange",
            "battery": {"level": 0.76, "is_charging": False},
            "activity": {"type": "in_vehicle"},
            "extras": {},
        },
        "device_id": phone.token,
    }
    answer = await phones.post("/api/v1/positions/osmand", json=body)
    assert answer.status_code == 200, answer.text
    assert row(owner, "TJ") == (at, *PLACE, 18.0, 271.5, pytest.approx(4.8, abs=1e-5))
    assert battery(owner, "TJ") == 76


def test_what_the_app_does_not_know_is_left_out() -> None:
    coords = {"latitude": 39.6, "longitude": 118.2, "speed": -1, "heading": -1, "accuracy": 6}
    fix = traccar_fix({"location": {"timestamp": "2026-11-20T01:02:03Z", "coords": coords, "battery": {"level": -1}}})
    assert (fix["speed_kmh"], fix["heading_deg"], fix["battery_percent"]) == (None, None, None)
    assert osmand_fix({"lat": "39.6", "lon": "118.2", "timestamp": "1780000000"})["speed_kmh"] is None


@pytest.mark.parametrize("body", [{}, {"location": 5}, {"location": {"coords": []}}, {"location": {"coords": {}}}])
async def test_json_that_holds_no_place_is_refused_once_and_for_all(
    phones: httpx.AsyncClient, owner: psycopg.Connection, body: dict[str, Any]
) -> None:
    """200: an app that is told of an error keeps the fix and sends it for ever."""
    if not owner.execute("SELECT 1 FROM employee WHERE number = 'TX'").fetchone():
        builders.phone(owner, "TX")
    answer = await phones.post("/api/v1/positions/osmand", json=body | {"device_id": "token-of-TX-wgs84"})
    assert answer.status_code == 200
    assert row(owner, "TX") is None


@pytest.mark.parametrize(
    ("content", "kind"), [(b"[1]", "application/json"), (b"{", "application/json"), (b"\xff", "application/json")]
)
async def test_no_json_at_all(phones: httpx.AsyncClient, content: bytes, kind: str) -> None:
    answer = await phones.post("/api/v1/positions/osmand", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


async def test_osmand_with_a_token_that_nobody_knows(phones: httpx.AsyncClient) -> None:
    assert (await phones.get("/api/v1/positions/osmand", params=osmand("12345", 1))).status_code == 401
    assert (await phones.get("/api/v1/positions/osmand")).status_code == 401


def basic(token: str, user: str = "anyone") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


async def test_owntracks(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, at = builders.phone(owner, "OWN"), now_s() - 5
    body = {
        "_type": "location",
        "BSSID": "00:00:00:00:00:00",
        "acc": 12,
        "alt": 20,
        "batt": 88,
        "bs": 1,
        "cog": 270,
        "conn": "m",
        "lat": PLACE[1],
        "lon": PLACE[0],
        "m": 1,
        "t": "u",
        "tid": "ow",
        "tst": int(at),
        "vac": 3,
        "vel": 42,
    }
    answer = await phones.post("/api/v1/positions/owntracks", json=body, headers=basic(phone.token))
    assert (answer.status_code, answer.json()) == (200, [])
    assert row(owner, "OWN") == (at, *PLACE, 42.0, 270.0, 12.0)
    assert battery(owner, "OWN") == 88


async def test_other_owntracks_messages_are_answered_and_left_alone(
    phones: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    phone = builders.phone(owner, "OWN2")
    for kind in ("transition", "waypoint", "status", "lwt", "encrypted"):
        answer = await phones.post(
            "/api/v1/positions/owntracks", json={"_type": kind, "tst": 1}, headers=basic(phone.token)
        )
        assert (answer.status_code, answer.json()) == (200, [])
    assert row(owner, "OWN2") is None


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic ???"}, {"Authorization": "Basic"}, basic("wrong")])
async def test_owntracks_without_a_good_password(phones: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await phones.post("/api/v1/positions/owntracks", json={"_type": "location"}, headers=headers)
    assert answer.status_code == 401
