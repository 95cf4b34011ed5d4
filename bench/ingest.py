"""How many fixes a second are taken over HTTP, stored and answered, beside raw COPY of the same rows."""

import asyncio
import time

import httpx
import numpy as np
import psycopg

from bench.binary_copy import copy_columns, double, ltree, real, text, timestamp
from bench.report import Figure, summarise

BATCH = 500


async def over_http(
    base_url: str, tokens: dict[str, str], places: dict[str, tuple[float, float]], *, batches_each: int
) -> Figure:
    """Every device sends `batches_each` batches of 500 fixes a second apart, ending before now, over 16 connections."""
    people = sorted(tokens)[:100]
    start_ms = int(time.time() * 1000) - (batches_each + 1) * BATCH * 1000
    queue: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    for batch in range(batches_each):
        for number in people:
            queue.put_nowait((number, batch))
    accepted = 0
    rates: list[float] = []

    async def worker(client: httpx.AsyncClient) -> None:
        nonlocal accepted
        while not queue.empty():
            number, batch = queue.get_nowait()
            longitude, latitude = places[number]
            fixes = [
                {
                    "at": start_ms + (batch * BATCH + k) * 1000,
                    "lon": longitude + (batch * BATCH + k) * 1e-6,
                    "lat": latitude,
                    "accuracy_m": 6,
                    "speed_kmh": 3,
                }
                for k in range(BATCH)
            ]
            answer = await client.post(
                "/api/v1/positions", json={"fixes": fixes}, headers={"Authorization": f"Bearer {tokens[number]}"}
            )
            answer.raise_for_status()
            accepted += answer.json()["accepted"]

    async with httpx.AsyncClient(base_url=base_url, timeout=120) as client:
        begun = time.perf_counter()
        tasks = [asyncio.create_task(worker(client)) for _ in range(16)]
        last = 0
        while not all(task.done() for task in tasks):
            await asyncio.sleep(1)
            rates.append(float(accepted - last))
            last = accepted
        await asyncio.gather(*tasks)
        elapsed = time.perf_counter() - begun
    return summarise(
        "ingest over HTTP, batches of 500",
        "fixes/s",
        [accepted / elapsed],
        budget=10_000.0,
        higher_is_better=True,
        note=f"{accepted:,} accepted in {elapsed:.1f} s",
    )


def raw_copy(database_url: str, *, rows: int) -> float:
    """Rows a second of one binary COPY, made before the clock starts, into a logged table like `position_fix`.

    Same columns, primary key and BRIN index; committed.
    """
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE IF EXISTS raw_fix")
        connection.execute("CREATE TABLE raw_fix (LIKE position_fix INCLUDING DEFAULTS)")
        connection.execute("ALTER TABLE raw_fix ADD PRIMARY KEY (county_code, employee_number, fixed_at)")
        connection.execute("CREATE INDEX ON raw_fix USING brin (fixed_at)")
        connection.commit()
        numbers = np.arange(rows)
        fields = {
            "county_code": text("130202"),
            "employee_number": text(np.char.add("B", np.char.zfill((numbers % 100).astype(str), 7))),
            "fixed_at": timestamp(int(time.time() * 1e6) - numbers * 1_000_000),
            "longitude": double(118.1 + numbers * 1e-7),
            "latitude": double(np.float64(39.6)),
            "speed_kmh": real(np.float32(3)),
            "org_path": ltree("jibei.1302.130202.13020201"),
        }
        begun = time.perf_counter()
        copy_columns(connection, "raw_fix", fields, rows)
        connection.commit()
        elapsed = time.perf_counter() - begun
        connection.execute("DROP TABLE raw_fix")
    return rows / elapsed
