"""A ticket's page in a real browser: from creation to archive through four people's hands, in both languages, one of
them on a phone; two people at once; live, and typed text is never lost.
"""

import json
import uuid
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any

import psycopg
from PIL import Image
from playwright.async_api import Page, expect

from tests.browser.conftest import Screen
from tests.browser.pressing import press_until
from tests.printed import pages_of, pictures_in

expect.set_options(timeout=20_000)
PHONE = {"width": 360, "height": 740}


def picture(colour: tuple[int, int, int]) -> dict[str, Any]:
    """A photo as a file input takes it."""
    written = BytesIO()
    Image.new("RGB", (640, 480), colour).save(written, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def customer_without_ticket(database_url: str) -> str:
    """A customer in the county of the demo's inspector and county supervisor, whom no ticket is about."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT number FROM customer WHERE location IS NOT NULL AND county_code ="
            " (SELECT ltree2text(subpath(org_path, 2, 1)) FROM app_user WHERE login = 'county') AND NOT EXISTS"
            " (SELECT FROM audit_ticket WHERE audit_ticket.customer_number = customer.number) ORDER BY number LIMIT 1"
        ).fetchone()
    assert row
    return str(row[0])


async def create(page: Page, screen: Screen) -> str:
    """A ticket created by hand at the door for programs, in the name of who has signed in on the page."""
    answer = await page.request.post(
        "/api/v1/tickets",
        data={
            "change_id": str(uuid.uuid4()),
            "customer_number": customer_without_ticket(screen.app.database_url),
            "anomaly_code": "CH15",
            "level": 3,
            "description": "Seen by chance on the way.",
        },
        headers={"Origin": screen.app.address},
    )
    assert answer.ok, await answer.text()
    return str((await answer.json())["number"])


def field(page: Page, name: str) -> Any:
    """An input of the form."""
    return page.locator(f"[id='{json.dumps({'name': name, 'type': 'ticket-field'}, separators=(',', ':'))}']")


async def opened(page: Page, action: str) -> None:
    """The form of an action, ready to be typed in."""
    button = page.locator(f"button[id*='\"{action}\"']")
    await press_until(button.click, page.locator("#ticket-form-send"))


async def choose(page: Page, name: str, text: str) -> None:
    """An entry of a list of choices."""
    await field(page, name).click()
    await page.locator("[role=option]:visible", has_text=text).first.click()


async def sent(page: Page) -> None:
    """Send the form; it is taken and goes away."""
    await page.locator("#ticket-form-send").click()
    await expect(page.locator("#ticket-form-send")).to_be_hidden()
    await expect(page.locator(".ticket-done")).to_be_attached()


async def act(page: Page, action: str, **texts: str) -> None:
    """An action whose fields are texts alone."""
    await opened(page, action)
    for name, text in texts.items():
        await field(page, name).fill(text)
    await sent(page)


async def upload(page: Page, purpose: str, colour: tuple[int, int, int]) -> None:
    """A photo in the card of the evidence."""
    before = await page.locator(".proof").count()
    await page.locator("[data-proof-purpose]").select_option(purpose)
    async with page.expect_response(
        lambda answer: answer.request.method == "POST" and "/evidence" in answer.url
    ) as told:
        await page.locator(".add-proof input[type=file]").set_input_files(picture(colour))
    answer = await told.value
    assert answer.status == 201, await answer.text()
    await expect(page.locator(".proof")).to_have_count(before + 1)


async def pick(page: Page) -> None:
    """The newest file of those that a form offers."""
    await page.locator(".chosen-file").last.click()


async def status(page: Page, text: str) -> None:
    """The status as the head says it, on a page that nobody reloaded."""
    await expect(page.locator(".ticket-marks")).to_contain_text(text)


async def test_a_ticket_goes_from_creation_to_archive_through_four_people_s_hands(screen: Screen) -> None:
    async with AsyncExitStack() as stack:
        province = await stack.enter_async_context(screen.page("dispatcher", width=1440, height=900))
        number = await create(province, screen)
        city = await stack.enter_async_context(screen.page("supervisor", width=1440, height=900))
        county = await stack.enter_async_context(screen.page("county", width=1440, height=900))
        phone = await stack.enter_async_context(screen.page("inspector", **PHONE))
        for page, language in ((province, "en"), (city, "zh"), (county, "en"), (phone, "zh")):
            await page.goto(f"/tickets/{number}?lang={language}")
            await expect(page.locator("#ticket-live[data-state=live]")).to_be_attached()

        await act(province, "prescreen", note="Plausible.")
        await opened(province, "dispatch")
        await field(province, "unit").click()
        await province.locator("[role=option]:visible").nth(1).click()
        await sent(province)

        await status(county, "dispatched")
        await opened(county, "dispatch")
        await expect(county.locator(".candidate").first).to_contain_text("open tickets")
        await county.locator(".candidate", has_text=await own_number(screen)).click()
        await sent(county)

        await status(phone, "已派发")
        await act(phone, "accept")
        await act(phone, "start_check")
        await upload(phone, "finding", (90, 120, 60))
        await opened(phone, "submit_finding")
        await phone.get_by_label("查实").check()
        await choose(phone, "cause", "流程")
        await field(phone, "report").fill("现场核实：抄表员超期未轮换。")
        await phone.locator("#ticket-form-send").click()
        await expect(phone.locator("#ticket-form-say")).to_be_visible()  # nobody checked in: a reason is asked for
        await expect(field(phone, "report")).to_have_value("现场核实：抄表员超期未轮换。")
        await field(phone, "presence_reason").fill("现场信号弱，未能定位。")
        await fill_form_values(phone)
        await sent(phone)

        await status(county, "finding submitted")
        await opened(county, "fix_responsibility")
        await field(county, "responsible_person").fill("Demo person")
        await sent(county)

        await status(phone, "已认责")
        await act(phone, "start_rectification")
        await upload(phone, "rectification", (40, 80, 160))
        await opened(phone, "submit_rectification")
        await field(phone, "rectification").fill("已轮换抄表员。")
        await pick(phone)
        await sent(phone)

        await status(county, "in review")
        assert await county.locator("button[id*='\"pass_review\"']").is_enabled()
        await act(county, "pass_review", note="Complete.")
        await expect(city.locator("#ticket-timeline")).to_contain_text("已轮换抄表员。")
        await act(city, "pass_review")
        for page, word in ((province, "archived"), (city, "已归档"), (county, "archived"), (phone, "已归档")):
            await status(page, word)

        await province.locator("[data-proof]").first.click()
        await expect(province.locator("#ticket-viewer")).to_contain_text("SHA-256")
        await expect(province.locator("#ticket-viewer img")).to_be_visible()
        for language, words in (("en", "All 1"), ("zh", "校验通过")):
            answer = await province.request.get(f"/api/v1/tickets/{number}/case-file.pdf?lang={language}")
            assert answer.headers["content-type"] == "application/pdf"
            paper = await answer.body()
            text = "".join(pages_of(paper)).replace("\n", "")
            assert number in text and "已轮换抄表员。" in text and words in text
            assert pictures_in(paper) == 2


async def own_number(screen: Screen) -> str:
    """The employee number of the demo's inspector."""
    with psycopg.connect(screen.app.database_url) as connection:
        row = connection.execute("SELECT employee_number FROM app_user WHERE login = 'inspector'").fetchone()
    assert row
    return str(row[0])


async def fill_form_values(page: Page) -> None:
    """Whatever the anomaly's own form asks for: the first choice, the smallest number, a word."""
    for box in await page.locator("[id*='ticket-form-plays']:visible").all():
        entry = box.locator("input:visible").first
        if await entry.get_attribute("aria-haspopup") == "listbox":
            await entry.click()
            await page.locator("[role=option]:visible").first.click()
        elif not await entry.input_value():
            await entry.fill("1")


async def test_who_is_overtaken_sees_what_changed_and_loses_no_word(screen: Screen) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(screen.page("dispatcher", width=1440, height=900))
        other = await stack.enter_async_context(screen.page("dispatcher", width=1440, height=900))
        number = await create(one, screen)
        for page in (one, other):
            await page.goto(f"/tickets/{number}?lang=en")
            await expect(page.locator("#ticket-live[data-state=live]")).to_be_attached()
        await opened(other, "void")
        await field(other, "reason").fill("Not plausible: a sentence that took a while.")

        await act(one, "prescreen", note="It is plausible after all.")
        # Live: the page behind the form has followed, the form has not moved.
        await expect(other.locator("#ticket-timeline")).to_contain_text("It is plausible after all.")
        await expect(field(other, "reason")).to_have_value("Not plausible: a sentence that took a while.")

        await other.locator("#ticket-form-send").click()
        await expect(other.locator(".stale")).to_contain_text("It is plausible after all.")
        await expect(field(other, "reason")).to_have_value("Not plausible: a sentence that took a while.")
        await sent(other)
        await status(one, "void")


async def test_who_may_only_read_is_offered_nothing_and_a_strange_number_is_said_to_be_none(screen: Screen) -> None:
    async with screen.page("manager", width=1440, height=900) as page:
        with psycopg.connect(screen.app.database_url) as connection:
            row = connection.execute("SELECT number FROM audit_ticket WHERE closed_at IS NULL LIMIT 1").fetchone()
        assert row
        await page.goto(f"/tickets/{row[0]}?lang=en")
        await expect(page.locator("#ticket-actions")).to_contain_text("Your role reads tickets")
        assert await page.locator("button.act").count() == 0
        await page.goto("/tickets/T1999-0001?lang=en")
        await expect(page.locator(".not-found")).to_be_visible()
