"""The page of imports and the search of the top bar in a real browser."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Screen

pytestmark = pytest.mark.browser
ROWS = 'code,name,substation_code,wkt\nF-BROWSER,Line,S-NOWHERE,"LINESTRING(118.1 39.6,118.2 39.7)"\n'


async def test_an_administrator_hands_in_a_file_and_sees_that_it_waits(screen: Screen) -> None:
    async with screen.page("admin", width=1440, height=900) as page:
        await page.goto("/imports?lang=en")
        await page.wait_for_selector("#import-kind")
        assert await page.is_disabled("[data-import=send]")
        async with page.expect_file_chooser() as choosing:
            await page.click("[data-import=choose]")
        chooser = await choosing.value
        await chooser.set_files({"name": "feeders.csv", "mimeType": "text/csv", "buffer": ROWS.encode()})
        await page.select_option("#import-kind", "feeders")
        await page.select_option("#import-system", "wgs84")
        await page.click("[data-import=send]")
        await page.wait_for_selector("#import-said.is-good")
        row = page.locator("#import-recent tbody tr", has_text="feeders.csv")
        await row.first.wait_for()
        assert "waiting" in await row.first.inner_text()


async def test_search_is_walked_by_keyboard_alone(screen: Screen) -> None:
    """`/` into the field, arrows through what was found, Escape out; names of customers are masked."""
    import psycopg

    with psycopg.connect(screen.app.database_url) as connection:
        number, name = connection.execute("SELECT number, name FROM customer ORDER BY number LIMIT 1").fetchone()
    async with screen.page("admin", width=1440, height=900) as page:
        await page.goto("/imports?lang=en")
        await page.wait_for_selector("#desk-dressed[title]", state="attached")
        await page.keyboard.press("/")
        await expect(page.locator("#desk-search-text")).to_be_focused()
        await page.keyboard.type(number)
        await page.wait_for_selector(f'a.search__hit[href="/customers/{number}"]')
        assert name not in await page.inner_text("#desk-search-hits")
        await page.keyboard.press("ArrowDown")
        assert await page.evaluate("() => document.activeElement.matches('a.search__hit')")
        await page.keyboard.press("ArrowUp")
        assert await page.evaluate("() => document.activeElement.id") == "desk-search-text"
        await page.keyboard.press("Escape")
        assert not await page.is_visible("#desk-search-hits")
        await page.keyboard.press("/")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/customers/{number}")


@pytest.mark.parametrize("width", [1440, 360])
async def test_nothing_is_wider_than_the_screen(screen: Screen, width: int) -> None:
    async with screen.page("admin", width=width, height=740) as page:
        await page.goto("/imports?lang=zh")
        await page.wait_for_selector("#import-kind")
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
