"""The search of the top bar, over HTTP, signed in, under row security: what people type, right and with one slip.

Texts come from the data: whole numbers and beginnings, names and parts of names, each also with one character wrong.
"""

import random
import time
from typing import Any

import httpx
import psycopg

from bench.report import Figure, summarise

CALLS = 300
BUDGET_MS = 50.0
COMMON = ("有限公司", "小区", "公变", "王", "张伟", "供电所", "no such thing")


def _slipped(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    wrong = chance.choice("0123456789") if text[at].isdigit() else chr(0x4E00 + chance.randrange(3_000))
    return text[:at] + wrong + text[at + 1 :]


def _asked(owner_url: str, chance: random.Random) -> tuple[list[str], int]:
    """Texts, and how many customers there are."""
    with psycopg.connect(owner_url) as connection:
        customers = connection.execute("SELECT count(*) FROM customer").fetchone()
        rows = connection.execute("SELECT number, name FROM customer TABLESAMPLE bernoulli(2) LIMIT 2000").fetchall()
        others = connection.execute(
            "(SELECT number FROM meter TABLESAMPLE bernoulli(1) LIMIT 200) UNION ALL"
            " (SELECT name FROM transformer_district TABLESAMPLE bernoulli(5) LIMIT 200) UNION ALL"
            " (SELECT number FROM audit_ticket TABLESAMPLE bernoulli(5) LIMIT 200) UNION ALL"
            " (SELECT name_zh FROM organisation LIMIT 100)"
        ).fetchall()
    texts: list[str] = []
    for number, name in chance.sample(rows, min(len(rows), CALLS // 4)):
        texts += [number, number[: chance.randrange(3, len(number))], name, name[:2], _slipped(number, chance)]
        texts.append(_slipped(name, chance))
    texts += [text for (text,) in chance.sample(others, min(len(others), CALLS // 3))]
    texts += list(COMMON)
    chance.shuffle(texts)
    return texts[:CALLS], customers[0] if customers else 0


def _callback(client: httpx.Client) -> dict[str, Any]:
    for entry in client.get("/_dash-dependencies").json():
        if [one["id"] for one in entry["inputs"]] == ["desk-search-asked"]:
            return dict(entry)
    raise LookupError("the top bar has no callback for its search")


def search_calls(client: httpx.Client, owner_url: str) -> list[Figure]:
    """One figure: a search as the browser asks for it."""
    texts, customers = _asked(owner_url, random.Random(7))
    entry = _callback(client)
    name, prop = entry["output"].rsplit(".", 1)
    origin = str(client.base_url).rstrip("/")
    spent: list[float] = []
    for text in texts:
        call = {
            "output": entry["output"],
            "outputs": {"id": name, "property": prop},
            "inputs": [{**entry["inputs"][0], "value": text}],
            "state": [{**entry["state"][0], "value": "zh-CN"}],
            "changedPropIds": ["desk-search-asked.data"],
        }
        begun = time.perf_counter()
        answer = client.post("/_dash-update-component", json=call, headers={"Origin": origin})
        spent.append((time.perf_counter() - begun) * 1000)
        answer.raise_for_status()
    return [summarise("search, any kind", "ms", spent, budget=BUDGET_MS, note=f"over {customers:,} customers")]
