"""Losses, adjustment and sub-accounts by column (domain sheet 2.4, 2.10)."""

from fractions import Fraction

import numpy as np

from billing.batch.columns import MISSING, PERIODS, SCHEMES, Integers, Rows
from billing.batch.integers import allocate, half_up, round_estimate
from billing.batch.metering import CENTI, period_rows
from billing.batch.state import Chunk
from billing.findings import Fault
from billing.model.account import FormulaLoss, TableLoss
from billing.model.terms import Period
from billing.single import SUB_SCHEMES

FORMULA, TABLE = 1, 2
FORMULA_NUMBERS = tuple(name for name in FormulaLoss.model_fields if name not in ("method", "rated_kva", "hours"))
TABLE_NUMBERS = tuple(name for name in TableLoss.model_fields if name not in ("method", "days"))
WIDEST_LOSS = 1e9
"""kWh or kvarh; far above the largest energy that columns hold, far below where an estimate loses whole units."""
RATIO, QUANTITY = 1, 2


def add_losses(chunk: Chunk) -> None:
    """Transformer and line loss on top of the read energy, in whole kWh, shared over the periods."""
    columns = chunk.columns
    chunk.transformer_loss = np.zeros(chunk.size, np.int64)
    chunk.line_loss = np.zeros(chunk.size, np.int64)
    reactive = chunk.reactive.copy()
    read = chunk.energy.copy()
    if columns.has("loss_method"):
        method = columns.get("loss_method")
        for kind, compute in ((FORMULA, _formula), (TABLE, _table)):
            rows = np.flatnonzero(method == kind)
            if len(rows):
                active_loss, reactive_loss = compute(chunk, rows)
                chunk.transformer_loss[rows] = active_loss * CENTI
                reactive[rows] += reactive_loss * CENTI
    for name, base in (("line_loss_percent", chunk.read), ("line_loss_reactive_percent", chunk.reactive)):
        if not columns.has(name):
            continue
        rows = np.flatnonzero(columns.get(name) != 0)
        percent = columns.get(name)[rows]
        chunk.too_large(rows, percent.astype(np.float64) * base[rows])
        loss = half_up(percent * base[rows], 10**8) * CENTI
        if name == "line_loss_percent":
            chunk.line_loss[rows] = loss
        else:
            reactive[rows] += loss
    for loss in (chunk.transformer_loss, chunk.line_loss):
        rows = np.flatnonzero(loss)
        if len(rows):
            chunk.energy[:, rows] += spread(chunk, rows, read[:, rows], loss[rows], CENTI)
    chunk.reactive = np.where(chunk.standard != 0, reactive, 0)
    _adjust(chunk)
    chunk.whole = chunk.energy.sum(axis=0)
    for name in ("free_kwh", "green_kwh"):
        if chunk.columns.has(name):
            chunk.fail(np.flatnonzero(chunk.columns.get(name) < 0), Fault.NEGATIVE_ENERGY)
    chunk.fail(np.flatnonzero((chunk.energy < 0).any(axis=0)), Fault.NEGATIVE_ENERGY)
    chunk.beyond |= chunk.whole > 10**10


def spread(chunk: Chunk, rows: Rows, energy: Integers, extra: Integers, unit: Integers | int) -> Integers:
    """Shares by period, remainder to the largest; without any energy the flat or the only period takes all."""
    chunk.too_large(rows, 2.0 * extra.astype(np.float64) * energy.max(axis=0))
    flat, peak = PERIODS.index(Period.FLAT), PERIODS.index(Period.PEAK)
    taker = np.where(chunk.present[flat][rows], flat, np.where(chunk.present[peak][rows], peak, 0))
    return allocate(extra, energy, unit, taker)


def _formula(chunk: Chunk, rows: Rows) -> tuple[Integers, Integers]:
    """dA = P0 T + K Pk (A2+Q2)/(S2 T), dQ with Q0 = I0% S/100 and Qk = Uk% S/100; half-up to whole kWh."""
    columns = chunk.columns

    def column(name: str) -> Integers:
        return columns.get(name)[rows]

    rated = column("rated_kva")
    bad = rated <= 0
    for name in FORMULA_NUMBERS:
        bad |= column(name) < 0
    chunk.fail(rows[bad], Fault.TRANSFORMER_INVALID)
    rated = np.where(bad, 1, rated)
    hours = np.where(column("transformer_hours") == MISSING, chunk.days[rows] * 2400, column("transformer_hours"))
    idle = bad | (hours <= 0)
    hours = np.where(idle, 1, hours)
    active, reactive = chunk.read[rows], chunk.reactive[rows]
    shape = column("load_shape_factor")
    hours_f, rated_f = hours / 1e2, rated / 1e4
    squares_f = ((active / 1e2) ** 2 + (reactive / 1e2) ** 2) / (rated_f**2 * hours_f) * (shape / 1e4)

    def loss(no_load: Integers, load: Integers, of_rated: bool) -> Integers:
        scale = rated_f / 100 if of_rated else np.ones(len(rows))
        estimate = no_load / 1e4 * scale * hours_f + load / 1e4 * scale * squares_f

        def exact(row: int) -> Fraction:
            kva, time = Fraction(int(rated[row]), 10**4), Fraction(int(hours[row]), 100)
            base = kva / 100 if of_rated else Fraction(1)
            load_square = Fraction(int(active[row]) ** 2 + int(reactive[row]) ** 2, 10**4) / (kva * kva * time)
            iron = Fraction(int(no_load[row]), 10**4) * base * time
            return iron + Fraction(int(shape[row]), 10**4) * Fraction(int(load[row]), 10**4) * base * load_square

        estimate = np.where(idle, 0.0, estimate)
        large = ~(estimate <= WIDEST_LOSS)
        chunk.beyond[rows[large]] = True
        estimate = np.where(large, WIDEST_LOSS, estimate)
        return np.where(
            idle, 0, round_estimate(estimate, lambda row: Fraction(0) if idle[row] or large[row] else exact(row))
        )

    return (
        loss(column("no_load_loss_kw"), column("load_loss_kw"), of_rated=False),
        loss(column("no_load_current_percent"), column("short_circuit_percent"), of_rated=True),
    )


def _table(chunk: Chunk, rows: Rows) -> tuple[Integers, Integers]:
    """Iron loss by energised day plus a share of the read energy; half-up to whole kWh."""
    columns = chunk.columns
    days = columns.get("transformer_days")[rows]
    days = np.where(days == MISSING, chunk.days[rows] * 100, days)
    bad = days < 0
    for name in TABLE_NUMBERS:
        bad |= columns.get(name)[rows] < 0
    chunk.fail(rows[bad], Fault.TRANSFORMER_INVALID)

    def loss(iron: str, copper: str, energy: Integers) -> Integers:
        share = columns.get(copper)[rows]
        chunk.too_large(rows, share.astype(np.float64) * energy * 2)
        iron_loss = columns.get(iron)[rows]
        chunk.too_large(rows, iron_loss.astype(np.float64) * days * 200)
        return half_up(iron_loss * days * 100 + share * energy, 10**8)

    return (
        loss("iron_kwh_per_day", "copper_share", chunk.read[rows]),
        loss("iron_kvarh_per_day", "copper_reactive_share", chunk.reactive[rows]),
    )


def _adjust(chunk: Chunk) -> None:
    for place, period in enumerate(PERIODS):
        name = f"adjust_{period}"
        if not chunk.columns.has(name):
            continue
        adjust = chunk.columns.get(name)
        rows = np.flatnonzero(adjust)
        if not len(rows):
            continue
        chunk.fail(rows[~chunk.present[place][rows]], Fault.MISSING_REGISTER)
        chunk.energy[place][rows] += adjust[rows]


def take_sub_accounts(chunk: Chunk) -> None:
    """Fixed ratio or quantity out of the main meter's energy; its own plan prices it."""
    columns = chunk.columns
    chunk.sub_energy = np.zeros(chunk.size, np.int64)
    rows = np.flatnonzero(columns.get("sub_kind") != 0)
    if not len(rows):
        return
    kind, value = columns.get("sub_kind")[rows], columns.get("sub_value")[rows]
    scheme = columns.get("sub_scheme")
    allowed = [SCHEMES.index(item) for item in SUB_SCHEMES]
    bad = ~np.isin(scheme[rows], allowed) | (value < 0) | ((kind == RATIO) & (value > 10**6))
    bad |= (kind != RATIO) & (kind != QUANTITY)
    chunk.fail(rows[bad], Fault.SUB_ACCOUNT_INVALID)
    unit, whole = chunk.unit[rows], chunk.whole[rows]
    safe = np.where(bad, 0, value)
    by_ratio = kind == RATIO
    chunk.too_large(rows, np.where(by_ratio, safe, 0).astype(np.float64) * whole)
    ratio_energy = half_up(np.where(by_ratio, safe, 0) * np.minimum(whole, 10**10), 10**6 * unit) * unit
    quantity_energy = half_up(np.where(by_ratio, 0, safe), 10**4 * unit) * unit
    taken = np.where(by_ratio, ratio_energy, quantity_energy)
    chunk.fail(rows[taken > whole], Fault.SUB_ACCOUNT_EXCEEDS)
    taken = np.minimum(taken, whole)
    positive = np.flatnonzero(taken > 0)
    at = rows[positive]
    chunk.sub_energy[at] = taken[positive]
    chunk.energy[:, at] -= spread(chunk, at, chunk.energy[:, at], taken[positive], unit[positive])
    chunk.sub_plan = np.zeros(chunk.size, np.int64)
    good = rows[~bad]
    part = columns.take(good)
    chunk.sub_plan[good] = chunk.cache.positions(part, part.get("sub_scheme"), plain=True)
    chunk.table = chunk.cache.table()
    chunk.faults[good] |= chunk.table.fault[chunk.sub_plan[good]]
    chunk.beyond[good] |= chunk.table.beyond[chunk.sub_plan[good]] != 0


__all__ = ["add_losses", "period_rows", "spread", "take_sub_accounts"]
