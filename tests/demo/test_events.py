"""Field events: the demo's people act through the same doors as everybody, and chain, states and feed stay whole."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest

from audit.chain import COLUMNS, verify
from audit.workflow_states import may_follow
from demo.events import FieldEvents
from demo.load import load
from demo.phone import SimulatedPhone
from demo.phones import read_devices

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
STEPS = 150


@pytest.fixture(scope="module")
async def events(database: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[FieldEvents, Counter[str]]:
    folder: Path = tmp_path_factory.mktemp("demo")
    report = load(database, size="small", seed=11, now=NOW, data_dir=folder)
    cards, ground = read_devices(report.device_tokens_file)
    phones = {card.number: SimulatedPhone(card, ground, np.random.default_rng(1)) for card in cards}
    field = FieldEvents(phones, np.random.default_rng(2))
    happened: Counter[str] = Counter()
    for step in range(STEPS):
        happened[await field.one(NOW + timedelta(seconds=7 * (step + 1)))] += 1
    return field, happened


async def test_work_moves_on_and_comes_in(events: tuple[FieldEvents, Counter[str]]) -> None:
    _, happened = events
    assert happened["new ticket"] and happened["new risk"] and happened["accept"] and happened["submit_finding"]
    assert happened["pass_review"]
    assert sum(happened.values()) == STEPS


async def test_chains_and_states_hold(events: tuple[FieldEvents, Counter[str]], owner: psycopg.Connection) -> None:
    columns = (*COLUMNS, "hash")
    names = ", ".join("org_path::text" if column == "org_path" else column for column in columns)
    chains: dict[str, list[dict[str, object]]] = {}
    for row in owner.execute(f"SELECT {names} FROM ticket_event ORDER BY ticket_number, sequence"):
        chains.setdefault(row[1], []).append(dict(zip(columns, row, strict=True)))
    for number, version, status, closed in owner.execute(
        "SELECT number, version, status, closed_at IS NOT NULL FROM audit_ticket"
    ):
        rows = chains[number]
        assert verify(rows, expected_count=version) is None
        assert all(
            row["from_status"] == row["to_status"] or may_follow(row["from_status"], row["to_status"])  # type: ignore[arg-type]
            for row in rows
        )
        assert rows[-1]["to_status"] == status
        assert closed == (status in (90, 95))


async def test_the_feed_tells_each_change(events: tuple[FieldEvents, Counter[str]], owner: psycopg.Connection) -> None:
    _, happened = events
    told = owner.execute("SELECT key, body FROM change_feed WHERE kind = 'ticket' ORDER BY sequence").fetchall()
    quiet = happened["new risk"] + happened["nobody on duty"]
    # A third return brings an escalation with it.
    assert len(told) == STEPS - quiet + sum(body["event"]["code"] == "escalate" for _, body in told)
    for number, body in told:
        assert body["event"]["key"] == number
        row = body["row"]
        if row is None:
            assert body["event"]["status"] in (90, 95)
        else:
            assert len(row) == 11 and row[0] == number and row[5] == body["event"]["status"]
    risks = owner.execute("SELECT count(*) FROM change_feed WHERE kind = 'risk'").fetchone()
    assert risks == (happened["new risk"] + happened["new ticket"] + happened["merged"],)
    versions = owner.execute("SELECT body->>'version' FROM change_feed WHERE kind = 'layer' ORDER BY sequence")
    numbers = [int(row[0]) for row in versions]
    assert numbers == sorted(set(numbers))


async def test_the_risk_layer_follows(events: tuple[FieldEvents, Counter[str]], owner: psycopg.Connection) -> None:
    assert owner.execute("SELECT count(*) FROM risk_chunk_dirty").fetchone() == (0,)
    packed = owner.execute("SELECT sum(count), (SELECT count(*) FROM risk_point) FROM risk_chunk").fetchone()
    assert packed is not None and packed[0] == packed[1]
