"""What the rules look at: one county's customers, districts, energy, bills and events up to a day, column by column.

Days are whole numbers since 1970-01-01, months whole numbers since 1970-01 (`numpy` datetime64[D] / [M] as integers),
both of Asia/Shanghai. Energy in kWh, power in kW, capacity in kVA, money in yuan as exact `int64` cents, places in
degrees (WGS-84). A number that isn't known is NaN (floats) or -1 (whole numbers); an unknown word is "".

All arrays of `Customers` have one entry a customer and all of `Districts` one a district; tables of rows that belong to
some customers only (`Readings`, `Bills`, …) carry `customer`, the position in `Customers`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Words = NDArray[np.str_]

DAILY_DAYS = 92
"""How many days before the last one are read day by day, it included."""
MONTHS = 26
"""How many months are read as sums: the two years that seasons are compared over, and the running month."""
PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def day_of(number: int) -> date:
    """The calendar day of a day number."""
    return date(1970, 1, 1) + timedelta(days=int(number))


def month_number(day: date) -> int:
    """Months since 1970-01 of the month that a day is in."""
    return (day.year - 1970) * 12 + day.month - 1


def month_of(number: int) -> date:
    """First day of a month number."""
    return date(1970 + int(number) // 12, int(number) % 12 + 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """Accounts that were open on some day of the daily window, with the terms that hold on the last day (n entries)."""

    number: Words
    name: Words
    district: Ints
    """Position in `Districts`; -1 where the district isn't on file."""
    station_code: Words
    category: Words
    """`residential`, `agricultural`, `commercial_industrial`."""
    voltage: Words
    capacity_kva: Floats
    tariff_code: Words
    """Scheme as the customer file has it; `scheme` is what is billed by."""
    trade_code: Words
    phone: Words
    address: Words
    section: Words
    opened: Ints
    closed: Ints
    """Day number, -1 while open."""
    longitude: Floats
    latitude: Floats
    scheme: Words
    time_of_use: Flags
    supply: Words
    basic_charge: Words
    terms_from: Ints
    """Day number since which these terms hold; -1 where there are none."""
    terms_capacity_kva: Floats
    contract_demand_kw: Floats
    power_factor_standard: Floats
    line_loss_percent: Floats
    has_transformer_loss: Flags
    agency_penalty: Flags
    persons: Ints
    free_kwh: Floats
    suspended_from: Ints
    """Day number from which all capacity is out of service (`capacity_spans` of the terms); -1 in service."""
    solar_kw: Floats
    """Capacity of own generation; NaN where none is on file."""

    def __len__(self) -> int:
        return len(self.number)

    @property
    def low_voltage(self) -> Flags:
        """Supplied below 1 kV."""
        return np.asarray(self.voltage == "<1kV")


@dataclass(frozen=True, slots=True, eq=False)
class Districts:
    """Transformer districts of the county with their days (d entries; daily arrays d × D, D as in `Partition.days`)."""

    code: Words
    name: Words
    station_code: Words
    is_dedicated: Flags
    capacity_kva: Floats
    customer_count: Ints
    longitude: Floats
    latitude: Floats
    supplied_kwh: Floats
    sold_kwh: Floats
    generated_kwh: Floats
    meters: Ints
    meters_read: Ints
    computable: Flags
    """False on days whose loss can't be computed, and on days without a row."""
    has_row: Flags

    def __len__(self) -> int:
        return len(self.code)

    @property
    def loss_percent(self) -> Floats:
        """(supplied − sold) / supplied × 100 by day; NaN where it can't be computed (never 0)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = (self.supplied_kwh - self.sold_kwh) * 100 / self.supplied_kwh
        return np.where(self.computable & (self.supplied_kwh > 0), rate, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Meters:
    """Meters of the customers, those in service on the last day and those removed in the daily window."""

    customer: Ints
    number: Words
    multiplier: Ints
    digits: Ints
    installed: Ints
    removed: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Closing readings of the last three months that were closed by the last day, one row a register."""

    customer: Ints
    meter: Words
    register: Words
    month: Ints
    read_day: Ints
    reading: Floats
    previous: Floats
    """The same register's reading before it; NaN for the first."""
    previous_day: Ints
    kind: Words
    method: Words
    quality: Words


@dataclass(frozen=True, slots=True, eq=False)
class Bills:
    """Bills of the last twelve billed months, all versions."""

    customer: Ints
    month: Ints
    version: Ints
    kind: Words
    total_cents: Ints
    billed_kwh: Floats
    loss_kwh: Floats
    demand_kw: Floats
    power_factor: Floats
    scheme: Words
    start: Ints
    end: Ints
    """The day after the last."""
    issued_day: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Adjustments:
    """退补 of the last twelve months."""

    customer: Ints
    number: Words
    kind: Words
    cause: Words
    total_cents: Ints
    decided_day: Ints
    decided_by: Words
    asked_by: Words
    has_ticket: Flags
    reverses: Words


@dataclass(frozen=True, slots=True, eq=False)
class MeterEvents:
    """Events that meters report (domain sheet 1.4 D): voltage and current lost, cover opened, clock, magnet, …"""

    customer: Ints
    meter: Words
    kind: Words
    begin: Floats
    """Seconds since 1970-01-01 00:00 UTC."""
    end: Floats
    value: Floats
    """What the kind measures: volts in percent, minutes, amperes; NaN for a plain event."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Daily energy of some customers only: `customer` k, `kwh` k × D."""

    customer: Ints
    kwh: Floats


@dataclass(frozen=True, eq=False)
class Partition:
    """One county up to and with `last_day`. `days` D consecutive day numbers, `months` M consecutive month numbers."""

    county_code: str
    last_day: date
    days: Ints
    months: Ints
    customers: Customers
    districts: Districts
    meters: Meters
    daily_kwh: Floats
    """n × D (float32); NaN where no reading came in or the account wasn't in service."""
    period_kwh: dict[str, Series]
    """By period of `PERIODS`: customers measured in periods."""
    fed_in: Series
    month_kwh: Floats
    """n × M: what the registers counted; NaN where there is no row. The last one may be a running month."""
    month_reactive_kvarh: Floats
    month_demand_kw: Floats
    readings: Readings
    bills: Bills
    adjustments: Adjustments
    events: MeterEvents

    @property
    def last(self) -> int:
        """Day number of the last day."""
        return int(self.days[-1])

    @property
    def whole_months(self) -> int:
        """How many of `months` are over by the end of the last day."""
        return len(self.months) - (0 if (self.last_day + timedelta(days=1)).day == 1 else 1)

    @cached_property
    def in_service_days(self) -> Ints:
        """For each customer, how many of `days` the account was open."""
        first = np.maximum(self.customers.opened, self.days[0])
        end = np.where(self.customers.closed < 0, self.last + 1, np.minimum(self.customers.closed, self.last + 1))
        return np.maximum(end - first, 0)
