"""The columnar executor: chunk by chunk, so that memory and cost per bill stay flat however many rows there are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from billing.batch.basic import prepare
from billing.batch.charges import Pool, charge
from billing.batch.columns import MISSING, PERIODS, Columns, Integers
from billing.batch.convert import case_of_row
from billing.batch.integers import half_up, power_factor_hundredths
from billing.batch.losses import add_losses, take_sub_accounts
from billing.batch.metering import measure
from billing.batch.plans import PlanCache
from billing.batch.result import POWER_FACTOR, BatchResult, Block
from billing.batch.state import STRUCTURAL, Chunk, open_chunk
from billing.exact import exactly
from billing.findings import Fault
from billing.model.bill import Bill
from billing.model.case import PolicyChoice
from billing.model.terms import Scheme
from billing.single import bill
from billing.tariff.book import TariffBook, standard_book

WIDEST_RESULT = 9 * 10**18
CHUNK_ROWS = 32_768
"""Small enough that a chunk's arrays stay in a processor's cache, large enough that Python's part is small."""
SINGLE_PART = list(Scheme).index(Scheme.SINGLE_PART)


def bill_columns(
    columns: Columns,
    book: TariffBook | None = None,
    policy: PolicyChoice | None = None,
    known_at: datetime | None = None,
    keep_lines: bool = False,
) -> BatchResult:
    """All bills of a batch in one result. `keep_lines` keeps the lines as blocks (about 10 numbers a line)."""
    parts = list(bill_chunks(columns, book, policy, known_at, keep_lines))
    return _joined(columns, parts)


def bill_chunks(
    columns: Columns,
    book: TariffBook | None = None,
    policy: PolicyChoice | None = None,
    known_at: datetime | None = None,
    keep_lines: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[BatchResult]:
    """Bills of a batch chunk by chunk; `offset` of a result is its first row. The way for millions."""
    cache = PlanCache(book or standard_book(), policy or PolicyChoice(), known_at)
    overlap = _overlapping(columns)
    for start in range(0, max(1, columns.size), chunk_rows):
        part = columns.part(start, start + chunk_rows)
        rows = None if overlap is None else overlap[start : start + chunk_rows]
        yield _bill_chunk(part, cache, start, keep_lines, rows)


@exactly
def _bill_chunk(
    columns: Columns, cache: PlanCache, offset: int, keep_lines: bool, overlap: np.typing.NDArray[np.bool_] | None
) -> BatchResult:
    chunk = open_chunk(columns, cache)
    if overlap is not None:
        chunk.faults[overlap] |= int(Fault.PERIOD_OVERLAP)
    measure(chunk)
    add_losses(chunk)
    take_sub_accounts(chunk)
    basic = prepare(chunk)
    blocks = []
    components = [item.code for item in cache.book.components]
    amounts = {code: np.zeros(chunk.size, np.int64) for code in (*components, POWER_FACTOR)}
    base, in_base = np.zeros(chunk.size, np.int64), np.zeros(chunk.size, np.bool_)
    counts = {item.code: item.power_factor_base for item in cache.book.components}
    for pool in _pools(chunk):
        for block in charge(chunk, pool, basic):
            # Rows are unique inside a block, so a plain indexed addition is enough.
            amounts[block.component][block.rows] += block.amount
            if counts[block.component]:
                chosen, amount = block.rows, block.amount
                if pool.sub_account:
                    industrial = columns.get("sub_scheme")[chosen] >= SINGLE_PART
                    chosen, amount = chosen[industrial], amount[industrial]
                base[chosen] += amount
                in_base[chosen] = True
            if keep_lines:
                blocks.append(block)
    factor, percent = _power_factor(chunk, base, in_base)
    amounts[POWER_FACTOR] = half_up(base * percent, 10_000)
    result = _result(chunk, offset, amounts, factor, percent, basic.discount if basic else None)
    if keep_lines:
        billed = result.billed & ~chunk.beyond
        result.blocks = [_only(block, billed) for block in blocks]
        result.blocks += _power_factor_block(chunk, base, in_base & billed, percent, amounts[POWER_FACTOR])
    _other_path(chunk, result, cache)
    return result


def _pools(chunk: Chunk) -> Iterator[Pool]:
    columns = chunk.columns
    rows = np.arange(chunk.size)
    green = np.minimum(columns.get("green_kwh"), chunk.energy.sum(axis=0))
    free = np.minimum(columns.get("free_kwh"), chunk.energy.sum(axis=0))
    yield Pool(False, rows, chunk.scheme, columns.get("supply"), chunk.plan, chunk.energy, green, free, chunk.unit)
    rows = np.flatnonzero(chunk.sub_energy)
    if len(rows) and chunk.sub_plan is not None:
        energy = np.zeros((len(PERIODS), len(rows)), np.int64)
        energy[0] = chunk.sub_energy[rows]
        none = np.zeros(len(rows), np.int64)
        yield Pool(
            True,
            rows,
            columns.get("sub_scheme")[rows],
            none,
            chunk.sub_plan[rows],
            energy,
            none,
            none,
            chunk.unit[rows],
        )


def _power_factor(chunk: Chunk, base: Integers, in_base: np.typing.NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """cos phi and percent in hundredths; MISSING and 0 where there is no adjustment."""
    factor, percent = np.full(chunk.size, MISSING, np.int64), np.zeros(chunk.size, np.int64)
    standards = chunk.cache.book.power_factor.standards
    for standard in standards:
        rows = np.flatnonzero((chunk.standard == int(standard * 100)) & (chunk.faults == 0))
        rows = rows[(chunk.whole[rows] != 0) | (chunk.reactive[rows] != 0)]
        if not len(rows):
            continue
        table = np.array(
            [int(chunk.cache.book.power_factor.percent(standard, Decimal(i).scaleb(-2)) * 100) for i in range(101)]
        )
        factor[rows] = power_factor_hundredths(chunk.whole[rows], chunk.reactive[rows])
        percent[rows] = np.where(in_base[rows], table[factor[rows]], 0)
    return factor, percent


def _result(
    chunk: Chunk,
    offset: int,
    amounts: dict[str, Integers],
    factor: Integers,
    percent: Integers,
    discount: np.typing.NDArray[np.bool_] | None,
) -> BatchResult:
    chunk.beyond &= (chunk.faults & int(STRUCTURAL)) == 0
    chunk.faults[chunk.beyond] = 0
    billed = chunk.faults == 0
    if not billed.all():
        for values in amounts.values():
            values[~billed] = 0
    total = np.zeros(chunk.size, np.int64)
    for values in amounts.values():
        total += values
    return BatchResult(
        offset=offset, total=total, billed=billed, faults=chunk.faults, amounts=amounts, energy=chunk.energy,
        billed_kwh=chunk.whole, read_kwh=chunk.read, transformer_loss_kwh=chunk.transformer_loss,
        line_loss_kwh=chunk.line_loss, sub_account_kwh=chunk.sub_energy, reactive_kvarh=chunk.reactive,
        demand_kw=chunk.demand, power_factor=factor, power_factor_percent=percent,
        discount=np.zeros(chunk.size, np.bool_) if discount is None else discount & billed,
        plan=chunk.plan, columns=chunk.columns, cache=chunk.cache,
    )  # fmt: skip


def _only(block: Block, billed: np.typing.NDArray[np.bool_]) -> Block:
    keep = billed[block.rows]
    if keep.all():
        return block
    return Block(
        block.component, block.period, block.sub_account, block.rows[keep], block.segment[keep], block.quantity[keep],
        block.price[keep], block.amount[keep], block.quantity_scale, block.price_scale,
        None if block.days is None else block.days[keep], None if block.cycle_days is None else block.cycle_days[keep],
    )  # fmt: skip


def _power_factor_block(
    chunk: Chunk, base: Integers, in_base: np.typing.NDArray[np.bool_], percent: Integers, amount: Integers
) -> list[Block]:
    rows = np.flatnonzero(in_base & (chunk.standard != 0) & ((chunk.whole != 0) | (chunk.reactive != 0)))
    if not len(rows):
        return []
    segment = chunk.table.first_segment[chunk.plan[rows]]
    return [Block(POWER_FACTOR, "all", False, rows, segment, base[rows], percent[rows], amount[rows], 2, 4)]


def _other_path(chunk: Chunk, result: BatchResult, cache: PlanCache) -> None:
    """Rows whose numbers do not fit these scales are billed by the single-account executor, to the same cent."""
    for row in np.flatnonzero(chunk.beyond).tolist():
        one = bill(case_of_row(chunk.columns, row, cache.book, cache.choice, cache.known_at), cache.book)
        numbers = _numbers(one)
        fits = all(abs(number) <= WIDEST_RESULT for number in numbers.values())
        for values in (result.total, *result.amounts.values(), *result.energy, result.billed_kwh, result.read_kwh):
            values[row] = 0
        for item in one.findings:
            result.faults[row] |= int(Fault[item.rule.upper()])
        if not fits:
            result.faults[row] |= int(Fault.SCALE_EXCEEDED)
        result.billed[row] = one.billed and fits
        if not result.billed[row]:
            continue
        result.exact_bills[row] = one
        targets = _targets(result)
        for name, number in numbers.items():
            targets[name][row] = number


def _targets(result: BatchResult) -> dict[str, Integers]:
    """The columns of a result by the names of `_numbers`."""
    names = ("total", "billed_kwh", "read_kwh", "transformer_loss_kwh", "line_loss_kwh", "sub_account_kwh",
             "reactive_kvarh", "demand_kw", "power_factor", "power_factor_percent", "discount")  # fmt: skip
    targets: dict[str, Integers] = {name: getattr(result, name) for name in names}
    targets |= {f"amount {code}": values for code, values in result.amounts.items()}
    return targets | {f"energy {period}": result.energy[place] for place, period in enumerate(PERIODS)}


def _numbers(one: Bill) -> dict[str, int]:
    """A bill as the integers of a result's columns."""
    numbers = {"total": int(one.total * 100)}
    numbers |= {f"amount {code}": int(amount * 100) for code, amount in one.amounts().items()}
    energy = one.energy
    if energy is None:
        return numbers
    for name in ("billed_kwh", "read_kwh", "transformer_loss_kwh", "line_loss_kwh", "sub_account_kwh"):
        numbers[name] = int(getattr(energy, name) * 100)
    numbers |= {f"energy {period}": int(kwh * 100) for period, kwh in energy.by_period.items()}
    numbers["reactive_kvarh"] = int((energy.reactive_kvarh or 0) * 100)
    numbers["demand_kw"] = int((energy.demand_kw or 0) * 1_000_000)
    if energy.power_factor is not None:
        numbers["power_factor"] = int(energy.power_factor * 100)
    numbers["power_factor_percent"] = int((energy.power_factor_percent or 0) * 100)
    numbers["discount"] = int(energy.discount)
    return numbers


def _overlapping(columns: Columns) -> np.typing.NDArray[np.bool_] | None:
    """Rows whose period overlaps another row of the same account."""
    if not columns.has("account_key") or columns.size < 2:
        return None
    key, start, end = (columns.get(name) for name in ("account_key", "period_start", "period_end"))
    order = np.lexsort((start, key))
    same = (key[order][1:] == key[order][:-1]) & (key[order][1:] != MISSING)
    clash = same & (start[order][1:] < end[order][:-1])
    mask = np.zeros(columns.size, np.bool_)
    mask[order[1:][clash]] = True
    mask[order[:-1][clash]] = True
    return mask


def _joined(columns: Columns, parts: list[BatchResult]) -> BatchResult:
    if len(parts) == 1:
        return parts[0]
    names = (
        "total", "billed", "faults", "energy", "billed_kwh", "read_kwh", "transformer_loss_kwh", "line_loss_kwh",
        "sub_account_kwh", "reactive_kvarh", "demand_kw", "power_factor", "power_factor_percent", "discount", "plan",
    )  # fmt: skip
    changes: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names}
    return replace(
        parts[0],
        columns=columns,
        amounts={code: np.concatenate([part.amounts[code] for part in parts]) for code in parts[0].amounts},
        blocks=[_moved(block, part.offset) for part in parts for block in part.blocks],
        exact_bills={row + part.offset: made for part in parts for row, made in part.exact_bills.items()},
        **changes,
    )


def _moved(block: Block, offset: int) -> Block:
    return Block(
        block.component,
        block.period,
        block.sub_account,
        block.rows + offset,
        block.segment,
        block.quantity,
        block.price,
        block.amount,
        block.quantity_scale,
        block.price_scale,
        block.days,
        block.cycle_days,
    )
