"""Open tickets whose clock asks for something by now: the few out of all that the program has to look at."""

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import text

from audit.deadlines import deadline
from audit.workflow_rules import rules
from data_access.engine import system

PART = "ticket clock"
AT_ONCE = 500
# Suspended ones whose time is up; and those near or past their deadline that were not reminded, pressed and escalated.
_DUE = text(
    "SELECT county_code, number FROM audit_ticket"
    " WHERE closed_at IS NULL AND (county_code, number) > (:county, :number)"
    " AND ((status = 55 AND suspended_until <= :now) OR (status <> 55 AND due_at <= :horizon AND ("
    "  reminded_at IS NULL OR reminded_at < stage_started_at"
    "  OR (due_at < :now AND (reminded_at <= due_at OR escalated_at IS NULL)))))"
    " ORDER BY county_code, number LIMIT :most"
)


async def tickets_to_look_at(now: datetime) -> AsyncIterator[tuple[str, str]]:
    """County and number of each, in order. One statement for every 500."""
    horizon = deadline(now, rules().remind_working_days_before + 1)
    county, number = "", ""
    while True:
        values = {"county": county, "number": number, "now": now, "horizon": horizon, "most": AT_ONCE}
        async with system(PART) as connection:
            rows = (await connection.execute(_DUE, values)).all()
        for row in rows:
            yield row.county_code, row.number
        if len(rows) < AT_ONCE:
            return
        county, number = rows[-1].county_code, rows[-1].number
