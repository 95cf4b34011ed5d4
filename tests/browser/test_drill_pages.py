"""From a risk on the map to the reason behind it: district, customer, bill, explanation, ticket, by links alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.async_api import Page, expect

from settings import ROOT
from tests.browser.conftest import LiveApp, Screen
from tests.browser.pressing import press_until
from tests.browser.wall import open_wall

pytestmark = pytest.mark.browser
TICKETS = 5
"""Place of the tab in a customer's lists."""
LIT = (
    "key => {let found = null; gridaudit.deskMap.of('district-map').eachLayer(l => {"
    "if (l.feature?.properties.key === key) found = l}); return Boolean(found?.marked)}"
)
BILL = """
import asyncio, sys
from data_access.engine import dispose_engines
from jobs.billing_run import bill_run
async def main():
    for number in sys.argv[2:]:
        await bill_run(sys.argv[1], int(number))
    await dispose_engines()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Thing:
    """A risk point of a customer with its ticket, in the supervisor's city; its county is billed."""

    risk: str
    ticket: str
    customer: str
    district: str


@pytest.fixture(scope="module")
def thing(live_app: LiveApp) -> Iterator[Thing]:
    with psycopg.connect(live_app.database_url, autocommit=True) as owner:
        row = owner.execute(
            "SELECT risk.number, ticket.number, ticket.customer_number, ticket.district_code, ticket.county_code"
            " FROM audit_ticket AS ticket JOIN risk_point AS risk ON risk.number = ticket.risk_number"
            " JOIN customer ON customer.number = ticket.customer_number AND customer.closed_on IS NULL"
            " WHERE ticket.org_path <@ 'jibei.1302' AND ticket.customer_number IS NOT NULL"
            " ORDER BY customer.category <> 'residential', ticket.closed_at DESC NULLS FIRST, ticket.number LIMIT 1"
        ).fetchone()
        assert row is not None
        runs = owner.execute(
            "SELECT id FROM billing_run WHERE county_code = %s AND state = 'queued' ORDER BY month", (row[4],)
        ).fetchall()
    environment = {**os.environ, "DATABASE_URL": live_app.database_url}
    command = [sys.executable, "-c", BILL, row[4], *(str(number) for (number,) in runs)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
    yield Thing(*row[:4])


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize(("role", "lang"), [("manager", "en"), ("supervisor", "zh")])
async def test_the_way_from_the_map_to_the_ticket(screen: Screen, thing: Thing, role: str, lang: str) -> None:
    async with screen.page(role, width=1440, height=900) as page:
        await open_wall(page, f"?lang={lang}&sel=risk:{thing.risk}")
        await page.click(f"#card a[href='/districts/{thing.district}']")
        await page.wait_for_selector("#district-loss .main-svg")
        await page.click(f"#district-grid .ag-row[row-id='{thing.customer}'] a")
        await page.wait_for_url(f"**/customers/{thing.customer}**")
        await page.wait_for_selector(".bill-panel .bill")
        newest = await page.inner_text(".bill__head h3")
        await page.locator(".bill__why summary").first.click()
        await expect(page.locator(".bill__why .tree li").first).to_be_visible()
        await page.locator("#customer-bills .row-open").nth(1).click()
        await expect(page.locator(".bill__head h3")).not_to_have_text(newest)
        await page.wait_for_function("number => location.search.includes(`bill=${number}`)", arg=thing.customer)
        await page.get_by_role("tab").nth(TICKETS).click()
        await page.click(f"#customer-list a[href='/tickets/{thing.ticket}']")
        await page.wait_for_url(f"**/tickets/{thing.ticket}**")
        await expect(page.locator(f"a[href='/customers/{thing.customer}']").first).to_be_visible()
        await expect(page.locator(f"a[href='/districts/{thing.district}']").first).to_be_visible()
        await page.go_back()
        await expect(page.locator(f"#customer-list a[href='/tickets/{thing.ticket}']")).to_be_visible()


async def test_the_state_of_a_district_is_its_address(screen: Screen, thing: Thing) -> None:
    """Colouring, day and tab are mirrored; a reload shows the same; another month keeps them."""
    async with screen.page("supervisor", width=1440, height=900) as page:
        await page.goto(f"/districts/{thing.district}?lang=en")
        await page.wait_for_selector("#district-loss .main-svg")
        await page.click("label:has-text('Loss contribution')")
        await expect(page.locator("#district-legend")).to_contain_text("Loss contribution")
        await page.get_by_role("tab", name="Comparison").click()
        await expect(page.locator("#district-list")).to_contain_text("Nearest districts of the same kind")
        bars = page.locator("#district-loss .barlayer .point")
        await page.locator("#district-loss").scroll_into_view_if_needed()
        box = await bars.nth(await bars.count() // 2).bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 1)
        await expect(page.locator("#district-day-panel h3").first).to_be_visible()
        day = await page.locator("#district-day-panel h3").first.inner_text()
        await page.wait_for_function("day => location.search.includes(day)", arg=day)
        assert query(page) | {"lang": "en"} == {"lang": "en", "tab": "similar", "colour": "loss", "day": day}
        await page.reload()
        await expect(page.locator("#district-day-panel h3").first).to_have_text(day)
        await expect(page.locator("#district-list")).to_contain_text("Nearest districts of the same kind")
        await expect(page.locator("#district-legend")).to_contain_text("Loss contribution")
        await page.click("a[title='Month before']")
        await page.wait_for_function("() => location.search.includes('month=')")
        assert query(page)["colour"] == "loss" and query(page)["tab"] == "similar"


async def test_a_row_of_the_table_lights_up_its_customer_on_the_map(screen: Screen, thing: Thing) -> None:
    async with screen.page("manager", width=1440, height=1000) as page:
        await page.goto(f"/districts/{thing.district}?lang=zh")
        await page.wait_for_function("() => window.gridaudit?.deskMap?.of('district-map')")
        await page.hover(f"#district-grid .ag-row[row-id='{thing.customer}']")
        await page.wait_for_function(LIT, arg=thing.customer)


async def test_personal_data_is_shown_after_a_reason_and_fits_a_phone(screen: Screen, thing: Thing) -> None:
    async with screen.page("supervisor", width=360, height=740) as page:
        await page.goto(f"/customers/{thing.customer}?lang=en")
        opens = page.locator("summary:has-text('Show name, phone')")
        await press_until(opens.click, page.locator("#customer-reveal"))
        await page.click("#customer-reveal")
        await expect(page.locator("#customer-revealed")).to_contain_text("Give a reason of 4 to 200")
        await page.fill("#customer-reason", "Work on a ticket")
        await page.click("#customer-reveal")
        await expect(page.locator("#customer-revealed")).to_contain_text("This look has been logged")
        assert "**" not in await page.inner_text("#customer-revealed .file")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, "nothing reaches beyond the screen"
