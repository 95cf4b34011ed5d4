"""Rules on use past the meter (domain sheet 1.4 E): over capacity, while suspended, with the district's loss, flat."""

import numpy as np

from audit.rules.arithmetic import (
    at_district,
    correlation,
    highest,
    known,
    level_run,
    mean,
    of_last_days,
    run_at_end,
    share,
    spread,
)
from audit.rules.consumption import common_course, month_start
from audit.rules.detections import Detections, detected
from audit.rules.line_loss import clean_loss
from audit.rules.partition import Partition
from audit.rules.rule import Rule, Thresholds


def over_capacity(partition: Partition, thresholds: Thresholds) -> Detections:
    """FQ01: the highest quarter hour of a whole month above the capacity. The sheet asks for two hours on three days:
    the data holds one maximum a month, so the month's energy must also show days that need most of the capacity.
    """
    customers = partition.customers
    end = partition.whole_months
    demand = partition.month_demand_kw[:, max(0, end - 12) : end]
    limit = customers.capacity_kva * thresholds["share_of_capacity"] / 100
    over = demand > limit[:, None]
    run = run_at_end(over)
    heavy = partition.daily_kwh[:, -31:] > customers.capacity_kva[:, None] * thresholds["full_hours"]
    last = demand[:, -1] if demand.shape[1] else np.full(len(customers), np.nan)
    return detected(
        (run >= 1) & (heavy.sum(axis=1) >= thresholds["days"]),
        np.isfinite(last) & np.isfinite(limit),
        month_start(partition, run),
        maximum_demand_kw=last,
        capacity_kva=customers.capacity_kva,
        heavy_days=heavy.sum(axis=1),
    )


def use_while_suspended(partition: Partition, thresholds: Thresholds) -> Detections:
    """FQ02: energy after all capacity was sealed."""
    customers = partition.customers
    sealed = customers.suspended_from
    after = (sealed[:, None] >= 0) & (partition.days[None, :] >= sealed[:, None])
    used = np.where(after, partition.daily_kwh, np.nan)
    total = np.nansum(used, axis=1)
    some = used > thresholds["energy"]
    first = np.where(some.any(axis=1), partition.days[some.argmax(axis=1)], partition.last)
    return detected(
        total > thresholds["energy"],
        (sealed >= 0) & (known(used) > 0),
        first,
        energy_kwh=total,
        days=some.sum(axis=1),
    )


def with_the_loss(partition: Partition, thresholds: Thresholds) -> Detections:
    """FQ05: the customer's energy fell and the district began to lose about as much: Pearson's r between the two below
    the limit, over the window before and after. What all customers of the category did (season, weather) is taken out;
    a small home in a large district can't be seen this way, its energy drowns in the loss of the others.
    """
    customers, districts = partition.customers, partition.districts
    window = int(thresholds["window"])
    rate = clean_loss(partition)
    lost = np.where(np.isfinite(rate), districts.supplied_kwh - districts.sold_kwh, np.nan)
    mine = at_district(lost, customers.district)
    usual = common_course(partition)
    own = partition.daily_kwh / usual
    r = correlation(own[:, -4 * window :], mine[:, -4 * window :])
    now, before = mean(own[:, -window:], least=window // 2), mean(own[:, : -2 * window], least=window)
    drop = 1 - share(now, before)
    less = (before - now) * mean(usual[:, -window:])
    more = mean(mine[:, -window:], least=window // 2) - mean(mine[:, : -2 * window], least=window)
    fits = share(more, less)
    steady = spread(own[:, : -2 * window])
    below = own < (before * (1 - thresholds["drop"] / 200))[:, None]
    run = np.maximum(run_at_end(below | ~np.isfinite(own)), 1)
    fires = (
        (r < thresholds["correlation"])
        & (drop > thresholds["drop"] / 100)
        & (drop > 2 * steady)
        & (fits > thresholds["fit"])
        & (fits < 1 / thresholds["fit"])
        & (run >= window // 2)
    )
    judged = np.isfinite(r) & np.isfinite(drop) & np.isfinite(more) & (partition.last - customers.opened > 60)
    return detected(
        fires,
        judged,
        partition.last - run + 1,
        energy_kwh=np.maximum(less, 0) * run,
        correlation=r,
        drop_percent=drop * 100,
        loss_percent=mean(at_district(rate, customers.district)[:, -window:]),
    )


def flat_load(partition: Partition, thresholds: Thresholds) -> Detections:
    """FQ07: a home or farm with the same load at all hours of all days (mining, a hidden machine): mean day over
    highest day above the limit for so many days, and far more than a home needs. Hours are not in the data: where the
    energy is measured by periods, the periods must be as even as the hours in them.
    """
    customers = partition.customers
    window = partition.daily_kwh[:, -int(thresholds["duration"]) :]
    level = mean(window, least=int(thresholds["duration"]) - 2)
    factor = share(level, highest(window))
    used = share(level, customers.capacity_kva * 24)
    run = level_run(partition.daily_kwh, level)
    kind = np.isin(customers.category, ("residential", "agricultural"))
    return detected(
        (factor > thresholds["load_factor"]) & (used > thresholds["use_of_capacity"]),
        kind & np.isfinite(factor) & np.isfinite(used),
        partition.last - run + 1,
        energy_kwh=of_last_days(partition.daily_kwh, run),
        load_factor=factor,
        daily_kwh=level,
        use_of_capacity=used,
    )


def power_factor_shift(partition: Partition, thresholds: Thresholds) -> Detections:
    """FQ08: cos φ moves by more than the limit while the energy falls (phase-shift theft). By months: the last whole
    one, or the last three, against the six before.
    """
    end = partition.whole_months
    active, reactive = partition.month_kwh[:, :end], partition.month_reactive_kvarh[:, :end]
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(active > 0, active / np.sqrt(active**2 + reactive**2), np.nan)
    now, before = cosine[:, -1], mean(cosine[:, -9:-3], least=3)
    shift = np.abs(now - before)
    drop = 1 - share(active[:, -1], mean(active[:, -9:-3], least=3))
    moved = np.abs(cosine - before[:, None]) > thresholds["shift"]
    run = run_at_end(moved)
    return detected(
        (shift > thresholds["shift"]) & (drop > thresholds["drop"] / 100),
        np.isfinite(shift) & np.isfinite(drop),
        month_start(partition, np.minimum(np.maximum(run, 1), 9)),
        energy_kwh=np.maximum(mean(active[:, -9:-3]) - active[:, -1], 0) * np.maximum(run, 1),
        power_factor=now,
        power_factor_before=before,
        drop_percent=drop * 100,
    )


RULES = (
    Rule("FQ01", "customer", ("daily", "demand", "customer_file"), over_capacity),
    Rule("FQ02", "customer", ("daily", "terms"), use_while_suspended),
    Rule("FQ05", "customer", ("daily", "district_energy"), with_the_loss),
    Rule("FQ07", "customer", ("daily", "customer_file"), flat_load),
    Rule("FQ08", "customer", ("monthly", "reactive"), power_factor_shift),
)
