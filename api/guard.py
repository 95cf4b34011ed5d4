"""The guard before every door: default deny, for pages, callbacks, tiles, the API and sockets alike.

In this order: is the door public; who knocks; may this kind of token come here at all; was the request sent by our own
page; is the callback one that this viewer may run. Then `current_viewer` stands for the time of the request or socket,
and row security does the rest. Plain ASGI: nothing is buffered but the small bodies of callbacks.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette._utils import get_route_path
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import doors
from api.callbacks import MAX_BYTES, check_call, read_callback
from api.errors import Refused, answer_to
from api.identity import (
    WALL_COOKIE,
    WALL_COOKIE_DAYS,
    Identity,
    identify,
    session_cookie,
    set_cookie,
    take_token,
)
from api.origin import sent_by_our_page, socket_from_our_page
from api.plain_page import trouble_page
from components.language import language_of
from data_access.log import current_address
from data_access.scope import Viewer, current_viewer
from data_access.users import rotate

WARM_UP = "gridaudit.warm_up"
"""Key in the ASGI scope of the server's own first request; no client can set it."""
IDENTITY = "gridaudit.identity"
"""Key in the ASGI scope under which the doors of sign-in and sign-out find how the client showed who it is."""
NOT_SIGNED_IN = 4401
WRONG_ORIGIN = 4403


class Guard:
    """The middleware. `callback_map` is Dash's, looked at when a callback is asked for."""

    def __init__(self, app: ASGIApp, callback_map: Mapping[str, Mapping[str, Any]]) -> None:
        self.app = app
        self.callback_map = callback_map

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, socket or lifespan."""
        if scope["type"] not in ("http", "websocket") or scope.get(WARM_UP):
            await self.app(scope, receive, send)
            return
        address = current_address.set(scope["client"][0] if scope.get("client") else None)
        viewer = current_viewer.set(None)
        try:
            if scope["type"] == "websocket":
                await self._socket(scope, receive, send)
            else:
                await self._request(scope, receive, send)
        finally:
            current_viewer.reset(viewer)
            current_address.reset(address)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = get_route_path(scope)
        token = take_token(scope) if path == doors.WALL_PATH and scope["method"] == "GET" else None
        try:
            if doors.is_public(scope["method"], path):
                await self._public(scope, path)
                answer = None
            else:
                answer, receive, send = await self._guarded(scope, path, token, receive, send)
        except Exception as error:
            answer = _refusal(scope, path, error)
        await (answer or self.app)(scope, receive, send)

    async def _public(self, scope: Scope, path: str) -> None:
        """The sign-in page and door look at who came, and may be knocked at by our own pages only."""
        if path == "/signin" or path == "/api/v1/session":
            if scope["method"] not in doors.SAFE and not sent_by_our_page(scope):
                raise Refused("wrong_origin")
            scope[IDENTITY] = identity = await _person(scope)
            current_viewer.set(identity.viewer if identity else None)

    async def _guarded(
        self, scope: Scope, path: str, token: str | None, receive: Receive, send: Send
    ) -> tuple[Response | None, Receive, Send]:
        """What to answer instead of the app, if anything, and the app's `receive` and `send`."""
        method = scope["method"]
        identity = await identify(scope, token)
        if identity is None:
            raise Refused("not_signed_in")
        viewer = identity.viewer
        current_viewer.set(viewer)
        if viewer.kind != "user" and not doors.token_may(viewer.kind, method, path):
            raise Refused("forbidden", why=f"{viewer.kind} token at {method} {path}")
        if identity.by == "address":
            return _into_cookie(scope, identity), receive, send
        if method not in doors.SAFE and identity.by_cookie and not sent_by_our_page(scope):
            raise Refused("wrong_origin")
        if path == doors.CALLBACK and method == "POST":
            receive = await self._checked_callback(viewer, receive)
        scope[IDENTITY] = identity
        # Not with tiles: an answer that a browser keeps must not carry a cookie.
        if identity.rotation_due and not path.startswith("/tiles/"):
            fresh = await rotate(viewer, identity.secret)
            if fresh:
                send = _with_cookie(send, session_cookie(fresh))
        return None, receive, send

    async def _checked_callback(self, viewer: Viewer, receive: Receive) -> Receive:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise Refused("bad_request", why="client went away")
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_BYTES:
                raise Refused("too_large")
        check_call(read_callback(bytes(body), self.callback_map), self.callback_map, viewer)
        whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

        async def replay() -> Message:
            nonlocal whole
            if whole is not None:
                first, whole = whole, None
                return first
            return await receive()

        return replay

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = get_route_path(scope)
        token = take_token(scope)
        if path not in doors.SOCKETS or not socket_from_our_page(scope):
            await _close(receive, send, WRONG_ORIGIN, accept=False)
            return
        try:
            identity = await identify(scope, token)
        except Exception as error:
            answer_to(error)
            await _close(receive, send, 1013, accept=True)  # try again later: the database is away
            return
        if identity is None or identity.viewer.kind == "api":
            await _close(receive, send, NOT_SIGNED_IN, accept=True)
            return
        current_viewer.set(identity.viewer)
        await self.app(scope, receive, send)


async def _person(scope: Scope) -> Identity | None:
    identity = await identify(scope)
    return identity if identity and identity.viewer.kind == "user" else None


def _refusal(scope: Scope, path: str, error: Exception) -> Response:
    """An error for programs; for a browser that opens a page the sign-in page, or a plain page that tries again."""
    answer = answer_to(error)
    language = language_of(scope)
    if doors.is_machine(path) or scope["method"] not in doors.READING:
        return answer.response(language)
    if answer.code == "not_signed_in":
        query = scope.get("query_string", b"").decode("latin-1")
        wanted = path + (f"?{query}" if query else "")
        address = "/signin" if wanted == "/" else f"/signin?next={quote(wanted, safe='/')}"
        return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    return trouble_page(answer, language)


def _into_cookie(scope: Scope, identity: Identity) -> Response:
    """Moves a wall token from the address into a cookie: it must not stay where people and logs read it."""
    query = scope.get("query_string", b"").decode("latin-1")
    response = RedirectResponse(doors.WALL_PATH + (f"?{query}" if query else ""), 303)
    response.raw_headers.append(set_cookie(WALL_COOKIE, identity.secret, max_age=WALL_COOKIE_DAYS * 86_400))
    response.headers["Cache-Control"] = "no-store"
    return response


def _with_cookie(send: Send, cookie: tuple[bytes, bytes]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), cookie]}
        await send(message)

    return sending


async def _close(receive: Receive, send: Send, code: int, *, accept: bool) -> None:
    """Closes a socket before the app sees it. A browser learns the code only of a socket that was open."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    if accept:
        await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code, "reason": ""})
