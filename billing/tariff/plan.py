"""A plan: every price of one kind of account for one period, cut where prices change.

Both executors price from plans and nothing else, so that a tariff is read in one place. Accounts of a kind share a
plan: a batch of millions needs a few hundred.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.components import ACCOUNT_PRICES, TIER_PRICES, Component
from billing.exact import CONTEXT, half_up
from billing.findings import Fault
from billing.model.terms import (
    TIERED_SCHEMES,
    Certainty,
    Period,
    Scheme,
    Supply,
    Voltage,
    periods_of,
)
from billing.tariff.book import Area, TariffBook
from billing.tariff.rows import PolicyRow, Row, TierRow


@dataclass(frozen=True)
class PlanKey:
    """What makes two accounts share their prices. `end` is the day after the last."""

    area: str
    scheme: Scheme
    voltage: Voltage
    time_of_use: bool
    supply: Supply
    penalty: bool
    start: date
    end: date
    known_at: datetime | None = None


@dataclass(frozen=True)
class Factor:
    """One number of a price and the tariff row that states it."""

    label: str
    value: Decimal
    row: Row
    unit: str = ""


@dataclass(frozen=True)
class PlanPrice:
    """A price as the product of its factors; the product is never rounded (domain sheet 2.11)."""

    factors: tuple[Factor, ...]

    @property
    def value(self) -> Decimal:
        """The price, yuan per unit."""
        result = Decimal(1)
        for factor in self.factors:
            result = CONTEXT.multiply(result, factor.value)
        return result


@dataclass(frozen=True, eq=False)
class Priced:
    """Every price between two changes of the tariff; shared by all the plans whose periods lie there.

    `missing` names components without a price.
    """

    prices: dict[tuple[str, Period], PlanPrice]
    missing: tuple[tuple[str, Period], ...]
    tiers: TierRow | None
    rows: tuple[str, ...]
    uncertain: tuple[Row, ...]


@dataclass(frozen=True)
class Segment:
    """A part of the period in which every price is one."""

    start: date
    end: date
    priced: Priced

    @property
    def days(self) -> int:
        """Days of the segment."""
        return (self.end - self.start).days

    @property
    def prices(self) -> dict[tuple[str, Period], PlanPrice]:
        """The prices by component and period."""
        return self.priced.prices

    @property
    def tiers(self) -> TierRow | None:
        """The annual tiers, None outside tiered schemes."""
        return self.priced.tiers

    def rows(self) -> tuple[str, ...]:
        """The tariff rows that make this segment what it is."""
        return self.priced.rows


@dataclass(frozen=True)
class Plan:
    """Prices of a kind of account over a period; `fault` says why there are none."""

    key: PlanKey
    components: tuple[Component, ...] = ()
    periods: tuple[Period, ...] = ()
    segments: tuple[Segment, ...] = ()
    policy: PolicyRow | None = None
    fault: Fault = Fault.NONE
    fault_field: str = ""
    fault_expected: str = ""

    @property
    def uncertain(self) -> tuple[Row, ...]:
        """Every row of the plan that is not certain, the policy first."""
        rows: dict[str, Row] = {}
        if self.policy is not None and self.policy.certainty is not Certainty.FOUND:
            rows[self.policy.id] = self.policy
        for segment in self.segments:
            rows.update((row.id, row) for row in segment.priced.uncertain)
        return tuple(rows.values())

    @property
    def energy_digits(self) -> int:
        """Decimals of kWh after the multiplier (domain sheet 2.11, 1)."""
        if self.policy is None:
            return 0
        low = self.key.voltage is Voltage.UNDER_1KV
        return self.policy.energy_digits_low if low else self.policy.energy_digits_high


def compile_plan(book: TariffBook, key: PlanKey) -> Plan:
    """The plan of one kind of account. Never raises for data: an unknown tariff or a gap is the plan's `fault`."""
    area = book.areas.get(key.area)
    if area is None:
        return Plan(
            key, fault=Fault.UNKNOWN_TARIFF, fault_field="account.area", fault_expected=", ".join(sorted(book.areas))
        )
    if not area.knows(key.scheme):
        return Plan(
            key,
            fault=Fault.UNKNOWN_TARIFF,
            fault_field="account.scheme",
            fault_expected=f"a scheme that {key.area} prices",
        )
    policy = area.policy(key.start, key.known_at)
    if policy is None:
        return Plan(
            key,
            fault=Fault.PRICE_GAP,
            fault_field="readings.start",
            fault_expected=f"a policy of {key.area} valid on {key.start}",
        )
    components = book.components_for(key.scheme, key.supply)
    periods = periods_of(key.scheme, key.time_of_use)
    segments = tuple(_merged(_segments(area, key, components, periods, policy)))
    return Plan(key, components, periods, segments, policy)


def _segments(
    area: Area, key: PlanKey, components: tuple[Component, ...], periods: tuple[Period, ...], policy: PolicyRow
) -> Iterator[Segment]:
    changes = area.changes(key.scheme, key.voltage)
    first, last = bisect_right(changes, key.start), bisect_left(changes, key.end)
    days = [key.start, *changes[first:last]]
    if key.scheme in TIERED_SCHEMES:
        # The annual accumulation is cleared each January, so a year's end is a border even without a new price.
        years = range(key.start.year + 1, (key.end - timedelta(days=1)).year + 1)
        days = sorted({*days, *(date(year, 1, 1) for year in years)})
    for start, end in zip(days, [*days[1:], key.end], strict=True):
        # Between two changes every day has the same prices: they are looked up once for all plans.
        kind = (key.scheme, key.voltage, key.time_of_use, key.supply, key.penalty, key.known_at, policy.id)
        slot = (*kind, bisect_right(changes, start))
        priced = area.priced.get(slot)
        if priced is None:
            priced = area.priced[slot] = _priced(area, key, components, periods, policy, start)
        yield Segment(start, end, priced)


def _priced(
    area: Area,
    key: PlanKey,
    components: tuple[Component, ...],
    periods: tuple[Period, ...],
    policy: PolicyRow,
    day: date,
) -> Priced:
    tiers = area.tiers(key.scheme, key.voltage, day, key.known_at) if key.scheme in TIERED_SCHEMES else None
    prices: dict[tuple[str, Period], PlanPrice] = {}
    missing: list[tuple[str, Period]] = []
    for component in components:
        if component.price in ACCOUNT_PRICES:
            continue
        for period in periods if component.quantity == "energy_by_period" else (Period.ALL,):
            price = _price(area, key, component, period, day, tiers, policy)
            if price is None:
                missing.append((component.code, period))
            else:
                prices[component.code, period] = price
    used: dict[str, Row] = {factor.row.id: factor.row for price in prices.values() for factor in price.factors}
    if tiers:
        used[tiers.id] = tiers
    uncertain = tuple(row for row in used.values() if row.certainty is not Certainty.FOUND and row is not policy)
    return Priced(prices, tuple(missing), tiers, tuple(sorted(used)), uncertain)


def _price(
    area: Area,
    key: PlanKey,
    component: Component,
    period: Period,
    day: date,
    tiers: TierRow | None,
    policy: PolicyRow,
) -> PlanPrice | None:
    if component.price in TIER_PRICES:
        if tiers is None:
            return None
        adder = tiers.adders[TIER_PRICES.index(component.price)]
        return PlanPrice((Factor(component.price, adder, tiers, "CNY/kWh"),))
    row = area.price(component.price, period, key.scheme, key.voltage, day, key.known_at)
    if row is None:
        return None
    factors = [Factor(component.price, row.value, row, row.unit)]
    # Only the purchase price floats (domain sheet 2.6); a row published for the period itself floats no more.
    if component.floats and period is not Period.ALL and row.period is Period.ALL:
        ratios = area.ratios(key.scheme, key.voltage, day, key.known_at)
        if ratios is None or period not in ratios.ratios:
            return None
        factors.append(Factor("time_of_use_ratio", ratios.ratios[period], ratios))
    if component.penalty and key.penalty:
        factors.append(Factor("agency_penalty_factor", policy.agency_penalty_factor, policy))
    return PlanPrice(tuple(factors))


def _merged(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Neighbours with the same rows are one: a border without a change is no border."""
    held: Segment | None = None
    for segment in segments:
        same = held and held.rows() == segment.rows() and held.priced.missing == segment.priced.missing
        if held and same and not _new_year(segment):
            held = Segment(held.start, segment.end, held.priced)
            continue
        if held:
            yield held
        held = segment
    if held:
        yield held


def _new_year(segment: Segment) -> bool:
    return segment.tiers is not None and (segment.start.month, segment.start.day) == (1, 1)


def tier_limits(row: TierRow, extended: bool, months: int) -> tuple[Decimal, Decimal]:
    """Annual limits in kWh for a household that has the account `months` of the year (domain sheet 2.5).

    A part of a year gives limits x months / 12, half-up to the whole kWh.
    """
    extra = row.extension_kwh if extended else Decimal(0)
    low, high = (half_up((limit + extra) * months / 12, 0) for limit in row.limits)
    return low, high


def months_in_year(year: int, opened: date | None, closed: date | None) -> int:
    """Months of the year in which the account exists; the opening and the closing month count whole."""
    first = opened.month if opened and opened.year == year else 1
    last = closed.month if closed and closed.year == year else 12
    return max(1, last - first + 1)


def cycle_days(start: date, end: date, given: int | None) -> int:
    """Days of the billing month that a period is, or is a part of (see `Readings.cycle_days`)."""
    if given:
        return given
    last = end - timedelta(days=1)
    if (start.year, start.month) == (last.year, last.month):
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        return (following - date(start.year, start.month, 1)).days
    return (end - start).days
