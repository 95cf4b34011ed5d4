"""Field events: each a transaction that keeps the chain, the state machine and the feed whole."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest

from audit.chain import COLUMNS, verify
from audit.workflow_states import may_follow
from data_access import demo_events as store
from demo.events import FieldEvents
from demo.load import load
from demo.phone import SimulatedPhone
from demo.phones import read_devices
from demo.steps import next_step

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
    assert happened["new ticket"] and happened["new risk"] and happened["accepted"] and happened["finding_submitted"]
    assert happened["archived"]
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
        assert all(may_follow(row["from_status"], row["to_status"]) for row in rows)  # type: ignore[arg-type]
        assert rows[-1]["to_status"] == status
        assert closed == (status in (90, 95))


async def test_the_feed_tells_each_change(events: tuple[FieldEvents, Counter[str]], owner: psycopg.Connection) -> None:
    _, happened = events
    told = owner.execute("SELECT key, body FROM change_feed WHERE kind = 'ticket' ORDER BY sequence").fetchall()
    appeared = happened["new risk"] + happened["nobody on duty"]
    assert len(told) == STEPS - appeared
    for number, body in told:
        assert body["event"]["key"] == number
        row = body["row"]
        if row is None:
            assert body["event"]["status"] in (90, 95)
        else:
            assert len(row) == 11 and row[0] == number and row[5] == body["event"]["status"]
    risks = owner.execute("SELECT count(*) FROM change_feed WHERE kind = 'risk'").fetchone()
    assert risks == (happened["new risk"] + happened["new ticket"],)
    versions = owner.execute("SELECT body->>'version' FROM change_feed WHERE kind = 'layer' ORDER BY sequence")
    numbers = [int(row[0]) for row in versions]
    assert numbers == sorted(set(numbers))


async def test_the_risk_layer_follows(events: tuple[FieldEvents, Counter[str]], owner: psycopg.Connection) -> None:
    assert owner.execute("SELECT count(*) FROM risk_chunk_dirty").fetchone() == (0,)
    packed = owner.execute("SELECT sum(count), (SELECT count(*) FROM risk_point) FROM risk_chunk").fetchone()
    assert packed is not None and packed[0] == packed[1]


async def test_a_ticket_that_changed_meanwhile_is_left_alone(events: tuple[FieldEvents, Counter[str]]) -> None:
    ticket = (await store.open_work())[0]
    step = next_step(ticket.status, ticket.finding, np.random.default_rng(4))
    assert step is not None
    change = store.Change(
        kind=step.kind, status=step.status, actor="E0001", at=NOW + timedelta(hours=1), due_at=NOW, body={}
    )
    await store.apply(ticket, change)
    with pytest.raises(store.StaleTicket):
        await store.apply(ticket, change)


async def test_a_step_that_the_states_forbid_is_a_fault(events: tuple[FieldEvents, Counter[str]]) -> None:
    ticket = (await store.open_work())[0]
    change = store.Change(kind="generated", status=10, actor="system", at=NOW, due_at=NOW, body={})
    with pytest.raises(ValueError, match="no way from"):
        await store.apply(ticket, change)
