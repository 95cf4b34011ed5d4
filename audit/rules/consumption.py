"""Rules on how much was used and when (domain sheet 1.4 B, C): large homes, farms, heating, jumps, zeros, limits."""

import numpy as np

from audit.rules.arithmetic import highest, known, level_run, mean, of_last_days, run_at_end, share, spread
from audit.rules.detections import Detections, detected
from audit.rules.partition import Floats, Ints, Partition, day_number, month_of
from audit.rules.rule import Rule, Thresholds

PEERS = 20
"""So many customers of a tariff make a common movement that a single one can be held against."""


def whole_months(partition: Partition, count: int) -> Floats:
    """The last `count` whole months (n × count), NaN where the account wasn't open for all of the month."""
    end = partition.whole_months
    months = partition.month_kwh[:, max(0, end - count) : end]
    first = np.array([day_number(month_of(month)) for month in partition.months[max(0, end - count) : end]])
    return np.where(partition.customers.opened[:, None] <= first[None, :], months, np.nan)


def month_start(partition: Partition, run: Ints) -> Ints:
    """Day number on which a run of `run` whole months up to the last one began."""
    end = partition.whole_months
    place = np.clip(end - run, 0, max(len(partition.months) - 1, 0)).astype(np.int64)
    starts = np.array([day_number(month_of(month)) for month in partition.months])
    return starts[place] if len(starts) else np.zeros(len(run), np.int64)


def common_course(partition: Partition) -> Floats:
    """What the median customer of a tariff used on each day against its own mean: season, weather, weekends (n × D).

    1 throughout for a tariff with few customers.
    """
    customers = partition.customers
    course = np.ones(partition.daily_kwh.shape, np.float32)
    for kind in np.unique(customers.tariff_code):
        mine = np.flatnonzero(customers.tariff_code == kind)
        level = mean(partition.daily_kwh[mine], least=60)
        some = mine[np.nan_to_num(level) > 0]
        if len(some) < PEERS:
            continue
        relative = partition.daily_kwh[some] / mean(partition.daily_kwh[some])[:, None]
        filled = np.where(np.isfinite(relative), relative, 1.0)
        course[mine] = np.maximum(np.median(filled, axis=0), 0.05)[None, :]
    return course


def large_home(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ01: a home above the monthly energy for so many whole months. Homes that are billed for electric heating use it
    in the cold months by right: they are judged by what they used outside them.
    """
    customers = partition.customers
    count = max(1, int(thresholds["months"]))
    months = whole_months(partition, 12)
    numbers = partition.months[max(0, partition.whole_months - 12) : partition.whole_months] % 12
    cold = np.isin(numbers, (10, 11, 0, 1, 2))
    heats = (customers.scheme == "heating_time_of_use") | (customers.tariff_code == "heating_time_of_use")
    over = (months > thresholds["monthly_energy"]) & ~(heats[:, None] & cold[None, :])
    run = run_at_end(over)
    recent = months[:, -count:] if months.shape[1] >= count else np.full((len(customers), 1), np.nan)
    judged = (customers.category == "residential") & (known(recent) == recent.shape[1]) & (recent.shape[1] == count)
    return detected(
        run >= count,
        judged,
        month_start(partition, run),
        energy_kwh=np.where(over, months, 0).sum(axis=1),
        monthly_kwh=mean(recent),
        months=run,
    )


def farm_price(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ02: the farm price, but a load as even as a machine's: high load factor, no difference between days, and, where
    a year is known, none between winter and summer.
    """
    customers = partition.customers
    farm = (customers.scheme == "agricultural") | (customers.tariff_code == "agricultural")
    window = partition.daily_kwh[:, -int(thresholds["window"]) :]
    level = mean(window, least=int(thresholds["window"]) * 2 // 3)
    factor = share(level, highest(window))
    year = whole_months(partition, 12)
    numbers = partition.months[max(0, partition.whole_months - 12) : partition.whole_months] % 12
    ratio = share(mean(year[:, np.isin(numbers, (11, 0, 1))]), mean(year[:, np.isin(numbers, (5, 6, 7))]))
    even = (factor > thresholds["load_factor"]) & (spread(window) < thresholds["spread"])
    used = share(level, customers.capacity_kva * 24)
    run = level_run(partition.daily_kwh, level)
    return detected(
        even & (used > thresholds["use_of_capacity"]),
        farm & np.isfinite(factor) & np.isfinite(used),
        partition.last - run + 1,
        energy_kwh=of_last_days(partition.daily_kwh, run),
        load_factor=factor,
        winter_to_summer=ratio,
        daily_kwh=level,
    )


def heating_flag(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ11: billed for electric heating, but the cold months need hardly more than the mild ones. Judged from February
    on, when at least two of the months December to February are over: autumn says nothing yet.
    """
    customers = partition.customers
    heats = customers.tariff_code == "heating_time_of_use"
    year = whole_months(partition, 12)
    numbers = partition.months[max(0, partition.whole_months - 12) : partition.whole_months] % 12
    cold, mild = year[:, np.isin(numbers, (11, 0, 1))], year[:, np.isin(numbers, (3, 4, 8, 9))]
    ratio = share(mean(cold, least=2), mean(mild, least=2))
    starts = np.array([day_number(month_of(month)) for month in partition.months[: partition.whole_months][-12:]])
    first = starts[np.isin(numbers, (11, 0, 1))]
    return detected(
        ratio < thresholds["heating_to_other"],
        heats & np.isfinite(ratio) & (np.nan_to_num(mean(mild)) > 0),
        int(first[0]) if len(first) else partition.last,
        energy_kwh=np.nansum(cold, axis=1),
        heating_to_other=ratio,
        cold_month_kwh=mean(cold),
        mild_month_kwh=mean(mild),
    )


def jump_or_drop(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH01: the last 30 days against the 60 days before, beyond the share of the kind of customer and beyond an amount;
    what the customers of the same tariff in the county did in the same time (weather, festival, heating) is taken out
    first, and neither a year ago nor any other month may have had such a jump: some accounts are like that.
    """
    customers = partition.customers
    now = mean(partition.daily_kwh[:, -30:], least=20)
    before = mean(partition.daily_kwh[:, -90:-30], least=40)
    usual = np.ones(len(customers))
    for kind in np.unique(customers.tariff_code):
        mine = customers.tariff_code == kind
        ratios = share(now, before)[mine]
        ratios = ratios[np.isfinite(ratios)]
        if len(ratios) >= PEERS:
            usual[mine] = max(float(np.median(ratios)), 0.05)
    reference = before * usual
    change = share(now - reference, reference)
    end = partition.whole_months
    year_ago = np.full(len(customers), np.nan)
    if end >= 15:
        then = partition.month_kwh[:, end - 13 : end - 11].mean(axis=1)
        year_ago = share(then, partition.month_kwh[:, end - 15 : end - 13].mean(axis=1))
    months = whole_months(partition, 14)[:, :-2]
    with np.errstate(divide="ignore", invalid="ignore"):
        swings = np.abs(np.log(months[:, 1:] / months[:, :-1]))
    restless = highest(np.where(np.isfinite(swings), swings, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(np.log(np.maximum(1 + change, 0.02)))
    usual_swing = np.isfinite(restless) & (size < thresholds["beyond_own"] * restless)
    residential, low = customers.category == "residential", customers.low_voltage
    limit = np.where(low, thresholds["low_voltage_share"], thresholds["high_voltage_share"]) / 100
    limit = np.where(residential, thresholds["residential_share"] / 100, limit)
    floor = np.where(low, thresholds["floor_medium"], thresholds["floor_large"])
    floor = np.where(residential, thresholds["floor_small"], floor)
    # A fall of 100 % is the most there is: a share of 100 % up means a half down.
    fallen = -limit / (1 + limit)
    up, down = change > limit, change < fallen
    as_a_year_ago = np.isfinite(year_ago) & (np.abs(year_ago - (1 + change)) < 0.35 * np.abs(1 + change))
    amount = np.abs(now - reference) * 30
    fires = (up | down) & (amount > floor) & ~as_a_year_ago & ~usual_swing
    half = (now + reference) / 2
    beyond = np.where(up[:, None], partition.daily_kwh > half[:, None], partition.daily_kwh < half[:, None])
    run = run_at_end(beyond | ~np.isfinite(partition.daily_kwh))
    return detected(
        fires,
        np.isfinite(change) & (partition.last - customers.opened > 90),
        partition.last - np.clip(run, 1, 60) + 1,
        energy_kwh=np.abs(now - reference) * np.clip(run, 1, 60),
        change_percent=change * 100,
        daily_kwh=now,
        reference_kwh=reference,
    )


def zero_cycles(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH02: nothing used for so many whole months, all readings in; one that has never used anything included."""
    count = max(1, int(thresholds["cycles"]))
    months = whole_months(partition, 12)
    run = run_at_end(months == 0)
    recent = months[:, -count:]
    judged = (known(recent) == count) if recent.shape[1] == count else np.zeros(len(months), np.bool_)
    before = mean(np.where(np.arange(months.shape[1]) < months.shape[1] - run[:, None], months, np.nan))
    return detected(
        run >= count,
        judged,
        month_start(partition, run),
        energy_kwh=np.nan_to_num(before) * run,
        months=run,
        monthly_kwh_before=before,
    )


def physical_limit(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH07: a month's energy above what the capacity can give in all its hours; the last 30 days count as a month."""
    customers = partition.customers
    window = partition.daily_kwh[:, -30:]
    level = mean(window, least=20)
    limit = customers.capacity_kva * 24
    used = share(level, limit)
    over = partition.daily_kwh > limit[:, None]
    run = run_at_end(over | ~np.isfinite(partition.daily_kwh))
    return detected(
        used > thresholds["factor"],
        np.isfinite(used),
        partition.last - np.clip(run, 1, len(partition.days)) + 1,
        energy_kwh=(level - limit) * np.clip(run, 1, len(partition.days)),
        use_of_capacity=used,
        daily_kwh=level,
        capacity_kva=customers.capacity_kva,
    )


RULES = (
    Rule("DJ01", "customer", ("monthly", "customer_file"), large_home),
    Rule("DJ02", "customer", ("daily", "monthly", "customer_file"), farm_price),
    Rule("DJ11", "customer", ("monthly", "customer_file"), heating_flag),
    Rule("CH01", "customer", ("daily", "monthly", "customer_file"), jump_or_drop),
    Rule("CH02", "customer", ("monthly",), zero_cycles),
    Rule("CH07", "customer", ("daily", "customer_file"), physical_limit),
)
