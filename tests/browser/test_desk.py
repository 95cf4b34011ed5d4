"""The desk shell in a real browser: themes, languages, maps, tables, keyboard, from phone to desk."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import LiveApp, Screen, _serving

pytestmark = pytest.mark.browser
PATH = "/desk-parts"
SIGNS = "() => window.gridaudit?.deskMap?.of('near')?._loaded && document.querySelector('#table .ag-row')"
LIT = (
    "key => {let found = null; gridaudit.deskMap.of('near').eachLayer(l => {if (l.feature?.properties.key === key)"
    " found = l}); return found?.marked ?? null}"
)


@pytest.fixture(scope="module")
def desk_app(live_app: LiveApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    """The application with the page of parts, over the data of `live_app`."""
    folder = tmp_path_factory.mktemp("desk_app")
    with _serving(live_app.database_url, folder, "tests.browser.desk_page:server") as address:
        yield replace(live_app, address=address)


@pytest.fixture
async def desk_screen(desk_app: LiveApp, chromium: Browser) -> AsyncIterator[Screen]:
    """As `screen`, in front of `desk_app`."""
    opened = Screen(desk_app, chromium)
    yield opened
    assert opened.faults == []


async def open_desk(page: Page, query: str = "?lang=en") -> None:
    """Opens the page of parts and waits until its map, chart and table stand."""
    await page.goto(PATH + query)
    await page.wait_for_function(SIGNS)
    await page.wait_for_selector("#chart .main-svg")


async def test_light_is_the_default_and_the_choice_of_theme_stays(desk_screen: Screen) -> None:
    """Also the document itself, Mantine and the first byte of the next visit have the theme."""
    async with desk_screen.page() as page:
        await open_desk(page)
        assert await page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(246, 248, 251)"
        await page.click("[data-desk=theme]")
        await page.wait_for_selector("#desk[data-theme=dark]")
        await page.wait_for_function(SIGNS)
        assert await page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(11, 18, 32)"
        assert await page.get_attribute("html", "data-mantine-color-scheme") == "dark"
        document = await (await page.context.request.get(PATH)).text()
        assert '<html lang="en" data-theme="dark">' in document or '<html lang="zh-CN" data-theme="dark">' in document


async def test_the_language_switch_wins_over_a_language_in_the_address(desk_screen: Screen) -> None:
    async with desk_screen.page() as page:
        await open_desk(page)
        assert "Sign out" in await page.get_attribute("[data-desk=sign-out]", "title")
        await page.click("[data-desk=language]")
        await page.wait_for_selector("#desk[lang=zh-CN]")
        assert "lang=" not in page.url
        assert await page.get_attribute("[data-desk=sign-out]", "title") == "退出登录"
        assert "未找到T99" in (await page.inner_text(".not-found")).replace(" ", "")


async def test_a_map_and_a_table_show_the_same_thing(desk_screen: Screen) -> None:
    """A row under the pointer rings its sign, a sign its row; a click arrives in Python; labels are no markup."""
    async with desk_screen.page(width=1440, height=900) as page:
        await open_desk(page)
        await page.wait_for_function("() => document.querySelector('[data-sign] canvas')")
        await page.hover('.ag-row[row-id="T03"]')
        await page.wait_for_function(f"() => ({LIT})('T03') === 'lit'")
        await page.evaluate("() => window.scrollTo(0, 0)")
        at = await page.evaluate(
            "() => {const map = gridaudit.deskMap.of('near'), box = map.getContainer().getBoundingClientRect(),"
            " p = map.latLngToContainerPoint([39.635, 118.17 + 4 * 0.004]); return [box.x + p.x, box.y + p.y]}"
        )
        await page.mouse.move(*at)
        await page.wait_for_selector('.ag-row[row-id="T04"].is-map-lit')
        assert await page.text_content(".desk-tip") == "<b>T04</b>"
        await page.mouse.click(*at)
        await page.wait_for_function("() => document.getElementById('clicked').textContent === 'T04'")
        await page.evaluate("() => gridaudit.deskMap.select('near', 'T05')")
        assert await page.evaluate(LIT, "T05") == "chosen"


async def test_a_map_in_a_closed_tab_takes_its_place_when_it_is_seen(desk_screen: Screen) -> None:
    """And a page that is left takes its maps with it."""
    async with desk_screen.page() as page:
        await open_desk(page)
        await page.click("#open")
        await page.wait_for_function(
            "() => {const m = gridaudit.deskMap.of('hidden-map'); return m && m.getSize().y > 300"
            " && m.getContainer().querySelector('canvas').width > 300}"
        )
        await page.click(".crumbs a >> nth=1")
        await page.wait_for_function(SIGNS)
        await page.wait_for_function(
            "() => !gridaudit.deskMap.of('near') || gridaudit.deskMap.of('near').getContainer().isConnected"
        )


async def test_money_is_shown_to_the_last_digit_and_rows_lead_on(desk_screen: Screen) -> None:
    async with desk_screen.page() as page:
        await open_desk(page)
        assert await page.inner_text('.ag-row[row-id="T01"] .is-number') == "1,234.51"
        await page.evaluate("() => (window.same = true)")
        await page.click('.ag-row[row-id="T02"] .cell-link')
        await page.wait_for_function("() => location.search === '?sel=T02'")
        assert await page.evaluate("() => window.same") is True, "no page load for a step within the product"


async def test_the_keyboard_reaches_the_content_first(desk_screen: Screen) -> None:
    async with desk_screen.page() as page:
        await open_desk(page)
        await page.keyboard.press("Tab")
        assert await page.evaluate("() => document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        assert await page.evaluate("() => document.activeElement.id") == "desk-main"


@pytest.mark.parametrize("sizes", [(1440, 900), (360, 740)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_nothing_is_wider_than_the_screen(desk_screen: Screen, sizes: tuple[int, int]) -> None:
    async with desk_screen.page(width=sizes[0], height=sizes[1]) as page:
        for language in ("en", "zh"):
            await open_desk(page, f"?lang={language}")
            assert await page.evaluate("() => document.scrollingElement.scrollWidth <= innerWidth")
            cut = await page.evaluate(
                "() => [...document.querySelectorAll('.key__value, .key dt, .section__head h2, .button')]"
                ".filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
            )
            assert cut == []


async def test_the_wall_leads_to_the_desk_only_where_a_page_stands(desk_screen: Screen) -> None:
    async with desk_screen.page() as page:
        await page.goto("/?lang=en")
        await page.wait_for_selector("#wall.is-up")
        links = await page.evaluate("() => [...document.querySelectorAll('.head__tools a')].map(a => a.pathname)")
        for path in links:
            assert (await page.context.request.get(path)).ok
