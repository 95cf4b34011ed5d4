"""The component registry over columns: every line of every row, cut at price changes, half-up to the cent."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from billing.batch.basic import Basic
from billing.batch.columns import MISSING, PERIODS, SCHEMES, SUPPLIES, Integers, Rows
from billing.batch.integers import allocate, half_up
from billing.batch.plans import BASIC_PRICE_SCALE, NO_PRICE, PRICE_SCALE
from billing.batch.result import Block
from billing.batch.state import Chunk, Mask
from billing.components import ACCOUNT_PRICES, Component
from billing.findings import Fault
from billing.model.terms import TIERED_SCHEMES, Period

CENT_UNIT = 10 ** (2 + PRICE_SCALE - 2)
"""hundredths of kWh x 1e-8 yuan, in cents."""
ALL = PERIODS.index(Period.ALL)
TIERED = tuple(SCHEMES.index(item) for item in TIERED_SCHEMES)


@dataclass
class Pool:
    """Rows whose energy one plan prices: the main meters, or the sub-accounts."""

    sub_account: bool
    rows: Rows
    scheme: Integers
    supply: Integers
    plan: Integers
    energy: Integers
    green: Integers
    free: Integers
    unit: Integers


@dataclass
class Part:
    """The pool's rows in their n-th segment; arrays are by position in `rows`."""

    rows: Rows
    scheme: Integers
    supply: Integers
    segment: Integers
    energy: Integers
    whole: Integers
    green: Integers
    free: Integers
    tiers: tuple[Integers, Integers]


def charge(chunk: Chunk, pool: Pool, basic: Basic | None) -> Iterator[Block]:
    """All lines of a pool as blocks."""
    for part in _parts(chunk, pool):
        for number, component in enumerate(chunk.cache.book.components):
            chosen = _chosen(component, part)
            if not chosen.any():
                continue
            if component.quantity in ("basic_capacity", "basic_demand"):
                if basic is not None and not pool.sub_account:
                    yield from basic.blocks(component, number, part.rows[chosen], part.segment[chosen])
                continue
            for place, quantity in _quantities(component, part):
                at = np.flatnonzero(chosen & (quantity != 0))
                if len(at):
                    yield from _priced(chunk, pool, part, component, number, place, at, quantity[at])


def _chosen(component: Component, part: Part) -> Mask:
    chosen = np.ones(len(part.rows), np.bool_)
    if component.schemes:
        chosen &= np.isin(part.scheme, [SCHEMES.index(item) for item in component.schemes])
    if component.supplies:
        chosen &= np.isin(part.supply, [SUPPLIES.index(item) for item in component.supplies])
    return chosen


def _quantities(component: Component, part: Part) -> Iterator[tuple[int, Integers]]:
    match component.quantity:
        case "energy_by_period":
            yield from enumerate(part.energy)
        case "energy_total":
            yield ALL, part.whole
        case "green_energy":
            yield ALL, part.green
        case "free_energy":
            yield ALL, -part.free
        case "tier_2_energy":
            yield ALL, part.tiers[0]
        case "tier_3_energy":
            yield ALL, part.tiers[1]


def _priced(
    chunk: Chunk,
    pool: Pool,
    part: Part,
    component: Component,
    number: int,
    place: int,
    at: Rows,
    quantity: Integers,
) -> Iterator[Block]:
    rows, segment = part.rows[at], part.segment[at]
    if component.price in ACCOUNT_PRICES:
        price = _own_price(chunk, component, place, rows)
        missing, kind = price == MISSING, Fault.CONTRACT_PRICE_MISSING
        chunk.beyond[rows] |= ~missing & (np.abs(price) > 900_000_000)
    else:
        price = chunk.table.prices[chunk.table.price_row[segment], number * len(PERIODS) + place]
        missing, kind = price == NO_PRICE, Fault.PRICE_GAP
    if missing.any():
        # A price beyond these scales is missing here too; the other executor decides on such rows.
        chunk.fail(rows[missing & ~chunk.beyond[rows]], kind)
        price = np.where(missing, 0, price)
    amount = half_up(quantity * price, CENT_UNIT)
    yield Block(
        component.code, str(PERIODS[place]), pool.sub_account, rows, segment, quantity, price, amount, 2, PRICE_SCALE
    )


def _own_price(chunk: Chunk, component: Component, place: int, rows: Rows) -> Integers:
    if component.price != "contract_price":
        return chunk.columns.get(component.price)[rows]
    price = chunk.columns.get(f"contract_price_{PERIODS[place]}")[rows]
    return np.where(price == MISSING, chunk.columns.get(f"contract_price_{Period.ALL}")[rows], price)


def _parts(chunk: Chunk, pool: Pool) -> Iterator[Part]:
    """Segments one after the other: the whole period for most rows, shares by days where prices change."""
    table = chunk.table
    count, first = table.segments[pool.plan], table.first_segment[pool.plan]
    most = int(count.max()) if len(count) else 0
    many = np.flatnonzero(count > 1)
    energies, greens, frees = _shares(chunk, pool, many, most)
    before = chunk.columns.get("year_to_date_kwh")[pool.rows].copy()
    for step in range(most):
        at = np.arange(len(pool.rows)) if step == 0 else np.flatnonzero(count > step)
        segment = first[at] + step
        energy, green, free = pool.energy[:, at], pool.green[at], pool.free[at]
        if len(many):
            inside = np.searchsorted(many, at)
            split = count[at] > 1
            where = inside[split]
            energy = energy.copy()
            green, free = green.copy(), free.copy()
            energy[:, split] = energies[step][:, where]
            green[split], free[split] = greens[step][where], frees[step][where]
        whole = energy.sum(axis=0)
        tiers = _tiers(chunk, pool, at, segment, before[at], whole)
        yield Part(pool.rows[at], pool.scheme[at], pool.supply[at], segment, energy, whole, green, free, tiers)
        if step + 1 < most:
            following = np.minimum(segment + 1, len(table.year) - 1)
            same_year = table.year[following] == table.year[segment]
            before[at] = np.where(same_year, before[at] + whole, 0)


def _shares(chunk: Chunk, pool: Pool, many: Rows, most: int) -> tuple[list[Integers], list[Integers], list[Integers]]:
    """Energy by segment of the rows that have several: by days, remainder to the longest."""
    if not len(many):
        return [], [], []
    table = chunk.table
    count, first = table.segments[pool.plan[many]], table.first_segment[pool.plan[many]]
    days = np.zeros((most, len(many)), np.int64)
    for step in range(most):
        place = np.minimum(first + step, len(table.days) - 1)
        days[step] = np.where(step < count, table.days[place], 0)
    unit = pool.unit[many]
    by_period = [allocate(item[many], days, unit) for item in pool.energy]
    green, free = allocate(pool.green[many], days, unit), allocate(pool.free[many], days, unit)
    energies = [np.stack([shares[step] for shares in by_period]) for step in range(most)]
    return energies, list(green), list(free)


def _tiers(
    chunk: Chunk, pool: Pool, at: Rows, segment: Integers, before: Integers, energy: Integers
) -> tuple[Integers, Integers]:
    """Energy in tier 2 and tier 3 by annual accumulation (domain sheet 2.5)."""
    table, columns = chunk.table, chunk.columns
    second, third = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    tiered = np.flatnonzero(np.isin(pool.scheme[at], TIERED))
    if not len(tiered) or pool.sub_account:
        return second, third
    rows, segment, before, after = (
        pool.rows[at[tiered]],
        segment[tiered],
        before[tiered],
        before[tiered] + energy[tiered],
    )
    months = _months(chunk, rows, table.year[segment])
    extra = np.where(columns.get("persons")[rows] >= table.tier_persons[segment], table.tier_extension[segment], 0)
    above = []
    for limits in table.tier_limits:
        limit = half_up((limits[segment] + extra) * months, 1200) * 100
        above.append(np.maximum(after - limit, 0) - np.maximum(before - limit, 0))
    second[tiered], third[tiered] = above[0] - above[1], above[1]
    return second, third


def _months(chunk: Chunk, rows: Rows, year: Integers) -> Integers:
    first, last = np.ones(len(rows), np.int64), np.full(len(rows), 12, np.int64)
    for name, months in (("opened", first), ("closed", last)):
        if not chunk.columns.has(name):
            continue
        day = chunk.columns.get(name)[rows]
        known = np.flatnonzero(day != MISSING)
        month = day[known].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        same = month // 12 + 1970 == year[known]
        months[known[same]] = month[same] % 12 + 1
    return np.maximum(last - first + 1, 1)


__all__ = ["BASIC_PRICE_SCALE", "Part", "Pool", "charge"]
