"""The live doors: the wall's snapshot over HTTP, and the socket that continues it.

The guard has let nobody else in: `require_viewer()` says who watches. Messages are JSON; a snapshot comes as a binary
frame of gzipped JSON, because it is the only large one, and it is packed once for everybody who may see the same.
"""

import asyncio
import contextlib
import json
import time
from typing import Any

from fastapi import APIRouter, Response, WebSocket, WebSocketDisconnect

from api.live_hub import TRY_LATER, Hub, HubFull, live_settings
from api.positions import writer
from data_access import wall
from data_access.scope import require_viewer
from settings import get_settings

MAX_MESSAGE = 1_000
router = APIRouter()
_hubs: list[Hub] = []


async def start() -> None:
    """Start this process's writer and hub."""
    writer.start()
    hub = Hub()
    await hub.look()
    hub.start()
    _hubs.append(hub)


async def stop() -> None:
    """Stop them: what waits is stored first, then sockets are closed."""
    await writer.stop()
    while _hubs:
        await _hubs.pop().stop()


@router.get(
    "/api/v1/live/snapshot",
    tags=["live"],
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def snapshot() -> Response:
    """The wall now: people, open tickets, newest events, figures, layer versions, and the feed's sequence number."""
    taken = await wall.snapshot(require_viewer())
    text = taken.message(at_ms=int(time.time() * 1000), settings=live_settings(get_settings()))
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.websocket("/ws/live")
async def live(socket: WebSocket) -> None:
    """Snapshot, then deltas and heartbeats. A client may send `{"type":"resync"}`; anything else is ignored."""
    await socket.accept()
    if not _hubs:
        await socket.close(TRY_LATER)
        return
    hub = _hubs[-1]
    writing = asyncio.create_task(hub.serve(require_viewer(), socket), name="live socket")
    reading = asyncio.create_task(_listen(hub, socket), name="live socket in")
    done, others = await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        error = task.exception()
        code = TRY_LATER if isinstance(error, HubFull) else 1011 if error and not _ordinary(error) else None
        if code is not None:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(code)


def _ordinary(error: BaseException) -> bool:
    """A client that went away or stopped reading is no fault of ours."""
    return isinstance(error, (WebSocketDisconnect, TimeoutError, RuntimeError, OSError))


async def _listen(hub: Hub, socket: WebSocket) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text") or ""
        if len(text) <= MAX_MESSAGE and _kind(text) == "resync":
            hub.resync(socket)


def _kind(text: str) -> Any:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body.get("type") if isinstance(body, dict) else None
