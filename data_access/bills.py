"""Bills as people see them: a customer's list, one bill with its lines, why it says what it says, and its correction.

`explain` makes the bill again from its stored case and compares every line to the cent. A difference means that a
stored bill and the module disagree: it is logged and shown, never smoothed over.
"""

import asyncio
import json
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing import Bill, Case, parse_case, standard_book
from billing import bill as make_bill
from billing.explain import explain as explain_text
from data_access.bill_store import BillColumns, Issue, LineColumns, worst_certainty, write_bills
from data_access.engine import reading, system
from data_access.log import log_action
from data_access.months import months_between
from data_access.scope import Role, Viewer
from data_access.tariffs import Identifiers, mirror_tariffs

log = logging.getLogger("gridaudit.bills")

PART = "billing"
MAY_CORRECT: frozenset[Role] = frozenset({"admin", "supervisor"})
_HEAD = (
    "bill.county_code, bill.month, bill.customer_number, bill.version, bill.kind, bill.corrects, bill.reason,"
    " bill.district_code, bill.scheme, bill.voltage, bill.period_start, bill.period_end, bill.total, bill.billed_kwh,"
    " bill.loss_kwh, bill.reactive_kvarh, bill.demand_kw, bill.power_factor, bill.certainty, bill.known_at,"
    " bill.engine, bill.run_id, bill.issued_at, bill.issued_by"
)
# The customer's number does not say its county; the index on it finds the county, and with it one partition's key.
_LIST = text(f"""
SELECT {_HEAD} FROM customer CROSS JOIN unnest(CAST(:months AS date[])) AS wanted (month) CROSS JOIN LATERAL (
    SELECT own.* FROM bill AS own WHERE own.county_code = customer.county_code AND own.month = wanted.month
        AND own.customer_number = customer.number OFFSET 0
) AS bill
WHERE customer.number = :customer
ORDER BY bill.month DESC, bill.version DESC
LIMIT :limit
""")  # noqa: S608 - the inserted text is the constant above
_ONE = text(f"""
SELECT {_HEAD}, bill.case_content::text AS case_content, bill.org_path::text AS org_path
FROM customer JOIN bill ON bill.county_code = customer.county_code AND bill.customer_number = customer.number
WHERE customer.number = :customer AND bill.month = :month AND bill.version = :version
""")  # noqa: S608 - as above
_LINES = text("""
SELECT line.line, line.component, line.period, line.sub_account, line.start_on, line.end_on, line.quantity, line.unit,
    line.price, line.amount, line.days, line.cycle_days, line.rounding,
    ARRAY(SELECT tariff.code FROM unnest(line.tariff_rows) WITH ORDINALITY AS used (id, place)
          JOIN tariff_version AS tariff ON tariff.id = used.id ORDER BY used.place) AS tariff_rows
FROM bill_line AS line
WHERE line.county_code = :county AND line.month = :month AND line.customer_number = :customer
    AND line.version = :version
ORDER BY line.line
""")
EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 1)


class NoSuchBill(LookupError):
    """There is no bill of this number in the viewer's scope."""


class MayNotCorrect(Exception):
    """The viewer's role does not allow it."""


class NotBillable(Exception):
    """The corrected case gives no bill; `findings` say why."""

    def __init__(self, findings: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


def bill_number(customer: str, month: date, version: int) -> str:
    """`130202000123-202604-0`: customer, month, version."""
    return f"{customer}-{month:%Y%m}-{version}"


def parse_number(number: str) -> tuple[str, date, int]:
    """Customer, month and version of a bill's number. Raises NoSuchBill for anything else."""
    customer, _, rest = number.rpartition("-")
    customer, _, month = customer.rpartition("-")
    if not (customer and len(month) == 6 and month.isdecimal() and rest.isdecimal() and len(rest) <= 4):
        raise NoSuchBill(number)
    try:
        return customer, date(int(month[:4]), int(month[4:]), 1), int(rest)
    except ValueError as error:
        raise NoSuchBill(number) from error


def _named(row: Any) -> dict[str, Any]:
    head = dict(row._mapping)
    head["number"] = bill_number(head["customer_number"], head["month"], head["version"])
    corrects = head["corrects"]
    head["corrects_number"] = (
        None if corrects is None else bill_number(head["customer_number"], head["month"], corrects)
    )
    return head


async def bills_of(
    viewer: Viewer, customer: str, *, first: date = EARLIEST, last: date = LATEST, limit: int = 120
) -> list[dict[str, Any]]:
    """A customer's bills, newest first, corrections before what they correct; without lines and case."""
    async with reading(viewer) as connection:
        asked = {"customer": customer, "months": months_between(first, last), "limit": limit}
        rows = await connection.execute(_LIST, asked)
        return [_named(row) for row in rows]


async def bill(viewer: Viewer, number: str) -> dict[str, Any]:
    """One bill: its head, `lines`, `case` (the `billing` case as a dictionary).

    Raises:
        NoSuchBill: no such number, or outside the viewer's scope.
    """
    async with reading(viewer) as connection:
        return await _read(connection, number)


async def _read(connection: AsyncConnection, number: str) -> dict[str, Any]:
    customer, month, version = parse_number(number)
    key = {"customer": customer, "month": month, "version": version}
    row = (await connection.execute(_ONE, key)).one_or_none()
    if row is None:
        raise NoSuchBill(number)
    head = _named(row)
    lines = await connection.execute(_LINES, {**key, "county": head["county_code"]})
    head["lines"] = [dict(line._mapping) for line in lines]
    head["case"] = json.loads(head.pop("case_content"))
    return head


@dataclass(frozen=True, slots=True)
class Explanation:
    """A bill made again. `differences` is empty when it is the same to the cent; else each says what is not."""

    number: str
    text: str
    stored_total: Decimal
    total: Decimal
    bill: Bill
    differences: tuple[str, ...]
    reference: str | None
    """Finds the difference in the log; None without one."""

    @property
    def is_equal(self) -> bool:
        """Whether the stored bill and the one made again agree."""
        return not self.differences


async def explain(viewer: Viewer, number: str, language: str = "zh") -> Explanation:
    """Make a bill again from its case and its tariff clock, with the full trace, and compare it with what was stored.

    Raises:
        NoSuchBill: no such number, or outside the viewer's scope.
        ValueError: unknown language.
    """
    stored = await bill(viewer, number)
    made, shown = await asyncio.to_thread(_again, stored["case"], language)
    differences = tuple(compare(stored, made))
    reference = None
    if differences:
        reference = secrets.token_hex(4)
        log.error("bill %s is not what its case gives, reference %s: %s", number, reference, "; ".join(differences))
    return Explanation(number, shown, stored["total"], made.total, made, differences, reference)


def _again(content: dict[str, Any], language: str) -> tuple[Bill, str]:
    made = make_bill(parse_case(content), standard_book())
    made.reevaluate()
    return made, explain_text(made, language)


def compare(stored: dict[str, Any], made: Bill) -> list[str]:
    """Every difference between a stored bill with its lines and the same bill made again."""
    found = []
    if not made.billed:
        found.append(f"not billed: {', '.join(finding.rule for finding in made.findings)}")
    if stored["total"] != made.total:
        found.append(f"total: stored {stored['total']}, made {made.total}")
    if made.energy is not None and stored["billed_kwh"] != made.energy.billed_kwh:
        found.append(f"energy: stored {stored['billed_kwh']}, made {made.energy.billed_kwh}")
    if len(stored["lines"]) != len(made.lines):
        found.append(f"lines: stored {len(stored['lines'])}, made {len(made.lines)}")
    for held, line in zip(stored["lines"], made.lines, strict=False):
        pairs = {
            "component": (held["component"], line.component),
            "period": (held["period"], line.period),
            "sub_account": (held["sub_account"], line.sub_account),
            "start": (held["start_on"], line.start),
            "end": (held["end_on"], line.end),
            "quantity": (held["quantity"], line.quantity),
            "unit": (held["unit"], line.unit),
            "price": (held["price"], line.price),
            "amount": (held["amount"], line.amount),
            "days": (held["days"], line.days),
            "cycle_days": (held["cycle_days"], line.cycle_days),
            "rounding": (held["rounding"], line.rounding),
            "tariff_rows": (tuple(held["tariff_rows"]), line.tariff_rows),
        }
        found += [
            f"line {held['line']} {name}: stored {one}, made {other}"
            for name, (one, other) in pairs.items()
            if one != other
        ]
    return found


async def correct(viewer: Viewer, number: str, content: dict[str, Any], reason: str) -> dict[str, Any]:
    """Issue a correction of a bill from a corrected case: a new row that names the bill it corrects.

    The case must be of the same account and period. It is billed with today's knowledge of tariffs unless it states
    its own clock. Returns the new bill's number, its total, and the difference to the bill that it corrects.

    Raises:
        NoSuchBill: no such bill in scope.
        MayNotCorrect: not a role of `MAY_CORRECT`.
        NotBillable: the case gives findings instead of a bill.
        billing.CaseRefused: the case does not fit the schema.
        ValueError: another account or period than the bill's, or no reason.
    """
    if viewer.role not in MAY_CORRECT:
        raise MayNotCorrect
    if not reason.strip():
        raise ValueError("a correction needs its reason")
    old = await bill(viewer, number)
    case = parse_case({**content, "known_at": content.get("known_at") or datetime.now(UTC).isoformat()})
    same = (case.account.account, case.readings.start, case.readings.end)
    if same != (old["customer_number"], old["period_start"], old["period_end"]):
        raise ValueError(f"expected account and period of {number}, got {same[0]}, {same[1]} to {same[2]}")
    made = await asyncio.to_thread(make_bill, case, standard_book())
    if not made.billed:
        raise NotBillable([finding.model_dump(mode="json") for finding in made.findings])
    identifiers = await mirror_tariffs(standard_book())
    bills, lines = _columns(old, case, made, identifiers)
    async with system(PART) as connection:
        # Two corrections of one customer at once take turns, so each gets a version of its own.
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(4703207, hashtext(:customer))"), {"customer": old["customer_number"]}
        )
        newest = await connection.execute(
            text(
                "SELECT max(version) FROM bill WHERE county_code = :county AND month = :month"
                " AND customer_number = :customer"
            ),
            {"county": old["county_code"], "month": old["month"], "customer": old["customer_number"]},
        )
        version = int(newest.scalar_one()) + 1
        known_at = case.known_at
        if known_at is None:
            raise AssertionError("set above")
        issue = Issue(
            old["county_code"], old["month"], known_at, viewer.subject, version=version, corrects=old["version"],
            reason=reason.strip(),
        )  # fmt: skip
        await write_bills(connection, issue, bills, lines)
        written = bill_number(old["customer_number"], old["month"], version)
        detail = {"corrects": number, "difference": str(made.total - old["total"])}
        await log_action(connection, viewer, "correct", "bill", written, detail, org_path=old["org_path"])
    return {"number": written, "corrects": number, "total": made.total, "difference": made.total - old["total"]}


def _columns(old: dict[str, Any], case: Case, made: Bill, identifiers: Identifiers) -> tuple[BillColumns, LineColumns]:
    bills, lines = BillColumns(), LineColumns()
    bills.add(
        made, district=old["district_code"], path=old["org_path"], scheme=str(case.account.scheme),
        voltage=str(case.account.voltage), certainty=worst_certainty(made), content=case_text(case),
    )  # fmt: skip
    lines.add(made, path=old["org_path"], identifiers=identifiers)
    return bills, lines


def case_text(case: Case) -> str:
    """A case as JSON text with what was given, not with what is said by default."""
    return case.model_dump_json(exclude_unset=True)
