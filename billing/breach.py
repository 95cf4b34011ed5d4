"""Breach charges (违约使用电费) and late fees (电费违约金): two different things, neither of them energy revenue.

The law says "not more than": the charge is an amount that a person enters, the cap is what it is validated against.
Recovered charge and breach charge stay apart in every result (domain sheet 2.12, 11).
"""

from datetime import date, timedelta
from decimal import Decimal

from pydantic import BaseModel

from billing.exact import exactly, text
from billing.findings import Finding, Level
from billing.legal import LateFeeRates, legal
from billing.model.terms import STRICT, Certainty, Exact
from billing.trace import Traced, TraceNode, apply, flatten, leaf

EDITION = "2024"


class BreachCharge(BaseModel):
    """What is recovered and what is charged for the breach, yuan. `accepted` is false above the cap."""

    model_config = STRICT

    kind: str
    kwh: Exact
    recovered: Exact
    cap: Exact
    charge: Exact
    accepted: bool
    article: str
    certainty: Certainty
    findings: tuple[Finding, ...] = ()
    trace: tuple[TraceNode, ...]
    recovered_trace: int
    cap_trace: int

    @property
    def total(self) -> Decimal:
        """Recovered charge plus breach charge, yuan: what the customer pays, booked on two accounts."""
        return self.recovered + self.charge


@exactly
def _judge(
    kind: str,
    account: str,
    kwh: Traced,
    recovered: Traced,
    quantity: Traced | None,
    charge: Decimal | None,
    edition: str,
) -> BreachCharge:
    rule = legal().breaches[kind]
    if rule.multiple is not None:
        cap = recovered * leaf(rule.multiple, "breach.multiple")
    elif quantity is not None and rule.rate is not None:
        cap = quantity * leaf(rule.rate, "breach.rate", rule.unit)
    else:
        raise ValueError(f"breach {kind}: expected a quantity in {rule.unit}")
    cap = cap.rounded(2).named("breach.cap", "CNY")
    entered = cap.value if charge is None else charge
    findings = []
    if entered > cap.value:
        findings.append(
            Finding(
                rule="breach_above_cap",
                level=Level.BLOCK,
                account=account,
                field="charge",
                expected=text(cap.value),
                found=text(entered),
                difference=entered - cap.value,
            )
        )
    if entered < 0:
        findings.append(
            Finding(
                rule="breach_negative",
                level=Level.BLOCK,
                account=account,
                field="charge",
                expected="0",
                found=text(entered),
            )
        )
    nodes, (recovered_place, cap_place) = flatten([recovered, cap])
    return BreachCharge(
        kind=kind, kwh=kwh.value, recovered=recovered.value, cap=cap.value, charge=entered, accepted=not findings,
        article=rule.cite(edition), certainty=rule.certainty, findings=tuple(findings), trace=tuple(nodes),
        recovered_trace=recovered_place, cap_trace=cap_place,
    )  # fmt: skip


def theft(
    account: str,
    power_kw: Decimal,
    price: Decimal,
    *,
    days: int | None = None,
    hours: Decimal | None = None,
    lighting: bool = True,
    charge: Decimal | None = None,
    edition: str = EDITION,
) -> BreachCharge:
    """Stolen energy = power x days x hours, and the breach charge on top of it, at most 3 x (the default).

    `power_kw` is the device's rating, or the capacity of the meter's nominal current. Without a known time the rule
    gives 180 days and 12 h (power users) or 6 h (`lighting`) a day.
    """
    unknown = legal().theft_time
    default_hours = unknown.hours_lighting if lighting else unknown.hours_power
    kwh = apply(
        "multiply",
        leaf(power_kw, "breach.power", "kW"),
        leaf(unknown.days if days is None else days, "breach.days", "d"),
        leaf(default_hours if hours is None else hours, "breach.hours", "h"),
    ).named("breach.energy", "kWh")
    recovered = (kwh * leaf(price, "correction.price", "CNY/kWh")).rounded(2).named("breach.recovered", "CNY")
    return _judge("theft", account, kwh, recovered, None, charge, edition)


def measured_theft(
    account: str, kwh: Decimal, recovered: Decimal, *, charge: Decimal | None = None, edition: str = EDITION
) -> BreachCharge:
    """Theft whose energy and worth are known, by measurement or from the customer's own past: the breach charge on top
    of `recovered` yuan, at most 3 x (the default).
    """
    amount = leaf(recovered, "breach.recovered", "CNY")
    return _judge("theft", account, leaf(kwh, "breach.energy", "kWh"), amount, None, charge, edition)


def over_capacity(
    account: str,
    excess: Decimal,
    *,
    two_part: bool,
    months: Decimal = Decimal(1),
    price: Decimal = Decimal(0),
    charge: Decimal | None = None,
    edition: str = EDITION,
) -> BreachCharge:
    """Capacity beyond the contract. Two-part: basic charge for the months used, and up to 3 x; others 50 yuan/kW."""
    return _equipment("over_capacity", account, excess, two_part, months, price, charge, edition)


def sealed_equipment(
    account: str,
    capacity: Decimal,
    *,
    two_part: bool,
    months: Decimal = Decimal(1),
    price: Decimal = Decimal(0),
    charge: Decimal | None = None,
    edition: str = EDITION,
) -> BreachCharge:
    """Suspended or sealed equipment in use. Two-part: basic charge, and up to 2 x; others 30 yuan/kW each time."""
    return _equipment("sealed", account, capacity, two_part, months, price, charge, edition)


def _equipment(
    kind: str,
    account: str,
    capacity: Decimal,
    two_part: bool,
    months: Decimal,
    price: Decimal,
    charge: Decimal | None,
    edition: str,
) -> BreachCharge:
    none = leaf(0, "zero", "kWh")
    quantity = leaf(capacity, "breach.quantity", "kVA")
    if not two_part:
        return _judge(f"{kind}_other", account, none, leaf(0, "breach.recovered", "CNY"), quantity, charge, edition)
    basic = apply("multiply", quantity, leaf(months, "breach.months"), leaf(price, "price.capacity", "CNY/kVA/month"))
    recovered = basic.rounded(2).named("breach.recovered", "CNY")
    return _judge(f"{kind}_two_part", account, none, recovered, None, charge, edition)


def wrong_class(
    account: str, recovered: Decimal, *, charge: Decimal | None = None, edition: str = EDITION
) -> BreachCharge:
    """A lower price used for a higher class: the difference (`corrections.wrong_class`) and up to 2 x of it."""
    amount = leaf(recovered, "breach.recovered", "CNY")
    return _judge("wrong_class", account, leaf(0, "zero", "kWh"), amount, None, charge, edition)


def fixed_rate(
    account: str, kind: str, quantity: Decimal = Decimal(1), *, charge: Decimal | None = None, edition: str = EDITION
) -> BreachCharge:
    """A breach with a rate per unit and nothing to recover: moved meter, unauthorised supply."""
    none = leaf(0, "zero", "kWh")
    units = leaf(quantity, "breach.quantity")
    return _judge(kind, account, none, leaf(0, "breach.recovered", "CNY"), units, charge, edition)


class LateFee(BaseModel):
    """A late fee in yuan: other income, neither energy revenue nor a breach charge."""

    model_config = STRICT

    fee: Exact
    days_same_year: int
    days_later_years: int
    article: str
    certainty: Certainty
    trace: tuple[TraceNode, ...]
    fee_trace: int


def late_fee(
    arrears: Decimal, due: date, paid: date, *, residential: bool, rates: LateFeeRates | None = None
) -> LateFee:
    """From the day after `due` to the day of payment, both counted.

    Residential 1 per mille a day; others 2 per mille on days of the year of the bill's due date, 3 per mille on days
    of later years. Raises ValueError when no rates are valid on the due date.
    """
    found = rates or _rates(due)
    first = due + timedelta(days=1)
    new_year = date(due.year + 1, 1, 1)
    same = max(0, (min(paid + timedelta(days=1), new_year) - first).days)
    later = max(0, (paid + timedelta(days=1) - max(first, new_year)).days)
    owed = leaf(arrears, "late.arrears", "CNY")
    parts = [
        apply("multiply", owed, leaf(days, "late.days", "d"), leaf(rate, "late.rate", edition=found.edition))
        for days, rate in (
            (same, found.residential if residential else found.same_year),
            (later, found.residential if residential else found.cross_year),
        )
    ]
    owing = apply("add", *parts)
    fee = owing.rounded(2)
    if owing.value > 0 and fee.value < found.minimum:
        fee = apply("maximum", fee, leaf(found.minimum, "late.fee", "CNY"))
    fee = fee.named("late.fee", "CNY")
    nodes, (place,) = flatten([fee])
    return LateFee(
        fee=fee.value, days_same_year=same, days_later_years=later,
        article=f"供电营业规则({found.edition}){found.article}", certainty=found.certainty, trace=tuple(nodes),
        fee_trace=place,
    )  # fmt: skip


def _rates(day: date) -> LateFeeRates:
    for row in legal().late_fees:
        if row.valid_from <= day and (row.valid_until is None or day < row.valid_until):
            return row
    raise ValueError(f"no late-fee rates valid on {day}")
