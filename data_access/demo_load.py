"""The database side of loading the demo: who may load, what is finished, and the way back to an empty schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from alembic import command
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from data_access.bulk import BulkWriter
from data_access.engine import async_url
from data_access.migrate import alembic_config

NAME = "demo"
_LOCK = 4703210


class AlreadyLoaded(Exception):
    """The demo is in this database and complete."""


class DatabaseNotEmpty(Exception):
    """There is data that the demo did not write; it would be mixed with made-up rows."""

    def __init__(self) -> None:
        super().__init__("the database already holds organisations that are not the demo's: choose an empty database")


@dataclass(frozen=True, slots=True)
class LoadState:
    """The row of `data_load`; unfinished when a load was interrupted."""

    size: str
    seed: int
    started_at: datetime
    finished_at: datetime | None
    detail: dict[str, Any]


def load_state(connection: psycopg.Connection) -> LoadState | None:
    """What `data_load` says about the demo; None when it was never loaded."""
    row = connection.execute(
        "SELECT size, seed, started_at, finished_at, detail FROM data_load WHERE name = %s", (NAME,)
    ).fetchone()
    return LoadState(*row) if row else None


def demo_state(address: str) -> LoadState | None:
    """As `load_state`, for a database address."""
    with psycopg.connect(_plain(address), autocommit=True) as connection:
        return load_state(connection)


def _plain(address: str) -> str:
    return make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def demo_load(address: str, size: str, seed: int, version: str) -> Iterator[tuple[psycopg.Connection, BulkWriter]]:
    """One transaction that loads all or nothing.

    The row of `data_load` is written and committed before, and gets `finished_at` in the transaction itself: a row
    without it tells of an interrupted load, which left nothing else behind and is simply done again. A second process
    waits for the first and then finds it done.

    Raises:
        AlreadyLoaded: a finished demo is there.
        DatabaseNotEmpty: other data is there.
    """
    with psycopg.connect(_plain(address), options="-c timezone=UTC -c jit=off") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        state = load_state(connection)
        if state and state.finished_at:
            raise AlreadyLoaded(f"size {state.size}, seed {state.seed}, finished {state.finished_at:%Y-%m-%d %H:%M}")
        if connection.execute("SELECT 1 FROM organisation LIMIT 1").fetchone():
            raise DatabaseNotEmpty
        connection.execute(
            "INSERT INTO data_load (name, size, seed, version, started_at) VALUES (%s, %s, %s, %s, clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET size = EXCLUDED.size, seed = EXCLUDED.seed,"
            " version = EXCLUDED.version, started_at = EXCLUDED.started_at, detail = '{}'",
            (NAME, size, seed, version),
        )
        connection.commit()
        with connection.transaction():
            # Nothing is lost if the machine stops before the log is on disk: the load would be seen as interrupted.
            connection.execute("SET LOCAL synchronous_commit = off")
            yield connection, BulkWriter(connection)
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def ensure_partitions(connection: psycopg.Connection, first: date, last: date) -> None:
    """Partitions of `position_fix` for days in UTC."""
    connection.execute("SELECT ensure_fix_partitions(%s, %s)", (first, last))


def finish(connection: psycopg.Connection, detail: dict[str, Any]) -> None:
    """Pack the risk layer, fold the roll-ups, gather statistics, and say that the load is complete."""
    connection.execute("SELECT refresh_risk_chunks(), fold_roll_ups()")
    _analyze(connection)
    connection.execute(
        "UPDATE data_load SET finished_at = clock_timestamp(), detail = %s WHERE name = %s", (Jsonb(detail), NAME)
    )


def _analyze(connection: psycopg.Connection) -> None:
    """Statistics of every table. Those cut by time are many and alike: a tenth of the usual sample of each will do."""
    tables = connection.execute(
        "SELECT relname, relkind = 'p' FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace AND relname <> 'spatial_ref_sys' ORDER BY relkind DESC, relname"
    ).fetchall()
    for name, is_cut in tables:
        connection.execute("SELECT set_config('default_statistics_target', %s, true)", ("10" if is_cut else "100",))
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))


def empty_schema(address: str) -> None:
    """Drop every table and make them anew: events and logs refuse to be deleted by anybody, so there is no other way.

    Other connections are given ten seconds to let go of the tables.
    """
    engine = create_engine(async_url(address), connect_args={"options": "-c lock_timeout=10000"})
    try:
        with engine.connect() as connection:
            command.downgrade(alembic_config(connection), "base")
            command.upgrade(alembic_config(connection), "head")
            connection.commit()
    finally:
        engine.dispose()
