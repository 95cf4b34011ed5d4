"""Pressing as a person does: again, when the page was still busy with itself and nothing came of it."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Error, Locator, expect

AGAIN_AFTER_MS = 4_000
TRIES = 6


async def press_until(press: Callable[[], Awaitable[object]], shown: Locator) -> None:
    """Press until what it should show is shown.

    Raises:
        AssertionError: it isn't, however often one presses.
    """
    for _ in range(TRIES - 1):
        await press()
        try:
            await expect(shown).to_be_visible(timeout=AGAIN_AFTER_MS)
        except (AssertionError, Error):
            continue
        return
    await press()
    await expect(shown).to_be_visible()
