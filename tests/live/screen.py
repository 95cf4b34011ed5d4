"""A screen that follows the live messages as `assets/js/live` does, and says when the chain breaks."""

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Screen:
    """The state that a client holds."""

    sequence: int | None = None
    inspectors: dict[str, list[Any]] = field(default_factory=dict)
    tickets: dict[str, list[Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, Any] | None = None
    layers: dict[str, int] = field(default_factory=dict)
    database: str | None = None
    gaps: int = 0
    kinds: list[str] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> None:
        """One message; a delta that does not follow is counted as a gap and not applied."""
        kind = message["type"]
        self.kinds.append(kind)
        if kind == "beat":
            self.database = message["database"]
        elif kind == "snapshot":
            self.sequence = message["seq"]
            self.inspectors = {row[0]: row for row in message["inspectors"]}
            self.tickets = {row[0]: row for row in message["tickets"]}
            self.events = list(message["events"])
            self._rest(message)
        elif kind == "delta":
            if message["prev"] != self.sequence:
                self.gaps += 1
                return
            self.sequence = message["seq"]
            for row in message["inspectors"]:
                if row[8] >= self.inspectors.get(row[0], row)[8]:
                    self.inspectors[row[0]] = row
            self.tickets |= {row[0]: row for row in message["tickets"]}
            for number in message["gone"]:
                self.tickets.pop(number, None)
            self.events = message["events"][::-1] + self.events
            self._rest(message)

    def _rest(self, message: dict[str, Any]) -> None:
        self.figures = message.get("figures") or self.figures
        self.layers |= message.get("layers") or {}


class Line:
    """The server's end of a socket whose other end is a `Screen`. `hold` makes the network stand still."""

    def __init__(self) -> None:
        self.screen = Screen()
        self.hold = asyncio.Event()
        self.hold.set()
        self.closed: int | None = None
        self.sent = 0
        self._news = asyncio.Event()

    async def send_text(self, data: str) -> None:
        await self.hold.wait()
        self.sent += 1
        self.screen.take(json.loads(data))
        self._news.set()

    async def send_bytes(self, data: bytes) -> None:
        await self.send_text(gzip.decompress(data).decode())

    async def close(self, code: int) -> None:
        self.closed = code
        self._news.set()

    async def until(self, condition: Callable[[Screen], Any], seconds: float = 10) -> Screen:
        """Waits for a state of the screen."""
        async with asyncio.timeout(seconds):
            while not condition(self.screen):
                self._news.clear()
                await self._news.wait()
        return self.screen

    async def until_closed(self, seconds: float = 10) -> int:
        """Waits for the server to end the socket; returns the code."""
        async with asyncio.timeout(seconds):
            while self.closed is None:
                self._news.clear()
                await self._news.wait()
        return self.closed
