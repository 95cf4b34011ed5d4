"""The front door: settings, FastAPI server, Dash, middleware, pages. `uvicorn app:server`.

One ASGI server carries the pages, their callbacks, the doors for machines and the live socket. The guard stands before
all of them: a page's callbacks, its layout and its sockets are doors of their own (DESIGN.md, trap 6).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

import dash
import dash_mantine_components as dmc
import httpx
from dash import Dash
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from api import (
    case_file,
    errors,
    evidence,
    exports,
    features,
    field,
    health,
    imports,
    layers,
    live,
    openapi,
    people_exports,
    positions,
    session,
    texts,
    ticket_amounts,
    ticket_export,
    tickets,
    tiles,
    tracks,
    unknown,
    work_exports,
)
from api.body_limit import BodyLimit
from api.callbacks import report_fault
from api.guard import WARM_UP, Guard
from api.headers import SecurityHeaders, content_policy
from components.desk import request_language, request_theme
from components.notice import notice_region
from components.theme import mantine
from data_access.engine import dispose_engines
from pages import field as field_page
from pages import signin
from settings import ROOT, get_settings

settings = get_settings()
MAX_BODY_BYTES = 8 * 1024 * 1024
"""A batch of 5,000 fixes takes about 1 MB; nothing that a browser sends is larger, but files."""


def larger_bodies(method: str, path: str) -> int | None:
    """Bytes that doors for files take: evidence and imports."""
    return evidence.body_limit(method, path) or imports.body_limit(method, path)


@asynccontextmanager
async def lifespan(_server: FastAPI) -> AsyncIterator[None]:
    """Start what runs beside requests, warm the page machinery up, and stop all of it again."""
    await live.start()
    try:
        await warm_up()
        server.state.ready = True
        yield
    finally:
        server.state.ready = False
        await live.stop()
        await dispose_engines()


async def warm_up() -> None:
    """Render the first page once: Dash fills in its inline client-side functions during that render, and without it the
    first visitor meets a console error (DESIGN.md, trap 2).
    """

    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        await server({**scope, WARM_UP: True}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=marked), base_url="http://warm-up") as client:
        (await client.get("/")).raise_for_status()
    policy.cache_clear()


@lru_cache(maxsize=1)
def policy() -> str:
    """The content policy with the hashes of Dash's inline scripts; they are complete after the warm-up."""
    return content_policy(dash_app.csp_hashes(), settings)


server = FastAPI(
    title="gridaudit",
    version="1",
    lifespan=lifespan,
    docs_url=None,
    redoc_url=None,
    openapi_url="/api/v1/openapi.json",
    redirect_slashes=False,
)
server.state.ready = False
errors.install(server)
openapi.install(server)
for part in (
    session,
    health,
    imports,
    texts,
    signin,
    positions,
    live,
    tiles,
    tracks,
    layers,
    ticket_export,
    tickets,
    case_file,
    evidence,
    ticket_amounts,
    features,
    exports,
    people_exports,
    work_exports,
    field,
    field_page,
):
    server.include_router(part.router)
unknown.install(server)


class Pages(Dash):
    """Dash, with language and theme of the desk on the document from its first byte: a light page has no dark flash."""

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]
        """The document around every page. The wall chooses its theme from the address itself."""
        document: str = super().interpolate_index(**parts)
        if self.backend.request_adapter().path == "/":
            return document
        lang = "zh-CN" if request_language(None) == "zh" else "en"
        return document.replace("<html>", f'<html lang="{lang}" data-theme="{request_theme()}">', 1)


def layout() -> dmc.MantineProvider:
    """What stands around every page, in the theme chosen on this screen."""
    theme = request_theme()
    return dmc.MantineProvider(
        [notice_region(), dash.page_container], theme=mantine(theme), forceColorScheme=theme, withGlobalClasses=False
    )


dash_app = Pages(
    __name__,
    server=server,  # type: ignore[arg-type]  # Dash's annotation knows Flask only
    backend="fastapi",
    use_async=True,
    use_pages=True,
    pages_folder=str(ROOT / "pages"),
    assets_folder=str(ROOT / "assets"),
    assets_path_ignore=["signin", "field"],
    title="gridaudit",
    update_title="",
    suppress_callback_exceptions=True,
    on_error=report_fault,
    serve_locally=True,
)
# Our pages are live through `/ws/live` (DESIGN.md, trap 4). Otherwise Dash's client would open a second socket on every
# page, used or not, and the guard keeps that door shut.
dash_app.backend.websocket_capability = False
dash_app.layout = layout

# The last one added is the outermost: headers, size, guard, compression, Dash's own, the one error shape.
server.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5, thread_minimum_size=32 * 1024)
server.add_middleware(Guard, callback_map=dash_app.callback_map)
server.add_middleware(BodyLimit, max_bytes=MAX_BODY_BYTES, larger=larger_bodies)
server.add_middleware(SecurityHeaders, policy=policy, secure=settings.web.secure_cookies)
