"""Random accounts of all kinds as columns: what the bench bills and what the tests compare with their oracle."""

import numpy as np
from numpy.typing import NDArray

from billing.batch import MISSING, Columns
from billing.model.terms import BasicCharge, Register, Scheme, Supply, Voltage

SCHEMES, VOLTAGES, BASIC = list(Scheme), list(Voltage), list(BasicCharge)
JIBEI, ZHEJIANG = 0, 1
SHARES = {
    Scheme.TIERED: 0.45,
    Scheme.TIERED_TIME_OF_USE: 0.10,
    Scheme.COMBINED_METER: 0.05,
    Scheme.HEATING_TIME_OF_USE: 0.05,
    Scheme.AGRICULTURAL: 0.07,
    Scheme.SINGLE_PART: 0.18,
    Scheme.TWO_PART: 0.10,
}
"""The mixture of a province: mostly households, some industry, every kind present."""
Ints = NDArray[np.int64]


def _day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def _periods(random: np.random.Generator, size: int) -> tuple[Ints, Ints]:
    """Mostly whole calendar months; some 25th-to-25th, some short, some over a new year or a price change."""
    month = random.integers(660, 690, size)  # 2025-01 to 2027-06
    start = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    end = (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    style = random.random(size)
    odd = style < 0.06
    start[odd] += 24
    end[odd] += 24
    short = (style >= 0.06) & (style < 0.10)
    start[short] += random.integers(1, 20, int(short.sum()))
    change = (style >= 0.10) & (style < 0.12)
    start[change], end[change] = _day("2026-07-20"), _day("2026-08-20")
    year = (style >= 0.12) & (style < 0.14)
    start[year], end[year] = _day("2025-12-10"), _day("2026-01-15")
    return start, end


def population(size: int, seed: int = 20260801, faults: float = 0.0) -> Columns:
    """Random accounts of all kinds as columns; `faults` is the share of rows that are spoilt on purpose."""
    random = np.random.default_rng(seed)
    kinds = random.choice(len(SHARES), size, p=list(SHARES.values()))
    scheme = np.array([SCHEMES.index(item) for item in SHARES])[kinds].astype(np.int64)
    start, end = _periods(random, size)
    residential = scheme <= SCHEMES.index(Scheme.HEATING_TIME_OF_USE)
    industrial = scheme >= SCHEMES.index(Scheme.SINGLE_PART)
    two_part = scheme == SCHEMES.index(Scheme.TWO_PART)
    area = np.where(np.isin(scheme, [0, 1, 2]) & (random.random(size) < 0.2), ZHEJIANG, JIBEI)
    voltage = np.where(industrial, random.integers(0, 5, size), 0)
    agricultural = scheme == SCHEMES.index(Scheme.AGRICULTURAL)
    voltage = np.where(agricultural, random.integers(0, 2, size), voltage)
    time_of_use = (industrial & (random.random(size) < 0.7)).astype(np.int64)
    contract = industrial & (random.random(size) < 0.2)
    columns: dict[str, Ints] = {
        "area": area.astype(np.int64),
        "scheme": scheme,
        "voltage": voltage,
        "time_of_use": time_of_use,
        "supply": np.where(contract, list(Supply).index(Supply.CONTRACT), 0).astype(np.int64),
        "agency_penalty": (industrial & ~contract & (random.random(size) < 0.05)).astype(np.int64),
        "period_start": start,
        "period_end": end,
        "multiplier": np.where(industrial, random.choice([1, 20, 30, 200, 2000, 7000], size), 1).astype(np.int64)
        * 1000,
        "digits": np.full(size, 6, np.int64),
        "year_to_date_kwh": np.where(residential, random.integers(0, 500_000, size), 0),
        "persons": np.where(random.random(size) < 0.1, 5, 3).astype(np.int64),
        "free_kwh": np.where((scheme == 0) & (random.random(size) < 0.03), 1500, 0).astype(np.int64),
    }
    columns |= _registers(random, size, scheme, time_of_use, industrial)
    columns |= _prices(random, size, contract, industrial)
    columns |= _basic(random, size, two_part, industrial | agricultural, columns)
    columns |= _losses(random, size, voltage >= 1)
    columns |= _life(random, size, start, end)
    if faults:
        _spoil(random, size, columns, faults)
    return Columns(columns)


def _registers(
    random: np.random.Generator, size: int, scheme: Ints, time_of_use: Ints, industrial: NDArray[np.bool_]
) -> dict[str, Ints]:
    """Readings with two or four decimals; some roll over, some meters were changed."""
    columns: dict[str, Ints] = {}
    monthly = np.where(industrial, random.gamma(1.5, 60.0, size), random.gamma(2.0, 120.0, size))
    changed = random.random(size) < 0.02
    shares = {"total": 1.0, "sharp": 0.1, "peak": 0.3, "flat": 0.3, "valley": 0.25, "deep_valley": 0.05}
    shares |= {"reactive_forward": 0.45, "reactive_reverse": 0.02}
    residential_periods = np.isin(scheme, [1, 3])
    for register in Register:
        used = monthly * shares[register] * random.uniform(0.5, 1.5, size)
        used = np.where(random.random(size) < 0.02, 0, used)
        step = np.where(random.random(size) < 0.5, 100, 1)  # two or four decimals
        delta = (used * 10_000).astype(np.int64) // step * step
        previous = random.integers(0, 900_000 * 100, size) * 100
        roll = random.random(size) < 0.005
        previous = np.where(roll, 10**10 - delta // 2, previous)
        current = (previous + delta) % 10**10
        has = np.ones(size, np.bool_)
        if register in (Register.SHARP, Register.FLAT, Register.DEEP_VALLEY):
            has = (time_of_use == 1) | (random.random(size) < 0.1)
        if register in (Register.PEAK, Register.VALLEY):
            has = (time_of_use == 1) | residential_periods
        if register in (Register.SHARP, Register.DEEP_VALLEY):
            has &= random.random(size) < 0.8
        columns[f"previous_{register}"] = np.where(has, previous, MISSING)
        columns[f"current_{register}"] = np.where(has, current, MISSING)
        columns[f"removed_previous_{register}"] = np.where(changed & has, 1_000_000, MISSING)
        columns[f"removed_current_{register}"] = np.where(changed & has, 1_000_000 + delta // 3, MISSING)
    columns["removed_multiplier"] = np.where(changed, 20_000, 1000).astype(np.int64)
    return columns


def _prices(
    random: np.random.Generator, size: int, contract: NDArray[np.bool_], industrial: NDArray[np.bool_]
) -> dict[str, Ints]:
    """Contract prices with six decimals, some only one for all periods; some green power."""
    columns: dict[str, Ints] = {}
    one = random.random(size) < 0.3
    for period in ("sharp", "peak", "flat", "valley", "deep_valley"):
        price = random.integers(100_000, 900_000, size) * 100
        columns[f"contract_price_{period}"] = np.where(contract & ~one, price, MISSING)
    columns["contract_price_all"] = np.where(contract, random.integers(300_000, 500_000, size) * 100, MISSING)
    green = industrial & (random.random(size) < 0.05)
    columns["green_kwh"] = np.where(green, random.integers(0, 10_000_00, size), 0)
    columns["green_premium"] = np.where(green, 2_345_678, MISSING)
    return columns


def _basic(
    random: np.random.Generator,
    size: int,
    two_part: NDArray[np.bool_],
    with_factor: NDArray[np.bool_],
    columns: dict[str, Ints],
) -> dict[str, Ints]:
    """Capacity and demand, parts of months, a second transformer, sub-accounts, power-factor standards."""
    start, end = columns["period_start"], columns["period_end"]
    way = np.where(two_part, random.integers(1, 4, size), 0)
    capacity = random.choice([315, 400, 500, 630, 800, 1250, 2500, 10_000], size).astype(np.int64) * 10_000 * 40
    dial = (random.random(size) * capacity / (columns["multiplier"] / 1000)).astype(np.int64)
    span = two_part & (random.random(size) < 0.15)
    second = span & (random.random(size) < 0.4)
    sub = (columns["scheme"] >= 5) & (random.random(size) < 0.05)
    ratio = random.random(size) < 0.6
    return {
        "basic_charge": way.astype(np.int64),
        "capacity_kva": np.where(two_part, capacity, MISSING),
        "maximum_demand": np.where(way >= 2, dial, MISSING),
        "contract_demand_kw": np.where(way == 2, capacity // 100 * random.integers(40, 100, size), MISSING),
        "basic_kva": np.where(span, capacity // 2, MISSING),
        "basic_from": np.where(span, start + random.integers(0, 10, size), MISSING),
        "basic_to": np.where(span, end - random.integers(0, 5, size), MISSING),
        "second_kva": np.where(second, capacity // 4, MISSING),
        "second_from": np.where(second, start + random.integers(5, 10, size), MISSING),
        "second_to": np.where(second, end, MISSING),
        "power_factor_standard": np.where(with_factor, random.choice([0, 80, 85, 90], size), 0).astype(np.int64),
        "sub_kind": np.where(sub, np.where(ratio, 1, 2), 0).astype(np.int64),
        "sub_value": np.where(ratio, random.integers(0, 200_000, size), random.integers(0, 20, size) * 1_000_000),
        "sub_scheme": random.choice([2, 4, 5], size).astype(np.int64),
    }


def _losses(random: np.random.Generator, size: int, high: NDArray[np.bool_]) -> dict[str, Ints]:
    """Transformer loss by formula and by table, line loss, adjustments."""
    method = np.where(high & (random.random(size) < 0.4), random.integers(1, 3, size), 0)
    part = random.random(size) < 0.2
    line = high & (random.random(size) < 0.1)
    return {
        "loss_method": method.astype(np.int64),
        "rated_kva": random.choice([100, 200, 315, 630, 1250], size).astype(np.int64) * 10_000,
        "no_load_loss_kw": random.integers(1_000, 20_000, size),
        "load_loss_kw": random.integers(10_000, 140_000, size),
        "no_load_current_percent": random.integers(5_000, 20_000, size),
        "short_circuit_percent": np.full(size, 40_000, np.int64),
        "load_shape_factor": random.choice([10_500, 12_000, 20_000], size).astype(np.int64),
        "transformer_hours": np.where(part, random.integers(0, 74_400, size), MISSING),
        "iron_kwh_per_day": random.integers(10_000, 200_000, size),
        "copper_share": random.integers(0, 30_000, size),
        "iron_kvarh_per_day": random.integers(100_000, 900_000, size),
        "copper_reactive_share": random.integers(0, 50_000, size),
        "transformer_days": np.where(part, random.integers(0, 3_100, size), MISSING),
        "line_loss_percent": np.where(line, random.integers(5_000, 40_000, size), 0),
        "line_loss_reactive_percent": np.where(line, random.integers(0, 40_000, size), 0),
    }


def _life(random: np.random.Generator, size: int, start: Ints, end: Ints) -> dict[str, Ints]:
    """Accounts that opened or closed in the year."""
    opened, closed = random.random(size) < 0.05, random.random(size) < 0.03
    return {
        "opened": np.where(opened, start - random.integers(0, 400, size), MISSING),
        "closed": np.where(closed, end + random.integers(-5, 200, size), MISSING),
    }


def _spoil(random: np.random.Generator, size: int, columns: dict[str, Ints], share: float) -> None:
    """Data faults of every kind on a share of the rows."""
    kind = np.where(random.random(size) < share, random.integers(0, 9, size), -1)
    columns["area"][kind == 0] = 77
    columns["current_total"][kind == 1] = MISSING
    columns["current_total"][kind == 2] = -5
    columns["multiplier"][kind == 3] = 0
    columns["period_end"][kind == 4] = columns["period_start"][kind == 4]
    columns["capacity_kva"][kind == 5] = MISSING
    columns["previous_total"][kind == 6] = 8_000_000_000
    columns["current_total"][kind == 6] = 7_000_000_000
    columns["period_start"][kind == 7] = _day("2001-01-01")
    columns["period_end"][kind == 7] = _day("2001-02-01")
    columns["power_factor_standard"][kind == 8] = 77
