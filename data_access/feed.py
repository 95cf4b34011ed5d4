"""The change feed as the live hub reads it: what changed since a sequence number, and a bell that says when to look.

`append_changes` (migration 0002) writes it under a lock, so numbers appear in commit order: whoever has seen n misses
nothing smaller. Numbers may be skipped by a rollback.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import psycopg
from sqlalchemy import text

from data_access.engine import database_address, system

Kind = Literal["position", "ticket", "risk", "layer", "access"]
CHANNEL = "gridaudit_change"
READ_AT_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the feed."""

    sequence: int
    kind: Kind
    key: str
    org_path: str
    body: dict[str, Any]


async def newest() -> int:
    """The newest sequence number, 0 in an empty feed. One statement."""
    async with system("live") as connection:
        return int((await connection.execute(text("SELECT newest_change()"))).scalar_one())


async def changes_since(sequence: int) -> list[Change]:
    """Changes after `sequence`, in commit order, at most 20,000 of them. One statement."""
    async with system("live") as connection:
        rows = await connection.execute(
            text(
                "SELECT sequence, kind, key, org_path::text, body FROM change_feed WHERE sequence > :sequence"
                " ORDER BY sequence LIMIT :most"
            ),
            {"sequence": sequence, "most": READ_AT_MOST},
        )
        return [Change(row[0], cast(Kind, row[1]), row[2], row[3], row[4]) for row in rows]


async def bell() -> AsyncIterator[None]:
    """Yields once when it listens, then at every change, on a connection of its own.

    Raises:
        psycopg.Error: the connection was lost; whoever listens calls again.
    """
    connection = await psycopg.AsyncConnection.connect(
        database_address(),
        autocommit=True,
        connect_timeout=5,
        options="-c role=gridaudit_web",
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
    )
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        yield
        async for _ in connection.notifies():
            yield
