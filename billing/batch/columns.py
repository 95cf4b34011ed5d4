"""The columns of a batch: names, scales and meanings. Values are int64; a decimal is value x 10^scale.

Binary floats are refused: a column of money or energy that has been a float has lost what this package promises.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from billing.model.terms import BasicCharge, Period, Register, Scheme, Supply, Voltage

Integers = NDArray[np.int64]
Rows = NDArray[np.intp]
MISSING = int(np.iinfo(np.int64).min)
"""A value that is not there (a register that the meter lacks, an opening day that is unknown)."""

SCHEMES = tuple(Scheme)
VOLTAGES = tuple(Voltage)
SUPPLIES = tuple(Supply)
PERIODS = tuple(Period)
REGISTERS = tuple(Register)
BASIC_CHARGES = tuple(BasicCharge)


@dataclass(frozen=True)
class Column:
    """One input column. `scale` is the number of decimals held; `default` None means that it is required."""

    scale: int
    default: int | None
    meaning: str


def _specification() -> dict[str, Column]:
    day = "local day, days since 1970-01-01 (or datetime64)"
    columns = {
        "account_key": Column(0, MISSING, "any number that identifies the account; finds overlapping periods"),
        "area": Column(0, None, "position in the book's list of areas"),
        "scheme": Column(0, None, f"position in {[str(item) for item in SCHEMES]}"),
        "voltage": Column(0, 0, f"position in {[str(item) for item in VOLTAGES]}"),
        "time_of_use": Column(0, 0, "1 when an industrial-commercial account is priced by period"),
        "supply": Column(0, 0, f"position in {[str(item) for item in SUPPLIES]}"),
        "agency_penalty": Column(0, 0, "1 when 1.5 x agency price applies"),
        "period_start": Column(0, None, day),
        "period_end": Column(0, None, f"{day}, the day after the last"),
        "cycle_days": Column(0, 0, "days of the billing month; 0: derived as for one account"),
        "multiplier": Column(3, 1000, "CT x PT x meter constant"),
        "digits": Column(0, 6, "integer digits of the dial"),
        "maximum_demand": Column(4, MISSING, "dial kW"),
        "removed_multiplier": Column(3, 1000, "of the meter removed in the period"),
        "removed_digits": Column(0, 6, "of the meter removed in the period"),
        "removed_maximum_demand": Column(4, MISSING, "dial kW of the meter removed in the period"),
        "green_kwh": Column(2, 0, "kWh of green power"),
        "green_premium": Column(8, MISSING, "yuan/kWh"),
        "year_to_date_kwh": Column(2, 0, "residential kWh of the year before the period"),
        "persons": Column(0, 1, "persons of the household"),
        "free_kwh": Column(2, 0, "free kWh of this bill"),
        "opened": Column(0, MISSING, day),
        "closed": Column(0, MISSING, f"{day}, the first without service"),
        "basic_charge": Column(0, 0, f"position in {[str(item) for item in BASIC_CHARGES]}"),
        "capacity_kva": Column(4, MISSING, "contract capacity"),
        "contract_demand_kw": Column(4, MISSING, "contract demand"),
        "basic_kva": Column(4, MISSING, "capacity in service, first span; missing: the contract capacity"),
        "basic_from": Column(0, MISSING, f"{day}; missing: the period's start"),
        "basic_to": Column(0, MISSING, f"{day}, the day after; missing: the period's end"),
        "second_kva": Column(4, MISSING, "capacity in service, second span; missing: none"),
        "second_from": Column(0, MISSING, day),
        "second_to": Column(0, MISSING, f"{day}, the day after"),
        "power_factor_standard": Column(2, 0, "90, 85, 80; 0: no adjustment"),
        "loss_method": Column(0, 0, "0 none, 1 formula, 2 table"),
        "rated_kva": Column(4, MISSING, "transformer, formula"),
        "no_load_loss_kw": Column(4, 0, "formula"),
        "load_loss_kw": Column(4, 0, "formula"),
        "no_load_current_percent": Column(4, 0, "formula"),
        "short_circuit_percent": Column(4, 0, "formula"),
        "load_shape_factor": Column(4, 10_000, "formula"),
        "transformer_hours": Column(2, MISSING, "formula; missing: the whole period"),
        "iron_kwh_per_day": Column(4, 0, "table"),
        "copper_share": Column(6, 0, "table"),
        "iron_kvarh_per_day": Column(4, 0, "table"),
        "copper_reactive_share": Column(6, 0, "table"),
        "transformer_days": Column(2, MISSING, "table; missing: the whole period"),
        "line_loss_percent": Column(4, 0, "of the read kWh"),
        "line_loss_reactive_percent": Column(4, 0, "of the read kvarh"),
        "sub_kind": Column(0, 0, "0 none, 1 fixed ratio, 2 fixed quantity"),
        "sub_value": Column(6, 0, "ratio, or kWh"),
        "sub_scheme": Column(0, 0, "position in the list of schemes"),
    }
    for register in REGISTERS:
        for when in ("previous", "current", "removed_previous", "removed_current"):
            columns[f"{when}_{register}"] = Column(4, MISSING, f"dial reading, {when.replace('_', ', ')}")
    for period in PERIODS:
        columns[f"adjust_{period}"] = Column(2, 0, "kWh added to the period (加减)")
        columns[f"contract_price_{period}"] = Column(8, MISSING, "yuan/kWh of a market contract")
    return columns


COLUMNS = _specification()
"""Every column that a batch may have."""


class ColumnsRefused(ValueError):
    """Columns that are not a batch; `faults` names each column with what was found and expected."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class Columns:
    """A checked batch of rows. Absent optional columns cost nothing."""

    def __init__(self, arrays: Mapping[str, Any], accounts: Sequence[str] | None = None) -> None:
        """Check and take the arrays. `accounts` names the rows in findings. Raises ColumnsRefused."""
        faults, taken = [], {}
        lengths = {name: len(values) for name, values in arrays.items()}
        self.size = next(iter(lengths.values()), 0)
        for name, values in arrays.items():
            if name not in COLUMNS:
                faults.append(f"{name}: not a column of a batch")
                continue
            array = np.asarray(values)
            if array.dtype.kind == "M":
                array = array.astype("datetime64[D]").astype(np.int64)
            if array.dtype.kind not in "iub":
                faults.append(f"{name}: found {array.dtype}, expected integers scaled by 10^{COLUMNS[name].scale}")
            elif array.ndim != 1 or len(array) != self.size:
                faults.append(f"{name}: found shape {array.shape}, expected ({self.size},)")
            else:
                taken[name] = array.astype(np.int64, copy=False)
        faults += [
            f"{name}: required" for name, column in COLUMNS.items() if column.default is None and name not in arrays
        ]
        if accounts is not None and len(accounts) != self.size:
            faults.append(f"accounts: found {len(accounts)}, expected {self.size}")
        if faults:
            raise ColumnsRefused(faults)
        self.arrays: dict[str, Integers] = taken
        self.accounts = accounts

    def has(self, name: str) -> bool:
        """True when the column was given."""
        return name in self.arrays

    def get(self, name: str) -> Integers:
        """The column, or its default for every row."""
        found = self.arrays.get(name)
        if found is None:
            # One stored value seen n times: a default costs no memory.
            return np.broadcast_to(np.int64(COLUMNS[name].default or 0), (self.size,))
        return found

    def part(self, start: int, end: int) -> "Columns":
        """Rows start..end as views."""
        part = object.__new__(Columns)
        part.arrays = {name: values[start:end] for name, values in self.arrays.items()}
        part.size = min(end, self.size) - start
        part.accounts = None if self.accounts is None else self.accounts[start:end]
        return part

    def take(self, rows: Rows) -> "Columns":
        """Chosen rows as a copy."""
        part = object.__new__(Columns)
        part.arrays = {name: values[rows] for name, values in self.arrays.items()}
        part.size = len(rows)
        part.accounts = None if self.accounts is None else [self.accounts[row] for row in rows]
        return part

    def name(self, row: int) -> str:
        """How a finding names the account of a row."""
        if self.accounts is not None:
            return str(self.accounts[row])
        if self.has("account_key"):
            return str(int(self.arrays["account_key"][row]))
        return f"row {row}"
