"""The page of all tickets as people use it: the address keeps the view, table and map speak to each other, many tickets
go at once, and what changes elsewhere arrives without taking the selection away."""

import io
import re
import uuid

import psycopg
import pytest
from playwright.async_api import BrowserContext, Page, expect
from python_calamine import CalamineWorkbook

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)
ROWS = "#tickets-table .ag-center-cols-container .ag-row:not(.ag-row-loading)"
NUMBERS = "#tickets-table .ag-pinned-left-cols-container .ag-cell[col-id=number] a"


@pytest.fixture(scope="module")
def suspicions(live_app) -> list[str]:
    """Customers about whom nobody has a ticket of these topics yet."""
    with psycopg.connect(live_app.database_url) as owner:
        rows = owner.execute(
            "SELECT number FROM customer WHERE NOT EXISTS (SELECT FROM audit_ticket WHERE customer_number ="
            " customer.number) ORDER BY md5(number) LIMIT 8"
        ).fetchall()
    return [row[0] for row in rows]


async def change(context: BrowserContext, path: str, body: dict) -> dict:
    """A change through the API, as another person of the same office makes it."""
    page = context.pages[0]
    origin = page.url.split("/tickets")[0]
    answer = await context.request.post(path, data={"change_id": str(uuid.uuid4()), **body}, headers={"Origin": origin})
    assert answer.ok, await answer.text()
    return await answer.json()


async def numbers(page: Page) -> list[str]:
    """Ticket numbers of the table from top to bottom, once its rows are there."""
    await expect(page.locator(NUMBERS).first).to_be_visible()
    return await page.locator(NUMBERS).all_inner_texts()


async def look(page: Page, *, language: str = "en", theme: str = "light") -> None:
    """Language and theme as the switches of the page would set them."""
    await page.context.add_cookies(
        [
            {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
            for name, value in (("gridaudit_language", language), ("gridaudit_theme", theme))
        ]
    )


async def test_a_view_is_an_address_that_a_reload_and_the_way_back_keep(screen, live_app):
    with psycopg.connect(live_app.database_url) as owner:
        # Whatever the hour: the working day decides how many stand where.
        owner.execute(
            "UPDATE audit_ticket SET status = 80 WHERE number = (SELECT min(number) FROM audit_ticket"
            " WHERE closed_at IS NULL AND status IN (20, 30, 40, 50, 60, 65, 70))"
        )
    async with screen.page("manager", width=1440, height=900) as page:
        await look(page)
        await page.goto("/tickets")
        every = await numbers(page)
        await page.locator("#ticket-chip-status summary").click()
        await page.locator("#ticket-chip-status").get_by_text("in review").click()
        await expect(page).to_have_url(re.compile(r"/tickets\?status=80$"))
        await expect(page.locator("#ticket-chip-status summary")).to_contain_text("in review")
        await page.wait_for_function(f"() => document.querySelectorAll({NUMBERS!r}).length < {len(every)}")
        reviewed = await numbers(page)
        await page.reload()
        assert await numbers(page) == reviewed
        await page.go_back()
        await expect(page).to_have_url(re.compile(r"/tickets$"))
        await page.wait_for_function(f"() => document.querySelectorAll({NUMBERS!r}).length > {len(reviewed)}")
        await page.get_by_role("link", name="Overdue").click()
        await expect(page).to_have_url(re.compile(r"\?due=overdue$"))
        await page.goto("/tickets?status=31")
        await expect(page.get_by_text("status is 31")).to_be_visible()


async def test_the_table_sorts_on_the_server_and_the_address_remembers(screen, live_app):
    with psycopg.connect(live_app.database_url) as owner:
        rows = owner.execute(
            "SELECT number FROM audit_ticket WHERE closed_at IS NOT NULL ORDER BY level DESC, number DESC LIMIT 20"
        ).fetchall()
    async with screen.page("manager", width=1440, height=900) as page:
        await look(page)
        await page.goto("/tickets?state=closed&map=0")
        first = await numbers(page)
        head = page.locator(".ag-header-cell[col-id=level]")
        await head.click()
        await head.click()
        await expect(page).to_have_url(re.compile("sort=-level"))
        await page.wait_for_function(f"() => document.querySelector({NUMBERS!r})?.textContent === {rows[0][0]!r}")
        shown = await numbers(page)
        assert shown != first and shown[:10] == [row[0] for row in rows[:10]]
        await page.reload()
        assert (await numbers(page))[:10] == shown[:10]


@pytest.mark.parametrize(("language", "theme", "review"), [("zh", "dark", "审核"), ("en", "light", "Review")])
async def test_the_board_has_its_columns_in_both_languages_and_themes(screen, language, theme, review):
    async with screen.page("manager", width=1440, height=900) as page:
        await look(page, language=language, theme=theme)
        await page.goto("/tickets?view=board&map=0")
        lanes = page.locator(".lane")
        await expect(lanes).to_have_count(6)
        await expect(lanes.last.locator("h2")).to_have_text(review)
        await expect(page.locator("html")).to_have_attribute("data-theme", theme)
        box = await page.locator("#tickets-board").bounding_box()
        last = await lanes.last.bounding_box()
        assert last["x"] + last["width"] <= box["x"] + box["width"] + 1, "all columns fit a laptop"
        card = page.locator(".ticket-card").first
        number = await card.locator(".ticket-card__number").inner_text()
        await card.click()
        await expect(page).to_have_url(re.compile(f"/tickets/{number}$"))


async def test_table_and_map_point_at_the_same_ticket_by_mouse_and_by_keyboard(screen):
    async with screen.page("manager", width=1440, height=900) as page:
        await look(page)
        await page.goto("/tickets")
        shown = await numbers(page)
        await page.wait_for_function("() => window.gridaudit.deskMap.of('tickets-map') !== undefined")
        await page.locator(f"{ROWS} .ag-cell[col-id=anomaly]").nth(1).click()
        peek = page.locator("#tickets-peek")
        await expect(peek).to_contain_text(shown[1])
        await expect(page).to_have_url(re.compile(f"sel={shown[1]}"))
        await page.keyboard.press("ArrowDown")
        await expect(peek).to_contain_text(shown[2])
        await page.keyboard.press("Escape")
        await expect(peek).to_be_hidden()
        # The other way round: a click on a sign that stands free.
        sign = await page.evaluate(
            "() => { const map = gridaudit.deskMap.of('tickets-map'); const found = [];"
            " map.eachLayer(layer => layer.feature?.properties?.key && found.push(layer));"
            " const at = layer => map.latLngToContainerPoint(layer.getLatLng());"
            " const box = map.getContainer().getBoundingClientRect();"
            " const free = found.find(one => at(one).y > 60 && at(one).y < box.height - 120"
            "   && found.every(other => other === one || at(other).distanceTo(at(one)) > 40));"
            " return {key: free.feature.properties.key, x: box.x + at(free).x, y: box.y + at(free).y}; }"
        )
        await page.mouse.click(sign["x"], sign["y"])
        await expect(peek).to_contain_text(sign["key"])
        await expect(page).to_have_url(re.compile(f"sel={sign['key']}"))
        await page.locator("#tickets-extent").click()
        await expect(page).to_have_url(re.compile("bbox="))
        await expect(page.locator(".sentence")).to_contain_text("within the map")


async def test_what_is_shown_can_be_taken_along(screen):
    async with screen.page("manager", width=1440, height=900) as page:
        await look(page)
        await page.goto("/tickets?status=50&sort=-due")
        shown = await numbers(page)
        answer = await page.request.get(await page.locator("#tickets-export").get_attribute("href"))
        rows = CalamineWorkbook.from_filelike(io.BytesIO(await answer.body())).get_sheet_by_index(0).to_python()
        assert [row[0] for row in rows[1:]] == shown


async def test_many_go_at_once_after_a_preview_and_a_new_suspicion_joins_its_open_ticket(screen, suspicions):
    async with screen.page("admin", width=1440, height=900) as page:
        await look(page)
        await page.goto("/tickets?status=10,20")
        context = page.context
        made = []
        for customer in suspicions[:3]:
            body = {"customer_number": customer, "anomaly_code": "DJ01"}
            made.append((await change(context, "/api/v1/tickets", body))["number"])
        for number in made[:2]:
            await change(
                context, f"/api/v1/tickets/{number}/actions", {"action": "prescreen", "based_on": 1, "fields": {}}
            )

        # They arrive by themselves.
        for number in made:
            await expect(page.locator(f"#tickets-table .ag-row[row-id='{number}']").first).to_be_visible(timeout=15_000)
        for number in made:
            await page.locator(f".ag-row[row-id='{number}'] .ag-selection-checkbox input").check()
        await expect(page.locator("#tickets-selected")).to_have_text("3 selected")

        # A change elsewhere leaves the selection as it is.
        await change(
            context, f"/api/v1/tickets/{made[0]}/actions", {"action": "note", "based_on": 2, "fields": {"text": "seen"}}
        )
        await page.locator("#tickets-bulk-open").click()
        await page.locator("#tickets-bulk-target").click()
        await page.get_by_text("its own county").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("2 will go, 1 stay.")
        await page.locator("#tickets-bulk-commit").click()
        await expect(dialog).to_contain_text("2 of 2 dispatched.")
        await page.keyboard.press("Escape")
        await expect(page.locator("#tickets-bulk-bar")).to_be_hidden()

        # By hand, about the same thing: no second ticket.
        await page.locator("#tickets-new").click()
        await page.locator("#tickets-new-object").fill(suspicions[0])
        await expect(page.locator("#tickets-new-found")).to_contain_text("Customer")
        await page.locator("#tickets-new-topic").click()
        await page.get_by_role("option", name="DJ01").click()
        await page.locator("#tickets-new-create").click()
        await expect(page.locator("#tickets-new-said")).to_contain_text(f"No second ticket: {made[0]}")


async def test_who_only_reads_is_offered_nothing_to_change(screen):
    async with screen.page("lead", width=1440, height=900) as page:
        await look(page)
        await page.goto("/tickets")
        await numbers(page)
        await expect(page.locator("#tickets-new")).to_have_count(0)
        await expect(page.locator(".ag-selection-checkbox")).to_have_count(0)
