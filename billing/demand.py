"""The quantity of the basic charge: capacity by days in service, or demand by its two ways (domain sheet 2.3)."""

from dataclasses import dataclass
from datetime import date

from billing.exact import ZERO
from billing.findings import Fault, Finding, fault
from billing.model.account import Account, CapacitySpan
from billing.model.readings import Readings
from billing.model.terms import BasicCharge
from billing.tariff.rows import PolicyRow
from billing.trace import Traced, apply, leaf, total


@dataclass(frozen=True)
class Basic:
    """A quantity that is charged on the days of its runs (start, day after the last)."""

    quantity: Traced
    runs: tuple[tuple[date, date], ...]

    def days_within(self, start: date, end: date) -> int:
        """Charged days inside [start, end)."""
        return sum(max(0, (min(end, until) - max(start, since)).days) for since, until in self.runs)


def service_spans(account: Account, readings: Readings) -> list[CapacitySpan]:
    """The capacity in service within the period; what is sealed or not yet energised is absent."""
    first = max(readings.start, account.opened or readings.start)
    last = min(readings.end, account.closed or readings.end)
    given = account.capacity_spans or (
        CapacitySpan(kva=account.capacity_kva or ZERO, start=readings.start, until=readings.end),
    )
    spans = [CapacitySpan(kva=span.kva, start=max(first, span.start), until=min(last, span.until)) for span in given]
    return [span for span in spans if span.start < span.until]


def billable_demand(actual: Traced, contract: Traced, policy: PolicyRow) -> Traced:
    """Contract demand: the contract value up to 105 %, beyond it the excess double.

    `continuous` (reading B): contract + 2 (actual - 1.05 contract); `jump` (reading A) starts from 1.05 contract.
    """
    limit = (leaf(policy.over_demand_share, "demand.limit_share", row=policy.id) * contract).named("demand.limit", "kW")
    if actual.value <= limit.value:
        return contract.named("demand.billable", "kW", rule="contract")
    excess = (actual - limit).named("demand.excess", "kW")
    base = contract if policy.over_demand == "continuous" else limit
    return (base + leaf(2, "demand.double") * excess).named("demand.billable", "kW", rule=policy.over_demand)


def basic_quantities(
    account: Account, readings: Readings, actual: Traced | None, policy: PolicyRow, findings: list[Finding]
) -> list[Basic]:
    """What is charged and on which days; several supply lines are summed."""
    if account.basic_charge is BasicCharge.NONE:
        return []
    if account.capacity_kva is None or account.capacity_kva <= 0:
        findings.append(fault(Fault.CAPACITY_MISSING, account.account, "account.capacity_kva", "above 0"))
        return []
    for position, span in enumerate(account.capacity_spans):
        if span.until <= span.start or span.kva < 0:
            name = f"account.capacity_spans.{position}"
            findings.append(fault(Fault.CAPACITY_SPAN_INVALID, account.account, name, "until after start, kva >= 0"))
            return []
    spans = service_spans(account, readings)
    if account.basic_charge is BasicCharge.CAPACITY:
        return [Basic(leaf(span.kva, "capacity.in_service", "kVA"), ((span.start, span.until),)) for span in spans]
    demand = _demand(account, readings, actual, policy, findings)
    return [] if demand is None else [Basic(demand, tuple(_union(spans)))]


def _demand(
    account: Account, readings: Readings, actual: Traced | None, policy: PolicyRow, findings: list[Finding]
) -> Traced | None:
    by_contract = account.basic_charge is BasicCharge.CONTRACT_DEMAND
    if not readings.demand_lines:
        if actual is None:
            return None
        if not by_contract:
            return actual
        if account.contract_demand_kw is None or account.contract_demand_kw < 0:
            findings.append(fault(Fault.DEMAND_MISSING, account.account, "account.contract_demand_kw", "0 or more"))
            return None
        return billable_demand(actual, leaf(account.contract_demand_kw, "demand.contract", "kW"), policy)
    parts = []
    for position, line in enumerate(readings.demand_lines):
        measured = leaf(line.actual_kw, "demand.actual", "kW", line=line.line)
        if line.planned_switching_kw:
            # Demand that the utility's own planned switching caused is not the customer's.
            moved = leaf(line.planned_switching_kw, "demand.planned_switching", "kW", line=line.line)
            measured = apply("maximum", measured - moved, leaf(0, "zero")).named("demand.actual", "kW", line=line.line)
        if by_contract and line.contract_kw is None:
            name = f"readings.demand_lines.{position}.contract_kw"
            findings.append(fault(Fault.DEMAND_MISSING, account.account, name, "a value"))
            return None
        if by_contract and line.contract_kw is not None:
            contract = leaf(line.contract_kw, "demand.contract", "kW", line=line.line)
            measured = billable_demand(measured, contract, policy)
        parts.append(measured)
    return total(parts, "demand.lines", "kW")


def _union(spans: list[CapacitySpan]) -> list[tuple[date, date]]:
    """Days on which any capacity was in service, as runs."""
    runs: list[tuple[date, date]] = []
    for span in sorted(spans, key=lambda item: item.start):
        if span.kva == 0:
            continue
        if runs and span.start <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], span.until))
        else:
            runs.append((span.start, span.until))
    return runs
