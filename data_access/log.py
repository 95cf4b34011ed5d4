"""The audit log: who did what to which object, from where. Append-only by trigger, readable by administrators.

A line is written in the transaction of what it is about, so neither exists without the other.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from data_access.scope import Viewer

current_address: ContextVar[str | None] = ContextVar("current_address", default=None)
"""Network address of the client of this request; set by the guard."""

_APPEND = text(
    "INSERT INTO audit_log (subject, role, action, object_kind, object_key, detail, address, org_path)"
    " VALUES (:subject, :role, :action, :object_kind, :object_key, :detail, :address, CAST(:org_path AS ltree))"
).bindparams(bindparam("detail", type_=JSONB))


async def log_action(
    connection: AsyncConnection,
    viewer: Viewer | None,
    action: str,
    object_kind: str,
    object_key: str,
    detail: Mapping[str, Any] | None = None,
    address: str | None = None,
    *,
    org_path: str | None = None,
    subject: str | None = None,
) -> None:
    """Appends one line to the audit log.

    `viewer` is who acted, None for the program itself or for somebody unknown (`subject` then says who it claims to
    be). `org_path` places the line, so that the administrator of that unit can read it; by default where the viewer
    stands.
    `address` is by default that of the current request.
    """
    await connection.execute(
        _APPEND,
        {
            "subject": subject or (viewer.subject if viewer else "system"),
            "role": viewer.role if viewer else "none",
            "action": action,
            "object_kind": object_kind,
            "object_key": object_key,
            "detail": dict(detail or {}),
            "address": address if address is not None else current_address.get(),
            "org_path": org_path if org_path is not None else (viewer.org_path if viewer else ""),
        },
    )
