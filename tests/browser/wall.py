"""What tests do on the wall: wait until it is up, ask what it holds."""

from typing import Any

from playwright.async_api import Page

UP = "() => window.gridaudit?.current && window.gridaudit.store.ready && window.gridaudit.units.size > 0"
DRAWN = "() => (gridaudit.current.layers.inspectors._hits || []).length > 0"


async def open_wall(page: Page, query: str = "?lang=en") -> None:
    """Opens the wall and waits until the live snapshot is drawn."""
    await page.goto(f"/{query}")
    await page.wait_for_function(UP)
    await page.wait_for_function(DRAWN)


async def figure(page: Page, name: str) -> str:
    """A figure's value without its unit."""
    return await page.evaluate("name => document.getElementById(`figure-${name}`).firstChild.textContent", name)


async def state(page: Page) -> dict[str, Any]:
    """The view as the address bar has it, read back by the page's own parser."""
    return await page.evaluate("() => gridaudit.address.parse(location.search)")
