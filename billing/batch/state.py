"""What is known about a chunk of rows while its bills are made."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from billing.batch.columns import MISSING, PERIODS, SCHEMES, SUPPLIES, VOLTAGES, Columns, Integers, Rows
from billing.batch.plans import PlanCache, PlanTable
from billing.findings import Fault
from billing.model.terms import RESIDENTIAL_TIME_OF_USE, Scheme

Mask = NDArray[np.bool_]
TWO_PART = SCHEMES.index(Scheme.TWO_PART)
RESIDENTIAL_TOU = tuple(SCHEMES.index(item) for item in RESIDENTIAL_TIME_OF_USE)
LONGEST_PERIOD_DAYS = 366
STRUCTURAL = Fault.PERIOD_INVALID | Fault.PERIOD_OVERLAP | Fault.UNKNOWN_TARIFF | Fault.BASIC_CHARGE_INVALID
"""Faults of the row itself: no other executor could bill it."""
DATE_COLUMNS = ("period_start", "period_end", "opened", "closed", "basic_from", "basic_to", "second_from", "second_to")
LAST_DAY = 100_000
WIDEST = 10**15
"""An input beyond this goes to the executor with unbounded integers before any product is formed."""
LARGEST = 9.0e18
"""Products up to this fit int64 with room for the rounding half; a larger estimate sends the row to the other path."""


@dataclass
class Chunk:
    """Rows of one chunk. kWh and kvarh are hundredths, kW and kVA of the basic charge millionths, money cents."""

    columns: Columns
    cache: PlanCache
    size: int
    scheme: Integers
    plan: Integers
    table: PlanTable
    days: Integers
    faults: Integers
    beyond: Mask
    unit: Integers
    energy: Integers
    present: Mask
    read: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    whole: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    reactive: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    demand: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    transformer_loss: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    line_loss: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    sub_energy: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    sub_plan: Integers | None = None
    standard: Integers = field(default_factory=lambda: np.zeros(0, np.int64))

    def fail(self, rows: Rows, kind: Fault) -> None:
        """Mark a fault on rows."""
        self.faults[rows] |= int(kind)

    def too_large(self, rows: Rows, estimate: NDArray[np.float64]) -> None:
        """Rows whose product may not fit 64 bits are billed by the other executor."""
        self.beyond[rows[np.abs(estimate) > LARGEST]] = True


def open_chunk(columns: Columns, cache: PlanCache) -> Chunk:
    """Codes, period and plan of every row."""
    size = columns.size
    faults = np.zeros(size, np.int64)
    scheme, voltage, supply = columns.get("scheme"), columns.get("voltage"), columns.get("supply")
    unknown = (scheme < 0) | (scheme >= len(SCHEMES)) | (voltage < 0) | (voltage >= len(VOLTAGES))
    unknown |= (supply < 0) | (supply >= len(SUPPLIES))
    if unknown.any():
        faults[unknown] |= int(Fault.UNKNOWN_TARIFF)
        # A row with an unknown code keeps its place with harmless codes: it is not billed.
        columns = columns.part(0, size)
        for name in ("scheme", "voltage", "supply"):
            columns.arrays[name] = np.where(unknown, 0, columns.get(name))
        scheme = columns.get("scheme")
    beyond = np.zeros(size, np.bool_)
    for name, values in columns.arrays.items():
        if name in DATE_COLUMNS:
            wrong = ((values < 0) | (values > LAST_DAY)) & (values != MISSING)
            if name in ("period_start", "period_end"):
                wrong |= values == MISSING
            faults[wrong] |= int(Fault.PERIOD_INVALID)
        elif size and (values.max() > WIDEST or values.min() < -WIDEST):
            beyond |= (np.abs(np.where(values == MISSING, 0, values)) > WIDEST) | (values == MISSING + 1)
    start, end = columns.get("period_start"), columns.get("period_end")
    days = np.clip(end, 0, LAST_DAY) - np.clip(start, 0, LAST_DAY)
    cycle = columns.get("cycle_days")
    faults[(days <= 0) | (days > LONGEST_PERIOD_DAYS) | (cycle < 0) | (cycle > 366)] |= int(Fault.PERIOD_INVALID)
    basic = columns.get("basic_charge")
    faults[((scheme == TWO_PART) != (basic != 0)) | (basic < 0) | (basic > 3)] |= int(Fault.BASIC_CHARGE_INVALID)
    plan = cache.positions(columns, scheme)
    table = cache.table()
    faults |= table.fault[plan]
    return Chunk(
        columns=columns,
        cache=cache,
        size=size,
        scheme=scheme,
        plan=plan,
        table=table,
        days=days,
        faults=faults,
        beyond=beyond | (table.beyond[plan] != 0),
        unit=table.energy_unit[plan],
        energy=np.zeros((len(PERIODS), size), np.int64),
        present=np.zeros((len(PERIODS), size), np.bool_),
    )
