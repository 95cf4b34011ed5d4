"""Rules on meters that their energy gives away (domain sheet 1.4 D): stopped, running away, silent, misplaced."""

import numpy as np

from audit.rules.arithmetic import at_district, correlation, highest, mean, run_at_end, share
from audit.rules.detections import Detections, detected
from audit.rules.line_loss import clean_loss
from audit.rules.partition import Partition
from audit.rules.rule import Rule, Thresholds


def reverse_power(partition: Partition, thresholds: Thresholds) -> Detections:
    """JL05: energy flows back on three of the last seven days, but no generation is on file."""
    customers = partition.customers
    back = np.full(partition.daily_kwh.shape, np.nan)
    back[partition.fed_in.customer] = partition.fed_in.kwh
    over = back > thresholds["reverse_energy"]
    run = np.maximum(run_at_end(over | ~np.isfinite(back)), 1)
    without = ~(customers.solar_kw > 0)
    silent = np.zeros(len(customers), np.bool_)
    silent[partition.fed_in.customer] = ~np.isfinite(partition.fed_in.kwh[:, -7:]).any(axis=1)
    return detected(
        without & (over[:, -7:].sum(axis=1) >= 3),
        ~silent,
        partition.last - np.minimum(run, 7 + (partition.days[-1] - partition.days[0])) + 1,
        energy_kwh=np.nansum(np.where(over, back, 0), axis=1),
        reverse_kwh=mean(back[:, -7:]),
    )


def stopped(partition: Partition, thresholds: Thresholds) -> Detections:
    """JL06: exactly nothing counted from one day to the next, at an account that never had such a day before, and the
    district loses more since. The data has no power beside the energy: the district's loss stands for it.
    """
    days = int(thresholds["days"])
    zero = partition.daily_kwh == 0
    run = run_at_end(zero | ~np.isfinite(partition.daily_kwh))
    known_run = np.where(run > 0, (zero & _last(zero.shape, run)).sum(axis=1), 0)
    before = np.where(_last(zero.shape, run), np.nan, partition.daily_kwh)
    level, never = mean(before, least=30), (before == 0).sum(axis=1) == 0
    rate = clean_loss(partition)
    districts = partition.districts
    lost = np.where(np.isfinite(rate), districts.supplied_kwh - districts.sold_kwh, np.nan)
    mine = at_district(lost, partition.customers.district)
    more = mean(np.where(_last(zero.shape, run), mine, np.nan)) - mean(np.where(_last(zero.shape, run), np.nan, mine))
    return detected(
        (known_run >= days) & never & (level > thresholds["power"] * 24) & (more > thresholds["fit"] * level),
        np.isfinite(level) & np.isfinite(more),
        partition.last - run + 1,
        energy_kwh=level * known_run,
        days=known_run,
        daily_kwh_before=level,
    )


def _last(shape: tuple[int, ...], run: np.ndarray) -> np.ndarray:
    return np.arange(shape[1])[None, :] >= shape[1] - np.asarray(run)[:, None]


def runs_away(partition: Partition, thresholds: Thresholds) -> Detections:
    """JL07: a day's energy above what the capacity can give in 24 hours times the factor, or a lasting leap to a
    multiple of what the account used in any month of the year before, that the district's supply doesn't show.
    """
    customers = partition.customers
    limit = customers.capacity_kva * 24 * thresholds["factor"]
    over = partition.daily_kwh > limit[:, None]
    now = mean(partition.daily_kwh[:, -14:], least=8)
    before = mean(partition.daily_kwh[:, :-28], least=20)
    districts = partition.districts
    rate = clean_loss(partition)
    lost = np.where(np.isfinite(rate), districts.supplied_kwh - districts.sold_kwh, np.nan)
    mine = at_district(lost, customers.district)
    missing = mean(mine[:, :-28], least=20) - mean(mine[:, -14:], least=8)
    end = partition.whole_months
    year = partition.month_kwh[:, max(0, end - 14) : max(0, end - 1)]
    most = highest(year) / 30.4 if year.shape[1] else before
    fits = share(missing, now - before)
    leap = (now > thresholds["leap"] * np.fmax(before, most)) & (fits > thresholds["fit"])
    leap &= fits < 1 / thresholds["fit"]
    above = partition.daily_kwh > ((now + before) / 2)[:, None]
    run = np.maximum(run_at_end((above | over) | ~np.isfinite(partition.daily_kwh)), 1)
    return detected(
        over[:, -7:].any(axis=1) | leap,
        np.isfinite(now),
        partition.last - run + 1,
        energy_kwh=np.maximum(now - np.nan_to_num(before), 0) * run,
        daily_kwh=now,
        daily_kwh_before=before,
        use_of_capacity=share(now, customers.capacity_kva * 24),
    )


def wrong_district(partition: Partition, thresholds: Thresholds) -> Detections:
    """JL11: two neighbouring districts whose losses move against each other, one too high and one too low: customers
    are booked at the wrong one. Neighbours lie within the distance; voltage curves are not in the data.
    """
    districts = partition.districts
    rate = np.where(districts.is_dedicated[:, None], np.nan, clean_loss(partition))
    level = mean(rate[:, -14:], least=8)
    lost = np.where(np.isfinite(rate), districts.supplied_kwh - districts.sold_kwh, np.nan)
    count = len(districts)
    low = np.flatnonzero(level <= thresholds["low"])
    partner = np.full(count, -1)
    strength = np.zeros(count)
    for one in low.tolist():
        # Few districts have a negative loss: the loop is over them alone.
        near = np.hypot(
            (districts.longitude - districts.longitude[one]) * 111_320 * np.cos(np.radians(districts.latitude[one])),
            (districts.latitude - districts.latitude[one]) * 110_570,
        ) <= thresholds["distance"]  # fmt: skip
        others = np.flatnonzero(near & (level >= thresholds["high"]) & (np.arange(count) != one))
        if not len(others):
            continue
        r = correlation(lost[others], np.broadcast_to(lost[one], (len(others), lost.shape[1])))
        best = int(np.nanargmin(np.where(np.isfinite(r), r, 1)))
        if r[best] < thresholds["correlation"]:
            for here, there in ((one, int(others[best])), (int(others[best]), one)):
                partner[here], strength[here] = there, r[best]
    return detected(
        partner >= 0,
        np.isfinite(level),
        partition.last - 13,
        energy_kwh=np.abs(mean(lost[:, -14:])) * 14,
        loss_percent=level,
        neighbour_loss_percent=np.where(partner >= 0, level[np.maximum(partner, 0)], np.nan),
        correlation=strength,
    )


def not_collected(partition: Partition, thresholds: Thresholds) -> Detections:
    """JL12: no reading for so many days in a row, of an account in service."""
    customers = partition.customers
    missing = ~np.isfinite(partition.daily_kwh) & (partition.days[None, :] >= customers.opened[:, None])
    run = run_at_end(missing)
    open_now = (customers.closed < 0) | (customers.closed > partition.last)
    before = mean(partition.daily_kwh)
    return detected(
        run >= thresholds["duration"],
        open_now & (partition.last - customers.opened >= thresholds["duration"]),
        partition.last - run + 1,
        energy_kwh=np.nan_to_num(before) * run,
        days=run,
        daily_kwh_before=before,
    )


RULES = (
    Rule("JL05", "customer", ("fed_in", "customer_file"), reverse_power),
    Rule("JL06", "customer", ("daily", "district_energy"), stopped),
    Rule("JL07", "customer", ("daily", "district_energy", "customer_file"), runs_away),
    Rule("JL11", "district", ("district_energy",), wrong_district),
    Rule("JL12", "customer", ("daily",), not_collected),
)
