"""Adjustments: refunds, back-billing and breach amounts as `billing` computed them, stored and summed apart.

Energy that is recovered from a theft is energy revenue; the breach charge on top of it is not (domain sheet 1.7, 11).
So one breach gives two rows. What was decided is never changed: a mistake is put right by a further row.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from billing.breach import BreachCharge
from billing.corrections import Correction, Difference
from data_access.engine import reading, system
from data_access.log import log_action
from data_access.scope import Role, Viewer

PART = "billing"
Place = tuple[str, str]
"""County code and ltree path of a customer."""
MAY_DECIDE: frozenset[Role] = frozenset({"admin", "supervisor"})


class MayNotDecide(Exception):
    """The viewer's role does not allow it."""


class NotAccepted(Exception):
    """The charge is above its legal cap or below zero; `findings` say by how much."""

    def __init__(self, findings: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What belongs to an adjustment beside its amounts. `edition` is that of the rules that it was computed by."""

    customer: str
    edition: str = "2024"
    from_day: date | None = None
    until_day: date | None = None
    ticket_number: str | None = None
    bill_month: date | None = None
    bill_version: int | None = None
    is_demo: bool = False


_PLACE = text("SELECT county_code, org_path::text FROM customer WHERE number = :customer")
_INSERT = text("""
INSERT INTO adjustment (county_code, number, customer_number, kind, cause, article, edition, from_day, until_day,
    energy_kwh, energy_yuan, breach_yuan, cap_yuan, bill_month, bill_version, ticket_number, content, decided_by,
    is_demo, org_path)
SELECT :county, 'A' || :customer || '-' || lpad((count(*) + 1)::text, 4, '0'), :customer, :kind, :cause, :article,
    :edition, :from_day, :until_day, :kwh, :energy, :breach, :cap, :bill_month, :bill_version, :ticket, :content, :who,
    :is_demo, CAST(:path AS ltree)
FROM adjustment WHERE county_code = :county AND customer_number = :customer
RETURNING number
""").bindparams(bindparam("content", type_=JSONB))


async def record_correction(viewer: Viewer, made: Correction | Difference, decision: Decision) -> str:
    """Store a refund (negative amount) or a back-billing; returns its number.

    Raises:
        MayNotDecide: not a role of `MAY_DECIDE`.
        LookupError: no such customer in the viewer's scope.
    """
    async with _deciding(viewer, decision) as (connection, place):
        return await write_correction(connection, viewer, decision, place, made)


async def write_correction(
    connection: AsyncConnection, viewer: Viewer, decision: Decision, place: Place, made: Correction | Difference
) -> str:
    """The same within a transaction that has seen the customer and holds its lock (`hold_customer`). Two statements."""
    kind = "refund" if made.amount < 0 else "back_billing"
    amounts = {"kwh": made.kwh, "energy": made.amount, "breach": Decimal(0), "cap": None}
    return await _insert(connection, viewer, decision, place, kind, made, amounts)


async def record_breach(viewer: Viewer, made: BreachCharge, decision: Decision) -> list[str]:
    """Store a breach: what is recovered as back-billing (where there is any) and the charge apart from it.

    Raises:
        NotAccepted: the charge is above its cap.
        MayNotDecide: not a role of `MAY_DECIDE`.
        LookupError: no such customer in the viewer's scope.
    """
    _must_be_accepted(made)
    async with _deciding(viewer, decision) as (connection, place):
        return await write_breach(connection, viewer, decision, place, made)


def _must_be_accepted(made: BreachCharge) -> None:
    if not made.accepted:
        raise NotAccepted([finding.model_dump(mode="json") for finding in made.findings])


async def write_breach(
    connection: AsyncConnection,
    viewer: Viewer,
    decision: Decision,
    place: Place,
    made: BreachCharge,
    *,
    recovered: bool = True,
) -> list[str]:
    """The same within a transaction that holds the customer's lock. `recovered` False: only the charge, where what is
    recovered was written with a proof of its own. Two statements a row.

    Raises:
        NotAccepted: the charge is above its cap.
    """
    _must_be_accepted(made)
    numbers = []
    none = Decimal(0)
    if recovered and (made.recovered or made.kwh):
        amounts = {"kwh": made.kwh, "energy": made.recovered, "breach": none, "cap": None}
        numbers.append(await _insert(connection, viewer, decision, place, "back_billing", made, amounts))
    amounts = {"kwh": none, "energy": none, "breach": made.charge, "cap": made.cap}
    numbers.append(await _insert(connection, viewer, decision, place, "breach", made, amounts))
    return numbers


async def hold_customer(connection: AsyncConnection, customer: str) -> None:
    """Lets nobody else number an adjustment of this customer until the transaction ends. One statement."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(4703208, hashtext(:customer))"), {"customer": customer})


_TAKE_BACK = text("""
INSERT INTO adjustment (county_code, number, customer_number, kind, cause, article, edition, from_day, until_day,
    energy_kwh, energy_yuan, breach_yuan, late_fee_yuan, cap_yuan, bill_month, bill_version, ticket_number, reverses,
    content, decided_by, is_demo, org_path)
SELECT county_code,
    'A' || customer_number || '-' || lpad((row_number() OVER (ORDER BY number) + (
        SELECT count(*) FROM adjustment AS made
        WHERE made.county_code = old.county_code AND made.customer_number = old.customer_number))::text, 4, '0'),
    customer_number, kind, cause, article, edition, from_day, until_day, -energy_kwh, -energy_yuan, -breach_yuan,
    -late_fee_yuan, NULL, bill_month, bill_version, ticket_number, number, '{}', :who, is_demo, org_path
FROM adjustment AS old
WHERE county_code = :county AND customer_number = :customer AND ticket_number = :ticket AND reverses IS NULL
    AND NOT EXISTS (SELECT FROM adjustment AS back WHERE back.county_code = old.county_code
        AND back.reverses = old.number)
RETURNING number, reverses, org_path::text AS org_path
""")


async def take_back(
    connection: AsyncConnection, viewer: Viewer, county: str, customer: str, ticket_number: str
) -> list[str]:
    """Reverse every adjustment of a ticket that still stands, by a row each; returns the numbers of the new rows.

    Within a transaction that holds the customer's lock. One statement, and one for each row's line in the log.
    """
    rows = await connection.execute(
        _TAKE_BACK, {"county": county, "customer": customer, "ticket": ticket_number, "who": viewer.subject}
    )
    numbers = []
    for row in rows.all():
        await log_action(
            connection, viewer, "adjust", "adjustment", row.number, {"reverses": row.reverses}, org_path=row.org_path
        )
        numbers.append(row.number)
    return numbers


@asynccontextmanager
async def _deciding(viewer: Viewer, decision: Decision) -> AsyncIterator[tuple[AsyncConnection, Place]]:
    """One transaction in which the customer was seen to lie in the viewer's scope, and numbers are given in turn."""
    if viewer.role not in MAY_DECIDE:
        raise MayNotDecide
    async with reading(viewer) as seen:
        row = (await seen.execute(_PLACE, {"customer": decision.customer})).one_or_none()
    if row is None:
        raise LookupError(f"no customer {decision.customer}")
    async with system(PART) as connection:
        await hold_customer(connection, decision.customer)
        yield connection, (row[0], row[1])


async def _insert(
    connection: AsyncConnection,
    viewer: Viewer,
    decision: Decision,
    place: Place,
    kind: str,
    made: Correction | Difference | BreachCharge,
    amounts: dict[str, Decimal | None],
) -> str:
    county, path = place
    stored = await connection.execute(
        _INSERT,
        {
            "county": county,
            "path": path,
            "customer": decision.customer,
            "kind": kind,
            "cause": made.kind,
            "article": made.article,
            "edition": decision.edition,
            "from_day": decision.from_day,
            "until_day": decision.until_day,
            "bill_month": decision.bill_month,
            "bill_version": decision.bill_version,
            "ticket": decision.ticket_number,
            "content": made.model_dump(mode="json"),
            "who": viewer.subject,
            "is_demo": decision.is_demo,
            **amounts,
        },
    )
    number: str = stored.scalar_one()
    detail = {"kind": kind, "energy_yuan": str(amounts["energy"]), "breach_yuan": str(amounts["breach"])}
    await log_action(connection, viewer, "adjust", "adjustment", number, detail, org_path=path)
    return number


async def adjustments_of(viewer: Viewer, customer: str) -> list[dict[str, Any]]:
    """A customer's adjustments, newest first."""
    async with reading(viewer) as connection:
        rows = await connection.execute(
            text("""
                SELECT adjustment.number, adjustment.kind, adjustment.cause, adjustment.article, adjustment.edition,
                    adjustment.from_day, adjustment.until_day, adjustment.energy_kwh, adjustment.energy_yuan,
                    adjustment.breach_yuan, adjustment.late_fee_yuan, adjustment.cap_yuan, adjustment.bill_month,
                    adjustment.bill_version, adjustment.ticket_number, adjustment.reverses, adjustment.content,
                    adjustment.decided_by, adjustment.decided_at
                FROM customer JOIN adjustment ON adjustment.county_code = customer.county_code
                    AND adjustment.customer_number = customer.number
                WHERE customer.number = :customer ORDER BY adjustment.decided_at DESC, adjustment.number DESC
            """),
            {"customer": customer},
        )
        return [dict(row._mapping) for row in rows]


async def adjustment_sums(viewer: Viewer, first: date, last: date) -> dict[str, Decimal]:
    """Sums of the days `first` to `last` (Asia/Shanghai): recovered, refunded, breach and late fees, each apart."""
    async with reading(viewer) as connection:
        row = await connection.execute(
            text("""
                SELECT COALESCE(sum(energy_yuan) FILTER (WHERE kind = 'back_billing'), 0) AS recovered_yuan,
                    COALESCE(sum(energy_yuan) FILTER (WHERE kind = 'refund'), 0) AS refunded_yuan,
                    COALESCE(sum(energy_kwh) FILTER (WHERE kind = 'back_billing'), 0) AS recovered_kwh,
                    COALESCE(sum(breach_yuan), 0) AS breach_yuan, COALESCE(sum(late_fee_yuan), 0) AS late_fee_yuan
                FROM adjustment
                WHERE decided_at >= CAST(:first AS date)::timestamp AT TIME ZONE 'Asia/Shanghai'
                  AND decided_at < (CAST(:last AS date) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
            """),
            {"first": first, "last": last},
        )
        return dict(row.one()._mapping)
