"""Speed of the shared calculation module: mixed bills a minute on one core, memory, flatness, a peer in the same run.

`python -m bench.billing demo|city|province`. The engine is one thread of numpy without BLAS: one core is what it uses.

The peer is NREL PySAM's `Utilityrate5`, when it is installed: it rates one account's year of 8,760 hours at a time. So
the same is asked of this module: hourly values in, twelve bills out, on the same four tariffs. Two of its ways are
shown: one account at a time with the full trace, and the batch, where the hours of many accounts are summed to
registers first and that sum is part of the time. Ours are exact decimals rounded by line, the peer's are floats; the
peer's figure holds two bills a month (with and without a generator), which it always computes.
"""

import argparse
import gc
import resource
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from bench.billing_population import population
from bench.report import Figure, show, summarise
from billing import Bill, Case, TariffBook, bill, parse_case
from billing.batch import Columns, bill_chunks, case_of_row
from billing.model.terms import Register, Scheme
from tests.billing.rate_cases import HOURS_BEFORE, YEAR, book, cases, month

SIZES = {
    "demo": (10_000, 100_000),
    "city": (10_000, 100_000, 1_000_000),
    "province": (10_000, 100_000, 1_000_000, 5_000_000),
}
BUDGET_A_MINUTE = 3_000_000
FLAT = 1.3
"""Cost per bill at the largest size against the smallest may grow by this much: the noise of a shared machine."""
PART = 500_000
REPEATS = {10_000: 15, 100_000: 7, 1_000_000: 3, 5_000_000: 1}
PEER_ACCOUNTS = 200
EPOCH = date(1970, 1, 1)
REGISTER_OF = {"S": Register.SHARP, "P": Register.PEAK, "F": Register.FLAT, "V": Register.VALLEY}


def run(size: str) -> list[dict[str, Any]]:
    """All figures of a size as dictionaries: figure, unit, samples, median, p95, budget, peer and more."""
    return [asdict(item) for item in figures(size)]


def figures(size: str) -> list[Figure]:
    """Throughput by size, flatness, memory, one account with its proof, and the peer."""
    result: list[Figure] = []
    costs: dict[int, float] = {}
    for rows in SIZES[size]:
        columns = rows_of(rows)
        seconds = [_timed(partial(_bill, columns)) for _ in range(REPEATS[rows])]
        costs[rows] = float(np.median(seconds)) / rows
        minutes = [60 * rows / taken for taken in seconds]
        result.append(
            summarise(f"mixed bills, batch of {rows:,}", "bills/min", minutes, budget=BUDGET_A_MINUTE,
                      higher_is_better=True)
        )  # fmt: skip
        del columns
        gc.collect()
    smallest, largest = min(costs), max(costs)
    growth = costs[largest] / costs[smallest]
    result.append(
        summarise(f"cost per bill, {largest:,} against {smallest:,}", "ratio", [growth], budget=FLAT,
                  note=", ".join(f"{rows:,}: {cost * 1e6:.2f} us" for rows, cost in costs.items()))
    )  # fmt: skip
    result += memory(SIZES[size])
    result.append(one_account())
    return [*result, *peer()]


def rows_of(rows: int) -> Columns:
    """A population of any size, made in parts so that making it needs little more than holding it."""
    if rows <= PART:
        return population(rows, seed=rows)
    parts = [population(PART, seed=number) for number in range(rows // PART)]
    arrays = {}
    for name in list(parts[0].arrays):
        arrays[name] = np.concatenate([part.arrays.pop(name) for part in parts])
    return Columns(arrays)


def _bill(columns: Columns) -> int:
    """Bill everything; the results of a chunk are dropped as a job would that has written them."""
    return sum(int(result.billed.sum()) for result in bill_chunks(columns))


def _bill_each(made: Sequence[Case], tariffs: TariffBook) -> list[Bill]:
    return [bill(one, tariffs) for one in made]


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def memory(sizes: tuple[int, ...]) -> list[Figure]:
    """Peak working memory of the engine beside its input, by size: it must not grow with the rows."""
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = [
        summarise("peak resident memory of the run so far", "MiB", [resident],
                  note=f"interpreter, input of {max(sizes):,} rows and the making of it, engine")
    ]  # fmt: skip
    for rows in sizes[1:3]:
        columns = rows_of(rows)
        held = sum(values.nbytes for values in columns.arrays.values()) / 2**20
        _bill(columns)
        tracemalloc.start()
        _bill(columns)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        result.append(
            summarise(f"peak working memory, batch of {rows:,}", "MiB", [peak], budget=256.0,
                      note=f"beside {held:.0f} MiB of input columns")
        )  # fmt: skip
    return result


def one_account() -> Figure:
    """Milliseconds of a bill with its full trace."""
    columns = population(300, seed=1)
    tariffs = TariffBook.load()
    made = [case_of_row(columns, row, tariffs) for row in range(columns.size)]
    return summarise("one account with its trace", "ms", [_timed(partial(bill, case)) * 1e3 for case in made])


def peer() -> list[Figure]:
    """Account-years a second on the rate engine's own cases: here one at a time, here in batch, and the peer."""
    single, batch, other = [], [], []
    for case in cases()["cases"]:
        tariffs = book(case)
        months = [parse_case(month(case, number)) for number in range(1, 13)]
        single.append(1 / _timed(partial(_bill_each, months, tariffs)))
        batch.append(_batch_years(case, tariffs))
        taken = peer_seconds(case)
        if taken is not None:
            other.append(1 / taken)
    median = float(np.median(other)) if other else None
    name = "PySAM" if other else ""
    note = "" if other else "PySAM is not installed: no peer in this run"
    unit = "account-years/s"
    return [
        summarise("8,760 hours to 12 exact bills, batch", unit, batch, peer=median, peer_name=name, note=note,
                  higher_is_better=True),
        summarise("8,760 hours to 12 exact bills, one account with trace", unit, single, peer=median, peer_name=name,
                  note=note, higher_is_better=True),
    ]  # fmt: skip


def _batch_years(case: dict[str, Any], tariffs: TariffBook) -> float:
    """Account-years a second: hours summed to registers by month, then twelve bills an account in one batch."""
    load = [float(kw) for kw in cases()["loads_kw"][case["load"]]]
    # Ten-thousandths of kWh, as a meter's dial would hold them.
    hourly = np.round(np.array(load) * float(case["load_scale"]) * 10_000).astype(np.int64)
    hours = np.tile(hourly, (PEER_ACCOUNTS, 1))
    by_period = len(case["ec_tou_mat"]) == 4
    months = _months()
    order, borders, groups = _groups(tariffs, case["name"], by_period, months)

    def work() -> int:
        sums = np.add.reduceat(hours[:, order], borders, axis=1)
        columns = _registers(sums, groups, months, list(tariffs.areas).index(case["name"]), by_period)
        return sum(int(result.billed.sum()) for result in bill_chunks(columns, tariffs))

    if work() != 12 * PEER_ACCOUNTS:
        raise AssertionError(f"{case['name']}: not every month was billed")
    return PEER_ACCOUNTS / float(np.median([_timed(work) for _ in range(5)]))


def _months() -> list[tuple[date, date]]:
    starts = [date(YEAR, 1, 1) + timedelta(hours=hours) for hours in HOURS_BEFORE]
    return list(zip(starts, islice(starts, 1, None), strict=False))


def _groups(
    tariffs: TariffBook, area: str, by_period: bool, months: list[tuple[date, date]]
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, Register]]]:
    """The hours of a year in the order of their group (month, register), and where each group begins."""
    rows = tariffs.areas[area].tariff.hours
    keys = []
    for number, (start, end) in enumerate(months):
        for hour in range((end - start).days * 24):
            if not by_period:
                keys.append((number, Register.TOTAL))
                continue
            keys.append((number, Register(rows[0].period_at(start.month, hour % 24))))
    groups = sorted(set(keys))
    place = {key: index for index, key in enumerate(groups)}
    codes = np.array([place[key] for key in keys])
    order = np.argsort(codes, kind="stable")
    return order, np.searchsorted(codes[order], np.arange(len(groups))), groups


def _registers(
    sums: np.ndarray, groups: list[tuple[int, Register]], months: list[tuple[date, date]], area: int, by_period: bool
) -> Columns:
    """One row for each account and month."""
    accounts, count = len(sums), 12 * len(sums)
    scheme = Scheme.TWO_PART if by_period else Scheme.TIERED
    starts = np.array([(start - EPOCH).days for start, _ in months])
    ends = np.array([(end - EPOCH).days for _, end in months])
    columns = {
        "area": np.full(count, area),
        "scheme": np.full(count, list(Scheme).index(scheme)),
        "time_of_use": np.full(count, int(by_period)),
        "basic_charge": np.full(count, int(by_period)),
        "capacity_kva": np.full(count, 10_000),
        "period_start": np.tile(starts, accounts),
        "period_end": np.tile(ends, accounts),
    }
    for register in {register for _, register in groups}:
        used = np.zeros((accounts, 12), np.int64)
        for index, (number, own) in enumerate(groups):
            if own is register:
                used[:, number] = sums[:, index]
        columns[f"previous_{register}"] = np.zeros(count, np.int64)
        columns[f"current_{register}"] = used.reshape(-1)
    return Columns(columns)


def peer_seconds(case: dict[str, Any]) -> float | None:
    """Seconds of one year of `Utilityrate5` with everything set before the clock starts; None without PySAM."""
    try:
        from PySAM import Utilityrate5
    except ImportError:
        return None
    model = Utilityrate5.new()
    scale = float(case["load_scale"])
    inputs = {
        "analysis_period": 1,
        "inflation_rate": 0,
        "system_use_lifetime_output": 0,
        "degradation": [0],
        "gen": [0.0] * 8760,
        "load": [float(kw) * scale for kw in cases()["loads_kw"][case["load"]]],
        "rate_escalation": [0],
        "load_escalation": [0],
        "en_electricity_rates": 1,
        "ur_metering_option": 0,
        "ur_ec_sched_weekday": case["sched"],
        "ur_ec_sched_weekend": case["sched"],
        "ur_ec_tou_mat": [[float(value) for value in row] for row in case["ec_tou_mat"]],
        "ur_dc_enable": 0,
        "ur_monthly_fixed_charge": case["options"].get("fixed", 0),
        "ur_monthly_min_charge": 0,
        "ur_annual_min_charge": 0,
        "ur_nm_yearend_sell_rate": 0,
        "ur_en_ts_sell_rate": 0,
        "ur_en_ts_buy_rate": 0,
        "ur_sell_eq_buy": 0,
        "ur_nm_credit_month": 0,
        "ur_nm_credit_rollover": 0,
        "ur_enable_billing_demand": 0,
        "TOU_demand_single_peak": 0,
    }
    for name, value in inputs.items():
        model.value(name, value)
    model.execute(0)
    found = model.Outputs.year1_monthly_utility_bill_wo_sys
    for ours, theirs in zip(case["result"]["monthly_total"], found, strict=True):
        if abs(float(ours) - theirs) > 0.001:
            raise AssertionError(f"{case['name']}: the peer computes {theirs}, the case says {ours}")
    return float(np.median([_timed(lambda: model.execute(0)) for _ in range(20)]))


def main() -> None:
    """Measure one size, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("size", choices=SIZES, nargs="?", default="demo")
    given = parser.parse_args()
    measured = figures(given.size)
    path = show(given.size, measured)
    for item in measured:
        if item.note:
            print(f"{item.figure}: {item.note}")
    print(path)


if __name__ == "__main__":
    main()
