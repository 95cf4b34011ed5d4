"""Rows behind a ticket's change: the ticket locked with all that the workflow must know, and the step written down."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import TextClause, bindparam

from audit.chain import NO_PREVIOUS, seal
from audit.deadlines import Limits, StageLimit
from audit.workflow_facts import Inspector, Ticket, Unit, history_of
from audit.workflow_fields import Fault
from audit.workflow_states import Status

_JSON_COLUMNS = ("request", "amounts")
_OWN = {"history", "evidence", "presence"}
FACTS = tuple(field.name for field in fields(Ticket) if field.name not in _OWN)
"""Columns of `audit_ticket` that the workflow knows."""
_SELECTED = ", ".join(
    f"ticket.{name}::text AS {name}" if name in ("org_path", "assigned_path") else f"ticket.{name}" for name in FACTS
)
TICKET_COLUMNS = (
    f"{_SELECTED}, ticket.risk_number, ticket.district_code, ticket.customer_number, ticket.is_demo,"
    " ST_X(ticket.location) AS longitude, ST_Y(ticket.location) AS latitude"
)
_LOCKED = text(
    f"SELECT {TICKET_COLUMNS} FROM audit_ticket AS ticket"  # noqa: S608 - names of our own columns
    " WHERE county_code = :county AND number = :number FOR UPDATE"
)
_TWIN = text(
    f"SELECT {TICKET_COLUMNS} FROM audit_ticket AS ticket"  # noqa: S608 - as above
    " WHERE county_code = :county_code AND anomaly_code = :anomaly_code AND closed_at IS NULL"
    " AND COALESCE(customer_number, district_code) = COALESCE(CAST(:customer_number AS text), :district_code)"
    " FOR UPDATE"
)
_EVENTS = text(
    "SELECT sequence, at, actor, kind, from_status, to_status, body, hash FROM ticket_event"
    " WHERE county_code = :county AND ticket_number = :number ORDER BY sequence"
)
_BELONGINGS = text(
    "SELECT (SELECT jsonb_object_agg(sha256, purpose) FROM evidence"
    "   WHERE county_code = :county AND ticket_number = :number) AS evidence,"
    " (SELECT score FROM check_in WHERE county_code = :county AND ticket_number = :number"
    "   AND employee_number = CAST(:handler AS text) ORDER BY at DESC LIMIT 1) AS presence"
)
_LIMITS = text(
    "SELECT org_path::text AS org_path, status, level, effective_from, working_days FROM stage_limit"
    " WHERE org_path @> CAST(:path AS ltree)"
)
_EVENT = text(
    "INSERT INTO ticket_event (county_code, ticket_number, sequence, at, actor, kind, from_status, to_status, body,"
    " org_path, hash_version, previous_hash, hash) VALUES (:county_code, :ticket_number, :sequence, :at, :actor,"
    " :kind, :from_status, :to_status, :body, CAST(:org_path AS ltree), :hash_version, :previous_hash, :hash)"
).bindparams(bindparam("body", type_=JSONB))
_UNITS = text("SELECT code, org_path::text AS org_path FROM organisation WHERE code = ANY(:codes)")
_INSPECTOR = text(
    "SELECT number, org_path::text AS org_path FROM employee WHERE number = :number AND kind = 'inspector'"
)
WRITABLE = frozenset(FACTS) - {"county_code", "number", "org_path", "opened_at", "anomaly_code"}


@dataclass(slots=True)
class Locked:
    """A ticket under lock. `row`: its columns as they are now, kept current as steps are written."""

    row: dict[str, Any]
    facts: Ticket
    events: list[dict[str, Any]]
    limits: Limits

    @property
    def key(self) -> dict[str, str]:
        """Parameters of statements about it."""
        return {"county": self.row["county_code"], "number": self.row["number"]}

    @property
    def risks(self) -> list[str]:
        """Numbers of all risk points that went into it, by merging too."""
        found = [self.row["risk_number"], *(event["body"].get("risk") for event in self.events)]
        return sorted({number for number in found if number})


def facts_of(row: Mapping[str, Any], events: list[dict[str, Any]], belongings: Any) -> Ticket:
    """The facts of a ticket's row with its events, evidence and presence."""
    known = {name: row[name] for name in FACTS}
    known["status"] = Status(known["status"])
    return Ticket(**known, history=history_of(events), evidence=belongings.evidence or {}, presence=belongings.presence)


async def load_facts(
    connection: AsyncConnection, row: Mapping[str, Any]
) -> tuple[Ticket, list[dict[str, Any]], Limits]:
    """What belongs to a ticket's row: facts, events in order, limits of its place. Three statements."""
    key = {"county": row["county_code"], "number": row["number"]}
    events = [dict(event._mapping) for event in await connection.execute(_EVENTS, key)]
    belongings = (await connection.execute(_BELONGINGS, {**key, "handler": row["handler_number"]})).one()
    return facts_of(row, events, belongings), events, await limits_of(connection, row["org_path"])


async def limits_of(connection: AsyncConnection, path: str) -> Limits:
    """Time limits that the units above a place have set. One statement."""
    rows = await connection.execute(_LIMITS, {"path": path})
    return Limits(StageLimit(**row._mapping) for row in rows)


async def lock(connection: AsyncConnection, county: str, number: str) -> dict[str, Any] | None:
    """The ticket's row, locked to the end of the transaction; None when it is not there. One statement."""
    row = (await connection.execute(_LOCKED, {"county": county, "number": number})).one_or_none()
    return None if row is None else dict(row._mapping)


async def lock_open_twin(connection: AsyncConnection, subject: Mapping[str, Any]) -> dict[str, Any] | None:
    """The open ticket on the same object and topic, locked; None when there is none. One statement."""
    row = (await connection.execute(_TWIN, subject)).one_or_none()
    return None if row is None else dict(row._mapping)


async def append_event(connection: AsyncConnection, event: dict[str, Any], previous: str = NO_PREVIOUS) -> str:
    """Append one event to a ticket's chain; returns its hash. One statement."""
    sealed = seal(event, previous)
    await connection.execute(_EVENT, sealed)
    return str(sealed["hash"])


async def write_step(
    connection: AsyncConnection,
    ticket: Locked,
    *,
    kind: str,
    actor: str,
    at: datetime,
    body: Mapping[str, Any],
    changes: Mapping[str, Any],
) -> None:
    """Append an event and change the row; `ticket.row` and `ticket.events` follow. Two statements."""
    last = ticket.events[-1] if ticket.events else None
    sequence = last["sequence"] + 1 if last else 1
    row = ticket.row
    event = {
        "county_code": row["county_code"],
        "ticket_number": row["number"],
        "sequence": sequence,
        "at": at,
        "actor": actor,
        "kind": kind,
        "from_status": int(row["status"]),
        "to_status": int(changes.get("status", row["status"])),
        "body": dict(body),
        "org_path": row["org_path"],
    }
    event["hash"] = await append_event(connection, event, last["hash"] if last else NO_PREVIOUS)
    values = {**changes, "version": sequence}
    await connection.execute(_update(tuple(sorted(values))), {**values, **ticket.key, "at": at})
    row.update(values)
    ticket.events.append(event)


@lru_cache(maxsize=256)
def _update(columns: tuple[str, ...]) -> TextClause:
    strange = set(columns) - WRITABLE
    if strange:
        raise AssertionError(f"no step changes {strange}")
    sets = ", ".join(
        f"{name} = CAST(:{name} AS ltree)" if name == "assigned_path" else f"{name} = :{name}" for name in columns
    )
    statement = text(
        f"UPDATE audit_ticket SET {sets}, updated_at = :at WHERE county_code = :county AND number = :number"  # noqa: S608
    )
    json = [bindparam(name, type_=JSONB(none_as_null=True)) for name in columns if name in _JSON_COLUMNS]
    return statement.bindparams(*json) if json else statement


async def named_places(connection: AsyncConnection, fields: dict[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The fields with units and inspector looked up, and a fault for each unknown one. At most two statements."""
    found, faults = dict(fields), []
    codes = {name: fields[name] for name in ("unit", "responsible_unit") if name in fields}
    if codes:
        rows = await connection.execute(_UNITS, {"codes": list(codes.values())})
        units = {row.code: Unit(row.code, row.org_path) for row in rows}
        for name, code in codes.items():
            if code in units:
                found[name] = units[code]
            else:
                faults.append(Fault(name, "unit_unknown"))
    if "inspector" in fields:
        row = (await connection.execute(_INSPECTOR, {"number": fields["inspector"]})).one_or_none()
        if row is None:
            faults.append(Fault("inspector", "inspector_unknown"))
        else:
            found["inspector"] = Inspector(row.number, row.org_path)
    return found, faults
