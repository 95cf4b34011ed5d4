"""Drives the real application in this process: its lifespan, HTTP clients and sockets, all on the test's own loop."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp

ORIGIN = "http://gridaudit.test"
JSON = {"Origin": ORIGIN}
"""Headers of a request that our own page sends."""


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[ASGIApp]:
    """The application between start and stop, as a server runs it."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    started = await asyncio.wait_for(outbox.get(), 60)
    assert started["type"] == "lifespan.startup.complete", started
    try:
        yield app
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await asyncio.wait_for(outbox.get(), 60)
        await task


def browser(app: ASGIApp, address: str = "192.0.2.7", **headers: str) -> httpx.AsyncClient:
    """A client with a cookie jar that sends what a page of ours sends."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, client=(address, 50_000)),
        base_url=ORIGIN,
        headers={**JSON, **headers},
    )


class Socket:
    """A websocket client."""

    def __init__(self, app: ASGIApp, path: str, *, headers: dict[str, str] | None = None) -> None:
        path, _, query = path.partition("?")
        given = {"host": "gridaudit.test", "origin": ORIGIN, **(headers or {})}
        self.scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "client": ("192.0.2.7", 50_000),
            "server": ("gridaudit.test", 80),
            "subprotocols": [],
        }
        self.app = app
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.accepted = False

    async def __aenter__(self) -> "Socket":
        self.task = asyncio.create_task(self.app(self.scope, self.inbox.get, self.outbox.put))
        await self.inbox.put({"type": "websocket.connect"})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.inbox.put({"type": "websocket.disconnect", "code": 1001})
        try:
            await asyncio.wait_for(self.task, 10)
        except TimeoutError:
            self.task.cancel()

    async def next(self, seconds: float = 10) -> dict[str, Any]:
        """The next thing that the server did: `websocket.accept`, `.send` or `.close`."""
        message = await asyncio.wait_for(self.outbox.get(), seconds)
        self.accepted = self.accepted or message["type"] == "websocket.accept"
        return message

    async def closed(self, seconds: float = 10) -> int:
        """Reads until the server closes; returns the code."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.next(seconds)
                if message["type"] == "websocket.close":
                    return int(message["code"])

    async def receive(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        """The next JSON message of this `type`."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.next(seconds)
                assert message["type"] != "websocket.close", message
                if message["type"] == "websocket.send":
                    text = message.get("text")
                    content = json.loads(text if text is not None else gzip.decompress(message["bytes"]))
                    if content.get("type") == kind:
                        return dict(content)
