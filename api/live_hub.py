"""One hub a web process: reads the change feed once, tells everyone who may see it.

Feed → merged for `merge_ms` → one batch a scope, encoded once → every socket of that scope. A socket still being
written to gets the next batches merged into one, so that a slow client costs one batch of memory, whatever it misses.
Nothing here is state that another process would lack: a client that comes to another worker starts from a snapshot.
"""

import asyncio
import contextlib
import gzip
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from api.live_batch import Batch, beat, collect
from data_access import devices, feed, wall
from data_access.memory import SingleFlight
from data_access.scope import Viewer
from data_access.sessions import forget, still_valid_all
from settings import Settings, get_settings

log = logging.getLogger("gridaudit.live")

SIGNED_OUT = 4401
TRY_LATER = 1013
RING_SECONDS = 60.0
POLL_SECONDS = 2.0
"""The feed is looked at this often even when no bell rang: a lost notification costs two seconds, not the picture."""
FIGURES_SECONDS = 3.0
FIGURES_AT_LEAST_SECONDS = 60.0
SNAPSHOT_FRESH_SECONDS = 1.0


class Line(Protocol):
    """The server's end of a socket."""

    async def send_text(self, data: str) -> None:
        """Returns when the network took it."""

    async def send_bytes(self, data: bytes) -> None:
        """Returns when the network took it."""

    async def close(self, code: int) -> None:
        """Ends the socket."""


class HubFull(Exception):
    """This process serves as many sockets as it may."""


@dataclass(slots=True, eq=False)
class Client:
    """One socket. `waiting` holds all that it has not been sent yet, merged."""

    viewer: Viewer
    line: Line
    sequence: int = 0
    waiting: Batch | None = None
    beat: str | None = None
    snapshot_wanted: bool = True
    closing: int | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    resync_at: float = 0.0

    def put(self, batch: Batch) -> None:
        """Hand over a batch of the client's scope."""
        self.waiting = batch if self.waiting is None else self.waiting.then(batch)
        self.wake.set()


@dataclass(slots=True)
class _Scope:
    """What a group of viewers with equal rights shares."""

    viewer: Viewer
    figures_dirty: bool = True
    figures_at: float = 0.0


class Hub:
    """See the module. `clock` is monotonic and drives what is due; `wall_clock` is Unix time and goes to clients."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings or get_settings()
        self._clock = clock
        self._wall_clock = wall_clock
        self.clients: set[Client] = set()
        self.sequence = 0
        self._begun = False
        """Whether `sequence` has been read: 0 is also the number of an empty feed."""
        self.database_ok = False
        self._ring: deque[tuple[float, feed.Change]] = deque()
        self._ring_floor = 0
        self._scopes: dict[str, _Scope] = {}
        self._snapshots: dict[str, tuple[float, int, bytes]] = {}
        self._flight: SingleFlight[str, tuple[int, bytes]] = SingleFlight()
        self._bell = asyncio.Event()
        self._recheck = asyncio.Event()
        self._read_at = clock()
        self._tasks: list[asyncio.Task[None]] = []

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Begin to listen and to tell."""
        parts: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "listen": self._listen,
            "pump": self._pump,
            "beat": self._beat,
            "recheck": self._check_sign_ins,
            "figures": self._figures,
        }
        self._tasks = [asyncio.create_task(self._keep(name, part), name=f"live {name}") for name, part in parts.items()]

    async def stop(self) -> None:
        """End all parts and sockets; clients come back to another worker by themselves."""
        for client in self.clients:
            client.closing = 1012
            client.wake.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _keep(self, name: str, part: Callable[[], Awaitable[None]]) -> None:
        """A part that fails is told and begun again: the hub outlives any single fault."""
        while True:
            try:
                await part()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("live %s failed, begun again", name)
            await asyncio.sleep(1)

    # ------------------------------------------------------------- database

    async def _listen(self) -> None:
        wait = 0.5
        while True:
            try:
                async for _ in feed.bell():
                    wait = 0.5
                    self._bell.set()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("the bell of the change feed is gone, listening again in %.1f s: %s", wait, error)
            self._bell.set()
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)

    async def _pump(self) -> None:
        merge = self._settings.live.merge_ms / 1000
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._bell.wait()
            self._bell.clear()
            await self.look()
            await asyncio.sleep(merge)

    async def look(self) -> None:
        """Read the feed once and hand out what is new. A database that does not answer is told to every client."""
        try:
            if not self._begun:
                self.sequence = self._ring_floor = await feed.newest()
                self._begun = True
            changes = await feed.changes_since(self.sequence)
        except Exception as error:
            if self.database_ok:
                log.warning("the change feed cannot be read: %s", error)
            self._say_database(ok=False)
            return
        away = self._clock() - self._read_at
        self._read_at = self._clock()
        if away > self._settings.live.feed_keep_minutes * 60 / 2:
            # What happened meanwhile may be pruned already: a picture with a hole is worse than a new one.
            log.warning("the feed was out of reach for %.0f s, everyone gets a new snapshot", away)
            for client in self.clients:
                client.snapshot_wanted = True
                client.wake.set()
        self._say_database(ok=True)
        self._hand_out(changes)

    def _say_database(self, *, ok: bool) -> None:
        if ok != self.database_ok:
            self.database_ok = ok
            self._send_beats()

    def _hand_out(self, changes: list[feed.Change]) -> None:
        if not changes:
            return
        start, self.sequence = self.sequence, changes[-1].sequence
        now = self._clock()
        self._ring.extend((now, change) for change in changes)
        while self._ring and self._ring[0][0] < now - RING_SECONDS:
            self._ring_floor = self._ring.popleft()[1].sequence
        if any(change.kind == "access" for change in changes):
            devices.forget_devices()
            for change in changes:
                if change.kind == "access":
                    forget(change.key)
            self._recheck.set()
        shared: dict[str, Batch] = {}
        for client in self.clients:
            if client.snapshot_wanted:
                continue
            if client.sequence > start:
                # Its snapshot was already ahead of the hub.
                own = collect(changes, client.viewer, start=client.sequence, end=self.sequence)
                if own:
                    client.put(own)
                continue
            key = client.viewer.scope_key
            if key not in shared:
                shared[key] = collect(changes, client.viewer, start=start, end=self.sequence)
                scope = self._scopes.get(key)
                batch = shared[key]
                if scope and (batch.tickets or batch.layers or any(row[9] == 0 for row in batch.inspectors.values())):
                    scope.figures_dirty = True
            if shared[key]:
                client.put(shared[key])

    # -------------------------------------------------------------- clients

    async def serve(self, viewer: Viewer, line: Line) -> None:
        """Tell `line` what `viewer` may see until it ends.

        Raises:
            HubFull: no more sockets here.
        """
        if len(self.clients) >= self._settings.live.max_clients:
            raise HubFull
        client = Client(viewer, line)
        client.beat = self._beat_text()
        client.wake.set()
        self.clients.add(client)
        self._scopes.setdefault(viewer.scope_key, _Scope(viewer))
        try:
            await self._write(client)
        finally:
            self.clients.discard(client)
            self._forget_scope(client.viewer.scope_key)

    def client_of(self, line: Line) -> Client | None:
        """The client that writes to `line`."""
        return next((client for client in self.clients if client.line is line), None)

    def resync(self, line: Line) -> None:
        """The client noticed a gap and wants a snapshot; granted at most once a second."""
        client = self.client_of(line)
        if client is not None and self._clock() - client.resync_at >= 1.0:
            client.resync_at = self._clock()
            client.snapshot_wanted = True
            client.wake.set()

    def _forget_scope(self, key: str) -> None:
        if not any(client.viewer.scope_key == key for client in self.clients):
            self._scopes.pop(key, None)
            self._snapshots.pop(key, None)

    async def _write(self, client: Client) -> None:
        # `asyncio.timeout` all over, not `wait_for`: that one may swallow a cancellation (Python 3.11), and a socket
        # that has gone would be served for ever.
        timeout = self._settings.live.send_timeout_seconds
        while True:
            await client.wake.wait()
            client.wake.clear()
            if client.closing is not None:
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(timeout):
                        await client.line.close(client.closing)
                return
            if client.beat is not None:
                text, client.beat = client.beat, None
                async with asyncio.timeout(timeout):
                    await client.line.send_text(text)
            if client.snapshot_wanted:
                await self._send_snapshot(client, timeout)
            elif client.waiting is not None:
                batch, client.waiting = client.waiting, None
                text = batch.message(client.sequence, self._now_ms())
                client.sequence = max(batch.end, client.sequence)
                async with asyncio.timeout(timeout):
                    await client.line.send_text(text)

    async def _send_snapshot(self, client: Client, timeout: float) -> None:  # noqa: ASYNC109
        try:
            sequence, data = await self._snapshot(client.viewer)
        except Exception as error:
            log.warning("no snapshot for %s: %s", client.viewer.subject, error)
            self._say_database(ok=False)
            # Asked for again by the next beat that finds the database.
            return
        if sequence < self._ring_floor:
            self._snapshots.pop(client.viewer.scope_key, None)
            client.wake.set()
            return
        # No `await` between these lines: what comes after is handed out by the pump, what came before is in the ring.
        client.waiting = None
        client.sequence = sequence
        missed = collect(
            (change for _, change in self._ring), client.viewer, start=sequence, end=max(self.sequence, sequence)
        )
        client.snapshot_wanted = False
        if missed:
            client.put(missed)
        async with asyncio.timeout(timeout):
            await client.line.send_bytes(data)

    async def _snapshot(self, viewer: Viewer) -> tuple[int, bytes]:
        """Sequence and gzipped message; one query for all of a scope that ask within a second."""
        key = viewer.scope_key
        found = self._snapshots.get(key)
        if found is not None and self._clock() - found[0] < SNAPSHOT_FRESH_SECONDS:
            return found[1], found[2]

        async def make() -> tuple[int, bytes]:
            taken = await wall.snapshot(viewer)
            text = taken.message(at_ms=self._now_ms(), settings=live_settings(self._settings))
            data = await asyncio.to_thread(gzip.compress, text.encode(), 5)
            self._snapshots[key] = (self._clock(), taken.sequence, data)
            return taken.sequence, data

        return await self._flight.run(key, make)

    # ------------------------------------------------------------ by the clock

    def _now_ms(self) -> int:
        return int(self._wall_clock() * 1000)

    def _beat_text(self) -> str:
        return beat(self.sequence, self._now_ms(), database_ok=self.database_ok)

    def _send_beats(self) -> None:
        text = self._beat_text()
        for client in self.clients:
            client.beat = text
            client.wake.set()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.live.heartbeat_seconds)
            self._send_beats()

    async def _check_sign_ins(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.session.recheck_seconds):
                    await self._recheck.wait()
            self._recheck.clear()
            if self.clients and self.database_ok:
                await self.check_sign_ins()

    async def check_sign_ins(self) -> None:
        """Close sockets whose sign-in no longer stands; others go on with the rights they have now."""
        asked = list(self.clients)
        standing = await still_valid_all(client.viewer for client in asked)
        for client in asked:
            now = standing.get(client.viewer.session_key or "")
            if now is None:
                client.closing = SIGNED_OUT
                client.wake.set()
            elif now.scope_key != client.viewer.scope_key:
                before, client.viewer = client.viewer.scope_key, now
                self._scopes.setdefault(now.scope_key, _Scope(now))
                self._forget_scope(before)
                client.snapshot_wanted = True
                client.waiting = None
                client.wake.set()

    async def _figures(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            for key, scope in list(self._scopes.items()):
                age = self._clock() - scope.figures_at
                due = age >= FIGURES_AT_LEAST_SECONDS or (scope.figures_dirty and age >= FIGURES_SECONDS)
                if not due or not self.database_ok:
                    continue
                scope.figures_at = self._clock()
                scope.figures_dirty = False
                batch = Batch(self.sequence, self.sequence)
                batch.figures = await wall.figures(scope.viewer)
                for client in self.clients:
                    if client.viewer.scope_key == key and not client.snapshot_wanted:
                        client.put(batch)


def live_settings(settings: Settings) -> dict[str, Any]:
    """What a screen must know to judge ages and deadlines."""
    live = settings.live
    return {
        "silent_seconds": settings.position.silent_seconds,
        "offline_seconds": settings.position.offline_seconds,
        "due_soon_seconds": wall.DUE_SOON_HOURS * 3600,
        "heartbeat_seconds": live.heartbeat_seconds,
        "budgets": {
            "positions": live.positions_budget_seconds,
            "tickets": live.tickets_budget_seconds,
            "risk": live.risk_budget_seconds,
        },
    }
