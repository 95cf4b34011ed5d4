"""Tariff advice: the same readings billed under other choices by the same engine (domain sheet 7)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from billing.exact import exactly
from billing.findings import Finding
from billing.model.bill import Bill
from billing.model.case import Case, parse_case
from billing.model.terms import STRICT, Exact
from billing.single import bill
from billing.tariff.book import TariffBook


class Choice(BaseModel):
    """One way of being priced: total over all months and by component, yuan; None when some month has no bill."""

    model_config = STRICT

    name: str
    total: Exact | None
    components: dict[str, Exact]
    worst_month: Exact | None
    findings: tuple[Finding, ...] = ()


def compare(
    cases: Sequence[Case], choices: Mapping[str, Mapping[str, Any]], book: TariffBook | None = None
) -> list[Choice]:
    """Bill every month under every choice, cheapest first; choices without a bill come last.

    `choices` maps a name to changes of the account, such as `{"scheme": "single_part", "basic_charge": "none"}`.
    Raises CaseRefused when a change does not fit the schema.
    """
    made = [_choice(name, [_changed(case, changes) for case in cases], book) for name, changes in choices.items()]
    return sorted(made, key=lambda item: (item.total is None, item.total or Decimal(0)))


def _changed(case: Case, changes: Mapping[str, Any]) -> Case:
    content = case.model_dump()
    content["account"] |= changes
    return parse_case(content)


@exactly
def _choice(name: str, cases: list[Case], book: TariffBook | None) -> Choice:
    bills: list[Bill] = [bill(case, book) for case in cases]
    findings = tuple(finding for item in bills for finding in item.findings)
    if not bills or not all(item.billed for item in bills):
        return Choice(name=name, total=None, components={}, worst_month=None, findings=findings)
    components: dict[str, Decimal] = {}
    for item in bills:
        for code, amount in item.amounts().items():
            components[code] = components.get(code, Decimal(0)) + amount
    totals = [item.total for item in bills]
    return Choice(
        name=name, total=sum(totals, Decimal(0)), components=components, worst_month=max(totals), findings=findings
    )
