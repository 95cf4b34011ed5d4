"""Dial readings to energy by column (domain sheet 2.4): the same rules as `billing.metering`, row for row."""

import numpy as np

from billing.batch.columns import MISSING, PERIODS, Integers, Rows
from billing.batch.integers import half_up
from billing.batch.state import LARGEST, RESIDENTIAL_TOU, Chunk, Mask
from billing.findings import Fault
from billing.metering import REGISTER_OF
from billing.model.terms import REQUIRED_PERIODS, RESIDENTIAL_PERIODS, TIME_OF_USE_PERIODS, Period, Register, Scheme

READING_AND_MULTIPLIER = 10**7
"""Decimals of reading (4) and multiplier (3) together."""
CENTI = 100
FIRST_INDUSTRIAL = list(Scheme).index(Scheme.SINGLE_PART)


def measure(chunk: Chunk) -> None:
    """Read energy by period, reactive energy and demand of every row; faults are marked."""
    columns = chunk.columns
    if columns.has("multiplier"):
        chunk.faults[columns.get("multiplier") <= 0] |= int(Fault.MULTIPLIER_INVALID)
    if columns.has("removed_multiplier"):
        chunk.faults[_removed(chunk) & (columns.get("removed_multiplier") <= 0)] |= int(Fault.MULTIPLIER_INVALID)
    for period, rows in period_rows(chunk):
        place = PERIODS.index(period)
        energy, found = register_energy(chunk, REGISTER_OF[period], rows)
        chunk.energy[place][rows] = energy
        chunk.present[place][rows] = found
        if period in REQUIRED_PERIODS:
            chunk.fail(rows[~found], Fault.MISSING_REGISTER)
    _reactive(chunk)
    _demand(chunk)
    chunk.read = chunk.energy.sum(axis=0)


def _removed(chunk: Chunk) -> Mask:
    """Rows in whose period a meter was removed: it has a reading."""
    names = ["removed_maximum_demand", *(f"removed_current_{register}" for register in Register)]
    present = np.zeros(chunk.size, np.bool_)
    for name in names:
        if chunk.columns.has(name):
            present |= chunk.columns.get(name) != MISSING
    return present


def period_rows(chunk: Chunk) -> list[tuple[Period, Rows]]:
    """Which rows measure which period."""
    residential = np.isin(chunk.scheme, RESIDENTIAL_TOU)
    periods = (chunk.columns.get("time_of_use") != 0) & (chunk.scheme >= FIRST_INDUSTRIAL)
    all_rows = np.flatnonzero(~residential & ~periods)
    result = [(Period.ALL, all_rows)]
    for period in TIME_OF_USE_PERIODS:
        mask = periods | residential if period in RESIDENTIAL_PERIODS else periods
        result.append((period, np.flatnonzero(mask)))
    return [(period, rows) for period, rows in result if len(rows)]


def register_energy(chunk: Chunk, register: Register, rows: Rows) -> tuple[Integers, Mask]:
    """Energy of a register over the meter and the removed one, hundredths of kWh, and whether any has it."""
    energy, found = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.bool_)
    for prefix in ("", "removed_"):
        if not chunk.columns.has(f"{prefix}current_{register}"):
            continue
        part, has = _meter_energy(chunk, register, rows, prefix)
        energy += part
        found |= has
    return energy, found


def _meter_energy(chunk: Chunk, register: Register, rows: Rows, prefix: str) -> tuple[Integers, Mask]:
    columns = chunk.columns
    previous = columns.get(f"{prefix}previous_{register}")[rows]
    current = columns.get(f"{prefix}current_{register}")[rows]
    has = (previous != MISSING) & (current != MISSING)
    if not has.all():
        previous, current = np.where(has, previous, 0), np.where(has, current, 0)
    negative = (previous < 0) | (current < 0)
    if negative.any():
        chunk.fail(rows[negative], Fault.NEGATIVE_READING)
        previous, current = np.where(negative, 0, previous), np.where(negative, 0, current)
    difference = current - previous
    multiplier = columns.get(f"{prefix}multiplier")[rows]
    back = difference < 0
    if back.any():
        difference = _rolled(chunk, register, rows, prefix, difference, multiplier, back)
    estimate = difference.astype(np.float64) * multiplier
    if estimate.size and estimate.max() > LARGEST:
        chunk.too_large(rows, estimate)
    unit = chunk.unit[rows]
    # Half-up to the account's decimals, then back to hundredths of kWh.
    return half_up(difference * multiplier, READING_AND_MULTIPLIER // CENTI * unit) * unit, has


def _rolled(
    chunk: Chunk, register: Register, rows: Rows, prefix: str, difference: Integers, multiplier: Integers, back: Mask
) -> Integers:
    """A smaller reading is a rollover where that is plausible, else a fault."""
    columns = chunk.columns
    places = np.flatnonzero(back)
    at = rows[places]
    span = 10 ** (np.clip(columns.get(f"{prefix}digits")[at], 1, 12) + 4)
    rolled = difference[places] + span
    plans = [chunk.table.plans[plan] for plan in chunk.plan[at]]
    # Few rows roll over: the comparison with the policy's share and the capacity is exact in Python's integers.
    share = [plan.policy.rollover_share if plan.policy else 0 for plan in plans]
    capacity = columns.get("capacity_kva")[at]
    reactive = register in (Register.REACTIVE_FORWARD, Register.REACTIVE_REVERSE)
    plausible = np.zeros(len(places), np.bool_)
    for number in range(len(places)):
        fits = int(rolled[number]) <= share[number] * int(span[number])
        if fits and not reactive and capacity[number] != MISSING and capacity[number] != 0:
            hours = int(chunk.days[at[number]]) * 24
            # kWh (1e7) against kVA (1e4) x hours x 1.05.
            fits = int(rolled[number]) * int(multiplier[places[number]]) <= int(capacity[number]) * hours * 1050
        plausible[number] = fits
    chunk.fail(at[~plausible], Fault.READING_DECREASED)
    result = difference.copy()
    result[places] = np.where(plausible, rolled, 0)
    return result


def _reactive(chunk: Chunk) -> None:
    columns = chunk.columns
    chunk.reactive = np.zeros(chunk.size, np.int64)
    chunk.standard = columns.get("power_factor_standard")
    wanted = chunk.standard != 0
    if not wanted.any():
        return
    known = [int(item * 100) for item in chunk.cache.book.power_factor.standards]
    chunk.fail(np.flatnonzero(wanted & ~np.isin(chunk.standard, known)), Fault.POWER_FACTOR_STANDARD)
    rows = np.flatnonzero(wanted)
    forward, found = register_energy(chunk, Register.REACTIVE_FORWARD, rows)
    reverse, _ = register_energy(chunk, Register.REACTIVE_REVERSE, rows)
    chunk.fail(rows[~found], Fault.MISSING_REGISTER)
    chunk.reactive[rows] = forward + reverse


def _demand(chunk: Chunk) -> None:
    """The highest demand of the meters in service, millionths of kW."""
    columns = chunk.columns
    chunk.demand = np.zeros(chunk.size, np.int64)
    rows = np.flatnonzero(columns.get("basic_charge") >= 2)
    if not len(rows):
        return
    highest = np.full(len(rows), -1, np.int64)
    for prefix in ("", "removed_"):
        dial = columns.get(f"{prefix}maximum_demand")[rows]
        multiplier = columns.get(f"{prefix}multiplier")[rows]
        has = dial != MISSING
        chunk.too_large(rows, np.where(has, dial, 0).astype(np.float64) * multiplier)
        primary = half_up(np.where(has, dial, 0) * multiplier, 10)
        highest = np.maximum(highest, np.where(has, primary, -1))
    chunk.fail(rows[highest < 0], Fault.DEMAND_MISSING)
    chunk.demand[rows] = np.maximum(highest, 0)
