"""Rules on closing readings (domain sheet 1.4 C, 5): by hand, backwards, sums that differ, cycle, multiplier."""

import numpy as np

from audit.rules.arithmetic import at_district, mean, positions, share, spread
from audit.rules.detections import Detections, detected
from audit.rules.partition import Flags, Floats, Ints, Partition
from audit.rules.rule import Rule, Thresholds

PERIOD_REGISTERS = ("sharp", "peak", "flat", "valley", "deep_valley")


def _per_customer(partition: Partition, rows: Flags, values: Floats | Ints, start: float) -> Floats:
    """The highest value of some rows of the readings for each customer; `start` where there is no row."""
    result = np.full(len(partition.customers), start, np.float64)
    np.maximum.at(result, partition.readings.customer[rows], np.asarray(values, np.float64)[rows])
    return result


def _closing(partition: Partition, register: str = "total") -> Flags:
    """Rows that closed the last month that anything closed: what is older was judged by earlier scans."""
    readings = partition.readings
    if not len(readings.customer):
        return np.zeros(0, np.bool_)
    newest = readings.month.max()
    return np.asarray((readings.register == register) & (readings.kind == "period_end") & (readings.month == newest))


def by_hand(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH03: read by hand or estimated, though the meter reported that day and on most days around it."""
    readings = partition.readings
    closing = _closing(partition)
    place = np.clip(readings.read_day - 1 - int(partition.days[0]), 0, len(partition.days) - 1)
    there = np.isfinite(partition.daily_kwh[readings.customer, place]) if len(place) else np.zeros(0, np.bool_)
    manual = closing & (readings.method != "remote")
    day = _per_customer(partition, manual & there, readings.read_day, -1)
    judged = _per_customer(partition, closing, readings.read_day, -1) >= 0
    return detected(day >= 0, judged, day.astype(np.int64), months=np.ones(len(judged)))


def backwards(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH04: a reading below the one before it that no rollover explains: a rollover comes from the top of the dial and
    gives an energy that the capacity can carry.
    """
    readings, meters, customers = partition.readings, partition.meters, partition.customers
    closing = _closing(partition) & np.isfinite(readings.previous)
    meter = positions(meters.number, readings.meter)
    digits = np.where(meter >= 0, meters.digits[np.maximum(meter, 0)] if len(meters.digits) else 6, 6)
    multiplier = np.where(meter >= 0, meters.multiplier[np.maximum(meter, 0)] if len(meters.number) else 1, 1)
    top = 10.0**digits
    around = (top - readings.previous + readings.reading) * multiplier
    days = np.maximum(readings.read_day - readings.previous_day, 1)
    most = customers.capacity_kva[readings.customer] * 24 * days * thresholds["factor"]
    turned = (readings.previous >= top * thresholds["rollover_from"]) & ~(around > most)
    falls = closing & (readings.reading < readings.previous) & ~turned
    step = _per_customer(partition, falls, (readings.previous - readings.reading) * multiplier, 0.0)
    judged = _per_customer(partition, closing, readings.read_day, -1) >= 0
    day = _per_customer(partition, falls, readings.read_day, partition.last)
    return detected(step > 0, judged, day.astype(np.int64), energy_kwh=step, fallen_kwh=step)


def periods_differ(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH05: what the period registers counted doesn't add up to the total, beyond the share and a few units of the
    dial (each register is cut off by itself).
    """
    readings, meters = partition.readings, partition.meters
    count = len(partition.customers)
    step = readings.reading - readings.previous
    total, parts, registers = np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
    closing = _closing(partition) & np.isfinite(step)
    np.add.at(total, readings.customer[closing], step[closing])
    for register in PERIOD_REGISTERS:
        rows = _closing(partition, register) & np.isfinite(step)
        np.add.at(parts, readings.customer[rows], step[rows])
        np.add.at(registers, readings.customer[rows], 1)
    difference = np.abs(total - parts)
    relative = share(difference, total)
    multiplier = np.ones(count)
    np.maximum.at(multiplier, meters.customer, meters.multiplier.astype(float))
    day = _per_customer(partition, closing, readings.read_day, partition.last)
    return detected(
        (relative > thresholds["share"] / 100) & (difference > registers + 1),
        (registers >= 2) & (total > 0),
        day.astype(np.int64),
        energy_kwh=difference * multiplier,
        total_kwh=total * multiplier,
        periods_kwh=parts * multiplier,
        difference_percent=relative * 100,
    )


def cycle(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH08: more or fewer days between two closing readings than a cycle has. The first reading of an account or of a
    meter closes no whole cycle.
    """
    readings = partition.readings
    closing = _closing(partition) & (readings.previous_day >= 0)
    opened = partition.customers.opened[readings.customer] if len(readings.customer) else readings.customer
    closing &= readings.previous_day > opened + 1
    meter = positions(partition.meters.number, readings.meter)
    installed = (
        np.where(meter >= 0, partition.meters.installed[np.maximum(meter, 0)], -1) if len(meter) and
        len(partition.meters.number) else np.full(len(meter), -1)
    )  # fmt: skip
    closing &= readings.previous_day > installed + 1
    days = readings.read_day - readings.previous_day
    length = _per_customer(partition, closing, days, -1)
    day = _per_customer(partition, closing, readings.read_day, partition.last)
    return detected(
        (length < thresholds["least"]) | (length > thresholds["most"]),
        length >= 0,
        day.astype(np.int64),
        days=length,
    )


def multiplier(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH09: the customer's meter counts a constant part of what the transformer's own gateway counts: a multiplier that
    isn't the instrument transformers' ratio. Only where the transformer serves this customer alone, and the meter has a
    multiplier; the ratio must be steady from day to day, as nothing but a factor is.
    """
    customers, districts, meters = partition.customers, partition.districts, partition.meters
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(
            districts.computable & (districts.supplied_kwh > 0), districts.sold_kwh / districts.supplied_kwh, np.nan
        )
    own = at_district(districts.is_dedicated.astype(float), customers.district, 0.0) > 0
    mine = at_district(ratio, customers.district)[:, -14:]
    level = mean(mine, least=8)
    factor = np.ones(len(customers))
    np.maximum.at(factor, meters.customer, meters.multiplier.astype(float))
    wrong = np.abs(level - 1) > thresholds["deviation"] / 100
    steady = spread(mine) < thresholds["spread"]
    whole = at_district(ratio, customers.district)
    near = np.abs(whole - level[:, None]) <= 0.05 * level[:, None]
    backwards_run = (near | ~np.isfinite(whole))[:, ::-1]
    run = np.where((~backwards_run).any(axis=1), (~backwards_run).argmax(axis=1), whole.shape[1])
    supplied = at_district(districts.supplied_kwh, customers.district)
    inside = np.arange(whole.shape[1])[None, :] >= whole.shape[1] - run[:, None]
    lost = np.where(inside, supplied * np.abs(1 - whole), 0)
    return detected(
        own & wrong & steady & (factor > 1),
        own & np.isfinite(level),
        partition.last - np.maximum(run, 1) + 1,
        energy_kwh=np.nansum(lost, axis=1),
        ratio_to_gateway=level,
        multiplier=factor,
    )


RULES = (
    Rule("CH03", "customer", ("readings", "daily"), by_hand),
    Rule("CH04", "customer", ("readings", "meters", "customer_file"), backwards),
    Rule("CH05", "customer", ("readings", "meters"), periods_differ),
    Rule("CH08", "customer", ("readings", "meters"), cycle),
    Rule("CH09", "customer", ("district_energy", "meters"), multiplier),
)
