"""The phones: believable motion, troubles, and nothing lost when the server is away. A stub stands for the server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI, Request, Response

from demo.grid import make_grid
from demo.phone import NO_TROUBLES, SimulatedPhone, Troubles
from demo.phones import Ground, Phone, read_devices, write_private
from demo.randomness import Streams
from demo.rows import streets_of
from demo.shifts import shift_at
from demo.simulator import Pace, Sender
from demo.size import SIZES
from demo.territory import counties, distance_m

BEGIN = datetime(2026, 11, 24, 2, tzinfo=UTC).timestamp()  # 10:00 in Shanghai: the first group is on.
COUNTY = "130203"


@pytest.fixture(scope="module")
def ground() -> Ground:
    grid = make_grid(SIZES["small"], Streams(5))
    districts = [
        (d.layout, tuple(streets_of(d.layout, d.nodes))) for d in grid.districts if d.station.county.code == COUNTY
    ]
    return Ground(grid.roads, {COUNTY: districts}, {})


def phone_of(ground: Ground, troubles: Troubles = NO_TROUBLES, order: int = 0, seed: int = 3) -> SimulatedPhone:
    card = Phone("I0002", "演示", COUNTY, order, "gad_secret", counties()[1].seats[0])
    return SimulatedPhone(card, ground, np.random.default_rng(seed), troubles)


class Server:
    """Answers like the real one; can be away or refuse."""

    def __init__(self) -> None:
        self.status = 200
        self.stored: list[float] = []
        self.shifts: list[bool] = []
        self.app = FastAPI()

        @self.app.post("/api/v1/positions")
        async def positions(request: Request) -> Response:
            assert request.headers["authorization"] == "Bearer gad_secret"
            if self.status == 200:
                self.stored += [fix["at"] for fix in (await request.json())["fixes"]]
            return Response("{}", status_code=self.status)

        @self.app.post("/api/v1/shift")
        async def shift(request: Request) -> Response:
            if self.status == 200:
                self.shifts.append((await request.json())["on"])
            return Response("{}", status_code=self.status)


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server.app), base_url="http://stub") as made:
        yield made


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_it_moves_along_at_believable_speeds(ground: Ground) -> None:
    phone = phone_of(ground)
    fixes = [phone.tick(BEGIN + 5 * step) for step in range(2_000)]
    assert all(fixes)
    places = [(fix["lon"], fix["lat"]) for fix in fixes if fix]
    speeds = np.array([distance_m(a, b) / 5 * 3.6 for a, b in pairwise(places)])
    assert speeds.max() < 120
    assert distance_m(places[0], places[-1]) > 100
    told = np.array([fix["speed_kmh"] for fix in fixes if fix])
    assert (told < 3).any() and (told > 25).any()
    assert all(0 <= fix["heading_deg"] < 360 and 0 < fix["battery_percent"] <= 100 for fix in fixes if fix)


def test_a_tunnel_is_a_gap_and_a_dead_spot_is_a_late_batch(ground: Ground) -> None:
    phone = phone_of(ground, Troubles(tunnels=12, dead_spots=0, dead_batteries=0, bad_fix=0))
    assert None in [phone.tick(BEGIN + 5 * step) for step in range(1_000)]
    phone = phone_of(ground, Troubles(tunnels=0, dead_spots=12, dead_batteries=0, bad_fix=0))
    waiting = []
    for step in range(1_000):
        phone.tick(BEGIN + 5 * step)
        waiting.append(len(phone.waiting(BEGIN + 5 * step)))
        phone.sent(waiting[-1])
    assert 0 in waiting
    assert max(waiting) > 10
    assert sum(waiting) + len(phone.unsent) == 1_000


def test_bad_fixes_are_of_several_kinds(ground: Ground) -> None:
    phone = phone_of(ground, Troubles(tunnels=0, dead_spots=0, dead_batteries=0, bad_fix=1))
    fixes = [fix for step in range(200) if (fix := phone.tick(BEGIN + 5 * step))]
    assert any(fix["mock"] for fix in fixes)
    assert any(fix["lon"] == 0 for fix in fixes)
    assert any(fix["accuracy_m"] > 1_000 for fix in fixes)


async def test_a_server_that_was_away_gets_everything_once_and_in_order(
    ground: Ground, server: Server, client: httpx.AsyncClient
) -> None:
    clock, phone = Clock(BEGIN), phone_of(ground)
    sender = Sender(phone, client, Pace(5, clock))
    taken = []
    for step in range(120):
        server.status = 503 if 20 <= step < 90 else 200
        clock.now = BEGIN + 5 * step
        await sender.step()
        taken.append(round(clock.now, 3))
        if 20 < step < 90:
            assert len(phone.unsent) > 0
    assert server.stored == taken
    assert server.shifts == [True]
    assert not phone.unsent


async def test_it_waits_longer_after_each_failure(ground: Ground, server: Server, client: httpx.AsyncClient) -> None:
    clock = Clock(BEGIN)
    sender = Sender(phone_of(ground), client, Pace(5, clock))
    server.status = 503
    waits = []
    for _ in range(9):
        clock.now = max(clock.now, sender.not_before) + 0.001
        await sender.step()
        waits.append(sender.not_before - clock.now)
    assert waits[0] <= 1
    assert 15 <= waits[-1] <= 30
    assert sender.failures == 9


async def test_a_refused_token_ends_the_phone(ground: Ground, server: Server, client: httpx.AsyncClient) -> None:
    sender = Sender(phone_of(ground), client, Pace(5, Clock(BEGIN)))
    server.status = 401
    await sender.step()
    assert sender.refused


async def test_a_batch_that_the_server_cannot_like_is_dropped(
    ground: Ground, server: Server, client: httpx.AsyncClient
) -> None:
    phone = phone_of(ground)
    sender = Sender(phone, client, Pace(5, Clock(BEGIN)))
    server.status = 422
    await sender.step()
    assert not phone.unsent
    assert sender.failures == 0


async def test_the_shift_ends_after_everything_is_sent(
    ground: Ground, server: Server, client: httpx.AsyncClient
) -> None:
    span = shift_at(0, datetime.fromtimestamp(BEGIN, UTC))
    assert span is not None
    clock, phone = Clock(span[1].timestamp() - 7), phone_of(ground)
    sender = Sender(phone, client, Pace(5, clock))
    for _ in range(4):
        await sender.step()
        clock.now += 5
    assert server.shifts == [True, False]
    assert max(server.stored) < span[1].timestamp()
    assert not phone.unsent


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "devices.json", {"version": 0})
    with pytest.raises(ValueError, match="expected version 1"):
        read_devices(tmp_path / "devices.json")
