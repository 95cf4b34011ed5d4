"""Rules on bills and adjustments (domain sheet 1.4 C, 2.10, 2.12): loss, corrections, price, missing energy."""

import numpy as np

from audit.rules.arithmetic import mean, share
from audit.rules.detections import Detections, detected
from audit.rules.partition import Floats, Ints, Partition, day_number, day_of, month_number, month_of
from audit.rules.rule import Rule, Thresholds

MONTHS = 12


def _months(partition: Partition) -> Ints:
    return np.arange(month_number(partition.last_day) - MONTHS + 1, month_number(partition.last_day) + 1)


def by_month(partition: Partition, values: Floats | Ints) -> Floats:
    """A value of the newest version of each month's bill (n × 12, the running month last); NaN without a bill."""
    bills = partition.bills
    table = np.full((len(partition.customers), MONTHS), np.nan)
    column = bills.month - int(_months(partition)[0])
    order = np.argsort(bills.version, kind="stable")
    order = order[(column[order] >= 0) & (column[order] < MONTHS)]
    # The last one written stands: versions are in ascending order.
    table[bills.customer[order], column[order]] = np.asarray(values, np.float64)[order]
    return table


def _newest(table: Floats) -> tuple[Floats, Ints]:
    """Each row's last known value and its column; NaN and -1 for none."""
    there = np.isfinite(table)
    column = np.where(there.any(axis=1), table.shape[1] - 1 - there[:, ::-1].argmax(axis=1), -1)
    return np.where(column >= 0, table[np.arange(len(table)), np.maximum(column, 0)], np.nan), column


def _starts(partition: Partition, column: Ints) -> Ints:
    first = np.array([day_number(month_of(month)) for month in _months(partition)])
    return np.where(column >= 0, first[np.maximum(column, 0)], partition.last)


def loss_not_charged(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH10: the account was charged for transformer or line loss, and the newest bill with energy charges none."""
    billed, loss = by_month(partition, partition.bills.billed_kwh), by_month(partition, partition.bills.loss_kwh)
    with_energy = np.where(billed > 0, np.nan_to_num(loss), np.nan)
    now, _ = _newest(with_energy)
    charged = with_energy > 0
    months = charged.sum(axis=1)
    last_charged = np.where(charged.any(axis=1), MONTHS - 1 - charged[:, ::-1].argmax(axis=1), -1)
    usual = mean(np.where(charged, share(loss, billed - np.nan_to_num(loss)), np.nan))
    after = np.arange(MONTHS)[None, :] > last_charged[:, None]
    return detected(
        (now == 0) & (months >= thresholds["months_charged"]),
        np.isfinite(now),
        _starts(partition, np.minimum(last_charged + 1, MONTHS - 1)),
        energy_kwh=np.nansum(np.where(after, billed, 0), axis=1) * np.nan_to_num(usual),
        loss_percent_before=usual * 100,
        months=months,
    )


def adjustments_irregular(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH11: 退补 above the amount, too many within the window, or decided by the one who asked for it. What takes an
    earlier one back, and what was taken back, doesn't count.
    """
    rows = partition.adjustments
    count = len(partition.customers)
    taken_back = np.isin(rows.number, rows.reverses[rows.reverses != ""])
    stands = (rows.reverses == "") & ~taken_back
    begin = partition.last - round(thresholds["window"] * 30.4)
    recent = stands & (rows.decided_day > begin)
    large = recent & (np.abs(rows.total_cents) > thresholds["amount"] * 100)
    alone = recent & (rows.asked_by != "") & (rows.asked_by == rows.decided_by)
    number, amount = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(number, rows.customer[recent], 1)
    np.add.at(amount, rows.customer[recent], np.abs(rows.total_cents[recent]))
    bad = np.zeros(count, np.bool_)
    bad[rows.customer[large | alone]] = True
    bad |= number >= thresholds["times"]
    first = np.full(count, partition.last)
    np.minimum.at(first, rows.customer[recent], rows.decided_day[recent])
    return detected(bad, np.ones(count, np.bool_), first, exposure_cents=amount, times=number, amount_yuan=amount / 100)


def reversed_bills(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH12: a bill corrected more often than allowed after its issue, or corrected in a later month than issued."""
    bills = partition.bills
    count = len(partition.customers)
    correction = bills.kind == "correction"
    number = np.zeros(count, np.int64)
    np.add.at(number, bills.customer[correction], 1)
    issued = np.array([month_number(day_of(day)) for day in bills.issued_day.tolist()], np.int64)
    late = correction & (issued > bills.month + 1)
    across = np.zeros(count, np.bool_)
    across[bills.customer[late]] = True
    first = np.full(count, partition.last)
    np.minimum.at(first, bills.customer[correction], bills.issued_day[correction])
    has = np.zeros(count, np.bool_)
    has[bills.customer] = True
    amount = np.zeros(count, np.int64)
    np.add.at(amount, bills.customer[correction], np.abs(bills.total_cents[correction]))
    return detected((number > thresholds["times"]) | across, has, first, exposure_cents=amount, times=number)


def price_abnormal(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH13: yuan a kWh of the newest bill outside the band around the median of its scheme and voltage in the county,
    and outside the band around its own months before. Two-part bills are left out: their price follows the load.
    """
    customers = partition.customers
    total, energy = by_month(partition, partition.bills.total_cents), by_month(partition, partition.bills.billed_kwh)
    price = np.where(energy >= thresholds["least_energy"], share(total, energy) / 100, np.nan)
    price[customers.scheme == "two_part"] = np.nan
    now, column = _newest(price)
    earlier = np.where(np.arange(MONTHS)[None, :] < column[:, None], price, np.nan)
    own = mean(earlier, least=3)
    usual = np.full(len(customers), np.nan)
    kinds = np.char.add(np.char.add(customers.scheme, "|"), customers.voltage) if len(customers) else customers.scheme
    for kind in np.unique(kinds):
        mine = kinds == kind
        values = now[mine][np.isfinite(now[mine])]
        if len(values) >= thresholds["peers"]:
            usual[mine] = np.median(values)
    band = thresholds["band"] / 100
    off = (np.abs(now / usual - 1) > band) & (np.abs(now / own - 1) > band)
    _, at = _newest(price)
    amount = np.abs(now - usual) * np.take_along_axis(energy, np.maximum(at, 0)[:, None], axis=1)[:, 0] * 100
    return detected(
        off,
        np.isfinite(now) & np.isfinite(usual) & np.isfinite(own),
        _starts(partition, column),
        exposure_cents=np.nan_to_num(np.rint(amount)).astype(np.int64),
        price_yuan=now,
        price_of_kind_yuan=usual,
        price_before_yuan=own,
    )


def missing_billing(partition: Partition, thresholds: Thresholds) -> Detections:
    """CH14: what the meter reported day by day over a bill's period is more than what was billed (without charged
    losses), beyond the share. Only periods whose days are all in.
    """
    bills = partition.bills
    first, count = int(partition.days[0]), len(partition.customers)
    newest = np.zeros(len(bills.customer), np.bool_)
    whole = (bills.start >= first) & (bills.end - 1 <= partition.last)
    order = np.lexsort((bills.version, bills.month, bills.customer))
    inside = order[whole[order]]
    if len(inside):
        last_of_customer = np.append(bills.customer[inside][1:] != bills.customer[inside][:-1], True)
        newest[inside[last_of_customer]] = True
    measured, billed, start = np.full(count, np.nan), np.full(count, np.nan), np.full(count, partition.last)
    rows = np.flatnonzero(newest)
    days = np.arange(len(partition.days))[None, :]
    span = (days >= (bills.start[rows] - first)[:, None]) & (days < (bills.end[rows] - first)[:, None])
    energy = partition.daily_kwh[bills.customer[rows]]
    total = np.where(span, energy, 0).sum(axis=1)
    measured[bills.customer[rows]] = total
    billed[bills.customer[rows]] = bills.billed_kwh[rows] - np.nan_to_num(bills.loss_kwh[rows])
    start[bills.customer[rows]] = bills.start[rows]
    missing = measured - billed
    return detected(
        (share(missing, measured) > thresholds["share"] / 100) & (missing > thresholds["least_energy"]),
        np.isfinite(measured) & np.isfinite(billed),
        start,
        energy_kwh=missing,
        measured_kwh=measured,
        billed_kwh=billed,
    )


RULES = (
    Rule("CH10", "customer", ("bills",), loss_not_charged),
    Rule("CH11", "customer", ("adjustments",), adjustments_irregular),
    Rule("CH12", "customer", ("bills",), reversed_bills),
    Rule("CH13", "customer", ("bills",), price_abnormal),
    Rule("CH14", "customer", ("bills", "daily"), missing_billing),
)
