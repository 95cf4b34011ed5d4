"""What a batch gives back: one row a bill in columns, and the lines on demand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from billing.batch.columns import PERIODS, SCHEMES, Columns, Integers, Rows
from billing.batch.plans import PlanCache, day_of
from billing.exact import CONTEXT
from billing.findings import Fault, Finding, fault
from billing.model.bill import Bill, Notice
from billing.model.terms import Period
from billing.tariff.plan import Segment

POWER_FACTOR = "power_factor"
INDUSTRIAL = "industrial_commercial"


@dataclass(frozen=True)
class Block:
    """Lines of one component and period. `quantity` in hundredths of kWh (millionths of kW, kVA), `price` scaled."""

    component: str
    period: str
    sub_account: bool
    rows: Rows
    segment: Integers
    quantity: Integers
    price: Integers
    amount: Integers
    quantity_scale: int
    price_scale: int
    days: Integers | None = None
    cycle_days: Integers | None = None


class LineRow(NamedTuple):
    """One bill line of a batch; the fields are those of `BillLine`, `row` is the row of the batch."""

    row: int
    component: str
    period: str
    sub_account: bool
    start: date
    end: date
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    days: int | None
    cycle_days: int | None
    power_factor_base: bool
    tariff_rows: tuple[str, ...]


@dataclass
class BatchResult:
    """Bills of a batch by row. Money in cents; kWh and kvarh in hundredths; kW in millionths; percent in hundredths.

    An unbilled row has `billed` False, a mask of `Fault` in `faults` and zero in every amount.
    `amounts` has one column for each component of the book and one for the power factor.
    """

    offset: int
    total: Integers
    billed: np.typing.NDArray[np.bool_]
    faults: Integers
    amounts: dict[str, Integers]
    energy: Integers
    billed_kwh: Integers
    read_kwh: Integers
    transformer_loss_kwh: Integers
    line_loss_kwh: Integers
    sub_account_kwh: Integers
    reactive_kvarh: Integers
    demand_kw: Integers
    power_factor: Integers
    power_factor_percent: Integers
    discount: np.typing.NDArray[np.bool_]
    plan: Integers
    columns: Columns
    cache: PlanCache
    blocks: list[Block] = field(default_factory=list)
    exact_bills: dict[int, Bill] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.total)

    @property
    def exact_rows(self) -> tuple[int, ...]:
        """Rows that the single-account executor billed, because their numbers do not fit the columns' scales."""
        return tuple(self.exact_bills)

    def lines(self) -> Iterator[LineRow]:
        """Every line of every billed row, as a database stores it; needs `keep_lines`. Block by block, not by row."""
        units = {item.code: item.unit for item in self.cache.book.components} | {POWER_FACTOR: "CNY"}
        bases = {item.code: item.power_factor_base for item in self.cache.book.components}
        sources: dict[tuple[str, str, int], tuple[Segment, tuple[str, ...]]] = {}
        for block in self.blocks:
            days = [None] * len(block.rows) if block.days is None else block.days.tolist()
            cycles = [None] * len(block.rows) if block.cycle_days is None else block.cycle_days.tolist()
            numbers = (block.rows, block.segment, block.quantity, block.price, block.amount)
            for row, at, quantity, price, amount, day, cycle in zip(
                *(item.tolist() for item in numbers), days, cycles, strict=True
            ):
                key = (block.component, block.period, at)
                if key not in sources:
                    sources[key] = self._source(block, at)
                segment, tariff_rows = sources[key]
                start, end = segment.start, segment.end
                if block.component == POWER_FACTOR:
                    start, end = (day_of(int(self.columns.get(name)[row])) for name in ("period_start", "period_end"))
                yield LineRow(
                    row + self.offset, block.component, block.period, block.sub_account, start, end,
                    Decimal(quantity).scaleb(-block.quantity_scale, CONTEXT), units[block.component],
                    Decimal(price).scaleb(-block.price_scale, CONTEXT), Decimal(amount).scaleb(-2, CONTEXT), day, cycle,
                    bases.get(block.component, False) and self._sub_in_base(block, row), tariff_rows,
                )  # fmt: skip
        for row, made in self.exact_bills.items():
            for line in made.lines:
                yield LineRow(
                    row + self.offset, line.component, line.period, bool(line.sub_account), line.start, line.end,
                    line.quantity, line.unit, line.price, line.amount, line.days, line.cycle_days,
                    line.power_factor_base, line.tariff_rows,
                )  # fmt: skip

    def _source(self, block: Block, at: int) -> tuple[Segment, tuple[str, ...]]:
        segment = self.cache.segment(at)
        price = segment.prices.get((block.component, Period(block.period)))
        return segment, () if price is None else tuple(factor.row.id for factor in price.factors)

    def _sub_in_base(self, block: Block, row: int) -> bool:
        return not block.sub_account or SCHEMES[int(self.columns.get("sub_scheme")[row])].category == INDUSTRIAL

    def findings(self) -> Iterator[tuple[int, Finding]]:
        """(row, finding) for every fault of every unbilled row, naming account and field."""
        for row in np.flatnonzero(self.faults):
            mask = Fault(int(self.faults[row]))
            for kind in mask:
                yield int(row), fault(kind, self.columns.name(int(row)), FIELDS[kind])

    def notices(self, row: int) -> tuple[Notice, ...]:
        """Everything uncertain that the row's prices rest on, and how a price change divided its period."""
        plan = self.cache.table().plans[int(self.plan[row])]
        notices = [
            Notice(code="tariff", subject=item.id, certainty=item.certainty, document=item.document, note=item.note)
            for item in plan.uncertain
        ]
        if len(plan.segments) > 1:
            borders = ", ".join(str(segment.start) for segment in plan.segments[1:])
            notices.insert(0, Notice(code="split_by_days", subject=borders))
        return tuple(notices)

    def tariff_rows(self, row: int) -> tuple[str, ...]:
        """Identifiers of the tariff rows of the row's plan."""
        plan = self.cache.table().plans[int(self.plan[row])]
        return tuple(sorted({name for segment in plan.segments for name in segment.rows()}))

    def period_energy(self, period: str) -> Integers:
        """kWh of the main meter in a period, hundredths."""
        return self.energy[[str(item) for item in PERIODS].index(period)]


FIELDS: dict[Fault, str] = {
    Fault.PERIOD_INVALID: "period_end",
    Fault.PERIOD_OVERLAP: "period_start",
    Fault.UNKNOWN_TARIFF: "area, scheme, voltage",
    Fault.PRICE_GAP: "tariff",
    Fault.MISSING_REGISTER: "previous_*, current_*",
    Fault.NEGATIVE_READING: "previous_*, current_*",
    Fault.READING_DECREASED: "current_*",
    Fault.MULTIPLIER_INVALID: "multiplier",
    Fault.NEGATIVE_ENERGY: "adjust_*",
    Fault.CAPACITY_MISSING: "capacity_kva",
    Fault.DEMAND_MISSING: "maximum_demand, contract_demand_kw",
    Fault.CAPACITY_SPAN_INVALID: "basic_from, basic_to",
    Fault.SUB_ACCOUNT_EXCEEDS: "sub_value",
    Fault.TRANSFORMER_INVALID: "rated_kva",
    Fault.CONTRACT_PRICE_MISSING: "contract_price_*, green_premium",
    Fault.POWER_FACTOR_STANDARD: "power_factor_standard",
    Fault.SCALE_EXCEEDED: "current_*, multiplier",
    Fault.SUB_ACCOUNT_INVALID: "sub_kind, sub_value, sub_scheme",
    Fault.BASIC_CHARGE_INVALID: "basic_charge",
}
"""The columns in which a fault is looked for first."""
