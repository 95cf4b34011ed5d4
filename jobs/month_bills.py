"""The bills of a batch as columns to store: every amount as `billing` gave it, and the findings of who got none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from billing import Bill, TariffBook, bill
from billing.batch import MISSING, BatchResult, bill_columns
from billing.findings import Fault, Finding, fault
from data_access.bill_input import DueAccount
from data_access.bill_store import CERTAINTIES, BillColumns, Failure, LineColumns, short, worst_certainty
from data_access.tariffs import Identifiers
from jobs.month_cases import EPOCH, AccountColumns, MonthCases, parsed


@dataclass(slots=True)
class MonthBills:
    """What one batch gives the database."""

    bills: BillColumns = field(default_factory=BillColumns)
    lines: LineColumns = field(default_factory=LineColumns)
    failures: list[Failure] = field(default_factory=list)


class Certainties:
    """How far each tariff row can be trusted, by area and code: a bill is as uncertain as its least certain row."""

    def __init__(self, book: TariffBook) -> None:
        self._rank: dict[tuple[str, str], int] = {}
        for name, area in book.areas.items():
            tariff = area.tariff
            for row in (*tariff.prices, *tariff.tiers, *tariff.ratios, *tariff.hours, *tariff.policies):
                self._rank[name, row.id] = CERTAINTIES.index(row.certainty)
        self._table = CERTAINTIES.index(book.power_factor.certainty)

    def rank(self, area: str, codes: Sequence[str]) -> int:
        """The highest rank of some rows."""
        return max((self._rank[area, code] for code in codes), default=0)

    def of_component(self, component: str) -> int:
        """What a component adds beside its rows: the table of the power factor."""
        return self._table if component == "power_factor" else 0


def month_bills(
    cases: MonthCases, known_at: datetime, book: TariffBook, identifiers: Identifiers, certainties: Certainties
) -> MonthBills:
    """Bill a batch. Accounts that do not fit columns and those with a fault go through the single-account executor."""
    made = MonthBills()
    for account, name, expected, found in cases.refused:
        finding = fault(Fault.MISSING_REGISTER if name.startswith("readings") else Fault.UNKNOWN_TARIFF,
                        account.number, name, expected, found)  # fmt: skip
        made.failures.append(_failure(account, [finding]))
    if cases.rows:
        result = bill_columns(cases.columns(), book, known_at=known_at, keep_lines=True)
        _take_batch(made, cases, result, book, identifiers, certainties)
    for account, terms, text in cases.single:
        _take_single(made, account, terms, text, bill(parsed(text), book), identifiers)
    return made


def _failure(account: DueAccount, findings: Sequence[Finding]) -> Failure:
    return Failure(account.number, account.org_path, [item.model_dump(mode="json") for item in findings])


def _take_batch(
    made: MonthBills,
    cases: MonthCases,
    result: BatchResult,
    book: TariffBook,
    identifiers: Identifiers,
    certainties: Certainties,
) -> None:
    bills, lines = made.bills, made.lines
    count = [0] * len(cases.accounts)
    worst = [certainties.rank(terms.area, _policy(book, terms.area, result, row))
             for row, terms in enumerate(cases.terms)]  # fmt: skip
    joined: dict[tuple[str, tuple[str, ...]], tuple[str, int]] = {}
    for item in result.lines():
        account, terms = cases.accounts[item.row], cases.terms[item.row]
        key = (terms.area, item.tariff_rows)
        if key not in joined:
            text = ",".join(str(identifiers[terms.area, code]) for code in item.tariff_rows)
            joined[key] = (text, certainties.rank(*key))
        rows, rank = joined[key]
        count[item.row] += 1
        worst[item.row] = max(worst[item.row], rank, certainties.of_component(item.component))
        lines.customer.append(account.number)
        lines.path.append(account.org_path)
        lines.line.append(count[item.row])
        lines.component.append(item.component)
        lines.period.append(item.period)
        lines.sub_account.append(terms.sub_account if item.sub_account else "")
        lines.start.append(item.start)
        lines.end.append(item.end)
        lines.quantity.append(short(item.quantity))
        lines.unit.append(item.unit)
        lines.price.append(short(item.price))
        lines.amount.append(int(item.amount.scaleb(2)))
        lines.days.append(item.days)
        lines.cycle_days.append(item.cycle_days)
        lines.tariff_rows.append(rows)
    totals, billed = result.total.tolist(), result.billed.tolist()
    kwh = result.billed_kwh.tolist()
    loss = (result.transformer_loss_kwh + result.line_loss_kwh).tolist()
    kvarh, factors = result.reactive_kvarh.tolist(), result.power_factor.tolist()
    # Millionths of a kW; the column holds ten-thousandths.
    demands = (result.demand_kw // 100).tolist()
    for row, account in enumerate(cases.accounts):
        if not billed[row]:
            one = bill(parsed(cases.texts[row]), book)
            made.failures.append(_failure(account, one.findings))
            continue
        terms = cases.terms[row]
        if row in result.exact_bills:
            _add(bills, account, terms, cases.texts[row], result.exact_bills[row])
            continue
        measured = cases.rows[row].get("power_factor_standard", 0) != 0
        start, end = cases.rows[row]["period_start"], cases.rows[row]["period_end"]
        bills.customer.append(account.number)
        bills.district.append(account.district_code)
        bills.path.append(account.org_path)
        bills.scheme.append(terms.scheme)
        bills.voltage.append(terms.voltage)
        bills.start.append(_day(start))
        bills.end.append(_day(end))
        bills.total.append(totals[row])
        bills.billed_kwh.append(kwh[row])
        bills.loss_kwh.append(loss[row] or None)
        bills.reactive_kvarh.append(kvarh[row] if measured else None)
        bills.demand_kw.append(demands[row] or None)
        bills.power_factor.append(factors[row] if factors[row] != MISSING else None)
        bills.certainty.append(str(CERTAINTIES[worst[row]]))
        bills.content.append(cases.texts[row])


def _day(number: int) -> date:
    return EPOCH + timedelta(days=number)


def _policy(book: TariffBook, area: str, result: BatchResult, row: int) -> tuple[str, ...]:
    plan = result.cache.table().plans[int(result.plan[row])]
    return () if plan.policy is None else (plan.policy.id,)


def _take_single(
    made: MonthBills, account: DueAccount, terms: AccountColumns, text: str, one: Bill, identifiers: Identifiers
) -> None:
    if not one.billed:
        made.failures.append(_failure(account, one.findings))
        return
    made.lines.add(one, path=account.org_path, identifiers=identifiers)
    _add(made.bills, account, terms, text, one)


def _add(bills: BillColumns, account: DueAccount, terms: AccountColumns, text: str, one: Bill) -> None:
    bills.add(
        one, district=account.district_code, path=account.org_path, scheme=terms.scheme, voltage=terms.voltage,
        certainty=worst_certainty(one), content=text,
    )  # fmt: skip
