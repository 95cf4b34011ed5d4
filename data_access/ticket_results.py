"""What a ticket's step means outside the ticket: the problem of its district or customer, and the state of its risks.

Problems and rectifications stay with district and customer as their history (domain sheet 1.2): one row for each
confirmed finding, from the day that responsibility is fixed; it is withdrawn when a further check finds otherwise.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.workflow_states import CLOSED, Status
from data_access.ticket_store import Locked

NEW, IN_TICKET, CONFIRMED_ON_SITE, REJECTED = 0, 3, 4, 5
"""States of `risk_point`."""
_RISK_STATE = text(
    "UPDATE risk_point SET state = :state, cleared_at = CAST(:cleared AS timestamptz)"
    " WHERE county_code = :county AND number = ANY(:numbers) AND state <> :state"
)
_PROBLEM = text(
    "INSERT INTO problem (county_code, number, ticket_number, anomaly_code, district_code, customer_number, cause,"
    " responsible_unit, responsible_person, level, found_at, recovered_kwh, recovered_yuan, breach_yuan, org_path)"
    " SELECT county_code, 'P' || substr(number, 2), number, anomaly_code, district_code, customer_number, cause,"
    " responsible_unit, responsible_person, level, found_at, recovered_kwh, recovered_yuan, breach_yuan, org_path"
    " FROM audit_ticket WHERE county_code = :county AND number = :number"
    " ON CONFLICT (county_code, number) DO UPDATE SET cause = EXCLUDED.cause, found_at = EXCLUDED.found_at,"
    " responsible_unit = EXCLUDED.responsible_unit, responsible_person = EXCLUDED.responsible_person,"
    " recovered_kwh = EXCLUDED.recovered_kwh, recovered_yuan = EXCLUDED.recovered_yuan,"
    " breach_yuan = EXCLUDED.breach_yuan, rectification = NULL, rectified_at = NULL, rectified_by = NULL"
)
_AMOUNTS = text(
    "UPDATE problem SET recovered_kwh = :kwh, recovered_yuan = :yuan, breach_yuan = :breach"
    " WHERE county_code = :county AND ticket_number = :number"
)
_RECTIFIED = text(
    "UPDATE problem SET rectification = :rectification, rectified_at = :at, rectified_by = :actor"
    " WHERE county_code = :county AND ticket_number = :number"
)
_WITHDRAWN = text("DELETE FROM problem WHERE county_code = :county AND ticket_number = :number")


def risk_state(status: int, finding: str | None) -> int:
    """State of the risk points behind a ticket. What nobody could verify is open again, as after a void ticket."""
    if status not in CLOSED:
        return IN_TICKET
    if status == Status.VOID:
        return NEW
    return {"true": CONFIRMED_ON_SITE, "false": REJECTED}.get(finding or "", NEW)


async def keep_problem(
    connection: AsyncConnection, ticket: Locked, action: str, actor: str, at: datetime, fields: dict[str, Any]
) -> None:
    """Brings the problem row in line with a step that was just written. At most one statement."""
    row, key = ticket.row, ticket.key
    match action:
        case "fix_responsibility":
            await connection.execute(_PROBLEM, key)
        case "set_amounts":
            amounts = {"kwh": row["recovered_kwh"], "yuan": row["recovered_yuan"], "breach": row["breach_yuan"]}
            await connection.execute(_AMOUNTS, {**key, **amounts})
        case "submit_rectification":
            done = {"rectification": fields["rectification"], "at": at, "actor": actor}
            await connection.execute(_RECTIFIED, {**key, **done})
        case "submit_finding" if row["finding"] != "true":
            await connection.execute(_WITHDRAWN, key)


async def keep_risks(connection: AsyncConnection, ticket: Locked, at: datetime) -> bool:
    """Brings the ticket's risk points in line; whether one changed. At most one statement."""
    if not ticket.risks:
        return False
    state = risk_state(ticket.row["status"], ticket.row["finding"])
    changed = await connection.execute(
        _RISK_STATE,
        {
            "state": state,
            "cleared": at if state in (CONFIRMED_ON_SITE, REJECTED) else None,
            "county": ticket.row["county_code"],
            "numbers": ticket.risks,
        },
    )
    return changed.rowcount > 0
