"""`/health` says one word, truly."""

import pytest

from api import health


@pytest.fixture(autouse=True)
def asked_afresh(monkeypatch):
    monkeypatch.setattr(health, "_last", (0.0, "starting"))


async def test_ready(visitor):
    answer = await visitor.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_starting_until_it_is_warm(visitor, app):
    app.state.ready = False
    try:
        answer = await visitor.get("/health")
    finally:
        app.state.ready = True
    assert (answer.status_code, answer.json()) == (503, {"status": "starting"})


async def test_degraded_with_another_schema(visitor, owner):
    owner.execute("UPDATE alembic_version SET version_num = '0000'")
    try:
        answer = await visitor.get("/health")
    finally:
        owner.execute("UPDATE alembic_version SET version_num = %s", (health._needed(),))
    assert (answer.status_code, answer.json()) == (503, {"status": "degraded"})


async def test_degraded_without_database_and_no_details(visitor, monkeypatch):
    async def gone() -> None:
        raise OSError("connection to 10.1.2.3 refused")

    monkeypatch.setattr(health, "schema_revision", gone)
    answer = await visitor.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "degraded"})
