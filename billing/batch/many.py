"""Many cases at once: the columnar executor for those that fit columns, the other one for the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from billing.batch.convert import columns_of_cases
from billing.batch.engine import bill_columns
from billing.exact import CONTEXT
from billing.findings import Finding
from billing.model.case import Case
from billing.single import bill
from billing.tariff.book import TariffBook, standard_book


@dataclass
class Many:
    """Totals in yuan by position of the case (None: not billed), and the findings of every case."""

    totals: list[Decimal | None]
    findings: list[Finding] = field(default_factory=list)


def bill_many(cases: Sequence[Case], book: TariffBook | None = None) -> Many:
    """Bill any mixture of cases; a bad case gives findings and never stops the others."""
    book = book or standard_book()
    result = Many([None] * len(cases))
    order = sorted(range(len(cases)), key=lambda position: _group(cases[position]))
    for _, members in groupby(order, key=lambda position: _group(cases[position])):
        positions = list(members)
        group = [cases[position] for position in positions]
        columns, fitting, others = columns_of_cases(group, book)
        batch = bill_columns(columns, book, group[0].policy, group[0].known_at)
        for row, place in enumerate(fitting):
            if batch.billed[row]:
                result.totals[positions[place]] = Decimal(int(batch.total[row])).scaleb(-2, CONTEXT)
        for place in [*others, *(fitting[row] for row in range(len(fitting)) if not batch.billed[row])]:
            one = bill(group[place], book)
            result.findings += one.findings
            if one.billed:
                result.totals[positions[place]] = one.total
    return result


def _group(case: Case) -> tuple[str, str]:
    """Cases that share policy and clock can share a batch."""
    return case.policy.model_dump_json(), str(case.known_at)
