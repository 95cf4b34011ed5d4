"""What a batch gives back: one row a bill in columns, and the lines on demand."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from billing.batch.columns import PERIODS, Columns, Integers, Rows
from billing.batch.plans import PlanCache
from billing.findings import Fault, Finding, fault
from billing.model.bill import Notice

POWER_FACTOR = "power_factor"


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
    exact_rows: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.total)

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
    Fault.SCALE_EXCEEDED: "multiplier, current_*",
    Fault.SUB_ACCOUNT_INVALID: "sub_kind, sub_value, sub_scheme",
    Fault.BASIC_CHARGE_INVALID: "basic_charge",
}
"""The columns in which a fault is looked for first."""
