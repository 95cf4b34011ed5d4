"""The rows of a tariff file. Every row has its dates, its document and how far it can be trusted."""

from datetime import date
from decimal import Decimal
from typing import Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from billing.model.terms import STRICT, Certainty, Exact, Period, Scheme, Voltage

LETTERS = {
    "D": Period.DEEP_VALLEY,
    "V": Period.VALLEY,
    "F": Period.FLAT,
    "P": Period.PEAK,
    "S": Period.SHARP,
}


class Row(BaseModel):
    """What every row carries. Valid from `valid_from` to the day before `valid_until`; known since `recorded_at`.

    A row recorded later replaces an earlier one where both are valid; `recorded_at` None means known from the start.
    """

    model_config = STRICT

    id: str = Field(min_length=1)
    valid_from: date
    valid_until: date | None = None
    recorded_at: AwareDatetime | None = None
    document: str = Field(min_length=1)
    certainty: Certainty
    note: str = ""
    schemes: tuple[Scheme, ...] = ()
    voltages: tuple[Voltage, ...] = ()

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError(f"valid_until {self.valid_until} must be after valid_from {self.valid_from}")
        return self

    def covers(self, day: date) -> bool:
        """True when the row is valid on the day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def suits(self, scheme: Scheme, voltage: Voltage) -> bool:
        """True when the row is for this scheme and voltage; an empty list means all."""
        return (not self.schemes or scheme in self.schemes) and (not self.voltages or voltage in self.voltages)

    def slot(self) -> tuple[str, ...]:
        """Rows of the same slot, scheme and voltage exclude each other in time."""
        return (type(self).__name__,)


class PriceRow(Row):
    """One price. `component` is a word of the component registry; `period` is set where prices differ by period."""

    component: str
    period: Period = Period.ALL
    value: Exact
    unit: str

    def slot(self) -> tuple[str, ...]:
        """By component and period."""
        return ("price", self.component, self.period)


class TierRow(Row):
    """Annual tiers: upper limits in kWh a year and the adder of each tier above the first, yuan/kWh."""

    limits: tuple[Exact, Exact]
    adders: tuple[Exact, Exact]
    extension_persons: int | None = None
    extension_kwh: Exact = Decimal(0)

    @model_validator(mode="after")
    def _limits_rise(self) -> Self:
        if not 0 <= self.limits[0] <= self.limits[1]:
            raise ValueError(f"limits {self.limits}: expected two rising numbers")
        return self


class RatioRow(Row):
    """Time-of-use ratios to the flat price."""

    ratios: dict[Period, Exact]


class HoursRow(Row):
    """Time-of-use hours: for each group of months one letter an hour 0-23 (D, V, F, P, S), local time."""

    months: dict[str, str]

    @model_validator(mode="after")
    def _whole_year_of_whole_days(self) -> Self:
        seen: list[int] = []
        for group, hours in self.months.items():
            if len(hours) != 24 or set(hours) - set(LETTERS):
                raise ValueError(f"months {group!r}: expected 24 letters of {''.join(LETTERS)}, found {hours!r}")
            seen += [int(month) for month in group.split(",")]
        if sorted(seen) != list(range(1, 13)):
            raise ValueError(f"months: expected each of 1-12 once, found {sorted(seen)}")
        return self

    def period_at(self, month: int, hour: int) -> Period:
        """The period of a local hour of a month."""
        for group, hours in self.months.items():
            if str(month) in group.split(","):
                return LETTERS[hours[hour]]
        raise AssertionError("validated: every month is there")


class PolicyRow(Row):
    """How open questions of the rules are read (domain sheet 2.3, 2.10, 2.11). A choice, dated like a price."""

    over_demand: str = Field(pattern="^(continuous|jump)$")
    over_demand_share: Exact
    partial_month: str = Field(pattern="^(calendar_days|thirty_days)$")
    demand_discount_kwh_per_kva: Exact
    demand_discount_factor: Exact
    demand_discount: bool
    agency_penalty_factor: Exact
    energy_digits_high: int = Field(ge=0, le=2)
    energy_digits_low: int = Field(ge=0, le=2)
    rollover_share: Exact


class TariffFile(BaseModel):
    """One tariff file of one area."""

    model_config = STRICT

    format: str = Field(pattern="^gridaudit.tariff/1$")
    area: str = Field(min_length=1)
    title: dict[str, str]
    prices: tuple[PriceRow, ...] = ()
    tiers: tuple[TierRow, ...] = ()
    ratios: tuple[RatioRow, ...] = ()
    hours: tuple[HoursRow, ...] = ()
    policies: tuple[PolicyRow, ...] = ()


class PowerFactorRow(BaseModel):
    """Adjustment in percent at one rounded power factor, by standard."""

    model_config = STRICT

    power_factor: Exact
    percent: dict[str, Exact]


class PowerFactorFile(BaseModel):
    """The adjustment table: from its first row up the first row holds, below its last row a constant step."""

    model_config = STRICT

    format: str = Field(pattern="^gridaudit.power-factor/1$")
    document: str
    certainty: Certainty
    standards: tuple[Exact, ...]
    tail_step: Exact
    rows: tuple[PowerFactorRow, ...]

    @model_validator(mode="after")
    def _rows_fall_by_hundredths(self) -> Self:
        names = {str(standard) for standard in self.standards}
        for position, row in enumerate(self.rows):
            if row.power_factor != self.rows[0].power_factor - Decimal("0.01") * position:
                raise ValueError(f"rows.{position}: expected falling by 0.01, found {row.power_factor}")
            if set(row.percent) != names:
                raise ValueError(f"rows.{position}: expected standards {sorted(names)}, found {sorted(row.percent)}")
        return self

    def percent(self, standard: Decimal, power_factor: Decimal) -> Decimal:
        """Percent of the base for a power factor rounded to 2 decimals; a reduction is negative."""
        top, bottom = self.rows[0], self.rows[-1]
        name = next(str(known) for known in self.standards if known == standard)
        steps = int((top.power_factor - power_factor) * 100)
        if steps <= 0:
            return top.percent[name]
        if steps < len(self.rows):
            return self.rows[steps].percent[name]
        beyond = int((bottom.power_factor - power_factor) * 100)
        return bottom.percent[name] + self.tail_step * beyond
