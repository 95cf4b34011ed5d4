"""The basic charge by column: capacity by days in service, demand by its two ways (domain sheet 2.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from billing.batch.columns import BASIC_CHARGES, MISSING, PERIODS, Integers, Rows
from billing.batch.integers import half_up
from billing.batch.plans import BASIC_PRICE_SCALE, NO_PRICE
from billing.batch.result import Block
from billing.batch.state import Chunk
from billing.components import Component
from billing.findings import Fault
from billing.model.terms import BasicCharge, Period

CAPACITY = BASIC_CHARGES.index(BasicCharge.CAPACITY)
CONTRACT = BASIC_CHARGES.index(BasicCharge.CONTRACT_DEMAND)
QUANTITY_SCALE = 6
MONEY_UNIT = 10 ** (QUANTITY_SCALE + BASIC_PRICE_SCALE - 2)


@dataclass
class Span:
    """Capacity in service on [start, end) by row of the chunk; nothing where end <= start."""

    kva: Integers
    start: Integers
    end: Integers


@dataclass
class Basic:
    """What every two-part row of a chunk is charged for."""

    chunk: Chunk
    way: Integers
    demand: Integers
    spans: tuple[Span, ...]
    cycle: Integers
    discount: np.typing.NDArray[np.bool_]

    def blocks(self, component: Component, number: int, rows: Rows, segment: Integers) -> Iterator[Block]:
        """Lines of the capacity or the demand charge in one segment."""
        if component.quantity == "basic_capacity":
            mine = self.way[rows] == CAPACITY
            for span in self.spans:
                yield from self._lines(component, number, rows[mine], segment[mine], (span,), span.kva * 100)
        else:
            mine = self.way[rows] > CAPACITY
            yield from self._lines(component, number, rows[mine], segment[mine], self.spans, self.demand)

    def _lines(
        self,
        component: Component,
        number: int,
        rows: Rows,
        segment: Integers,
        spans: tuple[Span, ...],
        quantity: Integers,
    ) -> Iterator[Block]:
        chunk, table, columns = self.chunk, self.chunk.table, self.chunk.columns
        days = _covered(rows, spans, table.start[segment], table.end[segment])
        keep = (days > 0) & (quantity[rows] != 0)
        rows, segment, days = rows[keep], segment[keep], days[keep]
        if not len(rows):
            return
        price = table.prices[table.price_row[segment], number * len(PERIODS)]
        missing = price == NO_PRICE
        chunk.fail(rows[missing & ~chunk.beyond[rows]], Fault.PRICE_GAP)
        price = np.where(missing, 0, price)
        if component.discount:
            price = np.where(self.discount[rows] & ~missing, table.discounted[table.price_row[segment], number], price)
        in_all = _covered(rows, spans, columns.get("period_start")[rows], columns.get("period_end")[rows])
        cycle = self.cycle[rows]
        thirty = (table.thirty_days[chunk.plan[rows]] != 0) & (in_all < cycle)
        divisor = np.where(thirty, 30, cycle)
        amount_of = quantity[rows]
        chunk.too_large(rows, amount_of.astype(np.float64) * price * days)
        amount = half_up(amount_of * price * days, divisor * MONEY_UNIT)
        yield Block(
            component.code,
            str(Period.ALL),
            False,
            rows,
            segment,
            amount_of,
            price,
            amount,
            QUANTITY_SCALE,
            BASIC_PRICE_SCALE,
            days,
            divisor,
        )


def _covered(rows: Rows, spans: tuple[Span, ...], start: Integers, end: Integers) -> Integers:
    """Days inside [start, end) on which any span is in service."""
    parts = [
        (np.maximum(span.start[rows], start), np.where(span.kva[rows] != 0, np.minimum(span.end[rows], end), start))
        for span in spans
    ]
    days = sum((np.maximum(until - since, 0) for since, until in parts), np.zeros(len(rows), np.int64))
    if len(parts) == 2:
        since, until = np.maximum(parts[0][0], parts[1][0]), np.minimum(parts[0][1], parts[1][1])
        days = days - np.maximum(until - since, 0)
    return days


def prepare(chunk: Chunk) -> Basic | None:
    """Quantities, days and discount of the two-part rows; None when the chunk has none."""
    columns, table = chunk.columns, chunk.table
    way = columns.get("basic_charge")
    if not (way > 0).any():
        return None
    capacity = columns.get("capacity_kva")
    chunk.fail(np.flatnonzero((way > 0) & (capacity <= 0)), Fault.CAPACITY_MISSING)
    demand = chunk.demand
    rows = np.flatnonzero(way == CONTRACT)
    if len(rows):
        demand = demand.copy()
        contract = columns.get("contract_demand_kw")[rows]
        chunk.fail(rows[contract < 0], Fault.DEMAND_MISSING)  # MISSING is negative too
        contract = np.where(contract < 0, 0, contract)
        limit = contract * table.over_share[chunk.plan[rows]]  # kW (4) x share (2): millionths
        actual, excess = demand[rows], demand[rows] - limit
        start = np.where(table.over_jump[chunk.plan[rows]] != 0, limit, contract * 100)
        demand[rows] = np.where(actual <= limit, contract * 100, start + 2 * excess)
    limit = table.discount_limit[chunk.plan]
    wanted = (way > CAPACITY) & (limit != NO_PRICE) & (capacity > 0)
    chunk.beyond |= wanted & (capacity > 10**13)
    # kWh (2) against kWh/kVA (2) x kVA (4).
    discount = wanted & (chunk.whole * 10**4 >= np.where(wanted, limit, 0) * np.where(wanted, capacity, 0))
    return Basic(chunk, way, demand, _spans(chunk, capacity), _cycle(chunk), discount)


def _spans(chunk: Chunk, capacity: Integers) -> tuple[Span, ...]:
    columns = chunk.columns
    first, last = columns.get("period_start"), columns.get("period_end")
    opened, closed = columns.get("opened"), columns.get("closed")
    first = np.where(opened == MISSING, first, np.maximum(first, opened))
    last = np.where(closed == MISSING, last, np.minimum(last, closed))
    spans = []
    for kva_name, from_name, to_name in (("basic_kva", "basic_from", "basic_to"),
                                         ("second_kva", "second_from", "second_to")):  # fmt: skip
        kva = columns.get(kva_name)
        if kva_name == "second_kva" and not columns.has(kva_name):
            continue
        since, until = columns.get(from_name), columns.get(to_name)
        given = kva != MISSING
        wrong = given & ((kva < 0) | ((since != MISSING) & (until != MISSING) & (until <= since)))
        chunk.fail(np.flatnonzero(wrong & (columns.get("basic_charge") > 0)), Fault.CAPACITY_SPAN_INVALID)
        fallback = np.where(capacity > 0, capacity, 0) if kva_name == "basic_kva" else np.zeros(chunk.size, np.int64)
        spans.append(
            Span(
                np.where(given, kva, fallback),
                np.where(since == MISSING, first, np.maximum(first, since)),
                np.where(until == MISSING, last, np.minimum(last, until)),
            )
        )
    return tuple(spans)


def _cycle(chunk: Chunk) -> Integers:
    """Days of the billing month: given, the calendar month of a period inside one, or the period itself."""
    columns = chunk.columns
    start, end = columns.get("period_start"), columns.get("period_end")
    month = start.astype("datetime64[D]").astype("datetime64[M]")
    last = (end - 1).astype("datetime64[D]").astype("datetime64[M]")
    length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
    derived = np.where(month == last, length, np.maximum(chunk.days, 1))
    given = columns.get("cycle_days")
    return np.where(given > 0, given, derived)
