"""Inspector, risk point and region in a browser: the way down, a day's way, a ticket out of a risk point."""

import re

import psycopg
import pytest
from playwright.async_api import expect

from components.language import COOKIE
from tests.browser.conftest import LiveApp, Screen
from tests.browser.pressing import press_until

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}


def one(app: LiveApp, statement: str, *values: str) -> str:
    """One value of the database behind the pages."""
    with psycopg.connect(app.database_url) as connection:
        row = connection.execute(statement, values).fetchone()
    assert row is not None, statement
    return str(row[0])


async def in_english(page, app: LiveApp) -> None:
    """The language that is kept on this screen, so that it holds from page to page."""
    await page.context.add_cookies([{"name": COOKIE, "value": "en", "url": app.address}])


async def no_overflow(page) -> None:
    """Nothing is wider than the screen."""
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_from_the_province_down_to_a_district_and_back_with_the_view_kept(
    screen: Screen, live_app: LiveApp
) -> None:
    async with screen.page("manager") as page:
        await in_english(page, live_app)
        await page.goto("/regions/jibei?by=overdue&span=12")
        await expect(page.locator("#region-map")).to_be_visible()
        first = page.locator(".table tbody tr td a").first
        name = await first.inner_text()
        await first.click()
        await expect(page.locator("h1")).to_have_text(name)
        await page.locator(".table tbody tr td a").first.click()
        await expect(page.locator(".desk__title .pill")).to_have_text("County")
        await page.locator(".table tbody tr td a").first.click()
        await expect(page.locator(".desk__title .pill")).to_have_text("Station")
        await page.locator(".table tbody tr td a").first.click()
        await page.wait_for_selector("#district-map")
        for _ in range(4):
            await page.go_back()
        await expect(page.locator("h1")).to_have_text("State Grid Jibei")
        assert "by=overdue" in page.url and "span=12" in page.url
        await expect(page.locator(".choice.is-chosen").nth(1)).to_have_text("Overdue")


async def test_a_click_on_the_map_goes_down(screen: Screen, live_app: LiveApp) -> None:
    async with screen.page("manager") as page:
        await in_english(page, live_app)
        await page.goto("/regions/jibei")
        drawn = "() => window.gridaudit?.deskMap?.of('region-map')?._loaded && document.querySelector('.table')"
        await page.wait_for_function(drawn)
        box = await page.locator("#region-map").bounding_box()
        # The middle of Zhangjiakou, as the map projects it.
        place = await page.evaluate(
            "() => {const p = gridaudit.deskMap.of('region-map').latLngToContainerPoint([40.9, 115.0]);"
            " return [p.x, p.y]}"
        )
        there = page.locator("h1", has_text="Zhangjiakou")
        await press_until(lambda: page.mouse.click(box["x"] + place[0], box["y"] + place[1]), there)
        await expect(page).to_have_url(re.compile("/regions/1307"))


async def test_a_day_of_an_inspector_is_shown_when_it_is_asked_for_and_the_look_is_told(
    screen: Screen, live_app: LiveApp
) -> None:
    number = one(live_app, "SELECT employee_number FROM app_user WHERE role = 'inspector'")
    async with screen.page("manager") as page:
        await page.goto(f"/inspectors/{number}?lang=en")
        await expect(page.locator("#inspector-day-panel")).to_contain_text("No day chosen")
        # The day before has a whole shift, whatever the hour of the test.
        day = page.locator("button.calendar__day.is-worked", has_text=" h").first
        await day.click()
        await page.wait_for_selector("#inspector-day-map")
        await expect(page.locator("button.calendar__day.is-chosen")).to_have_count(1)
        await page.wait_for_url("**day=*")
        await page.reload()
        await page.wait_for_selector("#inspector-day-map")
    async with screen.page("inspector", **PHONE) as page:
        await page.goto(f"/inspectors/{number}?lang=en")
        await expect(page.locator("#looks")).to_contain_text("the way of")
        await no_overflow(page)
        other = one(live_app, "SELECT number FROM employee WHERE kind = 'inspector' AND number <> %s LIMIT 1", number)
        await page.goto(f"/inspectors/{other}?lang=zh")
        await expect(page.locator(".not-found")).to_contain_text("只能查看本人页面")


async def test_a_ticket_is_made_out_of_a_risk_point_and_a_second_press_makes_no_other(
    screen: Screen, live_app: LiveApp
) -> None:
    with psycopg.connect(live_app.database_url, autocommit=True) as connection:
        number = connection.execute(
            "UPDATE risk_point SET state = 1 WHERE number = (SELECT number FROM risk_point AS point WHERE state = 2"
            " AND customer_number IS NOT NULL AND NOT EXISTS (SELECT FROM audit_ticket AS open WHERE open.closed_at IS"
            " NULL AND open.county_code = point.county_code AND open.customer_number = point.customer_number)"
            " ORDER BY number DESC LIMIT 1) RETURNING number"
        ).fetchone()[0]
    async with screen.page("dispatcher") as page:
        await page.goto(f"/risks/{number}?lang=en")
        await page.wait_for_selector("#risk-association .table, #risk-association .empty")
        await page.fill("#risk-note", "seen twice")
        await page.click("#risk-make")
        made = page.locator("#risk-made")
        await expect(made).to_contain_text("was opened")
        said = await made.inner_text()
        await page.click("#risk-make")
        await expect(made).to_have_text(said, use_inner_text=True)
        await page.locator("#risk-made a").click()
        await page.wait_for_url("**/tickets/T*")
    count = one(live_app, "SELECT count(*) FROM audit_ticket WHERE risk_number = %s AND closed_at IS NULL", number)
    assert count == "1"


async def test_all_three_on_a_phone_in_chinese_and_in_the_dark(screen: Screen, live_app: LiveApp) -> None:
    risk = one(live_app, "SELECT number FROM risk_point WHERE state IN (0, 1, 3) ORDER BY number LIMIT 1")
    person = one(live_app, "SELECT number FROM employee WHERE kind = 'inspector' ORDER BY number LIMIT 1")
    async with screen.page("manager", **PHONE) as page:
        await page.context.add_cookies([{"name": "gridaudit_theme", "value": "dark", "url": live_app.address}])
        for address, ready in (
            (f"/risks/{risk}", "#risk-association .table, #risk-association .empty"),
            (f"/inspectors/{person}", ".calendar"),
            ("/regions/1302", "#region-map"),
        ):
            await page.goto(f"{address}?lang=zh")
            await page.wait_for_selector(ready)
            await no_overflow(page)
