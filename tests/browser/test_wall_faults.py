"""The wall when something is gone: the last good picture stays, a plain notice says so, and it heals by itself."""

import json

import pytest
from playwright.async_api import Page, WebSocketRoute

from tests.browser.conftest import Screen
from tests.browser.wall import figure, open_wall

pytestmark = pytest.mark.browser


class Wire:
    """The way between the page and /ws/live: can be cut, and can change what the server says about its database."""

    def __init__(self) -> None:
        self.cut = False
        self.database = "ok"
        self.connections: list[WebSocketRoute] = []

    async def lay(self, page: Page) -> None:
        await page.route_web_socket("**/ws/live", self._connect)

    async def break_now(self) -> None:
        self.cut = True
        for connection in self.connections:
            await connection.close()
        self.connections.clear()

    def _connect(self, client: WebSocketRoute) -> None:
        if self.cut:
            client.close()
            return
        server = client.connect_to_server()
        self.connections.append(client)
        client.on_message(server.send)
        server.on_message(lambda data: client.send(self._changed(data)))

    def _changed(self, data: str | bytes) -> str | bytes:
        if isinstance(data, bytes):
            return data  # a packed snapshot
        message = json.loads(data)
        if message["type"] == "beat":
            message["database"] = self.database
        return json.dumps(message)


async def test_a_cut_network_keeps_the_picture_says_so_and_heals(screen: Screen) -> None:
    wire = Wire()
    async with screen.page() as page:
        await wire.lay(page)
        await open_wall(page)
        before = await figure(page, "open")
        await wire.break_now()
        await page.wait_for_selector("#wall-notice:not([hidden])")
        assert "Connection lost" in await page.inner_text("#wall-notice")
        assert "no network" in await page.inner_text("#state-network")
        assert await figure(page, "open") == before
        assert await page.evaluate("() => gridaudit.store.inspectors.size") > 0
        wire.cut = False
        await page.evaluate("() => window.dispatchEvent(new Event('online'))")
        await page.wait_for_selector("#wall-notice", state="hidden")
        await page.wait_for_function("() => document.getElementById('live-text').textContent === 'live'")


async def test_a_lost_database_is_named_and_forgotten_when_it_is_back(screen: Screen) -> None:
    wire = Wire()
    async with screen.page() as page:
        await wire.lay(page)
        await open_wall(page)
        wire.database = "lost"
        await page.wait_for_function("() => document.getElementById('state-database').textContent.includes('lost')")
        await page.wait_for_selector("#wall-notice:not([hidden])")
        assert "database does not answer" in await page.inner_text("#wall-notice")
        wire.database = "ok"
        await page.wait_for_selector("#wall-notice", state="hidden")


async def test_a_lost_message_is_noticed_and_the_picture_asked_for_again(screen: Screen) -> None:
    """A delta whose predecessor is missing is not applied; the client asks for a snapshot and goes on from there."""
    async with screen.page() as page:
        await open_wall(page)
        asked = await page.evaluate(
            """async () => {
                const sent = [];
                const socket = { readyState: 1, send: (text) => sent.push(JSON.parse(text).type), close() {} };
                const applied = [];
                const live = new gridaudit.LiveSocket(
                    { snapshot: (m) => applied.push(m.seq), delta: (m) => applied.push(m.seq), state() {} },
                    { makeSocket: () => socket },
                );
                live.connect();
                const say = (message) => socket.onmessage({ data: JSON.stringify(message) });
                say({ type: "snapshot", seq: 4, at: Date.now() });
                say({ type: "delta", prev: 4, seq: 6, at: Date.now() });
                say({ type: "delta", prev: 8, seq: 9, at: Date.now() });
                say({ type: "delta", prev: 9, seq: 10, at: Date.now() });
                say({ type: "snapshot", seq: 12, at: Date.now() });
                say({ type: "delta", prev: 12, seq: 13, at: Date.now() });
                for (let turn = 0; turn < 200 && applied.length < 4; turn++) await Promise.resolve();
                live.stop();
                return { sent, applied };
            }"""
        )
        assert asked == {"sent": ["resync"], "applied": [4, 6, 12, 13]}


async def test_a_layer_over_its_budget_fades_and_says_why(screen: Screen) -> None:
    """No new positions for longer than the budget: the inspectors fade, the notice names the age."""
    async with screen.page() as page:
        await open_wall(page)
        await page.evaluate(
            "() => { gridaudit.store.settings.budgets = { positions: 60, tickets: 30, risk: 300 };"
            " for (const one of gridaudit.store.inspectors.values()) one.fixedAt -= 400000; }"
        )
        await page.wait_for_selector(".pane-inspectors.is-faded", state="attached")
        assert "No new positions for" in await page.inner_text("#wall-notice")
