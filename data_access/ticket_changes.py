"""A change happens once: what its id named, and the answer that it got, kept in the transaction of the change itself.

Clients make the ids, so a request that was lost, sent twice or sent late can be sent again without harm.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from audit.chain import NotHashable, canonical
from audit.workflow_facts import Actor
from audit.workflow_fields import Fault
from data_access.scope import Viewer
from data_access.ticket_errors import ChangeIdReused, FieldsWrong

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(4703212, hashtext(:id))")
_MADE = text("SELECT actor, content_hash, answer FROM ticket_change WHERE id = CAST(:id AS uuid)")
_REMEMBER = text(
    "INSERT INTO ticket_change (county_code, id, ticket_number, actor, action, content_hash, answer, made_at, org_path)"
    " VALUES (:county, CAST(:id AS uuid), :number, :actor, :action, :content_hash, :answer, :at,"
    " CAST(:path AS ltree))"
).bindparams(bindparam("answer", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change. `merged`: it joined what others did meanwhile (or an open ticket on the same object);
    `repeated`: it had been made before, this is its answer again.
    """

    number: str
    version: int
    status: int
    merged: bool = False
    repeated: bool = False


def actor_of(viewer: Viewer) -> Actor:
    """The viewer as the workflow knows them."""
    return Actor(viewer.employee_number or viewer.subject, viewer.role, viewer.org_path, viewer.employee_number)


def content_hash(*parts: Any) -> str:
    """SHA-256 over the content of a change.

    Raises:
        FieldsWrong: a value that has no canonical text.
    """
    try:
        return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()
    except (NotHashable, UnicodeEncodeError):
        raise FieldsWrong([Fault("fields", "characters")]) from None


async def made_before(connection: AsyncConnection, change_id: UUID, actor: Actor, content: str) -> Outcome | None:
    """The answer that a change got before; waits for one with the same id that is being made now. Two statements.

    Raises:
        ChangeIdReused: the id names another change, or somebody else's.
    """
    await connection.execute(_ONE_AT_A_TIME, {"id": str(change_id)})
    known = (await connection.execute(_MADE, {"id": str(change_id)})).first()
    if known is None:
        return None
    if (known.actor, known.content_hash) != (actor.key, content):
        raise ChangeIdReused(str(change_id))
    return replace(Outcome(**known.answer), repeated=True)


@dataclass(frozen=True, slots=True)
class Change:
    """What is kept of a change under its id."""

    id: UUID
    actor: Actor
    action: str
    content: str


async def remember(
    connection: AsyncConnection, row: Mapping[str, Any], change: Change, outcome: Outcome, now: datetime
) -> None:
    """Keep the answer to a change. One statement."""
    await connection.execute(
        _REMEMBER,
        {
            "county": row["county_code"],
            "id": str(change.id),
            "number": row["number"],
            "actor": change.actor.key,
            "action": change.action,
            "content_hash": change.content,
            "answer": asdict(outcome),
            "at": now,
            "path": row["org_path"],
        },
    )
