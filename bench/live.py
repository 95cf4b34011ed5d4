"""From a fix sent to a fix seen: real sockets, real posts; and what a viewer costs beside a polling page."""

import asyncio
import gzip
import json
import os
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import websockets

from bench.report import Figure, summarise

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root_pid: int) -> float:
    """User and system time of a process and its children so far, from /proc."""
    total, waiting = 0.0, [root_pid]
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
    return total


def _all_cpu(pids: tuple[int, ...]) -> float:
    return sum(cpu_seconds(pid) for pid in pids)


@dataclass(slots=True)
class Seen:
    """What one viewer saw: delays in seconds, bytes, messages."""

    delays: list[float]
    received: int = 0
    messages: int = 0


async def _watch(
    address: str, cookie: str, sent: dict[tuple[str, int], float], seen: Seen, ready: asyncio.Event
) -> None:
    async with websockets.connect(
        address, additional_headers={"Cookie": cookie}, max_size=None, open_timeout=60, compression=None
    ) as socket:
        async for message in socket:
            now = time.perf_counter()
            seen.received += len(message)
            seen.messages += 1
            body = json.loads(gzip.decompress(message) if isinstance(message, bytes) else message)
            if body["type"] == "snapshot":
                ready.set()
            elif body["type"] == "delta":
                for row in body.get("inspectors", ()):
                    posted = sent.get((row[0], row[8]))
                    if posted is not None:
                        seen.delays.append(now - posted)


async def fan_out(
    base_url: str,
    cookie: str,
    tokens: dict[str, str],
    places: dict[str, tuple[float, float]],
    *,
    inspectors: int,
    viewers: int,
    seconds: int,
    server_pids: tuple[int, ...],
) -> list[Figure]:
    """`inspectors` phones post once every 10 s each, `viewers` sockets watch, for `seconds`."""
    sent: dict[tuple[str, int], float] = {}
    address = base_url.replace("http", "ws", 1) + "/ws/live"
    seen = [Seen([]) for _ in range(viewers)]
    ready = [asyncio.Event() for _ in range(viewers)]
    watchers = [
        asyncio.create_task(_watch(address, cookie, sent, one, event)) for one, event in zip(seen, ready, strict=True)
    ]
    try:
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in ready)), 120)
        people = sorted(tokens)[:inspectors]
        before = _all_cpu(server_pids)
        begun = time.perf_counter()
        async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:

            async def post(number: str, turn: int) -> None:
                longitude, latitude = places[number]
                moment = int(time.time() * 1000)
                sent[number, moment] = time.perf_counter()
                answer = await client.post(
                    "/api/v1/positions",
                    headers={"Authorization": f"Bearer {tokens[number]}"},
                    json={
                        "fixes": [
                            {
                                "at": moment,
                                "lon": longitude + turn * 1e-4,
                                "lat": latitude,
                                "accuracy_m": 8,
                                "speed_kmh": 20,
                            }
                        ]
                    },
                )
                answer.raise_for_status()
                if answer.json()["accepted"] != 1:
                    raise RuntimeError(f"a bench fix was refused: {answer.text}")

            posts: list[asyncio.Task[None]] = []
            for turn in range(max(1, seconds // 10)):
                for place, number in enumerate(people):
                    target = begun + turn * 10 + place * 10 / len(people)
                    await asyncio.sleep(max(0.0, target - time.perf_counter()))
                    posts.append(asyncio.create_task(post(number, turn)))
            await asyncio.gather(*posts)
        await asyncio.sleep(2)
        spent = _all_cpu(server_pids) - before
        elapsed = time.perf_counter() - begun
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    delays = [delay * 1000 for one in seen for delay in one.delays]
    expected = len(sent) * viewers
    note = (
        f"{inspectors:,} inspectors, {viewers} sockets, {len(delays):,} of {expected:,} seen (merged ones count once)"
    )
    return [
        summarise("fix sent → received by a viewer", "ms", delays, budget=1000.0, note=note),
        summarise(
            "server CPU for a viewer, phones included",
            "ms/s",
            [spent / elapsed / viewers * 1000],
            note="posts and sockets together",
        ),
        summarise("bytes to a viewer", "KB/s", [statistics.mean(one.received for one in seen) / 1024 / elapsed]),
    ]


async def polling_peer(database_url: str, port: int, *, viewers: int, seconds: int) -> tuple[float, float]:
    """CPU milliseconds a second and KB a second for one viewer of the plain page that polls once a second."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.peer", str(port), database_url)
    body = {
        "output": "people.data",
        "outputs": {"id": "people", "property": "data"},
        "inputs": [{"id": "tick", "property": "n_intervals", "value": 1}],
        "changedPropIds": ["tick.n_intervals"],
    }
    received = 0
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for _ in range(100):
                with suppress(httpx.TransportError):
                    if (await client.get("/_dash-layout")).status_code == 200:
                        break
                await asyncio.sleep(0.2)
            before, begun = cpu_seconds(process.pid), time.perf_counter()

            async def poll() -> None:
                nonlocal received
                while time.perf_counter() - begun < seconds:
                    turn = time.perf_counter()
                    answer = await client.post("/_dash-update-component", json=body)
                    answer.raise_for_status()
                    received += len(answer.content)
                    await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - turn)))

            await asyncio.gather(*(poll() for _ in range(viewers)))
            elapsed = time.perf_counter() - begun
            return (cpu_seconds(process.pid) - before) / elapsed / viewers * 1000, received / 1024 / elapsed / viewers
    finally:
        process.terminate()
        await process.wait()
