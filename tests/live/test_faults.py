"""PostgreSQL killed, a web process killed, a socket cut, a screen that stops reading: nothing is lost or doubled.

Real processes: a private cluster, two web processes, phones that repeat what was not answered, and real sockets.
"""

import asyncio
import contextlib
import gzip
import json
import os
import socket as sockets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import websockets

from data_access.migrate import migrate
from data_access.secret import digest
from ops.cluster import PrivateCluster
from settings import ROOT
from tests import builders
from tests.live.screen import Screen

pytestmark = pytest.mark.faults
WALL_TOKEN = "gaw_" + "a-wall-of-the-fault-tests" * 2
SEND_TIMEOUT = 2.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    made = PrivateCluster.for_tests()
    made.start()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def address(cluster: PrivateCluster) -> str:
    """A migrated database with two counties and a wall token."""
    found = cluster.ensure_database("faults")
    migrate(found)
    with psycopg.connect(found, autocommit=True) as owner:
        builders.organisations(owner)
        builders.catalogue(owner)
        owner.execute(
            "INSERT INTO api_token (kind, label, role, token_hash, org_path, created_by)"
            " VALUES ('wall', 'hall', 'wall', %s, 'jibei', 'test')",
            (digest(WALL_TOKEN),),
        )
    return found


@dataclass
class Web:
    """One web process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory_mb(self) -> float:
        """Resident memory."""
        fields = Path(f"/proc/{self.process.pid}/status").read_text().split("VmRSS:")[1].split()
        return int(fields[0]) / 1024

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with sockets.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
async def start_web(address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Callable[[], Any]]:
    """`await start_web()` starts a web process and waits until it says that it is ready."""
    started: list[Web] = []

    async def start() -> Web:
        port = free_port()
        log = tmp_path_factory.mktemp("web") / "log"
        environment = os.environ | {
            "DATABASE_URL": address,
            "GRIDAUDIT_LIVE_HEARTBEAT_SECONDS": "0.5",
            "GRIDAUDIT_LIVE_SEND_TIMEOUT_SECONDS": str(SEND_TIMEOUT),
            "GRIDAUDIT_LIVE_MERGE_MS": "50",
        }
        command = [sys.executable, "-m", "uvicorn", "app:server", "--port", str(port), "--log-level", "warning"]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: ASYNC220 - it only starts here
                command, cwd=ROOT, env=environment, stdout=output, stderr=output
            )
        web = Web(process, port, log)
        started.append(web)
        async with asyncio.timeout(60), httpx.AsyncClient(base_url=web.url) as client:
            while True:
                assert process.poll() is None, log.read_text()
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/health")).status_code == 200:
                        return web
                await asyncio.sleep(0.1)

    yield start
    for web in started:
        web.kill()


@pytest.fixture(scope="module")
async def web(start_web: Callable[[], Any]) -> Web:
    """A web process that survives all that happens here."""
    found: Web = await start_web()
    return found


@dataclass
class Sender:
    """A phone app: one batch after another, each again until it is answered; it never throws away what wasn't."""

    phone: builders.Phone
    urls: list[str]
    start: float
    batches: int
    sent: set[float] = field(default_factory=set)
    told_accepted: int = 0
    told_known: int = 0
    failures: int = 0

    async def run(self, progress: Callable[[], None] = lambda: None) -> None:
        longitude, latitude = builders.PLACES[self.phone.station]
        async with httpx.AsyncClient(timeout=5) as client:
            for batch in range(self.batches):
                moments = [self.start + batch * 5 + n for n in range(5)]
                fixes = [{"at": at, "lon": longitude, "lat": latitude, "accuracy_m": 9} for at in moments]
                answer = await self._until_answered(client, fixes)
                assert answer["rejected"] == []
                self.sent.update(moments)
                self.told_accepted += answer["accepted"]
                self.told_known += answer["duplicates"]
                progress()

    async def _until_answered(self, client: httpx.AsyncClient, fixes: list[dict[str, Any]]) -> dict[str, Any]:
        for attempt in range(600):
            url = self.urls[attempt % len(self.urls)] + "/api/v1/positions"
            try:
                answer = await client.post(url, json={"fixes": fixes}, headers=self.phone.headers)
            except httpx.TransportError:
                self.failures += 1
            else:
                if answer.status_code == 200:
                    return dict(answer.json())
                self.failures += 1
                assert answer.status_code in (503, 504), answer.text
                assert set(answer.json()["error"]) == {"code", "message", "reference", "details"}
            await asyncio.sleep(0.05)
        raise AssertionError("nobody answered")


def stored(address: str, employee: str) -> list[float]:
    with psycopg.connect(address) as owner:
        return [
            row[0]
            for row in owner.execute(
                "SELECT EXTRACT(EPOCH FROM fixed_at)::float8 FROM position_fix WHERE employee_number = %s", (employee,)
            )
        ]


def senders(address: str, prefix: str, urls: list[str], batches: int) -> list[Sender]:
    start = float(int(time.time()) - 5 * batches - 10)
    with psycopg.connect(address, autocommit=True) as owner:
        return [Sender(builders.phone(owner, f"{prefix}{n}"), urls, start, batches) for n in range(6)]


def nothing_lost_or_doubled(address: str, crowd: list[Sender]) -> None:
    for sender in crowd:
        found = stored(address, sender.phone.employee)
        assert len(found) == len(set(found)), "a fix is stored twice"
        assert set(found) == sender.sent, "an answered fix is missing"
        # What was stored although its answer was lost comes again as a duplicate: told once at the most.
        assert sender.told_accepted + sender.told_known == len(sender.sent)


class Watcher:
    """A wall screen over a real socket that comes back when it is cut."""

    def __init__(self, web: Web) -> None:
        self.address = web.url.replace("http", "ws", 1) + f"/ws/live?token={WALL_TOKEN}"
        self.screen = Screen()
        self.connections = 0
        self.connection: Any = None
        self.said_lost = False
        self.task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(OSError, websockets.WebSocketException):
                async with websockets.connect(self.address, max_size=None) as self.connection:
                    self.connections += 1
                    async for message in self.connection:
                        text = gzip.decompress(message) if isinstance(message, bytes) else message
                        self.screen.take(json.loads(text))
                        self.said_lost |= self.screen.database == "lost"
            await asyncio.sleep(0.05)

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is waited for may be another process
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_postgresql_killed_under_load(cluster: PrivateCluster, address: str, web: Web) -> None:
    """Killed with -9 twice while six phones send; the screen says so, keeps its socket and ends with every marker."""
    crowd = senders(address, "PG", [web.url], 40)
    watcher = Watcher(web)
    await watcher.until(lambda: watcher.screen.sequence is not None)
    work = asyncio.gather(*(sender.run() for sender in crowd))
    for answered in (10, 25):
        await watcher.until(lambda least=answered: min(len(one.sent) for one in crowd) >= 5 * least)
        cluster.kill()
        await watcher.until(lambda: watcher.screen.database == "lost")
        cluster.start()
    await work
    assert sum(sender.failures for sender in crowd) > 0, "the kill was not felt"
    nothing_lost_or_doubled(address, crowd)
    last = {sender.phone.employee: max(sender.sent) * 1000 for sender in crowd}
    await watcher.until(lambda: {n: watcher.screen.inspectors.get(n, [0] * 9)[8] for n in last} == last)
    await watcher.until(lambda: watcher.screen.database == "ok")
    assert (watcher.connections, watcher.screen.gaps) == (1, 0)
    await watcher.stop()


async def test_a_web_process_killed_in_the_middle(address: str, web: Web, start_web: Callable[[], Any]) -> None:
    """Phones go on at the other process; what the dead one had stored without saying so is not stored again."""
    doomed = await start_web()
    crowd = senders(address, "WEB", [doomed.url, web.url], 30)
    watcher = Watcher(web)
    await watcher.until(lambda: watcher.screen.sequence is not None)
    work = asyncio.gather(*(sender.run() for sender in crowd))
    await watcher.until(lambda: sum(len(one.sent) for one in crowd) >= 100)
    doomed.kill()
    await work
    assert sum(sender.failures for sender in crowd) > 0
    nothing_lost_or_doubled(address, crowd)
    last = {sender.phone.employee: max(sender.sent) * 1000 for sender in crowd}
    await watcher.until(lambda: {n: watcher.screen.inspectors.get(n, [0] * 9)[8] for n in last} == last)
    assert watcher.screen.gaps == 0
    await watcher.stop()


async def test_a_cut_socket_comes_back_whole(address: str, web: Web) -> None:
    (sender, *_) = senders(address, "CUT", [web.url], 20)
    watcher = Watcher(web)
    await watcher.until(lambda: watcher.screen.sequence is not None)

    def cut() -> None:
        if len(sender.sent) in (25, 50, 75):
            watcher.connection.transport.abort()

    await sender.run(cut)
    last = max(sender.sent) * 1000
    await watcher.until(lambda: watcher.screen.inspectors.get("CUT0", [0] * 9)[8] == last)
    assert watcher.connections >= 2
    assert watcher.screen.gaps == 0
    await watcher.stop()


async def test_a_screen_that_stops_reading_holds_nobody_up(address: str, web: Web) -> None:
    """It is cut; meanwhile others are told in time, and the server's memory stays where it was."""
    watcher = Watcher(web)
    await watcher.until(lambda: watcher.screen.sequence is not None)
    address_ = watcher.address.replace("ws://", "http://", 1)
    host = sockets.create_connection(("127.0.0.1", web.port))
    path = address_.split(str(web.port), 1)[1]
    host.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b"101" in host.recv(64)  # and from here on it reads no more
    before = web.memory_mb
    flood = {"at": 1, "kind": "ticket", "key": "FLOOD", "code": "x" * 250_000, "status": 40, "level": 2}
    with psycopg.connect(address, autocommit=True) as owner:
        for number in range(60):
            event = json.dumps({"row": None, "event": flood | {"at": number}})
            owner.execute("SELECT append_change('ticket', 'FLOOD', 'jibei', %s)", (event,))
            await watcher.until(lambda at=number: watcher.screen.events and watcher.screen.events[0]["at"] == at, 5)
        await asyncio.to_thread(_cut_by_server, host)
    assert web.memory_mb - before < 60, f"{before:.0f} MB before, {web.memory_mb:.0f} MB after"
    assert watcher.connections == 1
    await watcher.stop()


def _cut_by_server(connection: sockets.socket) -> None:
    """Waits until the server's time-out has long passed, then reads what lay on its way: then it must be at an end."""
    time.sleep(SEND_TIMEOUT * 1.5)
    connection.settimeout(5)
    deadline = time.monotonic() + 20
    while connection.recv(1 << 20):
        assert time.monotonic() < deadline, "the server goes on sending"
    connection.close()
