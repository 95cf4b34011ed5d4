"""The real application on a fresh database with two counties and their people."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import psycopg
import pytest
from starlette.types import ASGIApp

from data_access import users
from tests.access.arrange import PASSWORD, People, accounts, organisations
from tests.asgi import browser, running


@pytest.fixture(scope="module")
async def people(database: str) -> People:
    with psycopg.connect(database, autocommit=True) as owner:
        organisations(owner)
    return await accounts()


@pytest.fixture(scope="module")
async def app(people: People) -> AsyncIterator[ASGIApp]:
    import app as front_door

    users.forget()
    async with running(front_door.server) as server:
        yield server


@pytest.fixture
async def visitor(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that hasn't signed in."""
    async with browser(app) as client:
        yield client


@pytest.fixture
async def signed_in(app: ASGIApp) -> AsyncIterator[Callable[[str], Awaitable[httpx.AsyncClient]]]:
    """`await signed_in("manager")` gives a browser in which this account is signed in."""
    clients: list[httpx.AsyncClient] = []

    async def enter(login: str) -> httpx.AsyncClient:
        client = browser(app)
        clients.append(client)
        answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    yield enter
    for client in clients:
        await client.aclose()
