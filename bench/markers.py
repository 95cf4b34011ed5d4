"""2,000 markers moving once a second on one screen: frame times and memory of the real wall in a real Chromium.

The page's live socket is answered by the bench as `api/live.py` would, so the numbers are those of the drawing
and not of the server. Without a graphics card every pixel is painted by the processor: a floor, not a typical screen.
"""

import asyncio
import json
import math
import random
import time
from typing import Any

from playwright.async_api import WebSocketRoute, async_playwright

from bench.report import Figure, summarise

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
COUNT_FRAMES = """
window.__frames = [];
(function tick(last) {
  requestAnimationFrame(function (now) {
    if (last) { window.__frames.push(now - last); }
    tick(now);
  });
})(0);
"""


class Crowd:
    """Inspectors that walk; rows as the live socket sends them."""

    def __init__(self, count: int, seed: int = 3) -> None:
        self._random = random.Random(seed)
        self._people: list[list[Any]] = [
            [
                f"B{number:07}",
                118.2 + self._random.gauss(0, 0.8),
                39.8 + self._random.gauss(0, 0.5),
                self._random.random() * 360,
            ]
            for number in range(count)
        ]
        self.sequence = 1

    def rows(self) -> list[list[Any]]:
        """Everybody, one second further on."""
        now = int(time.time() * 1000)
        for person in self._people:
            person[3] = (person[3] + self._random.gauss(0, 12)) % 360
            person[1] += math.sin(math.radians(person[3])) * 1.2e-4
            person[2] += math.cos(math.radians(person[3])) * 0.9e-4
        return [
            [number, "bench", "13020201", lon, lat, heading, 36.0, "way", now, 1, None, 80]
            for number, lon, lat, heading in self._people
        ]

    def delta(self) -> str:
        """The next message."""
        self.sequence += 1
        return json.dumps(
            {
                "type": "delta",
                "prev": self.sequence - 1,
                "seq": self.sequence,
                "at": int(time.time() * 1000),
                "inspectors": self.rows(),
                "tickets": [],
                "gone": [],
                "events": [],
            }
        )


async def moving_markers(
    base_url: str,
    cookies: list[Any],
    snapshot: dict[str, Any],
    *,
    markers: int,
    seconds: int,
    zoom_out: bool,
) -> list[Figure]:
    """Frame times while `markers` move once a second for `seconds`, and the heap's growth over the second half."""
    crowd = Crowd(markers)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        # The page's content policy forbids evaluating strings, which is how frames are read here.
        context = await browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
        await context.add_cookies(cookies)
        page = await context.new_page()
        await page.add_init_script(COUNT_FRAMES)
        sockets: list[WebSocketRoute] = []

        def answer(socket: WebSocketRoute) -> None:
            sockets.append(socket)
            socket.send(
                json.dumps(
                    {**snapshot, "seq": crowd.sequence, "at": int(time.time() * 1000), "inspectors": crowd.rows()}
                )
            )

        await page.route_web_socket("**/ws/live*", answer)
        await page.goto(base_url + ("/" if zoom_out else "/?at=39.8,118.2,11"))
        await page.wait_for_function("window.__frames.length > 60", timeout=60_000)
        client = await context.new_cdp_session(page)

        async def heap_mb() -> float:
            await client.send("HeapProfiler.collectGarbage")
            metrics = await client.send("Performance.getMetrics")
            return next(item["value"] for item in metrics["metrics"] if item["name"] == "JSHeapUsedSize") / 2**20

        await client.send("Performance.enable")
        for _ in range(5):
            sockets[-1].send(crowd.delta())
            await asyncio.sleep(1)
        await page.evaluate("window.__frames.length = 0")
        middle = 0.0
        for turn in range(seconds):
            begun = time.perf_counter()
            sockets[-1].send(crowd.delta())
            if turn == seconds // 2:
                middle = await heap_mb()
            await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - begun)))
        frames: list[float] = await page.evaluate("window.__frames")
        end = await heap_mb()
        await browser.close()
    where = "whole area, clustered" if zoom_out else "near, most markers apart"
    over = sum(frame > 100 for frame in frames)
    return [
        summarise(
            f"frame time, {markers:,} markers, {where}",
            "ms",
            frames,
            budget=100.0,
            note=f"{over} of {len(frames):,} frames over 100 ms, longest {max(frames):.0f} ms, {seconds} s",
        ),
        summarise(f"heap growth over {seconds // 2} s, {where}", "MB", [end - middle], note=f"{end:.1f} MB at the end"),
    ]
