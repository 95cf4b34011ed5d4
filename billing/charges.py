"""From energy to lines: the component registry over the parts of a period, for the main meter and each sub-account."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.components import ACCOUNT_PRICES, Component
from billing.demand import Basic
from billing.exact import ZERO
from billing.findings import Fault, Finding, fault
from billing.model.bill import BillLine, Notice
from billing.model.case import Case
from billing.model.readings import Readings
from billing.model.terms import Period, Scheme, Supply
from billing.power_factor import adjustment, percent
from billing.tariff.plan import Plan, Segment, cycle_days, months_in_year, tier_limits
from billing.tariff.rows import PolicyRow, PowerFactorFile
from billing.trace import Traced, allocated, apply, leaf, total

CENTS = 2
PricedLine = tuple[BillLine, Traced]


@dataclass(frozen=True)
class Pool:
    """Energy that is priced by one plan: the main meter's, or a sub-account's."""

    sub_account: str
    scheme: Scheme
    supply: Supply
    plan: Plan
    energy: dict[Period, Traced]
    basic: tuple[Basic, ...] = ()
    discount: Traced | None = None
    green: Decimal = ZERO
    free: Decimal = ZERO
    intervals: dict[tuple[int, Period], Decimal] | None = None


@dataclass(frozen=True)
class Part:
    """A pool's energy in one segment."""

    segment: Segment
    energy: dict[Period, Traced]
    whole: Traced
    green: Traced
    free: Traced
    tiers: tuple[Traced, Traced] | None


def charge(
    pool: Pool, case: Case, policy: PolicyRow, digits: int, findings: list[Finding], notices: list[Notice]
) -> list[PricedLine]:
    """All lines of a pool. A price gap becomes a finding and no line."""
    if len(pool.plan.segments) > 1:
        code = "split_by_intervals" if pool.intervals else "split_by_days"
        borders = ", ".join(str(segment.start) for segment in pool.plan.segments[1:])
        notices.append(Notice(code=code, subject=borders))
    lines: list[PricedLine] = []
    parts = _parts(pool, case, digits)
    for component in pool.plan.components:
        for part in parts:
            lines += _component(pool, component, part, case, policy, findings)
    return lines


def _parts(pool: Pool, case: Case, digits: int) -> list[Part]:
    """The pool cut at its borders: by interval energy where known, by days where not; remainder to the largest."""
    segments = pool.plan.segments
    energies = {
        period: _split(item, segments, digits, [pool.intervals.get((i, period), ZERO) for i in range(len(segments))]
                       if pool.intervals else None)
        for period, item in pool.energy.items()
    }  # fmt: skip
    whole = total(pool.energy.values(), "energy.pool", "kWh")
    green = apply("minimum", leaf(pool.green, "green.contract", "kWh"), whole).named("green.energy", "kWh")
    free = apply("minimum", leaf(pool.free, "free.allowance", "kWh"), whole).named("free.energy", "kWh")
    greens, frees = (_split(item, segments, digits, None) for item in (green, free))
    parts: list[Part] = []
    used: dict[int, Traced] = {
        case.readings.start.year: leaf(case.readings.year_to_date_kwh, "tier.year_to_date", "kWh")
    }
    for position, segment in enumerate(segments):
        energy = {period: shares[position] for period, shares in energies.items()}
        part_whole = total(energy.values(), "energy.part", "kWh")
        tiers = None
        if segment.tiers is not None:
            before = used.setdefault(segment.start.year, leaf(0, "tier.year_to_date", "kWh"))
            tiers = _tiers(segment, case, before, part_whole)
            used[segment.start.year] = before + part_whole
        parts.append(Part(segment, energy, part_whole, greens[position], frees[position], tiers))
    return parts


def _split(item: Traced, segments: tuple[Segment, ...], digits: int, weights: list[Decimal] | None) -> list[Traced]:
    if len(segments) == 1:
        return [item]
    if weights and sum(weights, ZERO) > 0:
        shares = [leaf(weight, "split.interval_kwh", "kWh") for weight in weights]
    else:
        shares = [leaf(segment.days, "split.days", "d") for segment in segments]
    return allocated(item, shares, digits)


def _tiers(segment: Segment, case: Case, before: Traced, energy: Traced) -> tuple[Traced, Traced]:
    """kWh of this part in tier 2 and tier 3, by annual accumulation (domain sheet 2.5)."""
    row = segment.tiers
    if row is None:
        raise AssertionError("asked for tiers of a segment without")
    account = case.account
    extended = row.extension_persons is not None and account.persons >= row.extension_persons
    months = months_in_year(segment.start.year, account.opened, account.closed)
    low, high = (
        leaf(limit, "tier.limit", "kWh", row=row.id, months=str(months), extended=str(extended).lower())
        for limit in tier_limits(row, extended, months)
    )
    zero = leaf(0, "zero")
    after = before + energy

    def above(limit: Traced) -> Traced:
        return apply("maximum", after - limit, zero) - apply("maximum", before - limit, zero)

    third = above(high).named("tier.third", "kWh")
    return (above(low) - third).named("tier.second", "kWh"), third


def _component(
    pool: Pool, component: Component, part: Part, case: Case, policy: PolicyRow, findings: list[Finding]
) -> Iterator[PricedLine]:
    if component.quantity in ("basic_capacity", "basic_demand"):
        yield from _basic(pool, component, part, case, policy, findings)
        return
    for period, quantity in _quantities(component, part):
        if quantity.value == 0:
            continue
        price, rows = _price(pool, component, period, part, case, findings)
        if price is None:
            continue
        if component.quantity == "free_energy":
            quantity = (quantity * leaf(-1, "free.sign")).named("free.energy", "kWh")
        amount = (quantity * price).rounded(CENTS).named(f"line.{component.code}", "CNY", period=str(period))
        yield (
            _line(pool, component, period, part.segment.start, part.segment.end, quantity, price, amount, rows),
            amount,
        )


def _quantities(component: Component, part: Part) -> Iterator[tuple[Period, Traced]]:
    match component.quantity:
        case "energy_by_period":
            yield from part.energy.items()
        case "energy_total":
            yield Period.ALL, part.whole
        case "green_energy":
            yield Period.ALL, part.green
        case "free_energy":
            yield Period.ALL, part.free
        case "tier_2_energy" | "tier_3_energy":
            if part.tiers is not None:
                yield Period.ALL, part.tiers[0 if component.quantity == "tier_2_energy" else 1]


def _price(
    pool: Pool, component: Component, period: Period, part: Part, case: Case, findings: list[Finding]
) -> tuple[Traced | None, tuple[str, ...]]:
    """The price as a product of its stated factors, and the tariff rows that state them."""
    account = case.account
    if component.price in ACCOUNT_PRICES:
        own = account.green_premium
        if component.price == "contract_price":
            own = account.contract_prices.get(period, account.contract_prices.get(Period.ALL))
        if own is None:
            name = f"account.{'contract_prices' if component.price == 'contract_price' else component.price}"
            findings.append(fault(Fault.CONTRACT_PRICE_MISSING, account.account, name, f"a price for {period}"))
            return None, ()
        return leaf(own, f"price.{component.price}", "CNY/kWh"), ()
    price = part.segment.prices.get((component.code, period))
    if price is None:
        expected = f"a price of {component.price} for {pool.scheme}, {account.voltage} on {part.segment.start}"
        findings.append(fault(Fault.PRICE_GAP, account.account, f"tariff.{component.price}.{period}", expected))
        return None, ()
    traced: Traced | None = None
    for factor in price.factors:
        step = leaf(
            factor.value,
            f"price.{factor.label}",
            factor.unit,
            row=factor.row.id,
            document=factor.row.document,
            certainty=factor.row.certainty,
        )
        traced = step if traced is None else (traced * step).named("price.product", price.factors[0].unit)
    return traced, tuple(factor.row.id for factor in price.factors)


def _basic(
    pool: Pool, component: Component, part: Part, case: Case, policy: PolicyRow, findings: list[Finding]
) -> Iterator[PricedLine]:
    """Capacity or demand by days in service; a part of a month is days / calendar days (domain sheet 2.3)."""
    by_capacity = case.account.basic_charge == "capacity"
    if (component.quantity == "basic_capacity") != by_capacity:
        return
    readings = case.readings
    cycle = cycle_days(readings.start, readings.end, readings.cycle_days)
    for basic in pool.basic:
        days = basic.days_within(part.segment.start, part.segment.end)
        if days == 0 or basic.quantity.value == 0:
            continue
        price, rows = _price(pool, component, Period.ALL, part, case, findings)
        if price is None:
            continue
        if component.discount and pool.discount is not None:
            price = (price * pool.discount).named("price.discounted", component.unit)
        in_all = basic.days_within(readings.start, readings.end)
        divisor = 30 if policy.partial_month == "thirty_days" and in_all < cycle else cycle
        monthly = basic.quantity * price
        if days != divisor:
            monthly = monthly * leaf(days, "basic.days", "d") / leaf(divisor, "basic.cycle_days", "d", rule=policy.id)
        amount = monthly.rounded(CENTS).named(f"line.{component.code}", "CNY")
        line = _line(
            pool, component, Period.ALL, part.segment.start, part.segment.end, basic.quantity, price, amount, rows
        )
        yield line.model_copy(update={"days": days, "cycle_days": divisor}), amount


def _line(
    pool: Pool,
    component: Component,
    period: Period,
    start: date,
    end: date,
    quantity: Traced,
    price: Traced,
    amount: Traced,
    rows: tuple[str, ...],
) -> BillLine:
    sub_in_base = not pool.sub_account or pool.scheme.category == "industrial_commercial"
    return BillLine(
        component=component.code, period=str(period), start=start, end=end, quantity=quantity.value,
        unit=component.unit, price=price.value, amount=amount.value, sub_account=pool.sub_account,
        power_factor_base=component.power_factor_base and sub_in_base, tariff_rows=rows, trace=0,
    )  # fmt: skip


def power_factor_line(
    table: PowerFactorFile, standard: Decimal, mean: Traced, lines: list[PricedLine], readings: Readings
) -> tuple[PricedLine, Traced] | None:
    """The adjustment line and its percentage; None when nothing of the bill is in the base."""
    in_base = [amount for line, amount in lines if line.power_factor_base]
    if not in_base:
        return None
    base = total(in_base, "power_factor.base", "CNY")
    share = percent(table, leaf(standard, "power_factor.standard"), mean)
    amount = adjustment(base, share)
    line = BillLine(
        component="power_factor", period=str(Period.ALL), start=readings.start, end=readings.end, quantity=base.value,
        unit="CNY", price=share.value / 100, amount=amount.value, trace=0,
    )  # fmt: skip
    return (line, amount), share
