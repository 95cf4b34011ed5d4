"""The single-account executor: one case to one bill, every number with its proof.

The order of work is the order of a bill: read energy, losses, adjustment, sub-accounts, parts of the period, lines of
the component registry, power factor, total. Data faults end the work with a bill that says why there is none.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from billing.charges import Pool, charge, power_factor_line
from billing.demand import basic_quantities
from billing.exact import ZERO, exactly
from billing.findings import Fault, Finding, Level, fault
from billing.intervals import by_day_and_period, covers
from billing.losses import losses, spread
from billing.metering import Measured, measure
from billing.model.bill import Bill, BillLine, Energy, Notice
from billing.model.case import Case, PolicyChoice
from billing.model.terms import Certainty, Period, Scheme, Supply
from billing.power_factor import power_factor
from billing.tariff.book import TariffBook, standard_book
from billing.tariff.plan import Plan, PlanKey, compile_plan
from billing.tariff.rows import PolicyRow
from billing.trace import Traced, apply, flatten, leaf, total

LONGEST_PERIOD_DAYS = 366
SUB_SCHEMES = (Scheme.COMBINED_METER, Scheme.AGRICULTURAL, Scheme.SINGLE_PART)


@dataclass
class Work:
    """What has been found out so far about one case."""

    case: Case
    book: TariffBook
    plan: Plan
    policy: PolicyRow
    digits: int
    findings: list[Finding] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def plan_key(case: Case) -> PlanKey:
    """The kind of account that the case's prices are for."""
    account, readings = case.account, case.readings
    return PlanKey(
        account.area, account.scheme, account.voltage, account.time_of_use, account.supply, account.agency_penalty,
        readings.start, readings.end, case.known_at,
    )  # fmt: skip


def chosen_policy(policy: PolicyRow, choice: PolicyChoice) -> PolicyRow:
    """The book's policy with what the case decides for itself."""
    changes = {
        name: value
        for name in ("over_demand", "partial_month", "demand_discount")
        if (value := getattr(choice, name)) is not None
    }
    return policy.model_copy(update=changes) if changes else policy


@exactly
def bill(case: Case, book: TariffBook | None = None) -> Bill:
    """The bill of one case. Data faults are findings of an unbilled bill; nothing is raised for data."""
    book = book or standard_book()
    account, readings = case.account, case.readings
    days = (readings.end - readings.start).days
    if not 0 < days <= LONGEST_PERIOD_DAYS:
        expected = f"an end 1 to {LONGEST_PERIOD_DAYS} days after {readings.start}"
        return _refused(
            case, [fault(Fault.PERIOD_INVALID, account.account, "readings.end", expected, str(readings.end))]
        )
    plan = compile_plan(book, plan_key(case))
    if plan.policy is None:
        return _refused(
            case,
            [
                fault(
                    plan.fault,
                    account.account,
                    plan.fault_field,
                    plan.fault_expected,
                    f"{account.area}, {account.scheme}",
                )
            ],
        )
    digits = plan.energy_digits if case.policy.energy_digits is None else case.policy.energy_digits
    work = Work(case, book, plan, chosen_policy(plan.policy, case.policy), digits)
    return _billed(work)


def _billed(work: Work) -> Bill:
    case, account, readings = work.case, work.case.account, work.case.readings
    measured = _measured(work)
    work.findings += measured.findings
    if account.power_factor_standard is not None and account.power_factor_standard not in (
        work.book.power_factor.standards
    ):
        expected = ", ".join(str(item) for item in work.book.power_factor.standards)
        work.findings.append(
            fault(
                Fault.POWER_FACTOR_STANDARD,
                account.account,
                "account.power_factor_standard",
                expected,
                str(account.power_factor_standard),
            )
        )
    for name, kwh in (("account.free_kwh", account.free_kwh), ("readings.green_kwh", readings.green_kwh)):
        if kwh < 0:
            work.findings.append(fault(Fault.NEGATIVE_ENERGY, account.account, name, "0 or more", str(kwh)))
    for position, transformer in enumerate(account.transformers):
        numbers = transformer.model_dump(exclude={"method", "hours"}, exclude_none=True)
        bad = sorted(name for name, value in numbers.items() if value < 0 or (name == "rated_kva" and value == 0))
        for name in bad:
            place = f"account.transformers.{position}.{name}"
            work.findings.append(fault(Fault.TRANSFORMER_INVALID, account.account, place, "a positive number"))
    if _blocked(work.findings):
        return _refused(case, work.findings)

    read = total(measured.energy.values(), "energy.read", "kWh")
    loss = losses(account, readings, read, measured.reactive)
    energy = _billed_energy(work, measured, [item for item in (loss.transformer, loss.line) if item is not None])
    whole = total(energy.values(), "energy.billed", "kWh")
    reactive = None
    if measured.reactive is not None:
        parts = [measured.reactive, loss.transformer_reactive, loss.line_reactive]
        reactive = total([item for item in parts if item is not None], "reactive.billed", "kvarh")
    for period, item in energy.items():
        if item.value < 0:
            work.findings.append(
                fault(Fault.NEGATIVE_ENERGY, account.account, f"energy.{period}", "0 or more", str(item.value))
            )
    main, pools = _sub_accounts(work, energy, whole)
    basic = basic_quantities(account, readings, measured.demand, work.policy, work.findings)
    if _blocked(work.findings):
        return _refused(case, work.findings)

    discount = _discounted(work, whole)
    pool = Pool(
        "",
        account.scheme,
        account.supply,
        work.plan,
        main,
        tuple(basic),
        discount,
        green=readings.green_kwh,
        free=account.free_kwh,
        intervals=_interval_weights(work),
    )
    lines: list[tuple[BillLine, Traced]] = []
    for part in (pool, *pools):
        lines += charge(part, case, work.policy, work.digits, work.findings, work.notices)
    if _blocked(work.findings):
        return _refused(case, work.findings)

    mean = None
    share = None
    if account.power_factor_standard is not None and reactive is not None:
        mean = power_factor(whole, reactive)
        if mean is not None:
            extra = power_factor_line(work.book.power_factor, account.power_factor_standard, mean, lines, readings)
            if extra is not None:
                share = extra[1]
                lines.append(extra[0])
    summary = Energy(
        read_kwh=read.value,
        transformer_loss_kwh=loss.transformer.value if loss.transformer else ZERO,
        line_loss_kwh=loss.line.value if loss.line else ZERO,
        adjust_kwh=sum(readings.adjust_kwh.values(), ZERO),
        sub_account_kwh=whole.value - sum((item.value for item in main.values()), ZERO),
        billed_kwh=whole.value,
        by_period={str(period): item.value for period, item in main.items()},
        reactive_kvarh=reactive.value if reactive else None,
        demand_kw=measured.demand.value if measured.demand else None,
        power_factor=mean.value if mean else None,
        power_factor_percent=share.value if share else None,
        kwh_per_kva=whole.value / account.capacity_kva if account.capacity_kva else None,
        discount=discount is not None,
    )
    return _sealed(work, lines, [work.plan, *(item.plan for item in pools)], summary)


def _sealed(work: Work, lines: list[tuple[BillLine, Traced]], plans: list[Plan], summary: Energy) -> Bill:
    """Lines and total with one shared trace, and everything uncertain stated."""
    whole = total([amount for _, amount in lines], "bill.total", "CNY")
    nodes, places = flatten([*(amount for _, amount in lines), whole])
    sealed = [line.model_copy(update={"trace": place}) for (line, _), place in zip(lines, places, strict=False)]
    # Only what the bill was made with: prices of components that gave no line are no concern of its reader.
    used = {row for line in sealed for row in line.tariff_rows}
    notices: dict[tuple[str, str], Notice] = {}
    for plan in plans:
        for row in plan.uncertain:
            if row.id in used or row is plan.policy:
                notices["tariff", row.id] = Notice(
                    code="tariff", subject=row.id, certainty=row.certainty, document=row.document, note=row.note
                )
    if any(line.component == "power_factor" for line in sealed):
        table = work.book.power_factor
        if table.certainty is not Certainty.FOUND:
            notices["table", "power_factor"] = Notice(
                code="tariff", subject="power_factor", certainty=table.certainty, document=table.document
            )
    case = work.case
    return Bill(
        account=case.account.account, area=case.account.area, start=case.readings.start, end=case.readings.end,
        known_at=case.known_at, billed=True, total=whole.value, lines=tuple(sealed), energy=summary,
        findings=tuple(work.findings), notices=(*work.notices, *notices.values()), trace=tuple(nodes),
        total_trace=places[-1],
    )  # fmt: skip


def _measured(work: Work) -> Measured:
    """Registers where there are meters, interval data where there are none."""
    case = work.case
    if case.readings.meters or not case.readings.intervals:
        return measure(case.account, case.readings, work.plan, work.digits)
    measured = Measured()
    area = work.book.areas[case.account.area]
    sums = by_day_and_period(case.readings, area, work.plan.key, work.plan.periods)
    if sums is None or not covers(case.readings):
        expected = "intervals that cover the period, and hours of the tariff for each day"
        measured.findings.append(fault(Fault.MISSING_REGISTER, case.account.account, "readings.intervals", expected))
        return measured
    for period in work.plan.periods:
        kwh = sum((value for (_, slot), value in sums.items() if slot is period), ZERO)
        read = leaf(kwh, "read.intervals", "kWh").rounded(work.digits)
        measured.energy[period] = read.named(f"read.{period}", "kWh")
    if case.account.power_factor_standard is not None or case.account.basic_charge not in ("none", "capacity"):
        expected = "registers for reactive energy and demand"
        measured.findings.append(fault(Fault.MISSING_REGISTER, case.account.account, "readings.meters", expected))
    work.notices.append(Notice(code="energy_from_intervals"))
    return measured


def _billed_energy(work: Work, measured: Measured, extras: list[Traced]) -> dict[Period, Traced]:
    """Read + transformer loss + line loss + adjustment, by period."""
    energy = dict(measured.energy)
    shares = [spread(measured.energy, extra, 0) for extra in extras]
    adjust = work.case.readings.adjust_kwh
    for period in adjust:
        if period not in energy:
            name = f"readings.adjust_kwh.{period}"
            work.findings.append(fault(Fault.MISSING_REGISTER, work.case.account.account, name, "a period in use"))
    for period, read in measured.energy.items():
        parts = [read, *(share[period] for share in shares)]
        if adjust.get(period):
            parts.append(leaf(adjust[period], "energy.adjust", "kWh"))
        energy[period] = parts[0] if len(parts) == 1 else total(parts, f"energy.{period}", "kWh")
    return energy


def _sub_accounts(work: Work, energy: dict[Period, Traced], whole: Traced) -> tuple[dict[Period, Traced], list[Pool]]:
    """Fixed-ratio and fixed-quantity sub-accounts: taken from the main meter, so that main + sub = total."""
    account = work.case.account
    remaining = dict(energy)
    pools: list[Pool] = []
    if _blocked(work.findings):
        return remaining, pools
    for position, sub in enumerate(account.sub_accounts):
        name = f"account.sub_accounts.{position}"
        if sub.scheme not in SUB_SCHEMES or sub.value < 0 or (sub.kind == "ratio" and sub.value > 1):
            expected = f"a scheme of {', '.join(SUB_SCHEMES)}; a ratio of 0 to 1, a quantity of 0 or more"
            work.findings.append(fault(Fault.SUB_ACCOUNT_INVALID, account.account, name, expected, str(sub.value)))
            return remaining, pools
        part = leaf(sub.value, f"sub_account.{sub.kind}", sub_account=sub.code)
        taken = (whole * part if sub.kind == "ratio" else part).rounded(work.digits).named("sub_account.energy", "kWh")
        left = sum((item.value for item in remaining.values()), ZERO)
        if taken.value > left:
            work.findings.append(
                fault(
                    Fault.SUB_ACCOUNT_EXCEEDS, account.account, f"{name}.value", f"at most {left} kWh", str(taken.value)
                )
            )
            return remaining, pools
        shares = spread(remaining, taken, work.digits)
        remaining = {
            period: (item - shares[period]).named(f"energy.main.{period}", "kWh") for period, item in remaining.items()
        }
        key = PlanKey(
            account.area,
            sub.scheme,
            account.voltage,
            False,
            Supply.AGENCY,
            False,
            work.case.readings.start,
            work.case.readings.end,
            work.case.known_at,
        )
        plan = compile_plan(work.book, key)
        if plan.policy is None:
            work.findings.append(fault(plan.fault, account.account, f"{name}.scheme", plan.fault_expected, sub.scheme))
            return remaining, pools
        pools.append(Pool(sub.code, sub.scheme, Supply.AGENCY, plan, {Period.ALL: taken}))
    return remaining, pools


def _discounted(work: Work, whole: Traced) -> Traced | None:
    """The factor of the demand price where the month reached the kWh per kVA for it (domain sheet 2.3)."""
    account, policy = work.case.account, work.policy
    if not policy.demand_discount or account.capacity_kva is None or account.capacity_kva <= 0:
        return None
    if account.basic_charge not in ("contract_demand", "actual_demand"):
        return None
    per_kva = whole / leaf(account.capacity_kva, "capacity.contract", "kVA")
    if whole.value < policy.demand_discount_kwh_per_kva * account.capacity_kva:
        return None
    share = str(per_kva.value.quantize(Decimal("0.01")))
    return leaf(policy.demand_discount_factor, "demand.discount", row=policy.id, kwh_per_kva=share)


def _interval_weights(work: Work) -> dict[tuple[int, Period], Decimal] | None:
    """kWh by part of the period where interval data can say how a price change divides it."""
    readings = work.case.readings
    if len(work.plan.segments) < 2 or not readings.intervals:
        return None
    sums = by_day_and_period(readings, work.book.areas[work.plan.key.area], work.plan.key, work.plan.periods)
    if sums is None or not covers(readings):
        work.notices.append(Notice(code="intervals_incomplete"))
        return None
    weights: dict[tuple[int, Period], Decimal] = {}
    for (day, period), kwh in sums.items():
        for position, segment in enumerate(work.plan.segments):
            if segment.start <= day < segment.end:
                weights[position, period] = weights.get((position, period), ZERO) + kwh
    return weights


def _blocked(findings: list[Finding]) -> bool:
    return any(item.level is Level.BLOCK for item in findings)


def _refused(case: Case, findings: list[Finding]) -> Bill:
    return Bill(
        account=case.account.account,
        area=case.account.area,
        start=case.readings.start,
        end=case.readings.end,
        known_at=case.known_at,
        billed=False,
        total=ZERO,
        findings=tuple(findings),
    )


__all__ = ["apply", "bill", "chosen_policy", "plan_key"]
