"""The inspector's phone in a real Chromium: a visit from accepting to the finding, and what a bad network does."""

import io
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from PIL import Image
from playwright.async_api import APIRequestContext, Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import LiveApp

pytestmark = pytest.mark.browser
SEEN = """() => {
  const wide = (e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible";
  const small = (e) => e.offsetParent && e.getBoundingClientRect().height < 47.5 && !e.classList.contains("skip");
  return {
    cut: [...document.querySelectorAll("body *")].filter((e) => wide(e) && !e.classList.contains("visually-hidden"))
      .map((e) => `${e.className}: ${e.textContent.slice(0, 40)}`),
    small: [...document.querySelectorAll("button, a[href], select, textarea, summary")].filter(small)
      .map((e) => `${e.className}: ${e.textContent.slice(0, 40)}`),
    sideways: document.documentElement.scrollWidth > innerWidth,
  };
}"""


@dataclass
class Case:
    """A ticket that was dispatched to the demo's inspector, at a customer's place."""

    number: str
    lon: float
    lat: float


@dataclass
class Field:
    """Phones of the inspector, and the desk that dispatches to it."""

    app: LiveApp
    browser: Browser
    desk: APIRequestContext
    employee: str
    faults: list[str] = field(default_factory=list)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.app.database_url, autocommit=True) as owner:
            return owner.execute(statement, values).fetchall()

    async def post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        answer = await self.desk.post(
            f"/api/v1/tickets{path}",
            data={"change_id": str(uuid.uuid4()), **content},
            headers={"Origin": self.app.address},
        )
        assert answer.ok, await answer.text()
        done: dict[str, Any] = await answer.json()
        return done

    async def act(self, number: str, action: str, **fields: Any) -> None:
        version = self.rows("SELECT version FROM audit_ticket WHERE number = %s", number)[0][0]
        await self.post(f"/{number}/actions", {"based_on": version, "action": action, "fields": fields})

    async def dispatched(self, topic: str) -> Case:
        """A new ticket of a topic, sent down to the inspector by the administrator of the province."""
        customer, lon, lat = self.rows(
            "SELECT customer.number, ST_X(customer.location), ST_Y(customer.location) FROM customer"
            " JOIN employee ON employee.number = %s AND customer.county_code = employee.county_code"
            " WHERE customer.location IS NOT NULL AND NOT EXISTS (SELECT FROM audit_ticket AS ticket"
            "  WHERE ticket.customer_number = customer.number AND ticket.closed_at IS NULL)"
            " ORDER BY customer.number LIMIT 1",
            self.employee,
        )[0]
        number = (await self.post("", {"customer_number": customer, "anomaly_code": topic}))["number"]
        await self.act(number, "prescreen")
        await self.act(number, "dispatch", inspector=self.employee)
        return Case(number, lon, lat)

    def events(self, number: str) -> list[str]:
        found = self.rows("SELECT kind FROM ticket_event WHERE ticket_number = %s ORDER BY sequence", number)
        return [row[0] for row in found]

    @asynccontextmanager
    async def phone(self, case: Case, language: str, width: int = 360, height: int = 740) -> AsyncIterator[Page]:
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            base_url=self.app.address,
            geolocation={"longitude": case.lon, "latitude": case.lat, "accuracy": 8},
            permissions=["geolocation"],
            has_touch=True,
            reduced_motion="reduce",
        )
        await signed_in(context, self.app, "inspector")
        await context.add_cookies([{"name": "gridaudit_language", "value": language, "url": self.app.address}])
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("console", lambda message: self._heard(message.type, message.text))
        yield page
        await context.close()

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and "net::ERR" not in text and "status of 409" not in text and "status of 403" not in text:
            self.faults.append(f"console: {text}")


async def signed_in(context: BrowserContext, app: LiveApp, role: str) -> None:
    login, password = app.accounts[role]
    answer = await context.request.post(
        "/api/v1/session", data={"login": login, "password": password}, headers={"Origin": app.address}
    )
    assert answer.ok, await answer.text()


@pytest.fixture
async def site(live_app: LiveApp, chromium: Browser) -> AsyncIterator[Field]:
    context = await chromium.new_context(base_url=live_app.address)
    await signed_in(context, live_app, "admin")
    with psycopg.connect(live_app.database_url, autocommit=True) as owner:
        row = owner.execute("SELECT employee_number FROM app_user WHERE role = 'inspector' LIMIT 1").fetchone()
    assert row is not None
    opened = Field(live_app, chromium, context.request, row[0])
    yield opened
    await context.close()
    assert opened.faults == []


async def looks_right(page: Page, where: str) -> None:
    seen = await page.evaluate(SEEN)
    assert seen == {"cut": [], "small": [], "sideways": False}, where


async def open_ticket(page: Page, number: str) -> None:
    await page.goto(f"/field#ticket/{number}")
    await page.locator(".tiles").wait_for()


def photo() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (320, 240), (40, 90, 160)).save(content, "JPEG")
    return content.getvalue()


async def test_a_visit_from_accepting_to_the_finding_on_a_small_phone_in_chinese(site: Field):
    case = await site.dispatched("FQ03")
    async with site.phone(case, "zh") as page:
        await page.goto("/field")
        await page.locator(f'.card[href="#ticket/{case.number}"]').wait_for()
        await looks_right(page, "list")
        await page.locator(f'.card[href="#ticket/{case.number}"]').click()
        await page.get_by_role("button", name="接收", exact=True).click()
        await page.get_by_role("button", name="开始核查", exact=True).click()
        form = page.locator("#action-form")
        await form.wait_for()

        await page.get_by_role("button", name="签到").click()
        await page.locator(".sheet .note:has(.icon-circle-check)").wait_for()
        await looks_right(page, "check-in")
        await page.locator(".sheet .main:not(.main--quiet)").click()
        await page.locator("summary:has(.score)").wait_for()

        await page.set_input_files("#photo", {"name": "meter.jpg", "mimeType": "image/jpeg", "buffer": photo()})
        await page.locator(".photos img[src^='/api/']").wait_for()

        await expect(form.locator("[id^=f-submit_finding-form-]:visible")).to_have_count(0)
        await page.get_by_text("查实", exact=True).click()
        await form.locator("#f-submit_finding-cause").select_option("metering_fault")
        await form.get_by_text("设备核查", exact=True).click()
        await form.locator("#f-submit_finding-form-device-part").select_option("terminal")
        await form.locator("#f-submit_finding-form-device-on_site").fill("终端离线，天线脱落")
        await form.get_by_text("是", exact=True).locator("visible=true").click()
        await form.locator("#f-submit_finding-report").fill("采集终端天线脱落，现场已复位。")
        await looks_right(page, "finding")
        reason = page.locator("#f-submit_finding-presence_reason")
        if await reason.is_visible():
            await reason.fill("刚到现场，停留时间短。")
        await page.locator("#dock button[type=submit]").click()
        await page.locator(".top .state", has_text="核查已反馈").wait_for()
        await looks_right(page, "sent")
    assert site.events(case.number)[3:] == ["accept", "start_check", "check_in", "add_evidence", "submit_finding"]
    [(body,)] = site.rows(
        "SELECT body FROM ticket_event WHERE ticket_number = %s AND kind = 'submit_finding'", case.number
    )
    assert (body["finding"], body["form"], body["form_values"]["part"]) == ("true", "device", "terminal")
    assert len(body["evidence"]) == 1, "the photo goes along with the finding"


async def test_without_a_network_what_was_typed_stays_and_is_sent_once_when_it_is_back(site: Field):
    case = await site.dispatched("JL10")
    await site_accepts(site, case)
    async with site.phone(case, "en", 390, 844) as page:
        await open_ticket(page, case.number)
        # Not `wait_for_function`: it evaluates text in the page, which the page's policy forbids.
        await page.evaluate(
            "() => navigator.serviceWorker.controller !== null || new Promise((done) =>"
            " navigator.serviceWorker.addEventListener('controllerchange', () => done(true)))"
        )
        await page.locator("#f-submit_finding-report").fill("Seal broken, two screws missing.")
        await page.context.set_offline(True)
        await note(page, "Nobody at home; neighbour asked.")
        await page.locator("#banner", has_text="No network").wait_for()
        await page.locator("#network", has_text="1 to send").wait_for()
        await looks_right(page, "without a network")

        await page.reload()
        await page.locator(".note--warn", has_text="No network: this is how it stood").wait_for()
        await page.locator(".pending", has_text="Write a note").wait_for()
        await page.locator("#network", has_text="1 to send").wait_for()
        assert "note" not in site.events(case.number)

        await page.context.set_offline(False)
        await expect(page.locator(".pending")).to_have_count(0, timeout=20_000)
        await expect(page.locator("#banner")).to_be_hidden()
        assert await page.locator("#f-submit_finding-report").input_value() == "Seal broken, two screws missing."
    assert site.events(case.number).count("note") == 1


async def test_a_lost_answer_is_asked_for_again_and_the_change_happens_once(site: Field):
    case = await site.dispatched("JL11")
    await site_accepts(site, case)
    sent: list[str] = []

    async def lose_first(route: Route) -> None:
        sent.append(route.request.post_data_json["change_id"])
        answer = await route.fetch()
        await (route.abort("connectionreset") if len(sent) == 1 else route.fulfill(response=answer))

    async with site.phone(case, "en") as page:
        await page.context.route("**/actions", lose_first)
        await open_ticket(page, case.number)
        await note(page, "Sent once, however often it is asked for.")
        await page.locator(".pending", has_text="Write a note").wait_for()
        await expect(page.locator(".pending")).to_have_count(0, timeout=20_000)
    assert len(sent) == 2 and sent[0] == sent[1]
    assert site.events(case.number).count("note") == 1


async def test_a_change_that_came_too_late_shows_what_happened_meanwhile(site: Field):
    case = await site.dispatched("JL12")
    await site_accepts(site, case)
    async with site.phone(case, "en") as page:
        await open_ticket(page, case.number)
        await page.locator("#dock .main--quiet").click()
        await page.get_by_role("button", name="Ask for an extension").click()
        await page.locator("#f-request_extension-reason").fill("Owner away until Friday.")
        await page.locator("#f-request_extension-days").fill("3")
        await site.act(case.number, "extend", reason="By order", days=2)
        await page.locator(".sheet form button[type=submit]").click()
        stale = page.locator(".pending--stale")
        await stale.get_by_text("Extension granted").wait_for()
        await looks_right(page, "stale")
        await stale.get_by_role("button", name="Send on the new state").click()
        refused = page.locator(".pending--refused")
        await refused.get_by_text("An extension is granted once.").wait_for()
        await refused.get_by_role("button", name="Back to the form").click()
        await expect(page.locator(".pending")).to_have_count(0)
    assert "request_extension" not in site.events(case.number)


async def site_accepts(site: Field, case: Case) -> None:
    """The inspector accepts and begins, by another device."""
    context = await site.browser.new_context(base_url=site.app.address)
    await signed_in(context, site.app, "inspector")
    for action in ("accept", "start_check"):
        version = site.rows("SELECT version FROM audit_ticket WHERE number = %s", case.number)[0][0]
        answer = await context.request.post(
            f"/api/v1/tickets/{case.number}/actions",
            data={"change_id": str(uuid.uuid4()), "based_on": version, "action": action},
            headers={"Origin": site.app.address},
        )
        assert answer.ok, await answer.text()
    await context.close()


async def note(page: Page, text: str) -> None:
    await page.locator("#dock .main--quiet").click()
    await page.get_by_role("button", name="Write a note").click()
    await page.locator("#f-note-text").fill(text)
    await page.locator(".sheet form button[type=submit]").click()
