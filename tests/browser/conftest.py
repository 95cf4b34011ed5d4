"""The real application in a process of its own over a small loaded utility, and a real Chromium in front of it.

`live_app` may be used by every browser test of the product: it is loaded once a session, so a test that changes data
changes only what it made itself.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright
from sqlalchemy.engine import make_url

from demo.load import load
from settings import ROOT

CHROMIUM = os.environ.get("GRIDAUDIT_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
STARTED_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class LiveApp:
    """A running server. `accounts`: login → (login, password), a role's first login is its name; `devices`: employee
    number → device token.
    """

    address: str
    database_url: str
    accounts: dict[str, tuple[str, str]]
    wall_token: str
    devices: dict[str, str]


@pytest.fixture(scope="session")
def loaded_url(server_url: str, template_database: str) -> Iterator[str]:
    """Address of a migrated, still empty database of this session; dropped at its end."""
    name = f"gridaudit_browser_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"')
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def hear_everybody(database_url: str) -> None:
    """Whatever the hour of the test and however long ago the load: everybody is on duty and has just been heard."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE inspector_position SET on_shift = true, fixed_at = now(), received_at = now()")


@pytest.fixture(scope="session")
def live_app(loaded_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    """The application on a free port, with a small utility whose inspectors are all on duty now."""
    folder = tmp_path_factory.mktemp("live_app")
    report = load(loaded_url, size="small", data_dir=folder)
    hear_everybody(loaded_url)
    content = json.loads(report.device_tokens_file.read_text(encoding="utf-8"))
    with _serving(loaded_url, folder) as address:
        yield LiveApp(
            address,
            loaded_url,
            {login: (login, password) for login, password, _role, _unit in report.accounts},
            report.wall_token,
            {row["number"]: row["token"] for row in content["inspectors"]},
        )


class _serving:  # noqa: N801 - reads as a verb at its only use
    def __init__(self, database_url: str, folder: Path, target: str = "app:server") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {**os.environ, "DATABASE_URL": database_url, "GRIDAUDIT_DATA_DIR": str(folder)}
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", target, "--port", str(self.port), "--log-level", "warning"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> str:
        address = f"http://127.0.0.1:{self.port}"
        until = time.monotonic() + STARTED_WITHIN
        while True:
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            try:
                with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
                    if answer.status == 200:
                        return address
            except OSError:
                self.process_wait(0.1)

    def process_wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the session."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


class Screen:
    """Opens pages as somebody who has signed in, and remembers everything that went wrong on them."""

    def __init__(self, app: LiveApp, browser: Browser) -> None:
        self.app, self.browser = app, browser
        self.faults: list[str] = []

    @asynccontextmanager
    async def page(self, role: str | None = "manager", *, width: int = 1920, height: int = 1080) -> AsyncIterator[Page]:
        """A page of a fresh browser context."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, base_url=self.app.address, reduced_motion="reduce"
        )
        if role:
            login, password = self.app.accounts[role]
            answer = await context.request.post(
                "/api/v1/session",
                data={"login": login, "password": password},
                headers={"Origin": self.app.address},
            )
            assert answer.ok, await answer.text()
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        yield page
        await context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} {message.location.get('url', '')}")


@pytest.fixture
async def screen(live_app: LiveApp, chromium: Browser) -> AsyncIterator[Screen]:
    """Pages of one test; the test fails when a script or the console reported an error that it did not ask for."""
    hear_everybody(live_app.database_url)
    opened = Screen(live_app, chromium)
    yield opened
    assert opened.faults == []
