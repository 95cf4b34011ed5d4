"""Rules on the file of customer, meter and transformer (domain sheet 1.4 A, D, H): who is where with how much."""

import numpy as np

from audit.rules.arithmetic import at_district, mean
from audit.rules.detections import Detections, detected
from audit.rules.partition import Partition
from audit.rules.rule import Rule, Thresholds

METRES_A_DEGREE = 111_320.0


def one_address(partition: Partition, thresholds: Thresholds) -> Detections:
    """YK04: accounts of commerce and industry of one owner (same phone, or same name) near each other, each below a
    limit of the tariff that they reach together: 315 kVA for two parts, 100 kVA for the power factor.
    """
    customers = partition.customers
    business = np.isin(customers.scheme, ("single_part", "two_part"))
    closed = (customers.closed >= 0) & (customers.closed <= partition.last)
    able = business & ~closed & np.isfinite(customers.capacity_kva) & np.isfinite(customers.longitude)
    rows = np.flatnonzero(able & ((customers.phone != "") | (customers.name != "")))
    owner = np.where(customers.phone[rows] != "", customers.phone[rows], customers.name[rows])
    names, group = np.unique(owner, return_inverse=True)
    several = np.flatnonzero(np.bincount(group, minlength=len(names)) > 1)
    together, others = np.zeros(len(customers)), np.zeros(len(customers), np.int64)
    fires = np.zeros(len(customers), np.bool_)
    for number in several.tolist():
        # Only owners with several accounts come here: few, and each with few.
        mine = rows[group == number]
        x = customers.longitude[mine] * METRES_A_DEGREE * np.cos(np.radians(customers.latitude[mine]))
        y = customers.latitude[mine] * METRES_A_DEGREE
        near = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]) <= thresholds["distance"]
        capacity = customers.capacity_kva[mine]
        for limit in (thresholds["power_factor_capacity"], thresholds["two_part_capacity"]):
            small = capacity < limit
            total = (near & small[None, :] & small[:, None]) @ capacity
            count = (near & small[None, :] & small[:, None]).sum(axis=1)
            hit = small & (total >= limit) & (count > 1)
            fires[mine] |= hit
            together[mine] = np.where(hit, total, together[mine])
            others[mine] = np.where(hit, count, others[mine])
    return detected(
        fires, able, customers.opened, capacity_kva=customers.capacity_kva, capacity_together_kva=together,
        accounts=others,
    )  # fmt: skip


def capacity_mismatch(partition: Partition, thresholds: Thresholds) -> Detections:
    """YK07: the contract capacity of a customer with a transformer of its own isn't that of the transformer."""
    customers, districts = partition.customers, partition.districts
    own = at_district(districts.is_dedicated.astype(float), customers.district, 0.0) > 0
    running = at_district(districts.capacity_kva, customers.district)
    contract = np.where(np.isfinite(customers.terms_capacity_kva), customers.terms_capacity_kva, customers.capacity_kva)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(contract / running - 1)
    in_service = customers.suspended_from < 0
    return detected(
        off > thresholds["tolerance"] / 100,
        own & np.isfinite(off) & in_service,
        np.where(customers.terms_from >= 0, customers.terms_from, customers.opened),
        capacity_kva=contract,
        transformer_kva=running,
    )


def verification_overdue(partition: Partition, thresholds: Thresholds) -> Detections:
    """JL10: a meter in service for longer than its verification holds."""
    customers, meters = partition.customers, partition.meters
    now = ((meters.removed < 0) | (meters.removed > partition.last)) & (meters.installed >= 0)
    oldest = np.full(len(customers), partition.last + 1)
    np.minimum.at(oldest, meters.customer[now], meters.installed[now])
    due = oldest + np.rint(thresholds["years"] * 365.25).astype(np.int64)
    years = (partition.last - oldest) / 365.25
    return detected(due < partition.last, oldest <= partition.last, due + 1, years=years)


def same_phone(partition: Partition, thresholds: Thresholds) -> Detections:
    """FW03: one phone on more accounts than the limit."""
    customers = partition.customers
    closed = (customers.closed >= 0) & (customers.closed <= partition.last)
    named = (customers.phone != "") & ~closed
    names, group = np.unique(customers.phone[named], return_inverse=True)
    count = np.zeros(len(customers), np.int64)
    count[named] = np.bincount(group, minlength=len(names))[group]
    return detected(
        count > thresholds["accounts"],
        named,
        customers.opened,
        energy_kwh=np.zeros(len(customers)),
        accounts=count,
        daily_kwh=mean(partition.daily_kwh),
    )


RULES = (
    Rule("YK04", "customer", ("customer_file", "terms"), one_address),
    Rule("YK07", "customer", ("customer_file", "terms"), capacity_mismatch),
    Rule("JL10", "customer", ("meters",), verification_overdue),
    Rule("FW03", "customer", ("customer_file",), same_phone),
)
