"""Small partitions by keyword: say what matters to the rule, the rest is an ordinary county in order.

`partition(customers=3, daily=[[…], …])`: daily energy is given by customer, as one number for all days, a row of the
last days (what lies before is filled with its first value), or a whole matrix. Columns of `Customers` and `Districts`
are given by their name, one value for all or a list.
"""

from datetime import date
from typing import Any

import numpy as np

from audit.rules.partition import (
    DAILY_DAYS,
    MONTHS,
    PERIODS,
    Adjustments,
    Bills,
    Customers,
    Districts,
    MeterEvents,
    Meters,
    Partition,
    Readings,
    Series,
    day_number,
    month_number,
)

LAST = date(2026, 6, 30)
"""A day on which a month is over."""
_CUSTOMER: dict[str, Any] = {
    "name": "甲", "station_code": "S1", "category": "residential", "voltage": "<1kV", "capacity_kva": 8.0,
    "tariff_code": "tiered", "trade_code": "", "phone": "", "address": "", "section": "A1",
    "opened": day_number(date(2015, 1, 1)), "closed": -1, "longitude": 118.0, "latitude": 39.6, "scheme": "tiered",
    "time_of_use": False, "supply": "agency", "basic_charge": "none", "terms_from": -1, "terms_capacity_kva": 8.0,
    "contract_demand_kw": np.nan, "power_factor_standard": np.nan, "line_loss_percent": 0.0,
    "has_transformer_loss": False, "agency_penalty": False, "persons": 1, "free_kwh": np.nan, "suspended_from": -1,
    "solar_kw": np.nan, "district": 0,
}  # fmt: skip
_DISTRICT: dict[str, Any] = {
    "name": "一号公变", "station_code": "S1", "is_dedicated": False, "capacity_kva": 400.0, "customer_count": 100,
    "longitude": 118.0, "latitude": 39.6,
}  # fmt: skip
_TABLES: dict[Any, dict[str, Any]] = {
    Meters: {"number": "M1", "multiplier": 1, "digits": 6, "installed": day_number(date(2020, 1, 1)), "removed": -1},
    Readings: {
        "meter": "M1", "register": "total", "month": month_number(LAST), "read_day": day_number(LAST) + 1,
        "reading": 100.0, "previous": 50.0, "previous_day": day_number(LAST) - 29, "kind": "period_end",
        "method": "remote", "quality": "valid",
    },
    Bills: {
        "month": month_number(LAST), "version": 0, "kind": "regular", "total_cents": 5_000, "billed_kwh": 100.0,
        "loss_kwh": np.nan, "demand_kw": np.nan, "power_factor": np.nan, "scheme": "tiered",
        "start": day_number(date(2026, 6, 1)), "end": day_number(date(2026, 7, 1)),
        "issued_day": day_number(date(2026, 7, 2)),
    },
    Adjustments: {
        "number": "T1", "kind": "refund", "cause": "meter_error", "total_cents": -1_000,
        "decided_day": day_number(date(2026, 5, 10)), "decided_by": "anna", "asked_by": "bert", "has_ticket": True,
        "reverses": "",
    },
    MeterEvents: {"meter": "M1", "kind": "voltage_lost", "begin": 1.78e9, "end": 1.78e9 + 3_600, "value": np.nan},
}  # fmt: skip


def _column(value: Any, count: int, like: Any) -> Any:
    kind = np.str_ if isinstance(like, str) else np.asarray(like).dtype
    return np.array(np.broadcast_to(np.asarray(value, dtype=kind), (count,)))


def table(kind: Any, customer: list[int] | None = None, /, **columns: Any) -> Any:
    """Rows of `Readings`, `Bills`, … for the given customers; columns that aren't named are in order."""
    owners = np.array(customer or [], np.int64)
    defaults = _TABLES[kind]
    return kind(
        customer=owners,
        **{name: _column(columns.pop(name, like), len(owners), like) for name, like in defaults.items()},
        **columns,
    )


def days_of(given: Any, rows: int) -> Any:
    """Rows × days of daily energy; see above."""
    whole = np.full((rows, DAILY_DAYS), np.nan, np.float32)
    values = given if isinstance(given, (list, tuple, np.ndarray)) else [given] * rows
    for row, mine in enumerate(values):
        last = np.atleast_1d(np.asarray(mine, np.float32))[-DAILY_DAYS:]
        whole[row] = last[0]
        whole[row, DAILY_DAYS - len(last) :] = last
    return whole


def _months(given: Any, rows: int, empty: float) -> Any:
    if given is None:
        return np.full((rows, MONTHS), empty)
    whole = np.full((rows, MONTHS), np.nan)
    values = given if isinstance(given, (list, tuple, np.ndarray)) else [given] * rows
    for row, mine in enumerate(values):
        last = np.atleast_1d(np.asarray(mine, float))[-MONTHS:]
        whole[row] = last[0]
        whole[row, MONTHS - len(last) :] = last
    return whole


def partition(
    customers: int = 1,
    *,
    districts: int = 1,
    last_day: date = LAST,
    daily: Any = 5.0,
    monthly: Any = 150.0,
    reactive: Any = None,
    demand: Any = None,
    supplied: Any = 1_030.0,
    sold: Any = 1_000.0,
    generated: Any = 0.0,
    meters_of_day: Any = 100,
    meters_read: Any = 100,
    computable: Any = True,
    periods: dict[str, Any] | None = None,
    fed_in: dict[int, Any] | None = None,
    meters: Any = None,
    readings: Any = None,
    bills: Any = None,
    adjustments: Any = None,
    events: Any = None,
    district: dict[str, Any] | None = None,
    **columns: Any,
) -> Partition:
    """A county of `customers` in `districts`. `columns`: of `Customers`; `district`: columns of `Districts`; `periods`:
    name → rows of daily energy for all customers; `fed_in`: customer → row.
    """
    last = day_number(last_day)
    numbers = np.array([f"{position:06d}" for position in range(customers)], np.str_)
    own = {name: _column(columns.pop(name, like), customers, like) for name, like in _CUSTOMER.items()}
    assert not columns, f"no such column: {sorted(columns)}"
    place = {**_DISTRICT, **(district or {})}
    everybody = np.arange(customers)
    sunny = fed_in or {}
    return Partition(
        county_code="130202",
        last_day=last_day,
        days=np.arange(last - DAILY_DAYS + 1, last + 1),
        months=np.arange(month_number(last_day) - MONTHS + 1, month_number(last_day) + 1),
        customers=Customers(number=numbers, **own),
        districts=Districts(
            code=np.array([f"D{position}" for position in range(districts)], np.str_),
            **{name: _column(place[name], districts, like) for name, like in _DISTRICT.items()},
            supplied_kwh=days_of(supplied, districts).astype(float),
            sold_kwh=days_of(sold, districts).astype(float),
            generated_kwh=days_of(generated, districts).astype(float),
            meters=days_of(meters_of_day, districts).astype(np.int64),
            meters_read=days_of(meters_read, districts).astype(np.int64),
            computable=days_of(computable, districts).astype(bool),
            has_row=np.ones((districts, DAILY_DAYS), bool),
        ),
        meters=meters or table(Meters),
        daily_kwh=days_of(daily, customers),
        period_kwh={
            name: Series(everybody, days_of(periods[name], customers))
            if periods and name in periods
            else Series(np.zeros(0, np.int64), np.zeros((0, DAILY_DAYS), np.float32))
            for name in PERIODS
        },
        fed_in=Series(np.array(sorted(sunny), np.int64), days_of([sunny[key] for key in sorted(sunny)], len(sunny))),
        month_kwh=_months(monthly, customers, np.nan),
        month_reactive_kvarh=_months(reactive, customers, np.nan),
        month_demand_kw=_months(demand, customers, np.nan),
        readings=readings or table(Readings),
        bills=bills or table(Bills),
        adjustments=adjustments or table(Adjustments),
        events=events or table(MeterEvents),
    )
