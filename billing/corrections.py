"""Corrections (退补): energy and money that a wrong meter, wiring, multiplier, class or price version cost someone.

Signs: positive is recovered from the customer, negative is given back. Every correction carries its article and its
trace. Corrections are new records: the bill that was wrong stays as it was issued (domain sheet 2.12).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel

from billing.exact import exactly
from billing.legal import legal
from billing.model.bill import Bill
from billing.model.terms import STRICT, Certainty, Exact
from billing.trace import Traced, TraceNode, flatten, leaf, total

EDITION = "2024"


class Correction(BaseModel):
    """kWh and yuan of one correction. `trace[kwh_trace]` and `trace[amount_trace]` prove them."""

    model_config = STRICT

    kind: str
    kwh: Exact
    amount: Exact
    article: str
    certainty: Certainty
    basis: str
    trace: tuple[TraceNode, ...]
    kwh_trace: int
    amount_trace: int


def _correction(kind: str, kwh: Traced, amount: Traced, edition: str) -> Correction:
    rule = legal().corrections[kind]
    nodes, (kwh_place, amount_place) = flatten([kwh, amount])
    return Correction(
        kind=kind, kwh=kwh.value, amount=amount.value, article=rule.cite(edition), certainty=rule.certainty,
        basis=rule.basis, trace=tuple(nodes), kwh_trace=kwh_place, amount_trace=amount_place,
    )  # fmt: skip


def _priced(kind: str, kwh: Traced, price: Decimal, digits: int, edition: str) -> Correction:
    rounded = kwh.rounded(digits).named("correction.kwh", "kWh")
    amount = (rounded * leaf(price, "correction.price", "CNY/kWh")).rounded(2).named("correction.amount", "CNY")
    return _correction(kind, rounded, amount, edition)


def half_time(verified: date, corrected: date) -> int:
    """Days of the half of the time from the last verification to the correction, half a day counting whole.

    >>> half_time(date(2026, 1, 10), date(2026, 7, 9))
    90
    """
    return ((corrected - verified).days + 1) // 2


def meter_error(
    recorded_kwh: Decimal, error: Decimal, price: Decimal, *, digits: int = 0, edition: str = EDITION
) -> Correction:
    """A meter that was `error` fast (+0.03) or slow (-0.03) while it recorded `recorded_kwh`: base zero error.

    The energy to correct is -recorded x error / (1 + error): a fast meter gives a refund. `recorded_kwh` is that of
    the half of the time (see `half_time`).
    """
    recorded, share = leaf(recorded_kwh, "correction.recorded", "kWh"), leaf(error, "correction.error")
    true_share = leaf(1, "correction.one") + share
    return _priced("meter_error", leaf(0, "zero") - recorded * share / true_share, price, digits, edition)


@exactly
def wiring_coefficient(elements: Sequence[int | Decimal]) -> Decimal:
    """Correction coefficient K of a balanced load from what each metering element records (1, 0, -1).

    >>> wiring_coefficient([1, 1, -1]), wiring_coefficient([1, 1, 0])
    (Decimal('3'), Decimal('1.5'))

    Raises ValueError when the elements cancel out: then no coefficient exists and a normal month is the base.
    """
    recorded = sum((Decimal(item) for item in elements), Decimal(0))
    if recorded == 0:
        raise ValueError("the elements cancel out: use the energy of a normal month")
    return Decimal(len(elements)) / recorded


def wiring(
    recorded_kwh: Decimal, coefficient: Decimal, price: Decimal, *, digits: int = 0, edition: str = EDITION
) -> Correction:
    """Wrong wiring: recorded x (K - 1)."""
    factor = leaf(coefficient, "correction.coefficient") - leaf(1, "correction.one")
    return _priced("wiring", leaf(recorded_kwh, "correction.recorded", "kWh") * factor, price, digits, edition)


def wrong_multiplier(
    units: Decimal, billed: Decimal, true: Decimal, price: Decimal, *, digits: int = 0, edition: str = EDITION
) -> Correction:
    """Dial units x (true multiplier - multiplier billed)."""
    factor = leaf(true, "correction.true_multiplier") - leaf(billed, "correction.billed_multiplier")
    return _priced("multiplier", leaf(units, "correction.units") * factor, price, digits, edition)


def fuse_blown(
    normal_kwh: Decimal, fault_kwh: Decimal, price: Decimal, *, digits: int = 0, edition: str = EDITION
) -> Correction:
    """A blown voltage fuse where calculation is impossible: normal month minus fault month.

    Where the coefficient can be computed use `wiring` with it.
    """
    kwh = leaf(normal_kwh, "correction.normal", "kWh") - leaf(fault_kwh, "correction.fault", "kWh")
    return _priced("fuse_blown", kwh, price, digits, edition)


def wrong_reading(
    true_kwh: Decimal, billed_kwh: Decimal, price: Decimal, *, digits: int = 0, edition: str = EDITION
) -> Correction:
    """A reading that was wrong, estimated or missing: the true energy minus the energy billed."""
    kwh = leaf(true_kwh, "correction.true_energy", "kWh") - leaf(billed_kwh, "correction.billed_energy", "kWh")
    return _priced("reading", kwh, price, digits, edition)


def wrong_class(kwh: Decimal, billed_price: Decimal, true_price: Decimal, *, edition: str = EDITION) -> Correction:
    """A lower price used for a higher class: each price's charge rounded as its own line, then the difference."""
    energy = leaf(kwh, "correction.recorded", "kWh")
    right = (energy * leaf(true_price, "correction.price", "CNY/kWh")).rounded(2)
    wrong = (energy * leaf(billed_price, "correction.price", "CNY/kWh")).rounded(2)
    return _correction(
        "wrong_class", leaf(0, "correction.kwh", "kWh"), (right - wrong).named("correction.amount", "CNY"), edition
    )


class Rebilled(NamedTuple):
    """An issued bill, the right one, and on how many of its days the issued one was wrong."""

    issued: Bill
    right: Bill
    days: int


def rebilling(parts: Sequence[Rebilled], kind: str = "wrong_version", *, edition: str = EDITION) -> Correction:
    """Several bills made again: right total minus issued total, for the days that were wrong, each rounded to the cent.

    Raises ValueError when there are none, one of them is not a bill, the accounts differ, or a bill has fewer days.
    """
    accounts = {bill.account for part in parts for bill in (part.issued, part.right)}
    if len(accounts) != 1 or not all(part.issued.billed and part.right.billed for part in parts):
        raise ValueError("expected made bills of one account")
    kwh, amounts = [], []
    for part in parts:
        cycle = (part.issued.end - part.issued.start).days
        if not 0 < part.days <= cycle:
            raise ValueError(f"expected 1 to {cycle} days, got {part.days}")
        month = {"start": part.issued.start.isoformat(), "end": part.issued.end.isoformat()}
        right = leaf(part.right.total, "correction.right_bill", "CNY", **month)
        issued = leaf(part.issued.total, "correction.issued_bill", "CNY", **month)
        energy = [made.energy.billed_kwh if made.energy else Decimal(0) for made in (part.right, part.issued)]
        more = leaf(energy[0], "correction.true_energy", "kWh") - leaf(energy[1], "correction.billed_energy", "kWh")
        amount = right - issued
        if part.days < cycle:
            share = leaf(part.days, "correction.days", "d") / leaf(cycle, "correction.cycle_days", "d")
            more, amount = more * share, amount * share
        kwh.append(more.rounded(2))
        amounts.append(amount.rounded(2))
    return _correction(kind, total(kwh, "correction.kwh", "kWh"), total(amounts, "correction.amount", "CNY"), edition)


class Difference(BaseModel):
    """A bill that was wrong against the right one, component by component; `amount` is right minus issued."""

    model_config = STRICT

    account: str
    kind: str
    amount: Exact
    kwh: Exact
    components: dict[str, Exact]
    article: str
    certainty: Certainty
    basis: str


@exactly
def reverse(issued: Bill) -> dict[str, Decimal]:
    """The full refund of an issued bill: each component's amount with the opposite sign, yuan."""
    return {component: -amount for component, amount in issued.amounts().items()}


@exactly
def difference(issued: Bill, right: Bill, kind: str = "wrong_version", *, edition: str = EDITION) -> Difference:
    """What corrects an issued bill into the right one. issued + difference = right, to the cent, per component.

    Raises ValueError when one of them is not a bill, or they are of different accounts.
    """
    if not (issued.billed and right.billed) or issued.account != right.account:
        raise ValueError("expected two made bills of one account")
    before, after = issued.amounts(), right.amounts()
    names = [*after, *(name for name in before if name not in after)]
    components = {
        name: changed for name in names if (changed := after.get(name, Decimal(0)) - before.get(name, Decimal(0)))
    }
    rule = legal().corrections[kind]
    kwh = [made.energy.billed_kwh if made.energy else Decimal(0) for made in (right, issued)]
    return Difference(
        account=issued.account, kind=kind, amount=sum(components.values(), Decimal(0)), kwh=kwh[0] - kwh[1],
        components=components, article=rule.cite(edition), certainty=rule.certainty, basis=rule.basis,
    )  # fmt: skip
