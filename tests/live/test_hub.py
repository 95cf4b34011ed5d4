"""The hub on a real database: snapshot, deltas in one chain, slow clients, gaps, a database that goes away."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from api import live_hub
from api.live_hub import Hub, HubFull
from data_access import feed, users, wall
from data_access.devices import KnownDevice
from data_access.positions import Parcel, store
from data_access.scope import Viewer
from geo.fix_filters import Fix
from settings import Settings, get_settings
from tests import builders
from tests.live.conftest import now_s
from tests.live.screen import Line


def quick() -> Settings:
    """Settings of a hub that does not let a test wait."""
    settings = get_settings().model_copy(deep=True)
    settings.live.merge_ms = 10
    settings.live.heartbeat_seconds = 0.1
    settings.live.send_timeout_seconds = 0.5
    return settings


class Clock:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _everybody_is_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Viewers here have no session row; their rights are tested in tests/access."""

    async def all_of_them(viewers: Any) -> dict[str, Viewer]:
        return {viewer.session_key or "": viewer for viewer in viewers}

    monkeypatch.setattr(live_hub, "still_valid_all", all_of_them)


@pytest.fixture
async def hub(database: str) -> AsyncIterator[Hub]:
    made = Hub(quick())
    await made.look()
    made.start()
    yield made
    await made.stop()


class Watch:
    """A socket that is being served."""

    def __init__(self, hub: Hub, viewer: Viewer) -> None:
        self.line = Line()
        self.task = asyncio.create_task(hub.serve(viewer, self.line))

    async def __aenter__(self) -> Line:
        await self.line.until(lambda screen: screen.sequence is not None)
        return self.line

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def known(phone: builders.Phone) -> KnownDevice:
    return KnownDevice(
        device_id=phone.device_id,
        employee_number=phone.employee,
        county_code=builders.county_of(phone.station),
        org_path=phone.station,
        coordinate_system="wgs84",
    )


async def moves(phone: builders.Phone, at: float, east: float = 0.0) -> None:
    longitude, latitude = builders.PLACES[phone.station]
    fix = Fix(index=0, at=at, longitude=longitude + east, latitude=latitude, accuracy_m=5, speed_kmh=20)
    (receipt,) = await store([Parcel(known(phone), [fix])], now=at)
    assert receipt.accepted == 1, receipt


def ticket_changes(owner: psycopg.Connection, number: str, row: list[Any] | None, code: str = "accepted") -> None:
    event = {"at": 1, "kind": "ticket", "key": number, "code": code, "status": 40, "level": 2, "county": "130202"}
    event |= {"actor": None, "lon": 118.18, "lat": 39.63}
    owner.execute(
        "SELECT append_change('ticket', %s, %s, %s)",
        (number, builders.SOUTH_STATION, json.dumps({"row": row, "event": event})),
    )


async def test_a_fix_reaches_the_screens_that_may_see_it(hub: Hub, owner: psycopg.Connection) -> None:
    phone, now = builders.phone(owner, "H1"), now_s()
    south, north = builders.viewer(builders.SOUTH, "lead"), builders.viewer(builders.NORTH, "lead")
    async with Watch(hub, builders.viewer()) as all_, Watch(hub, south) as one, Watch(hub, north) as other:
        await moves(phone, now - 5)
        for line in (all_, one):
            screen = await line.until(lambda screen: "H1" in screen.inspectors)
            assert screen.inspectors["H1"][8] == (now - 5) * 1000
            assert screen.gaps == 0
        await other.until(lambda screen: screen.kinds.count("beat") > 2)
        assert "H1" not in other.screen.inspectors


async def test_an_inspector_sees_only_the_own_marker(hub: Hub, owner: psycopg.Connection) -> None:
    me, colleague, now = builders.phone(owner, "H2"), builders.phone(owner, "H2b"), now_s()
    await moves(colleague, now - 50)
    async with Watch(hub, builders.viewer(builders.SOUTH, "inspector", "H2")) as line:
        assert line.screen.inspectors == {}
        await moves(colleague, now - 20)
        await moves(me, now - 10)
        await line.until(lambda screen: "H2" in screen.inspectors)
        assert set(line.screen.inspectors) == {"H2"}


async def test_the_snapshot_and_what_follows_make_one_chain_while_everything_moves(
    hub: Hub, owner: psycopg.Connection
) -> None:
    """Screens come and go while fixes are stored; each ends in the state of the database, without a gap."""
    crowd, now = [builders.phone(owner, f"H3-{n}") for n in range(6)], now_s()
    done = asyncio.Event()

    async def drive() -> None:
        for step in range(25):
            await asyncio.gather(*(moves(phone, now - 500 + step * 10, step * 1e-4) for phone in crowd))
        done.set()

    driving = asyncio.create_task(drive())
    async with asyncio.TaskGroup() as group:

        async def screen() -> None:
            async with Watch(hub, builders.viewer()) as line:
                await done.wait()
                last = (now - 500 + 240) * 1000
                await line.until(
                    lambda screen: all(screen.inspectors.get(phone.employee, [0] * 9)[8] == last for phone in crowd)
                )
                assert line.screen.gaps == 0

        for _ in range(10):
            group.create_task(screen())
            await asyncio.sleep(0.03)
    await driving


async def test_tickets_come_change_and_go(hub: Hub, owner: psycopg.Connection) -> None:
    builders.ticket(owner, "H4", status=30)
    async with Watch(hub, builders.viewer()) as line:
        assert line.screen.tickets["H4"][5] == 30
        row = [*line.screen.tickets["H4"][:5], 40, *line.screen.tickets["H4"][6:]]
        ticket_changes(owner, "H4", row)
        await line.until(lambda screen: screen.tickets["H4"][5] == 40)
        assert line.screen.events[0]["code"] == "accepted"
        ticket_changes(owner, "H4", None, "archived")
        await line.until(lambda screen: "H4" not in screen.tickets)


async def test_new_figures_come_when_tickets_changed(
    hub: Hub, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "FIGURES_SECONDS", 0.0)
    async with Watch(hub, builders.viewer()) as line:
        before = (await line.until(lambda screen: screen.figures)).figures["open"]
        builders.ticket(owner, "H5")
        ticket_changes(owner, "H5", ["H5", 118.18, 39.63, "DJ01", 2, 50, 0, None, "130202", None, 0])
        await line.until(lambda screen: screen.figures["open"] == before + 1)


async def test_a_slow_screen_gets_the_latest_state_in_one_delta_and_costs_no_memory(
    hub: Hub, owner: psycopg.Connection
) -> None:
    phone, now = builders.phone(owner, "H6"), now_s()
    hub._settings.live.send_timeout_seconds = 20
    async with Watch(hub, builders.viewer()) as slow, Watch(hub, builders.viewer()) as quick_one:
        slow.hold.clear()
        for step in range(12):
            await moves(phone, now - 200 + step)
            await quick_one.until(lambda s, at=(now - 200 + step) * 1000: s.inspectors.get("H6", [0] * 9)[8] == at)
        client = hub.client_of(slow)
        assert client is not None
        deltas = slow.screen.kinds.count("delta")
        slow.hold.set()
        await slow.until(lambda screen: screen.inspectors.get("H6", [0] * 9)[8] == (now - 189) * 1000)
        assert slow.screen.gaps == 0
        assert slow.screen.kinds.count("delta") - deltas <= 2
        assert quick_one.screen.kinds.count("delta") >= 12


async def test_a_screen_that_stops_reading_is_cut(hub: Hub, owner: psycopg.Connection) -> None:
    phone = builders.phone(owner, "H7")
    line = Line()
    serving = asyncio.create_task(hub.serve(builders.viewer(), line))
    await line.until(lambda screen: screen.sequence is not None)
    line.hold.clear()
    await moves(phone, now_s() - 3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(serving), 10)
    assert hub.client_of(line) is None


async def test_a_screen_that_noticed_a_gap_gets_a_snapshot(hub: Hub, owner: psycopg.Connection) -> None:
    async with Watch(hub, builders.viewer()) as line:
        line.screen.sequence = -1
        hub.resync(line)
        await line.until(lambda screen: screen.sequence != -1)
        assert line.screen.kinds.count("snapshot") == 2


async def test_asking_without_end_for_snapshots_gives_one_a_second(database: str) -> None:
    clock = Clock()
    hub = Hub(quick(), clock=clock)
    await hub.look()
    async with Watch(hub, builders.viewer()) as line:
        for _ in range(50):
            hub.resync(line)
            await asyncio.sleep(0)
        clock.now += 2
        hub.resync(line)
        await line.until(lambda screen: screen.kinds.count("snapshot") == 3)


async def test_all_of_one_scope_share_one_snapshot(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = wall.snapshot

    async def counted(viewer: Viewer) -> wall.Snapshot:
        asked.append(viewer.scope_key)
        return await real(viewer)

    monkeypatch.setattr(wall, "snapshot", counted)
    watches = [Watch(hub, builders.viewer(path, "lead")) for path in [builders.SOUTH] * 20 + [builders.NORTH] * 20]
    for watch in watches:
        await watch.__aenter__()
    assert sorted(asked) == sorted(set(asked)), "one query a scope"
    assert len(asked) == 2
    for watch in watches:
        await watch.__aexit__()


async def test_more_sockets_than_allowed_are_sent_elsewhere(database: str) -> None:
    settings = quick()
    settings.live.max_clients = 1
    hub = Hub(settings)
    await hub.look()
    async with Watch(hub, builders.viewer()):
        with pytest.raises(HubFull):
            await hub.serve(builders.viewer(), Line())


async def test_a_database_that_goes_away_is_said_and_nothing_is_missed(
    hub: Hub, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, now = builders.phone(owner, "H8"), now_s()
    real = feed.changes_since

    async def away(_sequence: int) -> list[feed.Change]:
        raise psycopg.OperationalError("connection refused")

    async with Watch(hub, builders.viewer()) as line:
        monkeypatch.setattr(feed, "changes_since", away)
        await moves(phone, now - 30)
        await line.until(lambda screen: screen.database == "lost")
        assert "H8" not in line.screen.inspectors
        await moves(phone, now - 20)
        monkeypatch.setattr(feed, "changes_since", real)
        await line.until(lambda screen: screen.database == "ok" and "H8" in screen.inspectors)
        assert line.screen.inspectors["H8"][8] == (now - 20) * 1000
        assert (line.screen.gaps, line.screen.kinds.count("snapshot")) == (0, 1)


async def test_after_a_long_absence_of_the_database_everyone_gets_a_new_picture(
    owner: psycopg.Connection, database: str
) -> None:
    clock = Clock()
    hub = Hub(quick(), clock=clock)
    await hub.look()
    async with Watch(hub, builders.viewer()) as line:
        clock.now += get_settings().live.feed_keep_minutes * 60
        await hub.look()
        await line.until(lambda screen: screen.kinds.count("snapshot") == 2)


async def test_the_wall_clock_may_jump(owner: psycopg.Connection, database: str) -> None:
    """Deltas go on and the chain holds, though the server's clock is set back an hour and forward a day."""
    phone, now = builders.phone(owner, "H9"), now_s()
    wall_clock = Clock()
    wall_clock.now = now
    hub = Hub(quick(), wall_clock=wall_clock)
    await hub.look()
    async with Watch(hub, builders.viewer()) as line:
        for step, jump in enumerate((0, -3600, 86_400)):
            wall_clock.now += jump
            await moves(phone, now - 30 + step)
            await hub.look()
            await line.until(lambda screen, at=(now - 30 + step) * 1000: screen.inspectors.get("H9", [0] * 9)[8] == at)
        assert line.screen.gaps == 0


async def test_changed_rights_forget_devices_and_ask_for_sign_ins(hub: Hub, owner: psycopg.Connection) -> None:
    phone = builders.phone(owner, "H10")
    assert await live_hub.devices.by_token(phone.token) is not None
    await users.revoke_device(phone.device_id)
    async with asyncio.timeout(5):
        while await live_hub.devices.by_token(phone.token) is not None:  # noqa: ASYNC110 - nothing rings here
            await asyncio.sleep(0.01)
