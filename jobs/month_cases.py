"""One month of many accounts as a batch of `billing`, and each account's case as JSON text beside it.

The text is what the bill keeps: `billing.bill` of it gives the same bill again. Both are built from the same numbers,
so that millions of accounts need no object each.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from billing import Case, CaseRefused, TariffBook, parse_case
from billing.batch import MISSING, Columns
from billing.batch.columns import COLUMNS
from billing.batch.convert import row_of_case
from billing.model.terms import TIERED_SCHEMES, Register
from data_access.bill_input import DueAccount, DueChunk, MeterRow, ReadingRow, midnight, month_after

DIAL = 10_000
"""Dial units of a reading's whole."""
EPOCH = date(1970, 1, 1)
DEMAND = "maximum_demand"
REGISTERS = frozenset(str(register) for register in Register)
_READING_COLUMNS = ("period_start", "period_end", "cycle_days", "multiplier", "digits")


@dataclass(frozen=True, slots=True)
class AccountColumns:
    """What the terms of an account say, as columns; None where they do not fit columns. `content` begins the case."""

    columns: dict[str, int] | None
    content: str
    scheme: str
    voltage: str
    area: str
    sub_account: str
    refused: str = ""


@dataclass(slots=True)
class MonthCases:
    """Accounts of a batch in its order, those that columns can't hold, and those that have no case at all."""

    accounts: list[DueAccount] = field(default_factory=list)
    terms: list[AccountColumns] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: list[dict[str, int]] = field(default_factory=list)
    single: list[tuple[DueAccount, AccountColumns, str]] = field(default_factory=list)
    refused: list[tuple[DueAccount, str, str, str]] = field(default_factory=list)
    """Account, field, what was expected, what was found."""

    def columns(self) -> Columns:
        """The batch."""
        names = {"area", "scheme", "period_start", "period_end"} | {name for row in self.rows for name in row}
        defaults = {name: COLUMNS[name].default or 0 for name in names}
        return Columns(
            {name: np.array([row.get(name, defaults[name]) for row in self.rows], np.int64) for name in sorted(names)},
            [account.number for account in self.accounts],
        )


@lru_cache(maxsize=20_000)
def account_columns(terms: str, book: TariffBook) -> AccountColumns:
    """Read terms (JSON text) once: thousands of homes share the same ones."""
    content: dict[str, Any] = json.loads(terms)
    inner = json.dumps(content, separators=(",", ":"))[1:-1]
    readings = {"start": "2000-01-01", "end": "2000-02-01", "meters": [{"registers": {}}]}
    try:
        case = parse_case({"account": {"account": "?", **content}, "readings": readings})
    except CaseRefused as refused:
        return AccountColumns(None, inner, "", "", "", "", refused=str(refused))
    columns = row_of_case(case, book)
    if columns is not None:
        columns = {name: value for name, value in columns.items() if name not in _READING_COLUMNS}
    account = case.account
    sub = account.sub_accounts[0].code if account.sub_accounts else ""
    return AccountColumns(columns, inner, str(account.scheme), str(account.voltage), account.area, sub)


def dial_text(value: int) -> str:
    """Ten-thousandths as plain decimal text."""
    return f"{value // DIAL}.{value % DIAL:04d}" if value >= 0 else f"-{dial_text(-value)}"


def month_cases(chunk: DueChunk, month: date, known_at: datetime, book: TariffBook) -> MonthCases:
    """The batch of one chunk."""
    found = MonthCases()
    end = month_after(month)
    clock = known_at.isoformat()
    for account in chunk.accounts:
        if account.terms is None:
            found.refused.append((account, "account", "terms that hold in the month", ""))
            continue
        terms = account_columns(account.terms, book)
        if terms.refused:
            found.refused.append((account, "account", "terms that fit the schema", terms.refused))
            continue
        _add(found, chunk, account, terms, month, end, clock)
    return found


def _add(
    found: MonthCases, chunk: DueChunk, account: DueAccount, terms: AccountColumns, month: date, end: date, clock: str
) -> None:
    start = max(month, account.opened_on)
    if account.closed_on is not None:
        end = min(end, account.closed_on)
    meters = chunk.meters.get(account.number, [])
    readings = chunk.readings.get(account.number, [])
    used = _meters_in(meters, readings, int(midnight(start).timestamp()), int(midnight(end).timestamp()))
    year_to_date = _year_to_date(account, terms, meters, readings, start)
    if year_to_date is None:
        found.refused.append((account, "readings.year_to_date_kwh", "a reading where the year's tiers begin", ""))
        return
    text = _case_text(account, terms, start, end, used, year_to_date, clock)
    if terms.columns is None or len(used) > 2:
        found.single.append((account, terms, text))
        return
    row = dict(terms.columns)
    row["period_start"], row["period_end"] = (start - EPOCH).days, (end - EPOCH).days
    row["opened"] = (account.opened_on - EPOCH).days
    if account.closed_on is not None:
        row["closed"] = (account.closed_on - EPOCH).days
    if year_to_date:
        row["year_to_date_kwh"] = year_to_date
    for prefix, (meter, registers) in zip(("", "removed_"), used, strict=False):
        row[f"{prefix}multiplier"], row[f"{prefix}digits"] = meter.multiplier * 1000, meter.digits
        for register, (previous, current) in registers.items():
            if register == DEMAND:
                row[f"{prefix}maximum_demand"] = current
            else:
                row[f"{prefix}previous_{register}"], row[f"{prefix}current_{register}"] = previous, current
    found.accounts.append(account)
    found.terms.append(terms)
    found.texts.append(text)
    found.rows.append(row)


Used = list[tuple[MeterRow, dict[str, tuple[int, int]]]]


def _meters_in(meters: Sequence[MeterRow], readings: Sequence[ReadingRow], start: int, end: int) -> Used:
    """The meters in service in [start, end] with (previous, current) of each register, the latest meter first."""
    by_meter: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for meter, register, at, dial in readings:
        if start <= at <= end:
            by_meter.setdefault(meter, {}).setdefault(register, []).append((at, dial))
    found: Used = []
    for known in reversed(meters):
        registers: dict[str, tuple[int, int]] = {}
        for register, series in by_meter.get(known.number, {}).items():
            first, last = min(series), max(series)
            if register == DEMAND:
                # A demand stands for the time before it: what was read at the start belongs to the month before.
                if last[0] > start:
                    registers[register] = (0, last[1])
            elif register in REGISTERS and last[0] > first[0]:
                registers[register] = (first[1], last[1])
        if any(register != DEMAND for register in registers):
            found.append((known, registers))
    return found


def _year_to_date(
    account: DueAccount, terms: AccountColumns, meters: Sequence[MeterRow], readings: Sequence[ReadingRow], start: date
) -> int | None:
    """Residential kWh of the year before `start` in hundredths, from the total register; None when nobody knows.

    The year's tiers count from 1 January, from the opening, or from the terms that brought the tiers: what was used
    under a price without tiers (heating season) does not count.
    """
    if terms.scheme not in TIERED_SCHEMES:
        return 0
    begin = max(date(start.year, 1, 1), account.opened_on)
    if account.terms_from and account.terms_before and account.terms_before not in TIERED_SCHEMES:
        begin = max(begin, account.terms_from)
    if begin >= start:
        return 0
    first, last = int(midnight(begin).timestamp()), int(midnight(start).timestamp())
    hundredths, covered = 0, first
    for meter in meters:
        series = sorted(
            (at, dial)
            for number, register, at, dial in readings
            if number == meter.number and register == Register.TOTAL and first <= at <= last
        )
        if len(series) < 2:
            continue
        if series[0][0] != covered:
            return None
        covered = series[-1][0]
        difference = series[-1][1] - series[0][1]
        if difference < 0:
            difference += 10**meter.digits * DIAL
        # Half-up from ten-thousandths to hundredths of a kWh.
        hundredths += (difference * meter.multiplier + 50) // 100
    return hundredths if covered == last else None


def _case_text(
    account: DueAccount, terms: AccountColumns, start: date, end: date, used: Used, year_to_date: int, clock: str
) -> str:
    closed = f',"closed":"{account.closed_on}"' if account.closed_on else ""
    meters = []
    for meter, registers in used:
        read = ",".join(
            f'"{register}":{{"previous":"{dial_text(previous)}","current":"{dial_text(current)}"}}'
            for register, (previous, current) in sorted(registers.items())
            if register != DEMAND
        )
        demand = f',"maximum_demand":"{dial_text(registers[DEMAND][1])}"' if DEMAND in registers else ""
        meters.append(
            f'{{"meter":{json.dumps(meter.number)},"multiplier":"{meter.multiplier}","digits":{meter.digits},'
            f'"registers":{{{read}}}{demand}}}'
        )
    before = f',"year_to_date_kwh":"{Decimal(year_to_date).scaleb(-2)}"' if year_to_date else ""
    return (
        f'{{"account":{{"account":{json.dumps(account.number)},{terms.content},"opened":"{account.opened_on}"{closed}}},'
        f'"readings":{{"start":"{start}","end":"{end}","meters":[{",".join(meters)}]{before}}},"known_at":"{clock}"}}'
    )


def parsed(text: str) -> Case:
    """The case of a stored text."""
    return parse_case(json.loads(text))


__all__ = ["MISSING", "AccountColumns", "MonthCases", "account_columns", "month_cases", "parsed"]
