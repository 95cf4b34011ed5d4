"""Positions in: what is stored, what is refused and how it is told, once and in order."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from api import position_writer
from api.positions import writer
from data_access import positions as store
from data_access import users
from data_access.devices import forget_devices
from settings import get_settings
from tests import builders
from tests.live.conftest import fix, now_s


async def send(client: httpx.AsyncClient, phone: builders.Phone, *fixes: Any, **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/positions", json={"fixes": list(fixes), **more}, headers=phone.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def stored(owner: psycopg.Connection, employee: str) -> list[tuple[Any, ...]]:
    """Moments (Unix seconds), longitude, latitude and lateness of what is stored, oldest first."""
    return owner.execute(
        "SELECT EXTRACT(EPOCH FROM fixed_at)::float8, longitude, latitude, is_late FROM position_fix"
        " WHERE employee_number = %s ORDER BY fixed_at",
        (employee,),
    ).fetchall()


def marker(owner: psycopg.Connection, employee: str) -> dict[str, Any] | None:
    with owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(
            "SELECT EXTRACT(EPOCH FROM fixed_at)::float8 AS at, longitude, activity, on_shift, ticket_number,"
            " speed_kmh, battery_percent, heading_deg FROM inspector_position WHERE employee_number = %s",
            (employee,),
        ).fetchone()


def feed_of(owner: psycopg.Connection, employee: str) -> list[list[Any]]:
    rows = owner.execute(
        "SELECT body FROM change_feed WHERE kind = 'position' AND key = %s ORDER BY sequence", (employee,)
    ).fetchall()
    return [row[0]["row"] for row in rows]


async def test_an_answer_means_stored(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "A1"), now_s()
    answer = await send(
        phones, phone, fix(now - 60), fix(now - 30, east=0.002, heading_deg=90, battery_percent=71, speed_kmh=33)
    )
    assert answer == {"accepted": 2, "duplicates": 0, "late": 0, "rejected": []}
    assert [row[0] for row in stored(owner, "A1")] == [now - 60, now - 30]
    assert marker(owner, "A1") == {
        "at": now - 30,
        "longitude": pytest.approx(118.182),
        "activity": "way",
        "on_shift": True,
        "ticket_number": None,
        "speed_kmh": 33.0,
        "battery_percent": 71,
        "heading_deg": 90.0,
    }
    (row,) = feed_of(owner, "A1")
    assert row == [
        "A1", "Demo A1", "13020201", 118.182, 39.63, 90.0, 33.0, "way", (now - 30) * 1000, 1, None, 71,
    ]  # fmt: skip


async def test_the_same_batch_twice_is_stored_once(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "A2"), now_s()
    batch = [fix(now - 60), fix(now - 30)]
    await send(phones, phone, *batch)
    again = await send(phones, phone, *batch)
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 2, [])
    assert len(stored(owner, "A2")) == 2
    assert len(feed_of(owner, "A2")) == 1


async def test_a_late_fix_joins_the_track_and_never_moves_the_marker_back(
    phones: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    phone, now = builders.phone(owner, "A3"), now_s()
    await send(phones, phone, fix(now - 10, east=0.01))
    late = await send(phones, phone, fix(now - 600), fix(now - 1200))
    assert (late["accepted"], late["late"]) == (2, 2)
    assert [(row[0], row[3]) for row in stored(owner, "A3")] == [
        (now - 1200, True),
        (now - 600, True),
        (now - 10, False),
    ]
    found = marker(owner, "A3")
    assert found is not None
    assert (found["at"], found["longitude"]) == (now - 10, pytest.approx(118.19))
    assert len(feed_of(owner, "A3")) == 1, "a late fix is no news for the wall"


async def test_one_bad_fix_loses_no_other(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "A4"), now_s()
    answer = await send(
        phones,
        phone,
        fix(now - 90),
        {"at": now - 80, "lon": "east", "lat": 39.6},
        fix(now - 70, accuracy_m=5000),
        "not a fix",
        fix(now - 50, mock=True),
        {"lon": 118.1, "lat": 39.6},
        fix(now - 30),
    )
    assert answer["accepted"] == 2
    assert [(one["index"], one["reason"]) for one in sorted(answer["rejected"], key=lambda one: one["index"])] == [
        (1, "malformed"),
        (2, "low_accuracy"),
        (3, "malformed"),
        (4, "mock"),
        (5, "malformed"),
    ]
    low = next(one for one in answer["rejected"] if one["reason"] == "low_accuracy")
    assert (low["measured"], low["limit"]) == (5000, 200)
    counted = owner.execute(
        "SELECT reason, count, sample FROM position_rejection WHERE employee_number = 'A4' ORDER BY reason"
    ).fetchall()
    assert [(row[0], row[1]) for row in counted] == [("low_accuracy", 1), ("malformed", 3), ("mock", 1)]
    assert counted[0][2] == {"measured": 5000, "limit": 200}


async def test_a_fix_outside_the_shift_leaves_no_trace_of_its_place(
    phones: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    builders.inspector(owner, "A5")
    now = now_s()
    builders.shift(
        owner,
        "A5",
        datetime.fromtimestamp(now - 7200, UTC),
        datetime.fromtimestamp(now - 3600, UTC),
    )
    phone = builders.device(owner, "A5")
    answer = await send(phones, phone, fix(now - 7300), fix(now - 5000), fix(now - 100))
    assert answer["accepted"] == 1
    assert {one["reason"] for one in answer["rejected"]} == {"off_shift"}
    assert [row[0] for row in stored(owner, "A5")] == [now - 5000]
    (samples,) = owner.execute(
        "SELECT string_agg(sample::text, '') FROM position_rejection WHERE employee_number = 'A5'"
    ).fetchone() or ("",)
    assert "118" not in samples and "39" not in samples


async def test_shift_on_and_off_by_the_phone(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    builders.inspector(owner, "A6")
    phone = builders.device(owner, "A6")

    async def switch(on: bool) -> dict[str, Any]:
        answer = await phones.post("/api/v1/shift", json={"on": on}, headers=phone.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    assert (await send(phones, phone, fix(now_s())))["rejected"][0]["reason"] == "off_shift"
    assert await switch(True) == {"on": True, "changed": True}
    assert await switch(True) == {"on": True, "changed": False}
    assert (await send(phones, phone, fix(datetime.now(UTC) + timedelta(seconds=1))))["accepted"] == 1
    assert await switch(False) == {"on": False, "changed": True}
    assert feed_of(owner, "A6")[-1][9] == 0, "the wall hears that the shift is over"
    assert (await send(phones, phone, fix(datetime.now(UTC) + timedelta(seconds=30))))["accepted"] == 0
    (shifts,) = owner.execute("SELECT count(*) FROM work_shift WHERE employee_number = 'A6'").fetchone() or (0,)
    assert shifts == 1


async def test_activity_way_site_idle(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "A7"), now_s()
    builders.ticket(owner, "T-A7", handler="A7", status=50)
    await send(phones, phone, fix(now - 120, east=0.05, speed_kmh=0))
    assert (marker(owner, "A7") or {})["activity"] == "idle"
    await send(phones, phone, fix(now - 90, east=0.045, speed_kmh=40))
    assert (marker(owner, "A7") or {})["activity"] == "way"
    await send(phones, phone, fix(now - 5, east=0.0005, speed_kmh=1))
    found = marker(owner, "A7")
    assert found is not None
    assert (found["activity"], found["ticket_number"]) == ("site", "T-A7")


async def test_places_in_gcj02_are_converted_when_the_device_says_so(
    phones: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    now = now_s()
    for system, (lon, lat) in {"gcj02": (118.186279, 39.631308), "bd09": (118.192708, 39.637581)}.items():
        phone = builders.phone(owner, f"A8-{system}", system=system)
        assert (await send(phones, phone, fix(now - 5, lon=lon, lat=lat)))["accepted"] == 1
        ((_, longitude, latitude, _),) = stored(owner, f"A8-{system}")
        assert (longitude, latitude) == (pytest.approx(118.18, abs=2e-6), pytest.approx(39.63, abs=2e-6))


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(lambda at: at, id="seconds"),
        pytest.param(lambda at: at * 1000, id="milliseconds"),
        pytest.param(lambda at: datetime.fromtimestamp(at, UTC).isoformat(), id="iso-utc"),
        pytest.param(
            lambda at: datetime.fromtimestamp(at, UTC).astimezone(store.DISPLAY_ZONE).isoformat(), id="iso-shanghai"
        ),
    ],
)
async def test_ways_to_tell_the_time(
    phones: httpx.AsyncClient, owner: psycopg.Connection, moment: Any, request: pytest.FixtureRequest
) -> None:
    phone, at = builders.phone(owner, f"A9-{request.node.callspec.id}"), now_s() - 20
    assert (await send(phones, phone, fix(at) | {"at": moment(at)}))["accepted"] == 1
    assert stored(owner, phone.employee)[0][0] == at


async def test_a_time_without_a_zone_is_nobodys_time(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone = builders.phone(owner, "A10")
    answer = await send(phones, phone, fix(0) | {"at": datetime.now(UTC).replace(tzinfo=None).isoformat()})
    assert [one["reason"] for one in answer["rejected"]] == ["bad_time"]


async def test_days_that_have_no_partition_yet_get_one(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "A11"), now_s()
    days = [now - 86_400 * n - 60 for n in range(3)]
    for day in days:
        name = f"position_fix_{datetime.fromtimestamp(day, UTC):%Y%m%d}"
        owner.execute(f"DROP TABLE IF EXISTS {name}")
    store._known_days.clear()
    assert (await send(phones, phone, *[fix(day) for day in days]))["accepted"] == 3
    assert len(stored(owner, "A11")) == 3


async def test_a_device_that_nobody_knows(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    stranger = builders.Phone("nobody", "token-of-a-stranger", "", builders.SOUTH_STATION)
    answer = await phones.post("/api/v1/positions", json={"fixes": [fix(now_s())]}, headers=stranger.headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"
    counted = owner.execute("SELECT sum(count) FROM position_rejection WHERE reason = 'unknown_device'").fetchone()
    assert counted == (1,)
    assert (await phones.post("/api/v1/positions", json={"fixes": [fix(now_s())]})).status_code == 401


async def test_a_revoked_device_is_refused(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone = builders.phone(owner, "A12")
    assert (await send(phones, phone, fix(now_s() - 9)))["accepted"] == 1
    await users.revoke_device(phone.device_id)
    forget_devices()  # what the hub does when the feed tells of changed rights
    answer = await phones.post("/api/v1/positions", json={"fixes": [fix(now_s())]}, headers=phone.headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b'{"fixes": []}', 422),
        (b'{"fixes": "many"}', 422),
        (b'{"fixes": [1], "sent_at": "noon"}', 422),
        (b"\xff\xfe\x00", 422),
        (b'{"fixes": [' + b"[" * 5000 + b"]" * 5000 + b"]}", 422),
    ],
)
async def test_what_cannot_be_read_is_refused_in_the_one_shape_and_nothing_is_written(
    phones: httpx.AsyncClient, owner: psycopg.Connection, body: bytes, status: int
) -> None:
    if not owner.execute("SELECT 1 FROM employee WHERE number = 'A13'").fetchone():
        builders.phone(owner, "A13")
    answer = await phones.post(
        "/api/v1/positions",
        content=body,
        headers={"Authorization": "Bearer token-of-A13-wgs84", "Content-Type": "application/json"},
    )
    assert answer.status_code in (status, 400, 200), answer.text
    if answer.status_code == 200:
        assert answer.json()["accepted"] == 0
    else:
        assert set(answer.json()["error"]) == {"code", "message", "reference", "details"}
    assert stored(owner, "A13") == []


async def test_hostile_values_never_become_a_fault(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "A14"), now_s()
    values: list[Any] = [1e308, -1e308, "\0", "𝟙", {}, [], True, None, 10**400, "nan", "Infinity", "1e999"]
    names = ("at", "lon", "lat", "accuracy_m", "speed_kmh", "heading_deg", "battery_percent", "mock")
    batch = [fix(now - 400 + n) | {name: value} for n, name in enumerate(names) for value in values]
    answer = await phones.post("/api/v1/positions", json={"fixes": batch}, headers=phone.headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["accepted"] + body["duplicates"] + len(body["rejected"]) == len(batch)


async def test_a_batch_above_the_limit(phones: httpx.AsyncClient, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "A15"), now_s()
    too_many = [fix(now - n * 0.01) for n in range(get_settings().position.batch_max + 1)]
    answer = await phones.post("/api/v1/positions", json={"fixes": too_many}, headers=phone.headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    assert stored(owner, "A15") == []


async def test_a_full_queue_says_come_again(
    phones: httpx.AsyncClient, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = builders.phone(owner, "A16")
    monkeypatch.setattr(position_writer, "MAX_WAITING_FIXES", 2)
    answer = await phones.post("/api/v1/positions", json={"fixes": [fix(now_s())] * 5}, headers=phone.headers)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert stored(owner, "A16") == []
    assert writer._fixes == 0


async def test_many_phones_share_a_commit_and_each_keeps_its_order(
    phones: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    crowd, now = [builders.phone(owner, f"C{n:02}") for n in range(40)], now_s()
    (before,) = owner.execute("SELECT count(DISTINCT xmin::text) FROM position_fix").fetchone() or (0,)
    answers = await asyncio.gather(
        *(
            send(phones, phone, fix(now - 300 + turn), fix(now - 300 + turn + 0.5))
            for turn in range(5)
            for phone in crowd
        )
    )
    assert sum(answer["accepted"] for answer in answers) == 400
    (after,) = owner.execute("SELECT count(DISTINCT xmin::text) FROM position_fix").fetchone() or (0,)
    assert after - before < 40, "requests that come together are written together"
    assert {(marker(owner, phone.employee) or {})["at"] for phone in crowd} == {now - 300 + 4.5}


async def test_rejections_are_shown_by_reason_and_only_in_scope(
    phones: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    north = builders.phone(owner, "N1", builders.NORTH_STATION)
    await send(phones, north, fix(now_s() - 5, station=builders.NORTH_STATION, accuracy_m=900))
    seen = await store.rejections(builders.viewer(builders.NORTH))
    assert [(row["reason"], row["count"], row["devices"]) for row in seen] == [("low_accuracy", 1, 1)]
    everywhere = {row["reason"] for row in await store.rejections(builders.viewer())}
    assert {"low_accuracy", "off_shift", "unknown_device"} <= everywhere
    own = await store.rejections(builders.viewer(builders.NORTH, "inspector", "somebody else"))
    assert own == []
