"""The readings of one period: registers of each meter, interval data, what was settled before."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, Field

from billing.model.terms import STRICT, Exact, Period, Register


class RegisterReading(BaseModel):
    """A cumulative register at the start and at the end of its time in service, in dial units."""

    model_config = STRICT

    previous: Exact
    current: Exact


class MeterReading(BaseModel):
    """One meter in service in the period. A meter change gives two of them; their energies add up.

    `multiplier` is CT ratio x PT ratio x the meter's own; `digits` the integer digits of the dial (rollover at
    10^digits); `maximum_demand` the dial kW of the highest 15-minute mean, before the multiplier.
    """

    model_config = STRICT

    meter: str = "1"
    multiplier: Exact = Decimal(1)
    digits: int = Field(default=6, ge=1, le=12)
    registers: dict[Register, RegisterReading]
    maximum_demand: Exact | None = None


class IntervalBlock(BaseModel):
    """Equal intervals of primary kWh from an aware instant on. Hours are counted in Asia/Shanghai."""

    model_config = STRICT

    start: AwareDatetime
    minutes: int = Field(default=60, ge=1, le=60)
    kwh: tuple[Exact, ...]


class DemandLine(BaseModel):
    """One incoming line of several: demand in kW (primary), its contract value, the part of planned switching."""

    model_config = STRICT

    line: str
    actual_kw: Exact
    contract_kw: Exact | None = None
    planned_switching_kw: Exact = Decimal(0)


class Readings(BaseModel):
    """What was measured in [start, end), two local days (Asia/Shanghai).

    `cycle_days` is the length of the billing month for a part of it; without it, a period inside one calendar month
    has that month's days and any other period is a whole billing month of its own.
    `year_to_date_kwh` is the year's residential energy before `start`. `adjust_kwh` is the bill's 加减 column.
    """

    model_config = STRICT

    start: date
    end: date
    cycle_days: int | None = Field(default=None, ge=1, le=366)
    meters: tuple[MeterReading, ...] = ()
    intervals: tuple[IntervalBlock, ...] = ()
    demand_lines: tuple[DemandLine, ...] = ()
    adjust_kwh: dict[Period, Exact] = Field(default_factory=dict)
    green_kwh: Exact = Decimal(0)
    year_to_date_kwh: Exact = Decimal(0)


class History(BaseModel):
    """What the reading checks compare with; every field may be missing, and then its checks are silent."""

    model_config = STRICT

    reference_kwh: Exact | None = None
    earlier_kwh: tuple[Exact, ...] = ()
    check_meter_kwh: Exact | None = None
    check_meter_tolerance_percent: Exact | None = None
    file_multiplier: Exact | None = None
    reverse_kwh: Exact | None = None
    has_generation: bool = False
    reference_price: Exact | None = None
    file_changed: bool = False
    read_at: datetime | None = None
    days_read_apart: int | None = None
