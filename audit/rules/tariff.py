"""Rules on the terms that an account is billed by (domain sheet 1.4 B, 2.1-2.8): parts, periods, power factor."""

import numpy as np

from audit.rules.arithmetic import run_at_end
from audit.rules.consumption import month_start
from audit.rules.detections import Detections, detected
from audit.rules.partition import Flags, Floats, Ints, Partition
from audit.rules.rule import Rule, Thresholds
from audit.rules.trades import trades, within

BUSINESS = ("single_part", "two_part")


def _is_open(partition: Partition) -> Flags:
    closed = partition.customers.closed
    return np.asarray((closed < 0) | (closed > partition.last))


def _since_terms(partition: Partition) -> Ints:
    """The terms that hold began then; not earlier than the account."""
    customers = partition.customers
    return np.maximum(np.where(customers.terms_from < 0, customers.opened, customers.terms_from), customers.opened)


def _last_month(partition: Partition) -> Floats:
    place = max(partition.whole_months - 1, 0)
    return partition.month_kwh[:, place]


def two_part_missing(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ03: commerce and industry from the capacity on is billed in one part. Who was single-part when the classes were
    joined (2023-06-01) may stay: that isn't on file, so the finding asks for it.
    """
    customers = partition.customers
    return detected(
        (customers.scheme == "single_part") & (customers.terms_capacity_kva >= thresholds["capacity"]),
        (customers.scheme != "") & np.isfinite(customers.terms_capacity_kva) & _is_open(partition),
        _since_terms(partition),
        capacity_kva=customers.terms_capacity_kva,
        monthly_kwh=_last_month(partition),
    )


def time_of_use_missing(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ04: agency-supplied commerce and industry in the scope of time-of-use prices, billed without. In scope: above
    1 kV, and below it from the capacity on.
    """
    customers = partition.customers
    business = np.isin(customers.scheme, BUSINESS)
    scope = ~customers.low_voltage | (customers.terms_capacity_kva >= thresholds["low_voltage_capacity"])
    return detected(
        business & scope & ~customers.time_of_use & (customers.supply == "agency"),
        (customers.scheme != "") & np.isfinite(customers.terms_capacity_kva) & _is_open(partition),
        _since_terms(partition),
        capacity_kva=customers.terms_capacity_kva,
        monthly_kwh=_last_month(partition),
    )


def standard_of(partition: Partition, thresholds: Thresholds) -> Floats:
    """The power-factor standard after domain sheet 2.8 (水电财字第215号); NaN where none applies."""
    customers = partition.customers
    capacity = customers.terms_capacity_kva
    industrial = within(customers.trade_code, trades().industrial)
    farm = customers.category == "agricultural"
    standard = np.where(farm, 0.80, 0.85)
    high = ~customers.low_voltage
    standard = np.where(industrial & high & ~farm & (capacity > thresholds["industrial_capacity"]), 0.90, standard)
    applies = (capacity >= thresholds["least_capacity"]) & (customers.category != "residential")
    return np.where(applies, standard, np.nan)


def wrong_standard(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ05: another standard on file than the table gives, none where one applies, or one where none does."""
    customers = partition.customers
    expected, filed = standard_of(partition, thresholds), customers.power_factor_standard
    both = np.isfinite(expected) & np.isfinite(filed)
    differs = np.where(both, np.abs(expected - filed) > 0.001, np.isfinite(expected) != np.isfinite(filed))
    return detected(
        differs.astype(bool),
        (customers.scheme != "") & np.isfinite(customers.terms_capacity_kva) & _is_open(partition),
        _since_terms(partition),
        standard_on_file=filed,
        standard_expected=expected,
        capacity_kva=customers.terms_capacity_kva,
    )


def trade_mismatch(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ06: a trade that doesn't go with the price: the farm price without a farm's trade, the price of commerce and
    industry with one, a home's price with any trade.
    """
    customers = partition.customers
    farm = within(customers.trade_code, trades().agricultural)
    scheme = customers.scheme
    home = np.isin(scheme, ("tiered", "tiered_time_of_use", "heating_time_of_use", "combined_meter"))
    named = customers.trade_code != ""
    wrong = ((scheme == "agricultural") & ~farm) | (np.isin(scheme, BUSINESS) & farm) | (home & ~farm)
    return detected(
        wrong & named,
        (scheme != "") & (named | home) & _is_open(partition),
        _since_terms(partition),
        monthly_kwh=_last_month(partition),
    )


def contract_demand(partition: Partition, thresholds: Thresholds) -> Detections:
    """DJ08: a contract demand below the least share of the capacity, or exceeded by so much in so many whole months."""
    customers = partition.customers
    contract = customers.contract_demand_kw
    ratio = contract / customers.terms_capacity_kva * 100
    months = int(thresholds["months"])
    demand = partition.month_demand_kw[:, : partition.whole_months]
    over = demand > (contract * thresholds["actual_share_of_contract"] / 100)[:, None]
    run = run_at_end(over)
    low = ratio < thresholds["least_share_of_capacity"]
    return detected(
        low | (run >= months),
        np.isfinite(ratio) & (customers.basic_charge == "contract_demand") & _is_open(partition),
        np.where(low, _since_terms(partition), month_start(partition, run)),
        contract_demand_kw=contract,
        share_of_capacity_percent=ratio,
        maximum_demand_kw=demand[:, -1] if demand.shape[1] else np.nan,
    )


RULES = (
    Rule("DJ03", "customer", ("terms",), two_part_missing),
    Rule("DJ04", "customer", ("terms",), time_of_use_missing),
    Rule("DJ05", "customer", ("terms", "customer_file"), wrong_standard),
    Rule("DJ06", "customer", ("terms", "customer_file"), trade_mismatch),
    Rule("DJ08", "customer", ("terms", "demand"), contract_demand),
)
