"""A county's data as the rules look at it (`audit.rules.partition`): everything of one moment, column by column."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.rules.arithmetic import positions
from audit.rules.partition import (
    DAILY_DAYS,
    MONTHS,
    PERIODS,
    Adjustments,
    Bills,
    Customers,
    Districts,
    Floats,
    Ints,
    MeterEvents,
    Meters,
    Partition,
    Readings,
    Series,
    day_number,
    month_number,
    month_of,
)
from audit.rules.rule import Need
from data_access import risk_partition_queries as queries
from data_access.packed_columns import MISSING, no_columns, packed_columns
from settings import DISPLAY_ZONE

Columns = dict[str, Any]


class _Days:
    """Daily energy of all customers while it comes in month by month."""

    def __init__(self, customers: int, days: Ints) -> None:
        self.days = days
        self.kwh: Floats = np.full((customers, len(days)), np.nan, np.float32)
        self.seen = np.zeros(customers, np.bool_)

    def take(self, owner: Ints, first: int, packed: NDArray[np.int32]) -> None:
        """One month: `packed` hundredths of a kWh, rows x days from day number `first` on."""
        if not len(owner):
            return
        begin, end = max(first, int(self.days[0])), min(first + packed.shape[1], int(self.days[-1]) + 1)
        there = owner >= 0
        self.seen[owner[there]] = True
        if begin < end:
            part = packed[there, begin - first : end - first]
            values = np.where(part == MISSING, np.float32(np.nan), part / np.float32(100)).astype(np.float32)
            self.kwh[owner[there], begin - int(self.days[0]) : end - int(self.days[0])] = values

    def series(self) -> Series:
        """Only the customers that have any."""
        some = np.flatnonzero(self.seen)
        return Series(some, self.kwh[some])


def _districts(rows: Columns, daily: Columns, days: Ints) -> Districts:
    shape = (len(rows["code"]), len(days))
    owner, column = positions(rows["code"], daily["district_code"]), daily["day"] - int(days[0])
    kept = (owner >= 0) & (column >= 0) & (column < len(days))
    at = (owner[kept], column[kept])

    def table(name: str, empty: Any, kind: Any) -> Any:
        whole = np.full(shape, empty, kind)
        whole[at] = daily[name][kept]
        return whole

    has_row = np.zeros(shape, np.bool_)
    has_row[at] = True
    return Districts(
        **rows,
        supplied_kwh=table("supplied_kwh", np.nan, np.float64),
        sold_kwh=table("sold_kwh", np.nan, np.float64),
        generated_kwh=table("generated_kwh", np.nan, np.float64),
        meters=table("meters", 0, np.int64),
        meters_read=table("meters_read", 0, np.int64),
        computable=table("computable", False, np.bool_),
        has_row=has_row,
    )


_NEEDED_FOR: Mapping[str, frozenset[Need]] = {
    "district_days": frozenset({"district_energy"}),
    "months": frozenset({"monthly", "demand", "reactive"}),
    "meters": frozenset({"meters", "meter_events", "readings"}),
    "readings": frozenset({"readings"}),
    "bills": frozenset({"bills"}),
    "adjustments": frozenset({"adjustments"}),
    "events": frozenset({"meter_events"}),
}
"""Which needs of a rule a subject is read for; customers and districts are always read."""


async def read_partition(
    connection: AsyncConnection, county: str, last_day: date, needs: Collection[Need] | None = None
) -> Partition:
    """The county up to and with `last_day` (Asia/Shanghai): 92 days daily, 26 months in sums. Nine statements and
    three for each month that the days touch. One moment of the database where the transaction is REPEATABLE READ.

    `needs`: read only what these name, the rest stays empty; default: everything.
    """
    last = day_number(last_day)
    days = np.arange(last - DAILY_DAYS + 1, last + 1)
    months = np.arange(month_number(last_day) - MONTHS + 1, month_number(last_day) + 1)
    first_day = last_day - timedelta(days=DAILY_DAYS - 1)
    end = datetime.combine(last_day + timedelta(days=1), time(), DISPLAY_ZONE)
    asked = {
        "county": county,
        "first": first_day,
        "last": last_day,
        "first_moment": datetime.combine(first_day, time(), DISPLAY_ZONE),
        "end": end,
        "first_month": month_of(int(months[0])),
        "running_month": month_of(int(months[-1])),
        "reading_month": month_of(int(months[-1]) - 3),
        "bill_month": month_of(int(months[-1]) - 12),
    }

    async def read(name: str) -> Columns:
        query, kinds = queries.QUERIES[name]
        if needs is not None and name in _NEEDED_FOR and _NEEDED_FOR[name].isdisjoint(needs):
            return no_columns(kinds)
        return await packed_columns(connection, query, kinds, asked)

    district_rows = await read("districts")
    customer_rows = await read("customers")
    number = customer_rows["number"]
    customers = Customers(
        **{name: values for name, values in customer_rows.items() if name != "district_code"},
        district=positions(district_rows["code"], customer_rows["district_code"]),
    )
    districts = _districts(district_rows, await read("district_days"), days)
    daily = _Days(len(number), days)
    in_periods = {name: _Days(len(number), days) for name in PERIODS}
    fed_in = _Days(len(number), days)
    for month in range(month_number(first_day), month_number(last_day) + 1):
        here = {**asked, "month": month_of(month)}
        for need, query, kinds, into in (
            ("daily", queries.DAILY, queries.DAILY_KINDS, {"daily_kwh": daily}),
            ("periods", queries.IN_PERIODS, queries.IN_PERIODS_KINDS,
             {f"{name}_kwh": in_periods[name] for name in PERIODS}),
            ("fed_in", queries.FED_IN, queries.FED_IN_KINDS, {"fed_in_kwh": fed_in}),
        ):  # fmt: skip
            if needs is not None and need not in needs:
                continue
            rows = await packed_columns(connection, query, kinds, here)
            owner = positions(number, rows["customer_number"])
            for name, target in into.items():
                target.take(owner, day_number(month_of(month)), rows[name])
    sums = await read("months")
    owner, column = positions(number, sums["customer_number"]), sums["month"] - int(months[0])
    kept = (owner >= 0) & (column >= 0) & (column < MONTHS)

    def by_month(name: str) -> Floats:
        table = np.full((len(number), MONTHS), np.nan)
        table[owner[kept], column[kept]] = sums[name][kept]
        return table

    def of_customers(rows: Columns) -> Columns:
        mine = positions(number, rows.pop("customer_number"))
        there = mine >= 0
        return {"customer": mine[there], **{name: values[there] for name, values in rows.items()}}

    return Partition(
        county_code=county,
        last_day=last_day,
        days=days,
        months=months,
        customers=customers,
        districts=districts,
        meters=Meters(**of_customers(await read("meters"))),
        daily_kwh=daily.kwh,
        period_kwh={name: in_periods[name].series() for name in PERIODS},
        fed_in=fed_in.series(),
        month_kwh=by_month("energy_kwh"),
        month_reactive_kvarh=by_month("reactive_kvarh"),
        month_demand_kw=by_month("maximum_demand_kw"),
        readings=Readings(**of_customers(await read("readings"))),
        bills=Bills(**of_customers(await read("bills"))),
        adjustments=Adjustments(**of_customers(await read("adjustments"))),
        events=MeterEvents(**of_customers(await read("events"))),
    )
