"""The smoke test: what a signed-in user meets first answers, and the live picture moves."""

import gzip
import json
import math
import time
from collections.abc import Callable

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from ops.accounts import DemoAccess
from ops.supervisor import say

SESSION_COOKIE = "gridaudit_session"
MOVES_WITHIN_SECONDS = 45.0
_PLACE = (118.2, 39.65)
"""Longitude and latitude (EPSG:4326) of a town inside the demo utility."""


class _Failed(Exception):
    """A check did not hold; the text says what was expected and what came."""


def check_all(address: str, access: DemoAccess, *, look_after: Callable[[], None]) -> list[str]:
    """Run every check against the web server at `address`; what failed, one sentence each.

    `look_after` is called between checks, so that a crashed part is seen meanwhile.
    """
    failures: list[str] = []
    with httpx.Client(base_url=address, timeout=30, trust_env=False, headers={"Origin": address}) as client:
        checks: list[tuple[str, Callable[[], None]]] = [
            ("/signin", lambda: _page(client, "/signin")),
            ("a stranger is kept out", lambda: _stranger(client)),
            ("sign-in", lambda: _sign_in(client, access)),
            ("/", lambda: _page(client, "/")),
            ("/_dash-layout", lambda: _json(client, "/_dash-layout")),
            ("/_dash-dependencies", lambda: _json(client, "/_dash-dependencies")),
            ("/health", lambda: _json(client, "/health")),
            ("/api/v1/live/snapshot", lambda: _snapshot(client)),
            ("heat tile", lambda: _tile(client)),
            ("/ws/live as a signed-in user", lambda: _moves(client, address, None)),
            ("/ws/live as a wall screen", lambda: _moves(client, address, access.wall_token)),
        ]
        for name, check in checks:
            look_after()
            begun = time.monotonic()
            try:
                check()
            except (_Failed, httpx.HTTPError, OSError, WebSocketException, ValueError, KeyError) as error:
                failures.append(f"{name}: {error or type(error).__name__}")
            else:
                say(f"  ok  {name} ({(time.monotonic() - begun) * 1000:.0f} ms)")
    return failures


def _answer(client: httpx.Client, path: str) -> httpx.Response:
    answer = client.get(path)
    if answer.status_code != 200:
        raise _Failed(f"expected 200, got {answer.status_code}: {answer.text[:200]}")
    return answer


def _page(client: httpx.Client, path: str) -> None:
    answer = _answer(client, path)
    if "text/html" not in answer.headers.get("content-type", ""):
        raise _Failed(f"expected a page, got {answer.headers.get('content-type')}")


def _json(client: httpx.Client, path: str) -> None:
    _answer(client, path).json()


def _stranger(client: httpx.Client) -> None:
    answer = client.get("/api/v1/live/snapshot")
    if answer.status_code != 401:
        raise _Failed(f"expected 401 without a sign-in, got {answer.status_code}")


def _sign_in(client: httpx.Client, access: DemoAccess) -> None:
    account = next((each for each in access.accounts if each.role == "manager"), access.accounts[0])
    answer = client.post("/api/v1/session", json={"login": account.login, "password": account.password})
    if not answer.is_success or SESSION_COOKIE not in client.cookies:
        raise _Failed(f"{account.login} could not sign in: {answer.status_code} {answer.text[:200]}")


def _snapshot(client: httpx.Client) -> None:
    picture = _answer(client, "/api/v1/live/snapshot").json()
    for layer in ("inspectors", "tickets", "figures"):
        if not picture.get(layer):
            raise _Failed(f"the snapshot has no {layer}")


def _tile(client: httpx.Client, zoom: int = 8) -> None:
    longitude, latitude = _PLACE
    x = int((longitude + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom)
    answer = _answer(client, f"/tiles/heat/{zoom}/{x}/{y}.png")
    if not answer.content.startswith(b"\x89PNG"):
        raise _Failed(f"expected a PNG, got {answer.headers.get('content-type')}")


def _moves(client: httpx.Client, address: str, wall_token: str | None) -> None:
    """A snapshot, then a delta in which an inspector has a place that the snapshot did not give him."""
    place = f"{address.replace('http', 'ws', 1)}/ws/live"
    headers = {}
    if wall_token is None:
        headers["Cookie"] = f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"
    else:
        place += f"?token={wall_token}"
    with connect(place, additional_headers=headers, origin=Origin(address), proxy=None, max_size=None) as live:
        until = time.monotonic() + MOVES_WITHIN_SECONDS
        picture = _next(live, "snapshot", until)
        places = {row[0]: (row[3], row[4]) for row in picture["inspectors"]}
        while True:
            delta = _next(live, "delta", until)
            if any(places.get(row[0]) != (row[3], row[4]) for row in delta["inspectors"]):
                return


def _next(live: ClientConnection, kind: str, until: float) -> dict:
    while True:
        left = until - time.monotonic()
        try:
            received = live.recv(timeout=max(left, 0.01))
        except TimeoutError:
            raise _Failed(f"no {kind} with news came within {MOVES_WITHIN_SECONDS:.0f} s") from None
        # A snapshot comes as a binary frame of gzipped JSON, everything else as text.
        message = json.loads(gzip.decompress(received) if isinstance(received, bytes) else received)
        if message["type"] == kind:
            return message
