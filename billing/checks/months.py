"""The reading checks over a customer's months: each month is compared with those before it (domain sheet 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.checks.registry import Registry, standard_rules
from billing.checks.rules import Stage
from billing.findings import Finding
from billing.model.case import Case
from billing.model.readings import History
from billing.single import bill
from billing.tariff.book import TariffBook

EARLIER = 3
"""Cycles that a month is compared with, at most."""


@dataclass(frozen=True, slots=True)
class MonthCheck:
    """One month: read kWh (None where the readings give none) and the findings of both stages."""

    month: date
    kwh: Decimal | None
    findings: tuple[Finding, ...]


def check_months(
    cases: Sequence[tuple[date, Case]], rules: Registry | None = None, book: TariffBook | None = None
) -> list[MonthCheck]:
    """Run the checks of reading and review over months in rising order, the newest first in the answer.

    A month's history is what the case itself states, else the read energy of the months before it.
    """
    registry = rules or standard_rules()
    found: list[MonthCheck] = []
    earlier: list[Decimal] = []
    scheme = None
    for month, case in cases:
        known = case
        if case.history == History() and earlier:
            history = History(
                reference_kwh=earlier[-1],
                earlier_kwh=tuple(earlier[-EARLIER:]),
                file_changed=scheme is not None and scheme != case.account.scheme,
            )
            known = case.model_copy(update={"history": history})
        made = bill(known, book)
        kwh = made.energy.read_kwh if made.energy else None
        findings = (
            *made.findings,
            *registry.run(known, made, Stage.READING),
            *registry.run(known, made if made.billed else None, Stage.REVIEW),
        )
        found.append(MonthCheck(month, kwh, findings))
        scheme = case.account.scheme
        if kwh is not None:
            earlier.append(kwh)
    return found[::-1]
