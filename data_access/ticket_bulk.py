"""Many tickets at once: what would become of each, and then one change after another, each with an id of its own.

A preview judges every ticket by the same pure rules as the change itself, without writing; what happens between the two
is met by the version that the change is based on. Ids come from the batch, so that a repeated request repeats nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.workflow import Refusal, apply, hindrance
from audit.workflow_actions import ACTIONS
from audit.workflow_fields import Fault, read_fields
from data_access.engine import reading, system
from data_access.parameters import BadParameter
from data_access.scope import Viewer
from data_access.ticket_errors import ChangeIdReused, FieldsWrong, NotAllowed, StaleTicket, UnknownTicket
from data_access.ticket_store import TICKET_COLUMNS, load_facts, named_places
from data_access.tickets import Command, act, actor_of

DISPATCH = "dispatch"
MOST = 100
"""Tickets of one batch: more is a list to be narrowed, not a click."""
_SEEN = text("SELECT county_code, number FROM audit_ticket WHERE number = ANY(:numbers)")
_ROWS = text(
    f"SELECT {TICKET_COLUMNS} FROM audit_ticket AS ticket"  # noqa: S608 - names of our own columns
    " WHERE county_code = ANY(:counties) AND number = ANY(:numbers) ORDER BY number"
)
_INSPECTORS = text(
    "SELECT employee.number, employee.name, employee.skills, unit.name_zh AS unit_zh, unit.name_en AS unit_en,"
    " COALESCE(position.on_shift, false) AS on_shift, COALESCE(work.open, 0) AS open,"
    " (SELECT count(*) FROM audit_ticket AS ticket WHERE ticket.number = ANY(:numbers)"
    "   AND ticket.org_path <@ employee.org_path) AS own_ground"
    " FROM employee JOIN organisation AS unit ON unit.code = employee.organisation_code"
    " LEFT JOIN inspector_position AS position ON position.employee_number = employee.number"
    " LEFT JOIN (SELECT handler_number, count(*) AS open FROM audit_ticket WHERE closed_at IS NULL"
    "   AND handler_number IS NOT NULL GROUP BY handler_number) AS work ON work.handler_number = employee.number"
    " WHERE employee.kind = 'inspector'"
    " ORDER BY own_ground DESC, on_shift DESC, open, employee.number LIMIT 300"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where tickets go: each to its `own` unit of level 1 (city) to 3 (station), to one `unit`, to one `inspector`."""

    kind: Literal["own", "unit", "inspector"]
    value: str

    @classmethod
    def parse(cls, text: str) -> "Target":
        """`own:2`, `unit:130202`, `inspector:E0001`.

        Raises:
            BadParameter: another form.
        """
        kind, _, value = text.partition(":")
        if not value or (kind == "own" and value not in ("1", "2", "3")) or kind not in ("own", "unit", "inspector"):
            raise BadParameter("target", text, "own:1 to own:3, unit:<code> or inspector:<number>")
        return cls(cast(Literal["own", "unit", "inspector"], kind), value)

    def fields(self, org_path: str) -> dict[str, str]:
        """The fields of the dispatch of a ticket whose object lies at `org_path`."""
        if self.kind != "own":
            return {self.kind: self.value}
        labels = org_path.split(".")
        return {"unit": labels[min(int(self.value), len(labels) - 1)]}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of one ticket. `why`: text `tickets.why_<why>`; `faults`: what is wrong with the target."""

    number: str
    anomaly_code: str
    status: int
    version: int
    fields: Mapping[str, str]
    allowed: bool
    why: str | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticket. `code`: `done`, or the code of the error that kept it back."""

    number: str
    code: str
    why: str | None = None
    status: int | None = None


async def suitable_inspectors(viewer: Viewer, numbers: Sequence[str]) -> list[dict[str, Any]]:
    """Inspectors in scope with what speaks for them: how many of these tickets lie on the ground of their own unit
    (`own_ground`), whether they are on shift, how many tickets they have open. The most suitable first, at most 300.

    One statement.
    """
    async with reading(viewer) as connection:
        found = await connection.execute(_INSPECTORS, {"numbers": list(numbers)[:MOST]})
        return [dict(row) for row in found.mappings()]


async def preview(viewer: Viewer, numbers: Sequence[str], target: Target, now: datetime) -> list[Verdict]:
    """What a dispatch would do to each ticket that the viewer may see. Two statements, and five a ticket."""
    async with reading(viewer) as connection:
        seen = (await connection.execute(_SEEN, {"numbers": list(numbers)[:MOST]})).all()
    async with system("tickets") as connection:
        keys = {"counties": [row[0] for row in seen], "numbers": [row[1] for row in seen]}
        rows = [dict(row) for row in (await connection.execute(_ROWS, keys)).mappings()]
        return [await _judge(connection, viewer, row, target, now) for row in rows]


async def _judge(
    connection: AsyncConnection, viewer: Viewer, row: dict[str, Any], target: Target, now: datetime
) -> Verdict:
    facts, _, limits = await load_facts(connection, row)
    fields = target.fields(row["org_path"])
    known = (row["number"], row["anomaly_code"], int(row["status"]), facts.version, fields)
    actor, action = actor_of(viewer), ACTIONS[DISPATCH]
    # As `tickets.act` has it: who may not touch a ticket is told that first, then the target is judged.
    if (hindered := hindrance(facts, actor, action, now)) is not None:
        return Verdict(*known, False, hindered.why)
    clean, faults = read_fields(action, fields)
    if not faults:
        clean, faults = await named_places(connection, clean)
    if faults:
        return Verdict(*known, False, faults=tuple(faults))
    step = apply(facts, actor, DISPATCH, clean, now, limits)
    if isinstance(step, Refusal):
        return Verdict(*known, False, step.why, step.faults)
    return Verdict(*known, True)


async def dispatch_one(
    viewer: Viewer, batch: UUID, number: str, version: int, fields: Mapping[str, str], now: datetime
) -> Result:
    """Dispatch a ticket of a batch as the preview saw it. Statements of `tickets.act`.

    The same batch again gets the same answer.
    """
    command = Command(change_id=uuid5(batch, number), number=number, action=DISPATCH, based_on=version, fields=fields)
    try:
        outcome = await act(viewer, command, now)
    except StaleTicket:
        return Result(number, "stale")
    except NotAllowed as refused:
        return Result(number, "not_allowed", refused.why)
    except FieldsWrong as wrong:
        return Result(number, "fields_wrong", wrong.faults[0].problem if wrong.faults else None)
    except ChangeIdReused:
        return Result(number, "change_id_reused")
    except UnknownTicket:
        return Result(number, "not_found")
    return Result(number, "done", status=outcome.status)
