"""Amounts of a ticket: computed from a finding's form and the customer's bills, shown before, stored when decided.

`preview` computes and stores nothing. `set_amounts` computes again, in the decider's name, and in one transaction takes
back what an earlier decision had booked, books the new adjustments, and appends the event to the ticket's chain. What a
person enters is the form and, for a breach, the charge: every other figure is computed here and never sent.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.finding_forms import FieldFault, FindingForm, Value, as_json, check, form_for, forms_of
from billing import Account, parse_case
from billing.explain import Step, trace_steps
from data_access.adjustments import (
    Decision,
    NotAccepted,
    hold_customer,
    take_back,
    write_breach,
    write_correction,
)
from data_access.bills import bill_number
from data_access.calculation_facts import Amounts, CustomerBills, IssuedBill, NotComputable
from data_access.engine import reading
from data_access.scope import Viewer
from data_access.ticket_calculations import compute, span_of
from data_access.tickets import Command, Outcome, UnknownTicket, act
from settings import DISPLAY_ZONE

MOST_BILLS = 62
"""Months of one calculation, with some in reserve: five years."""
_TICKET = text(
    "SELECT county_code, number, anomaly_code, customer_number, finding, found_at, opened_at, recovered_kwh,"
    " recovered_yuan, breach_yuan, amounts, is_demo FROM audit_ticket WHERE number = :number"
)
_TERMS = text(
    "SELECT customer.org_path::text AS org_path, terms.terms::text AS terms FROM customer"
    " LEFT JOIN LATERAL (SELECT own.terms FROM account_terms AS own WHERE own.county_code = customer.county_code"
    "   AND own.customer_number = customer.number AND own.valid_from <= :day ORDER BY own.valid_from DESC LIMIT 1"
    " ) AS terms ON true"
    " WHERE customer.county_code = :county AND customer.number = :customer"
)
_REPORTED = text(
    "SELECT body FROM ticket_event WHERE county_code = :county AND ticket_number = :number AND kind = 'submit_finding'"
    " ORDER BY sequence DESC LIMIT 1"
)
# The newest version of a month is what stands.
_BILLS = text(
    "SELECT DISTINCT ON (month) month, version, case_content::text AS content FROM bill"
    " WHERE county_code = :county AND customer_number = :customer AND month BETWEEN :first AND :last"
    " ORDER BY month DESC, version DESC LIMIT :limit"
)
_LATEST = text(
    "SELECT month, version, case_content::text AS content FROM bill WHERE county_code = :county"
    " AND customer_number = :customer AND month <= :day ORDER BY month DESC, version DESC LIMIT 1"
)


class FormFaults(ValueError):
    """Values of the form that cannot be used; one fault a field."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.code}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person entered: the form's code (None: the usual one), its values, the breach charge in yuan."""

    form: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    charge: str | Decimal | int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A computed amount. `charge_findings`: what hinders the charge that was entered, such as its cap."""

    form: FindingForm
    values: dict[str, Value]
    amounts: Amounts

    @property
    def charge_findings(self) -> list[dict[str, Any]]:
        """Findings of `billing` as dictionaries."""
        made = self.amounts.charge
        return [finding.model_dump(mode="json") for finding in made.findings] if made else []

    def steps(self, language: str) -> dict[str, Step]:
        """The calculation as trees in words: `kwh`, `yuan`, `cap`, those that there are."""
        found: dict[str, Step] = {}
        correction, charge = self.amounts.correction, self.amounts.charge
        if correction is not None:
            found["kwh"] = trace_steps(correction.trace, correction.kwh_trace, language)
            found["yuan"] = trace_steps(correction.trace, correction.amount_trace, language)
        if charge is not None:
            found.setdefault("yuan", trace_steps(charge.trace, charge.recovered_trace, language))
            found["cap"] = trace_steps(charge.trace, charge.cap_trace, language)
        return found

    def articles(self) -> list[dict[str, str]]:
        """Where the rules stand, and how sure that is."""
        made = [one for one in (self.amounts.correction, self.amounts.charge) if one is not None]
        return [{"article": one.article, "certainty": str(one.certainty)} for one in made]

    def as_json(self) -> dict[str, Any]:
        """As stored in `audit_ticket.amounts`: input, results, proof."""
        amounts = self.amounts
        return {
            "form": self.form.code,
            "values": as_json(self.values),
            "kwh": str(amounts.kwh),
            "yuan": str(amounts.yuan),
            "breach": str(amounts.breach),
            "cap": None if amounts.cap is None else str(amounts.cap),
            "from_day": amounts.from_day.isoformat() if amounts.from_day else None,
            "until_day": amounts.until_day.isoformat() if amounts.until_day else None,
            "basis": dict(amounts.basis or {}),
            "articles": self.articles(),
            "correction": amounts.correction.model_dump(mode="json") if amounts.correction else None,
            "charge": amounts.charge.model_dump(mode="json") if amounts.charge else None,
        }


@dataclass(frozen=True, slots=True)
class TicketAmounts:
    """Amounts of a ticket: the forms of its anomaly type, what was decided, and the form and values of the finding."""

    number: str
    forms: tuple[FindingForm, ...]
    recovered_kwh: Decimal | None
    recovered_yuan: Decimal | None
    breach_yuan: Decimal | None
    stored: dict[str, Any] | None
    reported_form: str | None
    reported_values: dict[str, Any]


async def _ticket(connection: AsyncConnection, number: str) -> dict[str, Any]:
    row = (await connection.execute(_TICKET, {"number": number})).one_or_none()
    if row is None:
        raise UnknownTicket(number)
    return dict(row._mapping)


async def amounts_of(viewer: Viewer, number: str) -> TicketAmounts:
    """The forms that fit a ticket and its stored amounts. Two statements.

    Raises:
        UnknownTicket: not there, or not in the viewer's scope.
    """
    async with reading(viewer) as connection:
        row = await _ticket(connection, number)
        reported = await connection.scalar(_REPORTED, {"county": row["county_code"], "number": number}) or {}
    return TicketAmounts(
        number, forms_of(row["anomaly_code"]), row["recovered_kwh"], row["recovered_yuan"], row["breach_yuan"],
        row["amounts"], reported.get("form"), reported.get("form_values") or {},
    )  # fmt: skip


async def preview(viewer: Viewer, number: str, asked: Asked, now: datetime) -> Preview:
    """Compute without storing. Up to four statements; the calculation runs in a thread.

    Raises:
        UnknownTicket: not there, or not in the viewer's scope.
        audit.finding_forms.UnknownForm: the anomaly type has no such form.
        FormFaults: values are missing or wrong.
        NotComputable: no customer, no bill, or terms that give none.
    """
    made, _row, _path = await _computed(viewer, number, asked, now)
    return made


async def _computed(
    viewer: Viewer, number: str, asked: Asked, now: datetime
) -> tuple[Preview, dict[str, Any], str | None]:
    async with reading(viewer, consistent=True) as connection:
        row = await _ticket(connection, number)
        form = form_for(row["anomaly_code"], asked.form)
        values, faults = check(form, asked.values)
        charge = _charge(asked.charge, faults)
        if faults:
            raise FormFaults(faults)
        known, path = None, None
        if row["customer_number"] and form.calculation is not None:
            day = (row["found_at"] or now).astimezone(DISPLAY_ZONE).date()
            known, path = await _bills(connection, row, day, span_of(form, values))
    amounts = await asyncio.to_thread(compute, form, values, known, charge)
    return Preview(form, values, amounts), row, path


def _charge(given: str | Decimal | int | None, faults: list[FieldFault]) -> Decimal | None:
    if given is None or given == "":
        return None
    try:
        charge = Decimal(str(given))
        if not charge.is_finite() or charge < 0 or charge > 10**12 or charge != charge.quantize(Decimal("0.01")):
            raise InvalidOperation
    except InvalidOperation:
        faults.append(FieldFault("charge", "not_a_number", str(given)[:60], ">= 0 CNY, <= 2 decimals"))
        return None
    return charge


async def _bills(
    connection: AsyncConnection, row: Mapping[str, Any], day: date, span: tuple[date, date] | None
) -> tuple[CustomerBills, str | None]:
    key = {"county": row["county_code"], "customer": row["customer_number"]}
    placed = (await connection.execute(_TERMS, {**key, "day": day})).one_or_none()
    if placed is None:
        raise NotComputable("no_customer")
    latest = (await connection.execute(_LATEST, {**key, "day": day})).one_or_none()
    rows: Sequence[Any] = ()
    if span is not None:
        limits = {"first": span[0].replace(day=1), "last": span[1], "limit": MOST_BILLS + 1}
        rows = (await connection.execute(_BILLS, {**key, **limits})).all()
        if len(rows) > MOST_BILLS:
            raise NotComputable("too_long", detail=f"{MOST_BILLS}")
    newest = _issued(key["customer"], latest) if latest else None
    account = newest.case.account if newest else _account(key["customer"], placed.terms)
    bills = sorted((_issued(key["customer"], each) for each in rows), key=lambda bill: bill.month)
    return CustomerBills(key["customer"], account, bills, newest), placed.org_path


def _issued(customer: str, row: Any) -> IssuedBill:
    case = parse_case(json.loads(row.content))
    return IssuedBill(bill_number(customer, row.month, row.version), row.month, row.version, case)


def _account(customer: str, terms: str | None) -> Account | None:
    return Account.model_validate({"account": customer, **json.loads(terms)}) if terms else None


async def set_amounts(
    viewer: Viewer, number: str, asked: Asked, *, change_id: UUID, based_on: int | None, now: datetime
) -> Outcome:
    """Decide a ticket's amounts. About twenty statements in three transactions, of which one writes.

    Deciding again takes the earlier adjustments back by rows of their own and books the new ones. A breach needs the
    charge to be entered; zero amounts are a decision too.

    Raises:
        As `preview`; further
        NotAccepted: the charge is above its cap.
        tickets.NotAllowed, StaleTicket, ChangeIdReused: as every change of a ticket.
    """
    made, row, path = await _computed(viewer, number, asked, now)
    if made.charge_findings:
        raise NotAccepted(made.charge_findings)
    if made.amounts.charge is not None and (asked.charge is None or asked.charge == ""):
        raise FormFaults([FieldFault("charge", "missing", "", f"0 … {made.amounts.cap} CNY")])
    content = made.as_json()
    amounts = made.amounts
    computed: dict[str, Any] = {
        "recovered_kwh": amounts.kwh,
        "recovered_yuan": amounts.yuan,
        "breach_yuan": amounts.breach,
        "amounts": content,
        "told": {"form": made.form.code, "cap_yuan": content["cap"], "articles": made.articles()},
    }
    decision = Decision(
        customer=row["customer_number"] or "", from_day=amounts.from_day, until_day=amounts.until_day,
        ticket_number=number, is_demo=row["is_demo"],
    )  # fmt: skip

    async def book(connection: AsyncConnection, ticket: Mapping[str, Any]) -> None:
        customer = ticket["customer_number"]
        if not customer:
            return
        await hold_customer(connection, customer)
        taken_back = await take_back(connection, viewer, ticket["county_code"], customer, number)
        numbers: list[str] = []
        place = (ticket["county_code"], path or ticket["org_path"])
        if amounts.correction is not None:
            numbers.append(await write_correction(connection, viewer, decision, place, amounts.correction))
        if amounts.charge is not None:
            own_proof = amounts.correction is not None
            numbers += await write_breach(connection, viewer, decision, place, amounts.charge, recovered=not own_proof)
        content["adjustments"], content["taken_back"] = numbers, taken_back
        computed["told"] |= {"adjustments": numbers, "taken_back": taken_back}

    fingerprint = json.dumps(
        {"form": made.form.code, "values": as_json(made.values), "charge": str(amounts.breach)}, sort_keys=True
    )
    command = Command(
        change_id=change_id, number=number, action="set_amounts", based_on=based_on, computed=computed,
        fingerprint=fingerprint, alongside=book,
    )  # fmt: skip
    return await act(viewer, command, now)
