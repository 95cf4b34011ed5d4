"""An inspector's own work: the tickets at hand, one of them on site, and who a person on site may be told about.

Everything is asked for by somebody who is an inspector, about tickets that are theirs or that their unit has not named
anybody for; row security keeps the rest of the unit's tickets readable and other units' out of sight.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text

from audit.workflow_states import Status
from data_access.cards import masked_name, masked_phone
from data_access.engine import reading, writing
from data_access.log import log_action
from data_access.scope import Viewer
from data_access.ticket_errors import UnknownTicket
from data_access.ticket_reads import TicketPage, ticket_page
from data_access.tokens import UnknownObject

AT_WORK = frozenset(
    {
        Status.ACCEPTED,
        Status.CHECKING,
        Status.SUSPENDED,
        Status.FINDING_SUBMITTED,
        Status.RESPONSIBILITY_FIXED,
        Status.RECTIFYING,
        Status.RETURNED,
    }
)
"""States in which the handler has business with the customer: only then a number or address is told (purpose
limitation, domain sheet 1.8)."""
MOST_TICKETS = 300
NEWEST_CHECK_INS = 5
PAST_PROBLEMS = 5
Contact = Literal["customer", "manager"]


class NotAtWork(Exception):
    """The ticket is in sight, but the viewer is not the one who works on it now."""


_HEAD = """
    ticket.number, ticket.anomaly_code, anomaly.name_zh AS anomaly_zh, anomaly.name_en AS anomaly_en, ticket.level,
    ticket.status, ticket.finding, ticket.opened_at, ticket.due_at, ticket.closed_at, ticket.return_count,
    ticket.version, ticket.handler_number, ticket.is_demo, ticket.county_code, ticket.district_code,
    district.name AS district, ticket.customer_number, customer.name AS customer,
    customer.category AS customer_category, ST_X(ticket.location) AS lon, ST_Y(ticket.location) AS lat
"""
_JOINS = """
    FROM audit_ticket AS ticket
    JOIN anomaly_type AS anomaly ON anomaly.code = ticket.anomaly_code
    LEFT JOIN transformer_district AS district ON district.county_code = ticket.county_code
        AND district.code = ticket.district_code
    LEFT JOIN customer ON customer.county_code = ticket.county_code AND customer.number = ticket.customer_number
"""
# Free to be taken: come down to a county or station, and nobody named (`audit.workflow`, accept).
_MINE = text(f"""
SELECT {_HEAD} {_JOINS}
WHERE ticket.closed_at IS NULL AND (ticket.handler_number = :employee OR (
    ticket.handler_number IS NULL AND ticket.status = 30 AND nlevel(ticket.assigned_path) > 2))
ORDER BY ticket.due_at, ticket.number LIMIT :most
""")
_PERSON = text("""
SELECT employee.number, employee.name, unit.name_zh AS unit_zh, unit.name_en AS unit_en,
    (SELECT min(started_at) FROM work_shift WHERE work_shift.county_code = employee.county_code
        AND work_shift.employee_number = employee.number AND ended_at IS NULL) AS shift_started_at
FROM employee JOIN organisation AS unit ON unit.code = employee.organisation_code
WHERE employee.number = :employee
""")
_OBJECT = text("""
SELECT manager.phone AS manager_phone, section.name AS reading_section, customer.opened_on AS customer_since,
    (SELECT json_agg(json_build_object('number', meter.number, 'multiplier', meter.multiplier)
        ORDER BY meter.installed_on)
     FROM meter WHERE meter.county_code = customer.county_code AND meter.customer_number = customer.number
        AND meter.removed_on IS NULL) AS meters
FROM (SELECT CAST(:county AS text) AS county_code) AS here
LEFT JOIN customer ON customer.county_code = here.county_code AND customer.number = :customer
LEFT JOIN reading_section AS section ON section.county_code = customer.county_code
    AND section.code = customer.reading_section_code
LEFT JOIN employee AS manager ON manager.number = :manager
""")
_PROBLEMS = text("""
SELECT problem.number, problem.anomaly_code, anomaly.name_zh AS anomaly_zh, anomaly.name_en AS anomaly_en,
    problem.found_at, problem.rectified_at,
    COALESCE(problem.customer_number = CAST(:customer AS text), false) AS same_customer
FROM problem JOIN anomaly_type AS anomaly ON anomaly.code = problem.anomaly_code
WHERE problem.county_code = :county AND problem.ticket_number <> :number
    AND (problem.customer_number = CAST(:customer AS text) OR problem.district_code = :district)
ORDER BY same_customer DESC, problem.found_at DESC LIMIT :most
""")


async def my_work(viewer: Viewer) -> dict[str, Any] | None:
    """The inspector with the own shift, and the open tickets: those in hand, and the unit's that nobody has yet.

    Names of customers are masked. None for somebody without an employee's file in sight. Two statements.
    """
    async with reading(viewer) as connection:
        person = (await connection.execute(_PERSON, {"employee": viewer.employee_number})).mappings().one_or_none()
        if person is None:
            return None
        rows = await connection.execute(_MINE, {"employee": viewer.employee_number, "most": MOST_TICKETS})
        tickets = [_masked(dict(row), viewer) for row in rows.mappings()]
    return {**person, "tickets": tickets}


def _masked(row: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    row["customer"] = masked_name(row["customer"])
    row["mine"] = row["handler_number"] is not None and row["handler_number"] == viewer.employee_number
    return row


@dataclass(frozen=True, slots=True)
class AtHand:
    """One ticket on site: the ticket as everybody reads it, what its object has besides, and what was found before.

    `own_check_ins`: the viewer's, newest first. `may_reveal`: whether contacts may be told now.
    """

    page: TicketPage
    about: dict[str, Any]
    problems: list[dict[str, Any]]
    own_check_ins: list[dict[str, Any]]
    mine: bool
    may_reveal: bool


async def at_hand(viewer: Viewer, number: str, now: datetime) -> AtHand:
    """What somebody on site must know of one ticket. Customer and manager are masked; `reveal` tells.

    Two statements besides those of `ticket_page`.

    Raises:
        UnknownTicket: no such ticket in the viewer's scope.
    """
    page = await ticket_page(viewer, number, now)
    if page is None:
        raise UnknownTicket(number)
    row = page.row
    key = {"county": row["county_code"], "customer": row["customer_number"]}
    async with reading(viewer) as connection:
        about = dict((await connection.execute(_OBJECT, {**key, "manager": row["manager_number"]})).mappings().one())
        found = await connection.execute(
            _PROBLEMS, {**key, "number": number, "district": row["district_code"], "most": PAST_PROBLEMS}
        )
        problems = [dict(one) for one in found.mappings()]
    about["manager_phone"] = masked_phone(about["manager_phone"])
    own = [one for one in page.check_ins if one["employee_number"] == viewer.employee_number]
    mine = row["handler_number"] is not None and row["handler_number"] == viewer.employee_number
    may_reveal = _may_reveal({**row, "mine": mine})
    return AtHand(page, about, problems, own[::-1][:NEWEST_CHECK_INS], mine, may_reveal)


async def customer_of(viewer: Viewer, number: str) -> str | None:
    """The customer of a ticket, None where it has none. One statement.

    Raises:
        UnknownTicket: no such ticket in the viewer's scope.
    """
    async with reading(viewer) as connection:
        row = (
            await connection.execute(
                text("SELECT customer_number FROM audit_ticket WHERE number = :number"), {"number": number}
            )
        ).one_or_none()
    if row is None:
        raise UnknownTicket(number)
    found: str | None = row.customer_number
    return found


def _may_reveal(ticket: dict[str, Any]) -> bool:
    return bool(ticket["mine"]) and ticket["closed_at"] is None and ticket["status"] in AT_WORK


_CONTACT: dict[str, Any] = {
    "customer": text("""
SELECT ticket.handler_number, ticket.closed_at, ticket.status, ticket.org_path::text AS path, customer.number AS key,
    customer.name, customer.phone, customer.address
FROM audit_ticket AS ticket
LEFT JOIN customer ON customer.county_code = ticket.county_code AND customer.number = ticket.customer_number
WHERE ticket.number = :number
"""),
    "manager": text("""
SELECT ticket.handler_number, ticket.closed_at, ticket.status, ticket.org_path::text AS path, manager.number AS key,
    manager.name, manager.phone, NULL AS address
FROM audit_ticket AS ticket
LEFT JOIN transformer_district AS district ON district.county_code = ticket.county_code
    AND district.code = ticket.district_code
LEFT JOIN employee AS manager ON manager.number = district.manager_number
WHERE ticket.number = :number
"""),
}


async def reveal(viewer: Viewer, number: str, whom: Contact) -> dict[str, Any]:
    """Name, phone and address of the customer, or name and phone of the district's manager; the reveal is logged.

    Only for the handler, and only while the ticket is at work. Two statements.

    Raises:
        UnknownTicket: no such ticket in sight.
        UnknownObject: nobody of that kind belongs to it.
        NotAtWork: the ticket is somebody else's, not accepted yet, or closed.
    """
    async with writing(viewer) as connection:
        row = (await connection.execute(_CONTACT[whom], {"number": number})).mappings().one_or_none()
        if row is None:
            raise UnknownTicket(number)
        found = dict(row)
        found["mine"] = found["handler_number"] is not None and found["handler_number"] == viewer.employee_number
        if not _may_reveal(found):
            raise NotAtWork(number)
        if found["key"] is None:
            raise UnknownObject(whom, number)
        kind = "customer" if whom == "customer" else "employee"
        await log_action(
            connection, viewer, "revealed", kind, found["key"], {"reason": f"ticket {number}", "ticket": number},
            org_path=found["path"],
        )  # fmt: skip
    return {"name": found["name"], "phone": found["phone"], "address": found["address"]}


_LOOKS = text("""
SELECT at, subject, role, action, detail->>'day' AS day FROM audit_log
WHERE object_kind = 'track' AND object_key = :employee AND subject <> :subject AND at >= :since
ORDER BY at DESC LIMIT 100
""")


async def looks_at_me(viewer: Viewer, since: datetime) -> list[dict[str, Any]]:
    """Who looked at the viewer's own track since then, newest first; the own looks left out. One statement.

    Looks at the whole team's last minutes stand in the log for the team, not for each person (`data_access.tracks`).
    """
    async with reading(viewer) as connection:
        rows = await connection.execute(
            _LOOKS, {"employee": viewer.employee_number, "subject": viewer.subject, "since": since}
        )
        return [dict(row) for row in rows.mappings()]
