"""The bill: lines, totals, findings, notices, and the trace that proves each of them."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from billing.exact import add_up
from billing.findings import Finding
from billing.model.terms import STRICT, Certainty, Exact
from billing.trace import TraceMismatch, TraceNode, evaluate


class BillLine(BaseModel):
    """One component x period x part of the period. `amount` is yuan, half-up to the cent (domain sheet 2.11).

    `price` is per `unit`; for a basic charge the amount is quantity x price x days / cycle_days.
    `tariff_rows` are the rows that made the price; `trace` is the position of the amount in the bill's trace.
    """

    model_config = STRICT

    component: str
    period: str
    start: date
    end: date
    quantity: Exact
    unit: str
    price: Exact
    amount: Exact
    days: int | None = None
    cycle_days: int | None = None
    sub_account: str = ""
    power_factor_base: bool = False
    rounding: str = "half_up:0.01"
    tariff_rows: tuple[str, ...] = ()
    trace: int


class Notice(BaseModel):
    """Something that a reader of the bill must know: an unverified number, a method that was chosen."""

    model_config = STRICT

    code: str
    subject: str = ""
    certainty: Certainty | None = None
    document: str = ""
    note: str = ""


class Energy(BaseModel):
    """The energy of the bill in kWh and kvarh, demand in kW; None where it plays no part."""

    model_config = STRICT

    read_kwh: Exact
    transformer_loss_kwh: Exact
    line_loss_kwh: Exact
    adjust_kwh: Exact
    sub_account_kwh: Exact
    billed_kwh: Exact
    by_period: dict[str, Exact]
    reactive_kvarh: Exact | None = None
    demand_kw: Exact | None = None
    power_factor: Exact | None = None
    power_factor_percent: Exact | None = None
    kwh_per_kva: Exact | None = None
    discount: bool = False


class Bill(BaseModel):
    """A bill, or the reasons why there is none (`billed` false, `findings` say why, total zero).

    `known_at` is the second clock: only tariff rows recorded until then were used.
    """

    model_config = STRICT

    account: str
    area: str
    start: date
    end: date
    known_at: datetime | None
    billed: bool
    total: Exact
    lines: tuple[BillLine, ...] = ()
    energy: Energy | None = None
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()
    trace: tuple[TraceNode, ...] = ()
    total_trace: int | None = None
    engine: str = Field(default="billing/1")

    def amount(self, component: str) -> Decimal:
        """Sum of the lines of one component, yuan."""
        return add_up(line.amount for line in self.lines if line.component == component)

    def amounts(self) -> dict[str, Decimal]:
        """Sum of the lines by component, in the order of the bill, yuan."""
        return {line.component: self.amount(line.component) for line in self.lines}

    def reevaluate(self) -> Decimal:
        """Compute the stored trace again from its leaves and return the total, yuan.

        Raises TraceMismatch when a step, a line or the total does not hold.
        """
        values = evaluate(self.trace)
        for line in self.lines:
            if values[line.trace] != line.amount:
                raise TraceMismatch(f"line {line.component} {line.period}: {line.amount} against {values[line.trace]}")
        total = values[self.total_trace] if self.total_trace is not None else Decimal(0)
        if total != self.total:
            raise TraceMismatch(f"total: {self.total} against {total}")
        return total
