"""Rules on own generation (domain sheet 1.4 I): more output than the panels on file can give, panels added since."""

import numpy as np

from audit.rules.arithmetic import highest, mean, share
from audit.rules.detections import Detections, detected
from audit.rules.partition import Floats, Partition
from audit.rules.rule import Rule, Thresholds


def _fed_in(partition: Partition) -> Floats:
    whole = np.full(partition.daily_kwh.shape, np.nan)
    whole[partition.fed_in.customer] = partition.fed_in.kwh
    return whole


def above_capacity(partition: Partition, thresholds: Thresholds) -> Detections:
    """XX01: a day's output above capacity × hours, on so many of the last 30 days. Only what is fed in is measured:
    the own use at noon comes on top, so the rule sees less than there is, never more.
    """
    customers = partition.customers
    back = _fed_in(partition)
    over = back > (customers.solar_kw * thresholds["hours"])[:, None]
    count = over[:, -30:].sum(axis=1)
    first = np.where(over.any(axis=1), partition.days[over.argmax(axis=1)], partition.last)
    return detected(
        count >= thresholds["days"],
        np.isfinite(customers.solar_kw) & np.isfinite(mean(back[:, -30:], least=10)),
        first,
        energy_kwh=np.nansum(np.where(over, back - (customers.solar_kw * thresholds["hours"])[:, None], 0), axis=1),
        highest_kwh=highest(back[:, -30:]),
        capacity_kw=customers.solar_kw,
        days=count,
    )


def enlarged(partition: Partition, thresholds: Thresholds) -> Detections:
    """XX02: the yield (kWh a kW and day) leaps against the other panels of the county: their weather and season are the
    same, so the ratio to their median stays level until panels are added.
    """
    customers = partition.customers
    own = np.where(customers.solar_kw > 0, customers.solar_kw, np.nan)
    produced = _fed_in(partition) / own[:, None]
    usual = np.full(produced.shape[1], np.nan)
    for day in np.flatnonzero(np.isfinite(produced).sum(axis=0) >= thresholds["peers"]).tolist():
        usual[day] = np.median(produced[np.isfinite(produced[:, day]), day])
    ratio = np.where(usual > 0.2, produced / usual, np.nan)
    now, before = mean(ratio[:, -14:], least=8), mean(ratio[:, :-28], least=20)
    leap = share(now, before)
    above = ratio > ((now + before) / 2)[:, None]
    run = np.where(np.isfinite(ratio), above, True)[:, ::-1]
    run = np.where((~run).any(axis=1), (~run).argmax(axis=1), run.shape[1])
    return detected(
        leap > thresholds["leap"],
        np.isfinite(leap),
        partition.last - np.maximum(run, 1) + 1,
        energy_kwh=np.maximum(now - before, 0) * np.nan_to_num(own) * np.nan_to_num(mean(usual[None, :]))
        * np.maximum(run, 1),
        leap=leap,
        capacity_kw=customers.solar_kw,
    )  # fmt: skip


RULES = (
    Rule("XX01", "customer", ("fed_in", "customer_file"), above_capacity),
    Rule("XX02", "customer", ("fed_in", "customer_file"), enlarged),
)
