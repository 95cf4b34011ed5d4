"""Rules on the loss of transformer districts (domain sheet 4): high, negative, wavering, no rate, small, theft."""

import numpy as np

from audit.rules.arithmetic import known, mean, run_at_end
from audit.rules.detections import Detections, detected
from audit.rules.partition import Flags, Floats, Partition
from audit.rules.rule import Rule, Thresholds

COLLECTION = 98.0
"""Percent of the meters that must have been read for a day's rate to mean something, where a rule has no own value."""


def clean_loss(partition: Partition, collection: float = COLLECTION, supplied: float = 0.0) -> Floats:
    """Loss in percent by district and day; NaN on days with too few meters read (estimates make false high loss), too
    little energy, or no rate.
    """
    districts = partition.districts
    read = districts.meters_read * 100 >= collection * np.maximum(districts.meters, 1)
    return np.where(read & (districts.supplied_kwh > supplied), districts.loss_percent, np.nan)


def _in_a_row(partition: Partition, rate: Floats, over: Flags, days: float, at_stake: Floats) -> Detections:
    """So many last days in a row, or five of the last seven; days that can't be judged don't count."""
    flags = np.asarray(over, bool)
    judged = known(rate[:, -7:]) >= days
    of_seven = flags[:, -7:].sum(axis=1) >= 5
    run = run_at_end(flags | ~np.isfinite(rate))
    counted = (flags & (np.arange(flags.shape[1]) >= flags.shape[1] - run[:, None])).sum(axis=1)
    run = np.maximum(run, np.where(of_seven, 7, 1))
    lost = np.where(flags, at_stake, 0)
    inside = np.arange(flags.shape[1])[None, :] >= flags.shape[1] - run[:, None]
    return detected(
        (counted >= days) | of_seven,
        judged,
        partition.last - run + 1,
        energy_kwh=np.nansum(np.where(inside, np.maximum(lost, 0), 0), axis=1),
        loss_percent=mean(rate[:, -7:]),
        days=counted,
    )


def high_loss(partition: Partition, thresholds: Thresholds) -> Detections:
    """XS01: the rate at or above the limit on so many days in a row, or five of seven. Dedicated transformers have one
    customer: their loss is charged, not managed.
    """
    districts = partition.districts
    rate = clean_loss(partition, thresholds["collection_success"], thresholds["supplied"])
    rate = np.where(districts.is_dedicated[:, None], np.nan, rate)
    lost = districts.supplied_kwh * (rate - thresholds["loss_rate"]) / 100
    return _in_a_row(partition, rate, rate >= thresholds["loss_rate"], thresholds["days"], lost)


def negative_loss(partition: Partition, thresholds: Thresholds) -> Detections:
    """XS02: more sold than supplied."""
    districts = partition.districts
    rate = np.where(districts.is_dedicated[:, None], np.nan, clean_loss(partition))
    surplus = districts.sold_kwh - districts.supplied_kwh
    return _in_a_row(partition, rate, rate <= thresholds["loss_rate"], thresholds["days"], surplus)


def wavering_loss(partition: Partition, thresholds: Thresholds) -> Detections:
    """XS03: the rate moves from day to day by more than the swing on so many days of the last seven."""
    rate = np.where(partition.districts.is_dedicated[:, None], np.nan, clean_loss(partition))
    step = np.abs(np.diff(rate, axis=1))
    wide = step > thresholds["swing"]
    count = wide[:, -7:].sum(axis=1)
    enough = wide.astype(np.int64)
    # The first day of the wavering: the last time that a week had fewer such days.
    weeks = np.lib.stride_tricks.sliding_window_view(enough, 7, axis=1).sum(axis=2) >= thresholds["days_of_seven"]
    run = run_at_end(weeks) + 6
    return detected(
        count >= thresholds["days_of_seven"],
        known(step[:, -7:]) >= thresholds["days_of_seven"],
        partition.last - np.minimum(run, len(partition.days)) + 1,
        days=count,
        swing_percent=mean(step[:, -7:]),
    )


def not_computable(partition: Partition, thresholds: Thresholds) -> Detections:
    """XS04: no rate on so many days in a row, though the district has customers: no reading of the gateway, or too few
    of the meters. A day without a row at all is not judged.
    """
    districts = partition.districts
    without = districts.has_row & ~np.isfinite(districts.loss_percent)
    run = run_at_end(without)
    return detected(
        run >= thresholds["days"],
        districts.has_row[:, -1] & (districts.meters[:, -1] > 0),
        partition.last - run + 1,
        days=run,
    )


def small_energy(partition: Partition, thresholds: Thresholds) -> Detections:
    """XS05: so little energy that the rate swings by itself; mean of the last 30 days below the limit."""
    districts = partition.districts
    level = mean(districts.supplied_kwh[:, -30:], least=20)
    below = districts.supplied_kwh < thresholds["supplied"]
    run = np.maximum(run_at_end(below | ~np.isfinite(districts.supplied_kwh)), 1)
    return detected(
        level < thresholds["supplied"],
        np.isfinite(level) & ~districts.is_dedicated & (districts.customer_count > 0),
        partition.last - run + 1,
        supplied_kwh=level,
    )


def theft_suspected(partition: Partition, thresholds: Thresholds) -> Detections:
    """XS06: high loss that came within the window and stays: at or above the limit in the mean of the last week, and
    well above what the district had before, so that an old wiring or mapping fault isn't taken for theft.
    """
    districts = partition.districts
    rate = np.where(districts.is_dedicated[:, None], np.nan, clean_loss(partition))
    now, before = mean(rate[:, -7:], least=4), mean(rate[:, :-28], least=20)
    risen = now - before > thresholds["rise"]
    over = rate >= (before + thresholds["rise"] / 2)[:, None]
    run = np.maximum(run_at_end(over | ~np.isfinite(rate)), 1)
    lost = districts.supplied_kwh * (rate - before[:, None]) / 100
    inside = np.arange(rate.shape[1])[None, :] >= rate.shape[1] - run[:, None]
    return detected(
        (now >= thresholds["loss_rate"]) & risen & (run >= thresholds["days"]),
        np.isfinite(now) & np.isfinite(before),
        partition.last - run + 1,
        energy_kwh=np.nansum(np.where(inside, np.maximum(lost, 0), 0), axis=1),
        loss_percent=now,
        loss_percent_before=before,
    )


RULES = (
    Rule("XS01", "district", ("district_energy",), high_loss),
    Rule("XS02", "district", ("district_energy",), negative_loss),
    Rule("XS03", "district", ("district_energy",), wavering_loss),
    Rule("XS04", "district", ("district_energy",), not_computable),
    Rule("XS05", "district", ("district_energy",), small_energy),
    Rule("XS06", "district", ("district_energy",), theft_suspected),
)
