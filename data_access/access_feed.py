"""Tells every web process that somebody's rights changed, through the change feed (kind `access`)."""

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

_APPEND = text("SELECT append_change('access', :key, :org_path, :body)").bindparams(bindparam("body", type_=JSONB))


async def announce(connection: AsyncConnection, key: str, org_path: str, what: str) -> None:
    """Call it last in a transaction: it takes the feed's lock, which is held until the commit.

    `key` is the id of a user or a token; `what` says what happened (`role_changed`, `revoked`, …).
    """
    await connection.execute(_APPEND, {"key": key, "org_path": org_path, "body": {"what": what}})
