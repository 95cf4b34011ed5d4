"""The ticket list with 1,000,000 tickets: what the page's table asks for, over HTTP, signed in, under row security.

Each sample is one block of the table as the browser asks for it: first pages with their count, and later ones.
"""

import random
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg

from bench.report import Figure, summarise

CALLS = 240
BUDGET_MS = 100.0
SORTS = {"open": ["due", "opened", "number", "level"], "closed": ["closed", "number", "level", "opened"]}


def _table_callback(client: httpx.Client) -> dict[str, Any]:
    """The callback that answers the table, as the page's own script would find it."""
    for entry in client.get("/_dash-dependencies").json():
        if [(one["id"], one["property"]) for one in entry["inputs"]] == [("tickets-grid", "getRowsRequest")]:
            return dict(entry)
    raise LookupError("the page of tickets has no callback for the table's rows")


def _block(client: httpx.Client, entry: dict[str, Any], search: str, start: int, anchors: Any) -> tuple[float, Any]:
    parts = [part.rsplit(".", 1) for part in entry["output"].strip(".").split("...")]
    values = {"getRowsRequest": {"startRow": start, "endRow": start + 100, "sortModel": []}}
    state = {"tickets-address": search, "tickets-anchors": anchors}
    call = {
        "output": entry["output"],
        "outputs": [{"id": name, "property": prop} for name, prop in parts],
        "inputs": [{**one, "value": values[one["property"]]} for one in entry["inputs"]],
        "state": [{**one, "value": state[one["id"]]} for one in entry["state"]],
        "changedPropIds": ["tickets-grid.getRowsRequest"],
    }
    origin = str(client.base_url).rstrip("/")
    begun = time.perf_counter()
    answer = client.post("/_dash-update-component", json=call, headers={"Origin": origin})
    spent = (time.perf_counter() - begun) * 1000
    answer.raise_for_status()
    return spent, answer.json()["response"]


def _search(source: random.Random, codes: list[str], units: list[str], days: list[str]) -> str:
    """Any view that a person could open, most parts left open."""
    state = source.choice(["open", "open", "closed"])
    query = {"sort": source.choice(["", "-"]) + source.choice(SORTS[state])}
    if state == "closed":
        query["state"] = state
    chance = source.random()
    if chance < 0.2:
        query["level"] = source.choice(["1", "1,2", "3"])
    elif chance < 0.35:
        query["anomaly"] = ",".join(source.sample(codes, source.randint(1, 3)))
    elif chance < 0.45:
        query["business"] = source.choice(codes)[:2]
    elif chance < 0.65:
        query["unit"] = source.choice(units)
    elif chance < 0.75 and state == "open":
        query |= source.choice([{"due": "overdue"}, {"status": "80"}, {"status": "30,40"}, {"due": "today"}])
    elif chance < 0.85:
        query["from"] = source.choice(days)
    return "?" + urlencode(query, safe=",:")


def ticket_table(client: httpx.Client, database_url: str, *, seed: int = 11) -> list[Figure]:
    """First blocks (rows and their count) of many views, and blocks further down."""
    source = random.Random(seed)
    with psycopg.connect(database_url) as connection:
        codes = [row[0] for row in connection.execute("SELECT code FROM anomaly_type ORDER BY 1")]
        units = [row[0] for row in connection.execute("SELECT code FROM organisation WHERE level IN (1, 2) ORDER BY 1")]
        days = [
            row[0]
            for row in connection.execute(
                "SELECT to_char(now() - make_interval(days => n), 'YYYY-MM-DD') FROM generate_series(1, 700, 35) AS n"
            )
        ]
        (tickets, opened) = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL) FROM audit_ticket"
        ).fetchall()[0]
    entry = _table_callback(client)
    first: list[float] = []
    further: list[float] = []
    worst = (0.0, "")
    for _ in range(CALLS):
        search = _search(source, codes, units, days)
        spent, answer = _block(client, entry, search, 0, {})
        first.append(spent)
        worst = max(worst, (spent, search))
        for turn in (1, 2):
            anchors = answer["tickets-anchors"]["data"] if "tickets-anchors" in answer else {}
            if len(answer["tickets-grid"]["getRowsResponse"]["rowData"]) < 100 or str(100 * turn) not in anchors["at"]:
                break
            spent, answer = _block(client, entry, search, 100 * turn, anchors)
            further.append(spent)
    note = f"{tickets:,} tickets, {opened:,} open; slowest {worst[0]:.0f} ms: {worst[1]}"
    figures = [summarise("ticket table, first block with its count", "ms", first, budget=BUDGET_MS, note=note)]
    if further:
        figures.append(summarise("ticket table, further down", "ms", further, budget=BUDGET_MS))
    return figures
