"""The way in, walked in a real Chromium with the content policy in force: by keyboard, in both languages, and wrong."""

import os
from collections.abc import AsyncIterator

import psycopg
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

import app as front_door
from data_access import users
from data_access.engine import dispose_engines
from tests.access.arrange import PASSWORD, accounts
from tests.isolation.twins import build
from tests.serving import serving

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("GRIDAUDIT_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
async def address(database_url: str) -> AsyncIterator[str]:
    with psycopg.connect(database_url, autocommit=True) as owner:
        build(owner)
    await accounts()
    await dispose_engines()
    users.forget()
    with serving(front_door.server) as served:
        yield served


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(chromium: Browser, address: str) -> AsyncIterator[Page]:
    context = await chromium.new_context(base_url=address, locale="en-GB", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)  # type: ignore[attr-defined]
    page.on("pageerror", lambda e: page.complaints.append(str(e)))  # type: ignore[attr-defined]
    yield page
    await context.close()


async def height(page: Page) -> float:
    box = await page.locator("main").bounding_box()
    assert box is not None
    return box["height"]


async def test_by_keyboard_alone_from_a_deep_link_and_back_to_it(page: Page):
    await page.goto("/?unit=1302&x=1")
    await expect(page).to_have_url("/signin?next=/%3Funit%3D1302%26x%3D1")
    await expect(page.locator("#login")).to_be_focused()
    await page.keyboard.type("manager")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Tab")
    await expect(page.locator("#reveal")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("#submit")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url("/?unit=1302&x=1")
    await page.locator("#_pages_content > *").first.wait_for()
    await page.go_back()
    await expect(page).not_to_have_url("/signin")
    policy = [text for text in page.complaints if "Content Security Policy" in text]  # type: ignore[attr-defined]
    assert policy == []


async def test_a_wrong_password_is_told_in_words_without_a_jump(page: Page):
    await page.goto("/signin")
    before = await height(page)
    await page.fill("#login", "manager")
    await page.fill("#password", "a wrong password")
    await page.keyboard.press("Enter")
    await expect(page.locator("#problem")).to_have_text("The account or the password isn't right.")
    await expect(page.locator("#password")).to_be_focused()
    await expect(page.locator("#password")).to_have_value("")
    assert await height(page) == before
    await page.click("#submit")
    await expect(page.locator("#problem")).to_have_text("Please enter your password.")
    assert await height(page) == before


async def test_the_language_is_switched_and_stays(page: Page):
    await page.goto("/signin?next=/tickets")
    await page.click("text=简体中文")
    await expect(page.locator("h1")).to_have_text("登录")
    assert await page.locator("form").get_attribute("data-next") == "/tickets", "the way on isn't lost"
    await page.goto("/signin")
    await expect(page.locator("h1")).to_have_text("登录")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


async def test_the_password_can_be_shown_and_caps_lock_is_told(page: Page):
    await page.goto("/signin")
    await page.fill("#password", "secret")
    await page.click("#reveal")
    await expect(page.locator("#password")).to_have_attribute("type", "text")
    await page.evaluate(
        "document.getElementById('password').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'A', modifierCapsLock: true}))"
    )
    await expect(page.locator("#caps")).to_have_text("Caps lock is on.")


async def test_without_a_server_it_says_so(page: Page):
    await page.goto("/signin")
    await page.fill("#login", "manager")
    await page.fill("#password", "anything")
    await page.route("**/api/v1/session", lambda route: route.abort())
    await page.click("#submit")
    await expect(page.locator("#problem")).to_contain_text("The server can't be reached")
    await expect(page.locator("#submit")).to_have_text("Sign in")


@pytest.mark.parametrize(("width", "tall"), [(360, 740), (1366, 768), (1920, 1080), (3840, 2160)])
async def test_everything_fits_without_scrolling(chromium: Browser, address: str, width: int, tall: int):
    context = await chromium.new_context(base_url=address, viewport={"width": width, "height": tall}, locale="zh-CN")
    page = await context.new_page()
    await page.goto("/signin")
    over = await page.evaluate(
        "[document.documentElement.scrollWidth - innerWidth, document.body.scrollHeight - innerHeight]"
    )
    await context.close()
    assert over[0] <= 0 and over[1] <= 0
