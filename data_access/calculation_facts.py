"""What a calculation of a ticket's amounts knows: checked values, the customer's bills, and figures drawn from them.

Pure. Energy of a time is the bills' own, shared out by days; a price is the average of the last bill's energy charges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from audit.finding_forms import Value
from billing import Account, Bill, Case
from billing import bill as make_bill
from billing.breach import BreachCharge
from billing.corrections import Correction
from billing.exact import exactly
from billing.model.terms import Scheme

NOT_ENERGY = frozenset({"capacity_charge", "demand_charge", "power_factor"})
"""Components that are no price of a kilowatt-hour."""
PRICE_DIGITS = Decimal("0.00000001")
ZERO = Decimal(0)


class NotComputable(ValueError):
    """No amount follows from what is known. `why` is a key `evidence.amount_<why>`; `field` names a missing value."""

    def __init__(self, why: str, *, field: str = "", detail: str = "") -> None:
        super().__init__(f"{why} {field} {detail}".strip())
        self.why = why
        self.field = field
        self.detail = detail


@dataclass(frozen=True, slots=True)
class IssuedBill:
    """A bill as it was issued: the newest version of its month, with the case that it was made from."""

    number: str
    month: date
    version: int
    case: Case


@dataclass(frozen=True, slots=True)
class CustomerBills:
    """What the calculation knows of a customer. `account`: by the newest bill, else by the terms on file."""

    customer: str
    account: Account | None
    bills: Sequence[IssuedBill]
    """Those of the time in question, oldest first."""
    latest: IssuedBill | None
    """The last one before the finding: where prices come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What is recovered or given back (negative), and what is charged for the breach, each apart.

    `correction` or `charge` holds the proof; a charge's own recovered part is in `yuan`. Both None: nothing to recover.
    """

    kwh: Decimal = ZERO
    yuan: Decimal = ZERO
    breach: Decimal = ZERO
    cap: Decimal | None = None
    correction: Correction | None = None
    charge: BreachCharge | None = None
    from_day: date | None = None
    until_day: date | None = None
    basis: Mapping[str, str] | None = None
    """Figures that the bills gave: name → value, and from which bills."""

    @property
    def total(self) -> Decimal:
        """Recovered plus breach charge, yuan: the economic result (domain sheet 1.7)."""
        return self.yuan + self.breach


@dataclass(slots=True)
class Work:
    """One calculation: the checked values, what the bills know, and what was taken from them on the way (`basis`)."""

    values: Mapping[str, Value]
    known: CustomerBills
    charge: Decimal | None
    basis: dict[str, str]

    def decimal(self, name: str) -> Decimal | None:
        """A number of the form, None where it is empty."""
        value = self.values.get(name)
        return Decimal(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else None

    def number(self, name: str) -> Decimal:
        """A number that this calculation needs. Raises NotComputable `missing`."""
        value = self.decimal(name)
        if value is None:
            raise NotComputable("missing", field=name)
        return value

    def day(self, name: str) -> date | None:
        """A day of the form, None where it is empty."""
        value = self.values.get(name)
        return value if isinstance(value, date) else None

    def span(self) -> tuple[date, date]:
        """First day and the day after the last."""
        first, last = self.day("from_day"), self.day("until_day")
        if first is None or last is None:
            raise NotComputable("missing", field="from_day" if first is None else "until_day")
        return first, last + timedelta(days=1)

    @property
    def account(self) -> Account:
        """The customer's terms. Raises NotComputable `no_terms`."""
        if self.known.account is None:
            raise NotComputable("no_terms")
        return self.known.account

    @property
    def two_part(self) -> bool:
        """Whether a basic charge is paid."""
        return self.account.scheme is Scheme.TWO_PART

    @property
    def residential(self) -> bool:
        """Whether it is a lighting user (照明用户) and a household."""
        return self.account.scheme.category == "residential"

    def price(self) -> Decimal:
        """Average energy price of the last bill, yuan per kWh."""
        latest = self.known.latest
        if latest is None:
            raise NotComputable("no_bill")
        price = average_price(made_bill(latest.case))
        if price is None:
            raise NotComputable("no_price", detail=latest.number)
        self.basis |= {"price": str(price), "price_from": latest.number}
        return price

    def read_energy(self, first: date, end: date) -> Decimal:
        """Read kWh of the days [first, end) by the bills, shared out by days."""
        total, used = ZERO, []
        for issued in self.known.bills:
            days, cycle = days_in(issued.case, first, end)
            made = made_bill(issued.case)
            if days and made.energy is not None:
                total += made.energy.read_kwh * days / cycle
                used.append(issued.number)
        if not used:
            raise NotComputable("no_bill")
        total = total.quantize(Decimal("0.01"))
        self.basis |= {"energy_kwh": str(total), "energy_from": ", ".join(used)}
        return total


def made_bill(case: Case) -> Bill:
    """The bill of a case. Raises NotComputable `not_billable` with what `billing` found."""
    made = make_bill(case)
    if not made.billed:
        raise NotComputable("not_billable", detail="; ".join(finding.text("en") for finding in made.findings)[:500])
    return made


def days_in(case: Case, first: date, end: date) -> tuple[int, int]:
    """How many of a bill's days lie in [first, end), and how many it has."""
    start, until = case.readings.start, case.readings.end
    return max(0, (min(until, end) - max(start, first)).days), (until - start).days


@exactly
def average_price(made: Bill) -> Decimal | None:
    """Energy charges of a bill per kWh billed, to 8 decimals; None for a bill without energy.

    Of the lines' prices, not of their rounded amounts: a bill with one price gives that price back.
    """
    kwh = made.energy.billed_kwh if made.energy else ZERO
    if kwh <= 0:
        return None
    energy = sum((line.quantity * line.price for line in made.lines if line.component not in NOT_ENERGY), ZERO)
    price = (energy / kwh).quantize(PRICE_DIGITS)
    return price.quantize(Decimal(1)) if price == price.to_integral_value() else price.normalize()


def changed_terms(case: Case, **changes: Any) -> Case:
    """The same readings under other terms."""
    account = case.account.model_dump() | changes
    try:
        return case.model_copy(update={"account": Account.model_validate(account)})
    except ValidationError as error:
        detail = "; ".join(fault["msg"] for fault in error.errors())[:500]
        raise NotComputable("not_billable", detail=detail) from error
