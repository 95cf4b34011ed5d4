"""Tracks through the door: who sees whose, what is written down about it, what a day holds."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from data_access import tracks
from data_access.scope import Viewer
from data_access.tokens import UnknownObject
from tests.tiles import arrange
from tests.tiles.arrange import NORTH, SOUTH, looking, viewer

pytestmark = pytest.mark.usefixtures("database")
DAY = date(2026, 3, 10)
MORNING = datetime(2026, 3, 10, 0, 30, tzinfo=UTC)
"""08:30 in Shanghai."""
NOON_AFTER = datetime(2026, 3, 11, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def people(database_url: str) -> None:
    """An inspector in each county with the same morning, districts at their stop, and a ticket each."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        arrange.organisations(owner)
        for number, station in (("N1", "13070201"), ("S1", "13020201"), ("S2", "13020202")):
            arrange.inspector(owner, number, station)
            arrange.fixes(owner, number, station, arrange.morning(MORNING, station))
        lon, lat = arrange.PLACES["13020201"]
        owner.execute(
            "INSERT INTO transformer_district (county_code, code, name, kind, capacity_kva, feeder_code, org_path,"
            " location) VALUES ('130202', 'D1', 'Near the stop', 'public', 400, 'F', %s,"
            " ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
            (arrange.PATHS["13020201"], lon + 0.0605, lat),
        )
        steps = [(MORNING - timedelta(days=1), 20), (MORNING, 30), (MORNING + timedelta(hours=1), 50)]
        arrange.ticket(owner, "T-S", "13020201", steps)
        arrange.ticket(owner, "T-N", "13070201", steps)


@pytest.fixture
def log(owner: psycopg.Connection) -> Iterator[Any]:
    """What the audit log gained since the test began."""
    (start,) = owner.execute("SELECT COALESCE(max(id), 0) FROM audit_log").fetchone() or (0,)

    def gained() -> list[tuple[str, str, str, str]]:
        return owner.execute(
            "SELECT subject, action, object_kind, object_key FROM audit_log WHERE id > %s ORDER BY id", (start,)
        ).fetchall()

    yield gained


async def get(who: Viewer, path: str) -> httpx.Response:
    with looking(who):
        async with arrange.client() as client:
            return await client.get(path)


async def test_a_day_holds_the_drive_the_stay_and_the_silence() -> None:
    day = (await get(viewer(), "/api/v1/tracks/S1?day=2026-03-10")).json()
    (stop,) = day["stops"]
    start = MORNING.timestamp() * 1000
    assert abs(stop["arrived_ms"] - (start + 600_000)) <= 30_000
    assert stop["dwell_s"] == pytest.approx(1170, abs=31)
    assert stop["near"] == "Near the stop"
    assert day["gaps"] == [[start + 600_000 + 39 * 30_000, start + 3_600_000]]
    assert day["segments"] == [[0, 59], [60, 79]]
    assert len(day["points"]) == 80
    assert day["distance_m"] == pytest.approx(10_000, rel=0.03)


async def test_each_view_is_written_down_under_the_persons_number(log: Any, owner: psycopg.Connection) -> None:
    await get(viewer(SOUTH, "supervisor"), "/api/v1/tracks/S1?day=2026-03-10")
    assert log() == [(f"supervisor@{SOUTH}", "track.view", "track", "S1")]
    with owner.transaction():
        owner.execute(
            "SELECT set_config('role', 'gridaudit_viewer', true), set_config('gridaudit.org_path', %s, true),"
            " set_config('gridaudit.role', 'inspector', true), set_config('gridaudit.employee', 'S1', true)",
            (arrange.PATHS["13020201"],),
        )
        seen = owner.execute("SELECT DISTINCT object_key FROM audit_log").fetchall()
    assert seen == [("S1",)], "the person can see who looked, at the own track only"


async def test_a_view_that_fails_to_be_written_down_shows_nothing(owner: psycopg.Connection) -> None:
    """Both stand in one transaction: no log line, no track."""
    owner.execute("REVOKE INSERT ON audit_log FROM gridaudit_viewer")
    try:
        answer = await get(viewer(), "/api/v1/tracks/S1?day=2026-03-10")
    finally:
        owner.execute("GRANT INSERT ON audit_log TO gridaudit_viewer")
    assert answer.status_code >= 500
    assert "points" not in answer.text


@pytest.mark.parametrize(
    ("who", "number"),
    [
        (viewer(NORTH), "S1"),
        (viewer(SOUTH), "N1"),
        (viewer(SOUTH, "inspector", "S2"), "S1"),
        (viewer(SOUTH, "gis"), "S1"),
        (viewer(), "nobody"),
    ],
)
async def test_a_track_that_is_not_theirs_is_as_if_there_were_none(who: Viewer, number: str, log: Any) -> None:
    answer = await get(who, f"/api/v1/tracks/{number}?day=2026-03-10")
    assert answer.status_code == 404
    assert log() == []


async def test_an_inspector_sees_the_own_track_and_no_other() -> None:
    me = viewer(SOUTH, "inspector", "S1")
    assert len((await get(me, "/api/v1/tracks/S1?day=2026-03-10")).json()["points"]) == 80
    replay = (await get(me, "/api/v1/tracks?day=2026-03-10")).json()
    assert [person["number"] for person in replay["inspectors"]] == ["S1"]


async def test_a_day_begins_at_midnight_in_shanghai(owner: psycopg.Connection) -> None:
    lon, lat = arrange.PLACES["13020202"]
    midnight = datetime(2026, 3, 19, 16, 0, tzinfo=UTC)
    arrange.fixes(owner, "S2", "13020202", [(midnight + timedelta(seconds=30 * n - 60), lon, lat) for n in range(4)])
    before = (await get(viewer(), "/api/v1/tracks/S2?day=2026-03-19")).json()
    after = (await get(viewer(), "/api/v1/tracks/S2?day=2026-03-20")).json()
    assert [at for at, *_ in after["points"]] == [midnight.timestamp() * 1000, midnight.timestamp() * 1000 + 30_000]
    assert len(before["points"]) == 2


async def test_a_finished_day_is_computed_once_until_late_fixes_come(
    owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = 0
    build = tracks.tracks.build_day

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal computed
        computed += 1
        return build(*given, **named)

    monkeypatch.setattr(tracks.tracks, "build_day", counted)
    day = date(2026, 3, 12)
    start = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
    arrange.fixes(owner, "S1", "13020201", arrange.morning(start, "13020201"))
    now = datetime(2026, 3, 13, 1, 0, tzinfo=UTC)
    first = await tracks.day_track(viewer(), "S1", day, now=now)
    second = await tracks.day_track(viewer(SOUTH), "S1", day, now=now)
    assert (computed, json.dumps(second)) == (1, json.dumps(first))
    lon, lat = arrange.PLACES["13020201"]
    arrange.fixes(owner, "S1", "13020201", [(start + timedelta(minutes=45), lon + 0.07, lat)])
    third = await tracks.day_track(viewer(), "S1", day, now=now)
    assert computed == 2
    assert len(third["gaps"]) == 2
    stored = owner.execute("SELECT fix_count, ST_NumGeometries(line) FROM work_track WHERE day = %s", (day,)).fetchone()
    assert stored == (81, 2)


async def test_today_is_not_kept_yet(owner: psycopg.Connection) -> None:
    start = datetime(2026, 3, 15, 1, 0, tzinfo=UTC)
    arrange.fixes(owner, "S1", "13020201", arrange.morning(start, "13020201"))
    await tracks.day_track(viewer(), "S1", date(2026, 3, 15), now=start + timedelta(hours=3))
    assert owner.execute("SELECT count(*) FROM work_track WHERE day = '2026-03-15'").fetchone() == (0,)


async def test_who_sees_only_a_part_of_the_fixes_keeps_no_track_for_others(owner: psycopg.Connection) -> None:
    """Somebody who worked in two counties on one day: a county sees its half and stores nothing."""
    start = datetime(2026, 3, 17, 1, 0, tzinfo=UTC)
    arrange.fixes(owner, "S1", "13020201", arrange.morning(start, "13020201"))
    arrange.fixes(owner, "S1", "13070201", arrange.morning(start + timedelta(hours=3), "13070201"))
    owner.execute(
        "INSERT INTO work_shift (county_code, employee_number, started_at, org_path) VALUES ('130702', 'S1', %s, %s)",
        (start + timedelta(hours=3), arrange.PATHS["13070201"]),
    )
    now = datetime(2026, 3, 18, 1, 0, tzinfo=UTC)
    half = await tracks.day_track(viewer(SOUTH), "S1", date(2026, 3, 17), now=now)
    whole = await tracks.day_track(viewer(), "S1", date(2026, 3, 17), now=now)
    again = await tracks.day_track(viewer(SOUTH), "S1", date(2026, 3, 17), now=now)
    assert (len(half["points"]), len(whole["points"])) == (80, 160)
    assert again == half
    assert owner.execute("SELECT fix_count FROM work_track WHERE day = '2026-03-17'").fetchall() == [(160,)]


async def test_the_team_replay_has_people_and_tickets_of_the_scope_on_one_clock(log: Any) -> None:
    south = (await get(viewer(SOUTH), "/api/v1/tracks?day=2026-03-10")).json()
    assert [person["number"] for person in south["inspectors"]] == ["S1", "S2"]
    assert south["to_ms"] - south["from_ms"] == 86_400_000
    assert datetime.fromtimestamp(south["from_ms"] / 1000, UTC) == datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
    (ticket,) = south["tickets"]
    at = [int((MORNING + timedelta(hours=hours)).timestamp() * 1000) for hours in (0, 1)]
    assert ticket["number"] == "T-S"
    assert ticket["steps"] == [[south["from_ms"], 20], [at[0], 30], [at[1], 50]]
    assert log() == [(f"manager@{SOUTH}", "track.replay", "track", number) for number in ("S1", "S2")]


async def test_a_replay_shows_silence_as_silence() -> None:
    replay = (await get(viewer(NORTH), "/api/v1/tracks?day=2026-03-10")).json()
    (person,) = replay["inspectors"]
    start = MORNING.timestamp() * 1000
    assert person["gaps"] == [[start + 600_000 + 39 * 30_000, start + 3_600_000]]
    times = [at for at, _, _ in person["points"]]
    assert times == sorted(times)
    assert person["gaps"][0][0] in times
    assert person["gaps"][0][1] in times


async def test_trails_are_the_last_minutes_of_the_scope_and_one_line_in_the_log(
    owner: psycopg.Connection, log: Any
) -> None:
    now = datetime.now(UTC)
    for number, station in (("N1", "13070201"), ("S2", "13020202")):
        lon, lat = arrange.PLACES[station]
        rows = [(now - timedelta(minutes=2 * n), lon + 0.001 * n * n, lat) for n in range(60)]
        arrange.fixes(owner, number, station, rows)
    trails = (await get(viewer(SOUTH), "/api/v1/trails?minutes=30")).json()["trails"]
    assert [number for number, _ in trails] == ["S2"]
    assert 2 <= len(trails[0][1]) <= 16
    assert all(at >= (now - timedelta(minutes=31)).timestamp() * 1000 for at, _, _ in trails[0][1])
    assert log() == [(f"manager@{SOUTH}", "track.trails", "trails", SOUTH)]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/tracks/S1?day=yesterday",
        "/api/v1/tracks?day=2026-02-30",
        "/api/v1/trails?minutes=0",
        "/api/v1/tracks/%00",
    ],
)
async def test_what_cannot_be_meant_is_refused_by_name(path: str) -> None:
    answer = await get(viewer(), path)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["where"]


async def test_a_day_without_fixes_is_an_empty_day() -> None:
    day = (await get(viewer(), "/api/v1/tracks/S1?day=2020-01-01")).json()
    assert (day["points"], day["stops"], day["distance_m"]) == ([], [], 0)
    with pytest.raises(UnknownObject):
        await tracks.day_track(viewer(NORTH), "S1", DAY, now=NOON_AFTER)
