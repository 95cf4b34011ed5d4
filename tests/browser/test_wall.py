"""The wall on the real application: what a manager sees and can open."""

import re
import time

import httpx
import psycopg
import pytest

from tests.browser.conftest import LiveApp, Screen
from tests.browser.wall import figure, open_wall, state

pytestmark = pytest.mark.browser


async def test_signing_in_leads_to_the_wall(screen: Screen, live_app: LiveApp) -> None:
    """Whoever has not signed in meets the sign-in page; name and password lead on to where he wanted to go."""
    async with screen.page(role=None) as page:
        await page.goto("/?lang=en&layer=hexagons")
        assert "/signin" in page.url
        login, password = live_app.accounts["manager"]
        await page.fill("#login", login)
        await page.fill("#password", password)
        await page.click("#submit")
        await page.wait_for_function("() => window.gridaudit?.current && gridaudit.store.ready")
        assert (await state(page))["layer"] == "hexagons"


async def test_it_draws_people_tickets_heat_and_figures_of_the_database(screen: Screen, live_app: LiveApp) -> None:
    """Signs on the canvases, heat tiles with a picture in them, and figures that agree with the rows."""
    with psycopg.connect(live_app.database_url) as connection:
        opened, on_duty = connection.execute(
            "SELECT (SELECT count(*) FROM audit_ticket WHERE closed_at IS NULL),"
            " (SELECT count(*) FROM inspector_position WHERE on_shift)"
        ).fetchone()
    async with screen.page() as page:
        await open_wall(page)
        await page.wait_for_selector(".pane-heat img.leaflet-tile-loaded", state="attached")
        await page.wait_for_function("() => !document.querySelector('.figure__value.skeleton')")
        assert await figure(page, "open") == str(opened)
        assert await figure(page, "on_duty") == str(on_duty)
        drawn = await page.evaluate(
            "() => ['inspectors', 'tickets'].map(n => gridaudit.current.layers[n]._hits"
            ".reduce((sum, hit) => sum + hit.group.length, 0))"
        )
        assert drawn == [on_duty, opened]
        assert await page.locator("#chart-units .unit").count() == 5
        assert await page.locator("#ticker .event").count() > 3


async def test_a_figure_opens_the_list_behind_it_and_a_row_its_card(screen: Screen) -> None:
    """Keyboard only: Enter opens, the close button has the focus, Enter on a row opens its card, Escape closes both."""
    async with screen.page() as page:
        await open_wall(page)
        await page.focus(".figure[data-behind=open]")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#drawer .table tbody tr")
        assert int(await figure(page, "open")) == await page.locator("#drawer tbody tr").count()
        number = await page.inner_text("#drawer tbody tr:first-child .table__go")
        await page.focus("#drawer tbody tr:first-child .table__go")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#card .card__title")
        assert await page.inner_text("#card .card__title") == number
        await page.wait_for_function("() => location.search.includes('at=')")
        assert (await state(page))["selected"] == {"kind": "ticket", "key": number}
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("#drawer", state="hidden")
        assert (await state(page))["behind"] is None
        assert await page.evaluate("() => document.activeElement.dataset.behind") == "open"


async def test_an_inspectors_card_shows_state_unit_and_way_to_the_track(screen: Screen) -> None:
    async with screen.page() as page:
        await open_wall(page, "?lang=en&list=on_duty")
        await page.click("#drawer tbody tr:nth-child(2)")
        await page.wait_for_selector("#card .card__title")
        assert await page.locator("#card .pill").first.inner_text() in {"on the way", "on site", "idle"}
        assert await page.locator("#card .demo-mark").count() == 1
        await page.click("#card [data-action=track]")
        await page.wait_for_function(
            "() => gridaudit.current.layers.track._track || !document.getElementById('wall-say').hidden"
        )


@pytest.mark.parametrize("sizes", [(1920, 1080), (1440, 900), (360, 740)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_nothing_is_cut_off_in_either_language(screen: Screen, sizes: tuple[int, int]) -> None:
    """No figure, label or note is wider than its place, and the page never scrolls sideways."""
    async with screen.page(width=sizes[0], height=sizes[1]) as page:
        for language in ("en", "zh"):
            await open_wall(page, f"?lang={language}")
            await page.wait_for_function("() => !document.querySelector('.figure__value.skeleton')")
            cut = await page.evaluate(
                "() => [...document.querySelectorAll('.figure, .figure__value, .figure__label, .block h2,"
                " .level__count, .unit__count, .head__time, .state, .legend__row')].filter(e => e.offsetParent"
                " && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')"
                ".map(e => e.className + ': ' + e.textContent)"
            )
            assert cut == []
            assert await page.evaluate("() => document.scrollingElement.scrollWidth <= innerWidth")


async def test_the_language_switches_everything(screen: Screen) -> None:
    """Also the next visit without a language in the address comes in the language chosen."""
    async with screen.page() as page:
        await open_wall(page)
        assert "Open tickets" in await page.inner_text(".side--left")
        await page.click("[data-action=language]")
        await page.wait_for_function("() => document.querySelector('.side--left')?.textContent.includes('在办工单')")
        await page.wait_for_function("() => window.gridaudit?.current && gridaudit.store.ready")
        assert "Open tickets" not in await page.inner_text("body")
        await open_wall(page, "")
        assert "在办工单" in await page.inner_text(".side--left")


async def test_an_address_restores_the_view(screen: Screen) -> None:
    """Place, layer, filters and list stand in the address; opened elsewhere it shows the same."""
    query = "?lang=en&layer=hexagons&business=DJ,CH&level=1,2&unit=1302&days=365&list=overdue&at=39.63,118.18,10"
    async with screen.page() as page:
        await open_wall(page, query)
        await page.wait_for_selector("#drawer h2")
        assert await page.inner_text("#drawer h2") == "Overdue tickets"
        shown = await page.evaluate(
            "() => ({place: gridaudit.current.view.place(), hexagons: gridaudit.current.map.hasLayer("
            "gridaudit.current.layers.hexagons), chips: [...document.querySelectorAll('.chip__text')].map(e =>"
            " e.textContent)})"
        )
        assert shown["place"] == pytest.approx([39.63, 118.18, 10], abs=0.01)
        assert shown["hexagons"]
        assert shown["chips"][0] == "Tariff execution and 1 more"
        assert shown["chips"][2:5] == ["level I, II", "Tangshan", "the last 12 months"]
        first = await state(page)
        await page.reload()
        await page.wait_for_function("() => window.gridaudit?.current")
        again = await state(page)
        assert {**again, "place": None} == {**first, "place": None}


async def test_back_returns_to_the_view_before_without_a_reload(screen: Screen) -> None:
    async with screen.page() as page:
        await open_wall(page)
        await page.evaluate("() => { window.sameDocument = true; }")
        await page.click("[data-layer=hexagons]")
        await page.click(".figure[data-behind=overdue]")
        await page.wait_for_selector("#drawer .list")
        await page.go_back()
        await page.wait_for_selector("#drawer", state="hidden")
        await page.go_back()
        await page.wait_for_function("() => gridaudit.current.map.hasLayer(gridaudit.current.layers.heat)")
        assert await page.evaluate("() => window.sameDocument")
        assert await page.evaluate("() => gridaudit.current.map.getContainer().isConnected")


async def test_filters_narrow_tickets_and_the_request_for_heat(screen: Screen) -> None:
    async with screen.page() as page:
        await open_wall(page)
        async with page.expect_request(re.compile(r"/tiles/heat/.*level=1&")):
            await page.click("[data-filter-chip=level]")
            await page.click("[data-filter=level][data-value='1']")
        await page.keyboard.press("Escape")
        levels = (
            "() => [...new Set(gridaudit.current.layers.tickets._hits.flatMap(h => h.group.map(p => p.ticket.level)))]"
        )
        await page.wait_for_function(f"() => JSON.stringify(({levels})()) === '[1]'")
        await page.click("[data-action=clear-filters]")
        await page.wait_for_function(f"() => ({levels})().length > 1")


async def test_a_fix_that_a_phone_sends_moves_the_marker(screen: Screen, live_app: LiveApp) -> None:
    """Through the public door: shift on, one fix a kilometre north, and the sign is there."""
    with psycopg.connect(live_app.database_url) as connection:
        number, lon, lat = connection.execute(
            "SELECT employee_number, longitude, latitude FROM inspector_position ORDER BY employee_number LIMIT 1"
        ).fetchone()
    phone = {"Authorization": f"Bearer {live_app.devices[number]}"}
    async with screen.page() as page, httpx.AsyncClient(base_url=live_app.address, headers=phone) as client:
        await open_wall(page)
        (await client.post("/api/v1/shift", json={"on": True})).raise_for_status()
        # The load's last fix was said to be of now; a believable move to the next place takes a while.
        fix = {"at": time.time() + 60, "lon": lon, "lat": lat + 0.002, "accuracy_m": 8, "speed_kmh": 30}
        answer = await client.post("/api/v1/positions", json={"fixes": [fix]})
        assert answer.status_code == 200 and answer.json()["accepted"] == 1, answer.text
        await page.wait_for_function(
            "([number, lat]) => Math.abs(gridaudit.current.layers.inspectors.position(number)[0] - lat) < 1e-5",
            arg=[number, lat + 0.002],
        )


async def test_the_kiosk_needs_no_hands_and_no_person(screen: Screen, live_app: LiveApp) -> None:
    """A wall token in the address instead of a sign-in, and nothing to press but what shows figures."""
    async with screen.page(role=None) as page:
        await open_wall(page, f"?kiosk=1&lang=zh&token={live_app.wall_token}")
        assert live_app.wall_token not in page.url
        assert await page.evaluate("() => document.getElementById('wall').classList.contains('wall--kiosk')")
        for control in ("#filters", ".switch", ".zoom", ".head__tools", "#help"):
            assert await page.locator(control).count() == 0
        await page.wait_for_selector(".pane-heat img.leaflet-tile-loaded", state="attached")


async def test_a_county_sees_its_own_part_only(screen: Screen) -> None:
    """The supervisor of one prefecture is shown that prefecture's people, tickets and counties."""
    async with screen.page("supervisor") as page:
        await open_wall(page)
        seen = await page.evaluate(
            "() => [[...gridaudit.store.inspectors.values()].map(i => i.unit.slice(0, 4)),"
            " [...gridaudit.store.tickets.values()].map(t => t.county.slice(0, 4))].map(c => [...new Set(c)])"
        )
        assert seen == [["1302"], ["1302"]]
        assert "Tangshan" in await page.inner_text("#unit-name")
