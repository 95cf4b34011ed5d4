"""The demo's phones in the field: `python -m demo.simulator --address http://127.0.0.1:8050 --devices FILE`.

Every phone of an inspector on duty posts its fixes through the public door `/api/v1/positions` and switches its shift
through `/api/v1/shift`, as a real one would. What the server has not answered is kept and sent again, so a server that
restarts loses nothing. With `DATABASE_URL` set, tickets and risk points change as well (`demo.events`), until they have
doors of their own.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from demo.events import FieldEvents
from demo.phone import SimulatedPhone
from demo.phones import read_devices, write_private

log = logging.getLogger("demo.simulator")
STATE_FILE = "demo-simulator.json"
STATE_SECONDS = 15.0
LONGEST_WAIT = 30.0
REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Pace:
    """How often each phone posts: every `every` seconds, 40 % more or less."""

    every: float = 5.0
    clock: Callable[[], float] = time.time


class Sender:
    """Posts for one phone; waits longer after each failure and never gives up."""

    def __init__(self, phone: SimulatedPhone, client: httpx.AsyncClient, pace: Pace) -> None:
        self.phone, self.client, self.pace = phone, client, pace
        self.on: bool | None = None
        self.failures = 0
        self.not_before = 0.0
        self.refused = False
        self._headers = {"Authorization": f"Bearer {phone.phone.token}"}

    async def step(self) -> None:
        """One moment: take a fix when on duty, send what waits, switch the shift when it changes."""
        now = self.pace.clock()
        duty = self.phone.on_duty(now)
        if duty:
            self.phone.tick(now)
        if now < self.not_before:
            return
        if duty and self.on is not True and not await self._switch(True):
            return
        if not await self._send(now):
            return
        if not duty and self.on is not False and not self.phone.unsent:
            await self._switch(False)

    async def _switch(self, on: bool) -> bool:
        answer = await self._post("/api/v1/shift", {"on": on})
        if answer is None:
            return False
        self.on = on
        return True

    async def _send(self, now: float) -> bool:
        while batch := self.phone.waiting(now):
            answer = await self._post("/api/v1/positions", {"fixes": batch, "sent_at": now})
            if answer is None:
                return False
            self.phone.sent(len(batch))
        return True

    async def _post(self, path: str, body: object) -> httpx.Response | None:
        """The answer; None when it has to be tried again later."""
        try:
            answer = await self.client.post(path, json=body, headers=self._headers)
        except httpx.HTTPError as error:
            self._failed(type(error).__name__)
            return None
        if answer.status_code in REFUSED:
            self.refused = True
            log.error("phone %s is refused (%s): load the demo again", self.phone.phone.number, answer.status_code)
            return None
        if answer.status_code == 429 or answer.status_code >= 500:
            self._failed(str(answer.status_code))
            return None
        if answer.status_code >= 400:
            # The server will not like it better the next time.
            log.warning("phone %s: %s for %s: %s", self.phone.phone.number, answer.status_code, path, answer.text[:200])
        self.failures = 0
        return answer

    def _failed(self, what: str) -> None:
        self.failures += 1
        wait = min(LONGEST_WAIT, 2.0 ** min(self.failures - 1, 6))
        wait *= float(self.phone.chance.uniform(0.5, 1.0))
        self.not_before = self.pace.clock() + wait
        if self.failures == 1:
            log.info("phone %s: %s, keeps its fixes and tries again", self.phone.phone.number, what)


async def walk(sender: Sender) -> None:
    """One phone's life, until it is cancelled or refused."""
    chance = sender.phone.chance
    await asyncio.sleep(float(chance.uniform(0, sender.pace.every)))
    while not sender.refused:
        await sender.step()
        await asyncio.sleep(sender.pace.every * float(chance.uniform(0.6, 1.4)))


def _saved_places(path: Path, devices: Path) -> dict[str, tuple[float, float]]:
    """Where the phones were when the simulator stopped: a restart must not look like a jump."""
    try:
        if path.stat().st_mtime < devices.stat().st_mtime:
            return {}  # Of an earlier load.
        content = json.loads(path.read_text(encoding="utf-8"))
        return {number: (float(place[0]), float(place[1])) for number, place in content["places"].items()}
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return {}


async def _keep_places(path: Path, phones: list[SimulatedPhone]) -> None:
    while True:
        await asyncio.sleep(STATE_SECONDS)
        await asyncio.to_thread(_save_places, path, phones)


def _save_places(path: Path, phones: list[SimulatedPhone]) -> None:
    places = {phone.phone.number: phone.place for phone in phones if phone.place}
    with contextlib.suppress(OSError):
        write_private(path, {"places": places})


async def run(address: str, devices: Path, *, every: float, speedup: float, events: bool) -> None:
    """All phones, and the field events where a database is known, until cancelled.

    Raises:
        OSError, ValueError: the devices' file is missing or is none.
    """
    cards, ground = await asyncio.to_thread(read_devices, devices)
    state = devices.with_name(STATE_FILE)
    places = await asyncio.to_thread(_saved_places, state, devices)
    phones = [
        SimulatedPhone(card, ground, np.random.default_rng(), speedup=speedup, place=places.get(card.number))
        for card in cards
    ]
    limits = httpx.Limits(max_connections=24, max_keepalive_connections=24)
    async with httpx.AsyncClient(base_url=address, timeout=15.0, trust_env=False, limits=limits) as client:
        pace = Pace(every)
        async with asyncio.TaskGroup() as group:
            for phone in phones:
                group.create_task(walk(Sender(phone, client, pace)))
            group.create_task(_keep_places(state, phones))
            if events:
                by_number = {phone.phone.number: phone for phone in phones}
                group.create_task(FieldEvents(by_number).run())


async def _until_stopped(address: str, devices: Path, *, every: float, speedup: float, events: bool) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - inside asyncio.run
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await run(address, devices, every=every, speedup=speedup, events=events)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.simulator", description=__doc__)
    parser.add_argument("--address", "--base-url", required=True, help="the web server, e.g. http://127.0.0.1:8050")
    parser.add_argument("--devices", type=Path, required=True, help="demo-devices.json of the data directory")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between posts of one phone (3 to 10)")
    parser.add_argument("--speedup", type=float, default=1.0, help="how much faster than life they move")
    parser.add_argument("--no-events", action="store_true", help="tickets and risk points stay as they are")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    events = not chosen.no_events and "DATABASE_URL" in os.environ
    try:
        asyncio.run(
            _until_stopped(chosen.address, chosen.devices, every=chosen.every, speedup=chosen.speedup, events=events)
        )
    except (OSError, ValueError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
