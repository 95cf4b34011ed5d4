"""One ticket's chain of events, read whole and verified: what a printed case file vouches for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from audit.chain import COLUMNS, ChainFault, verify
from data_access.engine import reading, writing
from data_access.log import log_action
from data_access.scope import Viewer

_ROWS = text(
    "SELECT "  # noqa: S608 - names of our own columns
    + ", ".join(f"event.{name}" for name in COLUMNS if name != "org_path")
    + ", event.org_path::text AS org_path, event.hash, ticket.version"
    " FROM audit_ticket AS ticket JOIN ticket_event AS event ON event.county_code = ticket.county_code"
    " AND event.ticket_number = ticket.number WHERE ticket.number = :number ORDER BY event.sequence"
)


@dataclass(frozen=True, slots=True)
class Chain:
    """Rows in order with every hashed column and `hash`; `fault` is the first broken place, None when all hold."""

    rows: Sequence[Mapping[str, Any]]
    fault: ChainFault | None

    @property
    def seal(self) -> str:
        """The last hash: it stands for everything before it."""
        return str(self.rows[-1]["hash"]) if self.rows else ""


async def chain_of(viewer: Viewer, number: str) -> Chain:
    """The chain of a ticket in the viewer's scope; empty where there is none. One statement."""
    async with reading(viewer) as connection:
        rows = [dict(row._mapping) for row in await connection.execute(_ROWS, {"number": number})]
    return Chain(rows, verify(rows, expected_count=rows[0]["version"]) if rows else None)


async def record_print(viewer: Viewer, number: str, org_path: str) -> None:
    """Writes to the audit log that a ticket's case file was printed. One statement."""
    async with writing(viewer) as connection:
        await log_action(connection, viewer, "print", "ticket", number, org_path=org_path)
