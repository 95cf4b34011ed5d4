"""Engines and transactions: the only way to a connection, always with a role and a scope.

Three database roles do the work, none of which owns a table: `gridaudit_viewer` sees what row security lets the viewer
see, `gridaudit_system` is for work on nobody's behalf (sign-in, ingest, the live hub, jobs), and the login
`gridaudit_web` itself may read nothing. `SET LOCAL` (as `set_config(…, true)`) ends with the transaction, so a pooled
connection never carries a scope over.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from data_access.scope import Viewer
from settings import get_settings

_engines: dict[str, AsyncEngine] = {}
_statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)

_SCOPE = text(
    "SELECT set_config('role', :database_role, true), set_config('gridaudit.org_path', :org_path, true),"
    " set_config('gridaudit.role', :role, true), set_config('gridaudit.employee', :employee, true),"
    " set_config('gridaudit.subject', :subject, true), set_config('statement_timeout', :timeout, true)"
)


class NoDatabase(Exception):
    """No database address is known to this process."""

    def __init__(self) -> None:
        super().__init__("DATABASE_URL is not set: start through ./run, or set it to a PostgreSQL address")


def async_url(address: str) -> str:
    """`postgresql://…` as SQLAlchemy wants it for psycopg 3."""
    return make_url(address).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def database_address(*, read_only: bool = False) -> str:
    """The web login's address.

    Raises:
        NoDatabase: when no address is set.
    """
    database = get_settings().database
    chosen = (
        (database.replica_database_url if read_only else None) or database.web_database_url or database.database_url
    )
    if chosen is None:
        raise NoDatabase
    return chosen.get_secret_value()


def get_engine(*, read_only: bool = False) -> AsyncEngine:
    """The engine of this process, made at first use."""
    address = database_address(read_only=read_only)
    if address not in _engines:
        settings = get_settings().database
        engine = create_async_engine(
            async_url(address),
            pool_size=settings.database_pool_size,
            max_overflow=settings.database_pool_size,
            pool_timeout=10,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"options": "-c timezone=UTC -c jit=off -c role=gridaudit_web", "connect_timeout": 5},
        )
        event.listen(engine.sync_engine, "before_cursor_execute", _count)
        _engines[address] = engine
    return _engines[address]


async def dispose_engines() -> None:
    """Close every pool of this process."""
    while _engines:
        _, engine = _engines.popitem()
        await engine.dispose()


def _count(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    seen = _statements.get()
    if seen is not None and "set_config('role'" not in statement:
        seen.append(statement)


@asynccontextmanager
async def counting_statements() -> AsyncIterator[list[str]]:
    """Collects the SQL statements run inside the block, the scope statement left out: for query budgets."""
    collected: list[str] = []
    token = _statements.set(collected)
    try:
        yield collected
    finally:
        _statements.reset(token)


@asynccontextmanager
async def _transaction(
    parameters: dict[str, str], *, read_only: bool, consistent: bool = False
) -> AsyncIterator[AsyncConnection]:
    timeout = str(get_settings().database.database_statement_timeout_ms)
    async with get_engine(read_only=read_only).connect() as connection:
        if consistent:
            await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            await connection.execute(_SCOPE, {"timeout": timeout, **parameters})
            yield connection


def _viewer_parameters(viewer: Viewer) -> dict[str, str]:
    return {
        "database_role": "gridaudit_viewer",
        "org_path": viewer.org_path,
        "role": viewer.role,
        "employee": viewer.employee_number or "",
        "subject": viewer.subject,
    }


@asynccontextmanager
async def reading(viewer: Viewer, *, consistent: bool = False) -> AsyncIterator[AsyncConnection]:
    """One read transaction in the viewer's scope, on the replica where there is one.

    `consistent`: all statements see one moment of the database (REPEATABLE READ), and it is the primary that is asked,
    because what is read will be continued from the change feed.
    """
    async with _transaction(_viewer_parameters(viewer), read_only=not consistent, consistent=consistent) as connection:
        yield connection


@asynccontextmanager
async def writing(viewer: Viewer) -> AsyncIterator[AsyncConnection]:
    """One transaction in the viewer's scope that may write; commits at the end, rolls back on an exception."""
    async with _transaction(_viewer_parameters(viewer), read_only=False) as connection:
        yield connection


@asynccontextmanager
async def system(
    subject: str, *, timeout_ms: int | None = None, consistent: bool = False
) -> AsyncIterator[AsyncConnection]:
    """One transaction on nobody's behalf; `subject` names the part of the program for the logs.

    `consistent`: all statements see one moment of the database (REPEATABLE READ): for long reads.
    """
    parameters = {
        "database_role": "gridaudit_system",
        "org_path": "",
        "role": "system",
        "employee": "",
        "subject": subject,
    }
    if timeout_ms is not None:
        parameters["timeout"] = str(timeout_ms)
    async with _transaction(parameters, read_only=False, consistent=consistent) as connection:
        yield connection
