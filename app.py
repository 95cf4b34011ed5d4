"""The front door: settings, FastAPI server, Dash, middleware, pages. `uvicorn app:server`.

One ASGI server carries the pages, their callbacks, the doors for machines and the live socket. The guard stands before
all of them: a page's callbacks, its layout and its sockets are doors of their own (DESIGN.md, trap 6).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dash
import dash_mantine_components as dmc
import httpx
from dash import Dash
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from settings import ROOT, get_settings

settings = get_settings()


@asynccontextmanager
async def lifespan(_server: FastAPI) -> AsyncIterator[None]:
    """Start what runs beside requests, warm the page machinery up, and stop all of it again."""
    await warm_up()
    yield


WARM_UP = "gridaudit.warm_up"
"""Key in the ASGI scope of the server's own first request; no client can set it."""


async def warm_up() -> None:
    """Render the first page once: Dash fills in its inline client-side functions during that render, and without it the
    first visitor meets a console error (DESIGN.md, trap 2).
    """

    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        await server({**scope, WARM_UP: True}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=marked), base_url="http://warm-up") as client:
        (await client.get("/")).raise_for_status()


server = FastAPI(
    title="gridaudit",
    version="1",
    lifespan=lifespan,
    docs_url=None,
    redoc_url=None,
    openapi_url="/api/v1/openapi.json",
)

dash_app = Dash(
    __name__,
    server=server,
    backend="fastapi",
    use_async=True,
    use_pages=True,
    pages_folder=str(ROOT / "pages"),
    assets_folder=str(ROOT / "assets"),
    title="gridaudit",
    update_title="",
    suppress_callback_exceptions=True,
    serve_locally=True,
)
dash_app.layout = dmc.MantineProvider(dash.page_container)
